"""Energy counter: integrates power and current over the readings, and bridges gaps only by the counters of the pack.

Same input, same totals: it reads no clock. What was bridged is part of the totals, and counted separately as well.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from ..bms.reading import Reading
from ..bms.stored_values import Checks, number, optional, whole
from .bridge import GapStart, bridge
from .energy_totals import EnergyTotals, integrate_by_sign

_UNKNOWN_AGE_SHIFT: Final = 1e12
"""s by which a stored state is dated after all readings if its age is unknown: nothing bridges that."""


class EnergyCounter:
    """Counts the energy and charge of one pack."""

    def __init__(self, longest_gap: float, *, bridges: bool = True) -> None:
        """Readings further apart than `longest_gap` s have a gap between them, over which nothing is interpolated.

        `bridges`: the pack's own counters can be used; those of one with an inverted current sensor cannot.
        """
        self.longest_gap = longest_gap
        self._bridges = bridges
        self.total = EnergyTotals()
        """Everything, including what was bridged."""
        self.bridged = EnergyTotals()
        self.unproven = EnergyTotals()
        """What the remaining charge says about gaps and nothing confirms: no part of the totals."""
        self.all_gaps = 0
        """Gaps, bridged or not, since the last restart."""
        self.gaps = 0
        """Gaps that were not bridged, or only in part."""
        self.missed = 0.0
        """s of these gaps."""
        self.after_gap = False
        """Whether the newest reading came after such a gap."""
        self._last: Reading | None = None
        self._gap_start: GapStart | None = None
        """The stored state from before a restart."""

    def update(self, reading: Reading) -> None:
        """Count a reading; one that goes back in time, or has no current or voltage, adds nothing."""
        now, current, voltage, last = reading.measured_at, reading.current, reading.voltage, self._last
        if current is None or voltage is None or not isfinite(current * voltage):
            return
        self.after_gap = False
        if last is None:
            if self._gap_start is not None:
                self._bridge(self._gap_start, reading)
                self._gap_start = None
            self._last = reading
            return
        seconds = now - last.measured_at
        if seconds <= 0:
            return
        self._last = reading
        if seconds > self.longest_gap:
            self._bridge(GapStart.from_reading(last), reading)
            return
        before, volts = last.current, last.voltage
        assert before is not None
        assert volts is not None
        total = self.total
        charged, discharged = integrate_by_sign(before * volts, current * voltage, seconds)
        charge_in, charge_out = integrate_by_sign(before, current, seconds)
        total.charged += charged
        total.discharged += discharged
        total.charge_in += charge_in
        total.charge_out += charge_out

    def _bridge(self, gap_start: GapStart, reading: Reading) -> None:
        self.all_gaps += 1
        found = bridge(gap_start, reading) if self._bridges else None
        if found is None or found.unproven:
            self.gaps += 1
            self.missed += max(0.0, reading.measured_at - gap_start.at)
            self.after_gap = True
        if found is not None:
            self.unproven.add(found.unproven)
            self.bridged.add(found.proven)
            self.total.add(found.proven)

    def dump(self) -> dict[str, Any]:
        """Return what is stored over a restart, with times on the clock of the readings."""
        gap_start = self._gap_start if self._last is None else GapStart.from_reading(self._last)
        return {
            "total": self.total.as_dict(),
            "bridged": self.bridged.as_dict(),
            "unproven": self.unproven.as_dict(),
            "gaps": self.gaps,
            "missed": round(self.missed),
            "anchor": None if gap_start is None else gap_start.as_dict(),
        }

    def restore(self, stored: Mapping[str, Any], shift: float | None) -> None:
        """Restore what `dump` returned and passed `CHECKS`, before any reading; what is missing begins anew.

        `shift` s are added to its times; None: its age is unknown, so that the time since is a gap that is not bridged.
        """
        totals = (
            EnergyTotals.from_dict(stored[name]) if name in stored else EnergyTotals()
            for name in ("total", "bridged", "unproven")
        )
        self.total, self.bridged, self.unproven = totals
        self.gaps, self.missed = stored.get("gaps", 0), stored.get("missed", 0.0)
        gap_start = stored.get("anchor")
        self._gap_start = (
            None if gap_start is None else GapStart.from_dict(gap_start, _UNKNOWN_AGE_SHIFT if shift is None else shift)
        )


CHECKS: Final[Checks] = {
    "total": EnergyTotals.from_dict,
    "bridged": EnergyTotals.from_dict,
    "unproven": EnergyTotals.from_dict,
    "gaps": whole,
    "missed": number,
    "anchor": lambda part: optional(lambda gap_start: GapStart.from_dict(gap_start, 0.0), part),
}
"""Checks of the parts of what is stored."""
