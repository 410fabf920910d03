"""The sign of the current: what the state beside it says wins, but only after three readings in a row."""

import json

import pytest

from custom_components.smart_bms.bms.daly.current_sign import CurrentSign
from custom_components.smart_bms.bms.errors import FrameError


def apply_all(sign: CurrentSign, *readings: tuple[float | None, object]) -> list[object]:
    found: list[object] = []
    for current, state in readings:
        try:
            found.append(sign.apply(current, state))
        except FrameError as error:
            found.append(error.reason)
    return found


CONTRADICTION = "current_against_state"


@pytest.mark.parametrize(
    ("inverted", "wire", "state", "expected"),
    [
        (False, 5.0, "charging", 5.0),
        (False, -5.0, "discharging", -5.0),
        (True, 5.0, "discharging", -5.0),
        (True, -5.0, "charging", 5.0),
        (False, 5.0, "idle", 5.0),
        (True, 5.0, "idle", -5.0),
        (False, 5.0, "unknown_7", 5.0),
        (False, 5.0, None, 5.0),
        (False, 0.0, "charging", 0.0),
        (True, 0.0, "discharging", 0.0),
        (False, None, "charging", None),
        (False, -0.9, "charging", -0.9),
        (True, 0.9, "charging", -0.9),
        (False, 1.0, "charging", 1.0),
    ],
)
def test_one_reading(inverted, wire, state, expected) -> None:
    assert CurrentSign({"current_inverted_D2": inverted}, "D2", inverted=False).apply(wire, state) == expected


@pytest.mark.parametrize("inverted", [False, True])
@pytest.mark.parametrize(("wire", "state"), [(0.9, "charging"), (-0.9, "discharging"), (5.0, "idle"), (5.0, None)])
def test_until_a_state_told_the_direction_there_is_no_current(inverted, wire, state) -> None:
    kept: dict[str, object] = {"current_inverted_D2": "yes"}
    sign = CurrentSign(kept, "D2", inverted=inverted)
    assert sign.apply(wire, state) is None
    assert sign.inverted is None
    assert sign.apply(0.0, state) == 0.0
    assert sign.apply(-9.0 if inverted else 9.0, "charging") == 9.0
    assert kept == {"current_inverted_D2": inverted}
    assert CurrentSign(json.loads(json.dumps(kept)), "D2", inverted=False).apply(wire, state) == (
        -wire if inverted else wire
    )


def test_a_board_whose_state_never_tells_has_the_habit_of_its_dialect_in_the_end() -> None:
    sign = CurrentSign({}, "D2", inverted=True)
    assert apply_all(sign, *[(9.0, "idle"), (0.5, "idle")] * 59) == [None] * 118
    assert sign.apply(9.0, "idle") == -9.0
    assert sign.inverted is True


def test_nothing_reads_minus_zero() -> None:
    assert str(CurrentSign({}, "D2", inverted=True).apply(0.0, "idle")) == "0.0"


@pytest.mark.parametrize("inverted", [False, True])
def test_three_contradictions_in_a_row_turn_the_sign_and_are_remembered(inverted) -> None:
    memory: dict[str, object] = {}
    sign = CurrentSign(memory, "D2", inverted=inverted)
    wrong = -9.0 if inverted else 9.0
    assert apply_all(sign, *[(wrong, "discharging")] * 4) == [CONTRADICTION, CONTRADICTION, -9.0, -9.0]
    assert sign.inverted is not inverted
    assert CurrentSign(memory, "D2", inverted=inverted).apply(wrong, "discharging") == -9.0


def test_fewer_contradictions_change_nothing() -> None:
    memory: dict[str, object] = {}
    sign = CurrentSign(memory, "D2", inverted=False)
    twice = [(9.0, "discharging")] * 2
    found = apply_all(sign, *twice, (-9.0, "discharging"), *twice, (9.0, "charging"), *twice)
    assert found == [CONTRADICTION] * 2 + [-9.0] + [CONTRADICTION] * 2 + [9.0] + [CONTRADICTION] * 2
    assert memory == {"current_inverted_D2": False}


def test_a_single_lag_of_the_state_later_turns_nothing_back() -> None:
    sign = CurrentSign({}, "D2", inverted=True)
    apply_all(sign, *[(9.0, "charging")] * 3)
    assert apply_all(sign, (9.0, "charging"), (9.0, "discharging"), (9.0, "charging")) == [9.0, CONTRADICTION, 9.0]
    assert not sign.inverted


def test_the_sign_can_turn_back() -> None:
    sign = CurrentSign({}, "D2", inverted=False)
    apply_all(sign, *[(9.0, "discharging")] * 3)
    assert apply_all(sign, *[(9.0, "charging")] * 3) == [CONTRADICTION, CONTRADICTION, 9.0]
    assert not sign.inverted


def test_what_was_found_earlier_outweighs_the_habit_of_the_dialect() -> None:
    assert CurrentSign({"current_inverted_D2": True}, "D2", inverted=False).apply(4.0, "idle") == -4.0
    assert CurrentSign({"current_inverted_D2": False}, "D2", inverted=True).apply(4.0, "idle") == 4.0


def test_what_another_dialect_taught_does_not_count() -> None:
    memory = {"current_inverted_A5": True}
    assert CurrentSign(memory, "D2", inverted=False).inverted is None


def test_contradictions_must_follow_each_other() -> None:
    sign = CurrentSign({}, "D2", inverted=False)
    lagging = [(9.0, "discharging"), (0.5, "idle"), (9.0, "discharging"), (20.0, "idle"), (9.0, "discharging")]
    apply_all(sign, *lagging)
    assert not sign.inverted
