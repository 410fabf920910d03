"""The table of parameters: where each is told, how it is coded, and where it is written.

Answers to queries, and all addresses, come from a single source which took them from the vendor's app; no write was ever
captured. The frame's parameters are the vendor's. Nothing is offered for writing whose address is not published.
"""

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from ..settings import SettingKind, SettingValue, Unit
from .scales import Formula, celsius, temperature_count

COLDEST: Final = -40.0
HOTTEST: Final = 80.0


class StricterSide(Enum):
    """Which of two values of a limit acts earlier."""

    LOWER = -1
    HIGHER = 1
    NEITHER = 0
    """Any value that was not wanted does harm."""
    HARMLESS = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter, in the order of the columns of a data sheet."""

    query: str
    """The query that tells it; empty for what only the frame or the stream tells."""
    index: int
    """Of its field in the answer."""
    addresses: tuple[int, ...]
    """Where its bytes are written, high byte first; empty: nobody knows."""
    key: str
    _: KW_ONLY
    kind: SettingKind = SettingKind.NUMBER
    unit: Unit = Unit.NONE
    factor: float = 1.0
    """Unit per count; unless it is a temperature."""
    temperature: bool = False
    minimum: float = 0.0
    maximum: float = 0.0
    step: float = 1.0
    codes: Mapping[int, str] = MappingProxyType({})
    strict: StricterSide = StricterSide.HARMLESS
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


type _Addresses = tuple[int, ...]


def _cell_voltage(  # noqa: PLR0913
    query: str,
    index: int,
    addresses: _Addresses,
    key: str,
    strict: StricterSide,
    *,
    minimum: float = 2.0,
    shown: bool = True,
) -> Parameter:
    return Parameter(
        query,
        index,
        addresses,
        key,
        unit=Unit.VOLT,
        factor=0.005,
        step=0.005,
        minimum=minimum,
        maximum=4.5,
        strict=strict,
        dangerous=True,
        shown=shown,
    )


def _temperature(query: str, index: int, addresses: _Addresses, key: str, strict: StricterSide) -> Parameter:
    return Parameter(
        query,
        index,
        addresses,
        key,
        unit=Unit.CELSIUS,
        temperature=True,
        minimum=COLDEST,
        maximum=HOTTEST,
        strict=strict,
        dangerous=True,
        shown=True,
    )


def _hysteresis(query: str, index: int, addresses: _Addresses, key: str) -> Parameter:
    return Parameter(
        query,
        index,
        addresses,
        key,
        unit=Unit.VOLT,
        factor=0.01,
        step=0.01,
        maximum=2.55,
        strict=StricterSide.NEITHER,
        dangerous=True,
    )


def _delay(query: str, index: int, addresses: _Addresses, key: str, *, step: float) -> Parameter:
    return Parameter(query, index, addresses, key, unit=Unit.SECOND, factor=step, step=step, maximum=step * 0xFF)


def _switch(query: str, index: int, addresses: _Addresses, key: str) -> Parameter:
    return Parameter(query, index, addresses, key, kind=SettingKind.SWITCH, dangerous=True)


def _choice(query: str, index: int, addresses: _Addresses, key: str, codes: Mapping[int, str]) -> Parameter:
    return Parameter(query, index, addresses, key, kind=SettingKind.CHOICE, codes=codes, dangerous=True)


def _power(query: str, index: int, addresses: _Addresses, key: str) -> Parameter:
    return Parameter(
        query, index, addresses, key, unit=Unit.WATT, factor=10.0, step=10.0, maximum=100_000.0, shown=True
    )


def _restart_soc(query: str, index: int, addresses: _Addresses, key: str) -> Parameter:
    return Parameter(query, index, addresses, key, unit=Unit.PERCENT, maximum=100.0, shown=True)


# Query, field of its answer, addresses, key.
PARAMETERS: Final[tuple[Parameter, ...]] = (
    Parameter(
        "S1",
        2,
        (0x030, 0x031),
        "battery_capacity",
        unit=Unit.WATT_HOUR,
        factor=100.0,
        step=100.0,
        minimum=100.0,
        maximum=1_000_000.0,
        strict=StricterSide.NEITHER,
        dangerous=True,
        shown=True,
    ),
    _cell_voltage("S2", 1, (0x050, 0x051), "cell_overvoltage", StricterSide.LOWER),
    _hysteresis("S2", 10, (0x052,), "cell_overvoltage_hysteresis"),
    # Every second the stream tells which is in force: that is what is shown.
    _cell_voltage("V", 4, (), "balance_start_voltage", StricterSide.LOWER, shown=False),
    # Only the frame tells it.
    _cell_voltage("", 0, (), "full_cell_voltage", StricterSide.NEITHER),
    _cell_voltage("S2", 8, (0x046, 0x047), "nominal_cell_voltage", StricterSide.NEITHER),
    _cell_voltage("S2", 7, (0x044, 0x045), "low_cell_voltage", StricterSide.HIGHER, minimum=1.5),
    _cell_voltage("S2", 0, (0x040, 0x041), "cell_undervoltage", StricterSide.HIGHER, minimum=1.5),
    _hysteresis("S2", 9, (0x042,), "cell_undervoltage_hysteresis"),
    _temperature("S2", 3, (0x070, 0x071), "cell_overtemperature", StricterSide.LOWER),
    _temperature("S2", 2, (0x060, 0x061), "charge_undertemperature", StricterSide.HIGHER),
    _temperature("S2", 6, (0x062, 0x063), "discharge_undertemperature", StricterSide.HIGHER),
    _restart_soc("S2", 4, (), "charge_restart_soc"),
    _restart_soc("S2", 5, (), "discharge_restart_soc"),
    _delay("S3", 5, (0x082, 0x083), "charge_restart_delay", step=5.0),
    _delay("S3", 6, (0x084, 0x085), "discharge_restart_delay", step=5.0),
    _delay("S3", 7, (0x086,), "charge_pause_delay", step=2.0),
    _delay("S3", 8, (0x087,), "discharge_pause_delay", step=2.0),
    _choice("S3", 0, (0x016,), "sensor_type", _SENSORS),
    _choice("S3", 10, (0x015,), "chemistry", _CHEMISTRIES),
    _switch("S3", 1, (0x017,), "critical_mode"),
    _switch("S3", 2, (0x019,), "charge_relay_forced_off"),
    _switch("S3", 3, (0x01A,), "discharge_relay_forced_off"),
    _switch("S3", 4, (0x08B,), "use_measured_capacity"),
    _switch("S3", 9, (0x08D,), "soc_voltage_correction"),
    Parameter(
        "S3",
        11,
        (0x092,),
        "full_sync_tail_current",
        unit=Unit.AMPERE,
        factor=0.2,
        step=0.2,
        maximum=51.0,
        dangerous=True,
    ),
    _choice("SRY0", 1, (0x340,), "relay_1_function", _FUNCTIONS),
    _switch("SRY0", 2, (0x341,), "relay_1_inverted"),
    _choice("SRY0", 0, (0x342,), "relay_1_force", _FORCES),
    _choice("SRY1", 1, (0x360,), "relay_2_function", _FUNCTIONS),
    _switch("SRY1", 2, (0x361,), "relay_2_inverted"),
    _choice("SRY1", 0, (0x362,), "relay_2_force", _FORCES),
    _power("S1", 0, (0x010, 0x011), "solar_peak_power"),
    _power("S1", 1, (0x020, 0x021), "inverter_peak_power"),
)
BY_KEY: Final = {parameter.key: parameter for parameter in PARAMETERS}

QUERIES: Final = ("S1", "S2")
NEWER_QUERIES: Final = ("S3", "SRY0", "SRY1")
"""Which only generation 3 knows."""
VERSION: Final = "V"
