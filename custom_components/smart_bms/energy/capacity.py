"""Learned capacity: the charge counted from full to empty, beside what the pack states and what JBD's rule learns."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ..bms.reading import FULL_SOC, Reading
from ..bms.stored_values import number
from .energy_counter import EnergyCounter
from .energy_statistics import EMPTY_SOC
from .energy_totals import EnergyTotals
from .jbd_capacity_learning import JbdCapacityLearning
from .jbd_events import JbdEvent

_MAX_RUNS: Final = 10
"""Runs that are stored; the oldest is dropped."""
_MIN_SHARE: Final = 0.5
"""Of the stated capacity: less is no run from full to empty, even if the pack reports 0 %. Our judgment."""


class LearnedCapacity(NamedTuple):
    """A learned capacity and its evidence."""

    ampere_hours: float
    watt_hours: float
    bridged: float
    """Ah of it that were bridged over gaps."""
    at: float
    """Time of day in s since 1970 at which it was empty."""


class CapacityTracker:
    """Learns the capacity of one pack from its runs from full to empty."""

    def __init__(self, counter: EnergyCounter) -> None:
        """`counter`: of the pack; updated before this with each reading."""
        self._counter = counter
        self._full: tuple[EnergyTotals, EnergyTotals] | None = None
        """All totals and the bridged ones when it was last full; None if a gap since was not bridged."""
        self.runs: list[LearnedCapacity] = []
        self.vendor: JbdCapacityLearning | None = None
        """Capacity after JBD's rule, which counts a run only once the pack is full again."""
        self._vendor_totals: EnergyTotals | None = None
        self._gaps = counter.gaps

    def update(self, reading: Reading, at: float) -> None:
        """Update with a reading that the counter has counted; `at` is its time of day in s since 1970."""
        total, soc = self._counter.total, reading.soc
        if self._counter.gaps != self._gaps:
            self._gaps, self._full = self._counter.gaps, None
            if self.vendor is not None:
                self.vendor.handle_event(JbdEvent.UNSEEN)
        if soc is None:
            return
        full, empty = soc >= FULL_SOC, soc <= EMPTY_SOC
        self._follow_vendor(reading, full=full, empty=empty)
        if full:
            self._full = (total.copy(), self._counter.bridged.copy())
        elif empty and self._full is not None:
            self._end(reading, at, *self._full)
            self._full = None

    def _end(self, reading: Reading, at: float, total: EnergyTotals, bridged: EnergyTotals) -> None:
        run, unseen = self._counter.total.since(total), self._counter.bridged.since(bridged)
        stated = reading.full_capacity or reading.design_capacity
        given = run.charge_out - run.charge_in
        if stated and given >= _MIN_SHARE * stated:
            learned = LearnedCapacity(given, run.discharged - run.charged, unseen.charge_out + unseen.charge_in, at)
            self.runs = [*self.runs, learned][-_MAX_RUNS:]

    def _follow_vendor(self, reading: Reading, *, full: bool, empty: bool) -> None:
        total, design = self._counter.total, reading.design_capacity or reading.full_capacity
        if self.vendor is None and design:
            self.vendor = JbdCapacityLearning(design)
        if self._vendor_totals is None:
            self._vendor_totals = total.copy()
        if self.vendor is not None and (full or empty or self._throughput_since(total, self._vendor_totals) >= 1):
            since = total.since(self._vendor_totals)
            self.vendor.update(since.charge_in - since.charge_out, full=full, empty=empty)
            self._vendor_totals = total.copy()

    @staticmethod
    def _throughput_since(total: EnergyTotals, at: EnergyTotals) -> float:
        """Return the Ah in both directions since the vendor's rule was last updated."""
        return total.charge_in + total.charge_out - at.charge_in - at.charge_out

    def shift_references(self, by: EnergyTotals) -> None:
        """Shift the reference totals: the counter was raised by this much, without any flow."""
        for totals in (self._vendor_totals, self._full[0] if self._full else None):
            if totals is not None:
                totals.add(by)

    def reset_references(self) -> None:
        """Forget the reference totals: the counter began anew."""
        self._full = self._vendor_totals = None

    @property
    def learned(self) -> LearnedCapacity | None:
        """Return the newest run, None without one."""
        return self.runs[-1] if self.runs else None

    def dump(self) -> dict[str, Any]:
        """Return what is stored over a restart."""
        return {
            "full": None if self._full is None else [totals.as_dict() for totals in self._full],
            "runs": [list(run) for run in self.runs],
            "vendor": None if self.vendor is None else self.vendor.dump(),
            "at": None if self._vendor_totals is None else self._vendor_totals.as_dict(),
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore what `dump` returned. Raises one of BROKEN if it is invalid."""
        full = (
            None
            if stored["full"] is None
            else (EnergyTotals.from_dict(stored["full"][0]), EnergyTotals.from_dict(stored["full"][1]))
        )
        runs = [LearnedCapacity(*map(number, run)) for run in stored["runs"]]
        vendor = None if stored["vendor"] is None else JbdCapacityLearning.from_dict(stored["vendor"])
        at = None if stored["at"] is None else EnergyTotals.from_dict(stored["at"])
        self._full, self.runs, self.vendor, self._vendor_totals = full, runs, vendor, at
        self._gaps = self._counter.gaps
