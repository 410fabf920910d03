"""Whether a pack should be balancing now, and why or why not."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ..bms.alarm import Alarm
from .mirror_state import MirrorState, Moment
from .permission import (
    FINE,
    NO_RULES,
    NO_SETTINGS,
    NOT_KNOWN,
    NOT_SAID,
    SWITCHED_OFF,
    UNKNOWN,
    WAITS,
    Permission,
    Reason,
)
from .relays import Tristate, holds, limit_of
from .rules import Comparison, Condition, ProtectedQuantity

AT_REST: Final = 0.2
"""A; less is no current to a JBD board, as we read its manual."""
WIRE_FLAGGED: Final = "balance_wire_flagged"
ONLY_CHARGING: Final = "balances_only_charging"
ONLY_RESTING: Final = "balances_only_at_rest"


@dataclass(frozen=True, slots=True)
class BalanceTable:
    """What has to hold, all of it."""

    conditions: tuple[Condition, ...]
    by_current: bool = False
    """A parameter says whether it balances while charging or at rest."""
    switched: bool = True
    wires: bool = False
    """It cannot while a sense wire is flagged."""


_START: Final = ("balance_start_voltage",)
_TRIGGER: Final = Condition("balance_trigger", ProtectedQuantity.CELL_SPREAD, Comparison.ABOVE, ("balance_trigger",))
_ABOVE_START: Final = Condition("balance_start", ProtectedQuantity.CELL_HIGHEST, Comparison.ABOVE, _START)
_AT_START: Final = Condition("balance_start", ProtectedQuantity.CELL_HIGHEST, Comparison.AT_LEAST, _START)

TABLES: Final[Mapping[str, BalanceTable]] = {
    "jk": BalanceTable((_TRIGGER, _ABOVE_START), wires=True),
    "jbd": BalanceTable((_AT_START, _TRIGGER), by_current=True),
    "daly": BalanceTable((_TRIGGER, _ABOVE_START)),
    # Every board burns what its own cell has above the balance voltage; nothing switches that off.
    "smart123": BalanceTable((_AT_START,), switched=False),
}


def balance(mirror: MirrorState, family: str) -> Permission:
    """Return whether a pack of this family should be balancing now."""
    table = TABLES.get(family)
    moment = mirror.moment
    if moment is None or table is None:
        return UNKNOWN if moment is None else Permission(Tristate.UNKNOWN, (Reason(NO_RULES),))
    if not moment.known:
        return Permission(Tristate.UNKNOWN, (Reason(NO_SETTINGS),))
    switch = mirror.switches.get("balance_switch")
    if table.switched and switch is not True:
        if switch is False:
            return Permission(Tristate.NO, (Reason(SWITCHED_OFF),))
        return Permission(Tristate.UNKNOWN, (Reason(NOT_KNOWN, "balance_switch"),))
    found = list(_truths(mirror, moment, table))
    against = tuple(reason for truth, reason in found if truth is False)
    if against:
        return Permission(Tristate.NO, against)
    unknown = tuple(reason for truth, reason in found if truth is None)
    return Permission(Tristate.UNKNOWN, unknown) if unknown else Permission(Tristate.YES, (Reason(FINE),))


def _truths(mirror: MirrorState, moment: Moment, table: BalanceTable) -> Iterator[tuple[bool | None, Reason]]:
    """Yield each condition's truth, and the reason that it is where it does not hold."""
    if table.wires:
        alarms = moment.reading.alarms
        if alarms is None:
            yield None, Reason(NOT_SAID)
        elif Alarm.BALANCE_WIRE_RESISTANCE in alarms:
            yield False, Reason(WIRE_FLAGGED)
    for condition in table.conditions:
        truth = holds(condition, moment.measured, mirror.values)
        numbers = {
            "value": moment.measured[condition.quantity],
            "limit": limit_of(condition, mirror.values),
            "unit": condition.quantity.unit,
        }
        yield truth, Reason(NOT_KNOWN if truth is None else f"{WAITS}_{condition.name}", condition.name, numbers)
    if table.by_current:
        yield _by_current(
            mirror.switches.get("balance_only_charging"), moment.measured[ProtectedQuantity.CHARGE_CURRENT]
        )


def _by_current(only_charging: object, current: float | None) -> tuple[bool | None, Reason]:
    if current is None or not isinstance(only_charging, bool):
        return None, Reason(NOT_KNOWN, "balance_current")
    if only_charging:
        return current > AT_REST, Reason(ONLY_CHARGING)
    # While discharging nobody has said what it does.
    if current < -AT_REST:
        return None, Reason(NOT_KNOWN, "balance_current")
    return current <= AT_REST, Reason(ONLY_RESTING)
