r"""What a 123\SmartBMS counts and remembers: energy, events, the state of charge of the last week."""

from dataclasses import dataclass, field
from typing import Final

from .relays import Lamps, Sample, Thresholds

LOG_ENTRIES: Final = 10
HISTORY_HOURS: Final = 168
HISTORY_EMPTY: Final = 0xFF
_DAY: Final = 86_400.0
_HOUR: Final = 3600.0


@dataclass(slots=True)
class Counter:
    """Energy that went one way."""

    today: float = 0.0
    """Wh."""
    total: float = 0.0
    """kWh."""

    def add(self, energy: float) -> None:
        """Count Wh; what goes the other way does not count."""
        counted = max(0.0, energy)
        self.today += counted
        self.total += counted / 1000


@dataclass(slots=True)
class Meters:
    """Counters of both current sensors and of the battery; a unit that has been in use for a while."""

    collected: Counter = field(default_factory=lambda: Counter(420.0, 1234.0))
    consumed: Counter = field(default_factory=lambda: Counter(310.0, 1120.0))
    charged: Counter = field(default_factory=lambda: Counter(400.0, 1180.0))
    discharged: Counter = field(default_factory=lambda: Counter(290.0, 1068.0))
    clock: float = 12 * _HOUR
    """Seconds since midnight."""
    uptime: float = 1_000_000.0
    """Seconds, as the event log counts them."""

    def count(self, seconds: float, power_in: float, power_out: float, power: float) -> None:
        """Let time pass under constant powers in W; `power` is the battery's, positive while charging."""
        hours = seconds / _HOUR
        self.collected.add(power_in * hours)
        self.consumed.add(power_out * hours)
        self.charged.add(power * hours)
        self.discharged.add(-power * hours)
        self.uptime += seconds
        self.clock += seconds
        if self.clock >= _DAY:
            self.clock %= _DAY
            for counter in (self.collected, self.consumed, self.charged, self.discharged):
                counter.today = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One event."""

    time: int
    kind: int
    value: int
    cell: int


_NOTHING: Final = Entry(0, 0, 0, 0)
_LOW, _HIGH, _COLD_CHARGE, _HOT, _COMMUNICATION, _COLD_DISCHARGE = range(1, 7)


@dataclass(slots=True)
class EventLog:
    """Ten places; the newest event takes the place of the oldest."""

    entries: list[Entry] = field(default_factory=lambda: [_NOTHING] * LOG_ENTRIES)
    newest: int | None = None
    """Place of the newest event."""
    _going_on: frozenset[int] = frozenset()

    def watch(self, time: float, sample: Sample, lit: Lamps, limits: Thresholds) -> None:
        """Note what began."""
        events = _events(sample, lit, limits)
        for kind in sorted(events.keys() - self._going_on):
            self.newest = 0 if self.newest is None else (self.newest + 1) % LOG_ENTRIES
            self.entries[self.newest] = Entry(int(time), kind, *events[kind])
        self._going_on = frozenset(events)


def _events(sample: Sample, lit: Lamps, limits: Thresholds) -> dict[int, tuple[int, int]]:
    if lit.communication:
        return {_COMMUNICATION: (0, 0)}
    volts = [(value, number) for number, value in enumerate(sample.voltages, 1)]
    degrees = [(value, number) for number, value in enumerate(sample.temperatures, 1)]
    coldest = min(degrees)
    found = {
        _LOW: (lit.voltage_low, min(volts)),
        _HIGH: (lit.voltage_high, max(volts)),
        _COLD_CHARGE: (coldest[0] < limits.t_min_charge, coldest),
        _HOT: (lit.temperature_high, max(degrees)),
        _COLD_DISCHARGE: (coldest[0] < limits.t_min_load, coldest),
    }
    return {kind: worst for kind, (on, worst) in found.items() if on}


@dataclass(slots=True)
class History:
    """A ring of the state of charge, one value per hour."""

    ring: list[int] = field(default_factory=lambda: [HISTORY_EMPTY] * HISTORY_HOURS)
    newest: int = 0
    _since: float = 0.0

    def note(self, seconds: float, soc: int) -> None:
        """Let time pass; when an hour is over, take the next place."""
        self._since += seconds
        if self._since >= _HOUR:
            self._since -= _HOUR
            self.newest = (self.newest + 1) % HISTORY_HOURS
        self.ring[self.newest] = soc
