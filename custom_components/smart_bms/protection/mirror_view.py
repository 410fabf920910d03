"""What everybody else asks of a mirror, be it a plain one or one with a fast path around it."""

from collections.abc import Mapping
from typing import Protocol

from .mirror_state import MirrorState
from .mismatch import Mismatch
from .monitor import ProtectionMonitor
from .nearest import Nearest
from .permission import Permission
from .trend import TripPrediction


class MirrorView(MirrorState, Protocol):
    """A mirror from outside."""

    @property
    def longest_gap(self) -> float:
        """Seconds without a reading after which nothing is known any more."""

    @property
    def monitors(self) -> Mapping[str, ProtectionMonitor]:
        """Monitors of all protections of the family, by key."""

    @property
    def charge(self) -> Permission:
        """Whether the pack may be charged now."""

    @property
    def discharge(self) -> Permission:
        """Whether the pack may be discharged now."""

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """What mirror and pack have seen differently for longer than the grace time."""

    @property
    def nearest(self) -> Nearest | None:
        """The protection that is closest to its limit."""

    def predict_trip(self, monitor: ProtectionMonitor) -> TripPrediction | None:
        """Return when a protection trips if everything goes on as it does; None if it is not on its way."""
