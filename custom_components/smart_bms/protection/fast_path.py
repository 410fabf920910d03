"""Fast path around a mirror: most readings of a pack are like the one before, and need not be evaluated by every rule.

While a reading stays inside the bounds of the steady state, only what is near its limit is followed. Everything else of the
mirror is brought up to date when somebody asks for it. What it says is the same with and without.
"""

from collections.abc import Mapping
from typing import Any

from ..bms.reading import Reading
from ..bms.settings import SettingValue
from .events import ProtectionEvent
from .mirror import Mirror
from .mirror_state import Moment
from .mismatch import Mismatch
from .monitor import ProtectionMonitor
from .nearest import Nearest
from .permission import Permission
from .quantities import measure
from .relays import Relay
from .rules import RuleSet, Side
from .steady_state import SteadyState
from .trend import TripPrediction


class FastPath:
    """A mirror that is asked only for readings that may change something."""

    def __init__(self, mirror: Mirror) -> None:
        """`mirror`: what evaluates the other readings."""
        self._mirror = mirror
        self._nearest_protection = mirror.nearest_protection
        self._settings: Mapping[str, SettingValue] | None = None
        self._behind = False
        """The mirror has not been updated with the newest reading."""
        self._has_numbers = False
        """A permission states numbers, which change with every reading."""
        self.rules: RuleSet = mirror.rules
        self.longest_gap: float = mirror.longest_gap
        self.moment: Moment | None = mirror.moment
        """The newest reading; None before the first."""
        self.steady: SteadyState | None = None
        """Bounds inside which nothing changes; None while a protection is not clear, or something is not certain."""

    def update(self, reading: Reading, settings: Mapping[str, SettingValue] | None) -> list[ProtectionEvent]:
        """Evaluate a reading as far as it may change something; return what happened since the one before."""
        steady, before, now = self.steady, self.moment, reading.measured_at
        if (
            steady is not None
            and before is not None
            and settings is self._settings
            and 0 <= now - before.at <= self.longest_gap
        ):
            measured = measure(reading)
            if steady.covers(reading, measured):
                self._update_unchanged(Moment(now, reading, measured, True))
                return []
        self._catch_up()
        events = self._mirror.update(reading, settings)
        self._settings = settings
        self._has_numbers = self._mirror.charge.has_numbers or self._mirror.discharge.has_numbers
        moment = self.moment = self._mirror.moment
        self.steady = (
            None
            if moment is None or self._mirror.has_pending_mismatch
            else SteadyState.of(self._mirror, moment, self._mirror.near)
        )
        return events

    def _update_unchanged(self, moment: Moment) -> None:
        followed, measured = self._nearest_protection, moment.measured
        self.moment, self._behind = moment, True
        for monitor in followed.near:
            monitor.set_value(measured[monitor.rule.quantity])
        nearest = followed.nearest
        if nearest is not None:
            nearest.monitor.set_value(measured[nearest.monitor.rule.quantity])
        if not followed.update(moment):
            self._catch_up()
            followed.search(self._mirror.active, moment)

    def _catch_up(self) -> None:
        """Bring the mirror up to date with the newest reading, which has changed no state."""
        if self._behind and self.moment is not None:
            self._behind = False
            self._mirror.update_unchanged(self.moment)

    @property
    def refused(self) -> int:
        """Readings that went back in time."""
        return self._mirror.refused

    @property
    def values(self) -> Mapping[str, float | None]:
        """Thresholds and other numbers as the pack stated them last."""
        return self._mirror.values

    @property
    def switches(self) -> Mapping[str, SettingValue]:
        """All parameters as the pack stated them last."""
        return self._mirror.switches

    @property
    def active(self) -> tuple[ProtectionMonitor, ...]:
        """Monitors of the protections that this pack has, as far as it has stated."""
        self._catch_up()
        return self._mirror.active

    @property
    def monitors(self) -> Mapping[str, ProtectionMonitor]:
        """Monitors of all protections of the family, by key."""
        self._catch_up()
        return self._mirror.monitors

    @property
    def relays(self) -> Mapping[bool, Mapping[Side, Relay]]:
        """Relays that a decision table sets, by mode (critical or not) and side; empty for a family without tables."""
        return self._mirror.relays

    @property
    def charge(self) -> Permission:
        """Whether the pack may be charged now."""
        if self._has_numbers:
            self._catch_up()
        return self._mirror.charge

    @property
    def discharge(self) -> Permission:
        """Whether the pack may be discharged now."""
        if self._has_numbers:
            self._catch_up()
        return self._mirror.discharge

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """What mirror and pack have seen differently for longer than the grace time."""
        return self._mirror.mismatches

    @property
    def near(self) -> tuple[ProtectionMonitor, ...]:
        """Monitors of the protections that are tripped or near their limit, without warnings."""
        return self._nearest_protection.near

    @property
    def nearest(self) -> Nearest | None:
        """The protection that is closest to its limit; while none is near, it is searched for every now and then."""
        return self._nearest_protection.nearest

    def permission(self, side: Side) -> Permission:
        """Return whether a side is allowed now."""
        return self.charge if side is Side.CHARGE else self.discharge

    def predict_trip(self, monitor: ProtectionMonitor) -> TripPrediction | None:
        """Return when a protection trips if everything goes on as it does; None if it is not on its way."""
        self._catch_up()
        return self._mirror.predict_trip(monitor)

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart, all times in s in the time of the readings."""
        self._catch_up()
        return self._mirror.dump()

    def restore(self, stored: Mapping[str, Any], shift: float) -> None:
        """Restore what was stored before any reading; `shift` s are added to its times, as clocks begin anew."""
        self._mirror.restore(stored, shift)
