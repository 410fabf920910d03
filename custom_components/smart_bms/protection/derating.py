"""Derating: how much of the full current is left near each limit of a pack."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from .charge_voltage import (
    CELL_OVERVOLTAGES,
    CELL_UNDERVOLTAGES,
    PACK_OVERVOLTAGES,
    PACK_UNDERVOLTAGES,
    highest_of,
    lowest_of,
)
from .limit_options import LimitOptions
from .mirror_state import MirrorState, Moment
from .rules import Numbers, ProtectedQuantity, Side

CHARGE_END_DISTANCE: Final = 0.02
"""V below the overvoltage limit at which no charge current is left. Our judgment: a few steps of the cell voltages."""
EMPTY_VOLTAGES: Final = (0.05, 0.25)
"""V above the undervoltage limit between which the discharge current fades in. Our judgment: there a LFP cell falls within minutes."""
EMPTY_SPAN: Final = 10.0
"""% above the state of charge at which discharging ends over which it fades in. Our judgment."""
MIN_SPAN: Final = 0.01
"""K, or V: no current fades over less, so that nothing is divided by zero."""
_FULL_SHARE: Final = 0.2
"""Share of the full charge current that is left at 100 %. Our judgment: a fifth still lets a pack balance."""
_POWER_STAGE_SPAN: Final = 15.0
"""K over which the current fades below the limit of the MOSFETs. Our judgment: they get warmer faster than cells."""


class DeratingFactor(NamedTuple):
    """How much of the full current something leaves, 0 to 1."""

    cause: str
    share: float


def derating_factors(
    mirror: MirrorState, moment: Moment, side: Side, target: float | None, options: LimitOptions
) -> Iterator[DeratingFactor]:
    """Yield what everything that is measured leaves for a side; `target` is the charge voltage of a cell in V."""
    for quantity, none_at, all_at in temperature_bounds(mirror, options, side):
        value = moment.measured[quantity]
        yield DeratingFactor(quantity, 0.0 if value is None else _fade(value, none_at, all_at))
    if side is Side.CHARGE:
        yield from _charge(mirror.values, moment, target, options)
    else:
        yield from _discharge(mirror.values, moment, options)


def temperature_bounds(
    mirror: MirrorState, options: LimitOptions, side: Side | None = None
) -> Iterator[tuple[ProtectedQuantity, float, float]]:
    """Yield at which temperatures nothing and everything is left, by every rule about one that blocks the side, or any."""
    for monitor in mirror.active:
        rule, limit = monitor.rule, monitor.limit
        if not rule.quantity.of_probes or rule.quantity is ProtectedQuantity.TEMPERATURE_SPREAD or limit is None:
            continue
        if not rule.blocks or (side is not None and side not in rule.blocks):
            continue
        span = _POWER_STAGE_SPAN if rule.quantity is ProtectedQuantity.POWER_STAGE else options.temperature_span
        way = -1.0 if rule.above else 1.0
        none_at = limit + way * options.temperature_distance
        yield rule.quantity, none_at, none_at + way * max(span, MIN_SPAN)


def _fade(value: float, none_at: float, all_at: float) -> float:
    """Return 0 to 1 between two values, whichever is higher."""
    return min(1.0, max(0.0, (value - none_at) / (all_at - none_at)))


def _mean_cell(moment: Moment) -> tuple[float | None, int]:
    """Return the pack's voltage per cell, and its cells."""
    voltage, cells = moment.measured[ProtectedQuantity.PACK_VOLTAGE], moment.reading.cell_count or 0
    return (voltage / cells if voltage is not None and cells else None), cells or 1


def _charge(values: Numbers, moment: Moment, target: float | None, options: LimitOptions) -> Iterator[DeratingFactor]:
    measured = moment.measured
    highest, limit, soc = (
        measured[ProtectedQuantity.CELL_HIGHEST],
        lowest_of(values, CELL_OVERVOLTAGES),
        measured[ProtectedQuantity.SOC],
    )
    mean, cells = _mean_cell(moment)
    if highest is not None and limit is not None and target is not None:
        yield DeratingFactor(ProtectedQuantity.CELL_HIGHEST, _fade(highest, limit - CHARGE_END_DISTANCE, target))
    if mean is not None and (whole := lowest_of(values, PACK_OVERVOLTAGES)) and target is not None:
        yield DeratingFactor(ProtectedQuantity.PACK_VOLTAGE, _fade(mean, whole / cells - CHARGE_END_DISTANCE, target))
    if soc is not None and options.full_soc < 100:
        yield DeratingFactor(
            ProtectedQuantity.SOC, _FULL_SHARE + (1 - _FULL_SHARE) * _fade(soc, 100.0, options.full_soc)
        )


def _discharge(values: Numbers, moment: Moment, options: LimitOptions) -> Iterator[DeratingFactor]:
    measured = moment.measured
    lowest, limit, soc = (
        measured[ProtectedQuantity.CELL_LOWEST],
        highest_of(values, CELL_UNDERVOLTAGES),
        measured[ProtectedQuantity.SOC],
    )
    mean, cells = _mean_cell(moment)
    if lowest is not None and limit is not None:
        yield DeratingFactor(
            ProtectedQuantity.CELL_LOWEST, _fade(lowest, limit + EMPTY_VOLTAGES[0], limit + EMPTY_VOLTAGES[1])
        )
    if mean is not None and (whole := highest_of(values, PACK_UNDERVOLTAGES)):
        empty = whole / cells
        yield DeratingFactor(
            ProtectedQuantity.PACK_VOLTAGE, _fade(mean, empty + EMPTY_VOLTAGES[0], empty + EMPTY_VOLTAGES[1])
        )
    if soc is not None:
        yield DeratingFactor(ProtectedQuantity.SOC, _fade(soc, options.empty_soc, options.empty_soc + EMPTY_SPAN))
