"""Rest imbalance: how fast each cell's voltage drops relative to the others while no current flows: self-discharge.

Method: two hours into a rest each cell's difference from the mean of all is recorded, and compared 24 hours and more
later. The uncertainty is that of two voltages in whole mV. Balancing moves charge, so the measurement begins anew.
"""

from collections.abc import Mapping
import math
from typing import Any, Final, NamedTuple

from ..bms.reading import Reading
from ..bms.stored_values import number

SETTLING_TIME: Final = 7200.0
"""s of rest before the first measurement, until polarization has faded."""
MIN_DURATION: Final = 86_400.0
"""s between the first measurement and a result: over a shorter time the resolution of 1 mV is too coarse."""
_DAY: Final = 86_400.0
_ROUNDING: Final = 0.001 / math.sqrt(6)


class CellDrift(NamedTuple):
    """Drift of each cell's voltage at rest against the mean of all."""

    cells: tuple[float, ...]
    """V per day, negative for a cell that drops."""
    uncertainty: float
    """V per day, one standard deviation."""
    days: float
    """Length of the measurement."""
    at: float
    """Time of day in s since 1970."""

    @property
    def fastest(self) -> tuple[int, float]:
        """Number (from 1) of the cell that drops fastest, and its V per day."""
        lowest = min(self.cells)
        return self.cells.index(lowest) + 1, lowest


class RestImbalance:
    """Measures the drift of the cells of one pack at rest."""

    def __init__(self) -> None:
        """Initialize."""
        self.drift: CellDrift | None = None
        """Result of the newest rest that was long enough."""
        self._first: tuple[float, tuple[float, ...]] | None = None

    def update(self, reading: Reading, rest: float, at: float) -> None:
        """Update with a reading.

        `rest` is for how many s no current has flowed, `at` the time of day in s since 1970.
        """
        cells = reading.cell_voltages
        if rest < SETTLING_TIME or reading.balancing or not cells or None in cells:
            self._first = None
            return
        mean = sum(cells) / len(cells)  # type: ignore[arg-type]
        now, distances = reading.measured_at, tuple(round(cell - mean, 5) for cell in cells)  # type: ignore[operator]
        if self._first is None or len(self._first[1]) != len(distances):
            self._first = (now, distances)
            return
        since, first = self._first
        if now - since >= MIN_DURATION:
            days = (now - since) / _DAY
            moved = tuple(round((late - early) / days, 6) for early, late in zip(first, distances, strict=True))
            self.drift = CellDrift(moved, _ROUNDING / days, days, at)

    def dump(self) -> dict[str, Any]:
        """Return what is stored over a restart."""
        first, drift = self._first, self.drift
        return {
            "first": None if first is None else [first[0], list(first[1])],
            "drift": None if drift is None else [list(drift.cells), drift.uncertainty, drift.days, drift.at],
        }

    def restore(self, stored: Mapping[str, Any], shift: float | None) -> None:
        """Restore what `dump` returned; `shift` s are added to its times, None: unknown.

        Raises one of BROKEN if it is invalid.
        """
        first, drift = stored["first"], stored["drift"]
        began = None if first is None else (number(first[0]) + (shift or 0.0), tuple(map(number, first[1])))
        self.drift = None if drift is None else CellDrift(tuple(map(number, drift[0])), *map(number, drift[1:]))
        self._first = None if shift is None else began
