"""Cell imbalance at full charge, at rest and under load: three different faults, and never one number for all of them.

A voltage difference when full means unequal charge (balancing), under load unequal resistance, at rest what remains of
both.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple

from ..bms.reading import FULL_SOC, Reading
from ..bms.stored_values import number, optional, whole
from .energy_statistics import EMPTY_SOC

MAX_REST_CURRENT: Final = 0.2
"""A; less is no current: what current sensors show at rest."""
MIN_REST: Final = 1800.0
"""s without current after which polarization has faded. Our judgment."""
_MIN_LOAD_SHARE: Final = 0.1
"""Capacities per hour of discharge that count as load, ..."""
_MAX_TAIL_SHARE: Final = 0.05
"""... and below which a full pack is at the end of its charge."""
_MAX_INTERVAL: Final = 900.0
"""s without a reading after which it is not known whether the pack rested."""


class ComparisonCondition(StrEnum):
    """Condition under which the cells are compared."""

    FULL = "full"
    REST = "rest"
    LOAD = "load"


class CellVoltageDifference(NamedTuple):
    """Difference between the highest and the lowest cell."""

    volts: float
    lowest: int
    """Number of the lowest cell, ..."""
    highest: int
    """... and of the highest."""
    at: float
    """Time of day in s since 1970."""


class CellImbalance:
    """Compares the cells of one pack."""

    def __init__(self) -> None:
        """Initialize."""
        self.spreads: dict[ComparisonCondition, CellVoltageDifference] = {}
        self.rest_since: float | None = None
        """Since when no current flows, on the clock of the readings in s."""
        self._seen_at: float | None = None

    def update(self, reading: Reading, clock: float) -> None:
        """Compare the cells of a reading; `clock` is added to its time for the time of day in s since 1970."""
        now, current = reading.measured_at, reading.current
        if self._seen_at is not None and not 0 <= now - self._seen_at <= _MAX_INTERVAL:
            self.rest_since = None
        self._seen_at = now
        if current is None:
            return
        if abs(current) > MAX_REST_CURRENT:
            self.rest_since = None
        elif self.rest_since is None:
            self.rest_since = now
        condition = self._condition(reading, current)
        spread, low, high = reading.cell_voltage_delta, reading.cell_min_number, reading.cell_max_number
        if condition is None or spread is None or low is None or high is None:
            return
        self.spreads[condition] = CellVoltageDifference(spread, low, high, now + clock)

    def _condition(self, reading: Reading, current: float) -> ComparisonCondition | None:
        capacity = reading.full_capacity or reading.design_capacity
        soc = reading.soc
        if soc is None or soc <= EMPTY_SOC:
            return None  # empty cells always differ a lot
        if soc >= FULL_SOC and capacity and 0 <= current <= _MAX_TAIL_SHARE * capacity:
            return ComparisonCondition.FULL
        if self.rest(reading.measured_at) >= MIN_REST:
            return ComparisonCondition.REST
        if capacity and current <= -_MIN_LOAD_SHARE * capacity:
            return ComparisonCondition.LOAD
        return None

    def rest(self, now: float) -> float:
        """Return for how many s no current has flowed."""
        return 0.0 if self.rest_since is None else now - self.rest_since

    def dump(self) -> dict[str, Any]:
        """Return what is stored over a restart."""
        return {
            "spreads": {str(condition): list(spread) for condition, spread in self.spreads.items()},
            "rest_since": self.rest_since,
            "seen_at": self._seen_at,
        }

    def restore(self, stored: Mapping[str, Any], shift: float | None) -> None:
        """Restore what `dump` returned; `shift` s are added to its times, None: unknown.

        Raises one of BROKEN if it is invalid.
        """
        spreads = {
            ComparisonCondition(key): CellVoltageDifference(number(volts), whole(low), whole(high), number(at))
            for key, (volts, low, high, at) in stored["spreads"].items()
        }
        times = [optional(number, stored[key]) for key in ("rest_since", "seen_at")]
        self.spreads = spreads
        self.rest_since, self._seen_at = (None if at is None or shift is None else at + shift for at in times)
