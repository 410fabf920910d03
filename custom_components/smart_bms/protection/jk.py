"""JK's rules, as its manuals give them.

Charge protections against heat and cold trip only while charging; all comparisons are strict but that of the shutdown.
A delay of the voltage protections is documented nowhere.
"""

from typing import Final

from ..bms.alarm import Alarm
from .rules import BOTH, CHARGE, DISCHARGE, Quantity, Reported, Rule, RuleSet

_RULES: Final = (
    Rule(
        protection="cell_overvoltage",
        quantity=Quantity.CELL_HIGHEST,
        above=True,
        limit="cell_overvoltage",
        release=("cell_overvoltage_release",),
        blocks=CHARGE,
        alarms=(Alarm.CELL_OVERVOLTAGE, Alarm.PACK_OVERVOLTAGE),
    ),
    Rule(
        protection="cell_undervoltage",
        quantity=Quantity.CELL_LOWEST,
        above=False,
        limit="cell_undervoltage",
        release=("cell_undervoltage_release",),
        blocks=DISCHARGE,
        alarms=(Alarm.CELL_UNDERVOLTAGE, Alarm.PACK_UNDERVOLTAGE),
    ),
    Rule(
        protection="charge_overcurrent",
        quantity=Quantity.CHARGE_CURRENT,
        above=True,
        limit="max_charge_current",
        delay="charge_overcurrent_delay",
        release_after="charge_overcurrent_release",
        blocks=CHARGE,
        alarms=(Alarm.CHARGE_OVERCURRENT,),
    ),
    Rule(
        protection="discharge_overcurrent",
        quantity=Quantity.DISCHARGE_CURRENT,
        above=True,
        limit="max_discharge_current",
        delay="discharge_overcurrent_delay",
        release_after="discharge_overcurrent_release",
        blocks=DISCHARGE,
        alarms=(Alarm.DISCHARGE_OVERCURRENT,),
    ),
    Rule(
        protection="charge_overtemperature",
        quantity=Quantity.HOTTEST,
        above=True,
        limit="charge_overtemperature",
        release=("charge_overtemperature_release",),
        only_charging=True,
        blocks=CHARGE,
        alarms=(Alarm.CHARGE_OVERTEMPERATURE,),
    ),
    Rule(
        protection="discharge_overtemperature",
        quantity=Quantity.HOTTEST,
        above=True,
        limit="discharge_overtemperature",
        release=("discharge_overtemperature_release",),
        blocks=DISCHARGE,
        alarms=(Alarm.DISCHARGE_OVERTEMPERATURE,),
    ),
    Rule(
        protection="charge_undertemperature",
        quantity=Quantity.COLDEST,
        above=False,
        limit="charge_undertemperature",
        release=("charge_undertemperature_release",),
        only_charging=True,
        blocks=CHARGE,
        alarms=(Alarm.CHARGE_UNDERTEMPERATURE,),
    ),
    Rule(
        protection="discharge_undertemperature",
        quantity=Quantity.COLDEST,
        above=False,
        limit="discharge_undertemperature",
        release=("discharge_undertemperature_release",),
        blocks=DISCHARGE,
        alarms=(Alarm.DISCHARGE_UNDERTEMPERATURE,),
        optional=True,
    ),
    Rule(
        protection="mosfet_overtemperature",
        quantity=Quantity.POWER_STAGE,
        above=True,
        limit="mosfet_overtemperature",
        release=("mosfet_overtemperature_release",),
        blocks=BOTH,
        alarms=(Alarm.MOSFET_OVERTEMPERATURE,),
    ),
    Rule(
        protection="automatic_shutdown",
        quantity=Quantity.CELL_LOWEST,
        above=False,
        reached=True,
        limit="power_off_voltage",
        blocks=BOTH,
        powers_off=True,
    ),
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
