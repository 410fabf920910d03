"""Energy statistics: energy of the day, since full and since empty, full cycles and efficiency."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from ..bms.reading import FULL_SOC, Reading
from ..bms.stored_values import flag, number, optional, text
from .energy_counter import EnergyCounter
from .energy_totals import EnergyTotals

_MIN_SHARE: Final = 0.2
"""Share of the capacity that must be discharged between two full charges to tell the efficiency. Our judgment."""
_MAX_RUNS: Final = 10
"""Runs from full to full that count."""
EMPTY_SOC: Final = 0.0
"""% at which a pack is empty."""
_MAX_CLOCK_SETBACK: Final = timedelta(days=2)
"""By which the date may go back without starting a new day: another time zone, or a clock that was briefly wrong."""


class EnergyStatistics:
    """Statistics of one pack's counter."""

    def __init__(self, counter: EnergyCounter) -> None:
        """`counter`: of the pack; updated before this with each reading."""
        self._counter = counter
        self._at_full: EnergyTotals | None = None
        self._at_empty: EnergyTotals | None = None
        self.complete_since_full = True
        """Whether every gap since the pack was full was bridged."""
        self._full_now = False
        self._run_from: EnergyTotals | None = None
        self._run_complete = True
        self._runs: list[EnergyTotals] = []
        self._day: date | None = None
        self._at_midnight = EnergyTotals()
        self.capacity: float | None = None
        """Ah, as last stated by the pack."""

    def update(self, reading: Reading) -> None:
        """Update with a reading that the counter has counted."""
        after_gap, soc = self._counter.after_gap, reading.soc
        self.capacity = reading.full_capacity or reading.design_capacity or self.capacity
        full = self._full_now if soc is None else soc >= FULL_SOC
        if self._full_now and not full:
            self._end_run()
        if after_gap:
            self.complete_since_full = self._run_complete = False
        # It is topped up as long as it is full: the totals since full begin when that ends.
        if full and soc is not None:
            self._at_full, self.complete_since_full = self._counter.total.copy(), True
        elif soc is not None and soc <= EMPTY_SOC:
            self._at_empty = self._counter.total.copy()
        self._full_now = full

    def _end_run(self) -> None:
        """End the run from full to full, and begin the next; both when the pack is no longer full."""
        end, begin = self._at_full, self._run_from
        if end is not None and begin is not None and self._run_complete:
            run = end.since(begin)
            if self.capacity and run.charge_out >= _MIN_SHARE * self.capacity:
                self._runs = [*self._runs, run][-_MAX_RUNS:]
        self._run_from, self._run_complete = (None if end is None else end.copy()), True

    def update_day(self, day: date) -> None:
        """Set the local date; on a new one the energy of the day begins anew."""
        if self._day is None or not timedelta(0) <= self._day - day <= _MAX_CLOCK_SETBACK:
            self._day, self._at_midnight = day, self._counter.total.copy()

    @property
    def since_full(self) -> EnergyTotals | None:
        """Totals since the pack was last full, None if it never was."""
        return None if self._at_full is None else self._counter.total.since(self._at_full)

    @property
    def since_empty(self) -> EnergyTotals | None:
        """Totals since the pack was last empty, None if it never was."""
        return None if self._at_empty is None else self._counter.total.since(self._at_empty)

    def today(self, total: EnergyTotals) -> EnergyTotals:
        """Return what flowed since midnight, as part of these totals."""
        return total.since(self._at_midnight).positive()

    def shift_references(self, by: EnergyTotals) -> None:
        """Shift the reference totals: the counter was raised by this much, without any flow."""
        for totals in (self._at_full, self._at_empty, self._at_midnight, self._run_from):
            if totals is not None:
                totals.add(by)

    def reset_references(self) -> None:
        """Forget the reference totals: the counter began anew."""
        self._at_full = self._at_empty = self._run_from = None
        self._at_midnight = self._counter.total.copy()

    @property
    def efficiency(self) -> float | None:
        """Energy efficiency in %: discharged by charged, over the last runs from full to full; None without one."""
        charged = sum(run.charged for run in self._runs)
        return 100 * sum(run.discharged for run in self._runs) / charged if charged > 0 else None

    @property
    def runs(self) -> int:
        """Number of runs from full to full behind the efficiency."""
        return len(self._runs)

    @property
    def full_cycles(self) -> float | None:
        """Equivalent full cycles: discharged Ah since counting began by the capacity; None if that is unknown."""
        return self._counter.total.charge_out / self.capacity if self.capacity else None

    def dump(self) -> dict[str, Any]:
        """Return what is stored over a restart."""
        return {
            "at_full": None if self._at_full is None else self._at_full.as_dict(),
            "at_empty": None if self._at_empty is None else self._at_empty.as_dict(),
            "whole": self.complete_since_full,
            "full_now": self._full_now,
            "run_from": None if self._run_from is None else self._run_from.as_dict(),
            "run_whole": self._run_complete,
            "runs": [run.as_dict() for run in self._runs],
            "day": None if self._day is None else self._day.isoformat(),
            "at_midnight": self._at_midnight.as_dict(),
            "capacity": self.capacity,
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore what `dump` returned. Raises one of BROKEN if it is invalid; nothing is changed then."""
        references = ("at_full", "at_empty", "run_from")
        at_full, at_empty, run_from = (
            None if stored[key] is None else EnergyTotals.from_dict(stored[key]) for key in references
        )
        runs, at_midnight = (
            [EnergyTotals.from_dict(run) for run in stored["runs"]],
            EnergyTotals.from_dict(stored["at_midnight"]),
        )
        day, capacity = optional(text, stored["day"]), optional(number, stored["capacity"])
        run_complete, whole, full_now = (flag(stored[key]) for key in ("run_whole", "whole", "full_now"))
        self._day, self.capacity = None if day is None else date.fromisoformat(day), capacity
        self._at_full, self._at_empty, self._run_from, self._runs = at_full, at_empty, run_from, runs
        self._at_midnight, self._run_complete, self.complete_since_full, self._full_now = (
            at_midnight,
            run_complete,
            whole,
            full_now,
        )
