"""Steady state: the bounds inside which a reading changes the state of no protection and no relay."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Self

from ..bms.alarm import Alarm
from ..bms.reading import Reading
from .mirror_state import MirrorState, Moment
from .monitor import ProtectionMonitor, ProtectionState
from .nearest import NEAR, NEAR_UNTIL
from .quantities import Measured
from .relays import Relay, limit_of
from .rules import ProtectedQuantity

_ROUNDING: Final = 1e-9
"""Share of a comfortable margin by which bounds are drawn tighter: whether something is near is calculated in another way."""

type Bounds = tuple[tuple[ProtectedQuantity, float, float], ...]
"""Quantities, and between which values."""
type _Edges = dict[ProtectedQuantity, list[float]]


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
    names_extremes: bool
    """The pack names its lowest and its highest cell itself."""
    temperatures: tuple[str, ...]
    """Names of the probes."""

    @classmethod
    def of(cls, state: MirrorState, moment: Moment, near: tuple[ProtectionMonitor, ...]) -> Self | None:
        """Return the bounds around a reading; None if a protection is not clear, or something is not certain.

        `near`: monitors of the protections that are near their limit.
        """
        reading, measured = moment.reading, moment.measured
        if reading.alarms is None or not state.active or not moment.known or moment.partial:
            return None
        edges: _Edges = {}
        for monitor in state.active:
            if not _bound_by_monitor(edges, monitor, reading.alarms, is_near=monitor in near):
                return None
        for relays in state.relays.values():
            for relay in relays.values():
                if relay.unknown or not _bound_by_relay(edges, relay, measured, state.values):
                    return None
        steady = cls(
            tuple((quantity, low, high) for quantity, (low, high) in edges.items()),
            tuple(quantity for quantity, value in measured.items() if value is None),
            reading.alarms,
            reading.charging_enabled,
            reading.discharging_enabled,
            len(reading.cell_voltages),
            reading.extremes is not None,
            tuple(reading.temperatures),
        )
        return steady if steady.covers(reading, measured) else None

    def covers(self, reading: Reading, measured: Measured) -> bool:
        """Return whether a reading changes nothing."""
        if (
            reading.charging_enabled is not self.charging_enabled
            or reading.discharging_enabled is not self.discharging_enabled
            or reading.alarms != self.alarms
            or len(reading.cell_voltages) != self.cells
            or tuple(reading.temperatures) != self.temperatures
            or reading.implausible
            or (reading.extremes is not None) is not self.names_extremes
            or (not self.names_extremes and None in reading.cell_voltages)
        ):
            return False
        for quantity, low, high in self.bounds:
            value = measured[quantity]
            if value is None or not low < value < high:
                return False
        for quantity in self.absent:  # noqa: SIM110  # a generator would take longer
            if measured[quantity] is not None:
                return False
        return True


def _bound_by_monitor(edges: _Edges, monitor: ProtectionMonitor, alarms: Iterable[Alarm], *, is_near: bool) -> bool:
    """Draw the bounds of a quantity tighter by a protection; return False if that is not clear, or at its limit.

    What is far may not come near, what is near may not reach its limit, or go far away.
    """
    rule, nearness, limit, scale = monitor.rule, monitor.nearness, monitor.limit, monitor.scale
    if monitor.state is not ProtectionState.CLEAR or nearness is None or limit is None or nearness <= 0:
        return False
    if rule.blocks and any(alarm in alarms for alarm in rule.alarms):
        return False  # the pack reports what is clear here
    if monitor.warns:
        nearest, farthest = 0.0, float("inf")
    elif is_near:
        nearest, farthest = 0.0, (NEAR_UNTIL - _ROUNDING) * scale
    else:
        nearest, farthest = (NEAR + _ROUNDING) * scale, float("inf")
    if rule.above:
        _bound(edges, rule.quantity, limit - farthest, limit - nearest)
    else:
        _bound(edges, rule.quantity, limit + nearest, limit + farthest)
    return True


def _bound_by_relay(edges: _Edges, relay: Relay, measured: Measured, values: Mapping[str, float | None]) -> bool:
    """Draw the bounds tighter to where a condition of a relay changes; return False if a value is not clearly on one side."""
    for condition in (*relay.table.off, *relay.table.on):
        value, limit = measured[condition.quantity], limit_of(condition, values)
        if value is None or limit is None or value == limit:
            return False
        if value > limit:
            _bound(edges, condition.quantity, limit, float("inf"))
        else:
            _bound(edges, condition.quantity, float("-inf"), limit)
    return True


def _bound(edges: _Edges, quantity: ProtectedQuantity, low: float, high: float) -> None:
    edge = edges.setdefault(quantity, [float("-inf"), float("inf")])
    edge[0], edge[1] = max(edge[0], low), min(edge[1], high)
