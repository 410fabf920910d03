"""Verdicts: whether a side is allowed, and why. The more careful of what the rules and what the pack say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..bms.alarm import Alarm
from ..bms.reading import Reading
from .monitor import ProtectionMonitor, ProtectionState
from .relays import Tristate
from .rules import BOTH, CHARGE, DISCHARGE, Side

if TYPE_CHECKING:
    from .mirror import Mirror

type Detail = str | float | None

NO_DATA: Final = "no_data"
NO_SETTINGS: Final = "no_settings"
NO_RULES: Final = "no_rules"
SWITCHED_OFF: Final = "switched_off"
PACK_BLOCKS: Final = "pack_blocks"
PACK_BLOCKS_SILENTLY: Final = "pack_blocks_silently"
NOT_SAID: Final = "pack_does_not_say"
NOT_KNOWN: Final = "not_known"
TRIPPED: Final = "tripped"
HELD: Final = "held_for"
WOULD_TRIP: Final = "would_trip"
REPORTED: Final = "reported"
WAITS: Final = "waits_for"
CONTRADICTION: Final = "settings_contradict"
MODE: Final = "mode_unknown"
FINE: Final = "fine"

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

CODES: Final = (
    NO_DATA,
    NO_SETTINGS,
    NO_RULES,
    SWITCHED_OFF,
    PACK_BLOCKS,
    PACK_BLOCKS_SILENTLY,
    NOT_SAID,
    NOT_KNOWN,
    TRIPPED,
    HELD,
    WOULD_TRIP,
    REPORTED,
    WAITS,
    f"{WAITS}_charge_restart",
    f"{WAITS}_discharge_restart",
    f"{WAITS}_cells_above_bypass",
    CONTRADICTION,
    MODE,
    FINE,
)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a verdict is as it is: a code that is translated, what it is about, and its numbers."""

    code: str
    about: str = ""
    """The protection or the alarm, or what is waited for."""
    numbers: Mapping[str, Detail] | None = None


@dataclass(frozen=True, slots=True)
class Permission:
    """An answer with its reasons, the weightiest first."""

    answer: Tristate
    reasons: tuple[Reason, ...]

    @property
    def allowed(self) -> bool | None:
        """Whether the answer is yes; None is unknown."""
        return None if self.answer is Tristate.UNKNOWN else self.answer is Tristate.YES


def enabled(reading: Reading, side: Side) -> bool | None:
    """Return what the pack says of its switch."""
    return reading.charging_enabled if side is Side.CHARGE else reading.discharging_enabled


UNKNOWN: Final = Permission(Tristate.UNKNOWN, (Reason(NO_DATA),))


def of_monitors(mirror: Mirror, side: Side) -> Permission:
    """Return the verdict of a family whose protections decide each by itself."""
    if mirror.moment is None:
        return UNKNOWN
    if not mirror.rules:
        return Permission(Tristate.UNKNOWN, (Reason(NO_RULES),))
    against = [*said_against(mirror, side), *_tripped(mirror, side)]
    if against:
        return Permission(Tristate.NO, tuple(against))
    if not mirror.moment.known:
        return Permission(Tristate.UNKNOWN, (Reason(NO_SETTINGS),))
    unknown = [
        Reason(NOT_KNOWN, monitor.rule.protection)
        for monitor in mirror.active
        if monitor.state is ProtectionState.UNKNOWN and side in monitor.rule.blocks
    ]
    unknown += doubts_of(mirror.moment.reading)
    return Permission(Tristate.UNKNOWN, tuple(unknown)) if unknown else Permission(Tristate.YES, (Reason(FINE),))


def said_against(mirror: Mirror, side: Side) -> Iterator[Reason]:
    """Yield what speaks against it outside the rules."""
    if mirror.switches.get(f"{side}_switch") is False:
        yield Reason(SWITCHED_OFF)
    for row in mirror.reports(side):
        seconds = mirror.values.get(row.release_after) if row.release_after else None
        yield Reason(REPORTED, row.protection, {"seconds": seconds} if seconds else None)
    moment = mirror.moment
    assert moment is not None
    for name, alarm in _complaints(mirror, side):
        if alarm in (moment.reading.alarms or ()):
            yield Reason(REPORTED, name)
    if enabled(moment.reading, side) is False:
        alarms = moment.reading.alarms
        yield Reason(PACK_BLOCKS, ", ".join(alarms)) if alarms else Reason(PACK_BLOCKS_SILENTLY)


def _tripped(mirror: Mirror, side: Side) -> Iterator[Reason]:
    assert mirror.moment is not None
    for monitor in mirror.active:
        if side not in monitor.rule.blocks:
            continue
        if monitor.state is ProtectionState.TRIPPED:
            ends_at = monitor.release_at
            if ends_at is not None:
                seconds = round(max(0.0, ends_at - mirror.moment.at), 1)
                yield Reason(HELD, monitor.rule.protection, numbers_of(monitor) | {"seconds": seconds})
            else:
                yield Reason(TRIPPED, monitor.rule.protection, numbers_of(monitor))
        elif monitor.would_trip and side is Side.CHARGE:
            yield Reason(WOULD_TRIP, monitor.rule.protection, numbers_of(monitor))


def _complaints(mirror: Mirror, side: Side) -> Iterator[tuple[str, Alarm]]:
    """Yield the alarms by which a pack says that it does not let this side pass, with what they are about."""
    for monitor in mirror.active:
        # What has tripped here has its reason already, with its numbers.
        if side in monitor.rule.blocks and monitor.state is not ProtectionState.TRIPPED:
            yield from ((monitor.rule.protection, alarm) for alarm in monitor.rule.alarms)
    yield from ((alarm.value, alarm) for alarm, sides in _FORBIDDING.items() if side in sides)


def doubts_of(reading: Reading) -> list[Reason]:
    """Return why nobody can be sure whatever the rules say: the pack tells no alarms, or that it cannot measure."""
    if reading.alarms is None:
        return [Reason(NOT_SAID)]
    return [Reason(NOT_KNOWN, alarm.value) for alarm in reading.alarms if alarm in _DOUBTFUL]


def numbers_of(monitor: ProtectionMonitor) -> dict[str, Detail]:
    """Return the numbers of a protection."""
    return {
        "value": monitor.value,
        "limit": monitor.limit,
        "release": monitor.release,
        "unit": monitor.rule.quantity.unit,
    }
