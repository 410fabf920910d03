"""Current imbalance: whether a string carries much more or less than its share of the current, for a while.

Packs are read one after the other; when the load changes, their currents are of different moments.
"""

from collections.abc import Mapping
from typing import Final

from .merge import Bank

MIN_DURATION: Final = 60.0
"""s for which it must last without a break."""

_MIN_STRINGS: Final = 2
"""Fewer do not share a current."""


class CurrentImbalance:
    """Confirms the current imbalance of one bank once it lasts."""

    def __init__(self) -> None:
        """Initialize."""
        self.is_imbalanced: bool | None = None
        """The newest result; it stays while the current is too small to tell."""
        self.shares: Mapping[str, float] = {}
        """What each string carried over the last minute in which it was uneven, 0 to 1.

        Empty unless it is imbalanced.
        """
        self._seen: bool | None = None
        self._since = 0.0
        self._at = 0.0

    def update(self, bank: Bank, now: float) -> bool | None:
        """Update with a bank at a monotonic time in s; return whether it is imbalanced, None if not known."""
        seen = bank.uneven
        if len(bank.shares) < _MIN_STRINGS:
            self.is_imbalanced, self.shares = None, {}
        if seen is None or seen is not self._seen:
            self._seen, self._since = seen, now
        elif now - self._since >= MIN_DURATION:
            self.is_imbalanced = seen
            self.shares = self._mean(bank, min(1.0, (now - self._at) / MIN_DURATION)) if seen else {}
        self._at = now
        return self.is_imbalanced

    def _mean(self, bank: Bank, weight: float) -> Mapping[str, float]:
        """Return the moving average of the shares: limits must not follow the noise of single readings."""
        shares = {share.packs: share.share or 0.0 for share in bank.shares}
        return {
            packs: share if (before := self.shares.get(packs)) is None else before + weight * (share - before)
            for packs, share in shares.items()
        }
