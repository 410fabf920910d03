"""Time left: how long the charge lasts, or how long until the pack is full, at the current of the last minutes."""

import math
from typing import Final

from .reading import Reading

_AVERAGED_OVER: Final = 120.0
_LONGEST_GAP: Final = 30.0
_IDLE: Final = 0.2
"""A below which nothing is said, whatever the pack: boards are no surer of their zero."""
_TRICKLE: Final = 1 / 500
"""Current per capacity in 1/h, below which nothing is said: it will not go on like that."""
_LONGEST: Final = 100 * 3600.0
"""Seconds above which nobody plans."""
_BACK: Final = 0.9
"""Share of the longest from which on it is said again, so that nothing flickers there."""


class TimeLeft:
    """Follows the current of one pack."""

    def __init__(self) -> None:
        """Start without a past."""
        self._current: float | None = None
        self._at = 0.0
        self.to_empty: float | None = None
        """Seconds, None unless discharging."""
        self.to_full: float | None = None
        """Seconds, None unless charging."""

    def follow(self, reading: Reading) -> None:
        """Take the next reading."""
        before, self.to_empty, self.to_full = (self.to_empty, self.to_full), None, None
        if reading.current is None:
            return
        gap = reading.measured_at - self._at
        if self._current is None or not 0 <= gap <= _LONGEST_GAP:
            self._current = reading.current
        else:
            self._current += (reading.current - self._current) * (1 - math.exp(-gap / _AVERAGED_OVER))
        self._at = reading.measured_at
        remaining, full = reading.remaining_capacity, reading.full_capacity
        if remaining is None:
            return
        least = max(_IDLE, _TRICKLE * (full or reading.design_capacity or 0.0))
        if self._current < -least:
            self.to_empty = _seconds(remaining, -self._current, said=before[0] is not None)
        elif self._current > least and full is not None:
            self.to_full = _seconds(full - remaining, self._current, said=before[1] is not None)


def _seconds(capacity: float, current: float, *, said: bool) -> float | None:
    seconds = max(capacity, 0.0) / current * 3600
    return round(seconds) if seconds <= _LONGEST * (1 if said else _BACK) else None
