"""Energy totals: energy and charge into a pack and out of it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Self

from ..bms.stored_values import number

_SECONDS = 3600.0


@dataclass(slots=True)
class EnergyTotals:
    """Energy in Wh and charge in Ah, by direction. Totals only grow; differences of two may be negative."""

    charged: float = 0.0
    """Wh."""
    discharged: float = 0.0
    """Wh."""
    charge_in: float = 0.0
    """Ah."""
    charge_out: float = 0.0
    """Ah."""

    def add(self, other: EnergyTotals) -> None:
        """Add other totals to these."""
        self.charged += other.charged
        self.discharged += other.discharged
        self.charge_in += other.charge_in
        self.charge_out += other.charge_out

    def since(self, earlier: EnergyTotals) -> EnergyTotals:
        """Return the difference from earlier totals."""
        return EnergyTotals(
            self.charged - earlier.charged,
            self.discharged - earlier.discharged,
            self.charge_in - earlier.charge_in,
            self.charge_out - earlier.charge_out,
        )

    def raise_to(self, minimum: EnergyTotals) -> None:
        """Raise each total to this minimum: what was shown before never decreases."""
        self.charged = max(self.charged, minimum.charged)
        self.discharged = max(self.discharged, minimum.discharged)
        self.charge_in = max(self.charge_in, minimum.charge_in)
        self.charge_out = max(self.charge_out, minimum.charge_out)

    def positive(self) -> EnergyTotals:
        """Return these totals with negative values set to 0."""
        return EnergyTotals(*(max(0.0, getattr(self, item.name)) for item in fields(self)))

    def copy(self) -> EnergyTotals:
        """Return a copy."""
        return EnergyTotals(self.charged, self.discharged, self.charge_in, self.charge_out)

    def __bool__(self) -> bool:
        """Return whether any energy flowed."""
        return self.charged > 0 or self.discharged > 0

    def as_dict(self) -> dict[str, float]:
        """Return what is stored."""
        return {name: round(value, 6) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, float]) -> Self:
        """Return stored totals. Raises TypeError, ValueError or KeyError if they are invalid."""
        return cls(**{item.name: max(0.0, number(stored[item.name])) for item in fields(cls)})


def integrate_by_sign(before: float, after: float, seconds: float) -> tuple[float, float]:
    """Return the positive and the negative area under a line between two values, both as positive numbers.

    In units of the values times hours: Wh of W, Ah of A. The line is cut where it changes its sign, so that a change of
    direction counts on both sides.
    """
    hours = seconds / _SECONDS
    if before >= 0 and after >= 0:
        return (before + after) / 2 * hours, 0.0
    if before <= 0 and after <= 0:
        return 0.0, -(before + after) / 2 * hours
    first = before / (before - after)
    areas = before / 2 * hours * first, after / 2 * hours * (1 - first)
    return max(areas), -min(areas)
