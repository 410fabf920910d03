"""Field tables: rows of a protocol reference, compiled into one struct that reads them all at once."""

from collections.abc import Iterable
from dataclasses import dataclass
import math
import struct
from typing import Final

type Raw = int | float | bool

_FLOAT_CODES: Final = "fd"


@dataclass(frozen=True, slots=True)
class Field:
    """One row: where a value lies in a frame and what its unit is.

    `code` is the type in the language of `struct` (`H` u16, `i` i32, `?` u8 as yes or no, `f` float).
    The wire value is divided by `divisor` to reach the unit of the vocabulary.
    `bit` is the row's number in the pack's own list of supported fields; `base` says that packs without such a list
    have the field too.
    """

    key: str
    offset: int
    code: str
    divisor: int = 1
    bit: int | None = None
    base: bool = True


class FieldTable:
    """Rows that are read together."""

    def __init__(self, rows: Iterable[Field], byte_order: str = "<") -> None:
        """Compile the rows; they must not overlap."""
        ordered = sorted(rows, key=lambda row: row.offset)
        layout, end = byte_order, 0
        for row in ordered:
            if row.offset < end:
                msg = f"{row.key} overlaps the row before it"
                raise ValueError(msg)
            layout += f"{row.offset - end}x{row.code}"
            end = row.offset + struct.calcsize(byte_order + row.code)
        self.rows: Final = tuple(ordered)
        self._struct: Final = struct.Struct(layout)
        self._keys: Final = tuple(row.key for row in ordered)
        self._scaled: Final = tuple((row.key, row.divisor) for row in ordered if row.divisor != 1)
        self._floats: Final = tuple(row.key for row in ordered if row.code in _FLOAT_CODES)

    def read(self, frame: bytes) -> dict[str, Raw]:
        """Return the values of all rows by key, in the units of the vocabulary.

        A float that is not a number is left out. Raises struct.error if the frame is too short.
        """
        values = dict(zip(self._keys, self._struct.unpack_from(frame), strict=True))
        for key, divisor in self._scaled:
            values[key] /= divisor
        for key in self._floats:
            if math.isfinite(values[key]):
                values[key] = round(values[key], 4)
            else:
                del values[key]
        return values
