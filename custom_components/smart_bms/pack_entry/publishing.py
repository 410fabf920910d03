"""Publishing: full rate inside, calm outside.

A pack sends two readings a second. Published as they come, a pack of 16 cells would write a quarter of a million rows an
hour into the user's database. Each quantity therefore has a shortest interval and a dead band; what matters at once (alarms,
switches, states) has none. What people act on is published at once when it moves by a step, which noise and drift do not.
What belongs together is published from one reading: voltage, current and power that were measured at different moments
contradict each other.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeIs

from .step_detector import StepDetector

type Value = bool | int | float | str | None

NOTHING: Final[Mapping[str, float]] = MappingProxyType({})

SETTLE: Final = 600.0
"""Seconds after which a change inside the dead band is published too, so that a value at rest ends up exact."""


class Quantity(StrEnum):
    """Kinds of values that are published alike."""

    VOLTAGE = "voltage"
    VOLTAGE_SPREAD = "voltage_spread"
    CURRENT = "current"
    POWER = "power"
    SOC = "soc"
    CELL_VOLTAGE = "cell_voltage"
    CELL_NUMBER = "cell_number"
    CELL_BY_TEMPERATURE = "cell_by_temperature"
    BALANCE_CURRENT = "balance_current"
    TEMPERATURE = "temperature"
    CAPACITY = "capacity"
    ENERGY = "energy"
    RESISTANCE = "resistance"
    TIME_LEFT = "time_left"
    DIRECTION = "direction"
    UNSTEADY_STATE = "unsteady_state"
    """A state that may go back and forth at a limit."""
    MARGIN = "margin"
    COUNTER = "counter"
    LIMIT = "limit"
    """What chargers and inverters keep to: it falls at once, and rises slowly after a start or a loss."""
    CONNECTION_QUALITY = "connection_quality"
    DATA_AGE = "data_age"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class PublishPolicy:
    """When a changed value is published."""

    interval: float
    """Shortest time in s between two publications."""
    deadband: float = 0.0
    """Smallest change, in the unit of the quantity."""
    step: float = 0.0
    """Smallest step out of noise and drift that is published at once, in the same unit; 0 if none is."""
    jump: float = 0.0
    """Change from the published value that is published at once, in the same unit; 0 if none is."""
    falls_at_once: bool = False
    """A lower value is published at once: it is a limit, and somebody keeps to it."""
    only_near_limit: bool = False
    """Jumps count only while the pack is near a limit of this quantity."""


DEFAULT_POLICIES: Final[Mapping[Quantity, PublishPolicy]] = {
    # Published together, all change when one does: rows stay few with a little more time between them.
    Quantity.VOLTAGE: PublishPolicy(13, 0.05),
    Quantity.CURRENT: PublishPolicy(13, 0.3, step=1.2),
    Quantity.POWER: PublishPolicy(13, 10, step=60),
    Quantity.VOLTAGE_SPREAD: PublishPolicy(10, 0.05),
    Quantity.SOC: PublishPolicy(5, jump=2),
    Quantity.CELL_VOLTAGE: PublishPolicy(60, 0.003, jump=0.01, only_near_limit=True),
    Quantity.CELL_NUMBER: PublishPolicy(60),
    Quantity.CELL_BY_TEMPERATURE: PublishPolicy(60),
    Quantity.BALANCE_CURRENT: PublishPolicy(30, 0.1),
    Quantity.TEMPERATURE: PublishPolicy(60, 0.3, jump=1, only_near_limit=True),
    Quantity.CAPACITY: PublishPolicy(60, 0.1),
    Quantity.ENERGY: PublishPolicy(60, 5),
    Quantity.RESISTANCE: PublishPolicy(3600, 0.005),
    Quantity.TIME_LEFT: PublishPolicy(60, 60),
    Quantity.DIRECTION: PublishPolicy(13),
    Quantity.UNSTEADY_STATE: PublishPolicy(10),
    Quantity.MARGIN: PublishPolicy(30),
    Quantity.COUNTER: PublishPolicy(300),
    Quantity.LIMIT: PublishPolicy(10, falls_at_once=True),
    Quantity.CONNECTION_QUALITY: PublishPolicy(300, 5),
    Quantity.DATA_AGE: PublishPolicy(0),
    Quantity.STATE: PublishPolicy(0),
}

TOGETHER: Final[Mapping[Quantity, str]] = {
    **dict.fromkeys((Quantity.VOLTAGE, Quantity.CURRENT, Quantity.POWER, Quantity.DIRECTION), "flow"),
    **dict.fromkeys((Quantity.CELL_VOLTAGE, Quantity.CELL_NUMBER), "cells"),
    **dict.fromkeys((Quantity.TEMPERATURE, Quantity.CELL_BY_TEMPERATURE), "temperatures"),
}
"""Quantities that are published together, by the name of their group."""

ADJUSTABLE: Final = (
    Quantity.VOLTAGE,
    Quantity.CURRENT,
    Quantity.POWER,
    Quantity.CELL_VOLTAGE,
    Quantity.TEMPERATURE,
    Quantity.CAPACITY,
)
"""What users may tune; the rest follows no taste."""


STEPPED: Final = tuple(quantity for quantity, policy in DEFAULT_POLICIES.items() if policy.step)
"""Quantities whose smallest step users may tune."""


def policies(
    intervals: Mapping[str, float], deadbands: Mapping[str, float], steps: Mapping[str, float] = NOTHING
) -> dict[Quantity, PublishPolicy]:
    """Return the policies with the user's intervals, dead bands and steps, by quantity, in place of the defaults."""
    return {
        quantity: replace(
            policy,
            interval=intervals.get(quantity, policy.interval),
            deadband=deadbands.get(quantity, policy.deadband),
            step=steps.get(quantity, policy.step),
        )
        for quantity, policy in DEFAULT_POLICIES.items()
    }


def _always() -> bool:
    """Return that a limit is near, for values whose jumps always count."""
    return True


class PublishFilter:
    """Decides for one value when it is published."""

    def __init__(self, policy: PublishPolicy, is_near_limit: Callable[[], bool] = _always) -> None:
        """Start with nothing published. `is_near_limit` returns whether the pack is near a limit of this quantity."""
        self._policy = policy
        self._is_near_limit = is_near_limit
        self._steps = StepDetector(policy.step) if policy.step else None
        self._published_at = float("-inf")
        self.value: Value = None
        """What was published last."""

    def submit(self, value: Value, now: float) -> bool:
        """Take the newest value at monotonic time `now`; return whether it is published, which makes it `value`."""
        return self.is_due(value, now) and self.publish(value, now)

    def is_due(self, value: Value, now: float) -> bool:
        """Return whether a value is to be published at `now`. To be asked once about every reading."""
        moved = self._has_moved(value, now)
        return self._differs(value) and (moved or self._may_pass(value, now - self._published_at))

    def publish(self, value: Value, now: float) -> bool:
        """Publish a value; return whether it is another one."""
        differs = self._differs(value)
        self.value = value
        self._published_at = now
        return differs

    def open(self) -> None:
        """Let the next value through whatever was published before: the pack was away."""
        self._published_at = float("-inf")

    def _differs(self, value: Value) -> bool:
        """Return whether a value is another one than the published one, by its type too."""
        return value != self.value or type(value) is not type(self.value)

    def _has_moved(self, value: Value, now: float) -> bool:
        """Return whether the value moved so far that it is published at once; the detector follows every reading."""
        policy, shown = self._policy, self.value
        if not _is_number(value) or not (policy.step or policy.jump):
            return False
        stepped = self._steps is not None and self._steps.update(value, now)
        if not _is_number(shown):
            return False
        away = abs(value - shown)
        if stepped and away >= policy.step:
            return True
        jumped = bool(policy.jump) and round(away, 9) >= policy.jump
        return jumped and (not policy.only_near_limit or self._is_near_limit())

    def _may_pass(self, value: Value, elapsed: float) -> bool:
        """Return whether interval and deadband allow a value, `elapsed` seconds after the last published one."""
        old = self.value
        if old is None or value is None:
            # Appearing and disappearing are news at any time.
            return True
        if elapsed < self._policy.interval:
            return self._policy.falls_at_once and _is_number(value) and _is_number(old) and value < old
        if elapsed >= SETTLE:
            return True
        if not _is_number(value) or not _is_number(old):
            return True
        if self._steps is not None:
            # Readings that scatter around what is shown are no news.
            return not self._steps.shows_enough(old, self._policy.deadband)
        # Rounded, because 3.302 - 3.300 is a little less than 0.002 in binary.
        return round(abs(value - old), 9) >= self._policy.deadband


def _is_number(value: Value) -> TypeIs[int | float]:
    """Return whether a value is a number."""
    return isinstance(value, (int, float))


@dataclass(eq=False, slots=True)
class GroupMember:
    """One value of a group."""

    publish_filter: PublishFilter
    newest: Callable[[], Value]
    """Returns the value of the newest reading."""
    tell: Callable[[], None]
    """Shows what was published."""
    is_published: bool = False
    """The newest reading was published."""
    is_news: bool = False
    """What was published is another value, and was not shown yet."""

    def take_news(self) -> bool:
        """Return whether there is something to show, once."""
        news, self.is_news = self.is_news, False
        return news


class PublishGroup:
    """Values that are published together, of one reading, when any of them is due.

    The moment counts for all of them, also for those whose value stayed the same.
    """

    def __init__(self) -> None:
        """Start without members."""
        self._members: list[GroupMember] = []
        self._reading: object = None
        self._era: Hashable = None

    def join(self, member: GroupMember) -> Callable[[], None]:
        """Take in another value, with which the others are decided on again; return how to leave."""
        self._members.append(member)
        self._reading = None
        return lambda: self._members.remove(member)

    def renew(self, era: Hashable) -> None:
        """Let the next values through if the era is another one: the pack was away, or a bank has other packs."""
        if era != self._era:
            self._era, self._reading = era, None
            for member in self._members:
                member.publish_filter.open()

    def follow(self, reading: object, now: float) -> None:
        """Decide once for each reading whether its values are published; `reading` is told from another one by identity."""
        if reading is self._reading:
            return
        self._reading = reading
        values = [(member, member.newest()) for member in self._members]
        due = False
        for member, value in values:
            # All are asked: each follows its value.
            due |= member.publish_filter.is_due(value, now)
        for member, value in values:
            member.is_published = due
            if due:
                member.is_news |= member.publish_filter.publish(value, now)

    def with_news(self) -> list[GroupMember]:
        """Return the members whose published value was not shown yet."""
        return [member for member in self._members if member.is_news]

    def notify_others(self, newcomer: GroupMember) -> None:
        """Have the others show at once what was published because of a newcomer."""
        for member in list(self._members):
            if member.is_news and member is not newcomer:
                member.tell()


class PublishGroups:
    """The groups of one device."""

    def __init__(self) -> None:
        """Start without any."""
        self._groups: dict[str, PublishGroup] = {}

    def __iter__(self) -> Iterator[PublishGroup]:
        """Iterate over those that there are."""
        return iter(list(self._groups.values()))

    def of(self, quantity: Quantity) -> PublishGroup | None:
        """Return the group that values of this quantity belong to, if they belong to any."""
        name = TOGETHER.get(quantity)
        return None if name is None else self._groups.setdefault(name, PublishGroup())


_AGE_STEPS: Final = ((60, 10), (600, 60), (3600, 600))
"""Up to an age, the step in which it is told, in s."""


def quantize_age(age: float | None) -> int | None:
    """Return an age in steps that grow with it: a pack that is away for the winter must not fill the database."""
    if age is None:
        return None
    step = next((step for below, step in _AGE_STEPS if age < below), 3600)
    return int(age // step) * step
