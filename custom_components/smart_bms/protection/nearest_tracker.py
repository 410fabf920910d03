"""Tracks which protection is shown as the nearest, so that it changes only when another is clearly nearer.

Far from all limits it changes with every load which of them is a hair nearer than the others, and nobody is helped by that.
"""

from typing import Final

from .mirror_view import MirrorView
from .monitor import ProtectionState
from .nearest import NEAR, NEAR_UNTIL, Nearest, is_within

CLEARLY_NEARER: Final = 0.15
"""Share of a comfortable margin by which another protection has to be nearer to take the place of the one that is shown.

Our judgment, like the two times below: what is shown has to be readable, and a trip is shown at once in any case."""
SOON: Final = 600.0
"""s within which a protection that is on its way takes the place of one that is not."""
MIN_SHOWN: Final = 60.0
"""s for which a protection is shown at least, and for which it stays when it is not near any more."""


class NearestTracker:
    """Follows the nearest protection of one pack."""

    def __init__(self) -> None:
        """Initialize."""
        self.near: Nearest | None = None
        """The protection that is tripped, on its way or near its limit; None while all is comfortable."""
        self._shown_at = 0.0
        self._near_at = 0.0

    def update(self, mirror: MirrorView, now: float) -> None:
        """Update with what the mirror finds nearest at `now`, in s in the time of the readings."""
        best, shown = mirror.nearest, self.near
        if best is None or (shown is None and not is_within(best.monitor, NEAR)):
            self.near = None  # nearly always, so that it costs nothing
            return
        if shown is not None and best.monitor is not shown.monitor:
            shown = shown._replace(predicted_trip=mirror.predict_trip(shown.monitor))
            if is_within(shown.monitor, NEAR_UNTIL):
                self._near_at = now
            if not self._gives_way(shown, best, now):
                self.near = shown
                return
        if shown is None or best.monitor is not shown.monitor:
            self._shown_at = now
        if is_within(best.monitor, NEAR if shown is None else NEAR_UNTIL):
            self._near_at = now
        self.near = best if now - self._near_at < MIN_SHOWN else None

    def _gives_way(self, shown: Nearest, best: Nearest, now: float) -> bool:
        """Return whether the protection that is shown gives way to another one."""
        own, other = _rank(shown), _rank(best)
        if other == 0:
            return own > 0
        if now - self._shown_at < MIN_SHOWN:
            return False
        if now - self._near_at >= MIN_SHOWN:
            return True
        is_nearer = (best.monitor.nearness or 0.0) < (shown.monitor.nearness or 0.0) - CLEARLY_NEARER
        return is_within(best.monitor, NEAR) and (other < own or (other == own and is_nearer))


def _rank(nearest: Nearest) -> int:
    """Return the place of a protection, the lowest first: tripped, then what soon will be, then what is merely near."""
    if nearest.monitor.state is ProtectionState.TRIPPED:
        return 0
    return 1 if nearest.predicted_trip is not None and nearest.predicted_trip.seconds < SOON else 2
