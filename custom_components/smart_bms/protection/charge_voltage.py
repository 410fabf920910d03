"""Charge voltage: to which voltage a pack is charged, by its parameters and what its owner chose, and when to less."""

from collections.abc import Iterable, Mapping
from typing import Final

from ..bms.chemistry import charge_voltages
from .limit_options import LimitOptions
from .mirror_state import Moment
from .rules import ProtectedQuantity

_REQUESTED: Final = {
    "jk": "requested_charge_voltage",
    "jbd": "soc_100_voltage",
    "daly": "cell_overvoltage_warning",
    "smart123": "balance_start_voltage",
}
"""By family: the voltage at which the pack takes a cell for full, or warns."""
_REQUESTED_FLOAT: Final = "requested_float_voltage"
MIN_DISTANCE: Final = 0.03
"""V per cell that is always kept from the overvoltage limit. Our judgment: about what a charger overshoots."""
FLOATING: Final = "float"
"""As what limits a charge voltage: the pack is full, and floats."""


CELL_OVERVOLTAGES: Final = ("cell_overvoltage", "cell_overvoltage_2", "hardware_cell_overvoltage")
PACK_OVERVOLTAGES: Final = ("pack_overvoltage", "pack_overvoltage_2")
CELL_UNDERVOLTAGES: Final = ("cell_undervoltage", "cell_undervoltage_2", "hardware_cell_undervoltage")
PACK_UNDERVOLTAGES: Final = ("pack_undervoltage", "pack_undervoltage_2")
"""Limits of all layers of a protection: the first that is reached counts."""


def lowest_of(values: Mapping[str, float | None], keys: Iterable[str]) -> float | None:
    """Return the lowest of some limits; None if none is known. One of 0 is none."""
    return min((value for key in keys if (value := values.get(key))), default=None)


def highest_of(values: Mapping[str, float | None], keys: Iterable[str]) -> float | None:
    """Return the highest of some limits; None if none is known. One of 0 is none."""
    return max((value for key in keys if (value := values.get(key))), default=None)


def cell_target(
    family: str, values: Mapping[str, float | None], cells: int | None, options: LimitOptions
) -> float | None:
    """Return the voltage per cell to charge to; never nearer to the pack's limits than the distance."""
    pack = lowest_of(values, PACK_OVERVOLTAGES)
    limits = [lowest_of(values, CELL_OVERVOLTAGES), pack / cells if pack and cells else None]
    distance = max(options.voltage_distance, MIN_DISTANCE)
    known = [limit - distance for limit in limits if limit]
    if not known:
        return None
    lowest, highest = charge_voltages(None, max(limit for limit in limits if limit))
    chosen = options.charge_cell_voltage
    if not lowest <= chosen <= highest:
        # Not chosen, or meant for other cells.
        chosen = values.get(_REQUESTED.get(family, "")) or 0.0
    return min([*known, chosen]) if chosen else min(known)


def float_target(values: Mapping[str, float | None], target: float, options: LimitOptions) -> float:
    """Return the voltage per cell to float at, given the one to charge to."""
    asked = values.get(_REQUESTED_FLOAT)
    lower = target - options.float_distance
    return asked if asked and lower <= asked < target else lower


def charge_voltage(  # noqa: PLR0913
    values: Mapping[str, float | None],
    moment: Moment,
    target: float,
    cells: int,
    options: LimitOptions,
    *,
    floating: bool,
) -> tuple[float, str]:
    """Return the voltage in V to charge the pack to, and what reduces it.

    Each cell above the target counts with its excess: the pack is not pushed on by the others.
    """
    if floating:
        return float_target(values, target, options) * cells, FLOATING
    highest = moment.measured[ProtectedQuantity.CELL_HIGHEST]
    voltages = [voltage for voltage in moment.reading.cell_voltages if voltage is not None]
    if highest is None or highest <= target:
        return target * cells, ""
    by = ProtectedQuantity.CELL_HIGHEST
    if len(voltages) == cells:
        return min(target * cells, sum(min(voltage, target) for voltage in voltages)), by
    return target * cells - (highest - target), by
