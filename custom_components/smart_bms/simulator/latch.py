"""A latch: what a protection remembers from one measurement to the next."""

from dataclasses import dataclass
from typing import Final

_TICKS: Final = 1_000_000
"""Of its clock in a second. Whole ticks: a hundred tenths of a second are ten, not a bit less."""


def _ticks(seconds: float) -> int:
    return round(seconds * _TICKS)


@dataclass(slots=True)
class Latch:
    """Waits while something is wrong, trips, and holds until it is let go."""

    tripped: bool = False
    _wrong: bool = False
    _clock: int = 0
    """Since the first measurement at which something was wrong, once tripped since that which tripped."""

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._clock += _ticks(seconds)

    def lasted(self, seconds: float) -> bool:
        """Return whether it is at least as long in this state."""
        return self._clock >= _ticks(seconds)

    def watch(self, *, wrong: bool, delay: float) -> None:
        """Trip if something is wrong and was at every measurement for the time of the delay."""
        if not (wrong and self._wrong):
            self._clock = 0
        self._wrong = wrong
        if wrong and self.lasted(delay):
            self.tripped, self._clock = True, 0

    def let_go(self, *, wrong: bool) -> None:
        """Release; what is wrong nevertheless begins to count anew."""
        self.tripped, self._wrong, self._clock = False, wrong, 0
