"""Rest drift: how fast each cell's voltage falls behind the others while nothing flows: self-discharge.

Method: two hours into a rest each cell's distance to the mean of all is noted, and compared a day and more later. It counts
from 24 hours on; the uncertainty is that of two voltages told in mV. Balancing moves charge, so it begins anew.
"""

from collections.abc import Mapping
import math
from typing import Any, Final, NamedTuple

from ..bms.reading import Reading
from ..bms.stored_values import number

SETTLING_TIME: Final = 7200.0
MIN_DURATION: Final = 86_400.0
_DAY: Final = 86_400.0
_ROUNDING: Final = 0.001 / math.sqrt(6)


class CellDrift(NamedTuple):
    """What the cells did, in V per day against their mean."""

    cells: tuple[float, ...]
    uncertainty: float
    days: float
    at: float
    """Time of day in s since 1970."""

    @property
    def fastest(self) -> tuple[int, float]:
        """Number of the cell that falls fastest, and how fast."""
        least = min(self.cells)
        return self.cells.index(least) + 1, least


class RestImbalance:
    """Watches one pack rest."""

    def __init__(self) -> None:
        """Initialize."""
        self.drift: CellDrift | None = None
        """Of the newest rest that was long enough."""
        self._first: tuple[float, tuple[float, ...]] | None = None

    def update(self, reading: Reading, rest: float, at: float) -> None:
        """Take a reading at a time of day, and for how many s nothing has flowed."""
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

    # Over restarts.

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart."""
        first, drift = self._first, self.drift
        return {
            "first": None if first is None else [first[0], list(first[1])],
            "drift": None if drift is None else [list(drift.cells), drift.uncertainty, drift.days, drift.at],
        }

    def restore(self, stored: Mapping[str, Any], shift: float | None) -> None:
        """Take up what was kept; `shift` s are added to its times, None is not known. Raises one of BROKEN if it is broken."""
        first, drift = stored["first"], stored["drift"]
        began = None if first is None else (number(first[0]) + (shift or 0.0), tuple(map(number, first[1])))
        self.drift = None if drift is None else CellDrift(tuple(map(number, drift[0])), *map(number, drift[1:]))
        self._first = None if shift is None else began
