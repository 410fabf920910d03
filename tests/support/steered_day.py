"""A day of a house with a battery: an inverter that is steered by our limits, or that runs until the BMS cuts off.

The board is the simulator's, whose firmware shares no rule with the limits. Everything is random by a seed: the roof, the
clouds, the house, the cells, the cold. Virtual time only.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date
import random
from typing import Any, Final

from custom_components.smart_bms.bank.limiter import BankLimiter
from custom_components.smart_bms.bank.member import BankMember, MemberLimits
from custom_components.smart_bms.bank.merge import merge
from custom_components.smart_bms.protection.engine import ProtectionEngine
from custom_components.smart_bms.protection.limit_options import LimitOptions
from custom_components.smart_bms.protection.soc_plan import SocPlan
from custom_components.smart_bms.simulator.battery import Battery
from custom_components.smart_bms.simulator.board import Board, Limits
from custom_components.smart_bms.simulator.jbd.labels import DP16S020
from custom_components.smart_bms.simulator.jbd.peripheral import JbdPeripheral
from custom_components.smart_bms.simulator.jk.labels import PB2A16S20P
from custom_components.smart_bms.simulator.jk.peripheral import JkPeripheral
from custom_components.smart_bms.steering.demand import Demand, FallbackSettings
from custom_components.smart_bms.steering.steering import Steering
from custom_components.smart_bms.steering.target import Target, TargetKind, Unit
from lab.smart_bms_lab.inverter import Inverter, sun_of

from .protected_pack import limits_of, reading_of_board

DAY: Final = 86_400.0
CELLS: Final = 16
_VARIANTS: Final = {"jk": "JK02_32S", "jbd": "extended"}
_KEYS: Final = {
    "number.charge": "charge_current",
    "number.volts": "charge_voltage",
    "number.discharge": "discharge_current",
    "switch.on": "is_on",
}
INTERVAL: Final = 30.0
TARGETS: Final = (
    Target(entity="number.charge", kind=TargetKind.CHARGE_CURRENT, maximum=200.0, interval=INTERVAL),
    Target(
        entity="number.volts",
        kind=TargetKind.CHARGE_VOLTAGE,
        unit=Unit.VOLT,
        minimum=40.0,
        maximum=60.0,
        step=0.1,
        smallest_change=0.1,
        interval=INTERVAL,
    ),
    Target(entity="number.discharge", kind=TargetKind.DISCHARGE_CURRENT, maximum=200.0, interval=INTERVAL),
)


@dataclass(kw_only=True)
class House:
    """What is random of a day."""

    seed: int
    peak: float
    """W of the roof at noon."""
    base: float
    """W that the house always takes."""
    capacity: float
    soc: float
    spread: float
    temperature: float
    ambient: float
    minimum_current: float
    lag: float

    @classmethod
    def of(cls, seed: int) -> House:
        """Return the house of a seed: a roof that fills the battery, or a load that empties it, or a cold night."""
        chance = random.Random(seed)
        capacity = chance.choice((100.0, 200.0, 280.0, 314.0))
        temperature = chance.choice((22.0, 22.0, 15.0, 8.0, 3.0))
        return cls(
            seed=seed,
            peak=capacity * 52 * chance.uniform(0.25, 0.9),
            base=capacity * 52 * chance.uniform(0.01, 0.12),
            capacity=capacity,
            soc=chance.uniform(0.2, 0.95),
            spread=chance.choice((0.002, 0.004, 0.01, 0.02)),
            temperature=temperature,
            # Not below what the boards themselves bear at rest: no charger could prevent that.
            ambient=max(1.0, temperature - chance.uniform(0.0, 4.0)),
            minimum_current=chance.choice((0.0, 2.0, 5.0)),
            lag=chance.uniform(0.5, 12.0),
        )

    def weather(self) -> Callable[[float], tuple[float, float]]:
        """Return sun and load in W by the second of the day."""

        def at(second: float) -> tuple[float, float]:
            cloud = random.Random(f"{self.seed}:{second // 120}").choice((0.0, 0.0, 0.2, 0.7, 1.0))
            appliance = random.Random(f"{self.seed}:a:{second // 300}").choice((0.0, 0.0, 0.5, 1.0, 3.0))
            return sun_of(second / 3600, self.peak, cloud), self.base * (1 + appliance)

        return at


@dataclass
class Pack:
    """A simulated pack, and what we make of what it says."""

    board: Board
    engine: ProtectionEngine
    settings: dict[str, Any]
    trips: list[str] = field(default_factory=list)
    noise: float = 0.0
    """% by which the told state of charge may be off, either way."""
    _chance: random.Random = field(default_factory=lambda: random.Random(1))
    _tripped: set[str] = field(default_factory=set)

    def step(self, seconds: float, current: float, now: float) -> None:
        """Let time pass with a current, if the board lets it flow; count what trips."""
        board = self.board
        board.battery.profile = lambda _: current
        board.step(seconds)
        tripped = {name for name, latch in board.latches.items() if latch.tripped}
        self.trips += sorted(tripped - self._tripped)
        self._tripped = tripped
        reading = reading_of_board(board, now)
        if self.noise and reading.soc is not None:
            reading = replace(reading, soc=board.soc * 100 + self._chance.uniform(-self.noise, self.noise))
        self.engine.update(reading, self.settings)


def pack_of(family: str, house: House, *, number: int = 1, **options: float) -> Pack:
    """Return a pack of a family at the beginning of a day."""
    battery = Battery(
        cells=CELLS,
        capacity=house.capacity,
        soc=house.soc,
        spread=house.spread,
        temperature=house.temperature,
        ambient=house.ambient,
        seed=house.seed + 1000 * number,
    )
    rate = house.capacity
    board = Board(
        battery, Limits(charge_current=rate * 0.5, discharge_current=rate * 0.7, balance_start=3.4, balance_current=2.0)
    )
    make: dict[str, Callable[[], Any]] = {
        "jk": lambda: JkPeripheral(f"C8:47:80:00:00:0{number}", "JK", PB2A16S20P, board),
        "jbd": lambda: JbdPeripheral(f"C8:47:80:00:00:0{number}", "JBD", DP16S020, board),
    }
    make[family]()
    # As the JK's settings call it; a JBD does not state it.
    stated = {"max_balance_current": board.limits.balance_current} if family == "jk" else {}
    engine = ProtectionEngine(family, _VARIANTS[family], LimitOptions.of(options))
    return Pack(board, engine, limits_of(board) | stated)


@dataclass(slots=True)
class Moment:
    """What is drawn of a day."""

    hour: float
    soc: float
    voltage: float
    current: float
    charge_voltage: float | None
    charge_current: float | None
    discharge_current: float | None


@dataclass
class Site:
    """One or two packs, an inverter, and who decides what it does."""

    house: House
    packs: list[Pack]
    steered: bool = True
    step: float = 10.0
    targets: tuple[Target, ...] = TARGETS
    moments: list[Moment] = field(default_factory=list)
    now: float = 0.0

    def __post_init__(self) -> None:
        """Begin at midnight, with an inverter that was set to as much as it can."""
        self.inverter = Inverter(lag=self.house.lag, minimum_current=self.house.minimum_current)
        most = sum(pack.board.limits.charge_current for pack in self.packs) * 1.2
        self.inverter.settings |= {
            "charge_current": min(200.0, most),
            "discharge_current": 200.0,
            "charge_voltage": CELLS * 3.75,
        }
        self.steering = Steering(self.targets, FallbackSettings())
        self._limiter = BankLimiter()
        self.is_lost: Callable[[float], bool] = lambda _: False
        """Whether data is missing at a time."""
        self.count = 0

    @property
    def trips(self) -> list[str]:
        """Every protection that tripped, as often as it did."""
        return [name for pack in self.packs for name in pack.trips]

    @property
    def soc(self) -> float:
        """The true state of charge in %."""
        cells = [cell.soc for pack in self.packs for cell in pack.board.battery.cells]
        return 100 * sum(cells) / len(cells)

    @property
    def voltage(self) -> float:
        """V at the terminals."""
        return sum(pack.board.battery.voltage for pack in self.packs) / len(self.packs)

    def run(self, seconds: float, *, keep_every: float = 0.0) -> None:
        """Let time pass."""
        weather = self.house.weather()
        end = self.now + seconds
        while self.now < end - 1e-9:
            self.now += self.step
            sun, load = weather(self.now % DAY)
            current = self.inverter.step(self.step, sun, load, self.voltage)
            for pack, part in zip(self.packs, self._parts(current), strict=True):
                pack.step(self.step, part, self.now)
            flowed = sum(pack.board.battery.current * pack.board.battery.voltage for pack in self.packs)
            self.inverter.count(self.step, sun, load, flowed)
            demand = self.demand()
            if self.steered:
                self._steer(demand)
            if keep_every and self.now % keep_every < self.step:
                self.moments.append(
                    Moment(
                        self.now / 3600,
                        self.soc,
                        self.voltage,
                        current,
                        demand.charge_voltage,
                        demand.charge_current,
                        demand.discharge_current,
                    )
                )

    def _steer(self, demand: Demand) -> None:
        self.steering.update_day(date.fromordinal(1 + int(self.now // DAY)), DAY - self.now % DAY)
        shown = {entity: self.inverter.shown(key) for entity, key in _KEYS.items()}
        for write in self.steering.step(self.now, demand, shown):
            self.inverter.set(_KEYS[write.target.entity], write.value)
            self.count += 1

    def _parts(self, current: float) -> Iterator[float]:
        """Yield the current of each pack: by their share, and towards the one whose voltage is lower."""
        allowed = [
            pack.board.charging_allowed if current > 0 else pack.board.discharging_allowed for pack in self.packs
        ]
        mean, count = self.voltage, max(1, sum(allowed))
        for pack, is_allowed in zip(self.packs, allowed, strict=True):
            equalizing = (mean - pack.board.battery.voltage) / 0.02 if len(self.packs) > 1 else 0.0
            yield current / count + max(-20.0, min(20.0, equalizing)) if is_allowed else 0.0

    def demand(self) -> Demand:
        """Return what is asked of the inverter."""
        if self.is_lost(self.now):
            return Demand(charge_limited_by="no_data", discharge_limited_by="no_data")
        limits = self._limits()
        return Demand(
            charge_voltage=limits.charge_voltage,
            charge_current=limits.charge_current,
            discharge_current=limits.discharge_current,
            charge_limited_by=limits.charge_limited_by,
            discharge_limited_by=limits.discharge_limited_by,
            voltage=self.voltage,
        )

    def _limits(self) -> MemberLimits:
        members = [self._member(place, pack) for place, pack in enumerate(self.packs)]
        if len(members) == 1:
            return members[0].limits
        bank = merge(members, tuple((member.key,) for member in members))
        return self._limiter.update(bank.limits, self.now, strings=max(1, bank.active_strings), cells=CELLS)

    def _member(self, place: int, pack: Pack) -> BankMember:
        engine, limits = pack.engine, pack.engine.limits
        moment = engine.mirror.moment
        return BankMember(
            key=str(place),
            name=str(place),
            reading=None if moment is None else moment.reading,
            charge=engine.mirror.charge.answer,
            discharge=engine.mirror.discharge.answer,
            limits=MemberLimits(
                charge_voltage=limits.charge_voltage,
                charge_current=limits.charge_current,
                discharge_current=limits.discharge_current,
                charge_limited_by=limits.charge_limited_by,
                discharge_limited_by=limits.discharge_limited_by,
            ),
        )


KINDS: Final = {"jk": ("jk",), "jbd": ("jbd",), "bank": ("jk", "jbd")}


def site_of(kind: str, house: House, *, steered: bool = True, plan: SocPlan | None = None, **options: float) -> Site:
    """Return a JK, a JBD or a bank of both."""
    packs = [pack_of(family, house, number=number, **options) for number, family in enumerate(KINDS[kind], 1)]
    for pack in packs:
        pack.engine.plan = plan or SocPlan()
    return Site(house, packs, steered)
