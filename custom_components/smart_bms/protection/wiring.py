"""Signs of wrong wiring that a JBD board's cells show (its manual's list of common problems)."""

from collections.abc import Sequence
from enum import StrEnum
from statistics import median
from typing import Final, NamedTuple

_ORDER: Final = (0.05, 0.15)
"""V: about 0.1 V."""
_LOOSE: Final = (0.75, 1.05)
"""V: about 0.9 V."""
MAX_SIGN: Final = _LOOSE[1]
"""V above which no cell is a sign of anything."""
_CLEARLY_HIGH: Final = 0.3
"""V above the median of the other cells."""


class WiringSign(StrEnum):
    """What the cells look like."""

    WRONG_ORDER = "wires_in_wrong_order"
    """A cell near 0.1 V while the front end reports an error."""
    LOOSE_WIRE = "wire_between_cells"
    """A cell near 0.9 V beside one that is clearly high."""
    FRONT_END = "front_end_error"
    """Only the error, without a cell that explains it."""


class WiringFault(NamedTuple):
    """A sign and the cells that show it, counted from 1."""

    sign: WiringSign
    cells: tuple[int, ...]


def signs(cells: Sequence[float | None], *, front_end_error: bool | None) -> list[WiringFault] | None:
    """Return what the cells show; None if the front end's error would decide and is not known."""
    near_order = _within(cells, _ORDER)
    if near_order and front_end_error is None:
        return None
    found = []
    if near_order and front_end_error:
        found.append(WiringFault(WiringSign.WRONG_ORDER, near_order))
    loose = [(cell, other) for cell in _within(cells, _LOOSE) for other in _high_neighbors(cells, cell)]
    if loose:
        found.append(WiringFault(WiringSign.LOOSE_WIRE, tuple(sorted({number for pair in loose for number in pair}))))
    if front_end_error and not found:
        found.append(WiringFault(WiringSign.FRONT_END, ()))
    return found


def _within(cells: Sequence[float | None], bounds: tuple[float, float]) -> tuple[int, ...]:
    low, high = bounds
    return tuple(
        number for number, voltage in enumerate(cells, 1) if voltage is not None and low <= round(voltage, 3) <= high
    )


def _high_neighbors(cells: Sequence[float | None], number: int) -> list[int]:
    high = []
    for neighbor in (number - 1, number + 1):
        if not 1 <= neighbor <= len(cells):
            continue
        voltage = cells[neighbor - 1]
        others = [
            other for place, other in enumerate(cells, 1) if other is not None and place not in (number, neighbor)
        ]
        if voltage is not None and others and round(voltage - median(others), 3) >= _CLEARLY_HIGH:
            high.append(neighbor)
    return high
