"""What the owner may choose about the limits for chargers and inverters; every default is meant to be left alone."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitOptions:
    """Distances are from the pack's own limits, so that a charger stops before the pack has to."""

    charge_cell_voltage: float = 0.0
    """V per cell to charge to; 0: what the pack asks for, or its overvoltage limit less the distance."""
    voltage_distance: float = 0.1
    """V per cell to keep from the overvoltage limit."""
    float_distance: float = 0.1
    """V per cell that floating is below charging, unless the pack asks for a voltage."""
    max_charge_current: float = 0.0
    """A; 0: what the pack's own limit allows."""
    max_discharge_current: float = 0.0
    """A; 0: what the pack's own limit allows."""
    current_share: float = 90.0
    """% of the pack's current limits to use."""
    temperature_distance: float = 2.0
    """K from a temperature limit at which nothing flows any more."""
    temperature_span: float = 10.0
    """K over which the current fades before that."""
    full_soc: float = 95.0
    """% from which charging slows down, to a fifth at 100 %."""
    empty_soc: float = 5.0
    """% at which discharging ends; it slows down over the 10 % above."""
    absorption_time: float = 900.0
    """s at full voltage with even cells before floating."""
    float_spread: float = 0.01
    """V of cell difference that counts as even."""
    rebulk_spread: float = 0.08
    """V of cell difference at which charging starts again."""
    rebulk_soc: float = 80.0
    """% at or below which charging starts again."""
    recovery_hold: float = 30.0
    """s after a reduction before a current limit may rise again."""
    recovery_rate: float = 5.0
    """A per s by which it rises."""
    failsafe_charge_current: float = 0.0
    """A while nothing current is known of the pack."""
    failsafe_discharge_current: float = 0.0
    """A while nothing current is known of the pack."""

    @classmethod
    def of(cls, chosen: Mapping[str, Any]) -> Self:
        """Return the options with what was chosen in place of the defaults."""
        known = {item.name for item in fields(cls)}
        return cls(**{key: float(value) for key, value in chosen.items() if key in known})
