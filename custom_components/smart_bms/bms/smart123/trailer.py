"""What the last two bytes before the settings of a frame mean: keys and values one after the other, or the clock of older firmware."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from .frame58 import KEY_BASE

KEYS: Final = 19
_STEPS: Final = 3
"""k, k+1, k+2, k+3 in four frames in a row: a clock stands still for a minute."""
_MAX_WITHOUT_STEP: Final = 40
_TOO_OLD: Final = 60.0
"""Seconds after which the vendor's software forgets a part."""
_SURE: Final = 5
"""Frames in a row with the same clock bytes before they tell anything about their order."""

_SINGLE: Final = {0: "soh", 1: "charge_efficiency", 16: "status_2"}
_JOINED: Final = {
    "low_cell_voltage": (2, 3),
    "nominal_cell_voltage": (4, 5),
    "firmware": (6, 7),
    "cycles": (8, 9),
    "energy_charged_total": (10, 11, 12),
    "energy_discharged_total": (13, 14, 15),
    "full_cell_voltage": (17, 18),
}
"""By name, the keys that hold it, high byte first."""


class TrailerParser:
    """Follows byte 47 and 48 of successive valid frames."""

    def __init__(self) -> None:
        """Initialize."""
        self.on = False
        """The bytes are keys and values."""
        self._key: int | None = None
        self._steps = 0
        self._without = 0
        self._parts: dict[int, tuple[int, float]] = {}

    def update(self, first: int, second: int, now: float) -> Mapping[str, int]:
        """Add both bytes of a frame; return what a whole cycle of keys held, when the next one begins."""
        key = first - KEY_BASE if KEY_BASE <= first < KEY_BASE + KEYS else None
        if key is not None and self._key is not None and key == (self._key + 1) % KEYS:
            self._steps += 1
            self._without = 0
        else:
            self._steps = 0
            self._without += 1
        if key is not None and self._key is not None and 0 < key <= self._key:
            self._parts.clear()  # the beginning of this cycle was lost: what is there is of the one before
        self._key = key
        if self._steps >= _STEPS:
            self.on = True
        elif self._without >= _MAX_WITHOUT_STEP:
            self.on = False
            self._parts.clear()
        if not self.on or key is None:
            return {}
        reported = self._joined(now) if key == 0 else {}
        self._parts[key] = (second, now)
        return reported

    def _joined(self, now: float) -> dict[str, int]:
        """Return what the parts amount to, and forget them: only those of one cycle belong together."""
        parts = {key: value for key, (value, at) in self._parts.items() if now - at <= _TOO_OLD}
        self._parts.clear()
        reported = {name: parts[key] for key, name in _SINGLE.items() if key in parts}
        for name, keys in _JOINED.items():
            if all(key in parts for key in keys):
                reported[name] = int.from_bytes(bytes(parts[key] for key in keys))
        return reported


class TrailerClock:
    """Finds out which of two bytes is the hour: sources disagree, but an hour is never above 23."""

    def __init__(self, hour_first: bool | None = None) -> None:
        """`hour_first` is what earlier sessions found."""
        self.hour_first = hour_first
        self._seen: Counter[tuple[int, int]] = Counter()

    def update(self, first: int, second: int) -> tuple[int, int] | None:
        """Add both bytes of a frame; return hour and minute once the order is certain."""
        if first >= 60 or second >= 60 or (first > 23 and second > 23):
            self._seen.clear()
            return None
        pair = (first, second)
        self._seen = Counter({pair: self._seen[pair] + 1})
        if self._seen[pair] < _SURE:
            return None
        if first > 23:
            self.hour_first = False
        elif second > 23:
            self.hour_first = True
        if self.hour_first is None:
            return None
        return pair if self.hour_first else (second, first)
