"""The registers of JK packs: under which number each is written, and where in the settings frame (0x01) it lies.

Registers that no captured and no tested write proves are EXPERIMENTAL; those of JK02_24S are so as a whole, because no app
was ever recorded writing them.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
import math
import struct
from typing import Final

from ..errors import FrameError
from ..fields import Raw
from ..settings import Proof, SettingKind, SettingValue, Unit
from .frames import PAYLOAD_LENGTH
from .layouts import Variant

UNKNOWN: Final = "unknown_"
"""Before the number of a choice that has no name."""
_FLOAT_DIGITS: Final = 9


class WireType(Enum):
    """How a register is coded: its type in the settings frame and in a write, in the language of `struct`."""

    U8 = ("B", "B")
    I8 = ("b", "b")
    U16 = ("H", "H")
    U32 = ("I", "I")
    I32 = ("i", "i")
    FLOAT = ("f", "f")
    U32_WRITTEN_AS_U16 = ("I", "H")
    SWITCH_U8 = ("?", "B")
    SWITCH_U32 = ("?", "I")
    """Only the lowest byte of the word says something."""
    TEXT = ("s", "s")
    """Written in full, padded with zeros."""
    COMMAND = ("", "")
    """No value: the write itself does something."""

    def __init__(self, stored: str, written: str) -> None:
        """`stored` is the type in the settings frame, `written` that in a write."""
        self.stored: Final = stored
        self.written: Final = written
        self.is_switch: Final = stored == "?"


@dataclass(frozen=True, slots=True)
class Register:
    """One parameter of a JK pack, in the order of the columns of a data sheet."""

    number: int
    """By which it is written; its bit in the register bitmap too."""
    offset: int | None
    """Place in the settings frame; None for what has no field of its own there."""
    key: str
    unit: Unit
    wire_type: WireType
    divisor: int = 1
    names: Mapping[int, str] | None = None
    """Names of the values of an enumeration."""
    switch_bit: int | None = None
    """Bit of the switch word of the settings frame."""
    in_info: bool = False
    """The device info tells it."""
    proof: Proof = Proof.PROVEN

    @property
    def kind(self) -> SettingKind:
        """Return what may be written."""
        if self.names is not None:
            return SettingKind.CHOICE
        if self.wire_type.is_switch:
            return SettingKind.SWITCH
        return {WireType.TEXT: SettingKind.TEXT, WireType.COMMAND: SettingKind.COMMAND}.get(
            self.wire_type, SettingKind.NUMBER
        )

    def value(self, raw: Raw) -> SettingValue:
        """Return the value that a wire value stands for."""
        if self.names is not None:
            return self.names.get(int(raw), f"{UNKNOWN}{int(raw)}")
        if self.wire_type.is_switch:
            return bool(raw)
        if isinstance(raw, float):
            return shortest(raw)
        return raw / self.divisor if self.divisor != 1 else raw

    def encode(self, value: SettingValue | None) -> bytes:
        """Return the payload that writes a value. Raises ValueError if it cannot be written."""
        written = "<" + self.wire_type.written
        match self.kind:
            case SettingKind.COMMAND:
                if value is not None:
                    raise ValueError(f"{self.key} takes no value")
                return b""
            case SettingKind.TEXT:
                if not isinstance(value, str) or not value.isascii() or len(value) > PAYLOAD_LENGTH:
                    raise ValueError(f"{self.key} is at most {PAYLOAD_LENGTH} plain characters")
                # In full, so that nothing is left of a longer text before.
                return value.encode("ascii").ljust(PAYLOAD_LENGTH, b"\0")
            case SettingKind.CHOICE:
                return struct.pack(written, self._number_of(str(value)))
            case SettingKind.SWITCH:
                if not isinstance(value, bool):
                    raise ValueError(f"{self.key} is true or false")  # noqa: TRY004
                return struct.pack(written, value)
            case _:
                return self._encode_number(value)

    def _encode_number(self, value: SettingValue | None) -> bytes:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError(f"{self.key} is a number")
        # Not truncated: 4.2 times 1000 can be a little less than 4200.
        raw = value if self.wire_type is WireType.FLOAT else round(value * self.divisor)
        try:
            return struct.pack("<" + self.wire_type.written, raw)
        except struct.error, OverflowError:
            raise ValueError(f"{value} does not fit into {self.key}") from None

    def _number_of(self, name: str) -> int:
        for number, known in (self.names or {}).items():
            if known == name:
                return number
        if name.startswith(UNKNOWN) and name.removeprefix(UNKNOWN).isdecimal():
            number = int(name.removeprefix(UNKNOWN))
            if number < 1 << 8 * struct.calcsize(self.wire_type.written):
                return number
        raise ValueError(f"{self.key} is one of {', '.join((self.names or {}).values())}")

    def decode(self, payload: bytes) -> SettingValue:
        """Return the value in the payload of a write command. Raises FrameError if it does not fit."""
        if self.wire_type is WireType.TEXT:
            return payload.split(b"\0")[0].decode("ascii", "replace")
        code = self.wire_type.written
        if self.wire_type.is_switch:
            # Apps write switches as a byte or as a whole word.
            code = {1: "B", 4: "I"}.get(len(payload), code)
        if len(payload) != struct.calcsize("<" + code):
            raise FrameError("length")
        raw = struct.unpack("<" + code, payload)[0]
        if isinstance(raw, float) and not math.isfinite(raw):
            raise FrameError("not_a_number")
        if self.wire_type.is_switch and raw not in (0, 1):
            raise FrameError("implausible_value")
        return self.value(raw)


def shortest(number: float) -> float:
    """Return the number with the fewest digits that is the same 32-bit float."""
    wire = struct.pack("<f", number)
    for digits in range(1, _FLOAT_DIGITS):
        short = float(f"{number:.{digits}g}")
        # Rounded up, the largest floats of all do not fit any more.
        with suppress(OverflowError):
            if struct.pack("<f", short) == wire:
                return short
    return float(f"{number:.{_FLOAT_DIGITS}g}")


_V, _A, _C, _S, _N = Unit.VOLT, Unit.AMPERE, Unit.CELSIUS, Unit.SECOND, Unit.NONE
_EXPERIMENTAL, _READ_ONLY = Proof.EXPERIMENTAL, Proof.READ_ONLY

_PORT_MODES: Final = {0: "can", 1: "rs485"}
# As two sources list them; 17 to 20 are reserved.
_UARTS: Final = dict(
    enumerate(
        (
            "remote_module",
            "jk_modbus",
            "niu_u",
            "china_tower_1_1",
            "pace_modbus",
            "pylon",
            "growatt",
            "voltronic",
            "china_tower_2_0",
            "wow_modbus",
            "jk_lcd",
            "user_1",
            "user_2",
            "jk_modbus_9600",
            "pylon_9600",
            "jk_pb_lcd",
            "jk_lin",
        )
    )
)
_CANS: Final = dict(
    enumerate(
        (
            "jk_250k",
            "deye",
            "pylon",
            "growatt",
            "victron",
            "megarevo",
            "jk_500k",
            "invt",
            "goodwe",
            "fss",
            "must",
            "luxpowertek",
            "user_1",
            "user_2",
        )
    )
)
_TRIGGERS: Final = dict(
    enumerate(
        (
            "off",
            "low_soc",
            "pack_overvoltage",
            "pack_undervoltage",
            "cell_overvoltage",
            "cell_undervoltage",
            "charge_overcurrent",
            "discharge_overcurrent",
            "battery_overtemperature",
            "mosfet_overtemperature",
            "system_alarm",
            "battery_low_temperature",
            "remote_control",
            "high_soc",
            "mosfet_fault",
        )
    )
)

# Number, offset, key, unit, type, divisor.

_JK02_COMMON: Final = (
    Register(0x01, 6, "smart_sleep_voltage", _V, WireType.U32, 1000),
    Register(0x02, 10, "cell_undervoltage", _V, WireType.U32, 1000),
    Register(0x03, 14, "cell_undervoltage_release", _V, WireType.U32, 1000),
    Register(0x04, 18, "cell_overvoltage", _V, WireType.U32, 1000),
    Register(0x05, 22, "cell_overvoltage_release", _V, WireType.U32, 1000),
    Register(0x06, 26, "balance_trigger", _V, WireType.U32, 1000),
    Register(0x07, 30, "soc_100_voltage", _V, WireType.U32, 1000),
    Register(0x08, 34, "soc_0_voltage", _V, WireType.U32, 1000),
    Register(0x09, 38, "requested_charge_voltage", _V, WireType.U32, 1000),
    Register(0x0A, 42, "requested_float_voltage", _V, WireType.U32, 1000),
    Register(0x0B, 46, "power_off_voltage", _V, WireType.U32, 1000),
    Register(0x0C, 50, "max_charge_current", _A, WireType.U32, 1000),
    Register(0x0D, 54, "charge_overcurrent_delay", _S, WireType.U32),
    Register(0x0E, 58, "charge_overcurrent_release", _S, WireType.U32),
    Register(0x0F, 62, "max_discharge_current", _A, WireType.U32, 1000),
    Register(0x10, 66, "discharge_overcurrent_delay", _S, WireType.U32),
    Register(0x11, 70, "discharge_overcurrent_release", _S, WireType.U32),
    Register(0x12, 74, "short_circuit_release", _S, WireType.U32),
    Register(0x13, 78, "max_balance_current", _A, WireType.U32, 1000),
    Register(0x14, 82, "charge_overtemperature", _C, WireType.I32, 10),
    Register(0x15, 86, "charge_overtemperature_release", _C, WireType.I32, 10),
    Register(0x16, 90, "discharge_overtemperature", _C, WireType.I32, 10),
    Register(0x17, 94, "discharge_overtemperature_release", _C, WireType.I32, 10),
    Register(0x18, 98, "charge_undertemperature", _C, WireType.I32, 10),
    Register(0x19, 102, "charge_undertemperature_release", _C, WireType.I32, 10),
    # The manuals call the limits of the power stage fixed.
    Register(0x1A, 106, "mosfet_overtemperature", _C, WireType.I32, 10, proof=_READ_ONLY),
    Register(0x1B, 110, "mosfet_overtemperature_release", _C, WireType.I32, 10, proof=_READ_ONLY),
    Register(0x1C, 114, "cell_count", _N, WireType.U32),
    Register(0x1D, 118, "charge_switch", _N, WireType.SWITCH_U32),
    Register(0x1E, 122, "discharge_switch", _N, WireType.SWITCH_U32),
    Register(0x1F, 126, "balance_switch", _N, WireType.SWITCH_U32),
    Register(0x20, 130, "design_capacity", Unit.AMPERE_HOUR, WireType.U32, 1000),
)

_JK02_32S: Final = (
    *_JK02_COMMON,
    Register(0x21, 134, "short_circuit_delay", Unit.MICROSECOND, WireType.U32),
    Register(0x22, 138, "balance_start_voltage", _V, WireType.U32, 1000),
    Register(0x24, 270, "device_address", _N, WireType.U32),
    Register(0x25, 274, "precharge_time", _S, WireType.U32),
    # A property of the sensor that is fitted.
    Register(0x26, 278, "current_range", _A, WireType.U32, 1000, proof=_READ_ONLY),
    # In the settings frame they are the bits of one word.
    Register(0x27, None, "heating_switch", _N, WireType.SWITCH_U32, switch_bit=0),
    Register(0x28, None, "disable_temperature_sensors", _N, WireType.SWITCH_U32, switch_bit=1),
    Register(0x29, None, "gps_heartbeat", _N, WireType.SWITCH_U32, switch_bit=2, proof=_EXPERIMENTAL),
    Register(0x2A, None, "port_mode", _N, WireType.U32, names=_PORT_MODES, switch_bit=3),
    Register(0x2B, None, "display_always_on", _N, WireType.SWITCH_U32, switch_bit=4),
    Register(0x2C, None, "special_charger", _N, WireType.SWITCH_U32, switch_bit=5, proof=_EXPERIMENTAL),
    Register(0x2D, None, "smart_sleep", _N, WireType.SWITCH_U32, switch_bit=6),
    Register(0x2E, None, "disable_pcl_module", _N, WireType.SWITCH_U32, switch_bit=7),
    Register(0x2F, None, "timed_stored_data", _N, WireType.SWITCH_U32, switch_bit=8),
    Register(0x30, None, "float_mode", _N, WireType.SWITCH_U32, switch_bit=9),
    Register(0x31, None, "emergency_button", _N, WireType.SWITCH_U32, switch_bit=10),
    Register(0x32, None, "dry_contact_intermittent", _N, WireType.SWITCH_U32, switch_bit=11),
    Register(0x33, None, "discharge_overcurrent_2", _N, WireType.SWITCH_U32, switch_bit=12),
    Register(0x34, None, "discharge_overcurrent_3", _N, WireType.SWITCH_U32, switch_bit=13, proof=_EXPERIMENTAL),
    Register(0x35, None, "gps_lock_charging", _N, WireType.SWITCH_U32, switch_bit=14),
    Register(0x36, None, "gps_lock_discharging", _N, WireType.SWITCH_U32, switch_bit=15),
    Register(0x37, 284, "heating_start_temperature", _C, WireType.I8),
    Register(0x38, 285, "heating_stop_temperature", _C, WireType.I8),
    Register(0x39, 286, "smart_sleep_delay", Unit.HOUR, WireType.U8),
    Register(0x3A, 296, "discharge_undertemperature", _C, WireType.I8),
    Register(0x3B, 297, "discharge_undertemperature_release", _C, WireType.I8),
    # Not part of the settings frame.
    Register(0x64, None, "voltage_calibration", _V, WireType.U32, 1000),
    Register(0x65, None, "shut_down", _N, WireType.COMMAND, proof=_EXPERIMENTAL),
    Register(0x66, None, "restart", _N, WireType.COMMAND, proof=_EXPERIMENTAL),
    Register(0x67, None, "current_calibration", _A, WireType.U32, 1000),
    Register(0x68, None, "load_preset_nmc", _N, WireType.COMMAND, proof=_EXPERIMENTAL),
    Register(0x69, None, "load_preset_lfp", _N, WireType.COMMAND, proof=_EXPERIMENTAL),
    Register(0x6A, None, "load_preset_lto", _N, WireType.COMMAND, proof=_EXPERIMENTAL),
    Register(0x6B, None, "emergency_mode", _N, WireType.SWITCH_U32),
    Register(0x6C, None, "clock", _S, WireType.U32),
    Register(0x6E, None, "soc_calibration", Unit.PERCENT, WireType.U8),
    Register(0x6F, None, "soh_calibration", Unit.PERCENT, WireType.U8),
    Register(0x9D, None, "factory_reset", _N, WireType.COMMAND, proof=_EXPERIMENTAL),
    Register(0x9F, None, "user_data", _N, WireType.TEXT, in_info=True),
    Register(0xA5, None, "uart1_protocol", _N, WireType.U16, names=_UARTS, in_info=True, proof=_EXPERIMENTAL),
    Register(0xA6, None, "can_protocol", _N, WireType.U16, names=_CANS, in_info=True, proof=_EXPERIMENTAL),
    Register(0xA8, None, "uart2_protocol", _N, WireType.U16, names=_UARTS, in_info=True, proof=_EXPERIMENTAL),
    Register(0xA9, None, "buzzer_trigger", _N, WireType.U16, names=_TRIGGERS, in_info=True, proof=_EXPERIMENTAL),
    Register(0xAA, None, "dry_contact_1_trigger", _N, WireType.U16, names=_TRIGGERS, in_info=True, proof=_EXPERIMENTAL),
    Register(0xAB, None, "dry_contact_2_trigger", _N, WireType.U16, names=_TRIGGERS, in_info=True, proof=_EXPERIMENTAL),
    Register(0xB3, None, "requested_charge_time", Unit.HOUR, WireType.U8, 10, in_info=True),
    Register(0xB4, None, "requested_float_time", Unit.HOUR, WireType.U8, 10, in_info=True),
    Register(0xB5, None, "emergency_duration", Unit.MINUTE, WireType.U8, in_info=True),
    Register(0xB6, None, "uart3_protocol", _N, WireType.U16, names=_UARTS, in_info=True, proof=_EXPERIMENTAL),
    Register(0xB7, None, "rebulk_soc", Unit.PERCENT, WireType.U8, in_info=True, proof=_EXPERIMENTAL),
)

# The same numbers mean other things than on 32S: never mix the two.
_JK02_24S: Final = (
    *_JK02_COMMON,
    Register(0x21, None, "voltage_calibration", _V, WireType.U32, 1000),
    Register(0x24, None, "current_calibration", _A, WireType.U32, 1000),
    Register(0x25, 134, "short_circuit_delay", Unit.MICROSECOND, WireType.U32),
    Register(0x26, 138, "balance_start_voltage", _V, WireType.U32, 1000),
    *(
        Register(0x27 + cell, None, f"wire_resistance_{cell + 1}", Unit.OHM, WireType.U32, 1_000_000)
        for cell in range(24)
    ),
    Register(0x9F, None, "user_data", _N, WireType.TEXT, in_info=True),
)

_JK04: Final = (
    Register(0x1C, 34, "cell_count", _N, WireType.U32_WRITTEN_AS_U16),
    Register(0x20, 38, "power_off_voltage", _V, WireType.FLOAT),
    Register(0x44, 74, "voltage_calibration", _V, WireType.FLOAT),
    Register(0x58, 98, "balance_start_voltage", _V, WireType.FLOAT, proof=_EXPERIMENTAL),
    Register(0x64, 106, "balance_trigger", _V, WireType.FLOAT),
    Register(0x68, 110, "max_balance_current", _A, WireType.FLOAT),
    Register(0x6C, 114, "balance_switch", _N, WireType.SWITCH_U8),
    Register(0x9F, None, "user_data", _N, WireType.TEXT, in_info=True),
)

REGISTERS: Final = {Variant.JK02_32S: _JK02_32S, Variant.JK02_24S: _JK02_24S, Variant.JK04: _JK04}

BY_NUMBER: Final[Mapping[Variant, Mapping[int, Register]]] = {
    variant: {register.number: register for register in rows} for variant, rows in REGISTERS.items()
}

BY_KEY: Final[Mapping[Variant, Mapping[str, Register]]] = {
    variant: {register.key: register for register in rows} for variant, rows in REGISTERS.items()
}

IN_DEVICE_INFO: Final = frozenset(register.key for rows in REGISTERS.values() for register in rows if register.in_info)
"""What is not in the settings frame but in the device info."""

BITMAP_NUMBERS: Final = range(0x48)
"""Registers about which the bitmap of a JK02_32S settings frame says whether the pack has them."""
_NUMBERS_WITHOUT_BITMAP: Final = range(0x24)
"""Registers of them that firmware has that lists none."""


def has_without_bitmap(register: Register) -> bool:
    """Return whether 32S firmware has a register that does not say which it has."""
    return register.number in _NUMBERS_WITHOUT_BITMAP


def registers_of(variant: Variant, bitmap: bytes) -> tuple[Register, ...]:
    """Return the registers of a pack whose settings frame has this register bitmap; all zero: firmware without one."""
    bits = int.from_bytes(bitmap, "little") if variant is Variant.JK02_32S else 0

    def has(register: Register) -> bool:
        if variant is not Variant.JK02_32S or register.number not in BITMAP_NUMBERS:
            return True
        return bool(bits >> register.number & 1) if bits else has_without_bitmap(register)

    return tuple(filter(has, REGISTERS[variant]))
