"""Trust: what is possible is shown, what is not is dropped and counted."""

from dataclasses import replace

import pytest

from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.trust import Trust, check

GOOD = Reading(
    measured_at=100.0,
    voltage=13.2,
    current=-10.0,
    soc=60,
    soh=99,
    remaining_capacity=60.0,
    full_capacity=100.0,
    cycles=12,
    throughput=1000.0,
    balance_current=0.0,
    cell_voltages=(3.3, 3.3, 3.3, 3.3),
    temperatures={"mosfet": 30.0, "temperature_1": 22.0},
    runtime=5000,
    alarms=(),
)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"soc": 101}, "implausible_soc"),
        ({"soc": 228}, "implausible_soc"),
        ({"soh": 255}, "implausible_soh"),
        ({"voltage": 1_216_000.0}, "implausible_voltage"),
        ({"current": 4e6}, "implausible_current"),
        ({"remaining_capacity": -2e6}, "implausible_remaining_capacity"),
        ({"full_capacity": 4.2e6}, "implausible_full_capacity"),
        ({"cycles": 2**32 - 1}, "implausible_cycles"),
        ({"balance_current": 60.0}, "implausible_balance_current"),
        ({"temperatures": {"mosfet": 2550.0}}, "implausible_temperature"),
        ({"temperatures": {"mosfet": -200.0}}, "implausible_temperature"),
        ({"cell_voltages": (3.3, 3.3, 3.3, 5.2)}, "implausible_cell_voltage"),
        ({"cell_voltages": ()}, "no_cells"),
        ({"cell_voltages": (None, None)}, "no_cells"),
        ({"cell_voltages": (0.0, 0.0, 0.0, 0.0)}, "no_cells"),
        ({"cell_voltages": (3.3, 3.3, 0.0, 0.0), "voltage": 6.6}, "cells_disagree_with_voltage"),
        ({"voltage": 15.0}, "cells_disagree_with_voltage"),
    ],
)
def test_impossible_readings_are_refused(change, reason) -> None:
    with pytest.raises(FrameError, match=f"^{reason}$"):
        check(replace(GOOD, **change))


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"voltage": None},
        {"remaining_capacity": -0.5},
        {"cell_voltages": (3.31, None, 3.3, 3.3, 3.3)},
        # A sense wire is off: that must be seen.
        {"cell_voltages": (3.3, 3.3, 3.3, 0.0)},
        {"cell_voltages": (3.3, 3.3, 0.0, 6.6), "alarms": (Alarm.CELL_COUNT_MISMATCH,)},
        {"cell_voltages": (3.3, 3.3, 3.3, 0.0), "alarms": (Alarm.CELL_COUNT_MISMATCH,)},
        {"cell_voltages": (), "voltage": 0.0, "alarms": (Alarm.CELL_COUNT_MISMATCH,)},
    ],
)
def test_odd_but_possible_readings_are_not(change) -> None:
    check(replace(GOOD, **change))


def later(reading: Reading, seconds: float, **change) -> Reading:
    runtime = change.pop("runtime", None if reading.runtime is None else reading.runtime + int(seconds))
    return replace(reading, measured_at=reading.measured_at + seconds, runtime=runtime, **change)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"soc": 92}, "jump_soc"),
        ({"remaining_capacity": 900.0}, "jump_remaining_capacity"),
        ({"throughput": 90_000.0}, "jump_throughput"),
        ({"runtime": 4_000_000}, "jump_runtime"),
        ({"cell_voltages": (3.3, 3.3, 3.3, 3.3, 3.3, 3.3, 3.3, 3.3, 3.3, 3.3, 3.3), "voltage": 36.3}, "jump_voltage"),
        ({"cell_voltages": (2.0, 3.3, 3.3, 4.6)}, "jump_cell_voltage"),
        ({"temperatures": {"mosfet": 90.0}}, "jump_temperature"),
    ],
)
def test_a_jump_is_doubted_once_and_believed_when_confirmed(change, reason) -> None:
    trust = Trust()
    assert trust.accepts(GOOD)
    jumped = later(GOOD, 1, **change)
    assert not trust.accepts(jumped)
    assert trust.dropped[reason] == 1
    assert trust.accepts(later(jumped, 1))


def test_a_single_jump_is_forgotten() -> None:
    trust = Trust()
    assert trust.accepts(GOOD)
    assert not trust.accepts(later(GOOD, 1, soc=92))
    assert trust.accepts(later(GOOD, 2))
    assert not trust.accepts(later(GOOD, 3, soc=92))


def test_two_different_jumps_are_not_each_others_proof() -> None:
    trust = Trust()
    assert trust.accepts(GOOD)
    assert not trust.accepts(later(GOOD, 1, soc=92))
    assert not trust.accepts(later(GOOD, 2, soc=10))


def test_after_a_pause_or_in_a_new_session_anything_may_have_happened() -> None:
    trust = Trust()
    assert trust.accepts(GOOD)
    assert trust.accepts(later(GOOD, 60, soc=92))
    trust.reset()
    assert trust.accepts(later(GOOD, 61, soc=20))


def test_a_probe_that_appears_is_no_jump() -> None:
    trust = Trust()
    assert trust.accepts(GOOD)
    assert trust.accepts(later(GOOD, 1, temperatures={"temperature_2": 20.0}))


def test_a_counter_that_stands_still_is_a_frozen_pack() -> None:
    trust = Trust()
    assert trust.accepts(GOOD)
    assert trust.accepts(later(GOOD, 4, runtime=GOOD.runtime))
    assert not trust.frozen
    assert not trust.accepts(later(GOOD, 6, runtime=GOOD.runtime))
    assert trust.frozen
    assert trust.dropped["frozen"] == 1
    assert trust.accepts(later(GOOD, 7))
    assert not trust.frozen


def test_a_board_out_of_calibration_is_believed_after_a_while() -> None:
    trust = Trust()
    off = replace(GOOD, voltage=14.2)
    accepted = [trust.accepts(later(off, second)) for second in range(12)]
    assert accepted == [False] * 10 + [True] * 2
    assert trust.dropped["cells_disagree_with_voltage"] == 10
    assert not trust.accepts(later(off, 13, soc=300))
    assert not trust.accepts(later(off, 14))


def test_a_pack_that_was_frozen_is_still_frozen_in_the_next_session() -> None:
    trust = Trust()
    assert trust.accepts(GOOD)
    trust.reset()
    assert not trust.accepts(later(GOOD, 20, runtime=GOOD.runtime))
    assert trust.frozen
    assert trust.accepts(later(GOOD, 21))


def test_packs_without_a_counter_cannot_be_seen_frozen() -> None:
    trust = Trust()
    timeless = replace(GOOD, runtime=None)
    assert trust.accepts(timeless)
    assert trust.accepts(replace(timeless, measured_at=timeless.measured_at + 60))


@pytest.mark.parametrize(
    "change",
    [
        {"soc": 66},
        {"soc": None},
        {"temperatures": {"mosfet": 42.0}},
        {"temperatures": {"temperature_9": 22.0}},
        {"cell_voltages": (3.3, 3.3, 3.3, 3.9), "voltage": 13.8},
        {"cell_voltages": (3.3, None, 3.3, 3.3, 3.3)},
        {"voltage": None},
    ],
)
def test_what_is_farther_off_but_possible_is_looked_at_and_accepted(change) -> None:
    trust = Trust()
    assert trust.accepts(GOOD)
    assert trust.accepts(later(GOOD, 1, **change))
    assert not trust.dropped


def test_small_steps_may_lead_far() -> None:
    trust = Trust()
    for step in range(40):
        assert trust.accepts(later(GOOD, step, soc=60 + step, temperatures={"mosfet": 30.0 + step * 2}))


def test_without_cells_the_alarm_explains_each_reading() -> None:
    trust = Trust()
    blind = replace(GOOD, cell_voltages=(), voltage=0.0, alarms=(Alarm.CELL_COUNT_MISMATCH,))
    assert trust.accepts(blind)
    assert trust.accepts(later(blind, 1))
    assert not trust.accepts(later(blind, 2, alarms=()))
