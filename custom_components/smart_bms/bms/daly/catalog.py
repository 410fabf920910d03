"""What can be set on a Daly pack, and to which values.

The vendor documents no narrower ranges than the registers have; these are windows around what real boards hold, by the
chemistry that the board is set to. Nothing that a single person only guessed is offered.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from ..reading import Identity
from ..settings import Catalog, Chain, Proof, Setting, SettingKind, Unit
from .frames import Dialect
from .parameters import BY_KEY, NEVER, PARAMETERS, Parameter, derived_from
from .settings import A5_SWITCHES, SOC

CHAINS: Final[tuple[Chain, ...]] = (
    (
        "cell_overvoltage",
        "cell_overvoltage_warning",
        "cell_overvoltage_release",
        "cell_undervoltage_release",
        "cell_undervoltage_warning",
        "cell_undervoltage",
    ),
    ("cell_overvoltage_2", "cell_overvoltage"),
    ("cell_undervoltage", "cell_undervoltage_2"),
    ("pack_overvoltage", "pack_overvoltage_warning", "pack_overvoltage_release"),
    ("pack_undervoltage_release", "pack_undervoltage"),
    ("pack_undervoltage_warning", "pack_undervoltage"),
    ("charge_overcurrent_2", "max_charge_current", "charge_overcurrent_warning"),
    ("discharge_overcurrent_2", "max_discharge_current", "discharge_overcurrent_warning"),
    ("pack_overvoltage_warning", "pack_undervoltage_warning"),
    (
        "charge_overtemperature",
        "charge_overtemperature_warning",
        "charge_undertemperature_warning",
        "charge_undertemperature",
    ),
    (
        "discharge_overtemperature",
        "discharge_overtemperature_warning",
        "discharge_undertemperature_warning",
        "discharge_undertemperature",
    ),
    ("cell_imbalance", "cell_imbalance_warning"),
    ("temperature_imbalance", "temperature_imbalance_warning"),
)

_ALL: Final = frozenset(key for chain in CHAINS for key in chain)
MAY_EQUAL: Final = _ALL - {
    "cell_undervoltage_release",
    "charge_undertemperature_warning",
    "discharge_undertemperature_warning",
    "pack_undervoltage_warning",
}
"""Equal levels occur on real boards; only between too much and too little something must be left."""

_MOVING: Final = frozenset({"charged_total", "discharged_total", "forced_closure_time", SOC})
_DANGEROUS: Final = frozenset(
    {
        "design_capacity",
        SOC,
        "max_charge_current",
        "max_discharge_current",
        "charge_overcurrent_2",
        "discharge_overcurrent_2",
    }
)


@dataclass(frozen=True, slots=True)
class _Range:
    minimum: float
    maximum: float
    step: float = 1.0


_ANY: Final = "any"
_CELL_HIGH: Final = {"lfp": (3.3, 3.8), "nmc": (3.9, 4.3), "lto": (2.5, 2.9), _ANY: (2.5, 4.3)}
_CELL_LOW: Final = {"lfp": (2.0, 3.1), "nmc": (2.5, 3.5), "lto": (1.5, 2.2), _ANY: (1.5, 3.5)}
_BALANCE_START: Final = {"lfp": (3.0, 3.65), "nmc": (3.5, 4.25), "lto": (2.0, 2.8), _ANY: (2.0, 4.25)}
_WINDOWS: Final = {
    "cell_overvoltage": _CELL_HIGH,
    "cell_undervoltage": _CELL_LOW,
    "pack_overvoltage": _CELL_HIGH,
    "pack_undervoltage": _CELL_LOW,
    "balance_start_voltage": _BALANCE_START,
}
"""By what the keys begin with."""
_OTHER_TEMPERATURES: Final = ("temperature_imbalance", "mosfet")
_NOMINAL: Final = ((2.6, "lto"), (3.4, "lfp"), (3.8, "nmc"))
"""Highest nominal voltage of a cell in V, and what that cell is."""
_MIN_NOMINAL: Final = 1.5
_MIN_SLEEP: Final = 60
_MAX_CELLS: Final = 48

_RANGES: Final[Mapping[str, _Range]] = {
    "design_capacity": _Range(1, 2000, 0.1),
    "balance_trigger": _Range(0.005, 0.5, 0.001),
    SOC: _Range(0, 100, 0.1),
}
_BY_UNIT: Final[Mapping[Unit, _Range]] = {
    Unit.VOLT: _Range(0.005, 2.0, 0.001),
    Unit.AMPERE: _Range(1, 1000, 0.1),
    Unit.CELSIUS: _Range(-40, 90),
    Unit.PERCENT: _Range(0, 100, 0.1),
    Unit.SECOND: _Range(0, 65.534, 0.001),
}


def _chemistry(identity: Identity) -> str:
    stated, nominal = identity.details.get("battery_type"), identity.details.get("nominal_cell_voltage")
    if stated in _CELL_HIGH:
        return str(stated)
    if isinstance(nominal, (int, float)) and nominal >= _MIN_NOMINAL:
        return next((name for highest, name in _NOMINAL if nominal <= highest), _ANY)
    return _ANY


def _range_of(row: Parameter, identity: Identity) -> _Range:
    if row.coding.is_sleep:
        # The last step but one: the last is taken for never.
        return _Range(_MIN_SLEEP, (NEVER // row.resolution - 1) * row.resolution)
    if row.key in _RANGES:
        return _RANGES[row.key]
    chemistry, cells = _chemistry(identity), identity.max_cells
    for start, windows in _WINDOWS.items():
        if row.coding.unit is Unit.VOLT and row.key.startswith(start):
            low, high = windows[chemistry]
            if start.startswith("pack_"):
                return _Range(round(low * (cells or 1), 1), round(high * (cells or _MAX_CELLS), 1), 0.1)
            return _Range(low, high, 0.001)
    if row.key.startswith(_OTHER_TEMPERATURES) and row.coding.unit is Unit.CELSIUS:
        return _Range(1, 60) if row.key.startswith("temperature") else _Range(-40, 130)
    return _BY_UNIT.get(row.coding.unit, _Range(0, 0))


def catalog_of(identity: Identity, stated: Collection[str]) -> Catalog:
    """Return what can be set on this pack, which states the parameters of these keys."""
    dialect = Dialect(identity.variant)
    found = {row.key: _setting(row, identity, dialect) for row in PARAMETERS[dialect] if row.key in stated}
    if dialect is Dialect.A5:
        found |= {setting.key: setting for setting in _A5_COMMANDS}
    return Catalog(
        settings=found,
        known=frozenset({*BY_KEY[dialect], *A5_SWITCHES, SOC}),
        chains=CHAINS,
        # Where the board tells no releases, the warnings are what must keep apart.
        may_equal=MAY_EQUAL if "cell_undervoltage_release" in stated else MAY_EQUAL - {"cell_undervoltage_warning"},
        pack_limits={"pack_overvoltage": "cell_overvoltage", "pack_undervoltage": "cell_undervoltage"},
        presets={},
    )


def _setting(row: Parameter, identity: Identity, dialect: Dialect) -> Setting:
    limits = _range_of(row, identity)
    return Setting(
        key=row.key,
        kind=row.kind,
        proof=row.proof,
        unit=row.coding.unit,
        minimum=limits.minimum,
        maximum=limits.maximum,
        step=max(limits.step, row.resolution),
        resolution=row.resolution,
        special=NEVER if row.coding.is_sleep else None,
        options=tuple((row.coding.names or {}).values()),
        dangerous=row.key in _DANGEROUS,
        moves=row.key in _MOVING,
        also_changes=derived_from(dialect, row.key),
        # What it holds ticks on with the charge.
        seen=(lambda reading: reading.soc) if row.key == SOC else None,
        tolerance=0.5 if row.key == SOC else 0.0,
    )


_A5_COMMANDS: Final = (
    Setting(
        key="charge_switch",
        kind=SettingKind.SWITCH,
        proof=Proof.PROVEN,
        seen=lambda reading: reading.charging_enabled,
    ),
    Setting(
        key="discharge_switch",
        kind=SettingKind.SWITCH,
        proof=Proof.PROVEN,
        seen=lambda reading: reading.discharging_enabled,
    ),
    Setting(
        key=SOC,
        kind=SettingKind.NUMBER,
        proof=Proof.PROVEN,
        unit=Unit.PERCENT,
        minimum=0,
        maximum=100,
        step=0.1,
        resolution=0.1,
        dangerous=True,
        seen=lambda reading: reading.soc,
        tolerance=0.5,
    ),
)
