"""The mirror over time: gaps, restarts, doubts, disagreements, what it foretells and what it tells of."""

from dataclasses import replace

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.smart_bms.protection.daly import DALY
from custom_components.smart_bms.protection.jbd import JBD
from custom_components.smart_bms.protection.jk import JK
from custom_components.smart_bms.protection.mirror import Mirror
from custom_components.smart_bms.protection.monitor import ProtectionState
from custom_components.smart_bms.protection.rules import Side
from custom_components.smart_bms.protection.smart123 import SMART123
from tests.support.protection_life import Life, reading
from tests.support.rule_books import DALY_81, DALY_D2, JBD_REAL, JK_LFP, SMART123_SETTINGS

C, P, T, U = ProtectionState.CLEAR, ProtectionState.PENDING, ProtectionState.TRIPPED, ProtectionState.UNKNOWN
STRONG = {"current": -200.0}


# Gaps.


def test_a_gap_stops_a_running_delay_and_leaves_doubt_until_the_pack_speaks():
    life = Life(JK, JK_LFP)
    for _ in range(10):
        life.see(2, **STRONG)
    assert life.mirror.monitors["discharge_overcurrent"].time_left(life.now) == 12
    life.see(60, **STRONG, alarms=None)
    assert life.state("discharge_overcurrent") is U
    assert life.answer("discharge") == "unknown"
    life.see(1, **STRONG)  # the pack says that nothing has tripped
    assert life.state("discharge_overcurrent") is P
    assert life.mirror.monitors["discharge_overcurrent"].time_left(life.now) == 11


def test_what_tripped_while_nobody_looked_is_taken_from_the_pack():
    life = Life(JK, JK_LFP)
    life.see(60, alarms=("discharge_overcurrent",), discharging=False)
    assert life.state("discharge_overcurrent") is T
    monitor = life.mirror.monitors["discharge_overcurrent"]
    assert monitor.adopted
    assert monitor.release_at is None  # when it tripped nobody saw
    life.see(5)
    assert life.state("discharge_overcurrent") is C


def test_a_hold_of_known_length_ends_on_time_even_over_a_gap():
    life = Life(JK, JK_LFP)
    for _ in range(31):
        life.see(1, **STRONG)
    assert life.state("discharge_overcurrent") is T
    life.see(40, alarms=None)
    assert life.state("discharge_overcurrent") is T
    life.see(19, alarms=None)
    assert life.state("discharge_overcurrent") is T
    life.see(1, alarms=None)
    assert life.state("discharge_overcurrent") is C


def test_between_limit_and_release_nobody_knows_after_a_gap():
    life = Life(JK, JK_LFP)
    life.see(1, highest=3.55)
    assert life.state("cell_overvoltage") is C
    life.see(11, highest=3.55, alarms=None)
    assert life.state("cell_overvoltage") is U
    life.see(1, highest=3.499, alarms=None)
    assert life.state("cell_overvoltage") is C


def test_a_reading_that_goes_back_in_time_is_refused():
    life = Life(JK, JK_LFP)
    life.see(-1, highest=3.7)
    assert life.mirror.refused == 1
    assert life.state("cell_overvoltage") is C


# What is missing.


def test_a_probe_that_was_never_there_is_not_missed_and_one_that_vanished_is():
    life = Life(JK, JK_LFP, began=False)
    life.see(1, hottest=None, coldest=None)
    assert life.answer("charge") == "yes"
    life.see(1)
    life.see(1, hottest=None, coldest=None)
    assert life.answer("charge") == "unknown"
    assert "not_known:charge_overtemperature" in life.codes("charge")


def test_a_board_that_misses_its_sensor_is_not_trusted_with_heat_and_cold():
    life = Life(DALY, DALY_D2, began=False)
    life.see(1, hottest=None, coldest=None, stage=None, alarms=("temperature_sensor_fault",))
    assert life.answer("charge") == life.answer("discharge") == "unknown"


@pytest.mark.parametrize("missing", ["current", "pack"])
def test_a_value_that_is_not_told_makes_the_answer_unknown(missing):
    life = Life(JBD, JBD_REAL)
    life.see(1, **{missing: None})
    assert life.answer("charge") == life.answer("discharge") == "unknown"


def test_a_hold_goes_on_without_the_value_that_began_it():
    life = Life(JK, JK_LFP)
    for _ in range(31):
        life.see(1, **STRONG)
    life.see(1, current=None)
    assert life.state("discharge_overcurrent") is T
    for _ in range(59):
        life.see(1, current=None)
    assert life.state("discharge_overcurrent") is U


def test_without_settings_nothing_is_known_and_nothing_is_forgotten():
    life = Life(JK, JK_LFP)
    life.see(1, highest=3.7)
    life.settings = None
    life.see(1)
    assert life.codes("discharge") == ["no_settings:"]
    life.settings = JK_LFP
    life.see(1, highest=3.55, alarms=None)
    assert life.state("cell_overvoltage") is T


def test_a_pack_without_rules_is_not_judged():
    life = Life(JK, JK_LFP)
    empty = Life(type(JK)(longest_gap=10, grace=10), JK_LFP)
    assert empty.codes("charge") == ["no_rules:"]
    assert life.codes("charge") == ["fine:"]
    assert Mirror(JK).charge.reasons[0].code == "no_data"


def test_a_pack_that_tells_no_alarms_may_hide_one():
    life = Life(JK, JK_LFP)
    life.see(1, alarms=None)
    assert life.codes("charge") == ["pack_does_not_say:"]


# The pack's own word.


def test_a_switch_that_is_off_is_a_reason():
    life = Life(JK, JK_LFP | {"charge_switch": False})
    assert life.codes("charge") == ["switched_off:"]
    assert life.answer("discharge") == "yes"


def test_a_cold_pack_must_not_be_charged_even_if_its_switch_is_still_closed():
    life = Life(JK, JK_LFP)
    life.see(1, coldest=-1.0)
    assert life.state("charge_undertemperature") is C
    assert life.codes("charge") == ["would_trip:charge_undertemperature"]
    assert life.answer("discharge") == "yes"


def test_a_trip_that_the_pack_never_saw_is_given_up_once_its_cause_is_gone():
    life = Life(JK, JK_LFP)
    life.see(1, highest=3.601)
    for _ in range(6):
        life.see(10, highest=3.55)
        assert life.state("cell_overvoltage") is T
    life.see(10, highest=3.55)
    assert life.state("cell_overvoltage") is C


def test_a_pack_that_tells_no_release_is_asked_for_it():
    limits = {key: value for key, value in DALY_D2.items() if not key.startswith("cell_overvoltage_w")}
    life = Life(DALY, limits)
    life.see(1, highest=3.6)
    life.see(1, highest=3.4, alarms=("cell_overvoltage",))
    assert life.state("cell_overvoltage") is T


@pytest.mark.parametrize(
    ("alarm", "charge", "discharge"),
    [
        ("cell_overvoltage", "no", "yes"),
        ("charging_forbidden", "no", "yes"),
        ("charge_mosfet_fault", "no", "yes"),
        ("discharge_mosfet_fault", "yes", "no"),
        ("thermal_runaway", "no", "no"),
        ("voltage_sensor_fault", "unknown", "unknown"),
        ("unnamed_protection", "unknown", "unknown"),
        ("cell_imbalance_warning", "yes", "yes"),
    ],
)
@pytest.mark.parametrize("switch", [True, None])
def test_what_the_pack_complains_of_counts_whatever_its_switch_says(alarm, charge, discharge, switch):
    life = Life(DALY, DALY_81)
    life.see(1, alarms=(alarm,), charging=switch, discharging=switch)
    assert (life.answer("charge"), life.answer("discharge")) == (charge, discharge)


def test_a_hold_that_the_pack_reports_at_first_is_not_denied_by_an_offset():
    life = Life(JK, JK_LFP, began=False)
    life.see(1, alarms=("charge_overcurrent",), current=0.02)
    assert life.state("charge_overcurrent") is T


def test_a_hold_that_began_between_two_readings_is_taken_from_the_pack():
    life = Life(JBD, JBD_REAL)
    life.see(5, alarms=("discharge_overcurrent",), discharging=False)
    assert life.state("discharge_overcurrent") is T
    life.see(5)
    assert life.state("discharge_overcurrent") is C


@pytest.mark.parametrize("current", [-20.0, 0.0])
def test_an_overcurrent_that_the_pack_denies_does_not_last_for_ever(current):
    life = Life(DALY, DALY_D2)
    life.see(1, current=-210.0)
    assert life.state("discharge_overcurrent") is T
    for _ in range(62):
        life.see(1, current=current)
    assert life.state("discharge_overcurrent") is C


def test_a_hold_of_unknown_length_ends_when_the_pack_has_denied_it_for_a_minute():
    life = Life(JK, {key: value for key, value in JK_LFP.items() if key != "discharge_overcurrent_release"})
    for _ in range(31):
        life.see(1, **STRONG)
    for _ in range(60):
        life.see(1, current=-1.0)
    assert life.state("discharge_overcurrent") is T
    life.see(1, current=-1.0)
    assert life.state("discharge_overcurrent") is C


# Parts that are missing.


@pytest.mark.parametrize(
    ("before", "after", "side"),
    [
        ({"coldest": -5.0, "current": 5.0}, {"coldest": None, "current": 5.0}, "charge"),
        ({"cells": (3.7, 3.3, 3.3, 3.3)}, {"cells": (None, 3.3, 3.3, 3.3)}, "charge"),
        ({"cells": (2.6, 3.3, 3.3, 3.3)}, {"cells": (None, 3.3, 3.3, 3.3)}, "discharge"),
    ],
)
def test_what_vanishes_releases_nothing(before, after, side):
    life = Life(JK, JK_LFP)
    life.see(1, **before)
    assert life.answer(side) == "no"
    life.see(1, **after)
    assert life.answer(side) == "no"


@pytest.mark.parametrize("shown", [{"coldest": None}, {"cells": (3.3, None, 3.3, 3.3)}])
def test_of_a_part_nobody_can_say_that_all_is_well(shown):
    life = Life(JK, JK_LFP)
    life.see(1, **shown)
    assert life.answer("charge") == "unknown"
    life.see(1)
    assert life.answer("charge") == "yes"


def test_a_part_can_still_prove_that_something_is_wrong():
    life = Life(JK, JK_LFP)
    life.see(1, cells=(3.65, None, 3.3, 3.3))
    assert life.state("cell_overvoltage") is T


def test_an_answer_that_was_lost_takes_away_no_protection():
    life = Life(DALY, DALY_81)
    life.see(1, stage=101.0)
    life.see(1, stage=101.0)
    assert life.answer("charge") == "no"
    life.settings = {key: value for key, value in DALY_81.items() if not key.startswith("mosfet")}
    life.see(1, stage=101.0)
    assert life.answer("charge") == "unknown"


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("key", ["pack", "current", "hottest", "coldest", "stage"])
def test_what_is_no_number_is_not_known(key, wrong):
    life = Life(JBD if key == "pack" else JK, JBD_REAL if key == "pack" else JK_LFP)
    life.see(1, **{key: wrong})
    assert "yes" not in (life.answer("charge"), life.answer("discharge"))
    life = Life(JK, JK_LFP | {"cell_overvoltage": wrong})
    assert life.answer("charge") == "unknown"


def test_a_pack_that_is_asked_rarely_is_still_looked_at():
    life = Life(JBD, JBD_REAL)
    life.mirror = Mirror(JBD, interval=60.0)
    life.see(60)
    life.see(60, highest=3.9)
    assert life.state("cell_overvoltage") is P
    life.see(60, highest=3.9)
    assert life.state("cell_overvoltage") is T


# Disagreement.


def test_an_alarm_that_the_mirror_does_not_explain_is_told_after_the_grace_with_both_sides_numbers():
    life = Life(JK, JK_LFP)
    for _ in range(9):
        assert not [item for item in life.see(1, alarms=("cell_overvoltage",)) if item.kind == "disagreement"]
    reported = []
    for _ in range(3):
        reported += [item for item in life.see(1, alarms=("cell_overvoltage",)) if item.kind == "disagreement"]
    assert len(reported) == 1
    assert reported[0].protection == "cell_overvoltage"
    assert reported[0].details | {"seconds": 0} == {
        "mirror": "clear",
        "pack": "reported",
        "value": 3.3,
        "limit": 3.6,
        "release": 3.5,
        "unit": "V",
        "seconds": 0,
    }
    (found,) = life.mirror.mismatches
    assert found.key == "cell_overvoltage"
    assert [item.kind for item in life.see(1)] == ["alarm_cleared", "agreement"]
    assert not life.mirror.mismatches


def test_a_trip_that_the_pack_does_not_report_is_told_too():
    life = Life(JK, JK_LFP)
    kinds = []
    for _ in range(12):
        kinds += [(item.kind, item.protection) for item in life.see(1, lowest=2.65)]
    assert kinds == [
        ("tripped", "cell_undervoltage"),
        ("disagreement", "cell_undervoltage"),
        ("disagreement", "discharge_not_blocked"),
    ]


def test_a_full_pack_that_calls_itself_overcharged_is_no_mismatch():
    life = Life(JK, JK_LFP)
    for _ in range(30):
        life.see(1, alarms=("cell_overvoltage",), soc=100, charging=False)
    assert not life.mirror.mismatches
    for _ in range(12):
        life.see(1, alarms=("cell_overvoltage",), soc=100, full_is_fine=False)
    assert [item.key for item in life.mirror.mismatches] == ["cell_overvoltage"]


@pytest.mark.parametrize(
    ("alarms", "found"),
    [
        ((), ["charge_blocked"]),
        (("charge_mosfet_fault",), []),
        (("software_lock",), []),
        (("cell_imbalance",), ["charge_blocked"]),
    ],
)
def test_a_pack_that_blocks_without_a_reason_is_asked_why(alarms, found):
    life = Life(JK, JK_LFP)
    for _ in range(15):
        life.see(1, alarms=alarms, charging=False)
    assert [item.key for item in life.mirror.mismatches] == found
    assert life.answer("charge") == "no"


def test_a_switch_that_the_owner_opened_is_no_mismatch():
    life = Life(JK, JK_LFP | {"charge_switch": False})
    for _ in range(15):
        life.see(1, charging=False)
    assert not life.mirror.mismatches


def test_a_cold_pack_that_blocks_before_anybody_charges_is_no_mismatch():
    life = Life(JK, JK_LFP)
    for _ in range(30):
        life.see(1, coldest=-3.0, alarms=("charge_undertemperature",), charging=False)
    assert not life.mirror.mismatches


def test_a_reading_without_alarms_ends_no_mismatch():
    life = Life(JK, JK_LFP)
    for _ in range(12):
        life.see(1, alarms=("cell_overvoltage",))
    assert life.see(1, alarms=None) == []
    assert life.mirror.mismatches


def test_a_short_difference_is_none_and_a_gap_begins_to_count_anew():
    life = Life(JK, JK_LFP)
    for _ in range(9):
        life.see(1, alarms=("cell_overvoltage",))
    life.see(11, alarms=("cell_overvoltage",))
    assert not life.mirror.mismatches


def test_a_123_must_differ_three_times_from_what_its_tables_leave_no_choice_about():
    life = Life(SMART123, SMART123_SETTINGS)
    for _ in range(3):
        life.see(1, charging=False)
        assert not life.mirror.mismatches
    life.see(1, charging=False)
    assert [item.key for item in life.mirror.mismatches] == ["charge_blocked"]
    kept = Life(SMART123, SMART123_SETTINGS)
    for _ in range(9):
        kept.see(1, soc=95, charging=False)  # above the restart it may be either
    assert not kept.mirror.mismatches


def test_without_alarms_there_is_nothing_to_compare_with():
    life = Life(JK, JK_LFP)
    for _ in range(20):
        life.see(1, lowest=2.65, alarms=None)
    assert not life.mirror.mismatches


# Over restarts.


@pytest.mark.parametrize("stop_after", range(1, 100, 7))
def test_a_restart_in_the_middle_of_a_delay_or_a_hold_changes_no_time(stop_after):
    moments = [(1.0, STRONG)] * 35 + [(1.0, {"alarms": None})] * 70
    whole, parted = Life(JK, JK_LFP), Life(JK, JK_LFP)
    for number, (seconds, values) in enumerate(moments):
        if number == stop_after:
            parted.restart(shift=-700.5)
        whole.see(seconds, **values)
        parted.see(seconds, **values)
        for name, monitor in whole.mirror.monitors.items():
            other = parted.mirror.monitors[name]
            assert other.state is monitor.state, number
            assert other.time_left(parted.now) == monitor.time_left(whole.now)
            ends = None if monitor.release_at is None else monitor.release_at - 700.5
            if number >= stop_after:
                assert other.release_at == ends
    reported = [(item.kind, item.protection, item.details) for item in parted.events]
    assert reported == [(item.kind, item.protection, item.details) for item in whole.events]
    assert [item.kind for item in whole.events] == ["pending", "tripped", "released"]


def test_a_restart_tells_nothing_twice():
    life = Life(JK, JK_LFP)
    for _ in range(15):
        life.see(1, lowest=2.65, alarms=("charge_mosfet_fault",))
    before = [item.kind for item in life.events]
    assert before.count("disagreement") == 2
    life.restart()
    for _ in range(15):
        life.see(1, lowest=2.65, alarms=("charge_mosfet_fault",))
    assert [item.kind for item in life.events] == before
    assert len(life.mirror.mismatches) == 2


def test_a_clock_that_was_set_back_meanwhile_makes_all_times_worthless():
    life = Life(JK, JK_LFP)
    for _ in range(20):
        life.see(1, **STRONG)
    life.restart(shift=+3600.0)
    life.now -= 3600
    life.see(1, **STRONG, alarms=None)
    assert life.state("discharge_overcurrent") is U
    for _ in range(31):
        life.see(1, **STRONG, alarms=None)
    assert life.state("discharge_overcurrent") is T


def test_what_was_kept_of_other_rules_is_left_aside():
    mirror = Mirror(JBD)
    mirror.restore(
        {"tracks": {"no_such": {}}, "announced": {"no_such": "tripped"}, "alarms": ["no_such"], "seen": ["no_such"]},
        0.0,
    )
    assert mirror.update(reading(1.0, alarms=()), JBD_REAL) == []
    empty = Mirror(SMART123)
    empty.restore({}, 0.0)
    assert empty.mismatches == ()


def test_a_relay_is_remembered_over_a_restart():
    life = Life(SMART123, SMART123_SETTINGS)
    life.see(1, soc=95, stage=None)
    assert life.answer("charge") == "yes"
    life.restart()
    life.see(1, soc=95, stage=None, charging=None)
    assert life.answer("charge") == "yes"


# What it foretells.


def rising(life: Life, seconds: int, step: float = 0.0005, start: float = 3.4, **values) -> float:
    """Let the highest cell rise; return where it ends."""
    for second in range(seconds):
        life.see(1, highest=round(start + second * step, 3), current=20.0, **values)
    return start + seconds * step


def test_a_steady_rise_tells_when_the_limit_is_reached():
    life = Life(JK, JK_LFP)
    end = rising(life, 61, start=3.46)
    nearest = life.mirror.nearest
    assert nearest.monitor.rule.protection == "cell_overvoltage"
    true = (3.6 - end) / 0.0005
    assert nearest.predicted_trip.seconds == pytest.approx(true, abs=10)
    assert nearest.predicted_trip.uncertainty < 1


def test_a_delay_comes_on_top_of_the_way_to_the_limit():
    life = Life(JBD, JBD_REAL)
    end = rising(life, 61, start=3.5)
    predicted_trip = life.mirror.predict_trip(life.mirror.monitors["cell_overvoltage"])
    assert predicted_trip.seconds == pytest.approx((3.65 - end) / 0.0005 + 2, abs=10)


@pytest.mark.parametrize(
    "values",
    [
        # All of them near enough to the limit that the trend is followed.
        [3.48 + (number * 7 % 5) / 1000 for number in range(60)],  # noise
        [3.48] * 30 + [3.53] * 30,  # a step: somebody switched a charger on
        [3.48] * 60,  # rest
        [3.48 + number / 100_000 for number in range(60)],  # on its way, hours away
        [3.55 - number / 1000 for number in range(60)],  # away from the limit
    ],
)
def test_no_time_is_told_where_there_is_no_trend(values):
    life = Life(JK, JK_LFP)
    for value in values:
        life.see(1, highest=round(value, 3), lowest=3.25, current=20.0)
    assert life.plain.near
    assert life.mirror.predict_trip(life.mirror.monitors["cell_overvoltage"]) is None


def test_a_running_delay_is_the_surest_time_of_all():
    life = Life(JK, JK_LFP)
    life.see(1, **STRONG)
    life.see(9, **STRONG)
    nearest = life.mirror.nearest
    assert (nearest.monitor.rule.protection, nearest.predicted_trip) == ("discharge_overcurrent", (21.0, 0.0))


def test_cold_threatens_only_while_charging():
    life = Life(JK, JK_LFP)
    for current, expected in ((-5.0, None), (5.0, "charge_undertemperature")):
        for second in range(70):
            life.see(1, coldest=round(8 - second / 10, 1), current=current)
        found = life.mirror.predict_trip(life.mirror.monitors["charge_undertemperature"])
        assert (found is None) is (expected is None)
        life.see(20)


def test_nearest_is_what_tripped_then_what_comes_then_the_smallest_margin():
    life = Life(JK, JK_LFP)
    assert life.mirror.nearest.monitor.rule.protection in life.mirror.monitors
    life.see(1, highest=3.58)
    assert life.mirror.nearest.monitor.rule.protection == "cell_overvoltage"
    assert life.mirror.nearest.monitor.margin == pytest.approx(0.02)
    assert life.mirror.nearest.predicted_trip is None
    life.see(1, highest=3.58, lowest=2.69)
    assert life.mirror.nearest.monitor.rule.protection == "cell_undervoltage"
    assert life.mirror.nearest.monitor.margin == pytest.approx(-0.01)
    warned = Life(DALY, DALY_81)
    warned.see(1, highest=3.52, stage=None)  # past a warning, which is not the nearest protection
    assert warned.mirror.nearest.monitor.rule.protection == "cell_overvoltage"
    assert Mirror(JK).nearest is None
    assert Mirror(JK).predict_trip(Mirror(JK).monitors["cell_overvoltage"]) is None


# What it tells.


def test_what_happens_is_told_once_with_its_particulars():
    life = Life(JK, JK_LFP)
    life.see(1, **STRONG)
    for _ in range(30):
        life.see(1, **STRONG, alarms=())
    for _ in range(60):
        life.see(1, alarms=None)
    pending, tripped, released = life.events
    assert (pending.kind, pending.protection) == ("pending", "discharge_overcurrent")
    assert pending.details == {
        "value": 200.0,
        "limit": 150.0,
        "unit": "A",
        "blocks": "discharge",
        "seconds_left": 30.0,
    }
    assert (tripped.kind, tripped.details["released_after"]) == ("tripped", 60.0)
    assert released.kind == "released"


def test_a_short_excess_ends_without_a_word():
    life = Life(JK, JK_LFP)
    life.see(1, **STRONG)
    life.see(1)
    assert [item.kind for item in life.events] == ["pending"]


def test_a_hold_that_begins_anew_is_told_as_released_first():
    life = Life(JK, JK_LFP)
    for _ in range(31):
        life.see(1, **STRONG)
    for _ in range(60):
        life.see(1, **STRONG, alarms=None)
    assert [item.kind for item in life.events] == ["pending", "tripped", "released"]
    assert life.state("discharge_overcurrent") is P


def test_alarms_are_told_when_they_come_and_go_but_not_those_found_at_first():
    life = Life(JK, JK_LFP, began=False)
    assert life.see(1, alarms=("balance_wire_resistance",)) == []
    raised = life.see(1, alarms=("balance_wire_resistance", "charge_mosfet_fault"), current=None)
    assert [(item.kind, item.protection) for item in raised] == [("alarm_raised", "charge_mosfet_fault")]
    assert raised[0].details["severity"] == "fault"
    assert "current" not in raised[0].details
    assert life.see(1, alarms=None) == []
    cleared = life.see(1)
    assert [item.protection for item in cleared] == ["balance_wire_resistance", "charge_mosfet_fault"]


# Properties.

VALUES = {
    "highest": st.sampled_from((3.3, 3.49, 3.5, 3.55, 3.6, 3.601, 3.65)),
    "lowest": st.sampled_from((3.29, 3.0, 2.901, 2.9, 2.7, 2.699, 2.61)),
    "current": st.sampled_from((0.0, 10.0, -10.0, 120.0, -200.0, None)),
    "hottest": st.sampled_from((25.0, 55.0, 60.1, None)),
    "coldest": st.sampled_from((24.0, 5.1, 0.0, -0.1)),
    "charging": st.sampled_from((True, True, False, None)),
    "alarms": st.sampled_from(((), (), None, ("cell_overvoltage",), ("charge_mosfet_fault",))),
}
MOMENTS = st.lists(st.tuples(st.sampled_from((0.5, 1.0, 5.0, 15.0)), st.fixed_dictionaries(VALUES)), max_size=12)
LIVES = pytest.mark.parametrize(
    ("rules", "limits"), [(JK, JK_LFP), (JBD, JBD_REAL), (DALY, DALY_81)], ids=["jk", "jbd", "daly"]
)


@LIVES
@settings(deadline=None)
@given(moments=MOMENTS)
def test_a_side_is_never_allowed_while_a_protection_that_blocks_it_is_tripped_or_unknown(rules, limits, moments):
    life = Life(rules, limits, began=False)
    for seconds, values in moments:
        life.see(seconds, **values)
        for side in Side:
            states = {monitor.state for monitor in life.mirror.active if side in monitor.rule.blocks}
            if life.answer(side) == "yes":
                assert not states & {T, U}
            assert life.mirror.permission(side).reasons


@LIVES
@settings(deadline=None)
@given(moments=MOMENTS, cells=st.permutations(range(5)))
def test_cells_may_be_in_any_order_and_one_more_healthy_cell_changes_nothing(rules, limits, moments, cells):
    plain, mixed = Life(rules, limits), Life(rules, limits)
    for seconds, values in moments:
        voltages = (values["highest"], 3.295, 3.295, values["lowest"])
        plain.see(seconds, **values, cells=voltages)
        more = (*voltages, 3.295)
        mixed.see(seconds, **values, cells=tuple(more[place] for place in cells))
        assert [monitor.state for monitor in mixed.mirror.active] == [monitor.state for monitor in plain.mirror.active]


@LIVES
@settings(deadline=None)
@given(moments=MOMENTS)
def test_living_again_is_like_having_lived(rules, limits, moments):
    one, other = Life(rules, limits), Life(rules, limits)
    for seconds, values in moments:
        assert one.see(seconds, **values) == other.see(seconds, **values)
        assert one.mirror.dump() == other.mirror.dump()
        assert one.mirror.charge == other.mirror.charge


@settings(deadline=None)
@given(ripple=st.lists(st.integers(-49, 49), min_size=1, max_size=40))
def test_ripple_inside_the_hysteresis_never_chatters(ripple):
    life = Life(JK, JK_LFP)
    life.see(1, highest=3.601)
    for millivolt in ripple:
        life.see(1, highest=round(3.55 + millivolt / 1000, 3), alarms=("cell_overvoltage",))
    assert [item.kind for item in life.events if item.protection == "cell_overvoltage"] == ["tripped", "alarm_raised"]


@pytest.mark.parametrize(
    ("names", "unknown"),
    [
        (("cell_voltage_2",), {"cell_overvoltage", "cell_undervoltage"}),
        (("temperature_1",), {"charge_overtemperature", "charge_undertemperature"}),
        (("temperature_mosfet",), {"mosfet_overtemperature"}),
        (("temperature_board", "soc"), set()),
    ],
)
def test_what_was_told_and_cannot_be_is_never_clear(names, unknown) -> None:
    life = Life(JK, JK_LFP)
    life.see(1)
    shown = replace(reading(life.now + 1), implausible=names)
    if names == ("temperature_mosfet",):
        shown = replace(shown, temperatures={"temperature_1": 25.0})
    life.mirror.update(shown, life.settings)
    states = {name: life.state(name) for name in unknown}
    assert set(states.values()) <= {ProtectionState.UNKNOWN}
    assert (life.answer("charge") == "yes") is (not unknown)
