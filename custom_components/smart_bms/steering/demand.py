"""Demand: what a battery asks of its equipment now, and what is asked while nothing is known of the battery."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from ..protection.limited_time import LimitReason, reason_of
from ..protection.permission import NO_DATA
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

    def limit(self, side: Side) -> float | None:
        """Return the current limit of a side in A."""
        return self.charge_current if side is Side.CHARGE else self.discharge_current

    def limited_by(self, side: Side) -> str:
        """Return what reduces the current of a side; empty: nothing."""
        return self.charge_limited_by if side is Side.CHARGE else self.discharge_limited_by

    def is_known(self, side: Side) -> bool:
        """Return whether the limit of a side follows from the battery, not from the lack of data."""
        cause = self.limited_by(side)
        return not cause or reason_of(cause) is not LimitReason.NO_DATA


NOTHING_KNOWN: Final = Demand(charge_limited_by=NO_DATA, discharge_limited_by=NO_DATA, voltage_limited_by=NO_DATA)
"""While there is no current data of the battery."""


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
        self._last: Demand | None = None

    def demand(self, now: float, asked: Demand) -> Demand:
        """Return what to ask at a monotonic time in s, given what the battery asks; a side may be unknown in it."""
        found = asked
        for side in Side:
            if asked.is_known(side):
                self._lost_at.pop(side, None)
            else:
                lasts = now - self._lost_at.setdefault(side, now)
                found = self._reduced(found, side, self._settings.on_loss, lasts)
        if all(asked.is_known(side) for side in Side):
            self._last = asked
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
            found = self._reduced(found, side, action, 0.0)
        return found

    def _reduced(self, found: Demand, side: Side, action: FallbackAction, lasts: float) -> Demand:
        """Return a demand with what is asked of a side that has been unknown for so many s."""
        settings, last = self._settings, self._last
        if action is FallbackAction.HOLD and lasts < min(settings.longest_hold, LONGEST_HOLD):
            # After a start nothing is known that could be held: nothing is asked, the equipment keeps what it has.
            held = None if last is None else last.limit(side)
            return _with_limit(found, side, held, last)
        safe = settings.charge_current if side is Side.CHARGE else settings.discharge_current
        known = None if last is None else last.limit(side)
        reduced = 0.0 if action is FallbackAction.OFF else safe if known is None else min(safe, known)
        return _with_limit(found, side, reduced, last)


def _with_limit(demand: Demand, side: Side, limit: float | None, last: Demand | None) -> Demand:
    """Return a demand with another limit for a side: whatever it is, it is for lack of data."""
    voltage = demand.voltage if demand.voltage is not None else last.voltage if last else None
    if side is Side.DISCHARGE:
        return replace(demand, discharge_current=limit, discharge_limited_by=NO_DATA, voltage=voltage)
    voltages = [each for each in (demand.charge_voltage, last.charge_voltage if last else None) if each is not None]
    return replace(
        demand,
        charge_current=limit,
        charge_limited_by=NO_DATA,
        charge_voltage=min(voltages, default=None),
        voltage=voltage,
    )
