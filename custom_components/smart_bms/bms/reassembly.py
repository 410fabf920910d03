"""Reassembly: what the reassemblers of the families share. Notifications cut frames anywhere, and some get lost."""

from typing import Final

from .driver_listener import DriverListener

STALL: Final = 1.0
"""Seconds: a frame arrives within 0.1 s (JK, Daly) or 16 ms (JBD), so a part that old has lost the rest."""


class Reassembly:
    """Counts what never became a frame."""

    def __init__(self) -> None:
        """Initialize."""
        self.junk_bytes = 0
        """Bytes that belonged to no frame."""
        self.broken_frames = 0
        """Frames given up because of a wrong checksum or because they never completed."""
        self._reported = 0
        self._fed_at = 0.0

    def report_broken(self, listener: DriverListener) -> None:
        """Report the frames that were given up since the last report."""
        if self.broken_frames != self._reported:
            listener.drop("checksum", self.broken_frames - self._reported)
            self._reported = self.broken_frames


class BufferedReassembly(Reassembly):
    """Holds less than one frame plus one notification, whatever arrives."""

    def __init__(self) -> None:
        """Initialize."""
        super().__init__()
        self._buffer = bytearray()

    @property
    def pending(self) -> int:
        """Bytes held that are not a whole frame yet."""
        return len(self._buffer)

    def clear(self) -> None:
        """Drop what is held."""
        self._buffer.clear()
