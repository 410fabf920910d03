"""Approach: which protection is worth a word now, and which stays the one until another is clearly nearer.

Far from all limits it changes with every load which of them is a hair nearer than the others, and nobody is helped by that.
"""

from typing import Final

from .fast_path import LEFT, NEAR
from .mirror import Mirror, Nearest
from .monitor import ProtectionMonitor, ProtectionState

CLEARLY: Final = 0.15
"""Share of a comfortable margin by which another protection has to be nearer to take the place of the one that is shown."""
SOON: Final = 600.0
"""s within which a protection that is on its way takes the place of one that is not."""
STAYS: Final = 60.0
"""s for which a protection is shown at least, and for which it stays when it is not near any more."""


class NearestTracker:
    """Follows the nearest protection of one pack."""

    def __init__(self) -> None:
        """Start with nothing near."""
        self.near: Nearest | None = None
        """The protection that is tripped, on its way or near its limit; None while all is comfortable."""
        self._shown_at = 0.0
        self._near_at = 0.0

    def follow(self, mirror: Mirror, now: float) -> None:
        """Take what the mirror finds nearest at `now`, in the time of the readings."""
        best, shown = mirror.nearest, self.near
        if best is None or (shown is None and not _is_near(best.monitor, NEAR)):
            self.near = None  # nearly always, so that it costs nothing
            return
        if shown is not None and best.monitor is not shown.monitor:
            shown = shown._replace(predicted_trip=mirror.predict_trip(shown.monitor))
            if _is_near(shown.monitor, LEFT):
                self._near_at = now
            if not self._gives_way(shown, best, now):
                self.near = shown
                return
        if shown is None or best.monitor is not shown.monitor:
            self._shown_at = now
        if _is_near(best.monitor, NEAR if shown is None else LEFT):
            self._near_at = now
        self.near = best if now - self._near_at < STAYS else None

    def _gives_way(self, shown: Nearest, best: Nearest, now: float) -> bool:
        """Tell whether the protection that is shown gives way to another one."""
        weight, other = _weight(shown), _weight(best)
        if other == 0:
            return weight > 0
        if now - self._shown_at < STAYS:
            return False
        if now - self._near_at >= STAYS:
            return True
        is_nearer = (best.monitor.nearness or 0.0) < (shown.monitor.nearness or 0.0) - CLEARLY
        return _is_near(best.monitor, NEAR) and (other < weight or (other == weight and is_nearer))


def _is_near(monitor: ProtectionMonitor, near: float) -> bool:
    nearness = monitor.nearness
    return monitor.state is ProtectionState.TRIPPED or (nearness is not None and nearness <= near)


def _weight(nearest: Nearest) -> int:
    """Return what comes first: tripped, then what soon will be, then what is merely near."""
    if nearest.monitor.state is ProtectionState.TRIPPED:
        return 0
    return 1 if nearest.predicted_trip is not None and nearest.predicted_trip.seconds < SOON else 2
