"""The simulated battery and its board behave like real ones."""

import pytest

from custom_components.smart_bms.simulator.battery import Battery, Chemistry, household, idle, rest_voltage
from custom_components.smart_bms.simulator.board import Board, Limits
from custom_components.smart_bms.simulator.jk.labels import PB2A16S20P
from custom_components.smart_bms.simulator.jk.peripheral import JkPeripheral


def steady(current: float):
    return lambda _: current


def battery(current: float = 0.0, **options) -> Battery:
    return Battery(**{"cells": 4, "capacity": 100, "profile": steady(current)} | options)


@pytest.mark.parametrize("chemistry", list(Chemistry))
def test_rest_voltage_rises_with_the_state_of_charge(chemistry) -> None:
    curve = [rest_voltage(chemistry, step / 50) for step in range(-5, 56)]
    assert curve == sorted(curve)
    assert rest_voltage(chemistry, -9) == 0


def test_charge_is_counted() -> None:
    pack = battery(-50)
    before = [cell.soc for cell in pack.cells]
    for _ in range(3600):
        pack.step(1)
    for cell, soc in zip(pack.cells, before, strict=True):
        assert soc - cell.soc == pytest.approx(50 / cell.capacity, rel=1e-6)
    assert pack.charge_moved == pytest.approx(50)


def test_current_moves_the_voltage_and_warms_the_cells() -> None:
    rested, loaded = battery(), battery(-100)
    for _ in range(600):
        rested.step(1)
        loaded.step(1)
    assert loaded.voltage < rested.voltage - 0.1
    assert loaded.temperature > rested.temperature + 0.5


def test_cold_cells_resist_more() -> None:
    warm, cold = battery(-50), battery(-50, temperature=-10)
    warm.step(1)
    cold.step(1)
    assert cold.voltage < warm.voltage


def test_switches_stop_the_current_in_their_direction() -> None:
    for current in (-10, 10):
        pack = battery(current)
        pack.step(1, charge=current < 0, discharge=current > 0)
        assert pack.current == 0
        pack.step(1)
        assert pack.current == current


def test_the_same_seed_gives_the_same_pack_and_another_seed_another() -> None:
    def voltages(seed: int) -> list[float]:
        pack = Battery(cells=8, capacity=50, profile=household(seed), seed=seed)
        for _ in range(200):
            pack.step(0.5)
        return [cell.voltage for cell in pack.cells]

    assert voltages(3) == voltages(3)
    assert voltages(3) != voltages(4)


def test_a_house_charges_by_day_and_discharges_by_night() -> None:
    profile = household(seed=1)
    currents = [profile(second * 10.0) for second in range(720)]
    assert max(currents) > 10
    assert min(currents) < -20
    assert idle(5) == 0


def board(current: float = 0.0, limits: Limits | None = None, **options) -> Board:
    """Return a board with the protections of a JK."""
    return JkPeripheral(
        "C8:47:80:00:00:01", "", PB2A16S20P, Board(battery(current, **options), limits or Limits())
    ).board


def run(pack: Board, seconds: int) -> None:
    for _ in range(seconds):
        pack.step(1)


def test_overcurrent_trips_after_the_delay_and_releases_by_itself() -> None:
    for current, alarm in ((20, "charge_overcurrent"), (-20, "discharge_overcurrent")):
        limits = Limits(
            charge_current=10,
            discharge_current=10,
            charge_overcurrent_delay=10,
            charge_overcurrent_release=50,
            discharge_overcurrent_delay=10,
            discharge_overcurrent_release=50,
        )
        pack = board(current, limits)
        run(pack, 10)
        assert alarm not in pack.alarms
        # The first look showed it, the eleventh is ten seconds later.
        run(pack, 1)
        assert alarm in pack.alarms
        assert pack.charging_allowed is (current < 0)
        assert pack.discharging_allowed is (current > 0)
        run(pack, 49)
        assert alarm in pack.alarms
        run(pack, 1)
        assert alarm not in pack.alarms


def test_a_break_restarts_the_delay() -> None:
    pack = board(20, Limits(charge_current=10, charge_overcurrent_delay=10))
    run(pack, 10)
    pack.battery.profile = idle
    run(pack, 1)
    pack.battery.profile = steady(20)
    run(pack, 10)
    assert not pack.alarms


def test_a_full_cell_stops_charging_until_it_has_settled() -> None:
    pack = board(50, soc=0.98)
    run(pack, 600)
    assert pack.alarms == {"cell_overvoltage"}
    assert not pack.charging_allowed
    assert pack.discharging_allowed


def test_an_empty_cell_stops_discharging() -> None:
    pack = board(-50, soc=0.03)
    run(pack, 600)
    assert pack.alarms == {"cell_undervoltage"}
    assert not pack.discharging_allowed


@pytest.mark.parametrize(
    ("temperature", "current", "alarms"),
    [
        (-5, 0, set()),
        (-5, 1, {"charge_undertemperature"}),
        (20, 1, set()),
        (70, 0, {"discharge_overtemperature"}),
        (70, 1, {"charge_overtemperature", "discharge_overtemperature"}),
    ],
)
def test_temperature_protections(temperature, current, alarms) -> None:
    pack = board(current, temperature=temperature)
    run(pack, 1)
    assert pack.alarms == alarms
    assert pack.charging_allowed is ({"charge_overtemperature", "charge_undertemperature"} & alarms == set())
    assert pack.discharging_allowed is ("discharge_overtemperature" not in alarms)


def test_a_bare_board_protects_from_nothing() -> None:
    pack = Board(battery(1000, temperature=99), Limits())
    run(pack, 1)
    assert not pack.alarms
    assert not pack.latches
    assert pack.charging_allowed
    assert pack.discharging_allowed


def test_a_protection_can_be_tripped_by_hand() -> None:
    pack = board(limits=Limits(charge_undertemperature_release=99))
    pack.latches["charge_undertemperature"].tripped = True
    run(pack, 10)
    assert pack.alarms == {"charge_undertemperature"}
    assert not pack.charging_allowed


def test_balancing_evens_the_cells_out() -> None:
    pack = board(soc=0.95, spread=0.02, limits=Limits(balance_current=10, balance_start=3.0, balance_trigger=0.005))
    before = max(cell.soc for cell in pack.battery.cells) - min(cell.soc for cell in pack.battery.cells)
    run(pack, 1)
    assert pack.battery.balance[2] == 10
    run(pack, 1200)
    assert max(cell.soc for cell in pack.battery.cells) - min(cell.soc for cell in pack.battery.cells) < before * 0.8
    pack.balance_switch = False
    run(pack, 1)
    assert pack.battery.balance[2] == 0


def test_the_board_counts_cycles_and_takes_alarms_by_hand() -> None:
    pack = board(-50)
    pack.throughput = 499.99
    assert pack.cycles == 4
    run(pack, 10)
    assert pack.cycles == 5
    pack.extra_alarms.add("default_password")
    assert pack.alarms == {"default_password"}
