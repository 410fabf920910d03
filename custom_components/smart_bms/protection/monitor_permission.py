"""Permission of a family whose protections decide each by itself, and what every family has in common.

The more careful of what the rules and what the pack say.
"""

from collections.abc import Iterator
from typing import Final

from ..bms.alarm import Alarm
from ..bms.reading import Reading
from .mirror_state import MirrorState, Moment
from .monitor import ProtectionMonitor, ProtectionState
from .permission import (
    FINE,
    HELD,
    NO_RULES,
    NO_SETTINGS,
    NOT_KNOWN,
    NOT_SAID,
    PACK_BLOCKS,
    PACK_BLOCKS_SILENTLY,
    REPORTED,
    SWITCHED_OFF,
    TRIPPED,
    WOULD_TRIP,
    Detail,
    Permission,
    Reason,
)
from .relays import Tristate
from .rules import BOTH, CHARGE, DISCHARGE, Reported, Side

_FORBIDDING: Final = {
    Alarm.CHARGING_FORBIDDEN: CHARGE,
    Alarm.CHARGE_MOSFET_FAULT: CHARGE,
    Alarm.DISCHARGING_FORBIDDEN: DISCHARGE,
    Alarm.DISCHARGE_MOSFET_FAULT: DISCHARGE,
    Alarm.THERMAL_RUNAWAY: BOTH,
}
"""Alarms without a rule, and what nobody should do while they last."""
_DOUBTFUL: Final = frozenset(
    {
        Alarm.VOLTAGE_SENSOR_FAULT,
        Alarm.CURRENT_SENSOR_FAULT,
        Alarm.TEMPERATURE_SENSOR_FAULT,
        Alarm.CELL_WIRE_OPEN,
        Alarm.CELL_COUNT_MISMATCH,
        Alarm.FRONT_END_FAULT,
        Alarm.INTERNAL_COMMUNICATION_FAULT,
        Alarm.UNNAMED_PROTECTION,
    }
)
"""Alarms with which what is measured, or protected, is not certain."""


def side_enabled(reading: Reading, side: Side) -> bool | None:
    """Return whether the pack says that it lets current of a side pass; None if it does not say."""
    return reading.charging_enabled if side is Side.CHARGE else reading.discharging_enabled


def permission_by_monitors(state: MirrorState, moment: Moment, side: Side) -> Permission:
    """Return whether a side is allowed where each protection decides by itself."""
    if not state.rules:
        return Permission(Tristate.UNKNOWN, (Reason(NO_RULES),))
    against = [*block_reasons(state, moment, side), *_tripped(state, moment, side)]
    if against:
        return Permission(Tristate.NO, tuple(against))
    if not moment.known:
        return Permission(Tristate.UNKNOWN, (Reason(NO_SETTINGS),))
    unknown = [
        Reason(NOT_KNOWN, monitor.rule.protection)
        for monitor in state.active
        if monitor.state is ProtectionState.UNKNOWN and side in monitor.rule.blocks
    ]
    unknown += unreliable_reasons(moment.reading)
    return Permission(Tristate.UNKNOWN, tuple(unknown)) if unknown else Permission(Tristate.YES, (Reason(FINE),))


def reported_protections(state: MirrorState, moment: Moment, side: Side) -> list[Reported]:
    """Return the protections of a side that only the pack can know of and that it reports now."""
    alarms = moment.reading.alarms
    return [row for row in state.rules.reported if side in row.blocks and alarms and row.alarm in alarms]


def block_reasons(state: MirrorState, moment: Moment, side: Side) -> Iterator[Reason]:
    """Yield what blocks a side outside the rules: its switch, alarms, and the pack's own state."""
    if state.switches.get(f"{side}_switch") is False:
        yield Reason(SWITCHED_OFF)
    for row in reported_protections(state, moment, side):
        seconds = state.values.get(row.release_after) if row.release_after else None
        yield Reason(REPORTED, row.protection, {"seconds": seconds} if seconds else None)
    for name, alarm in _blocking_alarms(state, side):
        if alarm in (moment.reading.alarms or ()):
            yield Reason(REPORTED, name)
    if side_enabled(moment.reading, side) is False:
        alarms = moment.reading.alarms
        yield Reason(PACK_BLOCKS, ", ".join(alarms)) if alarms else Reason(PACK_BLOCKS_SILENTLY)


def _tripped(state: MirrorState, moment: Moment, side: Side) -> Iterator[Reason]:
    for monitor in state.active:
        if side not in monitor.rule.blocks:
            continue
        if monitor.state is ProtectionState.TRIPPED:
            ends_at = monitor.release_at
            if ends_at is not None:
                seconds = round(max(0.0, ends_at - moment.at), 1)
                yield Reason(HELD, monitor.rule.protection, monitor_numbers(monitor) | {"seconds": seconds})
            else:
                yield Reason(TRIPPED, monitor.rule.protection, monitor_numbers(monitor))
        elif monitor.would_trip and side is Side.CHARGE:
            yield Reason(WOULD_TRIP, monitor.rule.protection, monitor_numbers(monitor))


def _blocking_alarms(state: MirrorState, side: Side) -> Iterator[tuple[str, Alarm]]:
    """Yield the alarms by which a pack says that it does not let this side pass, with what they are about."""
    for monitor in state.active:
        # What has tripped here has its reason already, with its numbers.
        if side in monitor.rule.blocks and monitor.state is not ProtectionState.TRIPPED:
            yield from ((monitor.rule.protection, alarm) for alarm in monitor.rule.alarms)
    yield from ((alarm.value, alarm) for alarm, sides in _FORBIDDING.items() if side in sides)


def unreliable_reasons(reading: Reading) -> list[Reason]:
    """Return why nobody can be sure whatever the rules say: the pack tells no alarms, or that it cannot measure."""
    if reading.alarms is None:
        return [Reason(NOT_SAID)]
    return [Reason(NOT_KNOWN, alarm.value) for alarm in reading.alarms if alarm in _DOUBTFUL]


def monitor_numbers(monitor: ProtectionMonitor) -> dict[str, Detail]:
    """Return value, limit and release of a protection, in the unit that stands beside them."""
    return {
        "value": monitor.value,
        "limit": monitor.limit,
        "release": monitor.release,
        "unit": monitor.rule.quantity.unit,
    }
