"""Bank limiter: limits fall at once and rise slowly, as those of a pack do, so that an inverter does not oscillate."""

from dataclasses import replace

from ..protection.limit_options import LimitOptions
from ..protection.limited_time import RECOVERING
from ..protection.limits import DEADBAND, VOLTAGE_DEADBAND, VOLTAGE_HOLD, VOLTAGE_RATE
from ..protection.ramp import Ramp
from .member import MemberLimits

_GAP = 30.0
"""s between two updates after which the limits begin to recover anew."""
_DEFAULTS = LimitOptions()


class BankLimiter:
    """Ramps the limits of one bank."""

    def __init__(self) -> None:
        """Initialize; the first limits are taken as they are."""
        self._voltage = Ramp()
        self._currents = {"charge_current": Ramp(), "discharge_current": Ramp()}
        self._highest_limits = dict.fromkeys(self._currents, 0.0)
        """A: the highest limits so far, of which the dead band is a share."""

    def update(self, aim: MemberLimits, now: float, *, strings: int, cells: int) -> MemberLimits:
        """Return the ramped limits at a monotonic time in s.

        `aim`: what the packs allow. `strings` in parallel and `cells` in series scale the rates.
        """
        found: dict[str, float | None] = {}
        causes: dict[str, str] = {}
        for name, ramp in self._currents.items():
            wanted: float | None = getattr(aim, name)
            self._highest_limits[name] = max(self._highest_limits[name], wanted or 0.0)
            found[name] = ramp.update(
                wanted,
                now,
                gap=_GAP,
                hold=_DEFAULTS.recovery_hold,
                rate=_DEFAULTS.recovery_rate * strings,
                deadband=DEADBAND * self._highest_limits[name],
            )
            by = name.replace("current", "limited_by")
            rises = wanted is not None and (found[name] or 0.0) < wanted - DEADBAND * self._highest_limits[name]
            causes[by] = getattr(aim, by) or (RECOVERING if rises else "")
        voltage = self._voltage.update(
            aim.charge_voltage,
            now,
            gap=_GAP,
            hold=VOLTAGE_HOLD,
            rate=VOLTAGE_RATE * cells,
            deadband=VOLTAGE_DEADBAND,
        )
        return replace(
            aim,
            charge_voltage=voltage,
            charge_current=found["charge_current"],
            discharge_current=found["discharge_current"],
            charge_limited_by=causes["charge_limited_by"],
            discharge_limited_by=causes["discharge_limited_by"],
        )
