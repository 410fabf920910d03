"""Health of one pack: capacity, imbalance, resistance and self-discharge of its cells, updated and stored together."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ..bms.reading import FULL_SOC, Reading
from ..bms.stored_values import Checks, flag, number, optional
from .capacity import CapacityTracker
from .consistency import ConsistencyCriterion, ConsistencyResult, judge_consistency
from .energy_counter import EnergyCounter
from .energy_statistics import EMPTY_SOC
from .energy_totals import EnergyTotals
from .imbalance import CellImbalance, ComparisonCondition
from .jbd_counters import JbdCounters
from .resistance import CellResistance, ResistanceEstimator, WeeklyResistanceTrend
from .rest_imbalance import RestImbalance

_UPDATE_INTERVAL: Final = 10.0
"""s between two updates of what changes slowly."""
_FIT_INTERVAL: Final = 60.0
"""s between two fits of the resistances, if there are new steps of the current."""
_WEEK: Final = 7 * 86_400.0


class ConsistencyVerdict(NamedTuple):
    """The newest result of a criterion."""

    good: bool
    spread: float
    """V between the lowest and the highest cell."""
    at: float
    """Time of day in s since 1970."""


class PackHealth:
    """Learns the health of one pack from its readings."""

    def __init__(self, counter: EnergyCounter, *, follows_jbd_manual: bool = False) -> None:
        """`counter`: of the pack; updated before this with each reading.

        `follows_jbd_manual`: it counts as JBD's manual says.
        """
        self.jbd_counters = JbdCounters(counter) if follows_jbd_manual else None
        self.capacity = CapacityTracker(counter)
        self.imbalance = CellImbalance()
        self.rest_imbalance = RestImbalance()
        self.verdicts: dict[ConsistencyCriterion, ConsistencyVerdict] = {}
        self.resistances: list[CellResistance | None] = []
        self.resistances_at: float | None = None
        """Time of day of the newest step behind them."""
        self.trend = WeeklyResistanceTrend()
        self.full_at: float | None = None
        """Time of day at which the pack was last full."""
        self._steps = ResistanceEstimator()
        self._fitted = 0
        self._fitted_at = float("-inf")
        self._updated_at = float("-inf")

    def update(self, reading: Reading, clock: float | None, settings: Mapping[str, object] | None = None) -> None:
        """Update with a reading that the counter has counted, and the parameters if they are known.

        `clock` is added to the time of the reading for the time of day in s since 1970. None: not known yet; what needs
        a date is not updated.
        """
        self._steps.update(reading)
        now = reading.measured_at
        if clock is None or 0 <= now - self._updated_at < _UPDATE_INTERVAL:
            return
        self._updated_at = now
        event = self.jbd_counters.update(reading, settings, now + clock) if self.jbd_counters is not None else None
        if event is not None and self.capacity.vendor is not None:
            self.capacity.vendor.handle_event(event)
        self.capacity.update(reading, now + clock)
        self.imbalance.update(reading, clock)
        self.rest_imbalance.update(reading, self.imbalance.rest(now), now + clock)
        self._judge(reading, now + clock)
        if self._steps.step_count != self._fitted and not 0 <= now - self._fitted_at < _FIT_INTERVAL:
            self._fitted, self._fitted_at = self._steps.step_count, now
            self._fit(now + clock)

    def shift_references(self, by: EnergyTotals) -> None:
        """Shift the reference totals: the counter was raised by this much, without any flow."""
        self.capacity.shift_references(by)
        if self.jbd_counters is not None:
            self.jbd_counters.shift_references(by)

    def reset_references(self) -> None:
        """Forget the reference totals: the counter began anew."""
        self.capacity.reset_references()

    def _judge(self, reading: Reading, at: float) -> None:
        soc = reading.soc
        full = None if soc is None else soc >= FULL_SOC
        if full:
            self.full_at = at
        vendor = self.capacity.vendor
        condition = self.imbalance.spreads.get(ComparisonCondition.FULL)
        for judgment in judge_consistency(
            reading.cell_voltage_delta,
            # At the end of the charge, not while it still flows.
            full=full and condition is not None and condition.at == at,
            empty=None if soc is None else soc <= EMPTY_SOC,
            aging_cycles=None if vendor is None else vendor.cycles,
            rest=self.imbalance.rest(reading.measured_at),
        ):
            self._store_verdict(judgment, at)

    def _store_verdict(self, judgment: ConsistencyResult, at: float) -> None:
        self.verdicts[judgment.criterion] = ConsistencyVerdict(judgment.good, judgment.spread, at)

    def _fit(self, at: float) -> None:
        self.resistances, self.resistances_at = self._steps.cell_resistances(), at
        if (mean := self.mean_resistance) is not None:
            self.trend.update(int(at // _WEEK), mean)

    @property
    def mean_resistance(self) -> float | None:
        """Mean of all cells in Ω; None unless all are known."""
        known = [found.value for found in self.resistances if found is not None]
        return sum(known) / len(known) if known and len(known) == len(self.resistances) else None

    @property
    def consistent(self) -> bool | None:
        """Whether the cells are alike by all criteria with a result; None without any."""
        return all(verdict.good for verdict in self.verdicts.values()) if self.verdicts else None

    def weakest_cells(self) -> dict[str, int]:
        """Return the number (from 1) of the weakest cell by each criterion that there is evidence for."""
        found: dict[str, int] = {}
        spreads = self.imbalance.spreads
        if ComparisonCondition.FULL in spreads:
            found["ends_charge_first"] = spreads[ComparisonCondition.FULL].highest
        if ComparisonCondition.REST in spreads:
            found["lowest_at_rest"] = spreads[ComparisonCondition.REST].lowest
        if ComparisonCondition.LOAD in spreads:
            found["lowest_under_load"] = spreads[ComparisonCondition.LOAD].lowest
        known = {place: item.value for place, item in enumerate(self.resistances, 1) if item is not None}
        if known:
            found["highest_resistance"] = max(known, key=lambda place: known[place])
        if self.rest_imbalance.drift is not None:
            found["fastest_self_discharge"] = self.rest_imbalance.drift.fastest[0]
        return found

    def dump(self) -> dict[str, Any]:
        """Return what is stored over a restart."""
        return {
            "capacity": self.capacity.dump(),
            "imbalance": self.imbalance.dump(),
            "drift": self.rest_imbalance.dump(),
            "verdicts": {str(criterion): list(verdict) for criterion, verdict in self.verdicts.items()},
            "steps": self._steps.dump(),
            "trend": self.trend.dump(),
            "resistances_at": self.resistances_at,
            "full_at": self.full_at,
            "board": None if self.jbd_counters is None else self.jbd_counters.dump(),
        }

    def restore(self, stored: Mapping[str, Any], shift: float | None) -> None:
        """Restore what `dump` returned and passed `CHECKS`; what is missing begins anew.

        `shift` s are added to its times of readings; None: their age is unknown.
        """
        if "capacity" in stored:
            self.capacity.restore(stored["capacity"])
        if "imbalance" in stored:
            self.imbalance.restore(stored["imbalance"], shift)
        if "drift" in stored:
            self.rest_imbalance.restore(stored["drift"], shift)
        self.verdicts = _verdicts(stored.get("verdicts", {}))
        self._steps.restore(stored.get("steps", ()))
        self.trend = WeeklyResistanceTrend(stored.get("trend"))
        self.full_at, self.resistances_at = stored.get("full_at"), stored.get("resistances_at")
        if self.jbd_counters is not None and stored.get("board") is not None:
            self.jbd_counters.restore(stored["board"])
        self.resistances, self._fitted = self._steps.cell_resistances(), self._steps.step_count


def _verdicts(stored: Mapping[str, Any]) -> dict[ConsistencyCriterion, ConsistencyVerdict]:
    return {
        ConsistencyCriterion(key): ConsistencyVerdict(flag(good), number(spread), number(at))
        for key, (good, spread, at) in stored.items()
    }


_UNUSED_COUNTER: Final = EnergyCounter(0.0)

CHECKS: Final[Checks] = {
    "capacity": lambda part: CapacityTracker(_UNUSED_COUNTER).restore(part),
    "imbalance": lambda part: CellImbalance().restore(part, 0.0),
    "drift": lambda part: RestImbalance().restore(part, 0.0),
    "verdicts": _verdicts,
    "steps": lambda part: ResistanceEstimator().restore(part),
    "trend": WeeklyResistanceTrend,
    "full_at": lambda part: optional(number, part),
    "resistances_at": lambda part: optional(number, part),
    "board": lambda part: optional(JbdCounters(_UNUSED_COUNTER).restore, part),
}
"""Checks of the parts of what is stored."""
