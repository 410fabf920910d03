"""What can be set on a JK pack, and to which values.

Ranges and steps are those of the vendor's field definition, and of the BMS manual (appendix II) where that is narrower. The
currents and the number of cells are bounded by the model, whose name says them: JK-B2A24S15P balances with 2 A, has 24
cells and carries 150 A.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
import re
from typing import Final

from ..reading import Identity, Reading
from ..settings import Catalog, Chain, Proof, Setting, SettingKind, SettingValue
from .layouts import Variant
from .parameters import REGISTERS, Register, WireType, has_without_bitmap
from .presets import is_contactor, presets_for

CHAINS: Final[tuple[Chain, ...]] = (
    (
        "cell_overvoltage",
        "cell_overvoltage_release",
        "cell_undervoltage_release",
        "cell_undervoltage",
        "power_off_voltage",
    ),
    (
        "charge_overtemperature",
        "charge_overtemperature_release",
        "charge_undertemperature_release",
        "charge_undertemperature",
    ),
    ("discharge_overtemperature", "discharge_overtemperature_release"),
)
"""The board refuses what breaks these (both manuals)."""

_NOT_OFFERED: Final = frozenset({"shut_down", "restart", "clock"})

_DANGEROUS: Final = frozenset(
    {
        *("cell_count", "design_capacity", "voltage_calibration", "current_calibration"),
        *("soc_calibration", "soh_calibration", "disable_temperature_sensors"),
        *("short_circuit_delay", "emergency_mode", "emergency_button"),
        *("gps_lock_charging", "gps_lock_discharging", "disable_pcl_module"),
        *("load_preset_nmc", "load_preset_lfp", "load_preset_lto", "factory_reset"),
    }
)

_CALIBRATIONS: Final = frozenset({"voltage_calibration", "current_calibration"})

_MODEL: Final = re.compile(
    r"JK-(?P<series>BD|PB|B)(?P<balance>\d+)A(?P<cells>\d+)S(?:(?P<current>\d+)P|-(?P<rated>\d+)P|-RP|$)"
)
_BATTERY_SERIES: Final = "BD"
"""Its balance current is given in tenths: BD6A balances with 0.6 A."""
_CONTACTOR_CURRENT: Final = 500.0
"""A, of the shunt that boards for a contactor come with; no name says it."""


@dataclass(frozen=True, slots=True)
class _Range:
    minimum: float
    maximum: float
    step: float = 1.0


_CELL_VOLTAGE: Final = _Range(1.2, 4.35, 0.001)
_TARGET_VOLTAGE: Final = _Range(1.2, 4.4, 0.001)
_SECONDS: Final = _Range(2, 600)
_HOT: Final = _Range(30, 80, 0.1)
_COLD: Final = _Range(-30, 20, 0.1)
_FROST: Final = _Range(-40, 100)
_POWER_STAGE: Final = _Range(50, 110, 0.1)
_HALF_DAY: Final = _Range(0, 18.2, 0.1)

_RANGES: Final[Mapping[str, _Range]] = {
    "cell_count": _Range(2, 32),
    "design_capacity": _Range(5, 2000, 0.001),
    "balance_trigger": _Range(0.003, 1.0, 0.001),
    "balance_start_voltage": _Range(1.2, 4.25, 0.01),
    "cell_undervoltage": _CELL_VOLTAGE,
    "cell_undervoltage_release": _CELL_VOLTAGE,
    "cell_overvoltage": _CELL_VOLTAGE,
    "cell_overvoltage_release": _CELL_VOLTAGE,
    "power_off_voltage": _CELL_VOLTAGE,
    "soc_100_voltage": _TARGET_VOLTAGE,
    "soc_0_voltage": _TARGET_VOLTAGE,
    "requested_charge_voltage": _TARGET_VOLTAGE,
    "requested_float_voltage": _TARGET_VOLTAGE,
    "smart_sleep_voltage": _TARGET_VOLTAGE,
    "max_charge_current": _Range(1, 600, 0.1),
    "charge_overcurrent_delay": _SECONDS,
    "charge_overcurrent_release": _SECONDS,
    "max_discharge_current": _Range(1, 1200, 0.1),
    "discharge_overcurrent_delay": _SECONDS,
    "discharge_overcurrent_release": _SECONDS,
    "short_circuit_delay": _Range(0, 1_000_000),
    "short_circuit_release": _SECONDS,
    "max_balance_current": _Range(0.3, 15, 0.1),
    "charge_overtemperature": _HOT,
    "charge_overtemperature_release": _HOT,
    "discharge_overtemperature": _HOT,
    "discharge_overtemperature_release": _HOT,
    "charge_undertemperature": _COLD,
    "charge_undertemperature_release": _COLD,
    "mosfet_overtemperature": _POWER_STAGE,
    "mosfet_overtemperature_release": _POWER_STAGE,
    "discharge_undertemperature": _FROST,
    "discharge_undertemperature_release": _FROST,
    "heating_start_temperature": _FROST,
    "heating_stop_temperature": _FROST,
    "device_address": _Range(0, 65_535),
    "current_range": _Range(0, 65_535, 0.001),
    "precharge_time": _Range(0, 300),
    "smart_sleep_delay": _Range(1, 100),
    "requested_charge_time": _HALF_DAY,
    "requested_float_time": _HALF_DAY,
    "rebulk_soc": _Range(0, 50),
    "emergency_duration": _Range(1, 255),
    "voltage_calibration": _Range(1, 200, 0.01),
    "current_calibration": _Range(0, 1000, 0.001),
    "soc_calibration": _Range(0, 100),
    "soh_calibration": _Range(0, 100),
    "user_data": _Range(0, 13),
}

# Active balancers have ranges of their own; the reference voltage of their converter stands for the calibration.
_JK04_RANGES: Final[Mapping[str, _Range]] = {
    "cell_count": _Range(1, 24),
    "power_off_voltage": _Range(2.0, 3.7, 0.001),
    "voltage_calibration": _Range(2.8, 3.2, 0.000001),
    "balance_start_voltage": _Range(1.0, 4.2, 0.01),
    "balance_trigger": _Range(0.002, 1.0, 0.001),
    "max_balance_current": _Range(0.1, 10, 0.1),
    "user_data": _Range(0, 13),
}

_OFFERS: Final = {
    "uart1_protocol": "uart1_protocols",
    "uart2_protocol": "uart2_protocols",
    "uart3_protocol": "uart3_protocols",
    "can_protocol": "can_protocols",
}
"""Where the board lists the numbers that it can be set to."""


def _emergency(reading: Reading) -> bool | None:
    left = reading.details.get("emergency_time")
    return bool(left) if isinstance(left, int) else None


_SEEN: Final[Mapping[str, tuple[Callable[[Reading], SettingValue | None], float]]] = {
    "voltage_calibration": (lambda reading: reading.voltage, 0.02),
    "current_calibration": (lambda reading: None if reading.current is None else abs(reading.current), 0.3),
    "soc_calibration": (lambda reading: reading.soc, 0.5),
    "soh_calibration": (lambda reading: reading.soh, 0.5),
    "emergency_mode": (_emergency, 0.0),
}
"""How a reading shows what no setting does, and how close it must come."""


def catalog_of(identity: Identity, stated: Collection[str]) -> Catalog:
    """Return what can be set on this pack, which states the parameters of these keys."""
    variant = Variant(identity.variant)
    rows = {row.key: row for row in REGISTERS[variant] if not _is_hidden(row)}
    commands = identity.details.get("commands")
    listed = frozenset(commands) if isinstance(commands, tuple) else frozenset()
    found = {
        row.key: _setting(row, identity, variant, writable=_takes(row, variant, listed))
        for row in rows.values()
        if row.key in stated or (not _is_stored(row) and _takes(row, variant, listed))
    }
    return Catalog(
        settings=found,
        known=frozenset(row.key for row in REGISTERS[variant]),
        chains=CHAINS,
        presets={
            chemistry: {key: value for key, value in preset.items() if _is_within(found.get(key), value)}
            for chemistry, preset in presets_for(identity.model, variant).items()
        },
    )


def _is_within(setting: Setting | None, value: SettingValue) -> bool:
    """Return whether the model can be set to what the preset of its series says."""
    return setting is not None and isinstance(value, (int, float)) and value <= setting.maximum


def _is_hidden(row: Register) -> bool:
    """Return whether nothing would show what a write of this register did."""
    return row.key in _NOT_OFFERED or row.key.startswith("wire_resistance")


def _is_stored(row: Register) -> bool:
    return row.offset is not None or row.switch_bit is not None or row.in_info


def _takes(row: Register, variant: Variant, listed: frozenset[int | float]) -> bool:
    """Return whether the pack takes a write of this register; newer firmware lists those that it does."""
    if variant is not Variant.JK02_32S or row.kind is SettingKind.TEXT:
        return True
    return row.number in listed if listed else has_without_bitmap(row)


def _setting(row: Register, identity: Identity, variant: Variant, *, writable: bool) -> Setting:
    proof = row.proof
    if not writable:
        proof = Proof.READ_ONLY
    elif variant is Variant.JK02_24S and proof is Proof.PROVEN:
        proof = Proof.EXPERIMENTAL
    ranges = _JK04_RANGES if variant is Variant.JK04 else _RANGES
    limits = ranges.get(row.key, _Range(0, 0))
    seen, tolerance = _SEEN[row.key] if row.key in _SEEN and not row.offset else (None, 0.0)
    return Setting(
        key=row.key,
        kind=row.kind,
        proof=proof,
        unit=row.unit,
        minimum=limits.minimum,
        maximum=min(limits.maximum, _model_bounds(identity).get(row.key, limits.maximum)),
        step=limits.step,
        resolution=None if row.wire_type is WireType.FLOAT else 1 / row.divisor,
        options=tuple(_options(row, identity)),
        dangerous=row.key in _DANGEROUS,
        procedure=row.key in _CALIBRATIONS,
        personal=row.kind is SettingKind.TEXT,
        seen=seen,
        tolerance=tolerance,
    )


def _options(row: Register, identity: Identity) -> Iterator[str]:
    """Return the names of what may be chosen: where the board lists what it offers, only that."""
    offered = identity.details.get(_OFFERS.get(row.key, ""))
    for number, name in (row.names or {}).items():
        if not isinstance(offered, tuple) or not offered or number in offered:
            yield name


def _model_bounds(identity: Identity) -> dict[str, float]:
    """Return the highest values that the model allows, as far as its name or the board tells."""
    bounds: dict[str, float] = {}
    if identity.max_cells:
        bounds["cell_count"] = identity.max_cells
    name = identity.model.replace("_", "-").upper()
    match = _MODEL.match(name)
    if match is None:
        return bounds
    bounds.setdefault("cell_count", int(match["cells"]))
    balance = int(match["balance"])
    bounds["max_balance_current"] = balance / 10 if match["series"] == _BATTERY_SERIES else balance
    rated = match["current"] or match["rated"]
    current = _CONTACTOR_CURRENT if is_contactor(identity.model) else int(rated) * 10.0 if rated else None
    return bounds if current is None else bounds | {"max_charge_current": current, "max_discharge_current": current}
