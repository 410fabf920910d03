"""Limits for chargers and inverters: charge voltage (CVL), charge and discharge current (CCL, DCL).

They come from the pack's own parameters, with a distance, and fade near each of its limits. They fall at once and rise
slowly. They are advice: nothing is written to a pack.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ..bms.chemistry import charge_voltages
from .charge_stages import AT_VOLTAGE, ChargeStage, ChargeStages
from .derating import EMPTY_SPAN, EMPTY_VOLTAGES, MIN_SPAN, DeratingFactor, derating_factors, temperature_bounds
from .limit_options import LimitOptions
from .mirror_state import Moment
from .mirror_view import MirrorView
from .permission import NO_DATA
from .ramp import Ramp
from .relays import Tristate
from .rules import ProtectedQuantity, Side
from .steady_state import Bounds, SteadyState

_REQUESTED: Final = {
    "jk": "requested_charge_voltage",
    "jbd": "soc_100_voltage",
    "daly": "cell_overvoltage_warning",
    "smart123": "balance_start_voltage",
}
"""By family: the voltage at which the pack takes a cell for full, or warns."""
_REQUESTED_FLOAT: Final = "requested_float_voltage"
MIN_DISTANCE: Final = 0.03
"""V per cell that is always kept from the overvoltage limit. Our judgment: about what a charger overshoots."""
VOLTAGE_HOLD: Final = 60.0
"""s after a reduction before the charge voltage may rise again. Our judgment: a charger takes some to react."""
VOLTAGE_RATE: Final = 0.001
"""V per cell and s by which the charge voltage rises again. Our judgment: slower than a charger regulates."""
DEADBAND: Final = 0.015
"""Share of the full current by which a limit must change to be reported. Our judgment: chargers and inverters keep to a current no better."""
VOLTAGE_DEADBAND: Final = 0.05
"""V by which the charge voltage must change to be reported. Our judgment: chargers are set in tenths of a volt."""
RECOVERING: Final = "recovering"
"""As what limits a current: nothing but that it rises slowly."""


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
        self._requested = _REQUESTED.get(family, "")
        self._stages = ChargeStages(options)
        self._charge, self._discharge, self._voltage = self._ramps = Ramp(), Ramp(), Ramp()
        self._settled: _Settled | None = None

    def update(self, mirror: MirrorView, steady: SteadyState | None = None) -> Limits:
        """Calculate the limits by the mirror's newest reading.

        `steady`: bounds of the mirror inside which no protection changes; there the limits are not always calculated anew.
        """
        moment = mirror.moment
        if moment is None or not moment.known:
            return self.fail_safe(mirror)
        now, options = moment.at, self.options
        self._stages.check_gap(now, mirror.longest_gap)
        if self._settled is not None and self._settled.covers(moment, steady):
            for ramp in self._ramps:
                ramp.keep(now)
            return self.limits
        cells = moment.reading.cell_count
        target = self.cell_target(mirror.values, cells)
        self._stages.update(moment, target)
        voltage = self._charge_voltage(mirror.values, moment, target, cells)
        charge, charge_by = self._current(mirror, moment, Side.CHARGE, target)
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
        )
        self._settled = self._settle(mirror, moment, steady, target, cells)
        return self.limits

    def _settle(
        self, mirror: MirrorView, moment: Moment, steady: SteadyState | None, target: float | None, cells: int | None
    ) -> _Settled | None:
        """Return between which values nothing changes; None while anything still does."""
        if steady is None or self._stages.stage is not ChargeStage.BULK or target is None or not cells:
            return None
        if any(not ramp.has_arrived for ramp in self._ramps):
            return None
        options, values = self.options, mirror.values
        lowest, empty = values.get("cell_undervoltage") or 0.0, values.get("pack_undervoltage") or 0.0
        bounds: dict[ProtectedQuantity, tuple[float, float]] = {
            ProtectedQuantity.CELL_HIGHEST: (0.0, target),
            ProtectedQuantity.CELL_LOWEST: (lowest + EMPTY_VOLTAGES[1], float("inf")),
            ProtectedQuantity.PACK_VOLTAGE: (
                empty + EMPTY_VOLTAGES[1] * cells,
                (target - AT_VOLTAGE) * cells - MIN_SPAN,
            ),
            ProtectedQuantity.SOC: (options.empty_soc + EMPTY_SPAN, options.full_soc),
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
        target = self.cell_target(mirror.values, cells)
        charge, discharge = (self._safe_current(mirror.values, side) for side in Side)
        self._settled = None
        self._stages.lose()
        if mirror.moment is not None:
            self._charge.drop(charge)
            self._discharge.drop(discharge)
        floating = None if target is None or cells is None else self._float_target(mirror.values, target) * cells
        self.limits = replace(
            self.limits,
            charge_voltage=_least(self.limits.charge_voltage, None if floating is None else round(floating, 2)),
            charge_current=_least(self.limits.charge_current, charge) if charge else None,
            discharge_current=_least(self.limits.discharge_current, discharge) if discharge else None,
            charge_limited_by=NO_DATA,
            discharge_limited_by=NO_DATA,
        )
        return self.limits

    def cell_target(self, values: Mapping[str, float | None], cells: int | None) -> float | None:
        """Return the voltage per cell to charge to; never nearer to the pack's limits than the distance."""
        limits = [values.get("cell_overvoltage")]
        pack = values.get("pack_overvoltage")
        if pack and cells:
            limits.append(pack / cells)
        distance = max(self.options.voltage_distance, MIN_DISTANCE)
        known = [limit - distance for limit in limits if limit]
        if not known:
            return None
        lowest, highest = charge_voltages(None, max(limit for limit in limits if limit))
        chosen = self.options.charge_cell_voltage
        if not lowest <= chosen <= highest:
            # Not chosen, or meant for other cells.
            chosen = values.get(self._requested) or 0.0
        return min([*known, chosen]) if chosen else min(known)

    def _float_target(self, values: Mapping[str, float | None], target: float) -> float:
        asked = values.get(_REQUESTED_FLOAT)
        lower = target - self.options.float_distance
        return asked if asked and lower <= asked < target else lower

    def _charge_voltage(
        self, values: Mapping[str, float | None], moment: Moment, target: float | None, cells: int | None
    ) -> float | None:
        if target is None or not cells:
            return None
        floating = self._stages.stage is ChargeStage.FLOAT
        per_cell = self._float_target(values, target) if floating else target
        # Each cell above counts with its excess: the pack is not pushed on by the others.
        highest = moment.measured[ProtectedQuantity.CELL_HIGHEST]
        voltages = [voltage for voltage in moment.reading.cell_voltages if voltage is not None]
        if highest is None or highest <= target or floating:
            return per_cell * cells
        if len(voltages) == cells:
            return min(per_cell * cells, sum(min(voltage, target) for voltage in voltages))
        return per_cell * cells - (highest - target)

    def full_current(self, values: Mapping[str, float | None], side: Side) -> float | None:
        """Return the current limit in A of a pack that nothing holds back, None if neither pack nor owner name one."""
        options = self.options
        chosen = options.max_charge_current if side is Side.CHARGE else options.max_discharge_current
        stated = values.get(f"max_{side}_current")
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
            derating_factors(mirror, moment, side, target, self.options),
            key=lambda share: share.share,
            default=DeratingFactor("", 1.0),
        )
        return full * least.share, least.cause if least.share < 1 else ""

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart."""
        return self._stages.dump()

    def restore(self, stored: Mapping[str, Any], shift: float) -> None:
        """Restore what was stored; `shift` s are added to its times."""
        self._stages.restore(stored, shift)
