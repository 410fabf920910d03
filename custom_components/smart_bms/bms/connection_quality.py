"""Connection quality: how many of the readings that a pack should have sent became trusted ones, while it was connected."""

from collections import deque
from dataclasses import dataclass
from typing import Final

_MINUTE: Final = 60.0
_MINUTES: Final = 1440
"""That are kept: a day."""
_LEAST: Final = 20.0
"""s of connection below which nothing is said."""
_PER_HOUR: Final = 60


@dataclass(slots=True)
class _Minute:
    number: int
    trusted: int = 0
    seconds: float = 0.0
    """Connected, from the first reading of a session on."""


class ConnectionQuality:
    """Counts the readings of one pack by minute."""

    def __init__(self) -> None:
        """Initialize."""
        self._minutes: deque[_Minute] = deque(maxlen=_MINUTES)
        self._until: float | None = None
        """Up to when the time of the session is counted; None before its first reading."""

    def trusted(self, now: float) -> None:
        """Count a trusted reading at a monotonic time in s."""
        self._pass(now)
        self._minute(now).trusted += 1
        self._until = now

    def ended(self, now: float) -> None:
        """Count the time of a session that ends."""
        self._pass(now)
        self._until = None

    def percent(self, now: float, rhythm: float) -> int | None:
        """Return the quality of the last one to two minutes in %, None if too little was seen.

        `rhythm`: s between two readings of a pack that is heard well.
        """
        self._pass(now)
        number = int(now // _MINUTE)
        return _percent([minute for minute in list(self._minutes)[-2:] if minute.number >= number - 1], rhythm)

    def worst_hour(self, now: float, rhythm: float) -> tuple[int, int] | None:
        """Return how many hours ago the worst hour of the last day was, and its quality in %; None if none was seen."""
        newest = int(now // _MINUTE)
        hours: dict[int, list[_Minute]] = {}
        for minute in self._minutes:
            hours.setdefault((newest - minute.number) // _PER_HOUR, []).append(minute)
        found = [(percent, ago) for ago, minutes in hours.items() if (percent := _percent(minutes, rhythm)) is not None]
        return None if not found else (min(found)[1], min(found)[0])

    def _pass(self, now: float) -> None:
        """Count the time that has passed in the session, minute by minute."""
        while self._until is not None and self._until < now:
            end = min(now, (self._until // _MINUTE + 1) * _MINUTE)
            self._minute(self._until).seconds += end - self._until
            self._until = end

    def _minute(self, at: float) -> _Minute:
        number = int(at // _MINUTE)
        if not self._minutes or self._minutes[-1].number != number:
            self._minutes.append(_Minute(number))
        return self._minutes[-1]


def _percent(minutes: list[_Minute], rhythm: float) -> int | None:
    seconds = sum(minute.seconds for minute in minutes)
    if seconds < _LEAST:
        return None
    return min(100, round(100 * sum(minute.trusted for minute in minutes) * rhythm / seconds))
