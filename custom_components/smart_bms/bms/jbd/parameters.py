"""JBD registers 0x10 to 0x47 and 0xA0 to 0xA2: where each parameter lies and what its unit is.

All words are big-endian. Proven is what two independent implementations write, or what was recorded; they are listed
alike in the vendor documents V4 to V13. Higher registers exist on newer firmware with other meanings: not touched.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..settings import Proof, SettingKind, SettingValue, Unit
from .hardware_protection import BY_KEY as CHOICES, Choice

_ZERO_CELSIUS: Final = 2731
_MAX_TEXT: Final = 31
_FINE_SHUNT: Final = 0x8000
HIGH, LOW = 0, 1
"""Bytes of a register."""
FUNCTION_WORD: Final = 0x2D
COARSE_UNITS: Final = 1 << 12
"""Of the function word: capacities and currents in steps of 0.1."""
FIRST_TEXT: Final = 0xA0
FINER_POINTS: Final = range(0x42, 0x48)
"""More points of the voltage curve, on software 2.0 and newer."""
PRODUCTION_DATE: Final = 0x15
"""Read, but told with every reading too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """How the bytes of a register, or of a part of one, stand for a value."""

    unit: Unit = Unit.NONE
    divisor: int = 1
    zero: int = 0
    """Wire value of zero."""
    signed: bool = False
    negated: bool = False
    """The wire has it with the opposite sign."""
    follows_units: bool = False
    """Ten times coarser where the board counts in 0.1 A and 0.1 Ah."""
    choice: Choice | None = None
    is_switch: bool = False
    is_shunt: bool = False
    """In 0.1 mΩ, or in 0.01 mΩ if the highest bit is set or the board counts in 0.1 A."""
    is_text: bool = False


@dataclass(frozen=True, slots=True)
class Register:
    """One parameter, in the order of the columns of a data sheet; it may be a part of a register."""

    register: int
    """Its number."""
    key: str
    coding: Coding
    bit: int | None = None
    byte: int | None = None
    """`HIGH` or `LOW`, where two parameters share a register."""
    proof: Proof = Proof.PROVEN

    @property
    def kind(self) -> SettingKind:
        """Return what may be written."""
        if self.coding.is_text:
            return SettingKind.TEXT
        if self.coding.choice is not None:
            return SettingKind.CHOICE
        return SettingKind.SWITCH if self.coding.is_switch else SettingKind.NUMBER

    def _divisor(self, *, coarse: bool) -> int:
        return self.coding.divisor // 10 if self.coding.follows_units and coarse else self.coding.divisor

    def value(self, data: bytes, *, coarse: bool = False) -> SettingValue:
        """Return what the data of a register say of this parameter; `coarse`: the board counts in steps of 0.1."""
        coding = self.coding
        if coding.is_text:
            return data[1 : 1 + data[0]].split(b"\0")[0].decode("ascii", "replace")
        if self.byte is not None:
            return data[self.byte]
        word = int.from_bytes(data, signed=coding.signed)
        if coding.is_shunt:
            return (word & ~_FINE_SHUNT) / (100_000 if coarse or word & _FINE_SHUNT else 10_000)
        if coding.choice is not None:
            return coding.choice.value(word)
        if self.bit is not None:
            return bool(word >> self.bit & 1)
        raw = (-word if coding.negated else word) - coding.zero
        divisor = self._divisor(coarse=coarse)
        return raw / divisor if divisor != 1 else raw

    def put(self, old: bytes, value: SettingValue | None, *, coarse: bool = False) -> bytes:
        """Return the data that write a value; what shares the register stays as in `old`. Raises ValueError."""
        coding = self.coding
        if coding.is_text:
            return self._put_text(value)
        if len(old) != 2:
            # Without what shares the register nothing may be written: it would be lost.
            raise ValueError(f"what {self.key} shares its register with is not known")
        if coding.choice is not None:
            return coding.choice.put(int.from_bytes(old), str(value)).to_bytes(2)
        if self.bit is not None:
            if not isinstance(value, bool):
                raise ValueError(f"{self.key} is true or false")
            word = int.from_bytes(old)
            return (word | 1 << self.bit if value else word & ~(1 << self.bit)).to_bytes(2)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:  # noqa: PLR0124
            raise ValueError(f"{self.key} is a number")
        try:
            raw = round(value * self._divisor(coarse=coarse)) + coding.zero
            if self.byte is not None:
                return bytes((raw, old[LOW]) if self.byte == HIGH else (old[HIGH], raw))
            return (-raw if coding.negated else raw).to_bytes(2, signed=coding.signed)
        except ValueError, OverflowError:
            raise ValueError(f"{value} does not fit into {self.key}") from None

    def _put_text(self, value: SettingValue | None) -> bytes:
        if not isinstance(value, str) or not value.isascii() or len(value) > _MAX_TEXT:
            raise ValueError(f"{self.key} is at most {_MAX_TEXT} plain characters")
        return bytes((len(value),)) + value.encode("ascii")

    def resolution(self, *, coarse: bool = False) -> float:
        """Return the smallest difference that the wire can carry."""
        return 1 / self._divisor(coarse=coarse)


_EXPERIMENTAL, _READ_ONLY = Proof.EXPERIMENTAL, Proof.READ_ONLY

_PLAIN: Final = Coding()
_SWITCH: Final = Coding(is_switch=True)
_TEXT: Final = Coding(is_text=True)
_MILLIVOLTS: Final = Coding(unit=Unit.VOLT, divisor=1000)
_CENTIVOLTS: Final = Coding(unit=Unit.VOLT, divisor=100)
_CAPACITY: Final = Coding(unit=Unit.AMPERE_HOUR, divisor=100, follows_units=True)
_CHARGE_CURRENT: Final = Coding(unit=Unit.AMPERE, divisor=100, signed=True, follows_units=True)
_DISCHARGE_CURRENT: Final = Coding(unit=Unit.AMPERE, divisor=100, signed=True, negated=True, follows_units=True)
_TEMPERATURE: Final = Coding(unit=Unit.CELSIUS, divisor=10, zero=_ZERO_CELSIUS)
_SECONDS: Final = Coding(unit=Unit.SECOND)
_SHUNT: Final = Coding(unit=Unit.OHM, is_shunt=True)


def _choice(register: int, key: str) -> Register:
    """Return a choice of the hardware protection, whose bits `hardware_protection` lists."""
    return Register(register, key, Coding(choice=CHOICES[key]), proof=_EXPERIMENTAL)


REGISTERS: Final = (
    Register(0x10, "design_capacity", _CAPACITY),
    Register(0x11, "cycle_capacity", _CAPACITY),
    Register(0x12, "soc_100_voltage", _MILLIVOLTS),
    Register(0x13, "soc_0_voltage", _MILLIVOLTS),
    # Self-discharge to some sources, the board's own consumption to others.
    Register(0x14, "register_0x14", _PLAIN, proof=_READ_ONLY),
    Register(0x16, "board_serial_number", _PLAIN, proof=_READ_ONLY),
    Register(0x17, "cycle_count", _PLAIN, proof=_READ_ONLY),
    Register(0x18, "charge_overtemperature", _TEMPERATURE),
    Register(0x19, "charge_overtemperature_release", _TEMPERATURE),
    Register(0x1A, "charge_undertemperature", _TEMPERATURE),
    Register(0x1B, "charge_undertemperature_release", _TEMPERATURE),
    Register(0x1C, "discharge_overtemperature", _TEMPERATURE),
    Register(0x1D, "discharge_overtemperature_release", _TEMPERATURE),
    Register(0x1E, "discharge_undertemperature", _TEMPERATURE),
    Register(0x1F, "discharge_undertemperature_release", _TEMPERATURE),
    Register(0x20, "pack_overvoltage", _CENTIVOLTS),
    Register(0x21, "pack_overvoltage_release", _CENTIVOLTS),
    Register(0x22, "pack_undervoltage", _CENTIVOLTS),
    Register(0x23, "pack_undervoltage_release", _CENTIVOLTS),
    Register(0x24, "cell_overvoltage", _MILLIVOLTS),
    Register(0x25, "cell_overvoltage_release", _MILLIVOLTS),
    Register(0x26, "cell_undervoltage", _MILLIVOLTS),
    Register(0x27, "cell_undervoltage_release", _MILLIVOLTS),
    Register(0x28, "max_charge_current", _CHARGE_CURRENT),
    Register(0x29, "max_discharge_current", _DISCHARGE_CURRENT),
    Register(0x2A, "balance_start_voltage", _MILLIVOLTS),
    Register(0x2B, "balance_trigger", _MILLIVOLTS),
    Register(0x2C, "shunt_resistance", _SHUNT, proof=_READ_ONLY),
    # Bits of the function word on whose meaning the sources agree.
    Register(0x2D, "switch_input", _SWITCH, bit=0),
    Register(0x2D, "load_detection", _SWITCH, bit=1),
    Register(0x2D, "balance_switch", _SWITCH, bit=2),
    Register(0x2D, "balance_only_charging", _SWITCH, bit=3),
    Register(0x2D, "led", _SWITCH, bit=4),
    Register(0x2D, "led_shows_soc", _SWITCH, bit=5),
    Register(0x2D, "function_word", _PLAIN, proof=_READ_ONLY),
    Register(0x2E, "temperature_sensor_1", _SWITCH, bit=0),
    Register(0x2E, "temperature_sensor_2", _SWITCH, bit=1),
    Register(0x2E, "temperature_sensor_3", _SWITCH, bit=2),
    Register(0x2E, "temperature_sensor_4", _SWITCH, bit=3),
    Register(0x2E, "temperature_sensor_5", _SWITCH, bit=4),
    Register(0x2E, "temperature_sensor_6", _SWITCH, bit=5),
    Register(0x2E, "temperature_sensor_7", _SWITCH, bit=6),
    Register(0x2E, "temperature_sensor_8", _SWITCH, bit=7),
    Register(0x2F, "cell_count", _PLAIN, proof=_EXPERIMENTAL),
    Register(0x30, "switch_delay", _SECONDS),
    Register(0x31, "led_time", _SECONDS),
    Register(0x32, "soc_80_voltage", _MILLIVOLTS),
    Register(0x33, "soc_60_voltage", _MILLIVOLTS),
    Register(0x34, "soc_40_voltage", _MILLIVOLTS),
    Register(0x35, "soc_20_voltage", _MILLIVOLTS),
    Register(0x36, "hardware_cell_overvoltage", _MILLIVOLTS),
    Register(0x37, "hardware_cell_undervoltage", _MILLIVOLTS),
    _choice(0x38, "short_circuit_delay"),
    _choice(0x38, "short_circuit_threshold"),
    _choice(0x38, "discharge_overcurrent_2_delay"),
    _choice(0x38, "discharge_overcurrent_2_threshold"),
    _choice(0x39, "hardware_cell_undervoltage_delay"),
    _choice(0x39, "hardware_cell_overvoltage_delay"),
    Register(0x39, "short_circuit_release", _SECONDS, byte=LOW, proof=_EXPERIMENTAL),
    Register(0x3A, "charge_undertemperature_delay", _SECONDS, byte=HIGH),
    Register(0x3A, "charge_overtemperature_delay", _SECONDS, byte=LOW),
    Register(0x3B, "discharge_undertemperature_delay", _SECONDS, byte=HIGH),
    Register(0x3B, "discharge_overtemperature_delay", _SECONDS, byte=LOW),
    Register(0x3C, "pack_undervoltage_delay", _SECONDS, byte=HIGH),
    Register(0x3C, "pack_overvoltage_delay", _SECONDS, byte=LOW),
    Register(0x3D, "cell_undervoltage_delay", _SECONDS, byte=HIGH),
    Register(0x3D, "cell_overvoltage_delay", _SECONDS, byte=LOW),
    Register(0x3E, "charge_overcurrent_delay", _SECONDS, byte=HIGH),
    Register(0x3E, "charge_overcurrent_release", _SECONDS, byte=LOW),
    Register(0x3F, "discharge_overcurrent_delay", _SECONDS, byte=HIGH),
    Register(0x3F, "discharge_overcurrent_release", _SECONDS, byte=LOW),
    Register(0x42, "soc_90_voltage", _MILLIVOLTS),
    Register(0x43, "soc_70_voltage", _MILLIVOLTS),
    Register(0x44, "soc_50_voltage", _MILLIVOLTS),
    Register(0x45, "soc_30_voltage", _MILLIVOLTS),
    Register(0x46, "soc_10_voltage", _MILLIVOLTS),
    Register(0x47, "soc_100_voltage_fine", _MILLIVOLTS, proof=_EXPERIMENTAL),
    Register(0xA0, "manufacturer_name", _TEXT),
    Register(0xA1, "model_name", _TEXT),
    Register(0xA2, "barcode", _TEXT),
)

OF_FRONT_END: Final = frozenset(CHOICES)
"""What is laid out as the front end wants it; ours is that of TI."""

BY_KEY: Final[Mapping[str, Register]] = {row.key: row for row in REGISTERS}

BY_REGISTER: Final[Mapping[int, tuple[Register, ...]]] = {
    number: tuple(row for row in REGISTERS if row.register == number)
    for number in dict.fromkeys(row.register for row in REGISTERS)
}
