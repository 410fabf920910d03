"""The registers of JK packs: where a parameter lies in the settings frame (0x01) and by which command it is written.

A row without `write` is only read. Registers that no capture and no tested write proves are marked "unproven"; they
are decoded when seen, and nothing here ever sends one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
import math
import struct
from typing import Final

from ..errors import FrameError
from ..fields import Field, FieldTable, Raw
from ..settings import Settings, SettingValue, Unit
from .layouts import Variant

_REGISTER_BITMAP: Final = slice(287, 296)
_WIRE_RESISTANCES: Final = {Variant.JK02_32S: (142, 32), Variant.JK02_24S: (158, 24)}
_WIRE_RESISTANCE_REGISTER: Final = 0x23
_CELL_LIMIT: Final = 32
_JK04_CELL_LIMIT: Final = 24
_JK04_CELL_COUNT_OFFSET: Final = 34
_JK02_CELL_COUNT_OFFSET: Final = 114


@dataclass(frozen=True, slots=True)
class Register:
    """One parameter of a JK pack."""

    key: str
    unit: Unit
    code: str
    """Type of the value when it is written, in the language of `struct`."""
    divisor: int = 1
    offset: int | None = None
    """Place in the settings frame; None for what a settings frame does not hold."""
    write: int | None = None
    bit: int | None = None
    """Bit of the register bitmap that says the pack has it; None for what all packs have."""
    stored: str = ""
    """Type in the settings frame where it differs from `code`."""
    names: Mapping[int, str] | None = None
    """Words for the values of an enumeration."""

    def value(self, raw: Raw) -> SettingValue:
        """Return the value that a wire value stands for."""
        if self.names is not None:
            return self.names.get(int(raw), f"unknown_{int(raw)}")
        if self.code == "?":
            return bool(raw)
        if isinstance(raw, float):
            return round(raw, 4)
        return raw / self.divisor if self.divisor != 1 else raw

    def decode(self, payload: bytes) -> SettingValue:
        """Return the value in the payload of a write command. Raises FrameError if it does not fit."""
        if self.code == "s":
            return payload.split(b"\0")[0].decode("ascii", "replace")
        # A switch is written as a whole word.
        code = {1: "B", 4: "I"}.get(len(payload), self.code) if self.code == "?" else self.code
        if len(payload) != struct.calcsize("<" + code):
            raise FrameError("length")
        raw = struct.unpack("<" + code, payload)[0]
        if isinstance(raw, float) and not math.isfinite(raw):
            raise FrameError("not_a_number")
        if self.code == "?" and raw not in (0, 1):
            raise FrameError("implausible_value")
        return self.value(raw)


def _chain(first: int, offset: int, rows: tuple[tuple[str, Unit, str, int], ...]) -> tuple[Register, ...]:
    """Return registers that follow each other, four bytes apart in the frame and one apart in their ids."""
    return tuple(
        Register(key, unit, code, divisor, offset + 4 * place, first + place, bit=first + place)
        for place, (key, unit, code, divisor) in enumerate(rows)
    )


_V, _A, _C, _S = Unit.VOLT, Unit.AMPERE, Unit.CELSIUS, Unit.SECOND

_JK02_COMMON: Final = _chain(
    0x01,
    6,
    (
        ("smart_sleep_voltage", _V, "I", 1000),
        ("cell_undervoltage", _V, "I", 1000),
        ("cell_undervoltage_release", _V, "I", 1000),
        ("cell_overvoltage", _V, "I", 1000),
        ("cell_overvoltage_release", _V, "I", 1000),
        ("balance_trigger", _V, "I", 1000),
        ("soc_100_voltage", _V, "I", 1000),
        ("soc_0_voltage", _V, "I", 1000),
        ("requested_charge_voltage", _V, "I", 1000),
        ("requested_float_voltage", _V, "I", 1000),
        ("power_off_voltage", _V, "I", 1000),
        ("max_charge_current", _A, "I", 1000),
        ("charge_overcurrent_delay", _S, "I", 1),
        ("charge_overcurrent_release", _S, "I", 1),
        ("max_discharge_current", _A, "I", 1000),
        ("discharge_overcurrent_delay", _S, "I", 1),
        ("discharge_overcurrent_release", _S, "I", 1),
        ("short_circuit_release", _S, "I", 1),
        ("max_balance_current", _A, "I", 1000),
        ("charge_overtemperature", _C, "i", 10),
        ("charge_overtemperature_release", _C, "i", 10),
        ("discharge_overtemperature", _C, "i", 10),
        ("discharge_overtemperature_release", _C, "i", 10),
        ("charge_undertemperature", _C, "i", 10),
        ("charge_undertemperature_release", _C, "i", 10),
        ("mosfet_overtemperature", _C, "i", 10),
        ("mosfet_overtemperature_release", _C, "i", 10),
        ("cell_count", Unit.NONE, "I", 1),
        ("charge_switch", Unit.NONE, "?", 1),
        ("discharge_switch", Unit.NONE, "?", 1),
        ("balance_switch", Unit.NONE, "?", 1),
        ("design_capacity", Unit.AMPERE_HOUR, "I", 1000),
    ),
)

# Bit b of the switch word at 282 is written by register 0x27 + b.
_SWITCH_WORD: Final = 282
_FIRST_SWITCH: Final = 0x27
_SWITCHES: Final = (
    "heating_switch",
    "disable_temperature_sensors",
    "gps_heartbeat",
    "port_mode",
    "display_always_on",
    "special_charger",
    "smart_sleep",
    "disable_pcl_module",
    "timed_stored_data",
    "float_mode",
    "emergency_button",
    "dry_contact_intermittent",
    "discharge_overcurrent_2",
    "discharge_overcurrent_3",
    "gps_lock_charging",
    "gps_lock_discharging",
)
_PORT_MODES: Final = {0: "can", 1: "rs485"}


def _tail(  # noqa: PLR0913
    key: str, unit: Unit, code: str, offset: int, register: int, *, divisor: int = 1, gated: bool = True
) -> Register:
    return Register(key, unit, code, divisor, offset, register, bit=register if gated else None)


_JK02_32S: Final = (
    *_JK02_COMMON,
    _tail("short_circuit_delay", Unit.MICROSECOND, "I", 134, 0x21),
    _tail("balance_start_voltage", _V, "I", 138, 0x22, divisor=1000),
    _tail("device_address", Unit.NONE, "I", 270, 0x24),
    _tail("precharge_time", _S, "I", 274, 0x25),
    _tail("current_range", _A, "I", 278, 0x26, divisor=1000),
    *(
        Register(
            key,
            Unit.NONE,
            "?" if key != "port_mode" else "I",
            write=_FIRST_SWITCH + place,
            bit=_FIRST_SWITCH + place,
            names=_PORT_MODES if key == "port_mode" else None,
        )
        for place, key in enumerate(_SWITCHES)
    ),
    _tail("heating_start_temperature", _C, "b", 284, 0x37),
    _tail("heating_stop_temperature", _C, "b", 285, 0x38),
    _tail("smart_sleep_delay", Unit.HOUR, "B", 286, 0x39),
    _tail("discharge_undertemperature", _C, "b", 296, 0x3A),
    _tail("discharge_undertemperature_release", _C, "b", 297, 0x3B),
    # Not part of the settings frame.
    Register("voltage_calibration", _V, "I", 1000, write=0x64),
    Register("shut_down", Unit.NONE, "", write=0x65),  # unproven
    Register("restart", Unit.NONE, "", write=0x66),  # unproven
    Register("current_calibration", _A, "I", 1000, write=0x67),
    Register("load_preset_nmc", Unit.NONE, "", write=0x68),  # unproven
    Register("load_preset_lfp", Unit.NONE, "", write=0x69),  # unproven
    Register("load_preset_lto", Unit.NONE, "", write=0x6A),  # unproven
    Register("emergency_mode", Unit.NONE, "?", write=0x6B),
    Register("clock", _S, "I", write=0x6C),
    Register("soc_calibration", Unit.PERCENT, "B", write=0x6E),
    Register("soh_calibration", Unit.PERCENT, "B", write=0x6F),
    Register("factory_reset", Unit.NONE, "", write=0x9D),  # unproven
    Register("user_data", Unit.NONE, "s", write=0x9F),
    Register("uart1_protocol", Unit.NONE, "H", write=0xA5),  # unproven
    Register("can_protocol", Unit.NONE, "H", write=0xA6),  # unproven
    Register("uart2_protocol", Unit.NONE, "H", write=0xA8),  # unproven
    Register("buzzer_trigger", Unit.NONE, "H", write=0xA9),  # unproven
    Register("dry_contact_1_trigger", Unit.NONE, "H", write=0xAA),  # unproven
    Register("dry_contact_2_trigger", Unit.NONE, "H", write=0xAB),  # unproven
    Register("requested_charge_time", Unit.HOUR, "B", 10, write=0xB3),
    Register("requested_float_time", Unit.HOUR, "B", 10, write=0xB4),
    Register("emergency_duration", Unit.MINUTE, "B", write=0xB5),
    Register("uart3_protocol", Unit.NONE, "H", write=0xB6),  # unproven
    Register("rebulk_soc", Unit.PERCENT, "B", write=0xB7),  # unproven
)

# The same ids mean other things than on 32S: never mix the two.
_JK02_24S: Final = (
    *_JK02_COMMON,
    Register("voltage_calibration", _V, "I", 1000, write=0x21),
    Register("current_calibration", _A, "I", 1000, write=0x24),
    Register("short_circuit_delay", Unit.MICROSECOND, "I", offset=134, write=0x25),
    Register("balance_start_voltage", _V, "I", 1000, offset=138, write=0x26),
    # Unproven.
    *(Register(f"wire_resistance_{cell + 1}", Unit.OHM, "I", 1_000_000, write=0x27 + cell) for cell in range(24)),
    Register("user_data", Unit.NONE, "s", write=0x9F),
)

_JK04: Final = (
    Register("cell_count", Unit.NONE, "H", offset=_JK04_CELL_COUNT_OFFSET, write=0x1C, stored="I"),
    Register("power_off_voltage", _V, "f", offset=38, write=0x20),
    Register("voltage_calibration", _V, "f", offset=74, write=0x44),
    Register("balance_start_voltage", _V, "f", offset=98, write=0x58),
    Register("balance_trigger", _V, "f", offset=106, write=0x64),
    Register("max_balance_current", _A, "f", offset=110, write=0x68),
    Register("balance_switch", Unit.NONE, "?", offset=114, write=0x6C),
    Register("user_data", Unit.NONE, "s", write=0x9F),
)

REGISTERS: Final = {Variant.JK02_32S: _JK02_32S, Variant.JK02_24S: _JK02_24S, Variant.JK04: _JK04}

BY_WRITE: Final[Mapping[Variant, Mapping[int, Register]]] = {
    variant: {register.write: register for register in rows if register.write is not None}
    for variant, rows in REGISTERS.items()
}


@lru_cache(maxsize=16)
def _table(variant: Variant, bitmap: bytes) -> tuple[FieldTable, tuple[Register, ...]]:
    """Return the reader and the registers of a pack with this register bitmap (all zero: no bitmap)."""
    bits = int.from_bytes(bitmap, "little") if variant is Variant.JK02_32S else 0
    rows = tuple(
        register
        for register in REGISTERS[variant]
        if register.bit is None
        or (bits >> register.bit & 1 if bits else register.write is None or register.write <= _LAST_UNGATED)
    )
    reader = FieldTable(Field(row.key, row.offset, row.stored or row.code) for row in rows if row.offset is not None)
    return reader, rows


_LAST_UNGATED: Final = 0x23
"""Firmware without a register bitmap has the parameters up to here."""


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
    raw = reader.read(frame)
    values: dict[str, SettingValue] = {row.key: row.value(raw[row.key]) for row in rows if row.key in raw}
    limit = _JK04_CELL_LIMIT if variant is Variant.JK04 else _CELL_LIMIT
    if not 0 < int(raw.get("cell_count", 0)) <= limit:
        raise FrameError("implausible_settings")
    if variant is Variant.JK02_32S:
        word = int.from_bytes(frame[_SWITCH_WORD : _SWITCH_WORD + 2], "little")
        places = {key: place for place, key in enumerate(_SWITCHES)}
        values.update({row.key: row.value(word >> places[row.key] & 1) for row in rows if row.key in places})
    bitmap = int.from_bytes(frame[_REGISTER_BITMAP], "little") if variant is Variant.JK02_32S else 0
    if variant in _WIRE_RESISTANCES and (not bitmap or bitmap >> _WIRE_RESISTANCE_REGISTER & 1):
        offset, slots = _WIRE_RESISTANCES[variant]
        count = min(int(raw["cell_count"]), slots)
        values["wire_resistances"] = tuple(
            microohm / 1_000_000 for microohm in struct.unpack_from(f"<{count}I", frame, offset)
        )
    return Settings(measured_at=now, variant=variant, values=values)


def decode_write(register: int, payload: bytes, variant: Variant) -> tuple[str, SettingValue | None]:
    """Return parameter and value of a register write; a command without a value has None.

    Raises FrameError (`unknown_register`, `length`) if the layout has no such register or the value does not fit.
    """
    row = BY_WRITE[variant].get(register)
    if row is None:
        raise FrameError("unknown_register")
    if row.code:
        return row.key, row.decode(payload)
    if payload:
        raise FrameError("length")
    return row.key, None
