"""Bridge: what flowed while nobody looked, by the counters of the pack. What they do not prove is not invented.

Two kinds of counters are known: energy in each direction (the 123 family), and the charge that is left (JK, JBD, Daly), of
which only the net change is known: what went in and out again meanwhile is lost, never guessed. A pack that is full or empty
when seen again may have set its charge by itself, so that then only a count of all throughput (JK) proves the change; one
whose board restarted or was written to has guessed anew.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self

from ..bms.reading import FULL_SOC, NO_COUNTERS, Reading
from .board_events import event_of
from .flow import Flow

_FASTEST: Final = 3.0
"""Capacities per hour that no pack exceeds for the length of a gap."""
_STEP: Final = 0.2
"""Ah that a count may be coarse."""
_DIRECTIONS: Final = ("charged", "discharged")
_WH: Final = 1000.0


class Anchor(NamedTuple):
    """The last that was seen before a gap."""

    at: float
    """Monotonic time in s."""
    voltage: float
    remaining: float | None
    """Ah."""
    throughput: float | None
    """Ah."""
    soc: float | None
    energies: Mapping[str, float]
    """What the pack counts in each direction: Wh of today, kWh in total."""
    capacity: float | None = None
    """Ah when full."""
    counters: Mapping[str, int] = NO_COUNTERS
    """How often its protections tripped, and how often it restarted."""

    @classmethod
    def of(cls, reading: Reading) -> Self:
        """Return what a reading says of it."""
        details = reading.details
        energies = {
            key: float(value)
            for flow in _DIRECTIONS
            for key in (f"energy_{flow}_today", f"energy_{flow}_total")
            if isinstance(value := details.get(key), (int, float))
        }
        return cls(
            reading.measured_at,
            reading.voltage or 0.0,
            reading.remaining_capacity,
            reading.throughput,
            reading.soc,
            energies,
            reading.full_capacity or reading.design_capacity,
            reading.counters,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what is kept."""
        return {**self._asdict(), "counters": dict(self.counters)}

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any], shift: float) -> Self:
        """Return what was kept; `shift` s are added to its time. Raises TypeError or KeyError if it is none."""
        return cls(**{**kept, "at": kept["at"] + shift})


def bridge(anchor: Anchor, reading: Reading) -> Flow | None:
    """Return what flowed between the anchor and a later reading, None if nothing proves it."""
    seconds = reading.measured_at - anchor.at
    if seconds <= 0 or not reading.voltage or not anchor.voltage:
        return None
    after = Anchor.of(reading)
    volts = (anchor.voltage + after.voltage) / 2
    if anchor.energies and after.energies:
        return _by_energy(anchor, after, volts)
    if event_of(anchor.counters, after.counters) is not None:
        return None  # it has guessed anew what is left
    return _by_charge(anchor, after, volts, seconds / 3600)


def _by_energy(before: Anchor, after: Anchor, volts: float) -> Flow | None:
    found = [_counted(flow, before.energies, after.energies) for flow in _DIRECTIONS]
    if found[0] is None or found[1] is None:
        return None
    charged, discharged = found[0], found[1]
    return Flow(charged, discharged, charged / volts, discharged / volts)


def _counted(flow: str, before: Mapping[str, float], after: Mapping[str, float]) -> float | None:
    """Return Wh in one direction: what both counts prove at least."""
    today, total = f"energy_{flow}_today", f"energy_{flow}_total"
    proven = []
    if today in before and today in after:
        rise = after[today] - before[today]
        # It began anew at midnight: what it says since then is certain.
        proven.append(rise if rise >= 0 else after[today])
    if total in before and total in after:
        # In whole kWh: of a step of one nobody knows how much of it was already there.
        proven.append(max(0.0, after[total] - before[total] - 1) * _WH)
    return max(proven, default=None)


def _by_charge(before: Anchor, after: Anchor, volts: float, hours: float) -> Flow | None:
    capacity = after.capacity
    if before.remaining is None or after.remaining is None or not capacity or before.capacity != capacity:
        return None
    net = after.remaining - before.remaining
    if abs(net) > capacity * min(1.0, _FASTEST * hours) + _STEP:
        return None
    became_full = after.soc is not None and after.soc >= FULL_SOC and (before.soc or 0.0) < FULL_SOC
    became_empty = after.soc is not None and after.soc <= 0 < (before.soc or 0.0)
    through = _through(before, after)
    if through is None and (became_full or became_empty):
        return None
    # Whether charging counts as throughput no document says; discharging does.
    if through is not None and (net < 0 or became_full) and through + _STEP < abs(net):
        return None
    energy = abs(net) * volts
    return Flow(energy, 0.0, net, 0.0) if net > 0 else Flow(0.0, energy, 0.0, -net)


def _through(before: Anchor, after: Anchor) -> float | None:
    """Return Ah through the pack, as far as it counts them."""
    return None if before.throughput is None or after.throughput is None else after.throughput - before.throughput
