"""Balance wires: those with a much higher resistance than the others of a pack, as the pack measures them (JK)."""

from collections.abc import Sequence
from statistics import median
from typing import Final

_MIN_RATIO: Final = 3.0
"""Multiple of the median from which on a wire is conspicuous, ..."""
_MIN_DIFFERENCE: Final = 0.05
"""... and Ω by which it must be above it, so that short wires of different length are not. Our judgment."""
_MIN_WIRES: Final = 4
"""Fewer wires have no meaningful median."""


def high_resistance_wires(resistances: Sequence[float | None]) -> tuple[int, ...]:
    """Return the numbers (from 1) of the cells whose wire has a much higher resistance than the others.

    `resistances`: Ω in the order of the cells, None if unknown.
    """
    known = [value for value in resistances if value is not None]
    if len(known) < _MIN_WIRES:
        return ()
    typical = median(known)
    return tuple(
        number
        for number, value in enumerate(resistances, 1)
        if value is not None and value > _MIN_RATIO * typical and value > typical + _MIN_DIFFERENCE
    )
