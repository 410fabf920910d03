"""The matrix of faults, in virtual time: how soon each family recovers, and what was shown meanwhile.

Everything between the radio and what would be shown is the product's own; the radio, the packs and the faults are simulated.
"""

import argparse
import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
import logging
import random
import sys
from typing import Any, Final, override

from bleak.backends.device import BLEDevice

from custom_components.smart_bms.bms.errors import NoConnectablePathError, NoFreeSlotError
from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.pack import Change, Pack
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.simulator.peripheral import Peripheral
from custom_components.smart_bms.simulator.radio import SimulatedRadio
from lab.smart_bms_lab.disturbance import Disturbance, be_busy, disturbed_direct_client_class, never_answer, refuse
from tests.support import packs, virtual_time
from tests.support.radio import advertised

SETTLE: Final = 90.0
"""s before the fault; a pack whose parameters have been read is the ordinary one."""
FAULT: Final = 60.0
"""s that it lasts."""
LIMIT: Final = 120.0
"""s after it for which recovery is waited for."""
LOOK: Final = 0.1
"""s between two looks at what is shown."""
TICK: Final = 0.05
CURRENT: Final = -12.0
"""A, of all packs."""
_BEGINNING: Final = {"smart123": 1.5}
"""s more until the first reading: a 123 clocks out its answers while it is pinged, and each record has to come twice."""
OLDEST: Final = 10.0
"""s, of what is shown."""


class World:
    """One pack on a radio that can be disturbed."""

    def __init__(self, peripheral: Peripheral, seed: int) -> None:
        """Put the pack on the radio."""
        self.peripheral = peripheral
        self.disturbance = Disturbance(chance=random.Random(seed))
        self.radio = SimulatedRadio(peripheral, tick=TICK)
        self.audible = True
        self.has_slot = True
        self.flood = False
        """It advertises thousands of times a second."""
        self._clock_offset = timedelta()
        self.pack = Pack(
            FAMILIES[peripheral.family],
            "Test",
            self._find_device,
            self._changed,
            context=SessionContext(
                address=peripheral.address,
                password="1234" if peripheral.family == "smart123" else None,
                clock=lambda: datetime(2026, 6, 1, tzinfo=UTC) + self._clock_offset,
                advertisement=lambda: advertised(peripheral),
                client_class=disturbed_direct_client_class(self.radio, self.disturbance),
            ),
        )
        self.false: list[str] = []
        self.readings = 0

    def _find_device(self) -> BLEDevice:
        if not self.audible or self.peripheral.faults.refuse_connections:
            raise NoConnectablePathError("not heard")
        if not self.has_slot:
            raise NoFreeSlotError("full")
        return BLEDevice(self.peripheral.address, self.peripheral.name, {})

    def _changed(self, change: Change) -> None:
        reading = self.pack.last_reading
        if change is Change.READING and reading is not None:
            self.readings += 1
            self.false += wrong_values(reading, self.peripheral)

    def block(self, seconds: float) -> None:
        """Have time pass while nothing runs."""
        loop = asyncio.get_running_loop()
        assert isinstance(loop, virtual_time.VirtualLoop)
        loop.skip(seconds)

    def jump(self, by: timedelta) -> None:
        """Set the clock on the wall."""
        self._clock_offset += by

    def hang_up(self) -> None:
        """End the connection, if there is one."""
        self.peripheral.hang_up = True

    async def live(self) -> None:
        """Let the pack advertise while nobody is connected."""
        while True:
            await asyncio.sleep(1.0)
            for _ in range(3000 if self.flood else 0):
                self.pack.wake()
            if self.audible and self.peripheral.connectable:
                self.pack.wake()


def wrong_values(reading: Reading, peripheral: Any) -> list[str]:
    """Return the names of values that are not those of the simulated pack."""
    battery = peripheral.board.battery
    found = []
    for key, value, truth, tolerance in (
        ("voltage", reading.voltage, battery.voltage, 0.3),
        ("current", reading.current, CURRENT, 1.0),
        ("soc", reading.soc, soc if (soc := peripheral.board.soc) > 1 else 100 * soc, 3.0),
    ):
        if value is not None and abs(value - truth) > tolerance:
            found.append(f"{key} {value}")
    for cell, truth in zip(reading.cell_voltages, battery.cells, strict=False):
        if cell is not None and abs(cell - truth.voltage) > 0.05:
            found.append(f"cell {cell}")
    return found


type Act = Callable[[World], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong, and within how many s all must be well after it."""

    name: str
    begin: Act
    end: Act
    budget: float = 5.0
    seconds: float = FAULT


def budget_of(fault: Fault, family: str) -> float:
    """Return within how many s a family must have recovered: one that is asked has its poll, a 123 its slow beginning."""
    polling = FAMILIES[family].polling
    return fault.budget + (polling.default if polling else _BEGINNING.get(family, 0.0))


def _disturb(**values: Any) -> Act:
    def act(world: World) -> None:
        for key, value in values.items():
            setattr(world.disturbance, key, value)

    return act


def _fault(**values: Any) -> Act:
    def act(world: World) -> None:
        for key, value in values.items():
            setattr(world.peripheral.faults, key, value)

    return act


def _both(*acts: Act) -> Act:
    def act(world: World) -> None:
        for one in acts:
            one(world)

    return act


def _set(**values: Any) -> Act:
    def act(world: World) -> None:
        for key, value in values.items():
            setattr(world, key, value)

    return act


def _shares(name: str, label: str, shares: Sequence[float]) -> list[Fault]:
    return [Fault(f"{label} {share:.0%}", _disturb(**{name: share}), _disturb(**{name: 0.0})) for share in shares]


FAULTS: Final = [
    *_shares("loss", "loss", (0.01, 0.05, 0.1, 0.3)),
    *_shares("corruption", "corruption", (0.01, 0.1, 0.3)),
    *_shares("duplication", "duplication", (0.3,)),
    *_shares("reordering", "reordering", (0.1,)),
    *_shares("splitting", "split", (0.5,)),
    *_shares("gluing", "glued", (0.5,)),
    Fault("latency 0.5 s", _disturb(latency=0.5), _disturb(latency=0.0)),
    Fault("latency 1.5 s", _disturb(latency=1.5), _disturb(latency=0.0)),
    Fault("link lost once", World.hang_up, lambda _: None, seconds=0.1),
    Fault("connection refused", _both(_disturb(connecting=refuse), World.hang_up), _disturb(connecting=None)),
    Fault(
        "connection never answered",
        _both(_disturb(connecting=never_answer), World.hang_up),
        _disturb(connecting=None),
        budget=10.0,
    ),
    Fault("adapter busy", _both(_disturb(connecting=be_busy), World.hang_up), _disturb(connecting=None)),
    Fault(
        "no free slot", _both(_set(has_slot=False), World.hang_up), _both(_set(has_slot=True), lambda w: w.pack.wake())
    ),
    Fault("out of range", _both(_set(audible=False), World.hang_up), _set(audible=True)),
    Fault("proxy restarts", _both(_set(audible=False), World.hang_up), _set(audible=True), seconds=8.0),
    Fault("pack off and on", _both(_fault(refuse_connections=True), World.hang_up), _fault(refuse_connections=False)),
    Fault("silent link", _fault(silent=True), _fault(silent=False), budget=10.0),
    Fault("silent link, 10 min", _fault(silent=True), _fault(silent=False), budget=10.0, seconds=600.0),
    Fault("hostile device", _disturb(garbage=0.5), _disturb(garbage=0.0)),
    Fault("event loop blocked 5 s", lambda world: world.block(5.0), lambda _: None, seconds=0.1),
    Fault("clock jumps a day", lambda world: world.jump(timedelta(days=1)), lambda _: None, seconds=30.0),
    Fault(
        "3,000 advertisements a second",
        _both(_set(has_slot=False, flood=True), World.hang_up),
        _set(has_slot=True, flood=False),
        seconds=10.0,
    ),
    Fault("frozen pack", _fault(frozen=True), _fault(frozen=False), budget=10.0),
]


def all_packs() -> list[Peripheral]:
    """Return a pack of each family, under the same load."""

    def load(_: float) -> float:
        return CURRENT

    return [
        packs.jk_pack(cells=16, profile=load),
        packs.jbd_pack(profile=load),
        packs.daly_pack(profile=load),
        packs.smart123_pack(profile=load),
    ]


@dataclass
class Outcome:
    """What came of a fault."""

    recovery: float | None = None
    """s after the end of the fault; None if it was not seen."""
    oldest: float = 0.0
    """s: age of the oldest value that was shown."""
    shown: int = 0
    looks: int = 0
    false: list[str] = field(default_factory=list)
    lines: int = 0
    """Warnings and errors in the log."""

    @property
    def availability(self) -> float:
        """Share of the time of the fault in which values were shown."""
        return self.shown / self.looks if self.looks else 0.0


class Lines(logging.Handler):
    """Counts what is logged."""

    count = 0

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Count a record."""
        self.count += 1


async def suffer(fault: Fault, peripheral: Peripheral, seed: int) -> Outcome:
    """Let a pack live through a fault; return what came of it."""
    loop = asyncio.get_running_loop()
    world, outcome, lines = World(peripheral, seed), Outcome(), Lines(logging.WARNING)
    logging.getLogger("custom_components").addHandler(lines)
    world.radio.start()
    tasks = [asyncio.create_task(world.pack.run()), asyncio.create_task(world.live())]
    pack = world.pack

    def look() -> None:
        now = loop.time()
        if pack.is_fresh(now):
            outcome.oldest = max(outcome.oldest, pack.age(now) or 0.0)
            outcome.shown += 1
        outcome.looks += 1

    try:
        # Not all packs meet the fault in the same moment of their rhythm.
        await asyncio.sleep(SETTLE + world.disturbance.chance.uniform(0, 10))
        fault.begin(world)
        until = loop.time() + fault.seconds
        while loop.time() < until:
            await asyncio.sleep(LOOK)
            look()
        fault.end(world)
        ended = loop.time()
        while loop.time() < ended + LIMIT:
            reading = pack.last_reading
            if reading is not None and reading.measured_at > ended and pack.is_fresh(loop.time()):
                outcome.recovery = loop.time() - ended
                break
            await asyncio.sleep(LOOK)
            look()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await world.radio.stop()
        logging.getLogger("custom_components").removeHandler(lines)
    outcome.false, outcome.lines = world.false, lines.count
    return outcome


def worst(fault: Fault, place: int, seeds: Sequence[int]) -> Outcome:
    """Return the worst of what came of a fault for a family, over several seeds."""
    found = [virtual_time.run(suffer(fault, all_packs()[place], seed))[0] for seed in seeds]
    recoveries = [one.recovery for one in found]
    return Outcome(
        recovery=None if None in recoveries else max(one for one in recoveries if one is not None),
        oldest=max(one.oldest for one in found),
        shown=sum(one.shown for one in found),
        looks=sum(one.looks for one in found),
        false=[value for one in found for value in one.false],
        lines=max(one.lines for one in found),
    )


def main() -> int:
    """Print the matrix; return 1 if anything is worse than it should be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=3, help="lives per fault and family (3)")
    parser.add_argument("--only", default="", help="faults whose name holds this")
    options = parser.parse_args()
    logging.getLogger("custom_components").propagate = False
    failed = 0
    print(f"{'fault':28} {'family':9} {'recovery':>9} {'limit':>6} {'oldest':>7} {'shown':>6} {'false':>6} {'log':>4}")
    for fault in FAULTS:
        if options.only not in fault.name:
            continue
        for place, peripheral in enumerate(all_packs()):
            outcome = worst(fault, place, range(options.seeds))
            budget = budget_of(fault, peripheral.family)
            bad = (
                outcome.recovery is None or outcome.recovery > budget or outcome.oldest > OLDEST + LOOK or outcome.false
            )
            failed += bool(bad)
            recovery = "never" if outcome.recovery is None else f"{outcome.recovery:.1f} s"
            print(
                f"{fault.name:28} {peripheral.family:9} {recovery:>9} {budget:6.0f} {outcome.oldest:6.1f}s"
                f" {outcome.availability:6.0%} {len(outcome.false):6} {outcome.lines:4}"
                f"{'  <' if bad else ''}{' ' + outcome.false[0] if outcome.false else ''}"
            )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
