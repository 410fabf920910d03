"""Trend: whether a quantity is on its way to a limit, and when it gets there.

Method: a straight line (least squares) through the samples of the last minute, one every two seconds. It counts if it spans
at least 20 s and explains at least 85 % of what the values do: a step, or noise, does not; whoever feeds it begins anew when
the current has jumped. The uncertainty (one standard deviation) is that of the slope and of the present value together; a
time that is not known to better than half of itself is not given. A cell near full rises faster and faster: the straight line is late there, never early.
"""

from collections import deque
import math
from typing import Final, NamedTuple

WINDOW: Final = 60.0
SPACING: Final = 1.9
"""Seconds between two samples, a little less than two so that readings twice a second fit."""
HORIZON: Final = 600.0
"""Seconds beyond which nothing is predicted."""
_MIN_SPAN: Final = 20.0
_MIN_POINTS: Final = 4
_EXPLAINED: Final = 0.85
_UNCERTAIN: Final = 0.5
_REBASE_AFTER: Final = 3600.0


class TrendLine(NamedTuple):
    """A line through the last samples."""

    value: float
    """Where it is at the newest sample."""
    slope: float
    """Per second."""
    value_error: float
    slope_error: float


class TripPrediction(NamedTuple):
    """When a limit is reached."""

    seconds: float
    uncertainty: float
    """One standard deviation in s."""


class Trend:
    """Samples of one quantity."""

    __slots__ = ("_base_time", "_base_value", "_line", "_samples", "_sums")

    def __init__(self) -> None:
        """Initialize."""
        self._samples: deque[tuple[float, float]] = deque()
        self._sums = [0.0] * 5
        self._base_time = 0.0
        self._base_value = 0.0
        self._line: TrendLine | None = None

    def update(self, now: float, value: float | None) -> None:
        """Add a value measured at `now` (s); None, a value that is not known, begins the line anew."""
        samples = self._samples
        if value is None:
            self.clear()
            return
        if samples and now - samples[-1][0] < SPACING:
            return
        self._line = None
        if not samples or now - self._base_time > _REBASE_AFTER:
            self._base_time, self._base_value = now, value
            self._sums = [0.0] * 5
            for sample in samples:
                self._add(*sample, 1)
        samples.append((now, value))
        self._add(now, value, 1)
        while now - samples[0][0] > WINDOW:
            self._add(*samples.popleft(), -1)

    def clear(self) -> None:
        """Begin the line anew."""
        self._samples.clear()
        self._line = None

    def _add(self, at: float, value: float, sign: int) -> None:
        x, y, sums = at - self._base_time, value - self._base_value, self._sums
        sums[0] += sign * x
        sums[1] += sign * y
        sums[2] += sign * x * x
        sums[3] += sign * x * y
        sums[4] += sign * y * y

    def line(self) -> TrendLine | None:
        """Return the line, None if the values do not lie on one."""
        if self._line is None:
            self._line = self._fit()
        return self._line

    def _fit(self) -> TrendLine | None:
        samples = self._samples
        count = len(samples)
        if count < _MIN_POINTS or samples[-1][0] - samples[0][0] < _MIN_SPAN:
            return None
        x, y, xx, xy, yy = self._sums
        spread_x, spread_y, together = xx - x * x / count, yy - y * y / count, xy - x * y / count
        if spread_y <= 0 or together * together < _EXPLAINED * spread_x * spread_y:
            return None
        slope = together / spread_x
        noise = max(0.0, spread_y - slope * together) / (count - 2)
        ahead = samples[-1][0] - self._base_time - x / count
        value = self._base_value + y / count + slope * ahead
        return TrendLine(
            value,
            slope,
            math.sqrt(noise * (1 / count + ahead * ahead / spread_x)),
            math.sqrt(noise / spread_x),
        )

    def predict_trip(self, limit: float, *, above: bool) -> TripPrediction | None:
        """Return when a limit above or below is reached, None if it is not on its way there, or too far."""
        line = self.line()
        if line is None or (line.slope > 0) is not above:
            return None
        way = limit - line.value
        if way * line.slope <= 0:
            return None
        seconds = way / line.slope
        uncertainty = seconds * math.hypot(line.slope_error / line.slope, line.value_error / way)
        return (
            TripPrediction(seconds, uncertainty) if seconds <= HORIZON and uncertainty <= _UNCERTAIN * seconds else None
        )
