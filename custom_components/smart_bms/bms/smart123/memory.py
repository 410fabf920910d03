"""Memory: what generation 3 stores by itself: its event log, and the state of charge of the last week (one source)."""

from collections.abc import Sequence
from typing import Final

from ..errors import FrameError
from ..event_log import EventKind, LoggedEvent
from .frames import number
from .scales import Formula, celsius, volts

TIME: Final = "TS"
LOG: Final = tuple(f"L{place}" for place in range(10))
HISTORY: Final = tuple(f"H{block:X}" for block in range(14))
_PER_BLOCK: Final = 12
_HOURS: Final = len(HISTORY) * _PER_BLOCK
_EMPTY: Final = 0xFF
_MOST: Final = 100

_KINDS: Final = {
    1: EventKind.CELL_UNDERVOLTAGE,
    2: EventKind.CELL_OVERVOLTAGE,
    3: EventKind.CHARGE_UNDERTEMPERATURE,
    4: EventKind.CELL_OVERTEMPERATURE,
    5: EventKind.CELL_COMMUNICATION_FAULT,
    6: EventKind.DISCHARGE_UNDERTEMPERATURE,
}
_VOLTAGES: Final = frozenset({1, 2})
_TEMPERATURES: Final = frozenset({3, 4, 6})

type Entry = tuple[int, int, int, int]
"""Time in s, type, value and cell, as counts."""


def decode_entry(fields: Sequence[str]) -> Entry | None:
    """Return an entry of the log, None for an empty place. Raises FrameError."""
    if len(fields) < 4:
        raise FrameError("length")
    at, kind, value, cell = (number(field) or 0 for field in fields[:4])
    if kind == 0:
        return None
    if kind not in _KINDS:
        raise FrameError("unknown_type")
    return at, kind, value, cell


def event_of(entry: Entry, device_time: int, formula: Formula, now: float) -> LoggedEvent:
    """Return what an entry says, read at monotonic time `now` when the device's clock showed `device_time` in s."""
    at, kind, count, cell = entry
    value: float | None = None
    if kind in _VOLTAGES:
        value = volts(count)
    elif kind in _TEMPERATURES:
        value = round(celsius(count, formula), 1)
    return LoggedEvent(kind=_KINDS[kind], age=max(0, device_time - at), read_at=now, cell=cell or None, value=value)


def decode_block(fields: Sequence[str]) -> tuple[int, list[int | None]]:
    """Return the place of the newest hour in the ring, and twelve values in %. Raises FrameError."""
    if len(fields) < 2 or len(fields[1]) != 2 * _PER_BLOCK:
        raise FrameError("length")
    newest = number(fields[0])
    if newest is None or newest >= _HOURS:
        raise FrameError("implausible_hour")
    try:
        values = bytes.fromhex(fields[1])
    except ValueError:
        raise FrameError("not_a_number") from None
    return newest, [None if value == _EMPTY or value > _MOST else value for value in values]


def by_hours_ago(newest: int, blocks: Sequence[Sequence[int | None]]) -> dict[int, float]:
    """Return the state of charge in % by hours before the newest one."""
    ring = [value for block in blocks for value in block]
    return {(newest - place) % _HOURS: float(value) for place, value in enumerate(ring[:_HOURS]) if value is not None}
