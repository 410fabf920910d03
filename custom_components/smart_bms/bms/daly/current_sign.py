"""Which way the current goes: the wire's sign differs between generations, the state beside it does not.

Until a state has told, nobody knows; the habit of a dialect is only a guess.
"""

from typing import Any, Final

from ..errors import FrameError

_CERTAIN: Final = 1.0
"""A; less may be noise, and the state may lag behind."""
_MAX_CONTRADICTIONS: Final = 3
_MAX_STATELESS: Final = 60
"""Readings with a current of which the state says nothing, after which the habit of the dialect is believed."""
_INVERTED: Final = "current_inverted"
_WAYS: Final = ("charging", "discharging")


class CurrentSign:
    """Remembers for ever which way the current of a pack goes."""

    def __init__(self, learned: dict[str, Any], dialect: str, *, inverted: bool) -> None:
        """`inverted` is the habit of the dialect, `learned` what earlier sessions found."""
        self._learned = learned
        self._key = f"{_INVERTED}_{dialect}"
        self._default = inverted
        self._contradictions = 0
        self._stateless = 0

    @property
    def inverted(self) -> bool | None:
        """Return whether the wire is positive while discharging; None while nobody knows."""
        learned = self._learned.get(self._key)
        return learned if isinstance(learned, bool) else None

    def apply(self, current: float | None, state: object) -> float | None:
        """Return the current in A, positive while charging; None while nobody knows which way it goes.

        Raises FrameError (`current_against_state`) for a reading that contradicts itself; from the third in a row on the
        other way is taken for right.
        """
        if not current:
            self._contradictions = 0
            return current
        inverted = self._default if self.inverted is None else self.inverted
        value = -current if inverted else current
        if abs(value) < _CERTAIN or state not in _WAYS:
            self._contradictions = 0
            self._stateless += abs(value) >= _CERTAIN
            if self.inverted is None and self._stateless >= _MAX_STATELESS:
                self._learned[self._key] = inverted
            return None if self.inverted is None else value
        self._stateless = 0
        if (value > 0) == (state == "charging"):
            self._contradictions = 0
            self._learned[self._key] = inverted
            return value
        self._contradictions += 1
        if self._contradictions < _MAX_CONTRADICTIONS:
            raise FrameError("current_against_state")
        self._contradictions = 0
        self._learned[self._key] = not inverted
        return -value
