"""Track: one protection of one pack, from reading to reading.

A condition counts from the first reading that shows it; what was not seen is not known. Times are those of the readings.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from .rules import ProtectionRule

CONCEDED_AFTER: Final = 60.0
"""Seconds after which the pack's word counts about a hold whose cause is gone."""


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
        "_scale",
        "adopted",
        "began_at",
        "delay",
        "distance",
        "had_limit",
        "limit",
        "release",
        "release_after",
        "rule",
        "since",
        "state",
        "tripped",
        "value",
        "warns",
    )

    def __init__(self, rule: ProtectionRule) -> None:
        """Know nothing yet."""
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
        self._scale = 1.0
        self._denied_since: float | None = None

    def set_limits(self, values: Mapping[str, float | None]) -> None:
        """Take the thresholds as the pack has them now. Other ones make nothing that held certain."""
        rule = self.rule
        limit = values.get(rule.limit)
        release = next((values[key] for key in rule.release if values.get(key) is not None), None)
        after = values.get(rule.release_after) if rule.release_after else None
        self.delay = values.get(rule.delay) or 0.0
        self.limit, self.release, self.release_after = limit, release, after
        self.had_limit = self.had_limit or limit is not None
        self._scale = rule.quantity.comfortable(limit or 0.0)

    def evaluate(
        self, value: float | None, now: float, *, charging: bool, reported: bool | None, partial: bool = False
    ) -> ProtectionState:
        """Take what is measured at `now`, and whether the pack reports the protection; return where it stands.

        `partial`: not all cells or probes are known, so that only what is wrong is certain.
        """
        self.value = value
        limit = self.limit
        if value is None or limit is None:
            self.distance = None
            self.state = self._blind(now)
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
            self._resolve(value, now, trips=trips, reported=reported)
        elif not self.tripped and reported and self._of_current:
            # It tripped between two readings.
            self.tripped, self.adopted, self.since, self.began_at = True, True, now, None
        if self.tripped and self._ends(value, now, trips=trips, reported=reported):
            self.tripped = self.adopted = False
            self.since = self._denied_since = None
            # A release is seen before whatever comes next.
            self.began_at = now if trips else None
        elif not self.tripped:
            self._count(now, trips=trips)
        if self.tripped is None:
            self.state = ProtectionState.UNKNOWN
        elif self.tripped:
            self.state = ProtectionState.TRIPPED
        else:
            self.state = ProtectionState.CLEAR if self.began_at is None else ProtectionState.PENDING
        return self.state

    def note(self, value: float | None) -> None:
        """Take what is measured where it is known to change nothing."""
        limit, self.value = self.limit, value
        known = value is not None and limit is not None
        self.distance = (limit - value if self._above else value - limit) if known else None  # type: ignore[operator]

    def _blind(self, now: float) -> ProtectionState:
        """Return the state without value or limit: only a hold of known length still counts down."""
        ends_at = self.release_at
        if ends_at is not None and now < ends_at:
            return ProtectionState.TRIPPED
        self.tripped = self.since = self.began_at = None
        return ProtectionState.UNKNOWN

    def _resolve(self, value: float, now: float, *, trips: bool, reported: bool | None) -> None:
        """Find out what holds from before."""
        rule = self.rule
        # A hold blocks the current that it is about: while that flows, none holds.
        flows = not rule.release and value > 0
        over = self._released(value) or (not reported and (flows or (rule.opposite and value < 0)))
        if not rule.latches or (not trips and over):
            self.tripped = False
        elif reported is not None:
            self.tripped = self.adopted = reported
            self.since = now if reported else None

    def _count(self, now: float, *, trips: bool) -> None:
        if not trips:
            self.began_at = None
            return
        if self.began_at is None:
            self.began_at = now
        if now - self.began_at >= self.delay:
            self.tripped, self.since, self.began_at = True, now, None

    def _released(self, value: float) -> bool:
        release = self.release
        if release is None:
            return False
        if self._above:
            return value <= release if self._release_reached else value < release
        return value >= release if self._release_reached else value > release

    def _ends(self, value: float, now: float, *, trips: bool, reported: bool | None) -> bool:
        rule = self.rule
        if rule.release_after:
            return self._time_is_up(now, trips=trips, reported=reported)
        if trips:
            self._denied_since = None
            return False
        if rule.release:
            return self._released(value) or self._conceded(now, reported)
        if rule.opposite:
            flows = value > 0 and reported is False  # what it blocks
            return value < 0 or flows or self._conceded(now, reported)
        return True

    def _time_is_up(self, now: float, *, trips: bool, reported: bool | None) -> bool:
        # When an adopted one tripped nobody saw: it ends when the pack says so.
        if self.adopted and reported is False:
            return True
        if self.release_after is None:
            return not trips and self._conceded(now, reported)
        return self.since is not None and now - self.since >= self.release_after

    def _conceded(self, now: float, reported: bool | None) -> bool:
        """Tell whether the pack has long said that it does not hold: it may never have seen what tripped it here."""
        if reported is not False:
            self._denied_since = None
            return False
        if self._denied_since is None:
            self._denied_since = now
        return now - self._denied_since >= CONCEDED_AFTER

    def lose_sight(self, seconds: float) -> None:
        """Take that nobody looked for so long: a delay stands still, and only a hold of known length is still certain."""
        if self.began_at is not None:
            self.began_at += seconds
        self._denied_since = None
        if not (self.tripped and self.release_after is not None and not self.adopted):
            self.tripped = None
            self.adopted = False

    # What is known of it.

    @property
    def margin(self) -> float | None:
        """Distance to the limit in the quantity's unit, negative beyond it."""
        return None if self.distance is None else round(self.distance, 3)

    @property
    def would_trip(self) -> bool:
        """Whether only the current is missing that it needs to trip."""
        distance = self.distance
        return self._charging_only and distance is not None and (distance < 0 or (distance == 0 and self._reached))

    @property
    def nearness(self) -> float | None:
        """Distance as a share of what is comfortable, so that unlike limits can be compared."""
        return None if self.distance is None else self.distance / self._scale

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

    # Over restarts.

    def forget(self) -> None:
        """Know nothing any more of what was before."""
        self.tripped = self.began_at = self.since = self._denied_since = None
        self.adopted = False

    def dump(self) -> dict[str, Any]:
        """Return what has to be kept."""
        return {
            "tripped": self.tripped,
            "began_at": self.began_at,
            "since": self.since,
            "adopted": self.adopted,
            "denied_since": self._denied_since,
        }

    def restore(self, kept: Mapping[str, Any], shift: float) -> None:
        """Take up what was kept; `shift` is added to its times."""

        def moved(key: str) -> float | None:
            at = kept.get(key)
            return None if at is None else float(at) + shift

        tripped = kept.get("tripped")
        self.tripped = tripped if isinstance(tripped, bool) else None
        self.adopted = bool(kept.get("adopted"))
        self.began_at, self.since, self._denied_since = moved("began_at"), moved("since"), moved("denied_since")
