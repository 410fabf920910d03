"""The table of parameters: where each is told, how it is coded, and where it is written.

Answers to queries, and all addresses, come from a single source which took them from the vendor's app; no write was ever
captured. The frame's parameters are the vendor's. Nothing is offered for writing whose address is not published.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from ..settings import SettingKind, SettingValue, Unit
from .frames import number
from .scales import Formula, celsius, temperature_count

COLDEST: Final = -40.0
HOTTEST: Final = 80.0


class Strict(Enum):
    """Which of two values of a limit acts earlier."""

    LOWER = -1
    HIGHER = 1
    NEITHER = 0
    """Any value that was not wanted does harm."""
    HARMLESS = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One parameter."""

    key: str
    kind: SettingKind = SettingKind.NUMBER
    query: str = ""
    """The query that tells it; empty for what only the frame or the stream tells."""
    index: int = 0
    addresses: tuple[int, ...] = ()
    """Where its bytes are written, high byte first; empty: nobody knows."""
    unit: Unit = Unit.NONE
    factor: float = 1.0
    """Unit per count; unless it is a temperature."""
    temperature: bool = False
    minimum: float = 0.0
    maximum: float = 0.0
    step: float = 1.0
    codes: Mapping[int, str] = MappingProxyType({})
    strict: Strict = Strict.HARMLESS
    dangerous: bool = False
    shown: bool = False

    def value(self, count: int, formula: Formula) -> SettingValue | None:
        """Return what a count means, None if nobody knows."""
        if self.kind is SettingKind.SWITCH:
            return count == 1 if count in (0, 1) else None
        if self.kind is SettingKind.CHOICE:
            return self.codes.get(count)
        if self.temperature:
            return round(celsius(count, formula), 1)
        value = round(count * self.factor, 3)
        return int(value) if value.is_integer() and self.step >= 1 else value

    def count(self, value: SettingValue | None, formula: Formula) -> int:
        """Return the count of a value. Raises ValueError if it has none."""
        if self.kind is SettingKind.SWITCH and isinstance(value, bool):
            return int(value)
        if self.kind is SettingKind.CHOICE:
            for code, name in self.codes.items():
                if name == value:
                    return code
        elif self.kind is SettingKind.NUMBER and isinstance(value, (int, float)) and not isinstance(value, bool):
            count = temperature_count(value, formula) if self.temperature else round(value / self.factor)
            if 0 <= count < 1 << 8 * max(len(self.addresses), 1):
                return count
        raise ValueError(f"{value} is no value of {self.key}")


_SENSORS: Final = MappingProxyType({0: "range_125_5", 1: "range_250_10", 2: "range_500_20", 11: "range_1000_40"})
_CHEMISTRIES: Final = MappingProxyType({0: "other", 1: "lfp", 2: "lto", 3: "nmc", 4: "nca"})
_FORCES: Final = MappingProxyType({0: "none", 1: "keep_off", 2: "keep_on"})
_FUNCTIONS: Final = MappingProxyType(
    {1: "allowed_to_charge", 2: "allowed_to_discharge", 3: "main_relay", 4: "early_warning"}
)


def _volts(  # noqa: PLR0913
    key: str,
    query: str,
    index: int,
    *,
    first: int | None = None,
    strict: Strict,
    lowest: float = 2.0,
    shown: bool = True,
) -> Parameter:
    return Parameter(
        key=key,
        query=query,
        index=index,
        addresses=() if first is None else (first, first + 1),
        unit=Unit.VOLT,
        factor=0.005,
        step=0.005,
        minimum=lowest,
        maximum=4.5,
        strict=strict,
        dangerous=True,
        shown=shown,
    )


def _temperature(key: str, index: int, first: int, strict: Strict) -> Parameter:
    return Parameter(
        key=key,
        query="S2",
        index=index,
        addresses=(first, first + 1),
        unit=Unit.CELSIUS,
        temperature=True,
        minimum=COLDEST,
        maximum=HOTTEST,
        strict=strict,
        dangerous=True,
        shown=True,
    )


def _hysteresis(key: str, index: int, address: int) -> Parameter:
    return Parameter(
        key=key,
        query="S2",
        index=index,
        addresses=(address,),
        unit=Unit.VOLT,
        factor=0.01,
        step=0.01,
        maximum=2.55,
        strict=Strict.NEITHER,
        dangerous=True,
    )


def _delay(key: str, index: int, seconds: float, *addresses: int) -> Parameter:
    return Parameter(
        key=key,
        query="S3",
        index=index,
        addresses=addresses,
        unit=Unit.SECOND,
        factor=seconds,
        step=seconds,
        maximum=seconds * 0xFF,
    )


def _switch(key: str, index: int, address: int, *, dangerous: bool = True) -> Parameter:
    return Parameter(
        key=key, kind=SettingKind.SWITCH, query="S3", index=index, addresses=(address,), dangerous=dangerous
    )


def _choice(key: str, query: str, index: int, address: int, codes: Mapping[int, str]) -> Parameter:
    return Parameter(
        key=key, kind=SettingKind.CHOICE, query=query, index=index, addresses=(address,), codes=codes, dangerous=True
    )


def _power(key: str, index: int, first: int) -> Parameter:
    return Parameter(
        key=key,
        query="S1",
        index=index,
        addresses=(first, first + 1),
        unit=Unit.WATT,
        factor=10.0,
        step=10.0,
        maximum=100_000.0,
        shown=True,
    )


def _restart(key: str, index: int) -> Parameter:
    return Parameter(key=key, query="S2", index=index, unit=Unit.PERCENT, maximum=100.0, shown=True)


def _relay(number: int, query: str, first: int) -> tuple[Parameter, ...]:
    return (
        _choice(f"relay_{number}_function", query, 1, first, _FUNCTIONS),
        Parameter(
            key=f"relay_{number}_inverted",
            kind=SettingKind.SWITCH,
            query=query,
            index=2,
            addresses=(first + 1,),
            dangerous=True,
        ),
        _choice(f"relay_{number}_force", query, 0, first + 2, _FORCES),
    )


PARAMETERS: Final[tuple[Parameter, ...]] = (
    Parameter(
        key="battery_capacity",
        query="S1",
        index=2,
        addresses=(0x030, 0x031),
        unit=Unit.WATT_HOUR,
        factor=100.0,
        step=100.0,
        minimum=100.0,
        maximum=1_000_000.0,
        strict=Strict.NEITHER,
        dangerous=True,
        shown=True,
    ),
    _volts("cell_overvoltage", "S2", 1, first=0x050, strict=Strict.LOWER),
    _hysteresis("cell_overvoltage_hysteresis", 10, 0x052),
    # Every second the stream tells which is in force: that is what is shown.
    _volts("balance_start_voltage", "V", 4, strict=Strict.LOWER, shown=False),
    _volts("full_cell_voltage", "", 0, strict=Strict.NEITHER),
    _volts("nominal_cell_voltage", "S2", 8, first=0x046, strict=Strict.NEITHER),
    _volts("low_cell_voltage", "S2", 7, first=0x044, strict=Strict.HIGHER, lowest=1.5),
    _volts("cell_undervoltage", "S2", 0, first=0x040, strict=Strict.HIGHER, lowest=1.5),
    _hysteresis("cell_undervoltage_hysteresis", 9, 0x042),
    _temperature("cell_overtemperature", 3, 0x070, Strict.LOWER),
    _temperature("charge_undertemperature", 2, 0x060, Strict.HIGHER),
    _temperature("discharge_undertemperature", 6, 0x062, Strict.HIGHER),
    _restart("charge_restart_soc", 4),
    _restart("discharge_restart_soc", 5),
    _delay("charge_restart_delay", 5, 5.0, 0x082, 0x083),
    _delay("discharge_restart_delay", 6, 5.0, 0x084, 0x085),
    _delay("charge_pause_delay", 7, 2.0, 0x086),
    _delay("discharge_pause_delay", 8, 2.0, 0x087),
    _choice("sensor_type", "S3", 0, 0x016, _SENSORS),
    _choice("chemistry", "S3", 10, 0x015, _CHEMISTRIES),
    _switch("critical_mode", 1, 0x017),
    _switch("charge_relay_forced_off", 2, 0x019),
    _switch("discharge_relay_forced_off", 3, 0x01A),
    _switch("use_measured_capacity", 4, 0x08B),
    _switch("soc_voltage_correction", 9, 0x08D),
    Parameter(
        key="full_sync_tail_current",
        query="S3",
        index=11,
        addresses=(0x092,),
        unit=Unit.AMPERE,
        factor=0.2,
        step=0.2,
        maximum=51.0,
        dangerous=True,
    ),
    *_relay(1, "SRY0", 0x340),
    *_relay(2, "SRY1", 0x360),
    _power("solar_peak_power", 0, 0x010),
    _power("inverter_peak_power", 1, 0x020),
)
BY_KEY: Final = {parameter.key: parameter for parameter in PARAMETERS}

QUERIES: Final = ("S1", "S2")
NEWER_QUERIES: Final = ("S3", "SRY0", "SRY1")
"""Which only generation 3 knows."""
VERSION: Final = "V"


_POSSIBLE: Final = {Unit.VOLT: (0.0, 5.0), Unit.CELSIUS: (-250.0, 160.0), Unit.PERCENT: (0.0, 100.0)}
"""What a parameter can be at all; a T-min below any winter means "none"."""


def _is_possible(parameter: Parameter, value: SettingValue) -> bool:
    low, high = _POSSIBLE.get(parameter.unit, (0.0, 1e9))
    return not isinstance(value, (int, float)) or low <= value <= high


def decode_answer(query: str, fields: list[str], formula: Formula) -> dict[str, SettingValue]:
    """Return the parameters that the answer to a query tells; the PIN is never looked at. Raises FrameError."""
    values: dict[str, SettingValue] = {}
    for parameter in PARAMETERS:
        if parameter.query != query or parameter.index >= len(fields):
            continue
        count = number(fields[parameter.index])
        value = None if count is None or count < 0 else parameter.value(count, formula)
        if value is not None and _is_possible(parameter, value):
            values[parameter.key] = value
    coldest = values.get("discharge_undertemperature")
    if isinstance(coldest, float) and not COLDEST <= coldest <= HOTTEST and "charge_undertemperature" in values:
        values["discharge_undertemperature"] = values["charge_undertemperature"]
    return values
