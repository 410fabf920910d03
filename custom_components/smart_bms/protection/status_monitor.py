"""Status over time: calm enough to be read, and to be recorded."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from .status import PackStatus
from .status_codes import StatusRank

MIN_SHOWN: Final = 5.0
"""s for which what is over stays, so that nothing flickers."""
_HOLD: Final = {
    StatusRank.TRIPPED: MIN_SHOWN,
    StatusRank.PENDING: MIN_SHOWN,
    StatusRank.NOT_ALLOWED: MIN_SHOWN,
    StatusRank.MISMATCH: MIN_SHOWN,
    # A sun behind clouds, a load that steps: it comes and goes with the current.
    StatusRank.HELD_BACK: 60.0,
    StatusRank.ADVICE: 60.0,
    StatusRank.FULL: 60.0,
    StatusRank.NOT_KNOWN: MIN_SHOWN,
}


class StatusMonitor:
    """Chooses what is shown: what matters more at once, what matters less only once it lasts."""

    def __init__(self, order: Sequence[StatusRank] = tuple(StatusRank)) -> None:
        """`order`: ranks, what matters most first."""
        self._weight = {rank: weight for weight, rank in enumerate(order)}
        self.shown: PackStatus | None = None
        self.also: tuple[PackStatus, ...] = ()
        """What else holds."""
        self._held_at = 0.0

    def update(self, found: Sequence[PackStatus], now: float) -> PackStatus:
        """Take everything that holds, what matters most first, at a monotonic time in s; return what is shown."""
        before = self.shown
        shown = found[0] if before is None else self._choose(before, found, now)
        same = before is not None and (before.code, before.about, before.pack) == (shown.code, shown.about, shown.pack)
        if shown.since is None:
            shown = replace(shown, since=before.since if same and before is not None else now)
        if shown.code in {status.code for status in found}:
            self._held_at = now
        self.shown = shown
        self.also = tuple(status for status in found if status.code != shown.code)
        return shown

    def _choose(self, before: PackStatus, found: Sequence[PackStatus], now: float) -> PackStatus:
        first, hold = found[0], _HOLD.get(before.rank, 0.0)
        if self._weight[first.rank] < self._weight[before.rank] or not hold:
            return first
        for status in found:
            # Two that matter alike do not take turns.
            if (status.code, status.pack) == (before.code, before.pack) and status.rank is first.rank:
                return status
        return before if now - self._held_at < hold else first
