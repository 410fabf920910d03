"""Publishing: full rate inside, calm outside.

A pack sends two readings a second. Published as they come, a pack of 16 cells would write a quarter of a million rows an
hour into the user's database. Each quantity therefore has a shortest interval and a dead band; what matters at once (alarms,
switches, states) has none. What belongs together is published from one reading: voltage, current and power that were measured
at different moments contradict each other.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

type Value = bool | int | float | str | None

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
    DATA_AGE = "data_age"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class PublishPolicy:
    """When a changed value is published."""

    interval: float
    """Shortest time in s between two publications."""
    deadband: float = 0.0
    """Smallest change, in the unit of the quantity."""


DEFAULT_POLICIES: Final[Mapping[Quantity, PublishPolicy]] = {
    # Published together, all change when one does: rows stay few with a little more time between them.
    Quantity.VOLTAGE: PublishPolicy(13, 0.05),
    Quantity.CURRENT: PublishPolicy(13, 0.3),
    Quantity.POWER: PublishPolicy(13, 10),
    Quantity.VOLTAGE_SPREAD: PublishPolicy(10, 0.05),
    Quantity.SOC: PublishPolicy(5),
    Quantity.CELL_VOLTAGE: PublishPolicy(60, 0.003),
    Quantity.CELL_NUMBER: PublishPolicy(60),
    Quantity.CELL_BY_TEMPERATURE: PublishPolicy(60),
    Quantity.BALANCE_CURRENT: PublishPolicy(30, 0.1),
    Quantity.TEMPERATURE: PublishPolicy(60, 0.3),
    Quantity.CAPACITY: PublishPolicy(60, 0.1),
    Quantity.ENERGY: PublishPolicy(60, 5),
    Quantity.RESISTANCE: PublishPolicy(3600, 0.005),
    Quantity.TIME_LEFT: PublishPolicy(60, 60),
    Quantity.DIRECTION: PublishPolicy(13),
    Quantity.UNSTEADY_STATE: PublishPolicy(10),
    Quantity.MARGIN: PublishPolicy(30),
    Quantity.COUNTER: PublishPolicy(300),
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


def policies(intervals: Mapping[str, float], deadbands: Mapping[str, float]) -> dict[Quantity, PublishPolicy]:
    """Return the policies with the user's intervals and dead bands, by quantity, in place of the defaults."""
    return {
        quantity: PublishPolicy(intervals.get(quantity, policy.interval), deadbands.get(quantity, policy.deadband))
        for quantity, policy in DEFAULT_POLICIES.items()
    }


class PublishFilter:
    """Decides for one value when it is published."""

    def __init__(self, policy: PublishPolicy) -> None:
        """Start with nothing published."""
        self._policy = policy
        self._published_at = float("-inf")
        self.value: Value = None
        """What was published last."""

    def submit(self, value: Value, now: float) -> bool:
        """Take the newest value at monotonic time `now`; return whether it is published, which makes it `value`."""
        return self.is_due(value, now) and self.publish(value, now)

    def is_due(self, value: Value, now: float) -> bool:
        """Return whether a value is to be published at `now`."""
        return self._differs(value) and self._may_pass(value, now - self._published_at)

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

    def _may_pass(self, value: Value, elapsed: float) -> bool:
        """Return whether interval and deadband allow a value, `elapsed` seconds after the last published one."""
        old = self.value
        if old is None or value is None:
            # Appearing and disappearing are news at any time.
            return True
        if elapsed < self._policy.interval:
            return False
        if elapsed >= SETTLE:
            return True
        if isinstance(value, (int, float)) and isinstance(old, (int, float)):
            # Rounded, because 3.302 - 3.300 is a little less than 0.002 in binary.
            return round(abs(value - old), 9) >= self._policy.deadband
        return True


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
        due = any(member.publish_filter.is_due(value, now) for member, value in values)
        for member, value in values:
            member.is_published = due
            if due:
                member.is_news |= member.publish_filter.publish(value, now)

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
