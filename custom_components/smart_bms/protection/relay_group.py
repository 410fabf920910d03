"""All relays of one pack that decision tables set, by mode and side."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..bms.alarm import Alarm
from .mirror_state import Moment
from .monitor_permission import side_enabled
from .relays import Relay
from .rules import ProtectedQuantity, RuleSet, Side


class RelayGroup:
    """The relays of one pack."""

    def __init__(self, rules: RuleSet) -> None:
        """`rules`: what the pack goes by; without decision tables there are no relays."""
        self.by_mode: Mapping[bool, Mapping[Side, Relay]] = {
            mode: {side: Relay(table) for side, table in tables.items()}
            for mode, tables in (rules.relays or {}).items()
        }

    def __iter__(self) -> Iterator[Relay]:
        """Yield the relays of all modes and sides."""
        for relays in self.by_mode.values():
            yield from relays.values()

    def evaluate(self, moment: Moment, values: Mapping[str, float | None]) -> None:
        """Evaluate every relay at a reading; `values` are the pack's parameters."""
        if not self.by_mode:
            return
        reading, measured = moment.reading, moment.measured
        hears = None if reading.alarms is None else Alarm.CELL_COMMUNICATION_FAULT not in reading.alarms
        if measured[ProtectedQuantity.CELL_LOWEST] is None:
            hears = False
        for relays in self.by_mode.values():
            for side, relay in relays.items():
                relay.evaluate(
                    measured,
                    values,
                    hears=hears,
                    reported=side_enabled(reading, side),
                    partial=moment.partial,
                )

    def forget(self) -> None:
        """Forget where the relays are, after a gap."""
        for relay in self:
            relay.position = None

    def dump(self) -> dict[str, dict[str, bool | None]]:
        """Return what has to survive a restart."""
        return {
            str(mode): {str(side): relay.position for side, relay in relays.items()}
            for mode, relays in self.by_mode.items()
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore what was stored."""
        for mode, relays in self.by_mode.items():
            for side, relay in relays.items():
                position = stored.get(str(mode), {}).get(str(side))
                relay.position = position if isinstance(position, bool) else None
