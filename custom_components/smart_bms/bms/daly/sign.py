"""Which way the current goes: the wire's sign differs between generations, the state beside it does not."""

from typing import Any, Final

from ..errors import FrameError

_CERTAIN: Final = 1.0
"""A; less may be noise, and the state may lag behind."""
_MOST_CONTRADICTIONS: Final = 3
_INVERTED: Final = "current_inverted"


class Sign:
    """Remembers over the sessions with a pack which way its current goes."""

    def __init__(self, memory: dict[str, Any], dialect: str, *, inverted: bool) -> None:
        """`inverted` is the habit of the dialect, `memory` what earlier sessions found."""
        self._memory = memory
        self._key = f"{_INVERTED}_{dialect}"
        self._usual = inverted
        self._contradictions = 0

    @property
    def inverted(self) -> bool:
        """Tell whether the wire is positive while discharging."""
        return bool(self._memory.get(self._key, self._usual))

    def apply(self, current: float | None, state: object) -> float | None:
        """Return the current in A, positive while charging.

        Raises FrameError (`current_against_state`) for a reading that contradicts itself; from the third in a row on the
        other way is taken for right.
        """
        value = -current if current and self.inverted else current
        certain = value is not None and abs(value) >= _CERTAIN and state in ("charging", "discharging")
        if value is None or not certain or (value > 0) == (state == "charging"):
            self._contradictions = 0
            return value
        self._contradictions += 1
        if self._contradictions < _MOST_CONTRADICTIONS:
            raise FrameError("current_against_state")
        self._contradictions = 0
        self._memory[self._key] = not self.inverted
        return -value
