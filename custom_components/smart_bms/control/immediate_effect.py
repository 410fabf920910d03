"""Immediate effect: which protections would trip at once with changed parameters, by the model of the pack's rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ..bms.reading import Reading
from ..bms.settings import Catalog, SettingValue
from ..protection.mirror import Mirror
from ..protection.monitor import ProtectionState
from ..protection.relay_permission import relays_in_force
from ..protection.rules import RuleSet, Side
from .validation_issue import IssueDetail, ParameterName, ValidationIssue, with_unit

type Values = Mapping[str, SettingValue]


@dataclass(slots=True)
class _Trip:
    """A limit that is exceeded now, and what it blocks."""

    present: float
    blocks: set[Side]
    powers_off: bool = False


def immediate_effect_issues(
    catalog: Catalog, changes: Values, current: Values, reading: Reading, rules: RuleSet
) -> Iterator[ValidationIssue]:
    """Yield each protection that the changed parameters would trip, at once or after its delay, and the present do not."""
    values = {**current, **changes}
    before = _trips(rules, current, reading)
    for key, trip in _trips(rules, values, reading).items():
        known = before.get(key)
        if known is None or trip.blocks - known.blocks:
            yield _trip_issue(trip, catalog, key, values[key])


def _trips(rules: RuleSet, values: Values, reading: Reading) -> dict[str, _Trip]:
    """Return the limits that the reading exceeds, by key, for a pack on which nothing has tripped yet."""
    mirror = Mirror(rules)
    for monitor in mirror.monitors.values():
        monitor.tripped = False
    # What the pack reports now belongs to the parameters that it has now.
    mirror.update(replace(reading, alarms=(), charging_enabled=True, discharging_enabled=True), values)
    found: dict[str, _Trip] = {}

    def add_trip(key: str, present: float | None, blocks: set[Side], *, powers_off: bool = False) -> None:
        trip = found.setdefault(key, _Trip(present or 0.0, set(), powers_off))
        trip.blocks |= blocks

    for monitor in mirror.active:
        if monitor.rule.blocks and (
            monitor.state in (ProtectionState.TRIPPED, ProtectionState.PENDING) or monitor.would_trip
        ):
            add_trip(monitor.rule.limit, monitor.value, {*monitor.rule.blocks}, powers_off=monitor.rule.powers_off)
    if mirror.moment is not None and rules.relays:
        for side in Side:
            relays = relays_in_force(mirror, side)
            # While the mode is not known, only what holds in both is certain.
            for condition in relays[0].opens:
                if all(condition in relay.opens for relay in relays):
                    key = next(key for key in condition.parameters if mirror.values.get(key) is not None)
                    add_trip(key, mirror.moment.measured[condition.quantity], {side})
    return found


def _trip_issue(trip: _Trip, catalog: Catalog, key: str, limit: SettingValue) -> ValidationIssue:
    setting = catalog.settings.get(key)
    details: dict[str, IssueDetail] = {
        "parameter": ParameterName(key),
        "value": with_unit(limit, setting),
        "present": with_unit(round(trip.present, 3), setting),
    }
    if trip.powers_off:
        return _issue("would_power_off", key, details)
    if trip.blocks == {Side.CHARGE}:
        return _issue("would_stop_charging", key, details)
    if trip.blocks == {Side.DISCHARGE}:
        return _issue("would_stop_discharging", key, details)
    return _issue("would_stop_both", key, details)


def _issue(code: str, key: str, details: dict[str, IssueDetail]) -> ValidationIssue:
    return ValidationIssue(code=code, parameters=(key,), details=details)
