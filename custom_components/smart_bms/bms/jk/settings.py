"""JK parameters: settings frames (0x01) into values, and values into register writes."""

from collections.abc import Mapping
from functools import lru_cache
import struct
from typing import Final

from ..errors import FrameError
from ..fields import Field, FieldTable
from ..reading import Detail
from ..settings import SettingKind, Settings, SettingValue
from .frames import encode_command
from .layouts import Variant
from .parameters import BY_KEY, BY_NUMBER, REGISTERS, Register, registers_of

_REGISTER_BITMAP: Final = slice(287, 296)
_WIRE_RESISTANCES: Final = {Variant.JK02_32S: (142, 32), Variant.JK02_24S: (158, 24)}
_WIRE_RESISTANCE_REGISTER: Final = 0x23
_CELL_LIMIT: Final = 32
_JK04_CELL_LIMIT: Final = 24
_JK04_CELL_COUNT_OFFSET: Final = 34
_JK02_CELL_COUNT_OFFSET: Final = 114
_SWITCH_WORD: Final = 282


@lru_cache(maxsize=16)
def _table(variant: Variant, bitmap: bytes) -> tuple[FieldTable, tuple[Register, ...]]:
    """Return the reader and the registers of a pack with this register bitmap (all zero: no bitmap)."""
    rows = registers_of(variant, bitmap)
    reader = FieldTable(Field(row.key, row.offset, row.wire_type.stored) for row in rows if row.offset is not None)
    return reader, rows


def detect_settings_variant(frame: bytes, expected: Variant | None = None) -> Variant:
    """Return the layout of a 0x01 frame by its content; `expected` decides what the content leaves open."""
    cells = int.from_bytes(frame[_JK04_CELL_COUNT_OFFSET : _JK04_CELL_COUNT_OFFSET + 4], "little")
    jk02_cells = int.from_bytes(frame[_JK02_CELL_COUNT_OFFSET : _JK02_CELL_COUNT_OFFSET + 4], "little")
    if 0 < cells <= _JK04_CELL_LIMIT and jk02_cells <= 1:
        return Variant.JK04
    if any(frame[_REGISTER_BITMAP]):
        return Variant.JK02_32S
    return expected if expected in (Variant.JK02_32S, Variant.JK02_24S) else Variant.JK02_24S


def decode_settings(frame: bytes, variant: Variant, now: float) -> Settings:
    """Return the parameters in a whole, checksum-valid 0x01 frame that was complete at monotonic time `now`.

    Raises FrameError if the frame cannot be a settings frame of this layout.
    """
    reader, rows = _table(variant, frame[_REGISTER_BITMAP])
    # Not rounded: a float must be written back as it was read.
    raw = reader.groups[0].record(reader.unpack(frame))
    values: dict[str, SettingValue] = {row.key: row.value(raw[row.key]) for row in rows if row.key in raw}
    limit = _JK04_CELL_LIMIT if variant is Variant.JK04 else _CELL_LIMIT
    if not 0 < int(raw.get("cell_count", 0)) <= limit:
        raise FrameError("implausible_settings")
    if variant is Variant.JK02_32S:
        word = int.from_bytes(frame[_SWITCH_WORD : _SWITCH_WORD + 2], "little")
        values |= {row.key: row.value(word >> row.switch_bit & 1) for row in rows if row.switch_bit is not None}
    bitmap = int.from_bytes(frame[_REGISTER_BITMAP], "little") if variant is Variant.JK02_32S else 0
    if variant in _WIRE_RESISTANCES and (not bitmap or bitmap >> _WIRE_RESISTANCE_REGISTER & 1):
        offset, slots = _WIRE_RESISTANCES[variant]
        count = min(int(raw["cell_count"]), slots)
        values["wire_resistances"] = tuple(
            microohm / 1_000_000 for microohm in struct.unpack_from(f"<{count}I", frame, offset)
        )
    return Settings(measured_at=now, variant=variant, values=values)


def settings_in_details(details: Mapping[str, Detail], variant: Variant) -> dict[str, SettingValue]:
    """Return the parameters that a pack states in its device info, of those that its list of commands says it has."""
    commands = details.get("commands")
    listed = commands if isinstance(commands, tuple) else ()
    return {
        row.key: row.value(value) if row.kind is SettingKind.CHOICE and isinstance(value, int) else value
        for row in REGISTERS[variant]
        if row.in_info
        and (row.number in listed or row.kind is SettingKind.TEXT)
        and (value := details.get(row.key)) is not None
    }


def encode_write(key: str, value: SettingValue | None, variant: Variant) -> bytes:
    """Return the 20-byte frame that writes a parameter; a command takes None. The inverse of `decode_write`.

    Raises ValueError if the layout has no such parameter or the value cannot be written.
    """
    row = BY_KEY[variant].get(key)
    if row is None:
        raise ValueError(f"{variant} has no parameter {key}")
    return encode_command(row.number, row.encode(value))


def stored_value(key: str, value: SettingValue | None, variant: Variant) -> SettingValue | None:
    """Return what a pack tells once it has stored a value that can be written to it; None for a command without one."""
    row = BY_KEY[variant][key]
    return row.decode(row.encode(value)) if row.kind is not SettingKind.COMMAND else None


def decode_write(register: int, payload: bytes, variant: Variant) -> tuple[str, SettingValue | None]:
    """Return parameter and value of a register write; a command without a value has None.

    Raises FrameError (`unknown_register`, `length`) if the layout has no such register or the value does not fit.
    """
    row = BY_NUMBER[variant].get(register)
    if row is None:
        raise FrameError("unknown_register")
    if row.kind is not SettingKind.COMMAND:
        return row.key, row.decode(payload)
    if payload:
        raise FrameError("length")
    return row.key, None
