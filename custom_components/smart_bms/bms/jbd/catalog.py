"""What can be set on a JBD pack, and to which values.

Boards accept any word. Ranges are what public tools allow and what is physically sane, orders those of the vendor's
documents. The vendor states that a write of any parameter clears the protection counters, starts the running cycle anew
and makes the board guess its state of charge from the voltage: every one of them takes a second word of the user.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final

from ..reading import Identity, Reading
from ..settings import Catalog, Chain, Proof, Setting, SettingKind, SettingValue, Unit
from .parameters import BY_KEY, OF_FRONT_END, REGISTERS, Register
from .settings import CHARGE_SWITCH, COMMANDED, DISCHARGE_SWITCH, REMAINING_CAPACITY, TI_FRONT_END

CHAINS: Final[tuple[Chain, ...]] = (
    (
        "hardware_cell_overvoltage",
        "cell_overvoltage",
        "cell_overvoltage_release",
        "cell_undervoltage_release",
        "cell_undervoltage",
        "hardware_cell_undervoltage",
    ),
    (
        "cell_overvoltage",
        "soc_100_voltage_fine",
        *(f"soc_{percent}_voltage" for percent in range(90, -1, -10)),
        "cell_undervoltage",
    ),
    ("cell_overvoltage", "soc_100_voltage", "soc_90_voltage"),
    ("soc_100_voltage", "soc_80_voltage"),
    ("cell_overvoltage", "balance_start_voltage"),
    ("pack_overvoltage", "pack_overvoltage_release", "pack_undervoltage_release", "pack_undervoltage"),
    (
        "charge_overtemperature",
        "charge_overtemperature_release",
        "charge_undertemperature_release",
        "charge_undertemperature",
    ),
    (
        "discharge_overtemperature",
        "discharge_overtemperature_release",
        "discharge_undertemperature_release",
        "discharge_undertemperature",
    ),
    ("design_capacity", "cycle_capacity"),
)

MAY_EQUAL: Final = frozenset(
    {
        *(f"soc_{percent}_voltage" for percent in range(20, 101, 10)),
        "soc_100_voltage_fine",
        "cycle_capacity",
        "balance_start_voltage",
    }
)

_ADVISED_BALANCE_TRIGGER: Final = 0.03

_DANGEROUS: Final = frozenset(
    {
        *("cell_count", "design_capacity", "switch_input", REMAINING_CAPACITY),
        *("hardware_cell_overvoltage", "hardware_cell_undervoltage"),
        *("hardware_cell_overvoltage_delay", "hardware_cell_undervoltage_delay"),
        *("short_circuit_delay", "short_circuit_threshold", "short_circuit_release"),
        *("discharge_overcurrent_2_delay", "discharge_overcurrent_2_threshold"),
        *(f"temperature_sensor_{number}" for number in range(1, 9)),
    }
)
_MOVING: Final = frozenset({"cycle_count", "function_word"})
_PERSONAL: Final = frozenset({"barcode", "board_serial_number"})


@dataclass(frozen=True, slots=True)
class _Range:
    minimum: float
    maximum: float
    step: float = 1.0


_MAX_CELLS: Final = 32
_HIGH_CELL: Final = _Range(2.5, 4.5, 0.001)
_LOW_CELL: Final = _Range(1.5, 3.5, 0.001)
_POINT: Final = _Range(1.5, 4.5, 0.001)
_HOT: Final = _Range(0, 120, 0.1)
_COLD: Final = _Range(-40, 30, 0.1)
_CAPACITY: Final = _Range(1, 655.35, 0.01)
_CURRENT: Final = _Range(1, 327.67, 0.01)
_BYTE: Final = _Range(0, 255)
_TEXT: Final = _Range(0, 31)

_RANGES: Final[Mapping[str, _Range]] = {
    "design_capacity": _CAPACITY,
    "cycle_capacity": _CAPACITY,
    "soc_100_voltage": _HIGH_CELL,
    "soc_0_voltage": _LOW_CELL,
    "cell_overvoltage": _HIGH_CELL,
    "cell_overvoltage_release": _HIGH_CELL,
    "cell_undervoltage": _LOW_CELL,
    "cell_undervoltage_release": _LOW_CELL,
    "max_charge_current": _CURRENT,
    "max_discharge_current": _CURRENT,
    "balance_start_voltage": _HIGH_CELL,
    "balance_trigger": _Range(0.02, 0.5, 0.001),
    "hardware_cell_overvoltage": _Range(2.5, 4.8, 0.001),
    "hardware_cell_undervoltage": _Range(1.0, 3.5, 0.001),
    "cell_count": _Range(1, _MAX_CELLS),
    "switch_delay": _Range(0, 65_535),
    "led_time": _Range(0, 65_535),
}
_CELL_LIMITS: Final = {"pack_overvoltage": (2.5, 4.5), "pack_undervoltage": (1.5, 3.5)}
"""V for each cell."""


def _range_of(row: Register, cells: int | None, *, coarse: bool) -> _Range:
    base = row.key.removesuffix("_release")
    if base in _CELL_LIMITS:
        low, high = _CELL_LIMITS[base]
        return _Range(round(low * (cells or 1), 2), round(high * (cells or _MAX_CELLS), 2), 0.01)
    if row.coding.is_text:
        return _TEXT
    if row.byte is not None:
        return _BYTE
    if row.coding.unit is Unit.CELSIUS:
        return _HOT if "_overtemperature" in row.key else _COLD
    limits = _RANGES.get(row.key, _POINT if row.coding.unit is Unit.VOLT else _Range(0, 65_535))
    return (
        _Range(limits.minimum, limits.maximum * 10, limits.step * 10) if row.coding.follows_units and coarse else limits
    )


def _locked(key: str) -> Callable[[Reading], SettingValue | None]:
    def seen(reading: Reading) -> SettingValue | None:
        lock = reading.details.get(key)
        return not lock if isinstance(lock, bool) else None

    return seen


def _switch(key: str, lock: str, other_lock: str) -> Setting:
    return Setting(
        key=key,
        kind=SettingKind.SWITCH,
        proof=Proof.PROVEN,
        seen=_locked(lock),
        # The command always sets both: while the other cannot be seen it would be set by chance.
        hidden=lambda reading: not {other_lock, f"{other_lock}{COMMANDED}"} & reading.details.keys(),
    )


_SWITCHES: Final = (
    _switch(CHARGE_SWITCH, "charge_lock", "discharge_lock"),
    _switch(DISCHARGE_SWITCH, "discharge_lock", "charge_lock"),
)


def catalog_of(identity: Identity, stated: Collection[str]) -> Catalog:
    """Return what can be set on this pack, which states the parameters of these keys."""
    coarse = identity.details.get("coarse_units") is True
    found = {setting.key: setting for setting in _SWITCHES}
    found |= {row.key: _setting(row, identity, coarse=coarse) for row in REGISTERS if row.key in stated}
    if "design_capacity" in stated:
        found[REMAINING_CAPACITY] = Setting(
            key=REMAINING_CAPACITY,
            kind=SettingKind.NUMBER,
            # In which steps a board with coarse units takes it nobody has tried.
            proof=Proof.EXPERIMENTAL if coarse else Proof.PROVEN,
            unit=Unit.AMPERE_HOUR,
            minimum=0,
            maximum=655.35,
            step=0.1,
            resolution=0.01,
            dangerous=True,
            at_most="design_capacity",
            seen=lambda reading: reading.remaining_capacity,
            tolerance=0.5,
        )
    return Catalog(
        settings=found,
        known=frozenset({*BY_KEY, CHARGE_SWITCH, DISCHARGE_SWITCH, REMAINING_CAPACITY}),
        chains=CHAINS,
        may_equal=MAY_EQUAL,
        pack_limits={"pack_overvoltage": "cell_overvoltage", "pack_undervoltage": "cell_undervoltage"},
        advised_balance_trigger=_ADVISED_BALANCE_TRIGGER,
        presets={},
    )


def _setting(row: Register, identity: Identity, *, coarse: bool) -> Setting:
    limits = _range_of(row, identity.max_cells, coarse=coarse)
    # A word of which it is not certain how it is laid out must not be written.
    unsure = row.key in OF_FRONT_END and identity.details.get("front_end") != TI_FRONT_END
    return Setting(
        key=row.key,
        kind=row.kind,
        proof=Proof.READ_ONLY if unsure else row.proof,
        unit=row.coding.unit,
        minimum=limits.minimum,
        maximum=limits.maximum,
        step=limits.step,
        resolution=row.resolution(coarse=coarse),
        options=row.coding.choice.options() if row.coding.choice else (),
        dangerous=row.key in _DANGEROUS,
        personal=row.key in _PERSONAL,
        clears_history=True,
        moves=row.key in _MOVING,
    )
