"""Fading: how much of the full current is left near each limit of a pack."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from .limit_options import LimitOptions
from .rules import ProtectedQuantity, Side

if TYPE_CHECKING:
    from .mirror import Mirror

LAST_STEP: Final = 0.02
"""V below the overvoltage limit at which no charge current is left."""
NEAR_EMPTY: Final = (0.05, 0.25)
"""V above the undervoltage limit between which the discharge current fades in."""
EMPTY_SPAN: Final = 10.0
"""% above the state of charge at which discharging ends over which it fades in."""
MIN_SPAN: Final = 0.01
_FULL_SHARE: Final = 0.2
_POWER_STAGE_SPAN: Final = 15.0


class DeratingFactor(NamedTuple):
    """How much of the full current something leaves, 0 to 1."""

    cause: str
    share: float


def shares(mirror: Mirror, side: Side, target: float | None, options: LimitOptions) -> Iterator[DeratingFactor]:
    """Yield what everything that is measured leaves for a side; `target` is the charge voltage of a cell in V."""
    assert mirror.moment is not None
    for quantity, none_at, all_at in temperature_bounds(mirror, options, side):
        value = mirror.moment.measured[quantity]
        yield DeratingFactor(quantity, 0.0 if value is None else _fade(value, none_at, all_at))
    if side is Side.CHARGE:
        yield from _charge(mirror, target, options)
    else:
        yield from _discharge(mirror, options)


def temperature_bounds(
    mirror: Mirror, options: LimitOptions, side: Side | None = None
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


def _mean_cell(mirror: Mirror) -> tuple[float | None, int]:
    """Return the pack's voltage per cell, and its cells."""
    assert mirror.moment is not None
    voltage, cells = mirror.moment.measured[ProtectedQuantity.PACK_VOLTAGE], mirror.moment.reading.cell_count or 0
    return (voltage / cells if voltage is not None and cells else None), cells or 1


def _charge(mirror: Mirror, target: float | None, options: LimitOptions) -> Iterator[DeratingFactor]:
    assert mirror.moment is not None
    measured, values = mirror.moment.measured, mirror.values
    highest, limit, soc = (
        measured[ProtectedQuantity.CELL_HIGHEST],
        values.get("cell_overvoltage"),
        measured[ProtectedQuantity.SOC],
    )
    mean, cells = _mean_cell(mirror)
    if highest is not None and limit is not None and target is not None:
        yield DeratingFactor(ProtectedQuantity.CELL_HIGHEST, _fade(highest, limit - LAST_STEP, target))
    if mean is not None and (whole := values.get("pack_overvoltage")) and target is not None:
        yield DeratingFactor(ProtectedQuantity.PACK_VOLTAGE, _fade(mean, whole / cells - LAST_STEP, target))
    if soc is not None and options.full_soc < 100:
        yield DeratingFactor(
            ProtectedQuantity.SOC, _FULL_SHARE + (1 - _FULL_SHARE) * _fade(soc, 100.0, options.full_soc)
        )


def _discharge(mirror: Mirror, options: LimitOptions) -> Iterator[DeratingFactor]:
    assert mirror.moment is not None
    measured, values = mirror.moment.measured, mirror.values
    lowest, limit, soc = (
        measured[ProtectedQuantity.CELL_LOWEST],
        values.get("cell_undervoltage"),
        measured[ProtectedQuantity.SOC],
    )
    mean, cells = _mean_cell(mirror)
    if lowest is not None and limit is not None:
        yield DeratingFactor(ProtectedQuantity.CELL_LOWEST, _fade(lowest, limit + NEAR_EMPTY[0], limit + NEAR_EMPTY[1]))
    if mean is not None and (whole := values.get("pack_undervoltage")):
        empty = whole / cells
        yield DeratingFactor(ProtectedQuantity.PACK_VOLTAGE, _fade(mean, empty + NEAR_EMPTY[0], empty + NEAR_EMPTY[1]))
    if soc is not None:
        yield DeratingFactor(ProtectedQuantity.SOC, _fade(soc, options.empty_soc, options.empty_soc + EMPTY_SPAN))
