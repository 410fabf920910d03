"""Ramp: a value that falls at once and rises slowly, so that what follows it does not hunt."""


class Ramp:
    """A value that falls at once and rises slowly, and does neither for less than its dead band."""

    def __init__(self) -> None:
        """Initialize: the first value that is aimed at is taken at once."""
        self._value: float | None = None
        self._aim: float | None = None
        self._fell_at = 0.0
        self._at: float | None = None
        self._rises = False

    def update(  # noqa: PLR0913
        self, aim: float | None, now: float, *, gap: float, hold: float, rate: float, deadband: float
    ) -> float | None:
        """Return the value on its way to `aim` at `now` (s).

        It rises by `rate` per s, `hold` s after it fell at the earliest, and changes by `deadband` at least. After more than
        `gap` s without an update it begins to recover anew.
        """
        elapsed = 0.0 if self._at is None else now - self._at
        self._at, self._aim = now, aim
        if aim is None:
            return None
        if self._value is None:
            self._value, self._fell_at = aim, now
        elif elapsed > gap:
            # Nothing was read: it begins to recover now.
            self._value, self._fell_at = min(self._value, aim), now
        elif aim <= self._value:
            self._rises = False
            if aim <= 0 or self._value - aim >= deadband:
                self._value, self._fell_at = aim, now
        elif now - self._fell_at >= hold and (self._rises or aim - self._value >= deadband):
            self._value = min(aim, self._value + rate * elapsed)
            self._rises = self._value < aim
        return self._value

    @property
    def has_arrived(self) -> bool:
        """Whether it has reached its aim."""
        return self._value == self._aim

    def keep(self, now: float) -> None:
        """Keep the value at `now` (s), as its aim is where it is."""
        self._at = now
        if self._value is not None and self._value <= 0:
            self._fell_at = now

    def drop(self, most: float) -> None:
        """Fall to at most `most` while nothing is known; what follows begins from there."""
        self._value = most if self._value is None else min(self._value, most)
        self._rises = False
        self._at = float("-inf")
