"""Time left: how long the charge lasts, or how long until the pack is full, at the current of the last minutes."""

import math
from typing import Final

from .reading import Reading

_AVERAGED_OVER: Final = 120.0
_MAX_GAP: Final = 30.0
_SETTLES: Final = 10.0
"""s after a new beginning before anything is said: chargers take their time to come up."""
_AT_REST: Final = 30.0
"""s without current after which what flowed before says nothing of what comes."""
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
        """Initialize."""
        self._current: float | None = None
        self._at = self._since = self._flowed_at = 0.0
        self.to_empty: float | None = None
        """Seconds, None unless discharging."""
        self.to_full: float | None = None
        """Seconds, None unless charging."""

    def follow(self, reading: Reading) -> None:
        """Take the next reading."""
        before, self.to_empty, self.to_full = (self.to_empty, self.to_full), None, None
        if reading.current is None:
            return
        self._average(reading.current, reading.measured_at)
        remaining, full = reading.remaining_capacity, reading.full_capacity
        if remaining is None or self._current is None or self._at - self._since < _SETTLES:
            return
        least = max(_IDLE, _TRICKLE * (full or reading.design_capacity or 0.0))
        if self._current < -least:
            self.to_empty = _seconds(remaining, -self._current, said=before[0] is not None)
        elif self._current > least and full is not None:
            self.to_full = _seconds(full - remaining, self._current, said=before[1] is not None)

    def to(self, soc: float, reading: Reading) -> float | None:
        """Return the seconds until a state of charge in % is reached; None while the charge does not move towards it."""
        remaining, full = reading.remaining_capacity, reading.full_capacity
        if remaining is None or not full or self._current is None:
            return None
        missing = full * soc / 100 - remaining
        if (self.to_full if missing > 0 else self.to_empty) is None:
            return None
        return _seconds(abs(missing), abs(self._current), said=True)

    def _average(self, current: float, now: float) -> None:
        """Average the current over the last minutes; when its sign changes, or it begins, nothing before counts."""
        gap, before = now - self._at, self._current
        if abs(current) > _IDLE or now < self._flowed_at:
            rested, self._flowed_at = now - self._flowed_at > _AT_REST, now
        else:
            rested = now - self._flowed_at > _AT_REST
        self._at = now
        if before is None or not 0 <= gap <= _MAX_GAP or rested or (before * current < 0 and abs(current) > _IDLE):
            self._current, self._since = current, now
        else:
            over = min(_AVERAGED_OVER, max(gap, now - self._since))
            self._current = before + (current - before) * (1 - math.exp(-gap / over)) if gap else before


def _seconds(capacity: float, current: float, *, said: bool) -> float | None:
    seconds = max(capacity, 0.0) / current * 3600
    return round(seconds) if seconds <= _LONGEST * (1 if said else _BACK) else None
