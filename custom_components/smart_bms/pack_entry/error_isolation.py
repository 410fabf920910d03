"""Followers: what is done with a reading after it came. None of it may take the reading, or the others, away."""

from collections.abc import Callable
from dataclasses import dataclass
import logging
from typing import Any, Final

_LOGGER: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Failure:
    """How a follower failed last, and how often."""

    error: str
    """Type of the exception: what it says may hold what is private."""
    count: int = 0


class ErrorIsolation:
    """Calls what follows the readings of one pack, and remembers what failed."""

    def __init__(self, name: Callable[[], str]) -> None:
        """`name` returns the pack's name, which users change."""
        self._name = name
        self.failures: dict[str, Failure] = {}
        """By follower."""

    def call[T](self, follower: str, function: Callable[..., T], *args: Any, default: T) -> T:
        """Return what the function returns, `default` if it fails. It is logged once, and tried again with the next reading."""
        try:
            return function(*args)
        except Exception as error:  # noqa: BLE001
            self.failed(follower, error)
            return default

    def failed(self, follower: str, error: Exception) -> None:
        """Take down that a follower failed; each kind of error of each is logged once."""
        kind = type(error).__name__
        failure = self.failures.get(follower)
        if failure is None or failure.error != kind:
            failure = self.failures[follower] = Failure(kind, failure.count if failure else 0)
            _LOGGER.error("%s: %s failed, its readings are shown without it", self._name(), follower, exc_info=error)
        failure.count += 1
