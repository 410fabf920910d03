"""What the owner may choose about the limits for chargers and inverters; every default is meant to be left alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Self


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
    target_by_voltage: bool = False
    """The target is held by a charge voltage that no longer fills the pack, in place of no current at all."""
    balance_hold_time: float = 7200.0
    """s for which the charge current is at most what the balancer moves while the cells are uneven at the top; 0: never."""

    @classmethod
    def of(cls, chosen: Mapping[str, Any]) -> Self:
        """Return the options with what was chosen in place of the defaults."""
        defaults = {item.name: item.default for item in fields(cls)}
        values: dict[str, Any] = {
            key: bool(value) if isinstance(defaults[key], bool) else float(value)
            for key, value in chosen.items()
            if key in defaults
        }
        return cls(**values)

    def contradictions(self) -> list[str]:
        """Return the codes of what cannot hold together, which somebody has to choose otherwise."""
        return [code for code, holds in CONTRADICTIONS.items() if holds(self)]


CONTRADICTIONS: Final[Mapping[str, Callable[[LimitOptions], bool]]] = {
    # It would end charging and begin it anew with each reading.
    "rebulk_spread_low": lambda chosen: chosen.rebulk_spread <= chosen.float_spread,
    "rebulk_soc_high": lambda chosen: chosen.rebulk_soc >= chosen.full_soc,
    "empty_soc_high": lambda chosen: chosen.empty_soc >= chosen.rebulk_soc,
    # More would flow while nothing is known than at other times.
    "failsafe_charge_high": lambda chosen: 0 < chosen.max_charge_current < chosen.failsafe_charge_current,
    "failsafe_discharge_high": lambda chosen: 0 < chosen.max_discharge_current < chosen.failsafe_discharge_current,
}
"""By code: whether options contradict each other so."""
