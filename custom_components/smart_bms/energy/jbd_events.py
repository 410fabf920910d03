"""What makes a JBD board forget: the effect of events on what it counts and learns, after its manual.

A lost Bluetooth connection is no event of the board: it only makes uncertain what was followed from outside.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Event(StrEnum):
    """What happens to a board."""

    SUPPLY_RETURNED = "supply_returned"
    """It had lost its supply, or restarted."""
    PARAMETER_WRITTEN = "parameter_written"
    """Also one that was written with the value it had."""
    CALIBRATED = "calibrated"
    RESTORED = "restored"
    """A whole set of parameters was loaded."""
    UNSEEN = "unseen"
    """Nobody looked for a while."""


class Kept(StrEnum):
    """What a board keeps."""

    CYCLES = "cycles"
    DISCHARGED = "discharged"
    """Ah since the last cycle was counted."""
    COUNTERS = "counters"
    """How often each protection tripped."""
    REMAINING = "remaining"
    AGING = "aging"
    """The running aging cycle."""
    LEARNT = "learnt"
    """The capacity it has learnt."""


class Effect(StrEnum):
    """What becomes of it."""

    KEEP = "keep"
    CLEAR = "clear"
    ESTIMATE = "estimate"
    """Guessed anew from the cells' mean voltage."""
    DOUBT = "doubt"
    """Kept, but what was missed is missing."""
    TYPICAL = "typical"
    """Becomes the design capacity, if that is what was written."""


_OF_BOARD: Final = (Event.SUPPLY_RETURNED, Event.PARAMETER_WRITTEN, Event.CALIBRATED, Event.RESTORED)


def _effects(*of_board: Effect, unseen: Effect = Effect.KEEP) -> Mapping[Event, Effect]:
    return {**dict(zip(_OF_BOARD, of_board, strict=True)), Event.UNSEEN: unseen}


_KEEP, _CLEAR, _ESTIMATE = Effect.KEEP, Effect.CLEAR, Effect.ESTIMATE

EFFECTS: Final[Mapping[Kept, Mapping[Event, Effect]]] = {
    Kept.CYCLES: _effects(_KEEP, _KEEP, _KEEP, _KEEP),
    Kept.DISCHARGED: _effects(_CLEAR, _CLEAR, _CLEAR, _CLEAR, unseen=Effect.DOUBT),
    Kept.COUNTERS: _effects(_KEEP, _CLEAR, _CLEAR, _CLEAR),
    Kept.REMAINING: _effects(_ESTIMATE, _ESTIMATE, _ESTIMATE, _ESTIMATE),
    Kept.AGING: _effects(_CLEAR, _CLEAR, _CLEAR, _CLEAR, unseen=Effect.DOUBT),
    Kept.LEARNT: _effects(_KEEP, Effect.TYPICAL, _KEEP, Effect.TYPICAL),
}

_RESTARTS: Final = "restarts"


def event_of(before: Mapping[str, int], after: Mapping[str, int]) -> Event | None:
    """Return what happened to a board whose counters were these and are those."""
    if after.get(_RESTARTS, 0) > before.get(_RESTARTS, 0) and _RESTARTS in before:
        return Event.SUPPLY_RETURNED
    trips = [key for key in before if key != _RESTARTS and key in after]
    cleared = any(before[key] for key in trips) and not any(after[key] for key in trips)
    return Event.PARAMETER_WRITTEN if cleared else None
