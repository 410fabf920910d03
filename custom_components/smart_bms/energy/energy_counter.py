"""Energy counter: adds up what flows, reading by reading, and bridges what nobody saw only by what the pack itself counted.

Same input, same sums: it reads no clock. What was bridged is counted like the rest and known apart.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from ..bms.reading import Reading
from ..bms.stored_values import Checks, number, optional, whole
from .bridge import Anchor, bridge
from .energy_totals import EnergyTotals, split

_AHEAD: Final = 1e12
"""s by which what was kept is put ahead of all readings if nobody knows how long ago it was: nothing bridges that."""


class EnergyCounter:
    """Counts for one pack."""

    def __init__(self, longest_gap: float, *, bridges: bool = True) -> None:
        """Begin at nothing. Readings further apart than `longest_gap` s have a gap between them, which is not drawn over.

        `bridges`: the pack's own counters can be believed; those of one with a turned current sensor cannot.
        """
        self.longest_gap = longest_gap
        self._bridges = bridges
        self.total = EnergyTotals()
        """All, also what was bridged."""
        self.bridged = EnergyTotals()
        self.unproven = EnergyTotals()
        """What the pack's count of what is left says of gaps and nothing vouches for: no part of the sums."""
        self.seams = 0
        """Gaps, bridged or not, since the last restart."""
        self.gaps = 0
        """Gaps that nothing bridged, or not all of it."""
        self.missed = 0.0
        """s of them."""
        self.broken = False
        """The newest reading came after such a gap."""
        self._last: Reading | None = None
        self._anchor: Anchor | None = None
        """What was kept before a restart."""

    def update(self, reading: Reading) -> None:
        """Take a reading; one that goes back in time, or says no current, adds nothing."""
        now, current, voltage, last = reading.measured_at, reading.current, reading.voltage, self._last
        if current is None or voltage is None or not isfinite(current * voltage):
            return
        self.broken = False
        if last is None:
            if self._anchor is not None:
                self._bridge(self._anchor, reading)
                self._anchor = None
            self._last = reading
            return
        seconds = now - last.measured_at
        if seconds <= 0:
            return
        self._last = reading
        if seconds > self.longest_gap:
            self._bridge(Anchor.of(last), reading)
            return
        before, volts = last.current, last.voltage
        assert before is not None
        assert volts is not None
        total = self.total
        charged, discharged = split(before * volts, current * voltage, seconds)
        charge_in, charge_out = split(before, current, seconds)
        total.charged += charged
        total.discharged += discharged
        total.charge_in += charge_in
        total.charge_out += charge_out

    def _bridge(self, anchor: Anchor, reading: Reading) -> None:
        self.seams += 1
        found = bridge(anchor, reading) if self._bridges else None
        if found is None or found.unproven:
            self.gaps += 1
            self.missed += max(0.0, reading.measured_at - anchor.at)
            self.broken = True
        if found is not None:
            self.unproven.add(found.unproven)
            self.bridged.add(found.proven)
            self.total.add(found.proven)

    # Over restarts.

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart, times in the time of the readings."""
        anchor = self._anchor if self._last is None else Anchor.of(self._last)
        return {
            "total": self.total.as_dict(),
            "bridged": self.bridged.as_dict(),
            "unproven": self.unproven.as_dict(),
            "gaps": self.gaps,
            "missed": round(self.missed),
            "anchor": None if anchor is None else anchor.as_dict(),
        }

    def restore(self, kept: Mapping[str, Any], shift: float | None) -> None:
        """Take up what was kept and passed `CHECKS`, before any reading; what is missing begins anew.

        `shift` s are added to its times; None: nobody knows how long ago it was, so that what came since is a gap.
        """
        flows = (
            EnergyTotals.of(kept[name]) if name in kept else EnergyTotals() for name in ("total", "bridged", "unproven")
        )
        self.total, self.bridged, self.unproven = flows
        self.gaps, self.missed = kept.get("gaps", 0), kept.get("missed", 0.0)
        anchor = kept.get("anchor")
        self._anchor = None if anchor is None else Anchor.from_dict(anchor, _AHEAD if shift is None else shift)


CHECKS: Final[Checks] = {
    "total": EnergyTotals.of,
    "bridged": EnergyTotals.of,
    "unproven": EnergyTotals.of,
    "gaps": whole,
    "missed": number,
    "anchor": lambda part: optional(lambda anchor: Anchor.from_dict(anchor, 0.0), part),
}
"""Of the parts of what was kept."""
