"""The mirror of one pack: fed with readings, it says what the pack's own rules make of them.

Same input, same output: it reads no clock and knows no chance, so replaying a log is like having lived it.
"""

from collections.abc import Mapping
from typing import Any, Final

from ..bms.reading import Reading
from ..bms.settings import SettingValue
from .alarm_changes import AlarmChanges
from .events import ProtectionEvent, of_mismatch
from .mirror_state import Moment
from .mismatch import Mismatch, MismatchDetector
from .monitor import ProtectionMonitor
from .monitors import ProtectionMonitors
from .nearest import Nearest, NearestProtection
from .permission import UNKNOWN, Permission
from .quantities import PartialQuantities, measure, number
from .relay_group import RelayGroup
from .relays import Relay
from .rules import RuleSet, Side
from .side_permission import side_permission
from .trend import TripPrediction

_MAX_MISSED: Final = 2.5
"""Readings that may be missed before nothing is known any more. Our judgment: two in a row get lost on a busy radio."""


class Mirror:
    """Follows one pack: every reading is evaluated by every rule."""

    def __init__(self, rules: RuleSet, interval: float | None = None) -> None:
        """`rules`: what the pack goes by. `interval`: s between two readings of a pack that is polled."""
        self.rules = rules
        self.longest_gap = max(rules.longest_gap, (interval or 0.0) * _MAX_MISSED)
        """Seconds without a reading after which nothing is known any more."""
        self.refused = 0
        """Readings that went back in time."""
        self.values: Mapping[str, float | None] = {}
        """Thresholds and other numbers as the pack stated them last."""
        self.switches: Mapping[str, SettingValue] = {}
        """All parameters as the pack stated them last."""
        self.moment: Moment | None = None
        """The newest reading; None before the first."""
        self.charge = self.discharge = UNKNOWN
        """Whether the pack may be charged and discharged now."""
        self._settings: Mapping[str, SettingValue] | None = None
        self._evaluated_at: float | None = None
        self._partial = PartialQuantities()
        self._alarm_changes = AlarmChanges()
        self._monitors = ProtectionMonitors(rules)
        self._relays = RelayGroup(rules)
        self._mismatch_detector = MismatchDetector(rules)
        self.nearest_protection = NearestProtection(rules)
        """Follows what is near its limit."""

    def update(self, reading: Reading, settings: Mapping[str, SettingValue] | None) -> list[ProtectionEvent]:
        """Evaluate a reading, by the parameters if they are known; return what happened since the one before.

        A reading that goes back in time is refused and counted.
        """
        now = reading.measured_at
        if self.moment is not None and now < self.moment.at:
            self.refused += 1
            return []
        partial = self._partial.update(reading)
        moment = self.moment = Moment(now, reading, measure(reading), settings is not None, partial)
        events = self._alarm_changes.update(reading)
        if settings is not None:
            if settings is not self._settings:
                self._set_settings(settings)
            self._check_gap(now)
            events += self._monitors.evaluate(moment)
            self._relays.evaluate(moment, self.values)
            events += [
                of_mismatch(mismatch, now, begins=begins)
                for mismatch, begins in self._mismatch_detector.update(self, moment)
            ]
            self.nearest_protection.select(self.active)
        self._update_permissions(moment)
        if not self.nearest_protection.update(moment):
            self.nearest_protection.search(self.active, moment)
        return events

    def update_unchanged(self, moment: Moment) -> None:
        """Update with a reading of which it is known that by it no protection and no relay changes its state."""
        self.moment, self._evaluated_at = moment, moment.at
        self._monitors.set_values(moment.measured)
        if self.charge.has_numbers or self.discharge.has_numbers:
            self._update_permissions(moment)

    def _set_settings(self, settings: Mapping[str, SettingValue]) -> None:
        self._settings = self.switches = settings
        self.values = {key: number(value) for key, value in settings.items()}
        self._monitors.set_limits(self.values)

    def _check_gap(self, now: float) -> None:
        """Forget what is no longer certain if the last reading that was evaluated is too old."""
        gap = 0.0 if self._evaluated_at is None else now - self._evaluated_at
        self._evaluated_at = now
        if 0 <= gap <= self.longest_gap:
            return
        if gap < 0:
            # The clock was set back between two runs: no time that was kept means anything.
            self._monitors.forget()
            gap = 0.0
        self._monitors.skip_gap(gap)
        self.nearest_protection.clear_trends()
        self._relays.forget()
        self._mismatch_detector.forget()

    def _update_permissions(self, moment: Moment) -> None:
        self.charge = side_permission(self, moment, Side.CHARGE)
        self.discharge = side_permission(self, moment, Side.DISCHARGE)

    @property
    def active(self) -> tuple[ProtectionMonitor, ...]:
        """Monitors of the protections that this pack has, as far as it has stated."""
        return self._monitors.active

    @property
    def monitors(self) -> Mapping[str, ProtectionMonitor]:
        """Monitors of all protections of the family, by key."""
        return self._monitors.by_key

    @property
    def relays(self) -> Mapping[bool, Mapping[Side, Relay]]:
        """Relays that a decision table sets, by mode (critical or not) and side; empty for a family without tables."""
        return self._relays.by_mode

    @property
    def mismatches(self) -> tuple[Mismatch, ...]:
        """What mirror and pack have seen differently for longer than the grace time."""
        return self._mismatch_detector.open

    @property
    def has_pending_mismatch(self) -> bool:
        """Whether mirror and pack see anything differently, for however short."""
        return self._mismatch_detector.pending

    @property
    def near(self) -> tuple[ProtectionMonitor, ...]:
        """Monitors of the protections that are tripped or near their limit, without warnings."""
        return self.nearest_protection.near

    @property
    def nearest(self) -> Nearest | None:
        """The protection that is closest to its limit; while none is near, it is searched for every now and then."""
        return self.nearest_protection.nearest

    def permission(self, side: Side) -> Permission:
        """Return whether a side is allowed now."""
        return self.charge if side is Side.CHARGE else self.discharge

    def predict_trip(self, monitor: ProtectionMonitor) -> TripPrediction | None:
        """Return when a protection trips if everything goes on as it does; None if it is not on its way."""
        return None if self.moment is None else self.nearest_protection.predict_trip(monitor, self.moment)

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart, all times in s in the time of the readings."""
        return {
            "looked_at": self._evaluated_at,
            "relays": self._relays.dump(),
            "alarms": self._alarm_changes.dump(),
            "dispute": self._mismatch_detector.dump(),
            **self._monitors.dump(),
        }

    def restore(self, stored: Mapping[str, Any], shift: float) -> None:
        """Restore what was stored before any reading; `shift` s are added to its times, as clocks begin anew."""
        if (evaluated_at := stored.get("looked_at")) is not None:
            self._evaluated_at = evaluated_at + shift
        self._monitors.restore(stored, shift)
        self._relays.restore(stored.get("relays", {}))
        self._alarm_changes.restore(stored.get("alarms"))
        self._mismatch_detector.restore(stored.get("dispute", {}), shift)
