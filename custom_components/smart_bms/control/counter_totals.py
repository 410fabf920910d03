"""Counter totals: how often each protection has tripped over all, because packs clear their counters.

A pack clears them whenever a parameter is written, here or with the vendor's app. The totals survive that.
"""

from collections.abc import Mapping
from typing import Any, Final

_WRAPS_AT: Final = 65_536
"""Counters of the packs have 16 bits."""
_MIN_BEFORE_WRAP: Final = 65_000
_RESTARTS: Final = "restarts"


class CounterTotals:
    """Adds up the increments of a pack's counters."""

    def __init__(self, stored: Mapping[str, Any] | None = None) -> None:
        """`stored`: what `as_dict` returned: the totals, and the counters of the pack as last read."""
        stored = stored or {}
        self.totals: dict[str, int] = dict(stored.get("totals", {}))
        self._last: dict[str, int] = dict(stored.get("last", {}))
        self._unconfirmed: dict[str, int] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {"totals": self.totals, "last": self._last}

    def update(self, counters: Mapping[str, int]) -> bool:
        """Update the totals with the pack's present counters; return whether anything changed.

        Counters only rise, are cleared, or wrap at 16 bits. Anything else is ignored as a corrupt answer, unless it is
        repeated: then the pack was replaced, or its memory was set.
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
    """Return whether the pack cleared its counters; some keep the number of their restarts."""
    return all(count == 0 or (key == _RESTARTS and count >= old[key]) for key, count in new.items())
