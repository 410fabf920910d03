"""Monitor: one protection of one pack, from reading to reading.

A condition counts from the first reading that shows it; what was not seen is not known. Times are those of the readings.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from .rules import ProtectionRule

DENIED_AFTER: Final = 60.0
"""Seconds for which the pack has to deny a trip whose cause is gone before it counts as over.

Our judgment: no document says how a pack that missed a trip tells so, and a minute is longer than any poll."""


class ProtectionState(StrEnum):
    """Where a protection stands."""

    CLEAR = "clear"
    PENDING = "pending"
    """Its condition holds, its delay runs."""
    TRIPPED = "tripped"
    UNKNOWN = "unknown"


class ProtectionMonitor:
    """Follows one protection."""

    __slots__ = (
        "_above",
        "_charging_only",
        "_denied_since",
        "_of_current",
        "_reached",
        "_release_reached",
        "adopted",
        "began_at",
        "delay",
        "distance",
        "had_limit",
        "limit",
        "release",
        "release_after",
        "rule",
        "scale",
        "since",
        "state",
        "tripped",
        "value",
        "warns",
    )

    def __init__(self, rule: ProtectionRule) -> None:
        """Initialize."""
        self.rule = rule
        self._above = rule.above
        self._reached = rule.reached
        self._release_reached = rule.release_reached
        self._charging_only = rule.only_charging
        self._of_current = bool(rule.release_after) or rule.opposite
        self.had_limit = False
        """The pack has this protection: it stated its limit."""
        self.limit: float | None = None
        self.release: float | None = None
        self.delay = 0.0
        self.release_after: float | None = None
        self.tripped: bool | None = None
        """None: it cannot be told whether it still holds from before."""
        self.began_at: float | None = None
        """When the condition was first seen; moved on by the time that nobody saw."""
        self.since: float | None = None
        self.adopted = False
        """The pack said so; when it tripped nobody saw."""
        self.value: float | None = None
        self.distance: float | None = None
        """From the value to the limit, negative beyond it."""
        self.warns = rule.is_warning
        self.state = ProtectionState.UNKNOWN
        self.scale = 1.0
        """Distance to the limit that counts as comfortable, in the quantity's unit."""
        self._denied_since: float | None = None

    def set_limits(self, values: Mapping[str, float | None]) -> None:
        """Set the thresholds as the pack has them now; what has tripped stays tripped."""
        rule = self.rule
        limit = values.get(rule.limit)
        release = next((values[key] for key in rule.release if values.get(key) is not None), None)
        after = values.get(rule.release_after) if rule.release_after else None
        self.delay = values.get(rule.delay) or 0.0
        self.limit, self.release, self.release_after = limit, release, after
        self.had_limit = self.had_limit or limit is not None
        self.scale = rule.quantity.comfortable(limit or 0.0)

    def evaluate(
        self, value: float | None, now: float, *, charging: bool, reported: bool | None, partial: bool = False
    ) -> ProtectionState:
        """Evaluate what is measured at `now` (s), and whether the pack reports the protection; return its new state.

        `partial`: not all cells or probes are known, so that only what is wrong is certain.
        """
        self.value = value
        limit = self.limit
        if value is None or limit is None:
            self.distance = None
            self.state = self._without_value(now)
            return self.state
        self.distance = distance = limit - value if self._above else value - limit
        beyond = distance <= 0 if self._reached else distance < 0
        if partial and not beyond:
            self.began_at = None
            self.tripped = self.tripped or None
            self.state = ProtectionState.TRIPPED if self.tripped else ProtectionState.UNKNOWN
            return self.state
        if not beyond and self.tripped is False and not (reported and self._of_current):
            # The usual case, kept short: it is looked at several times a second.
            self.began_at = None
            self.state = ProtectionState.CLEAR
            return ProtectionState.CLEAR
        trips = beyond and (charging or not self._charging_only)
        if self.tripped is None:
            self._resolve_unknown(value, now, trips=trips, reported=reported)
        elif not self.tripped and reported and self._of_current:
            # It tripped between two readings.
            self.tripped, self.adopted, self.since, self.began_at = True, True, now, None
        if self.tripped and self._is_released(value, now, trips=trips, reported=reported):
            self.tripped = self.adopted = False
            self.since = self._denied_since = None
            # A release is seen before whatever comes next.
            self.began_at = now if trips else None
        elif not self.tripped:
            self._count_delay(now, trips=trips)
        if self.tripped is None:
            self.state = ProtectionState.UNKNOWN
        elif self.tripped:
            self.state = ProtectionState.TRIPPED
        else:
            self.state = ProtectionState.CLEAR if self.began_at is None else ProtectionState.PENDING
        return self.state

    def set_value(self, value: float | None) -> None:
        """Set the measured value of which it is known that it does not change the state."""
        limit, self.value = self.limit, value
        known = value is not None and limit is not None
        self.distance = (limit - value if self._above else value - limit) if known else None  # type: ignore[operator]

    def _without_value(self, now: float) -> ProtectionState:
        """Return the state without value or limit: only a hold of known length still counts down."""
        ends_at = self.release_at
        if ends_at is not None and now < ends_at:
            return ProtectionState.TRIPPED
        self.tripped = self.since = self.began_at = None
        return ProtectionState.UNKNOWN

    def _resolve_unknown(self, value: float, now: float, *, trips: bool, reported: bool | None) -> None:
        """Find out whether it has been tripped since before the first reading, or through a gap."""
        rule = self.rule
        # A hold blocks the current that it is about: while that flows, none holds.
        flows = not rule.release and value > 0
        over = self._beyond_release(value) or (not reported and (flows or (rule.opposite and value < 0)))
        if not rule.latches or (not trips and over):
            self.tripped = False
        elif reported is not None:
            self.tripped = self.adopted = reported
            self.since = now if reported else None

    def _count_delay(self, now: float, *, trips: bool) -> None:
        if not trips:
            self.began_at = None
            return
        if self.began_at is None:
            self.began_at = now
        if now - self.began_at >= self.delay:
            self.tripped, self.since, self.began_at = True, now, None

    def _beyond_release(self, value: float) -> bool:
        release = self.release
        if release is None:
            return False
        if self._above:
            return value <= release if self._release_reached else value < release
        return value >= release if self._release_reached else value > release

    def _is_released(self, value: float, now: float, *, trips: bool, reported: bool | None) -> bool:
        rule = self.rule
        if rule.release_after:
            return self._time_is_up(now, trips=trips, reported=reported)
        if trips:
            self._denied_since = None
            return False
        if rule.release:
            return self._beyond_release(value) or self._denied(now, reported)
        if rule.opposite:
            flows = value > 0 and reported is False  # what it blocks
            return value < 0 or flows or self._denied(now, reported)
        return True

    def _time_is_up(self, now: float, *, trips: bool, reported: bool | None) -> bool:
        # When an adopted one tripped nobody saw: it ends when the pack says so.
        if self.adopted and reported is False:
            return True
        if self.release_after is None:
            return not trips and self._denied(now, reported)
        return self.since is not None and now - self.since >= self.release_after

    def _denied(self, now: float, reported: bool | None) -> bool:
        """Return whether the pack has long denied the trip: it may never have seen what tripped it here."""
        if reported is not False:
            self._denied_since = None
            return False
        if self._denied_since is None:
            self._denied_since = now
        return now - self._denied_since >= DENIED_AFTER

    def skip_gap(self, seconds: float) -> None:
        """Leave out a gap of so many seconds: a delay stands still, and only a hold of known length is still certain."""
        if self.began_at is not None:
            self.began_at += seconds
        self._denied_since = None
        if not (self.tripped and self.release_after is not None and not self.adopted):
            self.tripped = None
            self.adopted = False

    @property
    def margin(self) -> float | None:
        """Distance to the limit in the quantity's unit, negative beyond it."""
        return None if self.distance is None else round(self.distance, 3)

    @property
    def would_trip(self) -> bool:
        """Whether it trips as soon as the pack is charged."""
        distance = self.distance
        return self._charging_only and distance is not None and (distance < 0 or (distance == 0 and self._reached))

    @property
    def nearness(self) -> float | None:
        """Distance as a share of what is comfortable, so that unlike limits can be compared."""
        return None if self.distance is None else self.distance / self.scale

    def time_left(self, now: float) -> float | None:
        """Seconds until a pending protection trips."""
        if self.state is not ProtectionState.PENDING or self.began_at is None:
            return None
        return max(0.0, self.delay - (now - self.began_at))

    @property
    def release_at(self) -> float | None:
        """When a hold of known length ends, in the time of the readings."""
        if not self.tripped or self.release_after is None or self.since is None or self.adopted:
            return None
        return self.since + self.release_after

    def forget(self) -> None:
        """Forget everything from before: no time that was kept means anything."""
        self.tripped = self.began_at = self.since = self._denied_since = None
        self.adopted = False

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart, in s in the time of the readings."""
        return {
            "tripped": self.tripped,
            "began_at": self.began_at,
            "since": self.since,
            "adopted": self.adopted,
            "denied_since": self._denied_since,
        }

    def restore(self, stored: Mapping[str, Any], shift: float) -> None:
        """Restore what was stored; `shift` s are added to its times."""

        def moved(key: str) -> float | None:
            at = stored.get(key)
            return None if at is None else float(at) + shift

        tripped = stored.get("tripped")
        self.tripped = tripped if isinstance(tripped, bool) else None
        self.adopted = bool(stored.get("adopted"))
        self.began_at, self.since, self._denied_since = moved("began_at"), moved("since"), moved("denied_since")
