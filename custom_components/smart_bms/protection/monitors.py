"""All protection monitors of one pack: which of them the pack has, and what changes at a reading."""

from collections.abc import Mapping
from typing import Any

from .events import ProtectionEvent, of_monitor
from .mirror_state import Moment
from .monitor import ProtectionMonitor, ProtectionState
from .quantities import Measured, sensor_fails
from .rules import ProtectedQuantity, RuleSet


class ProtectionMonitors:
    """The monitors of one pack."""

    def __init__(self, rules: RuleSet) -> None:
        """`rules`: what the pack goes by."""
        self.by_key = {rule.protection: ProtectionMonitor(rule) for rule in rules.rules}
        self.active: tuple[ProtectionMonitor, ...] = ()
        """Those of the protections that this pack has, as far as it has stated."""
        self._seen: set[ProtectedQuantity] = set()
        """Quantities that the pack has measured."""
        self._announced: dict[str, ProtectionState] = {}
        """State of which there was an event last; a state that is unknown has none."""

    def set_limits(self, values: Mapping[str, float | None]) -> None:
        """Set the thresholds as the pack has them now."""
        for monitor in self.by_key.values():
            monitor.set_limits(values)

    def evaluate(self, moment: Moment) -> list[ProtectionEvent]:
        """Evaluate every protection at a reading; return an event for each state that changed."""
        _, reading, measured, _, partial = moment
        alarms, now, charging = reading.alarms, moment.at, moment.charging
        seen, announced = self._seen, self._announced
        fails = sensor_fails(reading)
        active: list[ProtectionMonitor] = []
        events: list[ProtectionEvent] = []
        for key, monitor in self.by_key.items():
            rule = monitor.rule
            value = measured[rule.quantity]
            if value is not None:
                seen.add(rule.quantity)
            elif rule.quantity.of_probes and rule.quantity not in seen and rule.quantity not in partial and not fails:
                continue  # built without
            if rule.optional and not monitor.had_limit:
                continue  # not a protection of this pack
            active.append(monitor)
            reported = None if alarms is None or not rule.alarms else any(alarm in alarms for alarm in rule.alarms)
            state = monitor.evaluate(value, now, charging=charging, reported=reported, partial=rule.quantity in partial)
            before = announced.get(key, ProtectionState.CLEAR)
            if state is not before and state is not ProtectionState.UNKNOWN:
                announced[key] = state
                if state is not ProtectionState.CLEAR or before is ProtectionState.TRIPPED:
                    events.append(of_monitor(monitor, before, now))
        self.active = tuple(active)
        return events

    def set_values(self, measured: Measured) -> None:
        """Set the measured values of which it is known that they change no state."""
        for monitor in self.active:
            monitor.set_value(measured[monitor.rule.quantity])

    def skip_gap(self, seconds: float) -> None:
        """Leave out a gap of so many seconds."""
        for monitor in self.by_key.values():
            monitor.skip_gap(seconds)

    def forget(self) -> None:
        """Forget everything from before: no time that was kept means anything."""
        for monitor in self.by_key.values():
            monitor.forget()

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart."""
        return {
            "tracks": {key: monitor.dump() for key, monitor in self.by_key.items()},
            "announced": {key: str(state) for key, state in self._announced.items()},
            "seen": sorted(self._seen),
        }

    def restore(self, stored: Mapping[str, Any], shift: float) -> None:
        """Restore what was stored; `shift` s are added to its times."""
        for key, monitor in self.by_key.items():
            if key in stored.get("tracks", {}):
                monitor.restore(stored["tracks"][key], shift)
        self._announced = {
            key: ProtectionState(state) for key, state in stored.get("announced", {}).items() if key in self.by_key
        }
        self._seen = {
            ProtectedQuantity(quantity) for quantity in stored.get("seen", ()) if quantity in set(ProtectedQuantity)
        }
