"""The registers of JK packs: where a parameter lies in the settings frame (0x01) and by which command it is written.

A row without `write` is only read. Registers that no captured and no tested write proves are EXPERIMENTAL; those of JK02_24S
are so as a whole, because no app was ever recorded writing them.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
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
    wide: bool = False
    """A switch that is written as a whole word."""
    proof: Proof = Proof.PROVEN

    @property
    def kind(self) -> SettingKind:
        """Return what may be written."""
        if self.names is not None:
            return SettingKind.CHOICE
        return {"?": SettingKind.SWITCH, "s": SettingKind.TEXT, "": SettingKind.COMMAND}.get(
            self.code, SettingKind.NUMBER
        )

    def value(self, raw: Raw) -> SettingValue:
        """Return the value that a wire value stands for."""
        if self.names is not None:
            return self.names.get(int(raw), f"{UNKNOWN}{int(raw)}")
        if self.code == "?":
            return bool(raw)
        if isinstance(raw, float):
            return shortest(raw)
        return raw / self.divisor if self.divisor != 1 else raw

    def encode(self, value: SettingValue | None) -> bytes:
        """Return the payload that writes a value. Raises ValueError if it cannot be written."""
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
                return struct.pack("<" + self.code, self._number_of(str(value)))
            case SettingKind.SWITCH:
                if not isinstance(value, bool):
                    raise ValueError(f"{self.key} is true or false")  # noqa: TRY004
                return struct.pack("<I" if self.wide else "<B", value)
            case _:
                return self._encode_number(value)

    def _encode_number(self, value: SettingValue | None) -> bytes:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            raise ValueError(f"{self.key} is a number")
        # Not truncated: 4.2 times 1000 can be a little less than 4200.
        raw = value if self.code == "f" else round(value * self.divisor)
        try:
            return struct.pack("<" + self.code, raw)
        except struct.error, OverflowError:
            raise ValueError(f"{value} does not fit into {self.key}") from None

    def _number_of(self, name: str) -> int:
        for number, known in (self.names or {}).items():
            if known == name:
                return number
        if name.startswith(UNKNOWN) and name.removeprefix(UNKNOWN).isdecimal():
            number = int(name.removeprefix(UNKNOWN))
            if number < 1 << 8 * struct.calcsize(self.code):
                return number
        raise ValueError(f"{self.key} is one of {', '.join((self.names or {}).values())}")

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


def _chain(first: int, offset: int, rows: tuple[tuple[str, Unit, str, int], ...]) -> tuple[Register, ...]:
    """Return registers that follow each other, four bytes apart in the frame and one apart in their ids."""
    return tuple(
        Register(
            key,
            unit,
            code,
            divisor,
            offset + 4 * place,
            first + place,
            bit=first + place,
            wide=code == "?",
            # The manuals call the limits of the power stage fixed.
            proof=Proof.READ_ONLY if key.startswith("mosfet_") else Proof.PROVEN,
        )
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

_FIRST_SWITCH: Final = 0x27
SWITCHES: Final = (
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
"""Bits of the switch word in the settings frame; bit b is written by register 0x27 + b."""
_UNPROVEN_SWITCHES: Final = ("gps_heartbeat", "special_charger", "discharge_overcurrent_3")
_PORT_MODES: Final = {0: "can", 1: "rs485"}
# As two sources list them; 17 to 20 are reserved.
_UART_PROTOCOLS: Final = dict(
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
_CAN_PROTOCOLS: Final = dict(
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


def _tail(  # noqa: PLR0913
    key: str, unit: Unit, code: str, offset: int, register: int, *, divisor: int = 1, proof: Proof = Proof.PROVEN
) -> Register:
    return Register(key, unit, code, divisor, offset, register, bit=register, proof=proof)


def _command(key: str, register: int) -> Register:
    return Register(key, Unit.NONE, "", write=register, proof=Proof.EXPERIMENTAL)


def _choice(key: str, register: int, names: Mapping[int, str]) -> Register:
    return Register(key, Unit.NONE, "H", write=register, names=names, proof=Proof.EXPERIMENTAL)


_JK02_32S: Final = (
    *_JK02_COMMON,
    _tail("short_circuit_delay", Unit.MICROSECOND, "I", 134, 0x21),
    _tail("balance_start_voltage", _V, "I", 138, 0x22, divisor=1000),
    _tail("device_address", Unit.NONE, "I", 270, 0x24),
    _tail("precharge_time", _S, "I", 274, 0x25),
    # A property of the sensor that is fitted.
    _tail("current_range", _A, "I", 278, 0x26, divisor=1000, proof=Proof.READ_ONLY),
    *(
        Register(
            key,
            Unit.NONE,
            "?" if key != "port_mode" else "I",
            write=_FIRST_SWITCH + place,
            bit=_FIRST_SWITCH + place,
            names=_PORT_MODES if key == "port_mode" else None,
            wide=True,
            proof=Proof.EXPERIMENTAL if key in _UNPROVEN_SWITCHES else Proof.PROVEN,
        )
        for place, key in enumerate(SWITCHES)
    ),
    _tail("heating_start_temperature", _C, "b", 284, 0x37),
    _tail("heating_stop_temperature", _C, "b", 285, 0x38),
    _tail("smart_sleep_delay", Unit.HOUR, "B", 286, 0x39),
    _tail("discharge_undertemperature", _C, "b", 296, 0x3A),
    _tail("discharge_undertemperature_release", _C, "b", 297, 0x3B),
    # Not part of the settings frame.
    Register("voltage_calibration", _V, "I", 1000, write=0x64),
    _command("shut_down", 0x65),
    _command("restart", 0x66),
    Register("current_calibration", _A, "I", 1000, write=0x67),
    _command("load_preset_nmc", 0x68),
    _command("load_preset_lfp", 0x69),
    _command("load_preset_lto", 0x6A),
    Register("emergency_mode", Unit.NONE, "?", write=0x6B, wide=True),
    Register("clock", _S, "I", write=0x6C),
    Register("soc_calibration", Unit.PERCENT, "B", write=0x6E),
    Register("soh_calibration", Unit.PERCENT, "B", write=0x6F),
    _command("factory_reset", 0x9D),
    Register("user_data", Unit.NONE, "s", write=0x9F),
    _choice("uart1_protocol", 0xA5, _UART_PROTOCOLS),
    _choice("can_protocol", 0xA6, _CAN_PROTOCOLS),
    _choice("uart2_protocol", 0xA8, _UART_PROTOCOLS),
    _choice("buzzer_trigger", 0xA9, _TRIGGERS),
    _choice("dry_contact_1_trigger", 0xAA, _TRIGGERS),
    _choice("dry_contact_2_trigger", 0xAB, _TRIGGERS),
    Register("requested_charge_time", Unit.HOUR, "B", 10, write=0xB3),
    Register("requested_float_time", Unit.HOUR, "B", 10, write=0xB4),
    Register("emergency_duration", Unit.MINUTE, "B", write=0xB5),
    _choice("uart3_protocol", 0xB6, _UART_PROTOCOLS),
    Register("rebulk_soc", Unit.PERCENT, "B", write=0xB7, proof=Proof.EXPERIMENTAL),
)

# The same ids mean other things than on 32S: never mix the two.
_JK02_24S: Final = (
    *_JK02_COMMON,
    Register("voltage_calibration", _V, "I", 1000, write=0x21),
    Register("current_calibration", _A, "I", 1000, write=0x24),
    Register("short_circuit_delay", Unit.MICROSECOND, "I", offset=134, write=0x25),
    Register("balance_start_voltage", _V, "I", 1000, offset=138, write=0x26),
    *(Register(f"wire_resistance_{cell + 1}", Unit.OHM, "I", 1_000_000, write=0x27 + cell) for cell in range(24)),
    Register("user_data", Unit.NONE, "s", write=0x9F),
)

_JK04: Final = (
    Register("cell_count", Unit.NONE, "H", offset=34, write=0x1C, stored="I"),
    Register("power_off_voltage", _V, "f", offset=38, write=0x20),
    Register("voltage_calibration", _V, "f", offset=74, write=0x44),
    Register("balance_start_voltage", _V, "f", offset=98, write=0x58, proof=Proof.EXPERIMENTAL),
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


BY_KEY: Final[Mapping[Variant, Mapping[str, Register]]] = {
    variant: {register.key: register for register in rows} for variant, rows in REGISTERS.items()
}

LAST_UNGATED: Final = 0x23
"""Firmware without a register bitmap has the parameters up to here."""

IN_DEVICE_INFO: Final = frozenset(
    {
        *("requested_charge_time", "requested_float_time", "emergency_duration", "rebulk_soc", "user_data"),
        *("uart1_protocol", "can_protocol", "uart2_protocol", "uart3_protocol"),
        *("buzzer_trigger", "dry_contact_1_trigger", "dry_contact_2_trigger"),
    }
)
"""What is not in the settings frame but in the device info."""
