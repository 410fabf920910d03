"""Dates that can be believed: a board without a clock of its own begins in 1970, until the network tells it the time."""

from datetime import UTC, datetime
from typing import Final

_BUILT: Final = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
"""Nobody ran this before; to be renewed now and then."""
_LATEST: Final = datetime(2046, 1, 1, tzinfo=UTC).timestamp()
"""Nobody runs this so much later; clocks that lost their battery do say such dates."""
AHEAD: Final = 86_400.0
"""Seconds by which a date that was kept may be ahead of now; more was written by a wrong clock."""


def believable(at: float) -> bool:
    """Return whether a time of day in s since 1970 can be the present."""
    return _BUILT <= at <= _LATEST
