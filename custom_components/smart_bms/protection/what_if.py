"""What if: what a pack's rules would make of a situation that lasts, with its parameters or with others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..bms.reading import Reading
from ..bms.settings import SettingValue
from .mirror import Mirror
from .monitor import ProtectionMonitor, ProtectionState
from .relays import Tristate
from .rules import RuleSet, Side

BELOW: Final = "below"
ABOVE: Final = "above"
AFTER: Final = "after"
OPPOSITE: Final = "opposite_current"
AT_ONCE: Final = "condition_ends"
NOT_STATED: Final = "not_stated"
CHARGER: Final = "charger_connected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What becomes of one protection."""

    protection: str
    trips_after: float | None
    """s; None if it does not trip within the time."""
    known: bool
    """False if a value or a limit is missing."""
    value: float | None
    limit: float | None
    margin: float | None
    unit: str
    blocks: tuple[str, ...]
    released: str
    """How it ends once it has tripped."""
    release: float | None
    """The value, or the seconds, at which it does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIfResult:
    """What becomes of the pack."""

    prospects: tuple[Forecast, ...]
    charge: Tristate
    discharge: Tristate


def what_if(rules: RuleSet, settings: Mapping[str, SettingValue], reading: Reading, seconds: float) -> WhatIfResult:
    """Return what happens if a pack on which nothing is tripped stays as the reading says for so many seconds."""
    mirror = Mirror(rules)
    for monitor in mirror.monitors.values():
        monitor.tripped = False
    mirror.update(reading, settings)
    prospects = tuple(_prospect(monitor, seconds) for monitor in mirror.active)
    if rules.relays:
        return WhatIfResult(prospects=prospects, charge=mirror.charge.answer, discharge=mirror.discharge.answer)
    return WhatIfResult(
        prospects=prospects,
        charge=_answer(mirror, prospects, Side.CHARGE),
        discharge=_answer(mirror, prospects, Side.DISCHARGE),
    )


def _answer(mirror: Mirror, prospects: tuple[Forecast, ...], side: Side) -> Tristate:
    own = [item for item in prospects if side.value in item.blocks]
    if any(item.trips_after is not None for item in own):
        return Tristate.NO
    return mirror.permission(side).answer


def _prospect(monitor: ProtectionMonitor, seconds: float) -> Forecast:
    trips_after = None
    if monitor.state is ProtectionState.TRIPPED:
        trips_after = 0.0
    elif monitor.state is ProtectionState.PENDING and monitor.delay <= seconds:
        trips_after = monitor.delay
    released, release = _release(monitor)
    return Forecast(
        protection=monitor.rule.protection,
        trips_after=trips_after,
        known=monitor.state is not ProtectionState.UNKNOWN,
        value=monitor.value,
        limit=monitor.limit,
        margin=monitor.margin,
        unit=monitor.rule.quantity.unit,
        blocks=tuple(sorted(monitor.rule.blocks)),
        released=released,
        release=release,
    )


def _release(monitor: ProtectionMonitor) -> tuple[str, float | None]:
    rule = monitor.rule
    if rule.powers_off:
        return CHARGER, None
    if rule.release_after:
        return AFTER if monitor.release_after is not None else NOT_STATED, monitor.release_after
    if rule.opposite:
        return OPPOSITE, None
    if not rule.release:
        return AT_ONCE, None
    if monitor.release is None:
        return NOT_STATED, None
    return BELOW if rule.above else ABOVE, monitor.release
