"""Demand: what a battery asks of its equipment now, and what is asked while nothing is known of the battery."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Protocol

from ..protection.limited_time import RECOVERING, LimitReason, reason_of
from ..protection.permission import NO_DATA
from ..protection.relays import Tristate
from ..protection.rules import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Limits in V and A, and what makes them less than full. None: there is nothing to keep to."""

    charge_voltage: float | None = None
    charge_current: float | None = None
    discharge_current: float | None = None
    charge_limited_by: str = ""
    discharge_limited_by: str = ""
    voltage_limited_by: str = ""
    voltage: float | None = None
    """V of the battery now, for equipment that is set in W."""
    charge_aim: float | None = None
    """A that the charge current limit rises to; None: not known."""
    discharge_aim: float | None = None

    def limit(self, side: Side) -> float | None:
        """Return the current limit of a side in A."""
        return self.charge_current if side is Side.CHARGE else self.discharge_current

    def limited_by(self, side: Side) -> str:
        """Return what reduces the current of a side; empty: nothing."""
        return self.charge_limited_by if side is Side.CHARGE else self.discharge_limited_by

    def aim(self, side: Side) -> float | None:
        """Return the current in A that the limit of a side rises to."""
        return self.charge_aim if side is Side.CHARGE else self.discharge_aim

    def is_known(self, side: Side) -> bool:
        """Return whether the limit of a side follows from the battery, not from the lack of data."""
        cause = self.limited_by(side)
        return not cause or reason_of(cause) is not LimitReason.NO_DATA


NOTHING_KNOWN: Final = Demand(charge_limited_by=NO_DATA, discharge_limited_by=NO_DATA, voltage_limited_by=NO_DATA)
"""While there is no current data of the battery."""


class AskedLimits(Protocol):
    """Limits of a pack or bank."""

    @property
    def charge_voltage(self) -> float | None:
        """V."""

    @property
    def charge_current(self) -> float | None:
        """A."""

    @property
    def discharge_current(self) -> float | None:
        """A."""

    @property
    def charge_limited_by(self) -> str:
        """What reduces the charge current."""

    @property
    def discharge_limited_by(self) -> str:
        """What reduces the discharge current."""

    @property
    def voltage_limited_by(self) -> str:
        """What reduces the charge voltage."""


def demand_of(
    limits: AskedLimits,
    permissions: Mapping[Side, Tristate],
    voltage: float | None,
    aims: tuple[float | None, float | None] = (None, None),
) -> Demand:
    """Return what limits ask for. A side of which it is not known whether it may be used counts as without data.

    `aims`: A that the charge and discharge current limits rise to, as far as that is known.
    """
    demand = Demand(
        charge_voltage=limits.charge_voltage,
        charge_current=limits.charge_current,
        discharge_current=limits.discharge_current,
        charge_limited_by=limits.charge_limited_by,
        discharge_limited_by=limits.discharge_limited_by,
        voltage_limited_by=limits.voltage_limited_by,
        voltage=voltage,
        charge_aim=aims[0],
        discharge_aim=aims[1],
    )
    if permissions[Side.CHARGE] is Tristate.UNKNOWN:
        demand = replace(demand, charge_current=None, charge_limited_by=NO_DATA)
    if permissions[Side.DISCHARGE] is Tristate.UNKNOWN:
        demand = replace(demand, discharge_current=None, discharge_limited_by=NO_DATA)
    return demand


class FallbackAction(StrEnum):
    """What happens to the equipment when the battery is not known."""

    HOLD = "hold"
    """The last values stay, for a limited time; then they are reduced."""
    REDUCE = "reduce"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackSettings:
    """What the owner chose for it."""

    on_loss: FallbackAction = FallbackAction.REDUCE
    """When data is missing or old, the pack is lost, or its protections cannot be judged."""
    on_stop: FallbackAction = FallbackAction.REDUCE
    """When the integration is unloaded, or Home Assistant stops or restarts."""
    longest_hold: float = 60.0
    """s for which values are held at most."""
    charge_current: float = 0.0
    """A to reduce to."""
    discharge_current: float = 0.0


LONGEST_HOLD: Final = 3600.0
"""s that `longest_hold` may be at most."""


class Fallback:
    """Decides what is asked of the equipment while a side of the battery is not known."""

    def __init__(self, settings: FallbackSettings) -> None:
        """`settings`: what the owner chose."""
        self._settings = settings
        self._lost_at: dict[Side, float] = {}
        self._last: dict[Side, Demand] = {}
        """What was asked when a side was last known."""
        self._held: dict[Side, float] = {}
        """A that a side was held at when data was missing for a short time."""

    def demand(self, now: float, asked: Demand) -> Demand:
        """Return what to ask at a monotonic time in s, given what the battery asks; a side may be unknown in it."""
        found = asked
        for side in Side:
            if asked.is_known(side):
                self._lost_at.pop(side, None)
                found = self._resumed(found, side)
                self._last[side] = found
            else:
                lasts = now - self._lost_at.setdefault(side, now)
                found = self._reduced(found, side, self._settings.on_loss, lasts)
        return found

    def preview(self, asked: Demand) -> Demand:
        """Return what would be asked now; nothing is remembered of it."""
        found = asked
        for side in Side:
            if not asked.is_known(side):
                found = self._reduced(found, side, self._settings.on_loss, 0.0, remember=False)
        return found

    def is_lost(self, side: Side) -> bool:
        """Return whether a side was not known at the last look."""
        return side in self._lost_at

    def at_stop(self) -> Demand | None:
        """Return what to ask before nobody looks any more; None: the values stay as they are."""
        action = self._settings.on_stop
        if action is FallbackAction.HOLD:
            return None
        found = Demand()
        for side in Side:
            found = self._reduced(found, side, action, 0.0, remember=False)
        return found

    def _resumed(self, found: Demand, side: Side) -> Demand:
        """Return a demand that goes on where a short hold ended, as far as the battery can take it by now.

        The limits themselves begin at zero after every gap.
        """
        held, limit, aim = self._held.get(side), found.limit(side), found.aim(side)
        if held is None or limit is None or aim is None or found.limited_by(side) != RECOVERING or limit >= held:
            self._held.pop(side, None)
            return found
        return _with_limit(found, side, max(limit, min(held, aim)), RECOVERING)

    def _reduced(
        self, found: Demand, side: Side, action: FallbackAction, lasts: float, *, remember: bool = True
    ) -> Demand:
        """Return a demand with what is asked of a side that has been unknown for so many s."""
        settings, last = self._settings, self._last.get(side)
        known = None if last is None else last.limit(side)
        is_held = action is FallbackAction.HOLD and lasts < min(settings.longest_hold, LONGEST_HOLD)
        if remember:
            self._held.pop(side, None)
        if is_held:
            if remember and known is not None:
                self._held[side] = known
            # After a start nothing is known that could be held: nothing is asked, the equipment keeps what it has.
            return _without_data(found, side, known, last, is_held=True)
        safe = settings.charge_current if side is Side.CHARGE else settings.discharge_current
        reduced = 0.0 if action is FallbackAction.OFF else safe if known is None else min(safe, known)
        return _without_data(found, side, reduced, last, is_held=False)


def _with_limit(demand: Demand, side: Side, limit: float | None, cause: str) -> Demand:
    """Return a demand with another current limit of a side."""
    if side is Side.DISCHARGE:
        return replace(demand, discharge_current=limit, discharge_limited_by=cause)
    return replace(demand, charge_current=limit, charge_limited_by=cause)


def _without_data(demand: Demand, side: Side, limit: float | None, last: Demand | None, *, is_held: bool) -> Demand:
    """Return a demand with another limit for a side: whatever it is, it is for lack of data."""
    voltage = demand.voltage if demand.voltage is not None else last.voltage if last else None
    found = replace(_with_limit(demand, side, limit, NO_DATA), voltage=voltage)
    if side is Side.DISCHARGE:
        return found
    before = last.charge_voltage if last else None
    voltages = [each for each in (demand.charge_voltage, before) if each is not None]
    charge_voltage = before if is_held and before is not None else min(voltages, default=None)
    return replace(found, charge_voltage=charge_voltage, voltage_limited_by=NO_DATA)
