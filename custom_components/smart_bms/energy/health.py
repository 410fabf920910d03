"""Health of one pack's cells: everything that is learned of them, fed together and kept together."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ..bms.reading import FULL_SOC, Reading
from ..bms.stored_values import Checks, flag, number, optional
from .capacity import Capacity
from .consistency import ConsistencyResult, Criterion, judge
from .energy_counter import EnergyCounter
from .energy_statistics import EMPTY_SOC
from .energy_totals import EnergyTotals
from .imbalance import Imbalance, Occasion
from .jbd_counters import JbdCounters
from .resistance import Resistance, Resistances, WeeklyTrend
from .rest_imbalance import RestImbalance

_LOOK_EVERY: Final = 10.0
"""s between two looks at what changes slowly."""
_FIT_EVERY: Final = 60.0
"""s between two fits of the resistances, if there are new steps."""
_WEEK: Final = 7 * 86_400.0


class Verdict(NamedTuple):
    """What was judged last about a criterion."""

    good: bool
    spread: float
    at: float
    """Time of day in s since 1970."""


class Health:
    """Follows one pack."""

    def __init__(self, counter: EnergyCounter, *, follows_board: bool = False) -> None:
        """`follows_board`: the board goes by JBD's manual."""
        self.board = JbdCounters(counter) if follows_board else None
        self.capacity = Capacity(counter)
        self.imbalance = Imbalance()
        self.drift = RestImbalance()
        self.verdicts: dict[Criterion, Verdict] = {}
        self.resistances: list[Resistance | None] = []
        self.resistances_at: float | None = None
        """Time of day of the newest step behind them."""
        self.trend = WeeklyTrend()
        self.full_at: float | None = None
        """Time of day at which the pack was last full."""
        self._steps = Resistances()
        self._fitted = 0
        self._fitted_at = float("-inf")
        self._looked_at = float("-inf")

    def update(self, reading: Reading, clock: float | None, settings: Mapping[str, object] | None = None) -> None:
        """Take a reading that the counter has taken, and the parameters if they are known.

        `clock` has to be added to its time for the time of day. None: nobody knows that yet; what is learned bears a date, and waits.
        """
        self._steps.update(reading)
        now = reading.measured_at
        if clock is None or 0 <= now - self._looked_at < _LOOK_EVERY:
            return
        self._looked_at = now
        event = self.board.update(reading, settings, now + clock) if self.board is not None else None
        if event is not None and self.capacity.vendor is not None:
            self.capacity.vendor.happen(event)
        self.capacity.update(reading, now + clock)
        self.imbalance.update(reading, clock)
        self.drift.update(reading, self.imbalance.rest(now), now + clock)
        self._judge(reading, now + clock)
        if self._steps.seen != self._fitted and not 0 <= now - self._fitted_at < _FIT_EVERY:
            self._fitted, self._fitted_at = self._steps.seen, now
            self._fit(now + clock)

    def moved(self, by: EnergyTotals) -> None:
        """Take that the sums were raised, by nothing that flowed."""
        self.capacity.moved(by)
        if self.board is not None:
            self.board.moved(by)

    def unmoor(self) -> None:
        """Take that the sums began anew: what was noted of them means nothing any more."""
        self.capacity.unmoor()

    def _judge(self, reading: Reading, at: float) -> None:
        soc = reading.soc
        full = None if soc is None else soc >= FULL_SOC
        if full:
            self.full_at = at
        vendor = self.capacity.vendor
        occasion = self.imbalance.spreads.get(Occasion.FULL)
        for judgment in judge(
            reading.cell_voltage_delta,
            # At the end of the charge, not while it still flows.
            full=full and occasion is not None and occasion.at == at,
            empty=None if soc is None else soc <= EMPTY_SOC,
            aging_cycles=None if vendor is None else vendor.cycles,
            rest=self.imbalance.rest(reading.measured_at),
        ):
            self._note(judgment, at)

    def _note(self, judgment: ConsistencyResult, at: float) -> None:
        self.verdicts[judgment.criterion] = Verdict(judgment.good, judgment.spread, at)

    def _fit(self, at: float) -> None:
        self.resistances, self.resistances_at = self._steps.of_cells(), at
        if (mean := self.mean_resistance) is not None:
            self.trend.update(int(at // _WEEK), mean)

    @property
    def mean_resistance(self) -> float | None:
        """Mean of all cells in Ω; None unless all are known."""
        known = [found.value for found in self.resistances if found is not None]
        return sum(known) / len(known) if known and len(known) == len(self.resistances) else None

    @property
    def consistent(self) -> bool | None:
        """Whether the cells are alike by all that was judged; None where nothing was."""
        return all(verdict.good for verdict in self.verdicts.values()) if self.verdicts else None

    def weakest(self) -> dict[str, int]:
        """Return the number of the weakest cell by each criterion that there is evidence for."""
        found: dict[str, int] = {}
        spreads = self.imbalance.spreads
        if Occasion.FULL in spreads:
            found["ends_charge_first"] = spreads[Occasion.FULL].highest
        if Occasion.REST in spreads:
            found["lowest_at_rest"] = spreads[Occasion.REST].lowest
        if Occasion.LOAD in spreads:
            found["lowest_under_load"] = spreads[Occasion.LOAD].lowest
        known = {place: item.value for place, item in enumerate(self.resistances, 1) if item is not None}
        if known:
            found["highest_resistance"] = max(known, key=lambda place: known[place])
        if self.drift.drift is not None:
            found["fastest_self_discharge"] = self.drift.drift.fastest[0]
        return found

    # Over restarts.

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart."""
        return {
            "capacity": self.capacity.dump(),
            "imbalance": self.imbalance.dump(),
            "drift": self.drift.dump(),
            "verdicts": {str(criterion): list(verdict) for criterion, verdict in self.verdicts.items()},
            "steps": self._steps.dump(),
            "trend": self.trend.dump(),
            "resistances_at": self.resistances_at,
            "full_at": self.full_at,
            "board": None if self.board is None else self.board.dump(),
        }

    def restore(self, kept: Mapping[str, Any], shift: float | None) -> None:
        """Take up what was kept and passed `CHECKS`; what is missing begins anew.

        `shift` s are added to its times of readings; None: it is not known how long ago they were.
        """
        if "capacity" in kept:
            self.capacity.restore(kept["capacity"])
        if "imbalance" in kept:
            self.imbalance.restore(kept["imbalance"], shift)
        if "drift" in kept:
            self.drift.restore(kept["drift"], shift)
        self.verdicts = _verdicts(kept.get("verdicts", {}))
        self._steps.restore(kept.get("steps", ()))
        self.trend = WeeklyTrend(kept.get("trend"))
        self.full_at, self.resistances_at = kept.get("full_at"), kept.get("resistances_at")
        if self.board is not None and kept.get("board") is not None:
            self.board.restore(kept["board"])
        self.resistances, self._fitted = self._steps.of_cells(), self._steps.seen


def _verdicts(kept: Mapping[str, Any]) -> dict[Criterion, Verdict]:
    return {Criterion(key): Verdict(flag(good), number(spread), number(at)) for key, (good, spread, at) in kept.items()}


_NOBODYS: Final = EnergyCounter(0.0)

CHECKS: Final[Checks] = {
    "capacity": lambda part: Capacity(_NOBODYS).restore(part),
    "imbalance": lambda part: Imbalance().restore(part, 0.0),
    "drift": lambda part: RestImbalance().restore(part, 0.0),
    "verdicts": _verdicts,
    "steps": lambda part: Resistances().restore(part),
    "trend": WeeklyTrend,
    "full_at": lambda part: optional(number, part),
    "resistances_at": lambda part: optional(number, part),
    "board": lambda part: optional(JbdCounters(_NOBODYS).restore, part),
}
"""Of the parts of what was kept."""
