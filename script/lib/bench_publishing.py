"""What Home Assistant is told: rows that an hour writes, and how late a step of load is shown, in houses of several kinds.

All by the entities that are enabled by default, with the policies as they are.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
import dataclasses
from dataclasses import dataclass, field
from functools import partial
import itertools
import math
import random
import statistics
from typing import Final

from custom_components.smart_bms.bank.member import BankMember
from custom_components.smart_bms.bank.merge import Bank, merge
from custom_components.smart_bms.bank_entry.sensor import BANK_SENSORS
from custom_components.smart_bms.binary_sensor import descriptions as binary_descriptions
from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.time_left import TimeLeft
from custom_components.smart_bms.pack_entry.capabilities import Capabilities
from custom_components.smart_bms.pack_entry.publishing import (
    DEFAULT_POLICIES,
    GroupMember as Published,
    PublishFilter,
    PublishGroups,
    Quantity,
    Value,
)
from custom_components.smart_bms.protection.relays import Tristate
from custom_components.smart_bms.sensor import descriptions
from custom_components.smart_bms.simulator.battery import Battery, Profile, household
from custom_components.smart_bms.simulator.board import Board
from custom_components.smart_bms.simulator.jk.labels import PB2A16S20P
from custom_components.smart_bms.simulator.jk.peripheral import JkPeripheral
from custom_components.smart_bms.simulator.smart123.labels import GEN3_NUS
from script.lib import bench, bench_stream

HOUR: Final = 3600
LOOK_EVERY: Final = 4
"""Readings of a pack between two looks of a bank."""
STEP_EVERY: Final = 60.0
"""s between two steps of load, of which every second one takes back the first."""
STREAM: Final = 1.5
"""s after which a step is shown where the pack streams, at most."""
ASKED_MARGIN: Final = 0.5
"""The same beyond one poll, where it is asked."""
ROWS: Final = 1500
"""An hour, for a JK of sixteen cells in a house that ramps."""

type Valued = Mapping[str, tuple[Quantity, Callable[[], Value]]]


def noisy(amplitude: float, seed: int = 5) -> Profile:
    """Return a load of 4 A with noise that is another one twice a second."""
    return lambda now: -4 + random.Random(f"{seed}:{int(now * 2)}").uniform(-amplitude, amplitude)


def ramp(now: float) -> float:
    """Return a charge that rises by 60 A within the hour, with a little noise."""
    return now / 60 + noisy(0.1)(now)


def sunny(now: float) -> float:
    """Return what a roof yields in an hour with clouds, which come and go within half a minute."""
    cloud = 0.5 + 0.5 * math.tanh(6 * math.sin(now / 290) + 3 * math.sin(now / 71))
    return 8 + 45 * (0.25 + 0.75 * cloud) * math.sin(math.pi * (0.3 + now / 9000)) + noisy(0.3)(now)


def electric_car(now: float) -> float:
    """Return a car that is charged from the battery for twenty minutes, in a house that uses a little."""
    return noisy(0.3)(now) - (140.0 if 900 < now < 2100 else 0.0)


HOUSES: Final[tuple[tuple[str, Profile], ...]] = (
    ("quiet", noisy(0.05)),
    ("restless", noisy(0.8)),
    ("ramp", ramp),
    ("busy", household(seed=7)),
    ("solar", sunny),
    ("electric car", electric_car),
)


def steps(seed: int) -> list[tuple[float, float]]:
    """Return when a load of how many A comes and goes within an hour: 2 to 40 A, small ones as often as large ones."""
    chance = random.Random(seed)
    found, on = list[tuple[float, float]](), 0.0
    for number in range(1, int(HOUR / STEP_EVERY)):
        size = -on if on else -math.exp(chance.uniform(math.log(2), math.log(40)))
        on = size if not on else 0.0
        found.append((number * STEP_EVERY + chance.uniform(0, 30), size))
    return found


def with_steps(profile: Profile, taken: list[tuple[float, float]]) -> Profile:
    """Return a house in which loads come and go."""
    return lambda now: profile(now) + sum(size for at, size in taken if at <= now)


class Shown:
    """As much of a coordinator as the value functions of the sensors look at."""

    def __init__(self) -> None:
        """Start empty."""
        self.data: Reading | None = None
        self.time_left = TimeLeft()
        self.pack = self
        self.last_settings = None

    def stated(self, value_fn: Callable[[Reading], bool | None]) -> bool | None:
        """Return what the reading says."""
        return value_fn(self.data) if self.data else None

    def values(self, reading: Reading) -> Valued:
        """Return the values of the entities enabled by default."""
        capabilities = Capabilities.of(reading, None)
        values: dict[str, tuple[Quantity, Callable[[], Value]]] = {}
        for sensor in descriptions(capabilities):
            if sensor.entity_registry_enabled_default and not sensor.always:
                values[sensor.key] = (sensor.quantity, partial(sensor.value_fn, self))  # type: ignore[arg-type]
        for binary in binary_descriptions(capabilities, Alarm):
            if binary.entity_registry_enabled_default:
                values[binary.key] = (binary.quantity, partial(self.stated, binary.value_fn))
        return values


@dataclass
class Page:
    """Publishes as entities do, and takes down what comes of it."""

    values: Valued
    rows: Counter[str] = field(default_factory=Counter)
    unthrottled: int = 0

    def __post_init__(self) -> None:
        """Show nothing yet."""
        groups = PublishGroups()
        self._members = {}
        self._last: dict[str, Value] = {}
        for key, (quantity, newest) in self.values.items():
            member = Published(PublishFilter(DEFAULT_POLICIES[quantity], lambda: False), newest, lambda: None)
            if (group := groups.of(quantity)) is not None:
                group.join(member)
            self._members[key] = (quantity, member, group)

    def update(self, reading: object, now: float) -> None:
        """Publish what is due of a reading."""
        for key, (quantity, member, group) in self._members.items():
            value = member.newest()
            self.unthrottled += value != self._last.get(key)
            self._last[key] = value
            if group is None:
                self.rows[quantity] += member.publish_filter.submit(value, now)
            else:
                group.follow(reading, now)
                self.rows[quantity] += member.take_news()

    def shown(self, key: str) -> Value:
        """Return what is shown under a key."""
        return self._members[key][1].publish_filter.value


def of_jk(profile: Profile, seed: int = 7) -> Iterator[Reading]:
    """Yield an hour of readings of a JK."""
    battery = Battery(cells=bench.CELLS, capacity=280, profile=profile, seed=seed)
    pack = JkPeripheral("C8:47:80:00:00:01", PB2A16S20P.model, PB2A16S20P, Board(battery))
    listener = bench.listener()
    driver = bench.introduced(listener, pack)
    for number in range(int(HOUR / bench.PERIOD)):
        pack.board.step(bench.PERIOD)
        for notification in bench.cut(bench.sealed(pack.cell_info(), 0x02, number)):
            driver.notified(notification, (number + 1) * bench.PERIOD)
        if listener.last_reading is not None:
            yield listener.last_reading


def of_smart123(profile: Profile) -> Iterator[Reading]:
    r"""Yield an hour of readings of a 123\SmartBMS."""
    listener, last = bench_stream.listener(), None
    session = bench_stream.record_session(listener)
    label = dataclasses.replace(GEN3_NUS, sensors=2)
    reported = bench_stream.seconds_of(label, bench_stream.CELLS, HOUR, profile, lambda now: abs(profile(now)))
    for second, heard in enumerate(reported):
        for place, notification in enumerate(heard):
            session.notified(notification, second + place / 100)
        if listener.last_reading is not None and listener.last_reading is not last:
            yield (last := listener.last_reading)


def of_bank(profile: Profile) -> Iterator[tuple[Bank, float]]:
    """Yield what two packs in parallel amount to."""
    members = [BankMember(key=key, name=key, reading=None, charge=Tristate.YES, discharge=Tristate.YES) for key in "ab"]
    for number, readings in enumerate(zip(of_jk(profile, 7), of_jk(profile, 8), strict=True)):
        if number % LOOK_EVERY == 0:
            pairs = zip(members, readings, strict=True)
            reported = [dataclasses.replace(member, reading=reading, age=0.0) for member, reading in pairs]
            yield merge(reported, (("a",), ("b",))), readings[0].measured_at


def page_of(readings: Iterator[Reading], watch: Callable[[Page, float], None] = lambda *_: None) -> Page:
    """Return what is published of a pack; `watch` is called after each reading."""
    shown, page = Shown(), None
    for reading in readings:
        shown.data = reading
        shown.time_left.follow(reading)
        page = page or Page(shown.values(reading))
        page.update(reading, reading.measured_at)
        watch(page, reading.measured_at)
    assert page is not None
    return page


def bank_page(banks: Iterator[tuple[Bank, float]]) -> Page:
    """Return what is published of a bank."""
    newest: list[Bank] = []
    sensors = [sensor for sensor in BANK_SENSORS if sensor.of_total is None and sensor.entity_registry_enabled_default]
    newest_of = {sensor.key: (sensor.quantity, sensor.value_fn) for sensor in sensors}
    page = Page({key: (quantity, partial(_of_newest, value, newest)) for key, (quantity, value) in newest_of.items()})
    for bank, now in banks:
        newest[:] = [bank]
        page.update(bank, now)
    return page


def _of_newest(value: Callable[[Bank], Value], newest: list[Bank]) -> Value:
    return value(newest[-1])


def delays(profile: Profile, every: float, seed: int = 3) -> list[float]:
    """Return after how many s each step of an hour is shown, of a pack that is read so often."""
    taken = steps(seed)
    waiting: list[tuple[float, float]] = []
    found: list[float] = []
    coming = iter(taken)
    next_step = next(coming, None)
    before = 0.0

    def watch(page: Page, now: float) -> None:
        nonlocal next_step, before
        current = page.shown("current")
        assert isinstance(current, float)
        if next_step is not None and now >= next_step[0]:
            at, size = next_step
            if not waiting:
                waiting.append((at, before + size / 2))
            next_step = next(coming, None)
        if waiting:
            at, halfway = waiting[0]
            # It is shown once the shown value is nearer to what it is now than to what it was.
            if (current - halfway) * (halfway - before) > 0:
                found.append(now - at)
                waiting.clear()
                before = current
        else:
            before = current

    readings = of_jk(with_steps(profile, taken))
    page_of(itertools.islice(readings, 0, None, int(every / bench.PERIOD)), watch)
    return found


def percentile(values: list[float], share: int) -> float:
    """Return a percentile of a list."""
    return statistics.quantiles(values, n=100, method="inclusive")[share - 1]


def print_rows() -> None:
    """Print the rows of an hour."""
    print(
        f"\nRows an hour (entities enabled by default)\n{'house':14} {'JK, 16 cells':>14} {'123':>8} {'bank of 2 JK':>14}"
    )
    ramped = None
    for name, profile in HOUSES:
        jk = page_of(of_jk(profile))
        ramped = jk if name == "ramp" else ramped
        others = page_of(of_smart123(profile)), bank_page(of_bank(profile))
        print(f"{name:14} {jk.rows.total():14} {others[0].rows.total():8} {others[1].rows.total():14}")
    assert ramped is not None
    held = "of" if ramped.rows.total() <= ROWS else "EXCEEDS"
    print(f"\nA JK of {bench.CELLS} cells in the house that ramps, by quantity")
    for quantity, count in ramped.rows.most_common():
        print(f"  {quantity:16} {count:6}")
    total = ramped.rows.total()
    print(
        f"  {'all':16} {total:6} {held} {ROWS} (unthrottled: {ramped.unthrottled}, ratio {total / ramped.unthrottled:.3f})"
    )


def print_delays() -> None:
    """Print how late a step of 2 to 40 A is shown."""
    polled = FAMILIES["jbd"].polling
    assert polled is not None
    print("\nA step of load of 2 to 40 A is shown after (s)")
    for name, profile in HOUSES[:2]:
        for kind, every, budget in (
            ("streams (JK)", bench.PERIOD, STREAM),
            ("streams (123)", 1.0, STREAM),
            (f"is asked every {polled.default:g} s", polled.default, polled.default + ASKED_MARGIN),
        ):
            found = [one for seed in range(4) for one in delays(profile, every, seed)]
            p50, p95 = percentile(found, 50), percentile(found, 95)
            held = "of" if p95 <= budget else "EXCEEDS"
            print(f"  {name:10} {kind:22} p50 {p50:5.2f}  p95 {p95:5.2f} {held} {budget:g}   ({len(found)} steps)")


def main() -> None:
    """Print it."""
    print_rows()
    print_delays()


if __name__ == "__main__":
    main()
