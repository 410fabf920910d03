"""Step detector: tells a value that has moved from one that is noisy or drifts, so that a kettle is seen at once."""

import math
from typing import Final

_LEVEL_SHARE: Final = 0.3
"""Share of each reading in the level: it forgets a load that ended within two seconds of a pack that streams."""
_NOISE_SHARE: Final = 0.05
"""Share of each reading in the noise: ten seconds of such a pack."""
_MEAN_OVER: Final = 5.0
"""s that the mean looks back."""
_CLEAR_OF_NOISE: Final = 4.0
"""Mean deviations that a single reading must be away from the level: one of a thousand readings is, by chance."""
_CLEAR_OF_NOISE_TWICE: Final = 2.5
"""The same for the mean of two readings in a row."""
_MAX_NOISE: Final = 3.0
"""Mean deviations beyond which a reading says nothing about the noise: it is a step."""
_TOO_SLOW: Final = 1.2
"""s between two readings from which on a second one is not waited for: the pack is asked, and the next answer is late."""


class StepDetector:
    """Follows one value: its level, its mean, how noisy it is, and whether it has just moved by at least `size`."""

    def __init__(self, size: float) -> None:
        """`size`: the smallest step, in the unit of the value."""
        self._size = size
        self._level = 0.0
        """Where the value was before the last two readings."""
        self._last: float | None = None
        self._updated_at = 0.0
        self.mean = 0.0
        """Over the last seconds, or since the last step."""
        self.noise = 0.0
        """Mean deviation of a reading from the level."""

    def update(self, value: float, now: float) -> bool:
        """Take a reading at a monotonic time in s; return whether the value has moved."""
        before, seconds = self._last, now - self._updated_at
        self._last, self._updated_at = value, now
        if before is None:
            self._level = self.mean = value
            return False
        deviation = abs(value - self._level)
        pair = (value + before) / 2
        one = deviation >= max(self._size, _CLEAR_OF_NOISE * self.noise)
        two = abs(pair - self._level) >= max(self._size, _CLEAR_OF_NOISE_TWICE * self.noise)
        moved = two or (one and (seconds >= _TOO_SLOW or deviation >= 2 * self._size))
        self.noise += _NOISE_SHARE * (min(deviation, _MAX_NOISE * max(self.noise, self._size / 4)) - self.noise)
        # Where a step has led counts at once: what follows is noise around it.
        self._level = pair if two else self._level + _LEVEL_SHARE * (before - self._level)
        self.mean = value if moved else self.mean + (1 - math.exp(-seconds / _MEAN_OVER)) * (value - self.mean)
        return moved

    def shows_enough(self, shown: float, deadband: float) -> bool:
        """Return whether a value that is shown is as near to the mean as dead band and noise allow."""
        return abs(self.mean - shown) < max(deadband, self.noise)
