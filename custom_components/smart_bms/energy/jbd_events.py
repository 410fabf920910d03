"""JBD events: their effect on what a JBD board counts and learns, after its manual.

A lost Bluetooth connection is no event of the board: it only makes uncertain what is modeled here.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class JbdEvent(StrEnum):
    """Something that happens to a board."""

    SUPPLY_RETURNED = "supply_returned"
    """It had lost its supply, or restarted."""
    PARAMETER_WRITTEN = "parameter_written"
    """Even with the value that it had."""
    CALIBRATED = "calibrated"
    RESTORED = "restored"
    """A complete set of parameters was loaded."""
    UNSEEN = "unseen"
    """No readings for a while."""


class JbdStoredQuantity(StrEnum):
    """What a board stores."""

    CYCLES = "cycles"
    DISCHARGED = "discharged"
    """Ah since the last cycle was counted."""
    COUNTERS = "counters"
    """How often each protection tripped."""
    REMAINING = "remaining"
    AGING = "aging"
    """The running aging cycle."""
    LEARNED = "learnt"
    """The capacity it has learned."""


class JbdEventEffect(StrEnum):
    """What an event does to a stored quantity."""

    KEEP = "keep"
    CLEAR = "clear"
    ESTIMATE = "estimate"
    """Estimated anew from the cells' mean voltage."""
    DOUBT = "doubt"
    """Kept, but incomplete."""
    TYPICAL = "typical"
    """Becomes the design capacity, if that is what was written."""


_BOARD_EVENTS: Final = (JbdEvent.SUPPLY_RETURNED, JbdEvent.PARAMETER_WRITTEN, JbdEvent.CALIBRATED, JbdEvent.RESTORED)


def _effects(
    *of_board: JbdEventEffect, unseen: JbdEventEffect = JbdEventEffect.KEEP
) -> Mapping[JbdEvent, JbdEventEffect]:
    return {**dict(zip(_BOARD_EVENTS, of_board, strict=True)), JbdEvent.UNSEEN: unseen}


_KEEP, _CLEAR, _ESTIMATE = JbdEventEffect.KEEP, JbdEventEffect.CLEAR, JbdEventEffect.ESTIMATE

EFFECTS: Final[Mapping[JbdStoredQuantity, Mapping[JbdEvent, JbdEventEffect]]] = {
    JbdStoredQuantity.CYCLES: _effects(_KEEP, _KEEP, _KEEP, _KEEP),
    JbdStoredQuantity.DISCHARGED: _effects(_CLEAR, _CLEAR, _CLEAR, _CLEAR, unseen=JbdEventEffect.DOUBT),
    JbdStoredQuantity.COUNTERS: _effects(_KEEP, _CLEAR, _CLEAR, _CLEAR),
    JbdStoredQuantity.REMAINING: _effects(_ESTIMATE, _ESTIMATE, _ESTIMATE, _ESTIMATE),
    JbdStoredQuantity.AGING: _effects(_CLEAR, _CLEAR, _CLEAR, _CLEAR, unseen=JbdEventEffect.DOUBT),
    JbdStoredQuantity.LEARNED: _effects(_KEEP, JbdEventEffect.TYPICAL, _KEEP, JbdEventEffect.TYPICAL),
}

_RESTARTS: Final = "restarts"


def detect_event(before: Mapping[str, int], after: Mapping[str, int]) -> JbdEvent | None:
    """Return the event between two states of a board's counters, None if there was none."""
    if after.get(_RESTARTS, 0) > before.get(_RESTARTS, 0) and _RESTARTS in before:
        return JbdEvent.SUPPLY_RETURNED
    trips = [key for key in before if key != _RESTARTS and key in after]
    cleared = any(before[key] for key in trips) and not any(after[key] for key in trips)
    return JbdEvent.PARAMETER_WRITTEN if cleared else None
