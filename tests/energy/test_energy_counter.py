"""Energy counter: readings are integrated, gaps bridged only as far as the pack proves it, and totals never decrease."""

import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.stored_values import sort_out
from custom_components.smart_bms.energy.bridge import GapStart, bridge
from custom_components.smart_bms.energy.current_correction import CurrentCorrection
from custom_components.smart_bms.energy.energy_counter import CHECKS, EnergyCounter
from custom_components.smart_bms.energy.energy_totals import EnergyTotals, integrate_by_sign
from tests.support.energy_readings import reading


def counted(*readings: Reading, longest_gap: float = 10.0) -> EnergyCounter:
    counter = EnergyCounter(longest_gap)
    for item in readings:
        counter.update(item)
    return counter


@pytest.mark.parametrize(
    ("before", "after", "positive", "negative"),
    [
        (10, 20, 15, 0),
        (-10, -20, 0, 15),
        (0, 0, 0, 0),
        (0, 10, 5, 0),
        (0, -10, 0, 5),
        (10, -10, 2.5, 2.5),
        (-30, 10, 1.25, 11.25),
    ],
)
def test_a_line_is_split_where_it_changes_its_sign(before, after, positive, negative) -> None:
    assert integrate_by_sign(before, after, 3600) == pytest.approx((positive, negative))


@given(before=st.floats(-1e4, 1e4), after=st.floats(-1e4, 1e4), seconds=st.floats(0, 1e4))
def test_both_sides_of_a_line_are_never_negative_and_make_up_its_area(before, after, seconds) -> None:
    positive, negative = integrate_by_sign(before, after, seconds)
    assert positive >= 0
    assert negative >= 0
    assert positive - negative == pytest.approx((before + after) / 2 * seconds / 3600, abs=1e-6)


def test_both_directions_are_counted_apart() -> None:
    counter = counted(
        *(reading(second, 10.0) for second in range(361)), *(reading(361 + second, -20.0) for second in range(361))
    )
    assert counter.total.charged == pytest.approx(50, abs=0.1)
    assert counter.total.discharged == pytest.approx(100, abs=0.1)
    assert counter.total.charge_in == pytest.approx(1, abs=0.01)
    assert counter.total.charge_out == pytest.approx(2, abs=0.01)
    assert not counter.bridged
    assert counter.gaps == 0


def test_what_says_no_current_or_goes_back_in_time_adds_nothing() -> None:
    counter = counted(reading(0, 10), reading(5, None), reading(5, 10, None), reading(5, 10))
    before = counter.total.copy()
    counter.update(reading(5, 1000.0))
    counter.update(reading(2, 1000.0))
    assert counter.total == before
    assert before.charge_in == pytest.approx(10 * 5 / 3600)


@pytest.mark.parametrize("absurd", [float("nan"), float("inf"), -float("inf")])
def test_no_broken_number_spoils_the_sums(absurd) -> None:
    counter = counted(reading(0, 10), reading(5, absurd), reading(6, 10, absurd), reading(10, 10))
    assert counter.total.charge_in == pytest.approx(10 * 10 / 3600)


def test_a_gap_is_not_drawn_over() -> None:
    counter = counted(reading(0, 10), reading(60, 10))
    assert counter.total == EnergyTotals()
    assert (counter.gaps, counter.missed, counter.after_gap) == (1, 60, True)
    counter.update(reading(65, 10))
    assert counter.total.charge_in == pytest.approx(10 * 5 / 3600)
    assert not counter.after_gap


# Bridging.

LEFT = {"remaining_capacity": 60.0, "soc": 60.0}
FLOWS_OUT, FLOWS_IN = {"current": -10.0}, {"current": 10.0}


@pytest.mark.parametrize(
    ("seconds", "before", "after", "found"),
    [
        (3600, LEFT | FLOWS_OUT, {"remaining_capacity": 50.0, "soc": 50}, (0, 500, 0, 10)),
        (3600, LEFT, {"remaining_capacity": 50.0, "soc": 50} | FLOWS_OUT, (0, 500, 0, 10)),
        (3600, LEFT, {"remaining_capacity": 70.0, "soc": 70} | FLOWS_IN, (500, 0, 10, 0)),
        (3600, LEFT, {"remaining_capacity": 60.0, "soc": 60}, (0, 0, 0, 0)),
        # Full by itself, or by charging: nobody knows.
        (3600, LEFT, {"remaining_capacity": 100.0, "soc": 100}, None),
        # Faster than any pack.
        (60, LEFT, {"remaining_capacity": 30.0, "soc": 30}, None),
        (60, LEFT | {"current": -240.0}, {"remaining_capacity": 56.0, "soc": 56}, (0, 200, 0, 4)),
        (86_400, LEFT, {"remaining_capacity": 300.0, "soc": 90}, None),
        (3600, {}, {"remaining_capacity": 50.0}, None),
        (3600, LEFT, {}, None),
        (3600, LEFT, {"remaining_capacity": 50.0, "full_capacity": None}, None),
        (3600, LEFT, {"remaining_capacity": 50.0, "soc": 50, "full_capacity": 90.0}, None),
        # Emptied by a protection, or guessed anew.
        (3600, LEFT | {"soc": 12.0, "remaining_capacity": 12.0}, {"remaining_capacity": 0.0, "soc": 0}, None),
        (
            3600,
            LEFT | {"counters": {"short_circuit": 2, "restarts": 1}},
            {"remaining_capacity": 70.0, "soc": 70, "counters": {"short_circuit": 2, "restarts": 2}},
            None,
        ),
        (0, LEFT, LEFT, None),
        # The throughput of a JK pack shows whether it was charged full.
        (
            3600,
            LEFT | {"throughput": 500.0},
            {"remaining_capacity": 100.0, "soc": 100, "throughput": 540.0},
            (2000, 0, 40, 0),
        ),
        (3600, LEFT | {"throughput": 500.0}, {"remaining_capacity": 100.0, "soc": 100, "throughput": 510.0}, None),
        (
            3600,
            LEFT | {"throughput": 500.0},
            {"remaining_capacity": 40.0, "soc": 40, "throughput": 521.0},
            (0, 1000, 0, 20),
        ),
        (
            3600,
            LEFT | {"throughput": 500.0},
            {"remaining_capacity": 70.0, "soc": 70, "throughput": 510.0},
            (500, 0, 10, 0),
        ),
    ],
)
def test_a_gap_is_bridged_by_what_the_pack_counted(seconds, before, after, found) -> None:
    first, last = {"current": 0.0} | before, {"current": 0.0} | after
    counter = counted(reading(0, **first), reading(seconds, **last), longest_gap=-1)
    flow = None if found is None else EnergyTotals(*found)
    assert counter.bridged == counter.total == (flow or EnergyTotals())
    assert counter.after_gap is (found is None and seconds > 0)


@pytest.mark.parametrize(
    ("before", "after", "proven", "unproven"),
    [
        # The state of charge was set in an app: 40 → 80 % of 280 Ah within ten minutes, nothing flows on either side.
        ({"remaining_capacity": 112.0}, {"remaining_capacity": 224.0}, 0.0, 112.0),
        ({"remaining_capacity": 224.0}, {"remaining_capacity": 112.0}, 0.0, -112.0),
        # Or while current flows: that much may be true, and no more.
        ({"remaining_capacity": 112.0, "current": 30.0}, {"remaining_capacity": 224.0, "current": 30.0}, 5.0, 107.0),
        ({"remaining_capacity": 112.0, "current": -30.0}, {"remaining_capacity": 224.0, "current": -30.0}, 0.0, 112.0),
        ({"remaining_capacity": 112.0, "current": 60.0}, {"remaining_capacity": 224.0}, 5.0, 107.0),
        # What no app sets needs no proof.
        ({"remaining_capacity": 112.0}, {"remaining_capacity": 110.7}, -1.3, 0.0),
        # The throughput counts on whatever is set.
        (
            {"remaining_capacity": 112.0, "throughput": 9.0},
            {"remaining_capacity": 224.0, "throughput": 9.0},
            0.0,
            112.0,
        ),
        (
            {"remaining_capacity": 112.0, "throughput": 9.0},
            {"remaining_capacity": 32.0, "throughput": 89.0},
            -80.0,
            0.0,
        ),
        # It counts what is discharged for certain, and more than that was not.
        (
            {"remaining_capacity": 112.0, "throughput": 9.0, "current": -60.0},
            {"remaining_capacity": 12.0, "throughput": 11.0, "current": -60.0},
            -2.2,
            -97.8,
        ),
        # One that goes back is none.
        (
            {"remaining_capacity": 112.0, "throughput": 9.0},
            {"remaining_capacity": 111.0, "throughput": 0.0},
            -0.2,
            -0.8,
        ),
    ],
)
def test_a_charge_that_somebody_set_is_no_energy_and_is_told(before, after, proven, unproven) -> None:
    first, last = ({"current": 0.0, "full_capacity": 280.0, "soc": 50.0} | values for values in (before, after))
    counter = counted(reading(0, **first), reading(600, **last))

    def net(flow: EnergyTotals) -> float:
        return flow.charge_in - flow.charge_out

    assert net(counter.total) == net(counter.bridged) == pytest.approx(proven)
    assert net(counter.unproven) == pytest.approx(unproven)
    assert counter.unproven.charged + counter.unproven.discharged == pytest.approx(abs(unproven) * 50)
    assert counter.after_gap is bool(unproven)
    assert (counter.gaps, counter.missed) == ((1, 600) if unproven else (0, 0))
    stored = EnergyCounter(10.0)
    stored.restore(json.loads(json.dumps(counter.dump())), 0.0)
    assert net(stored.unproven) == pytest.approx(unproven)


def energies(**values) -> dict:
    return {"details": {f"energy_{key}": value for key, value in values.items()}, "full_capacity": None}


@pytest.mark.parametrize(
    ("before", "after", "charged", "discharged"),
    [
        ({"charged_today": 500, "discharged_today": 100}, {"charged_today": 750, "discharged_today": 180}, 250, 80),
        # Past midnight only what came since is certain.
        ({"charged_today": 500, "discharged_today": 100}, {"charged_today": 40, "discharged_today": 30}, 40, 30),
        # After days the totals prove more.
        (
            {"charged_today": 500, "discharged_today": 100, "charged_total": 70, "discharged_total": 60},
            {"charged_today": 40, "discharged_today": 30, "charged_total": 75, "discharged_total": 61},
            4000,
            30,
        ),
        ({"charged_total": 70, "discharged_total": 60}, {"charged_total": 71, "discharged_total": 60}, 0, 0),
    ],
)
def test_a_pack_that_counts_energy_is_believed(before, after, charged, discharged) -> None:
    found = bridge(GapStart.from_reading(reading(0, 0.0, **energies(**before))), reading(500, 0.0, **energies(**after)))
    assert (found.proven.charged, found.proven.discharged) == (charged, discharged)
    assert not found.unproven
    assert found.proven.charge_in == pytest.approx(charged / 50)


def test_a_pack_that_counts_only_one_direction_proves_nothing() -> None:
    one = energies(charged_today=5)
    assert bridge(GapStart.from_reading(reading(0, 0.0, **one)), reading(500, 0.0, **one)) is None


def test_without_a_voltage_nothing_is_bridged() -> None:
    assert bridge(GapStart.from_reading(reading(0, 0.0, 0.0, **LEFT)), reading(500, 0.0, **LEFT)) is None


# Restarts.


def test_a_restart_goes_on_where_it_was_stored_and_bridges_the_rest() -> None:
    before = counted(*(reading(second, -36.0, remaining_capacity=60.0 - second / 100) for second in range(101)))
    stored = json.loads(json.dumps(before.dump()))
    # Killed 50 s later; another clock when it is back.
    after = EnergyCounter(10.0)
    after.restore(stored, shift=-1000.0)
    assert after.total.discharged == pytest.approx(before.total.discharged, abs=1e-5)
    after.update(reading(-800.0, -36.0, remaining_capacity=58.0))
    assert after.bridged.charge_out == pytest.approx(1.0)
    assert after.total.charge_out == pytest.approx(2.0, abs=0.001)
    assert after.dump()["anchor"]["remaining"] == 58.0


def test_what_was_not_seen_since_the_last_restart_is_stored_once_more() -> None:
    first = counted(reading(0, -36.0, **LEFT))
    second = EnergyCounter(10.0)
    second.restore(first.dump(), 0.0)
    assert second.dump() == first.dump()
    third = EnergyCounter(10.0)
    third.restore(EnergyCounter(10.0).dump(), 0.0)
    third.update(reading(5, 1.0))
    assert third.gaps == 0


@pytest.mark.parametrize(
    ("part", "broken"),
    [
        ("total", {"charged": "x"}),
        ("total", {}),
        ("bridged", None),
        ("gaps", "many"),
        ("missed", None),
        ("anchor", {"at": None}),
        ("anchor", {"voltage": "50"}),
        ("anchor", {"energies": 5}),
        ("anchor", {"counters": {"restarts": "x"}}),
    ],
)
def test_a_broken_part_is_found_and_the_rest_goes_on(part, broken) -> None:
    sound = counted(reading(0, 36.0, **LEFT), reading(10, 36.0, **LEFT))
    stored = json.loads(json.dumps(sound.dump()))
    good, bad = sort_out(stored, CHECKS)
    assert (good, bad) == (stored, {})
    stored[part] = stored[part] | broken if isinstance(broken, dict) and broken else broken
    good, bad = sort_out(stored, CHECKS)
    assert set(bad) == {part}
    counter = EnergyCounter(10.0)
    counter.restore(good, 0.0)
    assert counter.total == (EnergyTotals() if part == "total" else EnergyTotals.from_dict(sound.total.as_dict()))
    # Nothing of it can fail later.
    counter.update(reading(3600, 36.0, **LEFT))
    counter.dump()


def test_a_gap_of_unknown_length_is_not_bridged() -> None:
    counter = EnergyCounter(10.0)
    counter.restore(json.loads(json.dumps(counted(reading(0, 10.0, **LEFT)).dump())), None)
    counter.update(reading(50, 10.0, remaining_capacity=61.0, soc=61.0))
    assert (counter.gaps, counter.missed, counter.total) == (1, 0, EnergyTotals())


def test_the_counters_of_a_pack_with_a_turned_sensor_are_not_believed() -> None:
    counter = EnergyCounter(10.0, bridges=False)
    counter.update(reading(0, 0.0, **LEFT))
    counter.update(reading(3600, 0.0, remaining_capacity=50.0, soc=50.0))
    assert (counter.gaps, counter.total) == (1, EnergyTotals())


def test_nothing_ever_goes_back() -> None:
    counter = counted(reading(0, 36.0), reading(100, 36.0), longest_gap=1000)
    counter.total.raise_to(EnergyTotals(charged=5000.0, discharged=7.0))
    assert counter.total == EnergyTotals(5000.0, 7.0, 1.0, 0.0)
    counter.total.raise_to(EnergyTotals())
    assert counter.total.charged == 5000.0


@settings(max_examples=200)
@given(
    st.lists(
        st.tuples(st.floats(0, 100), st.one_of(st.none(), st.floats(-500, 500)), st.floats(0, 100), st.booleans()),
        max_size=40,
    )
)
def test_sums_only_grow_whatever_comes(steps) -> None:
    counter, now = EnergyCounter(10.0), 0.0
    before = EnergyTotals()
    for seconds, current, remaining, restarts in steps:
        now += seconds
        if restarts:
            stored, counter = counter.dump(), EnergyCounter(10.0)
            counter.restore(stored, 0.0)
        counter.update(reading(now, current, remaining_capacity=remaining, soc=remaining))
        gained = counter.total.since(before)
        assert min(gained.charged, gained.discharged, gained.charge_in, gained.charge_out) >= -1e-5
        before = counter.total.copy()


# The current sensor.


@pytest.mark.parametrize(
    ("options", "current", "shown"),
    [
        ({}, 5.0, 5.0),
        ({"invert": True}, 5.0, -5.0),
        ({"offset": 0.25}, -5.0, -4.75),
        ({"invert": True, "offset": 0.25}, -5.0, 5.25),
        ({"floor": 0.3}, 0.299, 0.0),
        ({"floor": 0.3}, -0.3, -0.3),
        ({"offset": -0.2, "floor": 0.1}, 0.25, 0.0),
    ],
)
def test_a_wrong_sensor_is_corrected(options, current, shown) -> None:
    found = CurrentCorrection.from_options(options).corrected(reading(0, current, power=999.0))
    assert found.current == pytest.approx(shown)
    assert found.power == (pytest.approx(shown * 50) if options else 999.0)


def test_a_correction_needs_a_current() -> None:
    sense = CurrentCorrection(invert=True)
    assert sense.corrected(reading(0, None)).current is None
    assert sense.corrected(reading(0, 3.0, None)).power is None
