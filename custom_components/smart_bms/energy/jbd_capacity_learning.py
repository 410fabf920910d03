"""Capacity learning of a JBD board, after its manual: from full to empty, and full again (an aging cycle)."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, Self

from ..bms.stored_values import flag, number, whole
from .jbd_events import EFFECTS, JbdEvent, JbdEventEffect, JbdStoredQuantity

_MAX_CHANGE: Final = 0.25
"""Share of the design capacity by which one aging cycle changes the learned one at most.

At least 10 % if it is that far off (JBD's manual).
"""


class LearningPhase(StrEnum):
    """Phase of an aging cycle."""

    IDLE = "idle"
    """Waiting until the pack is full."""
    ARMED = "armed"
    """It was full; the discharge is being measured."""
    EMPTIED = "emptied"
    """It was discharged to empty; the capacity is learned once it is full again."""


def learn(measured: float, learned: float, typical: float) -> float:
    """Return the learned capacity after an aging cycle; all capacities in Ah, `typical` is the design capacity."""
    difference = measured - learned
    step = min(abs(difference), _MAX_CHANGE * typical)
    return learned + step if difference > 0 else learned - step


class JbdCapacityLearning:
    """Model of the aging cycles of a board."""

    def __init__(self, typical: float, learned: float | None = None) -> None:
        """`typical`: design capacity, `learned`: what the board has learned so far, both in Ah."""
        self.typical = typical
        self.learned = typical if learned is None else learned
        self.phase = LearningPhase.IDLE
        self.measured = 0.0
        """Ah discharged since full."""
        self.valid = True
        """Whether this cycle was followed without a gap."""
        self.cycles = 0
        """Aging cycles completed."""

    def update(self, charge: float, *, full: bool | None, empty: bool | None) -> None:
        """Add a charge in Ah, positive while charging, and whether the pack is full or empty now; None changes nothing.

        Both at once is empty: an undervoltage protection has priority.
        """
        if self.phase is LearningPhase.ARMED:
            self.measured = max(0.0, self.measured - charge)
            if empty:
                self.phase = LearningPhase.EMPTIED
                return
        if not full or empty:
            return
        if self.phase is LearningPhase.EMPTIED and self.valid:
            self.learned = learn(self.measured, self.learned, self.typical)
            self.cycles += 1
        self._begin(LearningPhase.ARMED)

    def handle_event(self, event: JbdEvent, typical: float | None = None) -> None:
        """Apply an event of the board; `typical` is the design capacity in Ah if it was written."""
        effect = EFFECTS[JbdStoredQuantity.AGING][event]
        if effect is JbdEventEffect.CLEAR:
            self._begin(LearningPhase.IDLE)
        elif effect is JbdEventEffect.DOUBT and self.phase is LearningPhase.ARMED:
            self.valid = False
        if typical is not None and EFFECTS[JbdStoredQuantity.LEARNED][event] is JbdEventEffect.TYPICAL:
            self.learned = self.typical = typical

    def dump(self) -> dict[str, Any]:
        """Return what is stored over a restart."""
        return {
            "typical": self.typical,
            "learnt": self.learned,  # as the first files spell it
            "phase": str(self.phase),
            "measured": self.measured,
            "valid": self.valid,
            "cycles": self.cycles,
        }

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return what `dump` returned as an object. Raises one of BROKEN if it is invalid."""
        aging = cls(number(stored["typical"]), number(stored["learnt"]))
        aging.phase, aging.measured = LearningPhase(stored["phase"]), number(stored["measured"])
        aging.valid, aging.cycles = flag(stored["valid"]), whole(stored["cycles"])
        return aging

    def _begin(self, phase: LearningPhase) -> None:
        self.phase, self.measured, self.valid = phase, 0.0, True
