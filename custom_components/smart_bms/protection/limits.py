"""Limits for chargers and inverters: charge voltage (CVL), charge and discharge current (CCL, DCL).

They come from the pack's own parameters, with a distance, and fade near each of its limits. They fall at once and rise
slowly. They are advice: nothing is written to a pack.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from .calm import Bounds, Calm
from .limit_options import LimitOptions
from .relays import Answer
from .rules import Quantity, Side

if TYPE_CHECKING:
    from .mirror import Mirror

_REQUESTED: Final = {
    "jk": "requested_charge_voltage",
    "jbd": "soc_100_voltage",
    "daly": "cell_overvoltage_warning",
    "smart123": "balance_start_voltage",
}
"""By family: the voltage at which the pack takes a cell for full, or warns."""
_REQUESTED_FLOAT: Final = "requested_float_voltage"
_LAST_STEP: Final = 0.02
"""V below the overvoltage limit at which no charge current is left."""
LEAST_DISTANCE: Final = 0.03
"""V per cell that is always kept from the overvoltage limit."""
_NEAR_EMPTY: Final = (0.05, 0.25)
"""V above the undervoltage limit between which the discharge current fades in."""
_FULL_SHARE: Final = 0.2
_EMPTY_SPAN: Final = 10.0
_POWER_STAGE_SPAN: Final = 15.0
_LEAST_SPAN: Final = 0.01
_AT_VOLTAGE: Final = 0.01
"""V per cell below the charge voltage that still counts as reached."""
_VOLTAGE_HOLD: Final = 60.0
_VOLTAGE_RATE: Final = 0.001
"""V per cell and s by which the charge voltage rises again."""
_DEAD_BAND: Final = 0.015
"""Share of the full current by which a limit must change to be told."""
_VOLTAGE_DEAD_BAND: Final = 0.05


RECOVERING: Final = "recovering"
"""As what limits a current: nothing but that it rises slowly."""


class Stage(StrEnum):
    """Of charging."""

    BULK = "bulk"
    ABSORPTION = "absorption"
    FLOAT = "float"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a charger or an inverter should keep to. None: the pack tells too little, and the owner chose nothing."""

    charge_voltage: float | None = None
    charge_current: float | None = None
    discharge_current: float | None = None
    stage: Stage = Stage.BULK
    charge_limited_by: str = ""
    """What reduces the charge current most; empty: nothing."""
    discharge_limited_by: str = ""


class _Slow:
    """A value that falls at once and rises slowly, and does neither for less than its dead band."""

    def __init__(self) -> None:
        """Be where it is wanted first."""
        self._value: float | None = None
        self._aim: float | None = None
        self._fell_at = 0.0
        self._at: float | None = None
        self._rises = False

    def follow(  # noqa: PLR0913
        self, aim: float | None, now: float, *, gap: float, hold: float, rate: float, dead_band: float
    ) -> float | None:
        """Return the value on its way to the aim. After more than `gap` s without a look it begins to recover anew."""
        elapsed = 0.0 if self._at is None else now - self._at
        self._at, self._aim = now, aim
        if aim is None:
            return None
        if self._value is None:
            self._value, self._fell_at = aim, now
        elif elapsed > gap:
            # Nobody looked: it begins to recover now.
            self._value, self._fell_at = min(self._value, aim), now
        elif aim <= self._value:
            self._rises = False
            if aim <= 0 or self._value - aim >= dead_band:
                self._value, self._fell_at = aim, now
        elif now - self._fell_at >= hold and (self._rises or aim - self._value >= dead_band):
            self._value = min(aim, self._value + rate * elapsed)
            self._rises = self._value < aim
        return self._value

    @property
    def at_rest(self) -> bool:
        """Whether it is where it is wanted."""
        return self._value == self._aim

    def rest(self, now: float) -> None:
        """Stay where it is."""
        self._at = now
        if self._value is not None and self._value <= 0:
            self._fell_at = now

    def drop(self, most: float) -> None:
        """Fall while nothing is known; what follows begins from there."""
        self._value = most if self._value is None else min(self._value, most)
        self._rises = False
        self._at = float("-inf")


@dataclass(frozen=True, slots=True)
class _Settled:
    """Between which values every limit stays what it is."""

    calm: Calm
    cells: int
    bounds: Bounds

    def covers(self, mirror: Mirror) -> bool:
        """Tell whether the newest reading lies between them."""
        moment = mirror.moment
        if moment is None or mirror.calm is not self.calm:
            return False
        measured = moment.measured
        for quantity, low, high in self.bounds:
            value = measured[quantity]
            if value is None or not low <= value <= high:
                return False
        return moment.reading.cell_count == self.cells


@dataclass(frozen=True, slots=True)
class _Share:
    """How much of the full current something leaves."""

    cause: str
    share: float


def _fade(value: float, none_at: float, all_at: float) -> float:
    """Return 0 to 1 between two values, whichever is higher."""
    return min(1.0, max(0.0, (value - none_at) / (all_at - none_at)))


def _least(one: float | None, other: float | None) -> float | None:
    """Return the smaller of two limits; None is none."""
    known = [limit for limit in (one, other) if limit is not None]
    return min(known, default=None)


def _cause(by: str, value: float | None, aim: float | None, full: float) -> str:
    """Return what limits a current: a cause, or that it has not yet risen again."""
    if by or value is None or aim is None:
        return by
    return RECOVERING if value < aim and value < full * (1 - _DEAD_BAND) else ""


class Limiter:
    """Follows one pack's limits."""

    def __init__(self, family: str, options: LimitOptions) -> None:
        """Begin charging in bulk."""
        self.options = options
        self.limits = Limits()
        self._requested = _REQUESTED.get(family, "")
        self._stage = Stage.BULK
        self._even_since: float | None = None
        self._taken_at: float | None = None
        self._charge, self._discharge, self._voltage = self._slows = _Slow(), _Slow(), _Slow()
        self._settled: _Settled | None = None

    def take(self, mirror: Mirror) -> Limits:
        """Take what the mirror shows of the newest reading."""
        moment = mirror.moment
        if moment is None or not moment.known:
            return self.fail_safe(mirror)
        now, options = moment.at, self.options
        if self._taken_at is None or not 0 <= now - self._taken_at <= mirror.longest_gap:
            self._even_since = None  # whether the cells stayed even nobody saw
        self._taken_at = now
        if self._settled is not None and self._settled.covers(mirror):
            for slow in self._slows:
                slow.rest(now)
            return self.limits
        cells = moment.reading.cell_count
        target = self.cell_target(mirror.values, cells)
        self._follow_stage(mirror, target, now)
        voltage = self._charge_voltage(mirror, target, cells)
        charge, charge_by = self._current(mirror, Side.CHARGE, target)
        discharge, discharge_by = self._current(mirror, Side.DISCHARGE, target)
        full_charge, full_discharge = (self._full_current(mirror.values, side) or 0.0 for side in Side)
        gap = mirror.longest_gap
        rise = {"gap": gap, "hold": options.recovery_hold, "rate": options.recovery_rate}
        aims = charge, discharge
        voltage = self._voltage.follow(
            voltage, now, gap=gap, hold=_VOLTAGE_HOLD, rate=_VOLTAGE_RATE * (cells or 1), dead_band=_VOLTAGE_DEAD_BAND
        )
        charge = self._charge.follow(charge, now, dead_band=full_charge * _DEAD_BAND, **rise)
        discharge = self._discharge.follow(discharge, now, dead_band=full_discharge * _DEAD_BAND, **rise)
        self.limits = Limits(
            charge_voltage=None if voltage is None else round(voltage, 2),
            charge_current=None if charge is None else round(charge, 1),
            discharge_current=None if discharge is None else round(discharge, 1),
            stage=self._stage,
            charge_limited_by=_cause(charge_by, charge, aims[0], full_charge),
            discharge_limited_by=_cause(discharge_by, discharge, aims[1], full_discharge),
        )
        self._settled = self._settle(mirror, target, cells)
        return self.limits

    def _settle(self, mirror: Mirror, target: float | None, cells: int | None) -> _Settled | None:
        """Return between which values nothing changes; None while anything still does."""
        if mirror.calm is None or self._stage is not Stage.BULK or target is None or not cells:
            return None
        if any(not slow.at_rest for slow in self._slows):
            return None
        options, values = self.options, mirror.values
        lowest, empty = values.get("cell_undervoltage") or 0.0, values.get("pack_undervoltage") or 0.0
        bounds: dict[Quantity, tuple[float, float]] = {
            Quantity.CELL_HIGHEST: (0.0, target),
            Quantity.CELL_LOWEST: (lowest + _NEAR_EMPTY[1], float("inf")),
            Quantity.PACK_VOLTAGE: (empty + _NEAR_EMPTY[1] * cells, (target - _AT_VOLTAGE) * cells - _LEAST_SPAN),
            Quantity.SOC: (options.empty_soc + _EMPTY_SPAN, options.full_soc),
        }
        for quantity, none_at, all_at in self._fades(mirror):
            low, high = bounds.get(quantity, (float("-inf"), float("inf")))
            bounds[quantity] = (max(low, all_at), high) if all_at > none_at else (low, min(high, all_at))
        settled = _Settled(mirror.calm, cells, tuple((quantity, *edges) for quantity, edges in bounds.items()))
        return settled if settled.covers(mirror) else None

    def fail_safe(self, mirror: Mirror) -> Limits:
        """Return what to keep to while nothing current is known: little current, and no more voltage than floating."""
        cells = mirror.moment.reading.cell_count if mirror.moment else None
        target = self.cell_target(mirror.values, cells)
        charge, discharge = (self._safe_current(mirror.values, side) for side in Side)
        self._settled = self._even_since = None
        if mirror.moment is not None:
            self._charge.drop(charge)
            self._discharge.drop(discharge)
        floating = None if target is None or cells is None else self._float_target(mirror.values, target) * cells
        self.limits = replace(
            self.limits,
            charge_voltage=_least(self.limits.charge_voltage, None if floating is None else round(floating, 2)),
            charge_current=_least(self.limits.charge_current, charge),
            discharge_current=_least(self.limits.discharge_current, discharge),
            charge_limited_by="no_data",
            discharge_limited_by="no_data",
        )
        return self.limits

    # Voltage.

    def cell_target(self, values: Mapping[str, float | None], cells: int | None) -> float | None:
        """Return the voltage per cell to charge to; never nearer to the pack's limits than the distance."""
        limits = [values.get("cell_overvoltage")]
        pack = values.get("pack_overvoltage")
        if pack and cells:
            limits.append(pack / cells)
        distance = max(self.options.voltage_distance, LEAST_DISTANCE)
        known = [limit - distance for limit in limits if limit]
        chosen = self.options.charge_cell_voltage or values.get(self._requested)
        if not known:
            return None
        return min([*known, chosen]) if chosen else min(known)

    def _float_target(self, values: Mapping[str, float | None], target: float) -> float:
        asked = values.get(_REQUESTED_FLOAT)
        lower = target - self.options.float_distance
        return asked if asked and lower <= asked < target else lower

    def _charge_voltage(self, mirror: Mirror, target: float | None, cells: int | None) -> float | None:
        assert mirror.moment is not None
        if target is None or not cells:
            return None
        floating = self._stage is Stage.FLOAT
        per_cell = self._float_target(mirror.values, target) if floating else target
        # Each cell above counts with its excess: the pack is not pushed on by the others.
        highest = mirror.moment.measured[Quantity.CELL_HIGHEST]
        voltages = [voltage for voltage in mirror.moment.reading.cell_voltages if voltage is not None]
        if highest is None or highest <= target or floating:
            return per_cell * cells
        if len(voltages) == cells:
            return min(per_cell * cells, sum(min(voltage, target) for voltage in voltages))
        return per_cell * cells - (highest - target)

    def _follow_stage(self, mirror: Mirror, target: float | None, now: float) -> None:
        assert mirror.moment is not None
        measured, options = mirror.moment.measured, self.options
        spread, soc, voltage = (
            measured[quantity] for quantity in (Quantity.CELL_SPREAD, Quantity.SOC, Quantity.PACK_VOLTAGE)
        )
        cells = mirror.moment.reading.cell_count
        low = soc is not None and soc <= options.rebulk_soc
        uneven = spread is not None and spread >= options.rebulk_spread
        if low or (uneven and self._stage is Stage.FLOAT):
            self._stage, self._even_since = Stage.BULK, None
        if target is None or voltage is None or not cells or spread is None:
            self._even_since = None
            return
        if self._stage is Stage.FLOAT:
            return
        reached = voltage >= (target - _AT_VOLTAGE) * cells
        # Once reached, a cloud does not start it anew.
        if reached and not low:
            self._stage = Stage.ABSORPTION
        if not reached or spread > options.float_spread:
            self._even_since = None
            return
        self._even_since = now if self._even_since is None else self._even_since
        if self._stage is Stage.ABSORPTION and now - self._even_since >= options.absorption_time:
            self._stage = Stage.FLOAT

    # Currents.

    def _full_current(self, values: Mapping[str, float | None], side: Side) -> float | None:
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
        full = self._full_current(values, side)
        return safe if full is None else min(safe, full)

    def _current(self, mirror: Mirror, side: Side, target: float | None) -> tuple[float | None, str]:
        full = self._full_current(mirror.values, side)
        verdict = mirror.charge if side is Side.CHARGE else mirror.discharge
        if verdict.answer is Answer.NO:
            return 0.0, verdict.reasons[0].about or verdict.reasons[0].code
        if verdict.answer is Answer.UNKNOWN:
            return self._safe_current(mirror.values, side), verdict.reasons[0].code
        if full is None:
            return None, ""
        shares = [*self._shares(mirror, side), *self._side_shares(mirror, side, target)]
        least = min(shares, key=lambda share: share.share, default=_Share("", 1.0))
        return full * least.share, least.cause if least.share < 1 else ""

    def _side_shares(self, mirror: Mirror, side: Side, target: float | None) -> Iterator[_Share]:
        assert mirror.moment is not None
        measured, values, options = mirror.moment.measured, mirror.values, self.options
        soc, voltage = measured[Quantity.SOC], measured[Quantity.PACK_VOLTAGE]
        cells = mirror.moment.reading.cell_count
        mean = voltage / cells if voltage is not None and cells else None
        if side is Side.CHARGE:
            highest, limit = measured[Quantity.CELL_HIGHEST], values.get("cell_overvoltage")
            if highest is not None and limit is not None and target is not None:
                yield _Share(Quantity.CELL_HIGHEST, _fade(highest, limit - _LAST_STEP, target))
            if mean is not None and (whole := values.get("pack_overvoltage")) and target is not None:
                yield _Share(Quantity.PACK_VOLTAGE, _fade(mean, whole / (cells or 1) - _LAST_STEP, target))
            if soc is not None and options.full_soc < 100:
                yield _Share(Quantity.SOC, _FULL_SHARE + (1 - _FULL_SHARE) * _fade(soc, 100.0, options.full_soc))
        else:
            lowest, limit = measured[Quantity.CELL_LOWEST], values.get("cell_undervoltage")
            if lowest is not None and limit is not None:
                yield _Share(Quantity.CELL_LOWEST, _fade(lowest, limit + _NEAR_EMPTY[0], limit + _NEAR_EMPTY[1]))
            if mean is not None and (whole := values.get("pack_undervoltage")):
                empty = whole / (cells or 1)
                yield _Share(Quantity.PACK_VOLTAGE, _fade(mean, empty + _NEAR_EMPTY[0], empty + _NEAR_EMPTY[1]))
            if soc is not None:
                yield _Share(Quantity.SOC, _fade(soc, options.empty_soc, options.empty_soc + _EMPTY_SPAN))

    def _shares(self, mirror: Mirror, side: Side) -> Iterator[_Share]:
        """Yield what the temperatures leave, by every rule about one that blocks this side."""
        assert mirror.moment is not None
        for quantity, none_at, all_at in self._fades(mirror, side):
            value = mirror.moment.measured[quantity]
            yield _Share(quantity, 0.0 if value is None else _fade(value, none_at, all_at))

    def _fades(self, mirror: Mirror, side: Side | None = None) -> Iterator[tuple[Quantity, float, float]]:
        """Yield at which temperatures nothing and everything is left, for one side or both."""
        options = self.options
        for track in mirror.active:
            rule, limit = track.rule, track.limit
            if not rule.quantity.of_probes or rule.quantity is Quantity.TEMPERATURE_SPREAD or limit is None:
                continue
            if not rule.blocks or (side is not None and side not in rule.blocks):
                continue
            span = _POWER_STAGE_SPAN if rule.quantity is Quantity.POWER_STAGE else options.temperature_span
            way = -1.0 if rule.above else 1.0
            none_at = limit + way * options.temperature_distance
            yield rule.quantity, none_at, none_at + way * max(span, _LEAST_SPAN)

    # Over restarts.

    def dump(self) -> dict[str, Any]:
        """Return what has to survive a restart."""
        return {"stage": str(self._stage), "even_since": self._even_since, "taken_at": self._taken_at}

    def restore(self, kept: Mapping[str, Any], shift: float) -> None:
        """Take up what was kept; `shift` s are added to its times."""
        stage, even_since, taken_at = (kept.get(key) for key in ("stage", "even_since", "taken_at"))
        if stage in set(Stage):
            self._stage = Stage(stage)
        self._even_since = None if even_since is None else even_since + shift
        self._taken_at = None if taken_at is None else taken_at + shift
