"""JBD registers 0x10 to 0x47 and 0xA0 to 0xA2: where each parameter lies and what its unit is.

All words are big-endian. Proven is what two independent implementations write, or what was recorded; they are listed
alike in the vendor documents V4 to V13. Higher registers exist on newer firmware with other meanings: not touched.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..settings import Proof, SettingKind, SettingValue, Unit
from .hardware_protection import CHOICES, HARDWARE_WORD, Choice

_ZERO_CELSIUS: Final = 2731
_MAX_TEXT: Final = 31
_FINE_SHUNT: Final = 0x8000
FUNCTION_WORD: Final = 0x2D
COARSE_UNITS: Final = 1 << 12
"""Of the function word: capacities and currents in steps of 0.1."""
FIRST_TEXT: Final = 0xA0
FINER_POINTS: Final = range(0x42, 0x48)
"""More points of the voltage curve, on software 2.0 and newer."""
PRODUCTION_DATE: Final = 0x15
"""Read, but told with every reading too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One parameter, which may be a part of a register."""

    key: str
    register: int
    unit: Unit = Unit.NONE
    divisor: int = 1
    offset: int = 0
    """Wire value of zero."""
    signed: bool = False
    negative: bool = False
    """The wire has it with the opposite sign."""
    scaled: bool = False
    """Ten times coarser where the board counts in 0.1 A and 0.1 Ah."""
    bit: int | None = None
    byte: int | None = None
    """0 is the high one."""
    choice: Choice | None = None
    shunt: bool = False
    """In 0.1 mΩ, or in 0.01 mΩ if the highest bit is set or the board counts in 0.1 A."""
    text: bool = False
    proof: Proof = Proof.PROVEN

    @property
    def kind(self) -> SettingKind:
        """Return what may be written."""
        if self.text:
            return SettingKind.TEXT
        if self.choice is not None:
            return SettingKind.CHOICE
        return SettingKind.NUMBER if self.bit is None else SettingKind.SWITCH

    def _divisor(self, *, quantize: bool) -> int:
        return self.divisor // 10 if self.scaled and quantize else self.divisor

    def value(self, data: bytes, *, quantize: bool = False) -> SettingValue:
        """Return what the data of a register say of this parameter."""
        if self.text:
            return data[1 : 1 + data[0]].split(b"\0")[0].decode("ascii", "replace")
        if self.byte is not None:
            return data[self.byte]
        word = int.from_bytes(data, signed=self.signed)
        if self.shunt:
            return (word & ~_FINE_SHUNT) / (100_000 if quantize or word & _FINE_SHUNT else 10_000)
        if self.choice is not None:
            return self.choice.value(word)
        if self.bit is not None:
            return bool(word >> self.bit & 1)
        raw = (-word if self.negative else word) - self.offset
        divisor = self._divisor(quantize=quantize)
        return raw / divisor if divisor != 1 else raw

    def put(self, old: bytes, value: SettingValue | None, *, quantize: bool = False) -> bytes:
        """Return the data that write a value; what shares the register stays as in `old`. Raises ValueError."""
        if self.text:
            return self._put_text(value)
        if len(old) != 2:
            # Without what shares the register nothing may be written: it would be lost.
            raise ValueError(f"what {self.key} shares its register with is not known")
        if self.choice is not None:
            return self.choice.put(int.from_bytes(old), str(value)).to_bytes(2)
        if self.bit is not None:
            if not isinstance(value, bool):
                raise ValueError(f"{self.key} is true or false")
            word = int.from_bytes(old)
            return (word | 1 << self.bit if value else word & ~(1 << self.bit)).to_bytes(2)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:  # noqa: PLR0124
            raise ValueError(f"{self.key} is a number")
        try:
            raw = round(value * self._divisor(quantize=quantize)) + self.offset
            if self.byte is not None:
                return bytes((raw, old[1]) if self.byte == 0 else (old[0], raw))
            return (-raw if self.negative else raw).to_bytes(2, signed=self.signed)
        except ValueError, OverflowError:
            raise ValueError(f"{value} does not fit into {self.key}") from None

    def _put_text(self, value: SettingValue | None) -> bytes:
        if not isinstance(value, str) or not value.isascii() or len(value) > _MAX_TEXT:
            raise ValueError(f"{self.key} is at most {_MAX_TEXT} plain characters")
        return bytes((len(value),)) + value.encode("ascii")

    def resolution(self, *, quantize: bool = False) -> float:
        """Return the smallest difference that the wire can carry."""
        return 1 / self._divisor(quantize=quantize)


def _cell(key: str, register: int) -> Register:
    return Register(key=key, register=register, unit=Unit.VOLT, divisor=1000)


def _pack(key: str, register: int) -> Register:
    return Register(key=key, register=register, unit=Unit.VOLT, divisor=100)


def _capacity(key: str, register: int) -> Register:
    return Register(key=key, register=register, unit=Unit.AMPERE_HOUR, divisor=100, scaled=True)


def _temperature(key: str, register: int) -> Register:
    return Register(key=key, register=register, unit=Unit.CELSIUS, divisor=10, offset=_ZERO_CELSIUS)


def _seconds(register: int, *keys: str) -> tuple[Register, ...]:
    """Return the two bytes of a word of delays, the high one first."""
    return tuple(Register(key=key, register=register, unit=Unit.SECOND, byte=place) for place, key in enumerate(keys))


def _switch(key: str, register: int, bit: int) -> Register:
    return Register(key=key, register=register, bit=bit)


def _fact(key: str, register: int, unit: Unit = Unit.NONE, divisor: int = 1) -> Register:
    return Register(key=key, register=register, unit=unit, divisor=divisor, proof=Proof.READ_ONLY)


FUNCTIONS: Final = (
    "switch_input",
    "load_detection",
    "balance_switch",
    "balance_only_charging",
    "led",
    "led_shows_soc",
)
"""Bits of the function word on whose meaning the sources agree."""
_PROBES: Final = 8

REGISTERS: Final = (
    _capacity("design_capacity", 0x10),
    _capacity("cycle_capacity", 0x11),
    _cell("soc_100_voltage", 0x12),
    _cell("soc_0_voltage", 0x13),
    # Self-discharge to some sources, the board's own consumption to others.
    _fact("register_0x14", 0x14),
    _fact("board_serial_number", 0x16),
    _fact("cycle_count", 0x17),
    _temperature("charge_overtemperature", 0x18),
    _temperature("charge_overtemperature_release", 0x19),
    _temperature("charge_undertemperature", 0x1A),
    _temperature("charge_undertemperature_release", 0x1B),
    _temperature("discharge_overtemperature", 0x1C),
    _temperature("discharge_overtemperature_release", 0x1D),
    _temperature("discharge_undertemperature", 0x1E),
    _temperature("discharge_undertemperature_release", 0x1F),
    _pack("pack_overvoltage", 0x20),
    _pack("pack_overvoltage_release", 0x21),
    _pack("pack_undervoltage", 0x22),
    _pack("pack_undervoltage_release", 0x23),
    _cell("cell_overvoltage", 0x24),
    _cell("cell_overvoltage_release", 0x25),
    _cell("cell_undervoltage", 0x26),
    _cell("cell_undervoltage_release", 0x27),
    Register(key="max_charge_current", register=0x28, unit=Unit.AMPERE, divisor=100, signed=True, scaled=True),
    Register(
        key="max_discharge_current",
        register=0x29,
        unit=Unit.AMPERE,
        divisor=100,
        signed=True,
        negative=True,
        scaled=True,
    ),
    _cell("balance_start_voltage", 0x2A),
    _cell("balance_trigger", 0x2B),
    Register(key="shunt_resistance", register=0x2C, unit=Unit.OHM, shunt=True, proof=Proof.READ_ONLY),
    *(_switch(key, FUNCTION_WORD, bit) for bit, key in enumerate(FUNCTIONS)),
    _fact("function_word", FUNCTION_WORD),
    *(_switch(f"temperature_sensor_{bit + 1}", 0x2E, bit) for bit in range(_PROBES)),
    Register(key="cell_count", register=0x2F, proof=Proof.EXPERIMENTAL),
    Register(key="switch_delay", register=0x30, unit=Unit.SECOND),
    Register(key="led_time", register=0x31, unit=Unit.SECOND),
    _cell("soc_80_voltage", 0x32),
    _cell("soc_60_voltage", 0x33),
    _cell("soc_40_voltage", 0x34),
    _cell("soc_20_voltage", 0x35),
    _cell("hardware_cell_overvoltage", 0x36),
    _cell("hardware_cell_undervoltage", 0x37),
    *(
        Register(key=choice.key, register=choice.register, choice=choice, proof=Proof.EXPERIMENTAL)
        for choice in CHOICES
    ),
    Register(key="short_circuit_release", register=HARDWARE_WORD, unit=Unit.SECOND, byte=1, proof=Proof.EXPERIMENTAL),
    *_seconds(0x3A, "charge_undertemperature_delay", "charge_overtemperature_delay"),
    *_seconds(0x3B, "discharge_undertemperature_delay", "discharge_overtemperature_delay"),
    *_seconds(0x3C, "pack_undervoltage_delay", "pack_overvoltage_delay"),
    *_seconds(0x3D, "cell_undervoltage_delay", "cell_overvoltage_delay"),
    *_seconds(0x3E, "charge_overcurrent_delay", "charge_overcurrent_release"),
    *_seconds(0x3F, "discharge_overcurrent_delay", "discharge_overcurrent_release"),
    _cell("soc_90_voltage", 0x42),
    _cell("soc_70_voltage", 0x43),
    _cell("soc_50_voltage", 0x44),
    _cell("soc_30_voltage", 0x45),
    _cell("soc_10_voltage", 0x46),
    Register(key="soc_100_voltage_fine", register=0x47, unit=Unit.VOLT, divisor=1000, proof=Proof.EXPERIMENTAL),
    Register(key="manufacturer_name", register=0xA0, text=True),
    Register(key="model_name", register=0xA1, text=True),
    Register(key="barcode", register=0xA2, text=True),
)

OF_FRONT_END: Final = frozenset(choice.key for choice in CHOICES)
"""What is laid out as the front end wants it; ours is that of TI."""

BY_KEY: Final[Mapping[str, Register]] = {row.key: row for row in REGISTERS}

BY_REGISTER: Final[Mapping[int, tuple[Register, ...]]] = {
    number: tuple(row for row in REGISTERS if row.register == number)
    for number in dict.fromkeys(row.register for row in REGISTERS)
}
