"""Cells: sent one after the other, so each has its own age and is forgotten when it is too old."""

from dataclasses import dataclass
from typing import Final

from ..errors import FrameError
from .decode import Counts

MAX_CELLS: Final = 255
"""Cells that a chain can have (vendor)."""
_MIN_AGE: Final = 10.0
_MAX_CYCLES: Final = 3
_MAX_CYCLE: Final = 1.0
_MIN_CYCLE: Final = 0.4
_HIGHEST: Final = 1260
"""Counts, 6.3 V: more no front end measures."""
_OUTSIDE: Final = 40
"""Counts, 0.2 V: how far a cell may lie outside of what the pack says of its lowest and highest one."""


_COLDEST: Final = 200
_HOTTEST: Final = 460
"""Counts; about -60 and 160 °C."""
_OUTSIDE_TEMPERATURE: Final = 20
"""Counts, 17 °C."""

type Extremes = tuple[int, int] | None
"""Lowest and highest count; None if nothing fresh is known."""


def _within(count: int, extremes: Extremes, tolerance: int) -> bool:
    return extremes is None or extremes[0] - tolerance <= count <= extremes[1] + tolerance


@dataclass(slots=True)
class _Cell:
    voltage: int
    temperature: int | None
    at: float


class Cells:
    """The cells of one session."""

    def __init__(self) -> None:
        """Initialize."""
        self.count: int | None = None
        self._unconfirmed_count: int | None = None
        self._cells: list[_Cell | None] = []
        self._slots = 0
        self._last_place = 0
        self._cycle = _MAX_CYCLE
        self._told_at: float | None = None

    @property
    def too_old(self) -> float:
        """Return the age in s at which a cell is forgotten: three cycles of all slots."""
        return max(_MIN_AGE, _MAX_CYCLES * self._slots * self._cycle)

    def clear(self) -> None:
        """Forget what was measured."""
        self._cells = [None] * len(self._cells)

    def update(self, counts: Counts, extremes: Extremes, now: float, temperatures: Extremes = None) -> None:
        """Take a record of one cell; `extremes` are lowest and highest voltage and temperature, where they are fresh.

        Raises FrameError if it, or its temperature alone, must not be shown.
        """
        self._follow_cycle(now)
        place, count = counts["cell_number"], counts["cell_count"]
        if place is None or count is None or not 1 <= count <= MAX_CELLS:
            raise FrameError("cell_count")
        if count != self.count:
            self._update_count(count)
        self._unconfirmed_count = None
        if place == self._last_place + 1 <= MAX_CELLS:
            # The rotation may have more places than there are cells; one that is skipped to is a broken number.
            self._slots = max(self._slots, place)
        self._last_place = place
        voltage = counts["cell_voltage"]
        if not 1 <= place <= count:
            return  # an empty slot of the rotation: real packs have them
        if voltage is None:
            self._cells[place - 1] = None
            return
        if voltage > _HIGHEST:
            raise FrameError("implausible_cell_voltage")
        temperature = counts["cell_temperature"]
        if not _within(voltage, extremes, _OUTSIDE):
            raise FrameError("cell_outside_extremes")
        believed = temperature is None or (
            _COLDEST <= temperature <= _HOTTEST and _within(temperature, temperatures, _OUTSIDE_TEMPERATURE)
        )
        self._cells[place - 1] = _Cell(voltage, temperature if believed else None, now)
        if not believed:
            raise FrameError("implausible_temperature")

    def _update_count(self, count: int) -> None:
        """Believe another number of cells when it is said twice; at first there is nothing to hold against it."""
        if self.count is not None and count != self._unconfirmed_count:
            self._unconfirmed_count = count
            raise FrameError("cell_count")
        self.count, self._unconfirmed_count = count, None
        self._cells = [None] * count
        self._slots = count

    def _follow_cycle(self, now: float) -> None:
        if self._told_at is not None:
            took = min(max(now - self._told_at, _MIN_CYCLE), _MAX_CYCLE)
            self._cycle += 0.1 * (took - self._cycle)
        self._told_at = now

    def known(self, now: float) -> list[_Cell | None]:
        """Return the cells in order; None is one that was not heard of, or too long ago."""
        oldest = now - self.too_old
        return [cell if cell is not None and cell.at >= oldest else None for cell in self._cells]
