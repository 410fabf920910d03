"""Uneven: whether a string carries much more or less than its share, for so long that it is no moment's skew.

Packs are heard one after the other; when the load changes, their currents are of different moments.
"""

from typing import Final

LASTS: Final = 60.0
"""s for which it must be seen without a break."""


class Uneven:
    """Follows one bank."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.judged: bool | None = None
        """The newest judgement; it stays while too little flows to tell."""
        self._seen: bool | None = None
        self._since = 0.0

    def take(self, seen: bool | None, now: float) -> bool | None:
        """Take what is seen at a moment, None if nothing can be; return the judgement."""
        if seen is None or seen is not self._seen:
            self._seen, self._since = seen, now
        elif now - self._since >= LASTS:
            self.judged = seen
        return self.judged
