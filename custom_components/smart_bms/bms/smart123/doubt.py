"""Doubt: records of the stream carry no checksum, so what one broken bit could do is believed when it is said again."""

from collections import deque
from typing import Final

_SAMPLES: Final = 3
_MAJORITY: Final = 2


class Votes:
    """Flags: each counts when two of the last three samples agree, as the vendor's software has it."""

    def __init__(self) -> None:
        """Start without a sample."""
        self._samples: deque[int] = deque(maxlen=_SAMPLES)
        self.flags: int | None = None
        """None before two samples agreed in every bit."""

    def take(self, flags: int) -> None:
        """Take a sample."""
        self._samples.append(flags)
        if len(self._samples) < _SAMPLES:
            if len(self._samples) == _MAJORITY and self._samples[0] == flags:
                self.flags = flags
            return
        one, two, three = self._samples
        self.flags = (one & two) | (one & three) | (two & three)

    def clear(self) -> None:
        """Forget everything."""
        self._samples.clear()
        self.flags = None


class Steady:
    """A count that moves slowly: a step that is too wide is believed when the next value confirms it.

    A meter that jumps up and back would be counted as energy by whoever adds it up.
    """

    def __init__(self, step: int) -> None:
        """`step` is how far it may move at once."""
        self._step = step
        self._doubted: int | None = None
        self.value: int | None = None
        """The newest value that is believed."""

    def take(self, count: int | None) -> bool:
        """Take what the pack says now; tell whether it is believed."""
        if count is None:
            self.value = self._doubted = None
            return True
        for known in (self.value, self._doubted):
            if known is not None and abs(count - known) <= self._step:
                self.value, self._doubted = count, None
                return True
        self._doubted = count
        return False
