"""Ledger: what the counted energy says about days, cycles and how much of what goes in comes out again."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from ..bms.reading import FULL_SOC, Reading
from ..bms.stored_values import flag, number, optional, text
from .energy_counter import EnergyCounter
from .energy_totals import EnergyTotals

_MIN_SHARE: Final = 0.2
"""Of its capacity that must have gone through a pack from full to full before that says anything of its efficiency."""
_MAX_RUNS: Final = 10
"""Runs from full to full that count."""
EMPTY_SOC: Final = 0.0
_MAX_CLOCK_SETBACK: Final = timedelta(days=2)
"""By which the day may go back and is still the same one: another time zone, or a clock that was wrong for a moment."""


class EnergyStatistics:
    """Follows one pack's counter."""

    def __init__(self, counter: EnergyCounter) -> None:
        """Know of no full and no empty pack yet."""
        self._counter = counter
        self._at_full: EnergyTotals | None = None
        self._at_empty: EnergyTotals | None = None
        self.complete_since_full = True
        """Nothing was missed since the pack was full."""
        self._full_now = False
        self._run_from: EnergyTotals | None = None
        self._run_complete = True
        self._runs: list[EnergyTotals] = []
        self._day: date | None = None
        self._at_midnight = EnergyTotals()
        self.capacity: float | None = None
        """Ah, as the pack stated them last."""

    def update(self, reading: Reading) -> None:
        """Take a reading that the counter has taken."""
        after_gap, soc = self._counter.after_gap, reading.soc
        self.capacity = reading.full_capacity or reading.design_capacity or self.capacity
        full = self._full_now if soc is None else soc >= FULL_SOC
        if self._full_now and not full:
            self._end_run()
        if after_gap:
            self.complete_since_full = self._run_complete = False
        # Until the end of being full it is topped up: from there on counts what came since.
        if full and soc is not None:
            self._at_full, self.complete_since_full = self._counter.total.copy(), True
        elif soc is not None and soc <= EMPTY_SOC:
            self._at_empty = self._counter.total.copy()
        self._full_now = full

    def _end_run(self) -> None:
        """Close the run that ended when the pack was full, and begin the next; both at the end of being full."""
        end, begin = self._at_full, self._run_from
        if end is not None and begin is not None and self._run_complete:
            run = end.since(begin)
            if self.capacity and run.charge_out >= _MIN_SHARE * self.capacity:
                self._runs = [*self._runs, run][-_MAX_RUNS:]
        self._run_from, self._run_complete = (None if end is None else end.copy()), True

    def update_day(self, day: date) -> None:
        """Take what day it is where the pack is; with a new one its throughput begins anew."""
        if self._day is None or not timedelta(0) <= self._day - day <= _MAX_CLOCK_SETBACK:
            self._day, self._at_midnight = day, self._counter.total.copy()

    @property
    def since_full(self) -> EnergyTotals | None:
        """What flowed since the pack was last full."""
        return None if self._at_full is None else self._counter.total.since(self._at_full)

    @property
    def since_empty(self) -> EnergyTotals | None:
        """What flowed since the pack was last empty."""
        return None if self._at_empty is None else self._counter.total.since(self._at_empty)

    def today(self, total: EnergyTotals) -> EnergyTotals:
        """Return what flowed since midnight, of these sums."""
        return total.since(self._at_midnight).positive()

    def shift_references(self, by: EnergyTotals) -> None:
        """Take that the sums were raised, by nothing that flowed."""
        for totals in (self._at_full, self._at_empty, self._at_midnight, self._run_from):
            if totals is not None:
                totals.add(by)

    def reset_references(self) -> None:
        """Take that the sums began anew: what was noted of them means nothing any more."""
        self._at_full = self._at_empty = self._run_from = None
        self._at_midnight = self._counter.total.copy()

    @property
    def efficiency(self) -> float | None:
        """Energy out in % of the energy in, over the last runs from full to full; None without one."""
        charged = sum(run.charged for run in self._runs)
        return 100 * sum(run.discharged for run in self._runs) / charged if charged > 0 else None

    @property
    def runs(self) -> int:
        """Runs from full to full behind the efficiency."""
        return len(self._runs)

    @property
    def full_cycles(self) -> float | None:
        """Full cycles that what was discharged since counting began is worth."""
        return self._counter.total.charge_out / self.capacity if self.capacity else None

    # Over restarts.

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart."""
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
        """Take up what was kept. Raises one of BROKEN if it is broken; nothing is taken then."""
        marks = ("at_full", "at_empty", "run_from")
        at_full, at_empty, run_from = (
            None if stored[key] is None else EnergyTotals.from_dict(stored[key]) for key in marks
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
