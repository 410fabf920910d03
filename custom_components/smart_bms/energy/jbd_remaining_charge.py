"""Remaining charge of a JBD board as it counts it, after its manual, and why its state of charge may jump."""

from enum import StrEnum
from typing import Final

from .jbd_events import EFFECTS, JbdEvent, JbdEventEffect, JbdStoredQuantity
from .jbd_voltage_soc import SocVoltagePoints, voltage_soc

_JUMP: Final = 5.0
"""% between two readings from which on a change is a jump. Our judgment."""


class JbdRemainingCharge:
    """Model of the remaining charge of a board."""

    def __init__(self, capacity: float, points: SocVoltagePoints, remaining: float | None = None) -> None:
        """`capacity` in Ah, `points` of the voltage table, `remaining` charge in Ah if it is known."""
        self.capacity = capacity
        self.points = points
        self.remaining = remaining
        self.estimated = False
        """Estimated from the voltage and neither full nor empty since: inaccurate in the middle and under load."""

    def update(self, charge: float, *, full: bool | None, empty: bool | None) -> None:
        """Add a charge in Ah, positive while charging, and whether the pack is full or empty now.

        Empty has priority.
        """
        if empty:
            self.remaining, self.estimated = 0.0, False
        elif full:
            self.remaining, self.estimated = self.capacity, False
        elif self.remaining is not None:
            self.remaining = min(self.capacity, max(0.0, self.remaining + charge))

    def set_reported(self, remaining: float) -> None:
        """Set the remaining charge in Ah that the board reports."""
        self.remaining = remaining

    def handle_event(self, event: JbdEvent, mean: float | None) -> None:
        """Apply an event of the board; `mean` is the mean cell voltage in V, None if unknown."""
        if EFFECTS[JbdStoredQuantity.REMAINING][event] is not JbdEventEffect.ESTIMATE:
            return
        soc = None if mean is None else voltage_soc(mean, self.points)
        self.remaining = None if soc is None else self.capacity * soc / 100
        self.estimated = True

    @property
    def soc(self) -> int | None:
        """State of charge in whole %, as the board rounds it; None if unknown."""
        if self.remaining is None or self.capacity <= 0:
            return None
        return int(100 * self.remaining / self.capacity + 0.5)


class SocJumpCause(StrEnum):
    """Why a state of charge jumped."""

    FULL = "full"
    EMPTY = "empty"
    FORGOT = "forgot"
    """The board lost its count and estimated it from the voltage."""
    UNSEEN = "unseen"
    """Current flowed during a gap without readings."""
    UNEXPLAINED = "unexplained"


def explain_jump(  # noqa: PLR0913
    before: float, after: float, *, full: bool | None, empty: bool | None, forgot: bool, unseen: bool
) -> SocJumpCause | None:
    """Return why a state of charge in % changed by more than 5 between two readings, None if it did not."""
    if abs(after - before) <= _JUMP:
        return None
    causes = (
        (full, SocJumpCause.FULL),
        (empty, SocJumpCause.EMPTY),
        (forgot, SocJumpCause.FORGOT),
        (unseen, SocJumpCause.UNSEEN),
    )
    return next((cause for holds, cause in causes if holds), SocJumpCause.UNEXPLAINED)
