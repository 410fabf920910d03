"""Which alarms a pack raised and cleared since the reading before."""

from collections.abc import Iterable

from ..bms.alarm import Alarm
from ..bms.reading import Reading
from .events import ProtectionEvent, ProtectionEventType, of_alarm


class AlarmChanges:
    """Compares the alarms of each reading with those of the one before."""

    def __init__(self) -> None:
        """Initialize."""
        self._alarms: frozenset[Alarm] | None = None

    def update(self, reading: Reading) -> list[ProtectionEvent]:
        """Return an event for each alarm that was raised or cleared; none for the first: they may be as old as the pack."""
        if reading.alarms is None:
            return []
        alarms, before, now = frozenset(reading.alarms), self._alarms, reading.measured_at
        if alarms == before:
            return []
        self._alarms = alarms
        if before is None:
            return []
        return [
            of_alarm(ProtectionEventType.ALARM_RAISED, alarm, reading, now) for alarm in sorted(alarms - before)
        ] + [of_alarm(ProtectionEventType.ALARM_CLEARED, alarm, reading, now) for alarm in sorted(before - alarms)]

    def dump(self) -> list[Alarm] | None:
        """Return what has to survive a restart."""
        return None if self._alarms is None else sorted(self._alarms)

    def restore(self, stored: Iterable[str] | None) -> None:
        """Restore the alarms that were stored, as far as this version knows them."""
        if stored is not None:
            known = set(Alarm)
            self._alarms = frozenset(Alarm(alarm) for alarm in stored if alarm in known)
