"""Usual shape: which bytes of a runtime frame are zero hardly changes from one frame to the next.

The checksum is a sum of one byte: it does not notice that parts have changed places, and lets one in 128 pass whose last byte
is another. Such a frame is shifted, and zero in other places.
"""

from typing import Any, Final

_ZERO_OR_NOT: Final = bytes((0, *(1,) * 255))
MAX_UNLIKE: Final = 20
"""Bytes that may have become zero, or no longer be, from one frame to the next. In captures of eight packs up to 17 did within
seconds; parts in another order make 48 and more."""
IN_A_ROW: Final = 3
"""Frames that must be alike to be taken for the new shape: a pack that was switched, or got another setup, stays so."""
_KEY: Final = "usual_shape"


class UsualShape:
    """Compares the shape of each frame with that of the last one that counted."""

    def __init__(self, memory: dict[str, Any]) -> None:
        """`memory` keeps the shape over the sessions with a pack."""
        self._memory = memory
        self._unusual: int | None = None
        """The shape of the last frame that did not count."""
        self._times = 0

    def fits(self, frame: bytes) -> bool:
        """Return whether a frame counts; it is the new shape if it does."""
        shape = int.from_bytes(frame.translate(_ZERO_OR_NOT))
        usual: int | None = self._memory.get(_KEY)
        if usual is None or (shape ^ usual).bit_count() <= MAX_UNLIKE:
            self._memory[_KEY], self._unusual = shape, None
            return True
        alike = self._unusual is not None and (shape ^ self._unusual).bit_count() <= MAX_UNLIKE
        self._unusual, self._times = shape, self._times + 1 if alike else 1
        if self._times < IN_A_ROW:
            return False
        self._memory[_KEY], self._unusual = shape, None
        return True
