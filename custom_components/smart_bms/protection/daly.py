"""Daly's rules: level 1 warns, level 2 protects.

A protection trips when its limit is reached and releases strictly beyond the release (one owner's tests). Only the 81
dialect tells releases and delays; on the others a board makes the release of level 1, which is told. That cell and
temperature differences open both switches is our reading: no source says what they open, and the careful answer is both.
The 81 dialect also tells a second layer of every protection, with a threshold, a release and a delay of its own, and of
currents a higher one with a shorter delay; a board reports it as the protection that it belongs to.
The alarm of a low state of charge opened nothing when it was tried.
"""

from collections.abc import Iterator
from typing import Final

from ..bms.alarm import Alarm
from .rules import BOTH, CHARGE, DISCHARGE, NEITHER, ProtectedQuantity, ProtectionRule, Reported, RuleSet, Side

_LEVELS: Final = (
    (Alarm.CELL_OVERVOLTAGE, ProtectedQuantity.CELL_HIGHEST, True, CHARGE),
    (Alarm.CELL_UNDERVOLTAGE, ProtectedQuantity.CELL_LOWEST, False, DISCHARGE),
    (Alarm.PACK_OVERVOLTAGE, ProtectedQuantity.PACK_VOLTAGE, True, CHARGE),
    (Alarm.PACK_UNDERVOLTAGE, ProtectedQuantity.PACK_VOLTAGE, False, DISCHARGE),
    (Alarm.CHARGE_OVERTEMPERATURE, ProtectedQuantity.HOTTEST, True, CHARGE),
    (Alarm.CHARGE_UNDERTEMPERATURE, ProtectedQuantity.COLDEST, False, CHARGE),
    (Alarm.DISCHARGE_OVERTEMPERATURE, ProtectedQuantity.HOTTEST, True, DISCHARGE),
    (Alarm.DISCHARGE_UNDERTEMPERATURE, ProtectedQuantity.COLDEST, False, DISCHARGE),
    (Alarm.CELL_IMBALANCE, ProtectedQuantity.CELL_SPREAD, True, BOTH),
    (Alarm.TEMPERATURE_IMBALANCE, ProtectedQuantity.TEMPERATURE_SPREAD, True, BOTH),
    (Alarm.MOSFET_OVERTEMPERATURE, ProtectedQuantity.POWER_STAGE, True, BOTH),
    (Alarm.SOC_LOW, ProtectedQuantity.SOC, False, NEITHER),
    (Alarm.SOC_HIGH, ProtectedQuantity.SOC, True, NEITHER),
)
_CURRENTS: Final = (
    (Alarm.CHARGE_OVERCURRENT, ProtectedQuantity.CHARGE_CURRENT, "max_charge_current", CHARGE),
    (Alarm.DISCHARGE_OVERCURRENT, ProtectedQuantity.DISCHARGE_CURRENT, "max_discharge_current", DISCHARGE),
)
_NOT_ALL_BOARDS_HAVE: Final = {Alarm.MOSFET_OVERTEMPERATURE, Alarm.SOC_LOW, Alarm.SOC_HIGH}
_WARNING: Final = "_warning"


def _second_layer(
    alarm: Alarm, quantity: ProtectedQuantity, blocks: frozenset[Side], *, above: bool, opposite: bool = False
) -> ProtectionRule:
    """Return the second layer of a protection; boards that do not tell it do not have it for us."""
    return ProtectionRule(
        protection=f"{alarm}_2",
        quantity=quantity,
        above=above,
        limit=f"{alarm}_2",
        reached=True,
        release=() if opposite else (f"{alarm}_2_release",),
        delay=f"{alarm}_2_delay",
        opposite=opposite,
        blocks=blocks,
        alarms=(alarm,),
        optional=True,
    )


def _warning(alarm: Alarm, quantity: ProtectedQuantity, *, above: bool, level_2: Alarm) -> ProtectionRule:
    return ProtectionRule(
        protection=alarm.value,
        quantity=quantity,
        above=above,
        limit=alarm.value,
        reached=True,
        # Level 2 takes its place in what the boards report.
        alarms=(alarm, level_2),
        optional=True,
    )


def _rules() -> Iterator[ProtectionRule]:
    for alarm, quantity, above, blocks in _LEVELS:
        yield ProtectionRule(
            protection=alarm.value,
            quantity=quantity,
            above=above,
            limit=alarm.value,
            reached=True,
            release=(f"{alarm}_release", f"{alarm}{_WARNING}"),
            delay=f"{alarm}_delay",
            blocks=blocks,
            alarms=(alarm,),
            optional=alarm in _NOT_ALL_BOARDS_HAVE,
        )
        yield _warning(Alarm(f"{alarm}{_WARNING}"), quantity, above=above, level_2=alarm)
        if blocks:
            yield _second_layer(alarm, quantity, blocks, above=above)
    for alarm, quantity, limit, blocks in _CURRENTS:
        yield ProtectionRule(
            protection=alarm.value,
            quantity=quantity,
            above=True,
            limit=limit,
            reached=True,
            delay=f"{alarm}_delay",
            opposite=True,
            blocks=blocks,
            alarms=(alarm,),
        )
        yield _warning(Alarm(f"{alarm}{_WARNING}"), quantity, above=True, level_2=alarm)
        yield _second_layer(alarm, quantity, blocks, above=True, opposite=True)


DALY: Final = RuleSet(
    rules=tuple(_rules()),
    reported=(Reported(protection="short_circuit", alarm=Alarm.SHORT_CIRCUIT, blocks=BOTH),),
    longest_gap=30.0,
    grace=20.0,
)
