"""The 58-byte frame of EXT OUT, the USB cable and what is put behind them: one way, once a second, no header.

Layout and scales are the vendor's. A frame is a window of 58 bytes with the right checksum whose other bytes make sense:
the checksum alone passes one window in 256. It slides over what comes, so pauses between frames, which Bluetooth blurs, are
not needed to find them.
"""

from collections.abc import Callable
from typing import Final

from ..errors import FrameError
from .decode import Counts

LENGTH: Final = 58
NOT_FITTED: Final = 0x58
SIGNS: Final = {0x2B: 1, 0x2D: -1, NOT_FITTED: None}
"""By character: + and -, and X for a sensor that is not fitted; its two digits are then ASCII zeros, not zero."""
SIGN_PLACES: Final = (3, 6, 9)
_NUMBER_PLACES: Final = (14, 17, 20, 23)
_CELL_COUNT: Final = 25
_SOC: Final = 40
KEY_BASE: Final = 25
"""Byte 47 is this plus the key; older firmware has its clock there."""

type Part = tuple[str, Callable[[bytes], int | None]]


def _number(offset: int, length: int = 1) -> Callable[[bytes], int | None]:
    def read(frame: bytes) -> int | None:
        return int.from_bytes(frame[offset : offset + length])

    return read


def _signed(offset: int) -> Callable[[bytes], int | None]:
    def read(frame: bytes) -> int | None:
        sign = SIGNS[frame[offset]]
        return None if sign is None else sign * int.from_bytes(frame[offset + 1 : offset + 3])

    return read


PARTS: Final[dict[str, tuple[Part, ...]]] = {
    "U": (
        ("voltage", _number(0, 3)),
        ("current_in", _signed(3)),
        ("current_out", _signed(6)),
        ("current", _signed(9)),
    ),
    "V": (
        ("lowest", _number(12, 2)),
        ("lowest_number", _number(14)),
        ("highest", _number(15, 2)),
        ("highest_number", _number(17)),
        ("balance_voltage", _number(55, 2)),
    ),
    "T": (
        ("coldest", _number(18, 2)),
        ("coldest_number", _number(20)),
        ("hottest", _number(21, 2)),
        ("hottest_number", _number(23)),
    ),
    "C": (
        ("cell_number", _number(24)),
        ("cell_count", _number(_CELL_COUNT)),
        ("cell_voltage", _number(26, 2)),
        ("cell_temperature", _number(28, 2)),
        ("status", _number(30)),
    ),
    "E": (
        ("energy_collected_today", _number(31, 3)),
        ("stored_energy", _number(34, 3)),
        ("energy_consumed_today", _number(37, 3)),
        ("soc", _number(_SOC)),
    ),
    "M": (
        ("energy_collected_total", _number(41, 3)),
        ("energy_consumed_total", _number(44, 3)),
    ),
}
"""The counts of a frame, sorted into the records that say the same over Bluetooth."""

SETTINGS: Final = (
    ("battery_capacity", 49),
    ("cell_undervoltage", 51),
    ("cell_overvoltage", 53),
    ("balance_start_voltage", 55),
)
"""Parameters of two bytes, with their place."""


def check(window: bytes | bytearray) -> None:
    """Raise FrameError unless these bytes are a whole frame."""
    if len(window) != LENGTH:
        raise FrameError("length")
    if sum(window[:-1]) & 0xFF != window[-1] or not any(window) or all(byte == 0xFF for byte in window):
        raise FrameError("checksum")
    cells = window[_CELL_COUNT]
    if (
        any(window[place] not in SIGNS for place in SIGN_PLACES)
        or not cells
        or any(window[place] > cells for place in _NUMBER_PLACES)
        or window[_SOC] > 100
    ):
        raise FrameError("layout_unknown")


def decode_frame(frame: bytes) -> dict[str, Counts]:
    """Return the counts of a checked frame by record."""
    return {tag: {name: read(frame) for name, read in parts} for tag, parts in PARTS.items()}


def decode_settings(frame: bytes) -> dict[str, int]:
    """Return the parameters that every frame tells, as counts."""
    return {key: int.from_bytes(frame[offset : offset + 2]) for key, offset in SETTINGS}


class Reassembler:
    """Finds frames in what comes in. Holds less than one frame, whatever arrives."""

    def __init__(self) -> None:
        """Initialize."""
        self._buffer = bytearray()
        self.junk_bytes = 0
        """Bytes that belonged to no frame."""

    @property
    def pending(self) -> int:
        """Bytes held that are no whole frame yet."""
        return len(self._buffer)

    def feed(self, data: bytes | bytearray) -> list[bytes]:
        """Take one notification; return the frames that it completes, in order."""
        buffer = self._buffer
        buffer += data
        frames: list[bytes] = []
        start = 0
        while len(buffer) - start >= LENGTH:
            # Most windows fail here, and no slice is made for them.
            if buffer[start + SIGN_PLACES[0]] in SIGNS:
                window = bytes(buffer[start : start + LENGTH])
                try:
                    check(window)
                except FrameError:
                    pass
                else:
                    frames.append(window)
                    start += LENGTH
                    continue
            self.junk_bytes += 1
            start += 1
        del buffer[:start]
        return frames
