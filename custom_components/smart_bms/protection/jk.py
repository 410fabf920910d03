"""JK's rules, as its manuals give them.

Charge protections against heat and cold trip only while charging; all comparisons are strict but that of the shutdown.
A delay of the voltage protections is documented nowhere.
"""

from typing import Final

from ..bms.alarm import Alarm
from .rules import BOTH, CHARGE, DISCHARGE, ProtectedQuantity, ProtectionRule, Reported, RuleSet, Side


def _level(  # noqa: PLR0913
    alarm: Alarm,
    quantity: ProtectedQuantity,
    blocks: frozenset[Side],
    *,
    above: bool,
    also: Alarm | None = None,
    only_charging: bool = False,
    optional: bool = False,
) -> ProtectionRule:
    """Return a protection with limit and release under its own name."""
    return ProtectionRule(
        protection=alarm.value,
        quantity=quantity,
        above=above,
        limit=alarm.value,
        release=(f"{alarm}_release",),
        only_charging=only_charging,
        blocks=blocks,
        alarms=(alarm,) if also is None else (alarm, also),
        optional=optional,
    )


def _current(alarm: Alarm, quantity: ProtectedQuantity, limit: str, blocks: frozenset[Side]) -> ProtectionRule:
    return ProtectionRule(
        protection=alarm.value,
        quantity=quantity,
        above=True,
        limit=limit,
        delay=f"{alarm}_delay",
        release_after=f"{alarm}_release",
        blocks=blocks,
        alarms=(alarm,),
    )


SHUTDOWN: Final = ProtectionRule(
    protection="automatic_shutdown",
    quantity=ProtectedQuantity.CELL_LOWEST,
    above=False,
    reached=True,
    limit="power_off_voltage",
    blocks=BOTH,
    powers_off=True,
)
"""Balancers switch themselves off too."""

_RULES: Final = (
    _level(Alarm.CELL_OVERVOLTAGE, ProtectedQuantity.CELL_HIGHEST, CHARGE, above=True, also=Alarm.PACK_OVERVOLTAGE),
    _level(
        Alarm.CELL_UNDERVOLTAGE, ProtectedQuantity.CELL_LOWEST, DISCHARGE, above=False, also=Alarm.PACK_UNDERVOLTAGE
    ),
    _current(Alarm.CHARGE_OVERCURRENT, ProtectedQuantity.CHARGE_CURRENT, "max_charge_current", CHARGE),
    _current(Alarm.DISCHARGE_OVERCURRENT, ProtectedQuantity.DISCHARGE_CURRENT, "max_discharge_current", DISCHARGE),
    _level(Alarm.CHARGE_OVERTEMPERATURE, ProtectedQuantity.HOTTEST, CHARGE, above=True, only_charging=True),
    _level(Alarm.DISCHARGE_OVERTEMPERATURE, ProtectedQuantity.HOTTEST, DISCHARGE, above=True),
    _level(Alarm.CHARGE_UNDERTEMPERATURE, ProtectedQuantity.COLDEST, CHARGE, above=False, only_charging=True),
    _level(Alarm.DISCHARGE_UNDERTEMPERATURE, ProtectedQuantity.COLDEST, DISCHARGE, above=False, optional=True),
    _level(Alarm.MOSFET_OVERTEMPERATURE, ProtectedQuantity.POWER_STAGE, BOTH, above=True),
    SHUTDOWN,
)

JK: Final = RuleSet(
    rules=_RULES,
    reported=(
        Reported(
            protection="discharge_short_circuit",
            alarm=Alarm.DISCHARGE_SHORT_CIRCUIT,
            blocks=DISCHARGE,
            release_after="short_circuit_release",
        ),
        Reported(
            protection="charge_short_circuit",
            alarm=Alarm.CHARGE_SHORT_CIRCUIT,
            blocks=CHARGE,
            release_after="short_circuit_release",
        ),
        Reported(protection="discharge_overcurrent_2", alarm=Alarm.DISCHARGE_OVERCURRENT_2, blocks=DISCHARGE),
        Reported(protection="discharge_overcurrent_3", alarm=Alarm.DISCHARGE_OVERCURRENT_3, blocks=DISCHARGE),
    ),
    longest_gap=10.0,
    grace=10.0,
)
