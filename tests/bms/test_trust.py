"""Trust: what is possible is shown, what is not is dropped and counted."""

from dataclasses import replace

import pytest

from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.reading import Extremes, Reading
from custom_components.smart_bms.bms.trust import Trust, check, possible

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
        ({"power": 5e6, "current": None}, "implausible_power"),
        ({"remaining_capacity": -2e6}, "implausible_remaining_capacity"),
        ({"full_capacity": 4.2e6}, "implausible_full_capacity"),
        ({"cycles": 2**32 - 1}, "implausible_cycles"),
        ({"balance_current": 60.0}, "implausible_balance_current"),
        ({"temperatures": {"mosfet": 2550.0}}, "implausible_temperature"),
        ({"temperatures": {"mosfet": -200.0}}, "implausible_temperature"),
        ({"cell_voltages": (3.3, 3.3, 3.3, 6.4)}, "implausible_cell_voltage"),
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
        {"cell_voltages": (3.3, 3.3, 0.0, 6.2), "alarms": (Alarm.CELL_COUNT_MISMATCH,)},
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
    assert trust.judge(GOOD)
    jumped = later(GOOD, 1, **change)
    assert not trust.judge(jumped)
    assert trust.dropped[reason] == 1
    assert trust.judge(later(jumped, 1))


def test_a_single_jump_is_forgotten() -> None:
    trust = Trust()
    assert trust.judge(GOOD)
    assert not trust.judge(later(GOOD, 1, soc=92))
    assert trust.judge(later(GOOD, 2))
    assert not trust.judge(later(GOOD, 3, soc=92))


def test_two_different_jumps_are_not_each_others_proof() -> None:
    trust = Trust()
    assert trust.judge(GOOD)
    assert not trust.judge(later(GOOD, 1, soc=92))
    assert not trust.judge(later(GOOD, 2, soc=10))


def test_after_a_pause_or_in_a_new_session_anything_may_have_happened() -> None:
    trust = Trust()
    assert trust.judge(GOOD)
    assert trust.judge(later(GOOD, 60, soc=92))
    trust.reset()
    assert trust.judge(later(GOOD, 61, soc=20))


def test_a_probe_that_appears_is_no_jump() -> None:
    trust = Trust()
    assert trust.judge(GOOD)
    assert trust.judge(later(GOOD, 1, temperatures={"temperature_2": 20.0}))


def test_a_counter_that_stands_still_is_a_frozen_pack() -> None:
    trust = Trust()
    assert trust.judge(GOOD)
    assert trust.judge(later(GOOD, 4, runtime=GOOD.runtime))
    assert not trust.frozen
    assert not trust.judge(later(GOOD, 6, runtime=GOOD.runtime))
    assert trust.frozen
    assert trust.dropped["frozen"] == 1
    assert trust.judge(later(GOOD, 7))
    assert not trust.frozen


def test_a_board_out_of_calibration_is_believed_after_a_while() -> None:
    trust = Trust()
    off = replace(GOOD, voltage=14.2)
    shown = [trust.judge(later(off, second)) is not None for second in range(12)]
    assert shown == [False] * 5 + [True] * 7
    assert trust.dropped["cells_disagree_with_voltage"] == 5
    assert trust.doubt == "cells_disagree_with_voltage"
    assert not trust.judge(later(off, 13, soc=92)), "other doubts are not over with it"
    assert trust.judge(later(GOOD, 14))
    assert trust.doubt is None
    assert not trust.judge(later(off, 15)), "it begins anew"


def test_a_pack_that_is_asked_rarely_is_believed_at_its_third_word() -> None:
    trust = Trust()
    off = replace(GOOD, voltage=14.2, runtime=None)
    assert [trust.judge(later(off, second)) is not None for second in (0, 30, 60, 90)] == [False, False, True, True]


def test_what_a_pack_insists_on_counts_over_its_sessions() -> None:
    trust = Trust()
    off = replace(GOOD, voltage=14.2)
    for second in (0, 10):
        assert not trust.judge(later(off, second))
        trust.reset()
    assert trust.judge(later(off, 20))


def test_an_impossible_value_is_unknown_once_the_next_reading_has_it_too() -> None:
    trust = Trust()
    bad = replace(GOOD, temperatures={"mosfet": 30.0, "temperature_1": 165.0}, alarms=(Alarm.CHARGE_OVERTEMPERATURE,))
    assert trust.judge(GOOD)
    assert trust.judge(later(bad, 1)) is None
    assert trust.dropped["implausible_temperature"] == 1
    for second in (2, 3):
        shown = trust.judge(later(bad, second))
        assert shown is not None
        assert shown.implausible == ("temperature_1",)
        assert shown.temperatures == {"mosfet": 30.0}
        assert shown.alarms == (Alarm.CHARGE_OVERTEMPERATURE,)
        assert (shown.voltage, shown.soc) == (GOOD.voltage, GOOD.soc)
    assert trust.withheld["temperature_1"] == 2
    assert trust.judge(later(GOOD, 4)) == later(GOOD, 4)
    assert trust.judge(later(bad, 5)) is None


def test_two_broken_messages_are_not_each_others_proof() -> None:
    trust = Trust()
    assert trust.judge(GOOD)
    assert not trust.judge(later(GOOD, 1, soc=200))
    assert not trust.judge(later(GOOD, 2, soh=200))
    assert trust.judge(later(GOOD, 3))


def test_a_front_end_that_tells_nonsense_of_another_cell_each_time_does_not_hide_the_rest() -> None:
    trust = Trust()
    shown = []
    for second in range(10):
        cells = [3.3] * 4
        cells[second % 4] = 60.0
        shown.append(trust.judge(later(GOOD, second, cell_voltages=tuple(cells))))
    assert [reading is not None for reading in shown] == [False] * 5 + [True] * 5
    assert shown[-1].implausible == ("cell_voltage_2",)
    assert shown[-1].cell_range == (3.3, 3.3)


def test_extremes_that_cannot_be_are_taken_away_with_their_name() -> None:
    reported = replace(GOOD, extremes=Extremes(3.3, 1, 60.0, 4))
    assert possible(reported).implausible == ("cell_voltage_max",)
    assert possible(reported).extremes is None
    assert possible(replace(GOOD, extremes=Extremes(-3.3, 1, 3.4, 4))).implausible == ("cell_voltage_min",)
    assert possible(replace(GOOD, extremes=Extremes(3.3, 1, 3.4, 4))).implausible == ()


@pytest.mark.parametrize("power", [-140.0, -115.0, -132.6])
def test_a_power_that_is_a_little_off_is_voltage_times_current_but_no_doubt(power) -> None:
    trust = Trust()
    for now in (0, 1, 2):
        assert trust.judge(later(GOOD, now, power=power)).power == -132.0
    assert not trust.withheld
    without = later(GOOD, 3, power=None)
    assert trust.judge(without) is without


@pytest.mark.parametrize("power", [-132.0, -132.4, -131.5])
def test_a_power_that_fits_is_shown_as_told(power) -> None:
    trust = Trust()
    assert trust.judge(replace(GOOD, power=power)).power == power
    assert trust.judge(later(GOOD, 1, power=power)).power == power
    assert not trust.withheld


@pytest.mark.parametrize("power", [9e9, 3_000_000.0, -13_200.0, 0.0, 132.0])
def test_a_power_that_does_not_fit_is_voltage_times_current(power) -> None:
    trust = Trust()
    assert trust.judge(replace(GOOD, power=power)).power == -132.0
    assert trust.judge(later(GOOD, 1)).power is None
    assert trust.judge(later(GOOD, 2, power=power)).power == -132.0
    assert trust.withheld["power"] == 2


@pytest.mark.parametrize("power", [200.0, 9e9])
def test_nothing_vouches_for_a_power_without_its_current(power) -> None:
    shown = possible(replace(GOOD, current=9e9, power=power))
    assert (shown.current, shown.power) == (None, None)
    assert shown.implausible == ("current", "power")


def test_a_pack_that_was_frozen_is_still_frozen_in_the_next_session() -> None:
    trust = Trust()
    assert trust.judge(GOOD)
    trust.reset()
    assert not trust.judge(later(GOOD, 20, runtime=GOOD.runtime))
    assert trust.frozen
    assert trust.judge(later(GOOD, 21))


def test_packs_without_a_counter_cannot_be_seen_frozen() -> None:
    trust = Trust()
    timeless = replace(GOOD, runtime=None)
    assert trust.judge(timeless)
    assert trust.judge(replace(timeless, measured_at=timeless.measured_at + 60))


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
    assert trust.judge(GOOD)
    assert trust.judge(later(GOOD, 1, **change))
    assert not trust.dropped


def test_small_steps_may_lead_far() -> None:
    trust = Trust()
    for step in range(40):
        assert trust.judge(later(GOOD, step, soc=60 + step, temperatures={"mosfet": 30.0 + step * 2}))


def test_without_cells_the_alarm_explains_each_reading() -> None:
    trust = Trust()
    blind = replace(GOOD, cell_voltages=(), voltage=0.0, alarms=(Alarm.CELL_COUNT_MISMATCH,))
    assert trust.judge(blind)
    assert trust.judge(later(blind, 1))
    assert not trust.judge(later(blind, 2, alarms=()))
