"""Target and floor: what the owner wants of a battery, and what that leaves of its currents."""

import random

import pytest

from custom_components.smart_bms.protection.soc_plan import SocPlan, SocWindow


def window(**plan: float) -> SocWindow:
    made = SocWindow()
    made.plan = SocPlan(**plan)
    return made


def shares(made: SocWindow, *states_of_charge: float | None, days: float | None = 1.0) -> list[tuple[float, float]]:
    found = []
    for soc in states_of_charge:
        made.update(soc, days)
        found.append((round(made.charge_share(), 2), round(made.discharge_share(), 2)))
    return found


def test_without_a_plan_nothing_is_held_back():
    assert shares(window(), 0, 50, 100, None) == [(1, 1)] * 4


def test_the_charge_current_fades_before_the_target_and_begins_again_below_it():
    charge = [share for share, _ in shares(window(target=80), 70, 77, 79, 80.4, 79.5, 79.2, 78)]
    assert charge == [1, 1, 0.5, 0, 0, 0.1, 0.5]


def test_the_discharge_current_fades_before_the_floor_and_begins_again_above_it():
    discharge = [share for _, share in shares(window(floor=20), 30, 23, 21, 19.6, 21, 21.9, 22, 23)]
    assert discharge == [1, 1, 0.5, 0, 0, 0, 0.5, 0.83]


def test_a_lower_target_ends_charging_at_once_and_a_higher_one_allows_it_again():
    made = window(target=90)
    assert shares(made, 85)[0][0] == 1
    made.plan = SocPlan(target=80)
    assert shares(made, 85)[0][0] == 0
    made.plan = SocPlan(target=100)
    assert shares(made, 85)[0][0] == 1


def test_held_by_voltage_a_trickle_is_left_until_it_runs_over():
    made = window(target=80)
    made.update(80, None)
    assert made.charge_share(by_voltage=True) == 0.05
    made.update(81.5, None)
    assert made.charge_share(by_voltage=True) == 0


@pytest.mark.parametrize(("days", "due"), [(None, True), (6.9, False), (7, True), (0, False)])
def test_every_so_many_days_the_battery_is_charged_fully(days, due):
    made = window(target=80, full_every=7)
    assert shares(made, 85, days=days)[0][0] == (1 if due else 0)
    assert made.target == (100 if due else 80)


def test_an_unknown_state_of_charge_holds_nothing_back_and_ends_no_hold():
    made = window(target=80, floor=20)
    assert shares(made, 80, None, 79.9) == [(0, 1), (1, 1), (0, 1)]


def test_noise_switches_nothing_on_and_off():
    for soc in (78.5, 79.6, 80):
        made, chance, found = window(target=80), random.Random(1), []
        for _ in range(5000):
            made.update(soc + chance.uniform(-0.35, 0.35), 1.0)
            found.append(round(made.charge_share(), 2))
        assert max(found[100:]) - min(found[100:]) < 0.02


def test_what_cannot_be_meant_is_left_out():
    stored = {"target": 130, "floor": "20", "chosen": None, "full_every": 14, "more": 1}
    assert SocPlan.of(stored) == SocPlan(full_every=14)
    assert SocPlan.of(SocPlan(target=70).as_dict()) == SocPlan(target=70)


def test_a_hold_outlives_a_restart():
    made = window(target=80, floor=20)
    made.update(80, 1.0)
    again = window(target=80, floor=20)
    again.restore(made.dump())
    again.update(79.5, 1.0)
    assert again.is_at_target
    assert not again.is_at_floor
    again.restore({"is_at_target": "yes"})
    assert not again.is_at_target


def test_a_full_charge_goes_on_until_the_cells_are_even_or_for_two_hours():
    made = window(target=80, full_every=14)
    made.update(100, 15.0)
    assert made.target == 100
    made.update(100, 0.0)
    assert made.target == 100
    made.update(100, 0.05)
    assert made.target == 100
    made.update(99, 0.09)
    assert made.target == 80
    even = window(target=80, full_every=14)
    even.update(100, 15.0)
    even.update(100, 0.01, floats=True)
    assert even.target == 80
    assert even.charge_share() == 0
