"""What generation 3 writes down by itself."""

import pytest

from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.event_log import EventKind
from custom_components.smart_bms.bms.smart123.learned import STORED_CHECKS
from custom_components.smart_bms.bms.smart123.memory import (
    HISTORY,
    LOG,
    by_hours_ago,
    decode_block,
    decode_entry,
    event_of,
)
from custom_components.smart_bms.bms.smart123.scales import Formula
from custom_components.smart_bms.bms.stored_values import sort_out


def event(kind: int, value: int, cell: int = 3):
    return event_of(decode_entry(["64", f"{kind}", f"{value:X}", f"{cell:02X}"]), 0x74, Formula.APP, 50.0)


@pytest.mark.parametrize(
    ("kind", "value", "expected", "shown"),
    [
        (1, 560, EventKind.CELL_UNDERVOLTAGE, 2.8),
        (2, 730, EventKind.CELL_OVERVOLTAGE, 3.65),
        (3, 271, EventKind.CHARGE_UNDERTEMPERATURE, 0.1),
        (4, 329, EventKind.CELL_OVERTEMPERATURE, 49.9),
        (5, 0, EventKind.CELL_COMMUNICATION_FAULT, None),
        (6, 247, EventKind.DISCHARGE_UNDERTEMPERATURE, -20.4),
    ],
)
def test_entries(kind, value, expected, shown) -> None:
    found = event(kind, value)
    assert found.kind is expected
    assert found.value == shown
    assert found.cell == 3
    assert found.age == 16
    assert found.read_at == 50.0
    assert event(kind, value, cell=0).cell is None


def test_an_event_after_the_clock_was_reset_is_not_in_the_future() -> None:
    entry = decode_entry(["FFFF", "5", "0", "0"])
    assert event_of(entry, 10, Formula.APP, 0.0).age == 0


def test_empty_places_and_unknown_events() -> None:
    assert decode_entry(["0", "0", "0", "0"]) is None
    with pytest.raises(FrameError, match="unknown_type"):
        decode_entry(["1", "7", "0", "0"])
    with pytest.raises(FrameError, match="length"):
        decode_entry(["1", "1", "0"])
    with pytest.raises(FrameError, match="not_a_number"):
        decode_entry(["1", "1", "0", "Q"])


def test_a_block_of_the_history() -> None:
    newest, values = decode_block(["A7", "00" + "32" * 10 + "FF"])
    assert newest == 167
    assert values == [0, *[50] * 10, None]
    assert decode_block(["00", "65" * 12])[1] == [None] * 12


@pytest.mark.parametrize("fields", [["A7"], ["A7", "32" * 11], ["A8", "32" * 12], ["X", "32" * 12], ["A7", "3G" * 12]])
def test_a_block_that_makes_no_sense(fields) -> None:
    with pytest.raises(FrameError):
        decode_block(fields)


def test_hours_are_counted_back_from_the_newest_over_the_end_of_the_ring() -> None:
    blocks = [[block * 5] * 12 for block in range(14)]
    found = by_hours_ago(1, blocks)
    assert len(found) == 168
    assert found[0] == found[1] == 0.0
    assert found[2] == 65.0
    assert found[167] == 0.0
    assert by_hours_ago(0, [[None] * 12]) == {}
    assert len(LOG) == 10
    assert HISTORY[-1] == "HD"


@pytest.mark.parametrize(
    ("part", "good", "bad"),
    [
        ("log", [[1, 2, None], []], [["x"]]),
        ("unfinished", ["critical_mode", 0, 1], ["nothing", 0, 1]),
        ("generation", "gen3", "gen9"),
        ("hour_first", None, 1),
        ("silent_pins", 2, "two"),
        ("pin_accepted", True, 1),
    ],
)
def test_what_sessions_leave_is_checked_before_it_is_used(part, good, bad) -> None:
    assert sort_out({part: good}, STORED_CHECKS) == ({part: good}, {})
    assert sort_out({part: bad}, STORED_CHECKS) == ({}, {part: bad})
