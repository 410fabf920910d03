"""Scales: counts on the wire into units.

Voltages are vendor facts. Of temperatures the vendor's app and programs say something else than its documents; of currents
the phone's protocol has another step on newer boards than on older ones.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

VOLT: Final = 0.005
FRAME_AMPERE: Final = 0.125
"""A per count in the 58-byte frame, of all generations."""
NEWER_AMPERE: Final = 0.05
"""A per count in the records of generation 3 (two independent clients)."""
OLDER_AMPERE: Final = 0.125
"""A per count in the records of generation 2 (the vendor's app)."""
AMPERES: Final = (NEWER_AMPERE, OLDER_AMPERE)


class Formula(StrEnum):
    """Counts to °C."""

    APP = "app"
    """What the vendor's app and programs calculate; agrees with what owners measured."""
    DOCUMENT = "document"
    """What the vendor's documents print."""


def volts(count: int) -> float:
    """Return V."""
    return round(count * VOLT, 3)


def celsius(count: int, formula: Formula) -> float:
    """Return °C; both formulas agree at 31 °C and part by 4 °C at 0 and at 60."""
    return round(0.857 * count - 232.1, 3) if formula is Formula.APP else float(count - 276)


def temperature_count(temperature: float, formula: Formula) -> int:
    """Return the count nearest to a temperature in °C."""
    return round((temperature + 232.1) / 0.857) if formula is Formula.APP else round(temperature + 276)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scales:
    """How the counts of one pack are read."""

    formula: Formula = Formula.APP
    ampere: float | None = None
    """A per count; None while it is not known."""

    def amperes(self, count: int) -> float | None:
        """Return A; nothing flowing is nothing in any unit."""
        if count == 0:
            return 0.0
        return None if self.ampere is None else round(count * self.ampere, 3)
