"""Daly parameters: where each lies in the three dialects, how it is coded, and what proves that it can be written.

The maps of D2 and 81 are different ones: the same number means another thing. That 81 is D2 with 0x80 added, as one client
has it, is refuted by what boards hold; a write by that idea would hit the capacity and the counters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
import math
from typing import Final

from ..settings import Proof, SettingKind, SettingValue, Unit
from .common import CURRENT_OFFSET, UNSUPPORTED
from .frames import Dialect

NEVER: Final = 65_535
"""Seconds of sleep time: the board never sleeps."""
_TEMPERATURE_OFFSET: Final = 40
_HIGHEST: Final = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """How the bytes of a parameter stand for its value."""

    unit: Unit = Unit.NONE
    divisor: float = 1
    zero: int = 0
    """Wire value of zero."""
    current: int = 0
    """A current that the wire has below (-1) or above (1) `zero`; read by its place alone: a board has been seen with one on
    the wrong side."""
    names: Mapping[int, str] | None = None
    """Names of the values of an enumeration."""
    is_switch: bool = False
    is_sleep: bool = False
    """All ones is a value here: never."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, in the order of the columns of a data sheet."""

    number: int
    """Register of D2 and 81, command of A5."""
    key: str
    coding: Coding
    offset: int = 0
    """Of its first byte among the data of the command of A5."""
    size: int = 2
    """Bytes."""
    proof: Proof = Proof.EXPERIMENTAL

    @property
    def kind(self) -> SettingKind:
        """Return what may be written."""
        if self.coding.is_switch:
            return SettingKind.SWITCH
        return SettingKind.CHOICE if self.coding.names is not None else SettingKind.NUMBER

    def value(self, data: bytes) -> SettingValue | None:
        """Return what the bytes of this parameter say, None if the board does not have it."""
        coding, raw = self.coding, int.from_bytes(data)
        if coding.is_sleep and raw == UNSUPPORTED:
            return NEVER
        if data == b"\xff" * len(data):
            return None
        if coding.is_switch:
            return raw == 1 if raw <= 1 else None
        if coding.names is not None:
            return coding.names.get(raw, f"unknown_{raw}")
        number = abs(raw - coding.zero) if coding.current else raw - coding.zero
        return number / coding.divisor if coding.divisor != 1 else number

    def encode(self, value: SettingValue | None) -> int:
        """Return the wire value. Raises ValueError if it cannot be written."""
        coding = self.coding
        if coding.is_switch:
            if not isinstance(value, bool):
                raise ValueError(f"{self.key} is true or false")
            return int(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _HIGHEST:
            raise ValueError(f"{self.key} is a number")
        scaled = round(value * coding.divisor)
        if coding.is_sleep and value == NEVER:
            scaled = math.floor(value * coding.divisor)
        raw = coding.zero + (scaled * coding.current if coding.current else scaled)
        never = coding.is_sleep and value != NEVER and scaled >= math.floor(NEVER * coding.divisor)
        if not 0 <= raw < 1 << 8 * self.size or never or (coding.current and value < 0):
            raise ValueError(f"{value} does not fit into {self.key}")
        return raw

    @property
    def resolution(self) -> float:
        """Return the smallest difference that the wire can carry."""
        return 1 / self.coding.divisor


_PROVEN, _READ_ONLY = Proof.PROVEN, Proof.READ_ONLY

_PLAIN: Final = Coding()
_SWITCH: Final = Coding(is_switch=True)
_MILLIVOLTS: Final = Coding(unit=Unit.VOLT, divisor=1000)
_DECIVOLTS: Final = Coding(unit=Unit.VOLT, divisor=10)
_CHARGE_CURRENT: Final = Coding(unit=Unit.AMPERE, divisor=10, zero=CURRENT_OFFSET, current=-1)
_DISCHARGE_CURRENT: Final = Coding(unit=Unit.AMPERE, divisor=10, zero=CURRENT_OFFSET, current=1)
_MILLIAMPERES: Final = Coding(unit=Unit.AMPERE, divisor=1000)
_AMPERES: Final = Coding(unit=Unit.AMPERE)
_AMPERE_HOURS: Final = Coding(unit=Unit.AMPERE_HOUR)
_TENTHS_OF_AMPERE_HOUR: Final = Coding(unit=Unit.AMPERE_HOUR, divisor=10)
_MILLIAMPERE_HOURS: Final = Coding(unit=Unit.AMPERE_HOUR, divisor=1000)
_TEMPERATURE: Final = Coding(unit=Unit.CELSIUS, zero=_TEMPERATURE_OFFSET)
_TEMPERATURE_DIFFERENCE: Final = Coding(unit=Unit.CELSIUS)
_TENTHS_OF_PERCENT: Final = Coding(unit=Unit.PERCENT, divisor=10)
_SECONDS: Final = Coding(unit=Unit.SECOND)
_MILLISECONDS: Final = Coding(unit=Unit.SECOND, divisor=1000)
_SLEEP_SECONDS: Final = Coding(unit=Unit.SECOND, is_sleep=True)
_SLEEP_DECASECONDS: Final = Coding(unit=Unit.SECOND, divisor=0.1, is_sleep=True)
_MICROOHMS: Final = Coding(unit=Unit.OHM, divisor=1_000_000)
_BATTERY_TYPE: Final = Coding(names={0: "lfp", 1: "nmc", 2: "lto"})
_KEY_FUNCTION: Final = Coding(
    names={
        0x55: "off",
        0xA5: "discharge_and_sleep",
        0x5A: "discharge",
        0xAA: "charge_and_discharge",
        0xA6: "charge_discharge_and_sleep",
    }
)

# D2: the vendor's sheet and the settings of four boards. What only the sheet says about writing is experimental; the
# switches and the balancer were recorded.

D2_SETTINGS: Final = (0x0080, 41)
D2_IDENTITY: Final = (0x00A9, 32)
D2_SECRETS: Final = (0x00C9, 5)
"""Password and production date."""
D2_BALANCER: Final = (0x00CF, 1)

_D2: Final = (
    Parameter(0x80, "design_capacity", _TENTHS_OF_AMPERE_HOUR),
    Parameter(0x81, "nominal_cell_voltage", _MILLIVOLTS, proof=_READ_ONLY),
    Parameter(0x83, "cell_count_1", _PLAIN, proof=_READ_ONLY),
    Parameter(0x84, "cell_count_2", _PLAIN, proof=_READ_ONLY),
    Parameter(0x85, "cell_count_3", _PLAIN, proof=_READ_ONLY),
    Parameter(0x89, "battery_type", _BATTERY_TYPE, proof=_READ_ONLY),
    Parameter(0x8A, "sleep_time", _SLEEP_SECONDS),
    Parameter(0x8B, "cell_overvoltage_warning", _MILLIVOLTS),
    Parameter(0x8C, "cell_overvoltage", _MILLIVOLTS),
    Parameter(0x8D, "cell_undervoltage_warning", _MILLIVOLTS),
    Parameter(0x8E, "cell_undervoltage", _MILLIVOLTS),
    Parameter(0x8F, "pack_overvoltage_warning", _DECIVOLTS),
    Parameter(0x90, "pack_overvoltage", _DECIVOLTS),
    Parameter(0x91, "pack_undervoltage_warning", _DECIVOLTS),
    Parameter(0x92, "pack_undervoltage", _DECIVOLTS),
    Parameter(0x93, "charge_overcurrent_warning", _CHARGE_CURRENT),
    Parameter(0x94, "max_charge_current", _CHARGE_CURRENT),
    Parameter(0x95, "discharge_overcurrent_warning", _DISCHARGE_CURRENT),
    Parameter(0x96, "max_discharge_current", _DISCHARGE_CURRENT),
    Parameter(0x97, "charge_overtemperature_warning", _TEMPERATURE),
    Parameter(0x98, "charge_overtemperature", _TEMPERATURE),
    Parameter(0x99, "charge_undertemperature_warning", _TEMPERATURE),
    Parameter(0x9A, "charge_undertemperature", _TEMPERATURE),
    Parameter(0x9B, "discharge_overtemperature_warning", _TEMPERATURE),
    Parameter(0x9C, "discharge_overtemperature", _TEMPERATURE),
    Parameter(0x9D, "discharge_undertemperature_warning", _TEMPERATURE),
    Parameter(0x9E, "discharge_undertemperature", _TEMPERATURE),
    Parameter(0x9F, "cell_imbalance_warning", _MILLIVOLTS),
    Parameter(0xA0, "cell_imbalance", _MILLIVOLTS),
    Parameter(0xA1, "temperature_imbalance_warning", _TEMPERATURE_DIFFERENCE),
    Parameter(0xA2, "temperature_imbalance", _TEMPERATURE_DIFFERENCE),
    Parameter(0xA3, "balance_start_voltage", _MILLIVOLTS),
    Parameter(0xA4, "balance_trigger", _MILLIVOLTS),
    Parameter(0xA5, "charge_switch", _SWITCH, proof=_PROVEN),
    Parameter(0xA6, "discharge_switch", _SWITCH, proof=_PROVEN),
    Parameter(0xA7, "soc_calibration", _TENTHS_OF_PERCENT),
    # 47 °C by the vendor's sheet, 87 °C by any sense: not known, and so not to be written.
    Parameter(0xA8, "register_0xa8", _PLAIN, proof=_READ_ONLY),
    Parameter(0xCF, "balance_switch", _SWITCH, proof=_PROVEN),
)

# 81: found by three people on their boards, with recorded writes of switches and currents.

P81_SETTINGS: Final = ((0x0100, 98), (0x0162, 22))
P81_SECOND: Final = (0x01C3, 60)
P81_IDENTITY: Final = (0x0178, 74)

_P81: Final = (
    Parameter(0x0101, "cell_count", _PLAIN, proof=_READ_ONLY),
    Parameter(0x0109, "design_capacity", _MILLIAMPERE_HOURS, size=4, proof=_READ_ONLY),
    Parameter(0x010D, "charged_total", _MILLIAMPERE_HOURS, size=4, proof=_READ_ONLY),
    Parameter(0x010F, "discharged_total", _MILLIAMPERE_HOURS, size=4, proof=_READ_ONLY),
    Parameter(0x0114, "nominal_cell_voltage", _MILLIVOLTS, proof=_READ_ONLY),
    Parameter(0x0115, "sleep_time", _SLEEP_DECASECONDS),
    Parameter(0x0116, "soc_calibration", _TENTHS_OF_PERCENT),
    Parameter(0x0117, "max_balance_current", _MILLIAMPERES, proof=_READ_ONLY),
    Parameter(0x0119, "balance_switch", _SWITCH),
    Parameter(0x011A, "balance_start_voltage", _MILLIVOLTS),
    Parameter(0x011B, "balance_trigger", _MILLIVOLTS),
    Parameter(0x0120, "key_logic", _KEY_FUNCTION, proof=_READ_ONLY),
    Parameter(0x0121, "charge_switch", _SWITCH, proof=_PROVEN),
    Parameter(0x0122, "discharge_switch", _SWITCH, proof=_PROVEN),
    Parameter(0x012E, "forced_closure_time", _SECONDS, proof=_READ_ONLY),
    Parameter(0x016E, "short_circuit_current", _AMPERES, proof=_READ_ONLY),
    # Warning, protection, release, delay.
    Parameter(0x0130, "cell_overvoltage_warning", _MILLIVOLTS),
    Parameter(0x0131, "cell_overvoltage", _MILLIVOLTS),
    Parameter(0x0132, "cell_overvoltage_release", _MILLIVOLTS),
    Parameter(0x0133, "cell_overvoltage_delay", _MILLISECONDS),
    Parameter(0x0134, "cell_undervoltage_warning", _MILLIVOLTS),
    Parameter(0x0135, "cell_undervoltage", _MILLIVOLTS),
    Parameter(0x0136, "cell_undervoltage_release", _MILLIVOLTS),
    Parameter(0x0137, "cell_undervoltage_delay", _MILLISECONDS),
    Parameter(0x0138, "pack_overvoltage_warning", _DECIVOLTS),
    Parameter(0x0139, "pack_overvoltage", _DECIVOLTS),
    Parameter(0x013A, "pack_overvoltage_release", _DECIVOLTS),
    Parameter(0x013B, "pack_overvoltage_delay", _MILLISECONDS),
    Parameter(0x013C, "pack_undervoltage_warning", _DECIVOLTS),
    Parameter(0x013D, "pack_undervoltage", _DECIVOLTS),
    Parameter(0x013E, "pack_undervoltage_release", _DECIVOLTS),
    Parameter(0x013F, "pack_undervoltage_delay", _MILLISECONDS),
    Parameter(0x014A, "charge_overtemperature_warning", _TEMPERATURE),
    Parameter(0x014B, "charge_overtemperature", _TEMPERATURE),
    Parameter(0x014C, "charge_overtemperature_release", _TEMPERATURE),
    Parameter(0x014D, "charge_overtemperature_delay", _MILLISECONDS),
    Parameter(0x014E, "charge_undertemperature_warning", _TEMPERATURE),
    Parameter(0x014F, "charge_undertemperature", _TEMPERATURE),
    Parameter(0x0150, "charge_undertemperature_release", _TEMPERATURE),
    Parameter(0x0151, "charge_undertemperature_delay", _MILLISECONDS),
    Parameter(0x0152, "discharge_overtemperature_warning", _TEMPERATURE),
    Parameter(0x0153, "discharge_overtemperature", _TEMPERATURE),
    Parameter(0x0154, "discharge_overtemperature_release", _TEMPERATURE),
    Parameter(0x0155, "discharge_overtemperature_delay", _MILLISECONDS),
    Parameter(0x0156, "discharge_undertemperature_warning", _TEMPERATURE),
    Parameter(0x0157, "discharge_undertemperature", _TEMPERATURE),
    Parameter(0x0158, "discharge_undertemperature_release", _TEMPERATURE),
    Parameter(0x0159, "discharge_undertemperature_delay", _MILLISECONDS),
    Parameter(0x015A, "cell_imbalance_warning", _MILLIVOLTS),
    Parameter(0x015B, "cell_imbalance", _MILLIVOLTS),
    Parameter(0x015C, "cell_imbalance_release", _MILLIVOLTS),
    Parameter(0x015D, "cell_imbalance_delay", _MILLISECONDS),
    Parameter(0x015E, "temperature_imbalance_warning", _TEMPERATURE_DIFFERENCE),
    Parameter(0x015F, "temperature_imbalance", _TEMPERATURE_DIFFERENCE),
    Parameter(0x0160, "temperature_imbalance_release", _TEMPERATURE_DIFFERENCE),
    Parameter(0x0161, "temperature_imbalance_delay", _MILLISECONDS),
    Parameter(0x0162, "soc_low_warning", _TENTHS_OF_PERCENT),
    Parameter(0x0163, "soc_low", _TENTHS_OF_PERCENT),
    Parameter(0x0164, "soc_low_release", _TENTHS_OF_PERCENT),
    Parameter(0x0165, "soc_low_delay", _MILLISECONDS),
    Parameter(0x0166, "mosfet_overtemperature_warning", _TEMPERATURE),
    Parameter(0x0167, "mosfet_overtemperature", _TEMPERATURE),
    Parameter(0x0168, "mosfet_overtemperature_release", _TEMPERATURE),
    Parameter(0x0169, "mosfet_overtemperature_delay", _MILLISECONDS),
    # The second layer: threshold, release, delay.
    Parameter(0x01C3, "cell_overvoltage_2", _MILLIVOLTS),
    Parameter(0x01C4, "cell_overvoltage_2_release", _MILLIVOLTS),
    Parameter(0x01C5, "cell_overvoltage_2_delay", _MILLISECONDS),
    Parameter(0x01C6, "cell_undervoltage_2", _MILLIVOLTS),
    Parameter(0x01C7, "cell_undervoltage_2_release", _MILLIVOLTS),
    Parameter(0x01C8, "cell_undervoltage_2_delay", _MILLISECONDS),
    Parameter(0x01C9, "pack_overvoltage_2", _DECIVOLTS),
    Parameter(0x01CA, "pack_overvoltage_2_release", _DECIVOLTS),
    Parameter(0x01CB, "pack_overvoltage_2_delay", _MILLISECONDS),
    Parameter(0x01CC, "pack_undervoltage_2", _DECIVOLTS),
    Parameter(0x01CD, "pack_undervoltage_2_release", _DECIVOLTS),
    Parameter(0x01CE, "pack_undervoltage_2_delay", _MILLISECONDS),
    Parameter(0x01CF, "charge_overtemperature_2", _TEMPERATURE),
    Parameter(0x01D0, "charge_overtemperature_2_release", _TEMPERATURE),
    Parameter(0x01D1, "charge_overtemperature_2_delay", _MILLISECONDS),
    Parameter(0x01D2, "charge_undertemperature_2", _TEMPERATURE),
    Parameter(0x01D3, "charge_undertemperature_2_release", _TEMPERATURE),
    Parameter(0x01D4, "charge_undertemperature_2_delay", _MILLISECONDS),
    Parameter(0x01D5, "discharge_overtemperature_2", _TEMPERATURE),
    Parameter(0x01D6, "discharge_overtemperature_2_release", _TEMPERATURE),
    Parameter(0x01D7, "discharge_overtemperature_2_delay", _MILLISECONDS),
    Parameter(0x01D8, "discharge_undertemperature_2", _TEMPERATURE),
    Parameter(0x01D9, "discharge_undertemperature_2_release", _TEMPERATURE),
    Parameter(0x01DA, "discharge_undertemperature_2_delay", _MILLISECONDS),
    Parameter(0x01DB, "cell_imbalance_2", _MILLIVOLTS),
    Parameter(0x01DC, "cell_imbalance_2_release", _MILLIVOLTS),
    Parameter(0x01DD, "cell_imbalance_2_delay", _MILLISECONDS),
    Parameter(0x01DE, "temperature_imbalance_2", _TEMPERATURE_DIFFERENCE),
    Parameter(0x01DF, "temperature_imbalance_2_release", _TEMPERATURE_DIFFERENCE),
    Parameter(0x01E0, "temperature_imbalance_2_delay", _MILLISECONDS),
    Parameter(0x01E1, "soc_low_2", _TENTHS_OF_PERCENT),
    Parameter(0x01E2, "soc_low_2_release", _TENTHS_OF_PERCENT),
    Parameter(0x01E3, "soc_low_2_delay", _MILLISECONDS),
    Parameter(0x01E4, "mosfet_overtemperature_2", _TEMPERATURE),
    Parameter(0x01E5, "mosfet_overtemperature_2_release", _TEMPERATURE),
    Parameter(0x01E6, "mosfet_overtemperature_2_delay", _MILLISECONDS),
    # Warning, protection, delay, second layer, and the delay of that.
    Parameter(0x0140, "charge_overcurrent_warning", _CHARGE_CURRENT),
    Parameter(0x0141, "max_charge_current", _CHARGE_CURRENT),
    Parameter(0x0142, "charge_overcurrent_delay", _MILLISECONDS),
    Parameter(0x0143, "charge_overcurrent_2", _CHARGE_CURRENT),
    Parameter(0x0144, "charge_overcurrent_2_delay", _MILLISECONDS),
    Parameter(0x0145, "discharge_overcurrent_warning", _DISCHARGE_CURRENT),
    Parameter(0x0146, "max_discharge_current", _DISCHARGE_CURRENT),
    Parameter(0x0147, "discharge_overcurrent_delay", _MILLISECONDS),
    Parameter(0x0148, "discharge_overcurrent_2", _DISCHARGE_CURRENT),
    Parameter(0x0149, "discharge_overcurrent_2_delay", _MILLISECONDS),
)

# A5: read by several clients; of the writes only switches and state of charge are known to work.


_A5: Final = (
    Parameter(0x50, "design_capacity", _MILLIAMPERE_HOURS, offset=0, size=4, proof=_READ_ONLY),
    Parameter(0x50, "nominal_cell_voltage", _MILLIVOLTS, offset=6, proof=_READ_ONLY),
    Parameter(0x52, "charged_total", _AMPERE_HOURS, offset=0, size=4, proof=_READ_ONLY),
    Parameter(0x52, "discharged_total", _AMPERE_HOURS, offset=4, size=4, proof=_READ_ONLY),
    Parameter(0x53, "battery_type", _BATTERY_TYPE, offset=1, size=1, proof=_READ_ONLY),
    Parameter(0x53, "sleep_time", _SLEEP_SECONDS, offset=5, proof=_READ_ONLY),
    Parameter(0x59, "cell_overvoltage_warning", _MILLIVOLTS, offset=0, proof=_READ_ONLY),
    Parameter(0x59, "cell_overvoltage", _MILLIVOLTS, offset=2, proof=_READ_ONLY),
    Parameter(0x59, "cell_undervoltage_warning", _MILLIVOLTS, offset=4, proof=_READ_ONLY),
    Parameter(0x59, "cell_undervoltage", _MILLIVOLTS, offset=6, proof=_READ_ONLY),
    Parameter(0x5A, "pack_overvoltage_warning", _DECIVOLTS, offset=0, proof=_READ_ONLY),
    Parameter(0x5A, "pack_overvoltage", _DECIVOLTS, offset=2, proof=_READ_ONLY),
    Parameter(0x5A, "pack_undervoltage_warning", _DECIVOLTS, offset=4, proof=_READ_ONLY),
    Parameter(0x5A, "pack_undervoltage", _DECIVOLTS, offset=6, proof=_READ_ONLY),
    Parameter(0x5B, "charge_overcurrent_warning", _CHARGE_CURRENT, offset=0, proof=_READ_ONLY),
    Parameter(0x5B, "max_charge_current", _CHARGE_CURRENT, offset=2, proof=_READ_ONLY),
    Parameter(0x5B, "discharge_overcurrent_warning", _DISCHARGE_CURRENT, offset=4, proof=_READ_ONLY),
    Parameter(0x5B, "max_discharge_current", _DISCHARGE_CURRENT, offset=6, proof=_READ_ONLY),
    Parameter(0x5C, "charge_overtemperature_warning", _TEMPERATURE, offset=0, size=1, proof=_READ_ONLY),
    Parameter(0x5C, "charge_overtemperature", _TEMPERATURE, offset=1, size=1, proof=_READ_ONLY),
    Parameter(0x5C, "charge_undertemperature_warning", _TEMPERATURE, offset=2, size=1, proof=_READ_ONLY),
    Parameter(0x5C, "charge_undertemperature", _TEMPERATURE, offset=3, size=1, proof=_READ_ONLY),
    Parameter(0x5C, "discharge_overtemperature_warning", _TEMPERATURE, offset=4, size=1, proof=_READ_ONLY),
    Parameter(0x5C, "discharge_overtemperature", _TEMPERATURE, offset=5, size=1, proof=_READ_ONLY),
    Parameter(0x5C, "discharge_undertemperature_warning", _TEMPERATURE, offset=6, size=1, proof=_READ_ONLY),
    Parameter(0x5C, "discharge_undertemperature", _TEMPERATURE, offset=7, size=1, proof=_READ_ONLY),
    Parameter(0x5D, "soc_high_warning", _TENTHS_OF_PERCENT, offset=0, proof=_READ_ONLY),
    Parameter(0x5D, "soc_high", _TENTHS_OF_PERCENT, offset=2, proof=_READ_ONLY),
    Parameter(0x5D, "soc_low_warning", _TENTHS_OF_PERCENT, offset=4, proof=_READ_ONLY),
    Parameter(0x5D, "soc_low", _TENTHS_OF_PERCENT, offset=6, proof=_READ_ONLY),
    Parameter(0x5E, "cell_imbalance_warning", _MILLIVOLTS, offset=0, proof=_READ_ONLY),
    Parameter(0x5E, "cell_imbalance", _MILLIVOLTS, offset=2, proof=_READ_ONLY),
    Parameter(0x5E, "temperature_imbalance_warning", _TEMPERATURE_DIFFERENCE, offset=4, size=1, proof=_READ_ONLY),
    Parameter(0x5E, "temperature_imbalance", _TEMPERATURE_DIFFERENCE, offset=5, size=1, proof=_READ_ONLY),
    Parameter(0x5F, "balance_start_voltage", _MILLIVOLTS, offset=0, proof=_READ_ONLY),
    Parameter(0x5F, "balance_trigger", _MILLIVOLTS, offset=2, proof=_READ_ONLY),
    Parameter(0x60, "short_circuit_current", _AMPERES, offset=0, proof=_READ_ONLY),
    Parameter(0x60, "shunt_resistance", _MICROOHMS, offset=2, proof=_READ_ONLY),
)

PARAMETERS: Final[Mapping[Dialect, tuple[Parameter, ...]]] = {
    Dialect.D2: _D2,
    Dialect.P81: _P81,
    Dialect.A5: _A5,
}

BY_KEY: Final[Mapping[Dialect, Mapping[str, Parameter]]] = {
    dialect: {row.key: row for row in rows} for dialect, rows in PARAMETERS.items()
}

BY_NUMBER: Final[Mapping[Dialect, Mapping[int, tuple[Parameter, ...]]]] = {
    dialect: {
        number: tuple(row for row in rows if row.number == number)
        for number in dict.fromkeys(row.number for row in rows)
    }
    for dialect, rows in PARAMETERS.items()
}

# What a board sets by itself when a limit is written over D2, as one owner found out.
_DERIVED: Final = {
    **{
        key: (f"{key}_warning",)
        for key in ("cell_overvoltage", "cell_undervoltage", "pack_overvoltage", "pack_undervoltage")
    },
    "max_charge_current": ("charge_overcurrent_warning",),
    "max_discharge_current": ("discharge_overcurrent_warning",),
}


def derived_from(dialect: Dialect, key: str) -> frozenset[str]:
    """Return what the board changes by itself along with a parameter."""
    return frozenset(_DERIVED.get(key, ())) if dialect is Dialect.D2 else frozenset()
