"""What Home Assistant is told: rows that an hour writes, and how often a power is shown that voltage times current is not.

Each with what belongs together published of one reading, and for comparison with every value for itself.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
import dataclasses
from dataclasses import dataclass
from functools import partial

from custom_components.smart_bms.bank.member import BankMember
from custom_components.smart_bms.bank.merge import Bank, merge
from custom_components.smart_bms.bank_entry.sensor import BANK_SENSORS
from custom_components.smart_bms.binary_sensor import descriptions as binary_descriptions
from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.time_left import TimeLeft
from custom_components.smart_bms.pack_entry.capabilities import Capabilities
from custom_components.smart_bms.pack_entry.publishing import (
    DEFAULT_POLICIES,
    TOGETHER,
    GroupMember as Published,
    PublishFilter,
    PublishGroup,
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

HOUR = 3600
LOOK_EVERY = 4
"""Readings of a pack between two looks of a bank."""
PRODUCTS = (
    ("voltage", "current", "power"),
    ("voltage", "current_in", "power_in"),
    ("voltage", "current_out", "power_out"),
)
"""Voltage, current, and the power that they make."""

type Valued = Mapping[str, tuple[Quantity, Callable[[], Value]]]


def stepping(now: float) -> float:
    """Return the current of a load that comes and goes."""
    return -4.0 - 35.0 * (now % 17 > 8) + 25.0 * (now % 600 > 300)


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
class Told:
    """What was published."""

    rows: Counter[str]
    looks: int = 0
    contradictions: int = 0
    unthrottled: int = 0


class Page:
    """Publishes as entities do, and takes down what comes of it."""

    def __init__(self, values: Valued, *, together: bool) -> None:
        """Show nothing yet."""
        self.reported = Told(Counter())
        self._groups: dict[str, PublishGroup] = {}
        self._members: dict[str, tuple[Quantity, Published, PublishGroup | None]] = {}
        self._last: dict[str, Value] = {}
        for key, (quantity, newest) in values.items():
            member = Published(PublishFilter(DEFAULT_POLICIES[quantity]), newest, lambda: None)
            name = TOGETHER.get(quantity) if together else None
            group = self._groups.setdefault(name, PublishGroup()) if name else None
            if group is not None:
                group.join(member)
            self._members[key] = (quantity, member, group)

    def update(self, reading: object, now: float) -> None:
        """Publish what is due of a reading."""
        reported = self.reported
        for key, (quantity, member, group) in self._members.items():
            value = member.newest()
            reported.unthrottled += value != self._last.get(key)
            self._last[key] = value
            if group is None:
                reported.rows[quantity] += member.publish_filter.submit(value, now)
            else:
                group.follow(reading, now)
                reported.rows[quantity] += member.take_news()
        reported.looks += 1
        reported.contradictions += any(self._contradicts(*keys) for keys in PRODUCTS)

    def _contradicts(self, *keys: str) -> bool:
        """Return whether a power is not what voltage and current make, by more than the last digits that are shown."""
        if any(key not in self._members for key in keys):
            return False
        values = [self._members[key][1].publish_filter.value for key in keys]
        voltage, current, power = (value if isinstance(value, (int, float)) else 0.0 for value in values)
        return abs(voltage * current - power) > 0.5 + 0.005 * (abs(voltage) + abs(current))


def of_jk(profile: Profile, seed: int = 7) -> Iterator[Reading]:
    """Yield an hour of readings of a JK."""
    battery = Battery(cells=bench.CELLS, capacity=280, profile=profile, seed=seed)
    pack = JkPeripheral("C8:47:80:00:00:01", PB2A16S20P.model, PB2A16S20P, Board(battery))
    listener = bench.listener()
    driver = bench.introduced(listener, pack)
    for number in range(int(HOUR / bench.PERIOD)):
        pack.board.step(bench.PERIOD)
        for notification in bench.cut(bench.sealed(pack.cell_info(), 0x02, number)):
            driver.notified(notification, number * bench.PERIOD)
        if listener.last_reading is not None:
            yield listener.last_reading


def of_smart123(profile: Profile) -> Iterator[Reading]:
    r"""Yield an hour of readings of a 123\SmartBMS."""
    listener, last = bench_stream.listener(), None
    session = bench_stream.record_session(listener)
    label = dataclasses.replace(GEN3_NUS, sensors=2)
    reported = bench_stream.seconds_of(label, bench_stream.CELLS, HOUR, profile, lambda now: abs(stepping(now)))
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


def pages(readings: Iterator[Reading]) -> list[Told]:
    """Return what is published of a pack: for itself, and together."""
    shown, made = Shown(), list[Page]()
    for reading in readings:
        shown.data = reading
        shown.time_left.follow(reading)
        made = made or [Page(shown.values(reading), together=together) for together in (False, True)]
        for page in made:
            page.update(reading, reading.measured_at)
    return [page.reported for page in made]


def bank_pages(banks: Iterator[tuple[Bank, float]]) -> list[Told]:
    """Return what is published of a bank: for itself, and together."""
    newest: list[Bank] = []
    sensors = [sensor for sensor in BANK_SENSORS if sensor.of_total is None and sensor.entity_registry_enabled_default]
    values = {sensor.key: (sensor.quantity, lambda sensor=sensor: sensor.value_fn(newest[-1])) for sensor in sensors}
    made = list[Page]()
    for bank, now in banks:
        newest[:] = [bank]
        made = made or [Page(values, together=together) for together in (False, True)]
        for page in made:
            page.update(bank, now)
    return [page.reported for page in made]


CASES: tuple[tuple[str, Callable[[Profile], list[Told]]], ...] = (
    (f"JK, {bench.CELLS} cells", lambda profile: pages(of_jk(profile))),
    (f"123, {bench_stream.CELLS} cells", lambda profile: pages(of_smart123(profile))),
    ("bank of 2 JK", lambda profile: bank_pages(of_bank(profile))),
)


def main() -> None:
    """Print it."""
    print(
        "\nRows an hour (entities enabled by default), and share of time with a power other than voltage times current"
    )
    print(f"{'':14} {'':10} {'each for itself':>22} {'together':>22}")
    detailed: list[Told] = []
    for load, profile in (("busy house", household(seed=7)), ("stepping", stepping)):
        for name, reported in CASES:
            alone, together = reported(profile)
            detailed = detailed or [alone, together]
            columns = (f"{one.rows.total():6} rows, {one.contradictions / one.looks:7.2%}" for one in (alone, together))
            print(f"{name:14} {load:10} " + " ".join(f"{column:>22}" for column in columns))
    alone, together = detailed
    print(f"\nRows per pack and hour ({bench.CELLS} cells, a busy house)")
    for quantity, count in together.rows.most_common():
        print(f"  {quantity:16} {count:6}   (each for itself: {alone.rows[quantity]})")
    total = together.rows.total()
    print(f"  {'all':16} {total:6}   (unthrottled: {together.unthrottled}, ratio {total / together.unthrottled:.3f})")


if __name__ == "__main__":
    main()
