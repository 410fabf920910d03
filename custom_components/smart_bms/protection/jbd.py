"""JBD's rules, from its parameter registers; what each opens is the vendor's table of protection bits.

Whether equality trips is documented nowhere. Here it does: the mirror is early rather than late.
"""

from typing import Final

from ..bms.alarm import Alarm
from .rules import BOTH, CHARGE, DISCHARGE, ProtectedQuantity, ProtectionRule, Reported, RuleSet, Side


def _level(alarm: Alarm, quantity: ProtectedQuantity, blocks: frozenset[Side], *, above: bool) -> ProtectionRule:
    """Return a protection with limit, release and delay under its own name."""
    return ProtectionRule(
        protection=alarm.value,
        quantity=quantity,
        above=above,
        limit=alarm.value,
        reached=True,
        release=(f"{alarm}_release",),
        release_reached=True,
        delay=f"{alarm}_delay",
        blocks=blocks,
        alarms=(alarm,),
    )


def _current(alarm: Alarm, quantity: ProtectedQuantity, limit: str, blocks: frozenset[Side]) -> ProtectionRule:
    return ProtectionRule(
        protection=alarm.value,
        quantity=quantity,
        above=True,
        limit=limit,
        reached=True,
        delay=f"{alarm}_delay",
        release_after=f"{alarm}_release",
        blocks=blocks,
        alarms=(alarm,),
    )


def _hardware(name: str, quantity: ProtectedQuantity, blocks: frozenset[Side], *, above: bool) -> ProtectionRule:
    """Return a protection of the measurement chip: it lies outside of the one of the software, whose release ends it.

    The board reports it as the same alarm. Its delay is a choice in text, of 1 to 16 s: without it the answer is early.
    """
    return ProtectionRule(
        protection=f"hardware_{name}",
        quantity=quantity,
        above=above,
        limit=f"hardware_{name}",
        reached=True,
        release=(f"{name}_release",),
        release_reached=True,
        blocks=blocks,
        alarms=(Alarm(name),),
        optional=True,
    )


JBD: Final = RuleSet(
    rules=(
        _level(Alarm.CELL_OVERVOLTAGE, ProtectedQuantity.CELL_HIGHEST, CHARGE, above=True),
        _level(Alarm.CELL_UNDERVOLTAGE, ProtectedQuantity.CELL_LOWEST, DISCHARGE, above=False),
        _level(Alarm.PACK_OVERVOLTAGE, ProtectedQuantity.PACK_VOLTAGE, CHARGE, above=True),
        _level(Alarm.PACK_UNDERVOLTAGE, ProtectedQuantity.PACK_VOLTAGE, DISCHARGE, above=False),
        _level(Alarm.CHARGE_OVERTEMPERATURE, ProtectedQuantity.HOTTEST, CHARGE, above=True),
        _level(Alarm.CHARGE_UNDERTEMPERATURE, ProtectedQuantity.COLDEST, CHARGE, above=False),
        _level(Alarm.DISCHARGE_OVERTEMPERATURE, ProtectedQuantity.HOTTEST, DISCHARGE, above=True),
        _level(Alarm.DISCHARGE_UNDERTEMPERATURE, ProtectedQuantity.COLDEST, DISCHARGE, above=False),
        _current(Alarm.CHARGE_OVERCURRENT, ProtectedQuantity.CHARGE_CURRENT, "max_charge_current", CHARGE),
        _current(Alarm.DISCHARGE_OVERCURRENT, ProtectedQuantity.DISCHARGE_CURRENT, "max_discharge_current", DISCHARGE),
        _hardware("cell_overvoltage", ProtectedQuantity.CELL_HIGHEST, CHARGE, above=True),
        _hardware("cell_undervoltage", ProtectedQuantity.CELL_LOWEST, DISCHARGE, above=False),
    ),
    reported=(
        Reported(
            protection="short_circuit",
            alarm=Alarm.SHORT_CIRCUIT,
            blocks=DISCHARGE,
            release_after="short_circuit_release",
        ),
        Reported(protection="front_end_fault", alarm=Alarm.FRONT_END_FAULT, blocks=BOTH),
    ),
    longest_gap=30.0,
    grace=20.0,
)
