"""Bridge: what flowed during a gap between two readings, by the counters of the pack.

What they do not prove is not invented. Two kinds of counters are known: energy in each direction (the 123 family), and
the remaining charge (JK, JBD, Daly), of which only the net change is known: what went in and out again meanwhile is
lost, never guessed. The remaining charge can be set, in the vendor's app or by the board itself, so that alone it
proves nothing: a count of all throughput (JK) or the currents on both sides of the gap have to confirm it. A pack that
is full or empty after the gap may have set its charge by itself, so that then only the throughput counts; one whose
board restarted or was written to has estimated its charge anew.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Self

from ..bms.reading import FULL_SOC, NO_COUNTERS, Reading
from ..bms.stored_values import number, optional, whole
from .energy_totals import EnergyTotals, integrate_by_sign
from .jbd_events import detect_event

_MAX_RATE: Final = 3.0
"""Capacities per hour that no pack exceeds for the length of a gap. Our judgment."""
_RESOLUTION: Final = 0.2
"""Ah: resolution of the coarsest count."""
_NEGLIGIBLE_SHARE: Final = 0.005
"""Share of the capacity that needs no confirmation: apps set the state of charge in steps of 1 %."""
_DIRECTIONS: Final = ("charged", "discharged")
_WH: Final = 1000.0


class BridgedTotals(NamedTuple):
    """What flowed during a gap, by the counters."""

    proven: EnergyTotals
    unproven: EnergyTotals = EnergyTotals()
    """What follows from the remaining charge, and nothing confirms."""


class GapStart(NamedTuple):
    """The last state before a gap."""

    at: float
    """Monotonic time in s."""
    voltage: float
    remaining: float | None
    """Ah."""
    throughput: float | None
    """Ah."""
    soc: float | None
    energies: Mapping[str, float]
    """Energy counters of the pack in each direction, by detail: Wh of today, kWh in total."""
    capacity: float | None = None
    """Ah when full."""
    counters: Mapping[str, int] = NO_COUNTERS
    """Trips of its protections by key, and its restarts."""
    current: float = 0.0
    """A, positive while charging."""

    @classmethod
    def from_reading(cls, reading: Reading) -> Self:
        """Return the state that a reading shows."""
        details = reading.details
        energies = {
            key: float(value)
            for totals in _DIRECTIONS
            for key in (f"energy_{totals}_today", f"energy_{totals}_total")
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
            reading.current or 0.0,
        )

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored."""
        return {**self._asdict(), "counters": dict(self.counters)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], shift: float) -> Self:
        """Return a stored state; `shift` s are added to its time. Raises one of BROKEN if it is invalid."""
        optionals = ("remaining", "throughput", "soc", "capacity")
        return cls(
            at=number(stored["at"]) + shift,
            voltage=number(stored["voltage"]),
            energies={str(key): number(value) for key, value in stored["energies"].items()},
            counters={str(key): whole(count) for key, count in stored["counters"].items()},
            current=number(stored.get("current", 0.0)),
            **{key: optional(number, stored[key]) for key in optionals},
        )


def bridge(gap_start: GapStart, reading: Reading) -> BridgedTotals | None:
    """Return what flowed between the start of a gap and a later reading, None if the counters do not say."""
    seconds = reading.measured_at - gap_start.at
    if seconds <= 0 or not reading.voltage or not gap_start.voltage:
        return None
    after = GapStart.from_reading(reading)
    volts = (gap_start.voltage + after.voltage) / 2
    if gap_start.energies and after.energies:
        return _by_energy(gap_start, after, volts)
    if detect_event(gap_start.counters, after.counters) is not None:
        return None  # it has estimated the remaining charge anew
    return _by_charge(gap_start, after, volts, seconds)


def _by_energy(before: GapStart, after: GapStart, volts: float) -> BridgedTotals | None:
    found = [_min_energy(totals, before.energies, after.energies) for totals in _DIRECTIONS]
    if found[0] is None or found[1] is None:
        return None
    charged, discharged = found[0], found[1]
    return BridgedTotals(EnergyTotals(charged, discharged, charged / volts, discharged / volts))


def _min_energy(totals: str, before: Mapping[str, float], after: Mapping[str, float]) -> float | None:
    """Return the Wh in one direction that the counters of the day and the total prove at least, None without one."""
    today, total = f"energy_{totals}_today", f"energy_{totals}_total"
    proven = []
    if today in before and today in after:
        rise = after[today] - before[today]
        # It was reset at midnight: what it counted since is certain.
        proven.append(rise if rise >= 0 else after[today])
    if total in before and total in after:
        # In whole kWh: how much of the first step was there before is not known.
        proven.append(max(0.0, after[total] - before[total] - 1) * _WH)
    return max(proven, default=None)


def _by_charge(before: GapStart, after: GapStart, volts: float, seconds: float) -> BridgedTotals | None:
    capacity = after.capacity
    if before.remaining is None or after.remaining is None or not capacity or before.capacity != capacity:
        return None
    net = after.remaining - before.remaining
    if abs(net) > capacity * min(1.0, _MAX_RATE * seconds / 3600) + _RESOLUTION:
        return None
    became_full = after.soc is not None and after.soc >= FULL_SOC and (before.soc or 0.0) < FULL_SOC
    became_empty = after.soc is not None and after.soc <= 0 < (before.soc or 0.0)
    throughput = _throughput_between(before, after)
    confirmed = throughput is not None and abs(net) <= throughput + _RESOLUTION
    if not confirmed and (became_full or became_empty):
        return None
    proven = abs(net) if confirmed else _by_currents(before, after, net, seconds)
    if throughput is not None and net < 0:
        # Whether charging counts as throughput no document says; discharging does.
        proven = min(proven, max(0.0, throughput) + _RESOLUTION)
    return BridgedTotals(_net_totals(proven, net, volts), _net_totals(abs(net) - proven, net, volts))


def _by_currents(before: GapStart, after: GapStart, net: float, seconds: float) -> float:
    """Return how many Ah of a net change the currents on both sides confirm.

    All of it, if it is no more than the greater of them would have moved; else what a straight line between them moves.
    """
    ways = (before.current, after.current) if net > 0 else (-before.current, -after.current)
    most = max(0.0, *ways) * seconds / 3600
    allowed = most + max(_RESOLUTION, _NEGLIGIBLE_SHARE * (after.capacity or 0.0))
    return abs(net) if abs(net) <= allowed else integrate_by_sign(*ways, seconds)[0]


def _net_totals(charge: float, net: float, volts: float) -> EnergyTotals:
    """Return a charge in Ah as totals in the direction of a net change."""
    energy = charge * volts
    return EnergyTotals(energy, 0.0, charge, 0.0) if net > 0 else EnergyTotals(0.0, energy, 0.0, charge)


def _throughput_between(before: GapStart, after: GapStart) -> float | None:
    """Return the Ah through the pack between two states, None if it does not count them."""
    return None if before.throughput is None or after.throughput is None else after.throughput - before.throughput
