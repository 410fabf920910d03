"""Limits for chargers and inverters: charge voltage (CVL), charge and discharge current (CCL, DCL).

They come from the pack's own parameters, with a distance, and fade near each of its limits. They fall at once and rise
slowly. They are advice: nothing is written to a pack.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from .balance_hold import HOLD, BalanceHold
from .charge_stages import AT_VOLTAGE, ChargeStage, ChargeStages
from .charge_voltage import (
    CELL_UNDERVOLTAGES,
    PACK_UNDERVOLTAGES,
    cell_target,
    charge_voltage,
    float_target,
    highest_of,
    lowest_of,
)
from .derating import EMPTY_SPAN, EMPTY_VOLTAGES, MIN_SPAN, DeratingFactor, derating_factors, temperature_bounds
from .limit_options import LimitOptions
from .limited_time import RECOVERING
from .mirror_state import Moment
from .mirror_view import MirrorView
from .permission import NO_DATA
from .ramp import Ramp
from .relays import Tristate
from .rules import ProtectedQuantity, Side
from .soc_plan import FLOOR, TARGET, SocPlan, SocWindow
from .steady_state import Bounds, SteadyState

VOLTAGE_HOLD: Final = 60.0
"""s after a reduction before the charge voltage may rise again. Our judgment: a charger takes some to react."""
VOLTAGE_RATE: Final = 0.001
"""V per cell and s by which the charge voltage rises again. Our judgment: slower than a charger regulates."""
_HOLD_BAND: Final = 0.1
"""V per cell by which the highest one may fall while it is held for balancing. Our judgment: with less current cells
relax by less, and most balancers work down to there.
"""
DEADBAND: Final = 0.015
"""Share of the full current by which a limit must change to be reported. Our judgment: chargers and inverters keep to a current no better."""
VOLTAGE_DEADBAND: Final = 0.05
"""V by which the charge voltage must change to be reported. Our judgment: chargers are set in tenths of a volt."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a charger or an inverter should keep to. None: the pack tells too little, and the owner chose nothing."""

    charge_voltage: float | None = None
    charge_current: float | None = None
    discharge_current: float | None = None
    stage: ChargeStage = ChargeStage.BULK
    charge_limited_by: str = ""
    """What reduces the charge current most; empty: nothing."""
    discharge_limited_by: str = ""
    voltage_limited_by: str = ""
    """What reduces the charge voltage: a cell above it, floating, the target; empty: nothing."""
    is_held_for_balance: bool = False
    """The charge current is what the balancer moves, until the cells are even."""
    balance_spread: float | None = None
    """V of cell difference that this waits for to become less."""
    charge_aim: float | None = None
    """A that the charge current limit rises to."""
    discharge_aim: float | None = None


@dataclass(frozen=True, slots=True)
class _Settled:
    """Between which values every limit stays what it is."""

    steady: SteadyState
    cells: int
    bounds: Bounds

    def covers(self, moment: Moment, steady: SteadyState | None) -> bool:
        """Return whether a reading lies between them, and the protections are in the same steady state."""
        if steady is not self.steady:
            return False
        measured = moment.measured
        for quantity, low, high in self.bounds:
            value = measured[quantity]
            if value is None or not low <= value <= high:
                return False
        return moment.reading.cell_count == self.cells


def _least(one: float | None, other: float | None) -> float | None:
    """Return the smaller of two limits; None is none."""
    known = [limit for limit in (one, other) if limit is not None]
    return min(known, default=None)


def _cause(by: str, value: float | None, aim: float | None, full: float) -> str:
    """Return what limits a current: a cause, or that it has not yet risen again."""
    if by or value is None or aim is None:
        return by
    return RECOVERING if value < aim and value < full * (1 - DEADBAND) else ""


class Limiter:
    """Follows one pack's limits."""

    def __init__(self, family: str, options: LimitOptions) -> None:
        """`family`: key of the pack's make; `options`: what the owner chose."""
        self.options = options
        self.limits = Limits()
        self._family = family
        self._stages = ChargeStages(options)
        self.window = SocWindow()
        self._hold = BalanceHold(options.balance_hold_time)
        self._held_cell: float | None = None
        """V per cell when the target was reached, while it is held by voltage."""
        self._charge, self._discharge, self._voltage = self._ramps = Ramp(), Ramp(), Ramp()
        self._settled: _Settled | None = None

    @property
    def plan(self) -> SocPlan:
        """What the owner wants; it may change at any time."""
        return self.window.plan

    @plan.setter
    def plan(self, plan: SocPlan) -> None:
        self.window.plan, self._settled = plan, None

    def update(
        self, mirror: MirrorView, steady: SteadyState | None = None, days_since_full: float | None = None
    ) -> Limits:
        """Calculate the limits by the mirror's newest reading.

        `steady`: bounds of the mirror inside which no protection changes; there the limits are not always calculated anew.
        `days_since_full`: None if nobody knows when the pack was full.
        """
        moment = mirror.moment
        if moment is None or not moment.known:
            return self.fail_safe(mirror)
        now, options = moment.at, self.options
        self._stages.check_gap(now, mirror.longest_gap)
        self._hold.note(moment.reading.balance_current, now)
        if self._settled is not None and self._settled.covers(moment, steady):
            for ramp in self._ramps:
                ramp.keep(now)
            return self.limits
        cells = moment.reading.cell_count
        target = cell_target(self._family, mirror.values, cells, options)
        self._stages.update(moment, target)
        floats = self._stages.stage is ChargeStage.FLOAT
        self.window.update(moment.measured[ProtectedQuantity.SOC], days_since_full, floats=floats)
        held = self._held_current(mirror, moment, target)
        voltage, voltage_by = self._charge_voltage(mirror.values, moment, target, cells)
        charge, charge_by = self._current(mirror, moment, Side.CHARGE, target)
        if held is not None and (charge is None or held < charge):
            charge, charge_by = held, HOLD
        discharge, discharge_by = self._current(mirror, moment, Side.DISCHARGE, target)
        full_charge, full_discharge = (self.full_current(mirror.values, side) or 0.0 for side in Side)
        gap = mirror.longest_gap
        rise = {"gap": gap, "hold": options.recovery_hold, "rate": options.recovery_rate}
        aims = charge, discharge
        voltage = self._voltage.update(
            voltage, now, gap=gap, hold=VOLTAGE_HOLD, rate=VOLTAGE_RATE * (cells or 1), deadband=VOLTAGE_DEADBAND
        )
        charge = self._charge.update(charge, now, deadband=full_charge * DEADBAND, **rise)
        discharge = self._discharge.update(discharge, now, deadband=full_discharge * DEADBAND, **rise)
        self.limits = Limits(
            charge_voltage=None if voltage is None else round(voltage, 2),
            charge_current=None if charge is None else round(charge, 1),
            discharge_current=None if discharge is None else round(discharge, 1),
            stage=self._stages.stage,
            charge_limited_by=_cause(charge_by, charge, aims[0], full_charge),
            discharge_limited_by=_cause(discharge_by, discharge, aims[1], full_discharge),
            voltage_limited_by=voltage_by,
            is_held_for_balance=self._hold.is_holding,
            balance_spread=self._hold.spread,
            charge_aim=aims[0],
            discharge_aim=aims[1],
        )
        self._settled = self._settle(mirror, moment, steady, target, cells)
        return self.limits

    def _settle(
        self, mirror: MirrorView, moment: Moment, steady: SteadyState | None, target: float | None, cells: int | None
    ) -> _Settled | None:
        """Return between which values nothing changes; None while anything still does."""
        if steady is None or self._stages.stage is not ChargeStage.BULK or target is None or not cells:
            return None
        if any(not ramp.has_arrived for ramp in self._ramps) or not self.window.is_settled:
            return None
        options, values = self.options, mirror.values
        lowest = highest_of(values, CELL_UNDERVOLTAGES) or 0.0
        empty = highest_of(values, PACK_UNDERVOLTAGES) or 0.0
        lowest_soc, highest_soc = self.window.settled_bounds()
        bounds: dict[ProtectedQuantity, tuple[float, float]] = {
            ProtectedQuantity.CELL_HIGHEST: (0.0, target),
            ProtectedQuantity.CELL_LOWEST: (lowest + EMPTY_VOLTAGES[1], float("inf")),
            ProtectedQuantity.PACK_VOLTAGE: (
                empty + EMPTY_VOLTAGES[1] * cells,
                (target - AT_VOLTAGE) * cells - MIN_SPAN,
            ),
            ProtectedQuantity.SOC: (
                max(options.empty_soc + EMPTY_SPAN, lowest_soc),
                min(options.full_soc, highest_soc),
            ),
        }
        for quantity, none_at, all_at in temperature_bounds(mirror, options):
            low, high = bounds.get(quantity, (float("-inf"), float("inf")))
            bounds[quantity] = (max(low, all_at), high) if all_at > none_at else (low, min(high, all_at))
        settled = _Settled(steady, cells, tuple((quantity, *edges) for quantity, edges in bounds.items()))
        return settled if settled.covers(moment, steady) else None

    def fail_safe(self, mirror: MirrorView) -> Limits:
        """Return what to keep to while nothing current is known: what the owner chose for that, else nobody knows.

        Of the voltages no more than floating. Unknown is no permission: whoever follows the limits must not go on.
        """
        cells = mirror.moment.reading.cell_count if mirror.moment else None
        target = cell_target(self._family, mirror.values, cells, self.options)
        charge, discharge = (self._safe_current(mirror.values, side) for side in Side)
        self._settled = None
        self._stages.lose()
        self._hold.lose()
        if mirror.moment is not None:
            self._charge.drop(charge)
            self._discharge.drop(discharge)
        floating = (
            None if target is None or cells is None else float_target(mirror.values, target, self.options) * cells
        )
        self.limits = replace(
            self.limits,
            charge_voltage=_least(self.limits.charge_voltage, None if floating is None else round(floating, 2)),
            charge_current=_least(self.limits.charge_current, charge) if charge else None,
            discharge_current=_least(self.limits.discharge_current, discharge) if discharge else None,
            charge_limited_by=NO_DATA,
            discharge_limited_by=NO_DATA,
            voltage_limited_by=NO_DATA,
        )
        return self.limits

    def _held_current(self, mirror: MirrorView, moment: Moment, target: float | None) -> float | None:
        """Return the charge current in A while the pack is held for balancing, None while it is not."""
        soc = moment.measured[ProtectedQuantity.SOC]
        if soc is not None and soc <= self.options.rebulk_soc:
            self._hold.reset()
            return None
        highest = moment.measured[ProtectedQuantity.CELL_HIGHEST]
        below = _HOLD_BAND if self._hold.is_holding else AT_VOLTAGE
        return self._hold.update(
            moment.at,
            at_top=highest is not None and target is not None and highest >= target - below,
            spread=moment.measured[ProtectedQuantity.CELL_SPREAD],
            # Below its own trigger the balancer does nothing, and waiting is in vain.
            even=max(self.options.float_spread, mirror.values.get("balance_trigger") or 0.0),
            stated=mirror.values.get("max_balance_current"),
            is_on=mirror.switches.get("balance_switch") is not False,
        )

    def _charge_voltage(
        self, values: Mapping[str, float | None], moment: Moment, target: float | None, cells: int | None
    ) -> tuple[float | None, str]:
        """Return the charge voltage in V, and what reduces it."""
        if target is None or not cells:
            return None, ""
        floating = self._stages.stage is ChargeStage.FLOAT
        voltage, by = charge_voltage(values, moment, target, cells, self.options, floating=floating)
        measured = moment.measured[ProtectedQuantity.PACK_VOLTAGE]
        if not (self.options.target_by_voltage and self.window.is_at_target) or measured is None:
            self._held_cell = None
            return voltage, by
        if self._held_cell is None:
            self._held_cell = min(measured / cells, float_target(values, target, self.options))
        return min(voltage, self._held_cell * cells), TARGET

    def full_current(self, values: Mapping[str, float | None], side: Side) -> float | None:
        """Return the current limit in A of a pack that nothing holds back, None if neither pack nor owner name one."""
        options = self.options
        chosen = options.max_charge_current if side is Side.CHARGE else options.max_discharge_current
        stated = lowest_of(values, (f"max_{side}_current", f"{side}_overcurrent_2"))
        # A pack that states 0 A is one that may not be charged, or discharged.
        stated = values.get(f"max_{side}_current") if stated is None else stated
        allowed = None if stated is None else max(0.0, stated) * options.current_share / 100
        if allowed is None:
            return chosen or None
        return min(chosen, allowed) if chosen else allowed

    def _safe_current(self, values: Mapping[str, float | None], side: Side) -> float:
        """Return what may flow while nothing is known: never more than at other times."""
        options = self.options
        safe = options.failsafe_charge_current if side is Side.CHARGE else options.failsafe_discharge_current
        full = self.full_current(values, side)
        return safe if full is None else min(safe, full)

    def _current(
        self, mirror: MirrorView, moment: Moment, side: Side, target: float | None
    ) -> tuple[float | None, str]:
        full = self.full_current(mirror.values, side)
        permission = mirror.charge if side is Side.CHARGE else mirror.discharge
        if permission.answer is Tristate.NO:
            return 0.0, permission.reasons[0].about or permission.reasons[0].code
        if permission.answer is Tristate.UNKNOWN:
            return self._safe_current(mirror.values, side), permission.reasons[0].code
        if full is None:
            return None, ""
        least = min(
            [*derating_factors(mirror, moment, side, target, self.options), self._wanted(side)],
            key=lambda share: share.share,
        )
        return full * least.share, least.cause if least.share < 1 else ""

    def _wanted(self, side: Side) -> DeratingFactor:
        """Return what the owner's plan leaves for a side."""
        if side is Side.DISCHARGE:
            return DeratingFactor(FLOOR, self.window.discharge_share())
        return DeratingFactor(TARGET, self.window.charge_share(by_voltage=self.options.target_by_voltage))

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart."""
        return self._stages.dump() | {"window": self.window.dump(), "hold": self._hold.dump()}

    def restore(self, stored: Mapping[str, Any], shift: float) -> None:
        """Restore what was stored; `shift` s are added to its times."""
        self._stages.restore(stored, shift)
        self.window.restore(stored.get("window", {}))
        self._hold.restore(stored.get("hold", {}), shift)
