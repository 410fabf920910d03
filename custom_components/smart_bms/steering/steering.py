"""Steering of all the equipment of one battery: what is written now, in which order, and what would be."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from ..protection.rules import Side
from .demand import Demand, Fallback, FallbackSettings
from .follower import Follower, FollowerState, Write
from .setpoint import ON, Setpoint, setpoint
from .target import ORDER, Target


class Preview(NamedTuple):
    """What a target shows, and what would be written now."""

    target: Target
    shown: float | None
    setpoint: Setpoint | None

    @property
    def is_met(self) -> bool:
        """Whether it shows what it would be set to, within its step; not if one of both is not known."""
        if self.shown is None or self.setpoint is None:
            return False
        far = 0.4 if self.target.kind.is_switch else self.target.step
        return abs(self.target.effective(self.shown) - self.setpoint.value) <= far


class Steering:
    """Follows the targets of one battery. Values of targets are given by their entities; a switch is 1 or 0."""

    def __init__(self, targets: Iterable[Target], fallback: FallbackSettings) -> None:
        """`fallback`: what happens while the battery is not known."""
        self.fallback = Fallback(fallback)
        self.followers = [Follower(target) for target in targets]
        self._writes: dict[str, int] = {}
        self._day = ""
        self._seconds_left = 86_400.0

    def update_day(self, today: date, seconds_left: float = 86_400.0) -> None:
        """Count the writes of a day anew when the local date is another, with so many s left of it."""
        self._seconds_left = max(0.0, seconds_left)
        if self._day != (day := today.isoformat()):
            self._day, self._writes = day, {}

    @property
    def writes_today(self) -> int:
        """Writes to all targets since midnight."""
        return sum(self._writes.values())

    def step(self, now: float, asked: Demand, shown: Mapping[str, float | None]) -> list[Write]:
        """Return what has to be written now, in its order; each is taken as sent."""
        demand = self.fallback.demand(now, asked)
        found = []
        for follower in self.followers:
            target = follower.target
            value = shown.get(target.entity)
            write = follower.step(
                now,
                setpoint(target, demand, is_on=value == ON),
                value,
                may_rise=self._may_rise(follower, now),
            )
            if write is not None:
                self._writes[target.entity] = self._writes.get(target.entity, 0) + 1
                found.append(write)
        return in_order(found)

    def _may_rise(self, follower: Follower, now: float) -> bool:
        """Return whether there are writes left to raise a value; the second half of a day's is spread over what is left of it."""
        left = follower.target.writes_per_day - self._writes.get(follower.target.entity, 0)
        if left <= 0:
            return False
        spread = left < follower.target.writes_per_day / 2
        # What rises falls again, which takes a write too.
        return not spread or now - follower.sent_at >= 2 * self._seconds_left / left

    def preview(self, asked: Demand, shown: Mapping[str, float | None]) -> list[Preview]:
        """Return what each target shows, and what it would be set to now, also without data; nothing is changed by it."""
        demand = self.fallback.preview(asked)
        return [
            Preview(
                follower.target,
                value := shown.get(follower.target.entity),
                setpoint(follower.target, demand, is_on=value == ON),
            )
            for follower in self.followers
        ]

    def at_stop(self, shown: Mapping[str, float | None]) -> list[Write]:
        """Return what has to be written before nobody looks any more; nothing ever rises by it."""
        demand = self.fallback.at_stop()
        if demand is None:
            return []
        found = []
        for follower in self.followers:
            target, value = follower.target, shown.get(follower.target.entity)
            wanted = setpoint(target, demand, is_on=value == ON)
            if wanted is None or value is None:
                continue
            # Also what was written and is not shown yet would be left behind.
            if wanted.value < follower.most(value) - 1e-6:
                found.append(Write(target, wanted.value, value, falls=True, limited_by=wanted.limited_by))
        return in_order(found)

    def release(self) -> None:
        """Begin anew, as after the owner has switched it on."""
        for follower in self.followers:
            follower.release()

    @property
    def is_lost(self) -> bool:
        """Whether a side of the battery was not known at the last look."""
        return any(self.fallback.is_lost(side) for side in Side)

    def states(self) -> set[FollowerState]:
        """Return how the targets stand."""
        return {follower.state for follower in self.followers}

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart."""
        return {
            "day": self._day,
            "writes": self._writes,
            "targets": {follower.target.entity: follower.dump() for follower in self.followers},
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore what was stored, as far as its parts have the types they should have."""
        writes = stored.get("writes", {})
        self._day = str(stored.get("day", ""))
        self._writes = {str(key): int(value) for key, value in writes.items()}
        for follower in self.followers:
            follower.restore(stored.get("targets", {}).get(follower.target.entity, {}))


def in_order(writes: Iterable[Write]) -> list[Write]:
    """Return writes in their order: what falls first, switches and voltage before currents; what rises the other way."""

    def place(write: Write) -> tuple[bool, int]:
        position = ORDER.index(write.target.kind)
        return not write.falls, position if write.falls else -position

    return sorted(writes, key=place)
