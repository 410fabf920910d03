"""Time left: how long the charge lasts, or how long until the pack is full, at the current of the last minutes."""

import math
from typing import Final

from .reading import Reading

_AVERAGED_OVER: Final = 120.0
_LONGEST_GAP: Final = 30.0
_IDLE: Final = 0.2
_LONGEST: Final = 30 * 24 * 3600.0


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
        self.to_empty = self.to_full = None
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
        if self._current < -_IDLE:
            self.to_empty = _seconds(remaining, -self._current)
        elif self._current > _IDLE and full is not None:
            self.to_full = _seconds(full - remaining, self._current)


def _seconds(capacity: float, current: float) -> float | None:
    seconds = max(capacity, 0.0) / current * 3600
    return round(seconds) if seconds <= _LONGEST else None
