"""The decision tables of JBD's manual: what a board counts, learns and clears, and how it judges its cells."""

from hypothesis import given, strategies as st
import pytest

from custom_components.smart_bms.bms.connection_hints import ConnectionHint
from custom_components.smart_bms.bms.jbd.connection_hints import Light, connection_hints, lights
from custom_components.smart_bms.control.counter_totals import CounterTotals
from custom_components.smart_bms.energy.consistency import REST, ConsistencyCriterion, judge_consistency
from custom_components.smart_bms.energy.jbd_capacity_learning import JbdCapacityLearning, LearningPhase, learn
from custom_components.smart_bms.energy.jbd_cycle_count import JbdCycleCount
from custom_components.smart_bms.energy.jbd_events import EFFECTS, JbdEvent, JbdEventEffect, JbdStoredQuantity
from custom_components.smart_bms.energy.jbd_remaining_charge import JbdRemainingCharge, SocJumpCause, explain_jump
from custom_components.smart_bms.energy.jbd_voltage_soc import soc_range, soc_voltage_points, voltage_soc

RETURNED, WRITTEN, CALIBRATED, RESTORED, UNSEEN = JbdEvent
POINTS = ((0.0, 2.8), (20.0, 3.1), (40.0, 3.3), (60.0, 3.35), (80.0, 3.4), (100.0, 3.5))

# What becomes of each, by event.


@pytest.mark.parametrize(
    ("quantity", "effects"),
    [
        (JbdStoredQuantity.CYCLES, "keep keep keep keep keep"),
        (JbdStoredQuantity.DISCHARGED, "clear clear clear clear doubt"),
        (JbdStoredQuantity.COUNTERS, "keep clear clear clear keep"),
        (JbdStoredQuantity.REMAINING, "estimate estimate estimate estimate keep"),
        (JbdStoredQuantity.AGING, "clear clear clear clear doubt"),
        (JbdStoredQuantity.LEARNED, "keep typical keep typical keep"),
    ],
)
def test_the_effect_of_events_on_what_a_board_stores(quantity, effects) -> None:
    assert dict(zip(JbdEvent, map(JbdEventEffect, effects.split()), strict=True)) == EFFECTS[quantity]


# Cycles.


@pytest.mark.parametrize(
    ("steps", "counted", "left", "certain"),
    [
        ([-50, 50, -31], 1, 1, True),
        ([-79.9], 0, 79.9, True),
        ([-80], 1, 0, True),
        ([-50, RETURNED, -50], 0, 50, True),
        ([-79, WRITTEN, -10], 0, 10, True),
        ([-79, RESTORED, -10], 0, 10, True),
        ([-79, UNSEEN, -2], 1, 1, False),
        ([-0.5] * 340, 2, 10, True),
        ([-170], 2, 10, True),
        ([-81, CALIBRATED], 1, 0, True),
        ([UNSEEN, -5, WRITTEN, -8], 0, 8, True),
    ],
)
def test_when_a_board_counts_a_cycle(steps, counted, left, certain) -> None:
    count = JbdCycleCount(80.0)
    count.start_new_cycle()
    cycles = 0
    for step in steps:
        if isinstance(step, JbdEvent):
            count.handle_event(step)
        else:
            cycles += count.update(step)
    assert cycles == counted
    assert count.discharged == pytest.approx(left)
    assert count.progress == (pytest.approx(left / 80) if certain else None)


@pytest.mark.parametrize("capacity", [None, 0.0])
def test_without_a_cycle_capacity_nothing_is_predicted_trip(capacity) -> None:
    count = JbdCycleCount(capacity)
    count.start_new_cycle()
    assert count.update(-500.0) == 0
    assert count.progress is None


def test_where_a_cycle_stands_is_not_known_at_first() -> None:
    count = JbdCycleCount(80.0)
    count.update(-10.0)
    assert count.progress is None
    count.start_new_cycle()
    count.update(-8.0)
    assert count.progress == pytest.approx(0.1)


# Protection counters.


@pytest.mark.parametrize(
    ("old", "new", "added"),
    [
        ({"a": 3, "b": 0, "restarts": 1}, {"a": 3, "b": 0, "restarts": 1}, {}),
        ({"a": 3, "b": 0, "restarts": 1}, {"a": 4, "b": 1, "restarts": 1}, {"a": 1, "b": 1}),
        ({"a": 3, "b": 0, "restarts": 1}, {"a": 9, "b": 0, "restarts": 1}, {"a": 6}),
        ({"a": 3, "b": 1, "restarts": 1}, {"a": 3, "b": 1, "restarts": 2}, {"restarts": 1}),
        ({"a": 3, "b": 1, "restarts": 1}, {"a": 0, "b": 0, "restarts": 1}, {}),
        ({"a": 65_300, "b": 1, "restarts": 1}, {"a": 2, "b": 1, "restarts": 1}, {"a": 238}),
        # Inconsistent, or with other counters: read again first.
        ({"a": 3, "b": 1, "restarts": 1}, {"a": 2, "b": 1, "restarts": 1}, None),
        ({"a": 3, "b": 1, "restarts": 1}, {"a": 3, "b": 1}, None),
    ],
)
def test_what_two_readings_of_the_counters_say(old, new, added) -> None:
    counter_totals = CounterTotals()
    counter_totals.update(old)
    news = counter_totals.update(new)
    assert news is (added is not None and old != new)
    assert {key: count - old[key] for key, count in counter_totals.totals.items() if count != old[key]} == (added or {})


# Learning the capacity.

FULL, EMPTY = "full", "empty"


def aged(steps, learned=100.0) -> JbdCapacityLearning:
    aging = JbdCapacityLearning(100.0, learned)
    for step in steps:
        if isinstance(step, JbdEvent):
            aging.handle_event(step)
        elif isinstance(step, str):
            aging.update(0.0, full=step == FULL, empty=step == EMPTY)
        else:
            aging.update(step, full=False, empty=False)
    return aging


@pytest.mark.parametrize(
    ("steps", "phase", "measured", "cycles"),
    [
        ([-50, 20], LearningPhase.IDLE, 0, 0),
        ([EMPTY], LearningPhase.IDLE, 0, 0),
        ([FULL], LearningPhase.ARMED, 0, 0),
        ([FULL, -30], LearningPhase.ARMED, 30, 0),
        ([FULL, -30, 10], LearningPhase.ARMED, 20, 0),
        ([FULL, -30, 50], LearningPhase.ARMED, 0, 0),
        ([FULL, -30, FULL], LearningPhase.ARMED, 0, 0),
        ([FULL, -90, EMPTY], LearningPhase.EMPTIED, 90, 0),
        ([FULL, -90, EMPTY, -5], LearningPhase.EMPTIED, 90, 0),
        ([FULL, -90, EMPTY, 95, FULL], LearningPhase.ARMED, 0, 1),
        *(([FULL, -90, event], LearningPhase.IDLE, 0, 0) for event in (RETURNED, WRITTEN, CALIBRATED, RESTORED)),
        *(([FULL, -90, EMPTY, event, 95, FULL], LearningPhase.ARMED, 0, 0) for event in (RETURNED, WRITTEN, RESTORED)),
        ([FULL, -30, UNSEEN, -60, EMPTY, 95, FULL], LearningPhase.ARMED, 0, 0),
        ([FULL, -90, EMPTY, UNSEEN, 95, FULL], LearningPhase.ARMED, 0, 1),
    ],
)
def test_an_aging_cycle_is_full_empty_full(steps, phase, measured, cycles) -> None:
    aging = aged(steps)
    assert (aging.phase, aging.measured, aging.cycles) == (phase, measured, cycles)


def test_a_cell_that_is_too_high_and_one_too_low_at_once_is_empty() -> None:
    aging = aged([FULL, -90])
    aging.update(0.0, full=True, empty=True)
    assert aging.phase is LearningPhase.EMPTIED
    aging.update(0.0, full=True, empty=True)
    assert aging.phase is LearningPhase.EMPTIED


def test_what_nobody_knows_changes_nothing() -> None:
    aging = aged([FULL, -90])
    aging.update(-1.0, full=None, empty=None)
    assert (aging.phase, aging.measured) == (LearningPhase.ARMED, 91)


@pytest.mark.parametrize(
    ("given_away", "learned"),
    [([100], 100), ([95], 95), ([80], 80), ([60], 75), ([60, 60], 60), ([130], 125)],
)
def test_what_a_board_learns(given_away, learned) -> None:
    steps = [FULL, *(step for charge in given_away for step in (-charge, EMPTY, charge, FULL))]
    assert aged(steps).learned == learned


def test_an_interrupted_cycle_teaches_nothing_and_another_design_capacity_is_believed() -> None:
    aging = aged([FULL, -60, WRITTEN, EMPTY, 60, FULL])
    assert aging.learned == 100
    aging.handle_event(WRITTEN, typical=80.0)
    assert (aging.learned, aging.typical) == (80, 80)
    aging.handle_event(RETURNED, typical=90.0)
    assert aging.learned == 80


@given(measured=st.floats(0, 300), learned=st.floats(10, 200), typical=st.floats(10, 200))
def test_learning_moves_towards_what_was_measured_and_not_too_far(measured, learned, typical) -> None:
    change, difference = learn(measured, learned, typical) - learned, measured - learned
    assert abs(change) <= 0.25 * typical + 1e-9
    assert change * difference >= 0
    assert abs(change) <= abs(difference) + 1e-9
    if abs(difference) >= 0.1 * typical:
        assert abs(change) >= 0.1 * typical - 1e-9
    assert (change == 0) == (difference == 0) or abs(difference) < 1e-9


# Remaining charge.


@pytest.mark.parametrize(
    ("millivolts", "low", "high", "straight"),
    [
        (2500, 0, 0, 0),
        (2800, 0, 0, 0),
        (2950, 0, 20, 10),
        (3100, 20, 20, 20),
        (3200, 20, 40, 30),
        (3325, 40, 60, 50),
        (3375, 60, 80, 70),
        (3450, 80, 100, 90),
        (3500, 100, 100, 100),
        (3650, 100, 100, 100),
    ],
)
def test_what_a_voltage_says_of_the_charge(millivolts, low, high, straight) -> None:
    assert soc_range(millivolts / 1000, POINTS) == (low, high)
    assert voltage_soc(millivolts / 1000, POINTS) == pytest.approx(straight)


def test_equal_points_count_as_the_higher_and_falling_ones_as_none() -> None:
    equal = (*POINTS[:4], (80.0, 3.4), (100.0, 3.4))
    assert soc_range(3.4, equal) == (100, 100)
    assert soc_range(3.39, equal) == (60, 80)
    assert voltage_soc(3.4, equal) == 100
    falling = (*POINTS[:4], (80.0, 3.3), (100.0, 3.5))
    assert soc_range(3.3, falling) is None
    assert voltage_soc(3.3, falling) is None
    assert soc_range(3.3, ()) is None


def test_points_are_found_among_the_parameters() -> None:
    parameters = {
        "soc_100_voltage": 3.5,
        "soc_0_voltage": 2.8,
        "soc_20_voltage": 3.1,
        "soc_60_voltage": None,
        "soc_100_voltage_fine": 3.51,
        "cell_overvoltage": 3.65,
    }
    assert soc_voltage_points(parameters) == ((0.0, 2.8), (20.0, 3.1), (100.0, 3.5))


@pytest.mark.parametrize(
    ("left", "charge", "full", "empty", "becomes"),
    [
        (97.0, 0.0, True, False, 100.0),
        (12.0, 0.0, False, True, 0.0),
        (50.0, 5.0, False, False, 55.0),
        (98.0, 5.0, False, False, 100.0),
        (2.0, -5.0, False, False, 0.0),
        (50.0, 0.0, True, True, 0.0),
        (50.0, 1.0, None, None, 51.0),
        (None, 5.0, False, False, None),
        (None, 5.0, True, False, 100.0),
    ],
)
def test_how_a_board_counts_what_is_left(left, charge, full, empty, becomes) -> None:
    remaining = JbdRemainingCharge(100.0, POINTS, left)
    remaining.update(charge, full=full, empty=empty)
    assert remaining.remaining == becomes
    assert remaining.soc == (None if becomes is None else round(becomes))


@pytest.mark.parametrize("event", [RETURNED, WRITTEN, CALIBRATED, RESTORED])
def test_a_board_that_forgot_guesses_until_it_is_full_or_empty(event) -> None:
    remaining = JbdRemainingCharge(100.0, POINTS, 90.0)
    remaining.handle_event(event, 3.325)
    assert 40 <= remaining.soc <= 60
    assert remaining.estimated
    remaining.update(-10.0, full=False, empty=False)
    assert remaining.estimated
    remaining.update(0.0, full=True, empty=False)
    assert (remaining.remaining, remaining.estimated) == (100, False)


def test_a_gap_is_not_reckoned_over() -> None:
    remaining = JbdRemainingCharge(100.0, POINTS, 50.0)
    remaining.handle_event(UNSEEN, 3.2)
    assert remaining.remaining == 50
    remaining.set_reported(44.0)
    assert (remaining.remaining, remaining.estimated) == (44, False)


def test_without_voltage_or_capacity_there_is_no_state_of_charge() -> None:
    remaining = JbdRemainingCharge(100.0, POINTS, 50.0)
    remaining.handle_event(WRITTEN, None)
    assert remaining.soc is None
    assert JbdRemainingCharge(0.0, POINTS, 5.0).soc is None


@pytest.mark.parametrize(
    ("after", "known", "cause"),
    [
        (55, {"full": True}, None),
        (100, {"full": True, "forgot": True, "unseen": True}, SocJumpCause.FULL),
        (0, {"empty": True, "forgot": True}, SocJumpCause.EMPTY),
        (60, {"forgot": True, "unseen": True}, SocJumpCause.FORGOT),
        (56, {"unseen": True}, SocJumpCause.UNSEEN),
        (40, {}, SocJumpCause.UNEXPLAINED),
        (100, {"full": None}, SocJumpCause.UNEXPLAINED),
    ],
)
def test_why_a_state_of_charge_jumps(after, known, cause) -> None:
    nothing = {"full": False, "empty": False, "forgot": False, "unseen": False}
    assert explain_jump(50, after, **nothing | known) is cause


# Consistency.

MONTH = REST


@pytest.mark.parametrize(
    ("millivolts", "occasion", "good"),
    [
        (29, {"full": True, "aging_cycles": 10}, True),
        (30, {"full": True, "aging_cycles": 10}, False),
        (10, {"full": True, "aging_cycles": 9}, None),
        (10, {"full": True, "aging_cycles": None}, None),
        (10, {"full": False, "aging_cycles": 10}, None),
        (10, {"full": None, "aging_cycles": 10}, None),
        (80, {"empty": True}, None),
        (10, {"empty": True, "full": True, "aging_cycles": 12, "rest": MONTH, "assembled": True}, None),
        (29, {"rest": MONTH}, True),
        (30, {"rest": MONTH}, False),
        (10, {"rest": MONTH - 1}, None),
        (29, {"assembled": True}, True),
        (30, {"assembled": True}, False),
        (10, {}, None),
    ],
)
def test_whether_cells_are_alike(millivolts, occasion, good) -> None:
    assert [judgment.good for judgment in judge_consistency(millivolts / 1000, **occasion)] == (
        [] if good is None else [good]
    )


def test_several_occasions_give_several_judgments_and_no_cells_none() -> None:
    found = judge_consistency(0.012, assembled=True, full=True, aging_cycles=11, rest=MONTH)
    assert [judgment.criterion for judgment in found] == list(ConsistencyCriterion)
    assert judge_consistency(None, assembled=True) == []


# The light and the link.


@pytest.mark.parametrize(
    ("version", "disconnected", "connecting", "connected", "ended", "sleeps"),
    [
        ("1.3", Light.FLASHES, Light.ON, Light.ON, Light.OFF_LATER, True),
        ("0.9", Light.FLASHES, Light.ON, Light.ON, Light.OFF_LATER, True),
        ("1.4", Light.UNKNOWN, Light.UNKNOWN, Light.UNKNOWN, Light.UNKNOWN, None),
        ("1.5", Light.OFF, Light.UNKNOWN, Light.ON, Light.OFF, False),
        ("1.10", Light.OFF, Light.UNKNOWN, Light.ON, Light.OFF, False),
        ("V2.0", Light.OFF, Light.UNKNOWN, Light.ON, Light.OFF, False),
        ("", Light.UNKNOWN, Light.UNKNOWN, Light.UNKNOWN, Light.UNKNOWN, None),
        ("x", Light.UNKNOWN, Light.UNKNOWN, Light.UNKNOWN, Light.UNKNOWN, None),
    ],
)
def test_what_the_light_of_the_module_does(version, disconnected, connecting, connected, ended, sleeps) -> None:
    assert lights(version) == (disconnected, connecting, connected, ended, sleeps)


@pytest.mark.parametrize(
    ("state", "signal", "version", "hints"),
    [
        ("connect_failed", -95, "2.0", [ConnectionHint.WEAK_SIGNAL]),
        ("connect_failed", -60, "2.0", [ConnectionHint.RESTART_BLUETOOTH]),
        ("connect_failed", None, "2.0", [ConnectionHint.RESTART_BLUETOOTH]),
        ("no_connectable_path", None, "2.0", [ConnectionHint.CHECK_SUPPLY, ConnectionHint.RESTART_BLUETOOTH]),
        ("no_connectable_path", None, "1.4", [ConnectionHint.CHECK_SUPPLY, ConnectionHint.RESTART_BLUETOOTH]),
        (
            "no_connectable_path",
            None,
            "1.3",
            [ConnectionHint.CHECK_SUPPLY, ConnectionHint.WAKE_BOARD, ConnectionHint.RESTART_BLUETOOTH],
        ),
        ("not_this_kind", -70, "", [ConnectionHint.WEAK_SIGNAL, ConnectionHint.RESTART_BLUETOOTH]),
        ("silent", -70, "2.0", [ConnectionHint.OTHER_CLIENT]),
        ("streaming", -95, "2.0", []),
        ("no_free_slot", -60, "2.0", []),
    ],
)
def test_what_may_help_when_a_board_is_not_reached(state, signal, version, hints) -> None:
    assert list(connection_hints(state, signal, version)) == hints
