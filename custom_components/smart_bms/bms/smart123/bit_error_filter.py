"""Bit error filter: records of the stream carry no checksum, so what one broken bit could do is believed when it is repeated."""

from collections import deque
from typing import Final

_SAMPLES: Final = 3
_MAJORITY: Final = 2
_KNOWN_AFTER: Final = 5


class MajorityVote:
    """Flags: each counts when two of the last three samples agree, as the vendor's software has it."""

    def __init__(self) -> None:
        """Initialize."""
        self._samples: deque[int] = deque(maxlen=_SAMPLES)
        self.flags: int | None = None
        """None before two samples agreed in every bit."""

    def update(self, flags: int) -> None:
        """Take a sample."""
        self._samples.append(flags)
        if len(self._samples) < _SAMPLES:
            if len(self._samples) == _MAJORITY and self._samples[0] == flags:
                self.flags = flags
            return
        one, two, three = self._samples
        self.flags = (one & two) | (one & three) | (two & three)


class Debounce:
    """A count that moves slowly: a step that is too wide is believed when the next value confirms it.

    A meter that jumps up and back would be counted as energy by whoever adds it up.
    """

    def __init__(self, step: int, *, rising: bool = False) -> None:
        """`step` is how far it may move at once; if it is `rising`, every fall has to be confirmed."""
        self._step = step
        self._rising = rising
        self._unconfirmed: int | None = None
        self._gone = False
        self.value: int | None = None
        """The newest value that is believed."""

    def update(self, count: int | None) -> None:
        """Take what the pack says now; None is what it says it does not have."""
        if count is None:
            if self._gone:
                self.value = self._unconfirmed = None
            self._gone = True
            return
        self._gone = False
        if self._follows(count) or (self._unconfirmed is not None and abs(count - self._unconfirmed) <= self._step):
            self.value, self._unconfirmed = count, None
        else:
            self._unconfirmed = count

    def _follows(self, count: int) -> bool:
        if self.value is None or abs(count - self.value) > self._step:
            return False
        return count >= self.value or not self._rising


class RecordForms:
    """Forms of lines: once a unit has written a kind of record alike several times, another form of it has to come twice.

    Two halves of different lines, with what was between them lost, may look like a whole one. Units that do not pad their
    numbers have no known form.
    """

    def __init__(self) -> None:
        """Initialize."""
        self._known: dict[str, tuple[tuple[int, ...], int]] = {}
        self._unconfirmed: dict[str, tuple[int, ...]] = {}

    def is_usual_form(self, line: str) -> bool:
        """Return whether a record may be believed for its form."""
        tag, *fields = line.split("_")
        shape = tuple(0 if field.startswith("X") else len(field.lstrip("+-")) for field in fields)
        known, seen = self._known.get(tag, (shape, 0))
        if _alike(shape, known):
            self._known[tag] = (known if 0 in shape else shape, seen + 1)
            self._unconfirmed.pop(tag, None)
            return True
        if seen < _KNOWN_AFTER or self._unconfirmed.get(tag) == shape:
            self._known[tag] = (shape, 0)
            self._unconfirmed.pop(tag, None)
            return True
        self._unconfirmed[tag] = shape
        return False


def _alike(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Return whether two forms are the same; a value that is not available has any width."""
    return len(one) == len(other) and all(
        mine in {0, theirs} or not theirs for mine, theirs in zip(one, other, strict=True)
    )
