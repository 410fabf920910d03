"""Sense leads: wires whose resistance stands out among those of a pack, by what the pack measures of them (JK)."""

from collections.abc import Sequence
from statistics import median
from typing import Final

_MIN_RATIO: Final = 3.0
"""Of the usual lead from which on one stands out, ..."""
_MIN_DIFFERENCE: Final = 0.05
"""... and by so many Ω, so that short wires of different length do not."""
_MIN_WIRES: Final = 4
"""Leads among which one can stand out."""


def high_resistance_wires(resistances: Sequence[float | None]) -> tuple[int, ...]:
    """Return the numbers of the cells whose lead has much more Ω than the others."""
    known = [value for value in resistances if value is not None]
    if len(known) < _MIN_WIRES:
        return ()
    typical = median(known)
    return tuple(
        number
        for number, value in enumerate(resistances, 1)
        if value is not None and value > _MIN_RATIO * typical and value > typical + _MIN_DIFFERENCE
    )
