"""Tally: how often each protection has tripped, kept on our side, because packs forget it.

A pack clears its counters whenever a parameter is written, here or with the vendor's app. What it had counted until then
must survive that.
"""

from collections.abc import Mapping
from typing import Any, Final

_WRAPS_AT: Final = 65_536
_MIN_BEFORE_WRAP: Final = 65_000
_RESTARTS: Final = "restarts"


class CounterTotals:
    """Adds up what a pack counts."""

    def __init__(self, stored: Mapping[str, Any] | None = None) -> None:
        """Take up what was kept: totals, and what the pack said last."""
        stored = stored or {}
        self.totals: dict[str, int] = dict(stored.get("totals", {}))
        self._last: dict[str, int] = dict(stored.get("last", {}))
        self._unconfirmed: dict[str, int] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what is kept."""
        return {"totals": self.totals, "last": self._last}

    def update(self, counters: Mapping[str, int]) -> bool:
        """Take what the pack counts now; return whether anything is new.

        Counters only rise, start anew at nothing, or begin again after the highest number they can hold. All else is taken
        for a broken answer, unless it is repeated: then the pack is another one, or its memory was set.
        """
        new, old = dict(counters), self._last
        if new == old:
            self._unconfirmed = None
            return False
        if not old:
            added = new
        elif new.keys() == old.keys() and (_none_decreased(new, old) or _were_cleared(new, old)):
            cleared = _were_cleared(new, old)
            added = {
                key: (count - old[key]) % _WRAPS_AT
                for key, count in new.items()
                if count >= old[key] or not (cleared or _decreased(count, old[key]))
            }
        elif new != self._unconfirmed:
            self._unconfirmed = new
            return False
        else:
            added = {}
        for key, count in {**dict.fromkeys(new, 0), **added}.items():
            self.totals[key] = self.totals.get(key, 0) + count
        self._last, self._unconfirmed = new, None
        return True


def _decreased(new: int, old: int) -> bool:
    return new < old < _MIN_BEFORE_WRAP


def _none_decreased(new: Mapping[str, int], old: Mapping[str, int]) -> bool:
    return not any(_decreased(count, old[key]) for key, count in new.items())


def _were_cleared(new: Mapping[str, int], old: Mapping[str, int]) -> bool:
    """Return whether the pack began to count anew; some keep the number of their restarts."""
    return all(count == 0 or (key == _RESTARTS and count >= old[key]) for key, count in new.items())
