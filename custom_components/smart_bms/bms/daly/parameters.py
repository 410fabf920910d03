"""Daly parameters: where each lies in the three dialects, how it is coded, and what proves that it can be written.

The maps of D2 and 81 are different ones: the same number means another thing. That 81 is D2 with 0x80 added, as one client
has it, is refuted by what boards hold; a write by that idea would hit the capacity and the counters.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
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
class Parameter:
    """One parameter. `place` is a register of D2 and 81, a command of A5 with the offset among its data."""

    key: str
    place: int
    offset: int = 0
    size: int = 2
    """Bytes."""
    unit: Unit = Unit.NONE
    divisor: float = 1
    zero: int = 0
    """Wire value of zero."""
    current: int = 0
    """A current that the wire has below (-1) or above (1) `zero`; read by its place alone: a board has been seen with one on
    the wrong side."""
    names: Mapping[int, str] | None = None
    is_switch: bool = False
    sleep: bool = False
    """All ones is a value here: never."""
    proof: Proof = Proof.EXPERIMENTAL

    @property
    def kind(self) -> SettingKind:
        """Return what may be written."""
        if self.is_switch:
            return SettingKind.SWITCH
        return SettingKind.CHOICE if self.names is not None else SettingKind.NUMBER

    def value(self, data: bytes) -> SettingValue | None:
        """Return what the bytes of this parameter say, None if the board does not have it."""
        raw = int.from_bytes(data)
        if self.sleep and raw == UNSUPPORTED:
            return NEVER
        if data == b"\xff" * len(data):
            return None
        if self.is_switch:
            return raw == 1 if raw <= 1 else None
        if self.names is not None:
            return self.names.get(raw, f"unknown_{raw}")
        number = abs(raw - self.zero) if self.current else raw - self.zero
        return number / self.divisor if self.divisor != 1 else number

    def encode(self, value: SettingValue | None) -> int:
        """Return the wire value. Raises ValueError if it cannot be written."""
        if self.is_switch:
            if not isinstance(value, bool):
                raise ValueError(f"{self.key} is true or false")
            return int(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < _HIGHEST:
            raise ValueError(f"{self.key} is a number")
        scaled = round(value * self.divisor)
        if self.sleep and value == NEVER:
            scaled = math.floor(value * self.divisor)
        raw = self.zero + (scaled * self.current if self.current else scaled)
        never = self.sleep and value != NEVER and scaled >= math.floor(NEVER * self.divisor)
        if not 0 <= raw < 1 << 8 * self.size or never or (self.current and value < 0):
            raise ValueError(f"{value} does not fit into {self.key}")
        return raw

    @property
    def resolution(self) -> float:
        """Return the smallest difference that the wire can carry."""
        return 1 / self.divisor


_V, _A, _AH, _C, _S, _P = Unit.VOLT, Unit.AMPERE, Unit.AMPERE_HOUR, Unit.CELSIUS, Unit.SECOND, Unit.PERCENT
_FACT: Final = Proof.READ_ONLY
_BATTERY_TYPES: Final = {0: "lfp", 1: "nmc", 2: "lto"}


def _cell(key: str, place: int) -> Parameter:
    return Parameter(key=key, place=place, unit=_V, divisor=1000)


def _pack(key: str, place: int) -> Parameter:
    return Parameter(key=key, place=place, unit=_V, divisor=10)


def _charge(key: str, place: int) -> Parameter:
    return Parameter(key=key, place=place, unit=_A, divisor=10, zero=CURRENT_OFFSET, current=-1)


def _discharge(key: str, place: int) -> Parameter:
    return Parameter(key=key, place=place, unit=_A, divisor=10, zero=CURRENT_OFFSET, current=1)


def _temperature(key: str, place: int) -> Parameter:
    return Parameter(key=key, place=place, unit=_C, zero=_TEMPERATURE_OFFSET)


def _degrees(key: str, place: int) -> Parameter:
    """A difference of temperatures: without the offset."""
    return Parameter(key=key, place=place, unit=_C)


def _percent(key: str, place: int) -> Parameter:
    return Parameter(key=key, place=place, unit=_P, divisor=10)


def _switch(key: str, place: int, proof: Proof = Proof.PROVEN) -> Parameter:
    return Parameter(key=key, place=place, is_switch=True, proof=proof)


def _fact(key: str, place: int, **more: object) -> Parameter:
    return replace(Parameter(key=key, place=place, proof=_FACT), **more)  # type: ignore[arg-type]


# D2: the vendor's sheet and the settings of four boards. What only the sheet says about writing is experimental; the
# switches and the balancer were recorded.

D2_SETTINGS: Final = (0x0080, 41)
D2_IDENTITY: Final = (0x00A9, 32)
D2_SECRETS: Final = (0x00C9, 5)
"""Password and production date."""
D2_BALANCER: Final = (0x00CF, 1)

_D2: Final = (
    Parameter(key="design_capacity", place=0x80, unit=_AH, divisor=10),
    _fact("nominal_cell_voltage", 0x81, unit=_V, divisor=1000),
    *(_fact(f"cell_count_{board}", 0x82 + board) for board in (1, 2, 3)),
    _fact("battery_type", 0x89, names=_BATTERY_TYPES),
    Parameter(key="sleep_time", place=0x8A, unit=_S, sleep=True),
    _cell("cell_overvoltage_warning", 0x8B),
    _cell("cell_overvoltage", 0x8C),
    _cell("cell_undervoltage_warning", 0x8D),
    _cell("cell_undervoltage", 0x8E),
    _pack("pack_overvoltage_warning", 0x8F),
    _pack("pack_overvoltage", 0x90),
    _pack("pack_undervoltage_warning", 0x91),
    _pack("pack_undervoltage", 0x92),
    _charge("charge_overcurrent_warning", 0x93),
    _charge("max_charge_current", 0x94),
    _discharge("discharge_overcurrent_warning", 0x95),
    _discharge("max_discharge_current", 0x96),
    _temperature("charge_overtemperature_warning", 0x97),
    _temperature("charge_overtemperature", 0x98),
    _temperature("charge_undertemperature_warning", 0x99),
    _temperature("charge_undertemperature", 0x9A),
    _temperature("discharge_overtemperature_warning", 0x9B),
    _temperature("discharge_overtemperature", 0x9C),
    _temperature("discharge_undertemperature_warning", 0x9D),
    _temperature("discharge_undertemperature", 0x9E),
    _cell("cell_imbalance_warning", 0x9F),
    _cell("cell_imbalance", 0xA0),
    _degrees("temperature_imbalance_warning", 0xA1),
    _degrees("temperature_imbalance", 0xA2),
    _cell("balance_start_voltage", 0xA3),
    _cell("balance_trigger", 0xA4),
    _switch("charge_switch", 0xA5),
    _switch("discharge_switch", 0xA6),
    _percent("soc_calibration", 0xA7),
    # 47 °C by the vendor's sheet, 87 °C by any sense: not known, and so not to be written.
    _fact("register_0xa8", 0xA8),
    _switch("balance_switch", 0xCF),
)

# 81: found by three people on their boards, with recorded writes of switches and currents.

P81_SETTINGS: Final = ((0x0100, 98), (0x0162, 22))
P81_SECOND: Final = (0x01C3, 60)
P81_IDENTITY: Final = (0x0178, 74)
_KEY_LOGIC: Final = {
    0x55: "off",
    0xA5: "discharge_and_sleep",
    0x5A: "discharge",
    0xAA: "charge_and_discharge",
    0xA6: "charge_discharge_and_sleep",
}

_LEVELS: Final = (
    ("cell_overvoltage", _cell, 0x130),
    ("cell_undervoltage", _cell, 0x134),
    ("pack_overvoltage", _pack, 0x138),
    ("pack_undervoltage", _pack, 0x13C),
    ("charge_overtemperature", _temperature, 0x14A),
    ("charge_undertemperature", _temperature, 0x14E),
    ("discharge_overtemperature", _temperature, 0x152),
    ("discharge_undertemperature", _temperature, 0x156),
    ("cell_imbalance", _cell, 0x15A),
    ("temperature_imbalance", _degrees, 0x15E),
    ("soc_low", _percent, 0x162),
    ("mosfet_overtemperature", _temperature, 0x166),
)
"""Warning, protection, release and delay follow each other."""
_SECOND_LAYER: Final = (
    "cell_overvoltage",
    "cell_undervoltage",
    "pack_overvoltage",
    "pack_undervoltage",
    "charge_overtemperature",
    "charge_undertemperature",
    "discharge_overtemperature",
    "discharge_undertemperature",
    "cell_imbalance",
    "temperature_imbalance",
    "soc_low",
    "mosfet_overtemperature",
)
"""Threshold, release and delay follow each other from 0x1C3 on."""


def _delay(key: str, place: int) -> Parameter:
    return Parameter(key=key, place=place, unit=_S, divisor=1000)


def _p81_levels() -> Iterator[Parameter]:
    makers = {}
    for key, make, place in _LEVELS:
        makers[key] = make
        yield make(f"{key}_warning", place)
        yield make(key, place + 1)
        yield make(f"{key}_release", place + 2)
        yield _delay(f"{key}_delay", place + 3)
    for place, key in enumerate(_SECOND_LAYER):
        first = P81_SECOND[0] + 3 * place
        yield makers[key](f"{key}_2", first)
        yield makers[key](f"{key}_2_release", first + 1)
        yield _delay(f"{key}_2_delay", first + 2)
    for way, limit, make, first in (
        ("charge", "max_charge_current", _charge, 0x140),
        ("discharge", "max_discharge_current", _discharge, 0x145),
    ):
        yield make(f"{way}_overcurrent_warning", first)
        yield make(limit, first + 1)
        yield _delay(f"{way}_overcurrent_delay", first + 2)
        yield make(f"{way}_overcurrent_2", first + 3)
        yield _delay(f"{way}_overcurrent_2_delay", first + 4)


_P81: Final = (
    _fact("cell_count", 0x101),
    _fact("design_capacity", 0x109, size=4, unit=_AH, divisor=1000),
    _fact("charged_total", 0x10D, size=4, unit=_AH, divisor=1000),
    _fact("discharged_total", 0x10F, size=4, unit=_AH, divisor=1000),
    _fact("nominal_cell_voltage", 0x114, unit=_V, divisor=1000),
    Parameter(key="sleep_time", place=0x115, unit=_S, divisor=0.1, sleep=True),
    _percent("soc_calibration", 0x116),
    _fact("max_balance_current", 0x117, unit=_A, divisor=1000),
    _switch("balance_switch", 0x119, Proof.EXPERIMENTAL),
    _cell("balance_start_voltage", 0x11A),
    _cell("balance_trigger", 0x11B),
    _fact("key_logic", 0x120, names=_KEY_LOGIC),
    _switch("charge_switch", 0x121),
    _switch("discharge_switch", 0x122),
    _fact("forced_closure_time", 0x12E, unit=_S),
    _fact("short_circuit_current", 0x16E, unit=_A),
    *_p81_levels(),
)

# A5: read by several clients; of the writes only switches and state of charge are known to work.


def _a5(parameter: Parameter, offset: int, size: int = 2) -> Parameter:
    return replace(parameter, offset=offset, size=size, proof=_FACT)


_A5: Final = (
    _fact("design_capacity", 0x50, size=4, unit=_AH, divisor=1000),
    _fact("nominal_cell_voltage", 0x50, offset=6, unit=_V, divisor=1000),
    _fact("charged_total", 0x52, size=4, unit=_AH),
    _fact("discharged_total", 0x52, offset=4, size=4, unit=_AH),
    _fact("battery_type", 0x53, offset=1, size=1, names=_BATTERY_TYPES),
    _fact("sleep_time", 0x53, offset=5, unit=_S, sleep=True),
    _a5(_cell("cell_overvoltage_warning", 0x59), 0),
    _a5(_cell("cell_overvoltage", 0x59), 2),
    _a5(_cell("cell_undervoltage_warning", 0x59), 4),
    _a5(_cell("cell_undervoltage", 0x59), 6),
    _a5(_pack("pack_overvoltage_warning", 0x5A), 0),
    _a5(_pack("pack_overvoltage", 0x5A), 2),
    _a5(_pack("pack_undervoltage_warning", 0x5A), 4),
    _a5(_pack("pack_undervoltage", 0x5A), 6),
    _a5(_charge("charge_overcurrent_warning", 0x5B), 0),
    _a5(_charge("max_charge_current", 0x5B), 2),
    _a5(_discharge("discharge_overcurrent_warning", 0x5B), 4),
    _a5(_discharge("max_discharge_current", 0x5B), 6),
    *(
        _a5(_temperature(key, 0x5C), place, 1)
        for place, key in enumerate(
            (
                "charge_overtemperature_warning",
                "charge_overtemperature",
                "charge_undertemperature_warning",
                "charge_undertemperature",
                "discharge_overtemperature_warning",
                "discharge_overtemperature",
                "discharge_undertemperature_warning",
                "discharge_undertemperature",
            )
        )
    ),
    _a5(_percent("soc_high_warning", 0x5D), 0),
    _a5(_percent("soc_high", 0x5D), 2),
    _a5(_percent("soc_low_warning", 0x5D), 4),
    _a5(_percent("soc_low", 0x5D), 6),
    _a5(_cell("cell_imbalance_warning", 0x5E), 0),
    _a5(_cell("cell_imbalance", 0x5E), 2),
    _a5(_degrees("temperature_imbalance_warning", 0x5E), 4, 1),
    _a5(_degrees("temperature_imbalance", 0x5E), 5, 1),
    _a5(_cell("balance_start_voltage", 0x5F), 0),
    _a5(_cell("balance_trigger", 0x5F), 2),
    _fact("short_circuit_current", 0x60, unit=_A),
    _fact("shunt_resistance", 0x60, offset=2, unit=Unit.OHM, divisor=1_000_000),
)

PARAMETERS: Final[Mapping[Dialect, tuple[Parameter, ...]]] = {
    Dialect.D2: _D2,
    Dialect.P81: _P81,
    Dialect.A5: _A5,
}

BY_KEY: Final[Mapping[Dialect, Mapping[str, Parameter]]] = {
    dialect: {row.key: row for row in rows} for dialect, rows in PARAMETERS.items()
}

BY_PLACE: Final[Mapping[Dialect, Mapping[int, tuple[Parameter, ...]]]] = {
    dialect: {
        place: tuple(row for row in rows if row.place == place) for place in dict.fromkeys(row.place for row in rows)
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
