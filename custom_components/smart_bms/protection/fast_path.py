"""Calm: the bounds inside which nothing changes, so that a reading between them needs no judgment.

Most readings of a pack are like the one before. What a mirror would say of them is known without looking at every rule;
of what is near its limit only the trend goes on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from ..bms.alarm import Alarm
from ..bms.reading import Reading
from .monitor import ProtectionMonitor, ProtectionState
from .quantities import Measured
from .relays import Relay, limit_of
from .rules import ProtectedQuantity

NEAR: Final = 0.5
"""Share of a comfortable margin from which on a limit is looked at all the time, and its trend followed."""
LEFT: Final = 0.6
"""Share from which on it no longer is."""

type Bounds = tuple[tuple[ProtectedQuantity, float, float], ...]
"""Quantities, and between which values."""


@dataclass(frozen=True, slots=True)
class SteadyState:
    """What has to stay as it is."""

    bounds: Bounds
    absent: tuple[ProtectedQuantity, ...]
    """Quantities that nobody measures."""
    alarms: tuple[Alarm, ...]
    charging_enabled: bool | None
    discharging_enabled: bool | None
    cells: int
    """Places for cells."""
    temperatures: int
    near: tuple[ProtectionMonitor, ...]
    """What is near enough that its trend is followed."""

    @classmethod
    def of(
        cls,
        reading: Reading,
        measured: Measured,
        monitors: Iterable[ProtectionMonitor],
        relays: Iterable[Relay],
        values: Mapping[str, float | None],
    ) -> Self | None:
        """Return the bounds around a reading, None if something is not clear, or at its limit."""
        if reading.alarms is None:
            return None
        edges: dict[ProtectedQuantity, list[float]] = {}
        near = []
        for monitor in monitors:
            nearness, limit = monitor.nearness, monitor.limit
            if monitor.state is not ProtectionState.CLEAR or nearness is None or limit is None or nearness <= 0:
                return None
            # What is far may not come near, what is near may not reach its limit, or go far away.
            nearest, farthest = NEAR, float("inf")
            if nearness <= NEAR:
                near.append(monitor)
                nearest, farthest = 0.0, LEFT
            comfortable = monitor.rule.quantity.comfortable(limit)
            edge = edges.setdefault(monitor.rule.quantity, [float("-inf"), float("inf")])
            if monitor.rule.above:
                edge[0] = max(edge[0], limit - farthest * comfortable)
                edge[1] = min(edge[1], limit - nearest * comfortable)
            else:
                edge[0] = max(edge[0], limit + nearest * comfortable)
                edge[1] = min(edge[1], limit + farthest * comfortable)
        for relay in relays:
            if relay.unknown or not _narrow(edges, relay, measured, values):
                return None
        return cls(
            tuple((quantity, low, high) for quantity, (low, high) in edges.items()),
            tuple(quantity for quantity, value in measured.items() if value is None),
            reading.alarms,
            reading.charging_enabled,
            reading.discharging_enabled,
            len(reading.cell_voltages),
            len(reading.temperatures),
            tuple(near),
        )

    def covers(self, reading: Reading, measured: Measured) -> bool:
        """Tell whether a reading changes nothing."""
        if (
            reading.charging_enabled is not self.charging_enabled
            or reading.discharging_enabled is not self.discharging_enabled
            or reading.alarms != self.alarms
            or len(reading.cell_voltages) != self.cells
            or len(reading.temperatures) != self.temperatures
            or reading.implausible
            or (reading.extremes is None and None in reading.cell_voltages)
        ):
            return False
        for quantity, low, high in self.bounds:
            value = measured[quantity]
            if value is None or not low < value < high:
                return False
        return all(measured[quantity] is None for quantity in self.absent)


def _narrow(
    edges: dict[ProtectedQuantity, list[float]], relay: Relay, measured: Measured, values: Mapping[str, float | None]
) -> bool:
    """Move the bounds to where a condition of a relay changes; tell whether the reading lies clearly on one side."""
    for condition in (*relay.table.off, *relay.table.on):
        value, limit = measured[condition.quantity], limit_of(condition, values)
        if value is None or limit is None or value == limit:
            return False
        edge = edges.setdefault(condition.quantity, [float("-inf"), float("inf")])
        if value > limit:
            edge[0] = max(edge[0], limit)
        else:
            edge[1] = min(edge[1], limit)
    return True
