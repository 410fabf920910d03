"""Field tables: rows of a protocol reference, compiled so that one unpack reads them all."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
import math
from operator import itemgetter, truediv
import struct
from types import MappingProxyType
from typing import Any, Final, override

type Raw = int | float | bool
type Unpacked = tuple[Any, ...]

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


class FieldRecord(Mapping[str, Any]):
    """Named values that share their names with all records of their kind: a dict without a table of its own."""

    __slots__ = ("_places", "_values")

    def __init__(self, places: Mapping[str, int], values: Unpacked) -> None:
        """`places` says for each name where among `values` its value is."""
        self._places = places
        self._values = values

    @override
    def __getitem__(self, key: str) -> Any:
        return self._values[self._places[key]]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    @override
    def __len__(self) -> int:
        return len(self._places)


type Derive = Callable[[Any], Unpacked]


class Rows:
    """Some rows of a compiled table: picks their values out of what was unpacked."""

    def __init__(self, places: Mapping[int, Field], derived: Mapping[str, tuple[tuple[str, ...], Derive]]) -> None:
        """`places` maps the place in the unpacked values to the row.

        `derived` names further values of a record that follow from one row, and how.
        """
        plain = {place: row for place, row in places.items() if row.divisor == 1}
        # Apart, so that they are all divided in one go.
        scaled = {place: row for place, row in places.items() if row.divisor != 1}
        self.keys: Final = frozenset(row.key for row in places.values())
        self._plain: Final = _picker(tuple(plain))
        self._scaled: Final = _picker(tuple(scaled))
        self._divisors: Final = tuple(row.divisor for row in scaled.values())
        names = [row.key for row in (*plain.values(), *scaled.values())]
        self._keys: Final = tuple(names)
        self._floats: Final = tuple(row.key for row in places.values() if row.code in _FLOAT_CODES)
        sources = [key for key in derived if key in names]
        self._derive: Final = tuple((names.index(key), derived[key][1]) for key in sources)
        self._float_places: Final = tuple(names.index(key) for key in self._floats)
        names += [name for key in sources for name in derived[key][0]]
        self._names: Final = {name: place for place, name in enumerate(names)}

    def read(self, unpacked: Unpacked) -> dict[str, Any]:
        """Return the values by key, in the units of the vocabulary. A float that is not a number is left out."""
        # Keys and values are as long as each other by construction; to have that checked would cost a tenth of all.
        scaled = map(truediv, self._scaled(unpacked), self._divisors)  # noqa: B912
        values = dict(zip(self._keys, chain(self._plain(unpacked), scaled)))  # noqa: B905
        for key in self._floats:
            if math.isfinite(values[key]):
                values[key] = round(values[key], 4)
            else:
                del values[key]
        return values

    def record(self, unpacked: Unpacked) -> Mapping[str, Any]:
        """Return the same as a record, with the derived values; floats keep all their digits."""
        values: Unpacked = (*self._plain(unpacked), *map(truediv, self._scaled(unpacked), self._divisors))  # noqa: B912
        for place, derive in self._derive:
            values += derive(values[place])
        for place in self._float_places:
            if not math.isfinite(values[place]):
                return {name: values[at] for name, at in self._names.items() if at not in self._float_places}
        return FieldRecord(self._names, values)


def _picker(places: tuple[int, ...]) -> Callable[[Unpacked], Unpacked]:
    """Return what picks these places; the library's own picker wants at least two."""
    if len(places) > 1:
        return itemgetter(*places)
    if not places:
        return lambda _: ()
    only = places[0]
    return lambda unpacked: (unpacked[only],)


class FieldTable:
    """Groups of rows, and arrays, of one kind of frame."""

    def __init__(
        self,
        *groups: Iterable[Field],
        arrays: Iterable[Field] = (),
        derived: Mapping[str, tuple[tuple[str, ...], Derive]] = MappingProxyType({}),
        byte_order: str = "<",
    ) -> None:
        """Compile. An array is a row with a count in its code (`32H`). Raises ValueError if rows overlap."""
        listed = [list(group) for group in groups]
        layout, end, place = byte_order, 0, 0
        places: dict[Field, int] = {}
        for row in sorted((row for group in (*listed, arrays) for row in group), key=lambda row: row.offset):
            if row.offset < end:
                msg = f"{row.key} overlaps the row before it"
                raise ValueError(msg)
            layout += f"{row.offset - end}x{row.code}"
            end = row.offset + struct.calcsize(byte_order + row.code)
            places[row] = place
            place += int(row.code[:-1] or 1)
        self._struct: Final = struct.Struct(layout)
        self.groups: Final = tuple(Rows({places[row]: row for row in group}, derived) for group in listed)
        self.starts: Final = {row.key: places[row] for row in arrays}
        """Where the values of each array begin among the unpacked ones."""
        self.unpack: Final[Callable[[bytes], Unpacked]] = self._struct.unpack_from
        """Returns all values of a frame, for `Rows.read`. Raises struct.error if the frame is too short."""

    def read(self, frame: bytes) -> dict[str, Any]:
        """Return the values of the first group."""
        return self.groups[0].read(self.unpack(frame))
