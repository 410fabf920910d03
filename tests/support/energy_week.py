"""A simulated week: packs of every family on one battery, with gaps, restarts and crashes, against what truly flowed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
import json
import random
from typing import Any, NamedTuple

from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.energy.energy_counter import EnergyCounter
from custom_components.smart_bms.energy.energy_totals import EnergyTotals
from custom_components.smart_bms.simulator.battery import Battery, household

STEP = 0.5
SAVE_EVERY = 60.0
DAY = 86_400.0
CAPACITY = 280.0


class Wire(NamedTuple):
    """How fine a family tells what it measures, and how often it is heard."""

    volt: float
    ampere: float
    ampere_hour: float
    every: float
    longest_gap: float
    energies: bool = False
    """It counts energy in both directions, in Wh."""


WIRES = {
    "JK": Wire(0.001, 0.001, 0.001, 0.5, 10.0),
    "JBD": Wire(0.01, 0.01, 0.01, 1.0, 12.5),
    "Daly": Wire(0.1, 0.1, 0.1, 1.0, 12.5),
    "123": Wire(0.05, 0.125, 0.1, 0.5, 10.0, energies=True),
}


def quantize(value: float, step: float) -> float:
    return round(round(value / step) * step, 6)


@dataclass
class Follower:
    """Home Assistant, following one pack through everything that happens to it."""

    wire: Wire
    chance: random.Random
    counter: EnergyCounter = field(init=False)
    away_until: float = 0.0
    kept: str | None = None
    saved_at: float = 0.0
    events: dict[str, int] = field(default_factory=lambda: {"gaps": 0, "restarts": 0, "crashes": 0})

    def __post_init__(self) -> None:
        self.counter = EnergyCounter(self.wire.longest_gap)

    def live(self, now: float, battery: Battery, left: float, counted: EnergyTotals) -> None:
        """Take part in one moment."""
        if now < self.away_until or now % self.wire.every:
            return
        self.counter.update(self._reading(now, battery, left, counted))
        if now - self.saved_at >= SAVE_EVERY:
            self.saved_at, self.kept = now, json.dumps(self.counter.dump())
        for event, a_day, shortest, longest in (
            ("gaps", 12, 15, 120),
            ("restarts", 1, 30, 120),
            ("crashes", 2, 30, 300),
        ):
            if self.chance.random() < a_day * self.wire.every / DAY:
                self._happen(event, now + self.chance.uniform(shortest, longest))

    def _happen(self, event: str, back: float) -> None:
        self.events[event] += 1
        self.away_until = back
        if event == "gaps":
            return
        kept = json.dumps(self.counter.dump()) if event == "restarts" else self.kept
        self.counter = EnergyCounter(self.wire.longest_gap)
        if kept is not None:
            self.counter.restore(json.loads(kept), 0.0)

    def _reading(self, now: float, battery: Battery, left: float, counted: EnergyTotals) -> Reading:
        wire = self.wire
        values: dict[str, Any] = {"remaining_capacity": quantize(left, wire.ampere_hour), "full_capacity": CAPACITY}
        if wire.energies:
            day = {"energy_charged_today": counted.charged, "energy_discharged_today": counted.discharged}
            values = {"details": {key: float(int(value)) for key, value in day.items()}}
        return Reading(
            measured_at=now,
            voltage=quantize(battery.voltage, wire.volt),
            current=quantize(battery.current, wire.ampere),
            soc=min(99.0, 100 * left / CAPACITY),
            **values,
        )


class Outcome(NamedTuple):
    """What a family's counter said in the end."""

    family: str
    truth: EnergyTotals
    counted: EnergyTotals
    bridged: EnergyTotals
    events: dict[str, int]

    @property
    def errors(self) -> tuple[float, float]:
        """In % of what truly flowed: charged, discharged."""
        return (
            100 * (self.counted.charged / self.truth.charged - 1),
            100 * (self.counted.discharged / self.truth.discharged - 1),
        )


def lived(days: float, seed: int = 1) -> Iterator[Outcome]:
    """Let a house run for so many days and yield how every family's counter did."""
    house = household(seed, charge=55.0)
    battery = Battery(cells=4, capacity=CAPACITY, soc=0.6, profile=sheltered(house, lambda: left / CAPACITY))
    left, truth, today = 0.6 * CAPACITY, EnergyTotals(), EnergyTotals()
    isolation = {family: Follower(wire, random.Random(f"{seed}:{family}")) for family, wire in WIRES.items()}
    for tick in range(1, int(days * DAY / STEP) + 1):
        now = tick * STEP
        battery.step(STEP)
        hours = STEP / 3600
        energy, charge = battery.current * battery.voltage * hours, battery.current * hours
        moved = EnergyTotals(max(energy, 0.0), max(-energy, 0.0), max(charge, 0.0), max(-charge, 0.0))
        truth.add(moved)
        today = moved if now % DAY == 0 else today
        today.add(moved)
        left += charge
        for follower in isolation.values():
            follower.live(now, battery, left, today)
    for family, follower in isolation.items():
        yield Outcome(family, truth, follower.counter.total, follower.counter.bridged, follower.events)


def sheltered(profile: Callable[[float], float], level: Callable[[], float]) -> Callable[[float], float]:
    """Return a house whose inverter keeps the battery between 15 and 95 %."""

    def current(now: float) -> float:
        wanted, soc = profile(now), level()
        return 0.0 if (wanted > 0 and soc > 0.95) or (wanted < 0 and soc < 0.15) else wanted

    return current
