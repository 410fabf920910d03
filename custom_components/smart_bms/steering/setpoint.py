"""Setpoints: to which value a target has to be set for what a battery asks."""

import math
from typing import NamedTuple

from .demand import Demand
from .target import Target, TargetKind, Unit

ON, OFF = 1.0, 0.0


class Setpoint(NamedTuple):
    """A value in the unit of the entity, or on and off, and what makes it less than full."""

    value: float
    limited_by: str
    is_below_minimum: bool = False
    """The battery asks for less than the entity can be set to: only a switch helps."""


def setpoint(target: Target, demand: Demand, *, is_on: bool = True) -> Setpoint | None:
    """Return what a target has to be set to; None: the battery asks nothing of it.

    It is never more than asked for: numbers are rounded down. `is_on`: whether a switch is on now; it goes on again a
    little later than it goes off.
    """
    side = target.kind.side
    if target.kind is TargetKind.CHARGE_VOLTAGE:
        if demand.charge_voltage is None:
            return None
        return _bounded(target, demand.charge_voltage * target.scale, demand.voltage_limited_by)
    limit, cause = demand.limit(side), demand.limited_by(side)
    if limit is None:
        # Without a limit in A a battery still says whether anything may flow at all.
        is_allowed = demand.voltage is not None and demand.is_known(side)
        return _highest(target, cause) if is_allowed else None
    limit = max(0.0, limit) * target.share / 100
    if target.kind.is_switch:
        needed = max(target.minimum, math.ulp(0.0)) + (0.0 if is_on else target.smallest_change)
        return Setpoint(ON if limit >= needed else OFF, cause)
    if target.unit is Unit.WATT:
        # A power without a voltage is not known: none is asked for.
        limit *= demand.voltage or 0.0
    value = limit * 100 / target.scale if target.unit is Unit.PERCENT else limit * target.scale
    return _bounded(target, value, cause)


def _highest(target: Target, cause: str) -> Setpoint | None:
    """Return as much as the owner allows; None for a number without a highest value."""
    if target.kind.is_switch:
        return Setpoint(ON, cause)
    return None if math.isinf(target.maximum) else _bounded(target, target.maximum, cause)


def _bounded(target: Target, value: float, cause: str) -> Setpoint:
    """Return a value on the steps of an entity, between its bounds."""
    if value < target.minimum:
        return Setpoint(target.minimum, cause, is_below_minimum=True)
    value = min(value, target.maximum)
    steps = math.floor((value - target.minimum) / target.step + 1e-6) if target.step > 0 else None
    return Setpoint(value if steps is None else round(target.minimum + steps * target.step, 6), cause)
