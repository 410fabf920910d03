"""Who a driver reports to."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from .event_log import LoggedEvent
from .reading import Identity, Reading
from .settings import Settings


class DriverListener(Protocol):
    """Gets what a driver receives and decodes."""

    def identity(self, identity: Identity) -> None:
        """Update who the pack is."""

    def settings(self, settings: Settings) -> None:
        """Update its parameters."""

    def reading(self, reading: Reading) -> bool:
        """Judge a measurement; return whether it was trusted."""

    def frame(self, frame: bytes, now: float, masked: Callable[[bytes], bytes] | None = None) -> None:
        """Keep a valid raw frame that was complete at monotonic time `now`, for diagnostics.

        It is free of secrets, or `masked` makes it so when it is read: frames come often, and hardly any is read.
        """

    def logged(self, events: Sequence[LoggedEvent]) -> None:
        """Add what the pack has written to its own log since it was last asked."""

    def history(self, soc: Mapping[int, float]) -> None:
        """Update the state of charge in % that the pack remembers, by hours before the present one."""

    def drop(self, reason: str, count: int = 1) -> None:
        """Count frames that did not become a value."""
