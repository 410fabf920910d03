"""Cell chemistry: which cells a pack has, and the parameter values that are dangerous for them.

A chemistry that the pack states wins. Otherwise it is inferred from its parameters, unless a cell has a voltage that
this chemistry cannot have. Voltages are the widest limits that the vendors' manuals and real boards have for a
chemistry; the coldest temperature for charging is that of the manuals' presets, and for LFP, whose cells must not be
charged in frost, 0 °C.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ..bms.chemistry import STATED, named
from ..bms.reading import Reading
from ..bms.settings import Catalog, SettingValue
from .validation_issue import IssueSeverity, ParameterName, ValidationIssue, with_unit

type Values = Mapping[str, SettingValue]

CHEMISTRY_CODES: Final = frozenset({"above_chemistry", "below_chemistry", "other_chemistry"})
"""Codes of the issues about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _ChemistryLimits:
    """Limits of the cells of a chemistry: V for each cell, °C."""

    name: str
    lowest: float
    highest: float
    coldest: float
    """While they are charged."""
    hottest: float = 85.0
    """More than any preset has."""


_NMC: Final = _ChemistryLimits(name="NMC", lowest=2.5, highest=4.3, coldest=-20.0)
_CHEMISTRY_LIMITS: Final = {
    "lfp": _ChemistryLimits(name="LFP", lowest=2.0, highest=3.8, coldest=0.0),
    "nmc": _NMC,
    "nca": replace(_NMC, name="NCA"),
    "lto": _ChemistryLimits(name="LTO", lowest=1.5, highest=2.9, coldest=-30.0),
}
_SECOND_LEVEL: Final = 0.15
"""V by which a second-level limit may lie farther out: real boards have 3.9 V behind 3.65 V."""

_PRESETS: Final = {f"load_preset_{name}": name for name in ("lfp", "nmc", "lto")}
_NOMINAL: Final = (("lto", 1.5, 2.6), ("lfp", 2.9, 3.4), ("nmc", 3.4, 3.8))
_OVERVOLTAGE: Final = (("lto", 2.3, 2.95), ("lfp", 3.3, 3.85), ("nmc", 3.9, 4.5))
"""Chemistry, lowest and highest V of a cell that a pack is set to."""


@dataclass(frozen=True, slots=True)
class _ParameterBound:
    """The value that a parameter must not be above, or below."""

    of: Callable[[_ChemistryLimits], float]
    above: bool
    of_pack: bool = False
    """For the whole pack: times the number of cells."""


def _highest(cells: _ChemistryLimits) -> float:
    return cells.highest


def _lowest(cells: _ChemistryLimits) -> float:
    return cells.lowest


_TOO_HIGH: Final = _ParameterBound(_highest, above=True)
_TOO_LOW: Final = _ParameterBound(_lowest, above=False)
_FAR_TOO_HIGH: Final = _ParameterBound(lambda cells: round(cells.highest + _SECOND_LEVEL, 3), above=True)
_FAR_TOO_LOW: Final = _ParameterBound(lambda cells: round(cells.lowest - _SECOND_LEVEL, 3), above=False)
_TOO_HOT: Final = _ParameterBound(lambda cells: cells.hottest, above=True)

_PARAMETER_BOUNDS: Final[Mapping[str, _ParameterBound]] = {
    "cell_overvoltage": _TOO_HIGH,
    "pack_overvoltage": _ParameterBound(_highest, above=True, of_pack=True),
    "requested_charge_voltage": _TOO_HIGH,
    "requested_float_voltage": _TOO_HIGH,
    "cell_overvoltage_2": _FAR_TOO_HIGH,
    "hardware_cell_overvoltage": _FAR_TOO_HIGH,
    "cell_undervoltage": _TOO_LOW,
    "pack_undervoltage": _ParameterBound(_lowest, above=False, of_pack=True),
    "power_off_voltage": _TOO_LOW,
    "cell_undervoltage_2": _FAR_TOO_LOW,
    "hardware_cell_undervoltage": _FAR_TOO_LOW,
    "charge_undertemperature": _ParameterBound(lambda cells: cells.coldest, above=False),
    "charge_overtemperature": _TOO_HOT,
    "discharge_overtemperature": _TOO_HOT,
    "cell_overtemperature": _TOO_HOT,
}


def chemistry_of(values: Values, reading: Reading | None) -> str | None:
    """Return the chemistry of a pack's cells: `lfp`, `nmc`, `nca` or `lto`; None if it is not known."""
    return _stated(values, reading) or _inferred(values, reading)


def _stated(values: Values, reading: Reading | None) -> str | None:
    return named(values, reading.details if reading is not None else {})


def _inferred(values: Values, reading: Reading | None) -> str | None:
    measured = (reading.cell_voltage_max if reading is not None else None) or 0.0
    cells = _cell_count(values, reading)
    overvoltage = _number(values.get("cell_overvoltage"))
    pack_limit = _number(values.get("pack_overvoltage"))
    if overvoltage is None and pack_limit is not None and cells:
        overvoltage = pack_limit / cells
    nominal = _number(values.get("nominal_cell_voltage"))
    for value, windows in ((nominal, _NOMINAL), (overvoltage, _OVERVOLTAGE)):
        found = next((name for name, low, high in windows if value is not None and low <= value <= high), None)
        if found is not None and measured <= _CHEMISTRY_LIMITS[found].highest:
            return found
    if measured > _CHEMISTRY_LIMITS["lfp"].highest:
        return "nmc"
    # The chemistry with the lower limits: a discharged NMC cell has such a voltage too.
    return "lfp" if measured > _CHEMISTRY_LIMITS["lto"].highest else None


def _cell_count(values: Values, reading: Reading | None) -> float | None:
    return _number(values.get("cell_count")) or (reading.cell_count if reading is not None else None)


def chemistry_issues(
    catalog: Catalog, changes: Mapping[str, SettingValue | None], current: Values, reading: Reading | None
) -> Iterator[ValidationIssue]:
    """Yield each change that is dangerous for the pack's cells.

    One that only brings a value nearer to the limit is a warning.
    """
    chemistry = chemistry_of(current, reading)
    if chemistry is None:
        return
    for key, value in changes.items():
        other = _PRESETS.get(key) if value is None else value if key in STATED else None
        if other in _CHEMISTRY_LIMITS and other != chemistry:
            yield ValidationIssue(
                code="other_chemistry",
                parameters=(key,),
                details={
                    "parameter": ParameterName(key),
                    "other": _CHEMISTRY_LIMITS[str(other)].name,
                    "chemistry": _CHEMISTRY_LIMITS[chemistry].name,
                },
            )
    cells = _cell_count({**current, **{key: value for key, value in changes.items() if value is not None}}, reading)
    for key, limit in _PARAMETER_BOUNDS.items():
        value, old = _number(changes.get(key)), _number(current.get(key))
        found = _chemistry_issue(catalog, key, value, chemistry, cells)
        if found is not None and value is not None:
            nearer = old is not None and _is_outside(limit, value, old)
            yield replace(found, severity=IssueSeverity.WARNING) if nearer else found


def present_chemistry_issues(
    catalog: Catalog, values: Values, reading: Reading | None, chemistry: str | None = None
) -> Iterator[ValidationIssue]:
    """Yield each present value that is dangerous for the pack's cells.

    `chemistry`: as the user named it, for a pack that states none.
    """
    chemistry = _stated(values, reading) or chemistry or _inferred(values, reading)
    if chemistry not in _CHEMISTRY_LIMITS:
        return
    cells = _cell_count(values, reading)
    for key in _PARAMETER_BOUNDS:
        found = _chemistry_issue(catalog, key, _number(values.get(key)), chemistry, cells)
        if found is not None:
            yield found


def _is_outside(limit: _ParameterBound, edge: float, value: float) -> bool:
    """Return whether a value is beyond an edge, in the direction of the bound."""
    return value > edge if limit.above else value < edge


def _chemistry_issue(
    catalog: Catalog, key: str, value: float | None, chemistry: str, cells: float | None
) -> ValidationIssue | None:
    limit = _PARAMETER_BOUNDS[key]
    setting = catalog.settings.get(key)
    if setting is None or value is None or (limit.of_pack and not cells):
        return None
    if value == 0 and setting.unit == "V":
        return None  # a field that this firmware does not use
    edge = limit.of(_CHEMISTRY_LIMITS[chemistry]) * ((cells or 1) if limit.of_pack else 1)
    if not _is_outside(limit, round(edge, 3), value):
        return None
    code = "above_chemistry" if limit.above else "below_chemistry"
    return ValidationIssue(
        code=code,
        parameters=(key,),
        details={
            "parameter": ParameterName(key),
            "value": with_unit(value, setting),
            "chemistry": _CHEMISTRY_LIMITS[chemistry].name,
            "limit": with_unit(round(edge, 3), setting),
        },
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
