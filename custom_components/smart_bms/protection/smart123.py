r"""123\SmartBMS: the lamps, and the decision tables by which its two relays are set, in both modes, as the manual has them.

The manual is that of generations 1 and 2. Generation 3 has delays and a hysteresis that nobody has published: what the
tables forbid is taken for forbidden there too, everything else is left to the pack's own word.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ..bms.alarm import Alarm
from .rules import (
    BOTH,
    CHARGE,
    DISCHARGE,
    Comparison,
    Condition,
    Numbers,
    ProtectedQuantity,
    ProtectionRule,
    Relays,
    RelayTable,
    Reported,
    RuleSet,
    Side,
)

BYPASS: Final = "balance_start_voltage"
V_MIN: Final = "cell_undervoltage"
V_MAX: Final = "cell_overvoltage"
T_MAX: Final = "cell_overtemperature"
T_MIN: Final = {
    Side.CHARGE: ("charge_undertemperature",),
    # Earlier generations have one for both.
    Side.DISCHARGE: ("discharge_undertemperature", "charge_undertemperature"),
}
RESTARTS: Final = {Side.CHARGE: "charge_restart_soc", Side.DISCHARGE: "discharge_restart_soc"}

_HOT: Final = Condition("cell_overtemperature", ProtectedQuantity.HOTTEST, Comparison.ABOVE, (T_MAX,))
_NOT_HOT: Final = Condition("cell_overtemperature", ProtectedQuantity.HOTTEST, Comparison.BELOW, (T_MAX,))
_HIGH: Final = Condition("cell_overvoltage", ProtectedQuantity.CELL_HIGHEST, Comparison.AT_LEAST, (V_MAX,))
_LOW: Final = Condition("cell_undervoltage", ProtectedQuantity.CELL_LOWEST, Comparison.AT_MOST, (V_MIN,))
_FULL: Final = Condition("pack_full", ProtectedQuantity.CELL_LOWEST, Comparison.AT_LEAST, (BYPASS,))


def _cold(side: Side, comparison: Comparison) -> Condition:
    return Condition(f"{side}_undertemperature", ProtectedQuantity.COLDEST, comparison, T_MIN[side])


def _table(side: Side, off: tuple[Condition, ...], on: tuple[Condition, ...]) -> RelayTable:
    return RelayTable(
        (*off, _cold(side, Comparison.BELOW), _HOT),
        (*on, _cold(side, Comparison.ABOVE), _NOT_HOT),
    )


_RESTARTS_CHARGE: Final = (
    Condition("cells_above_bypass", ProtectedQuantity.CELL_HIGHEST, Comparison.BELOW, (BYPASS,)),
    Condition("charge_restart", ProtectedQuantity.SOC, Comparison.BELOW, (RESTARTS[Side.CHARGE],)),
)
_NOT_LOW: Final = Condition("cell_undervoltage", ProtectedQuantity.CELL_LOWEST, Comparison.ABOVE, (V_MIN,))
_RESTARTS_DISCHARGE: Final = (
    _NOT_LOW,
    Condition("discharge_restart", ProtectedQuantity.SOC, Comparison.AT_LEAST, (RESTARTS[Side.DISCHARGE],)),
)
_NOT_HIGH: Final = Condition("cell_overvoltage", ProtectedQuantity.CELL_HIGHEST, Comparison.BELOW, (V_MAX,))

RELAYS: Final[Mapping[bool, Relays]] = {
    False: {
        Side.CHARGE: _table(Side.CHARGE, (_HIGH, _FULL), _RESTARTS_CHARGE),
        Side.DISCHARGE: _table(Side.DISCHARGE, (_LOW,), _RESTARTS_DISCHARGE),
    },
    True: {
        Side.CHARGE: _table(Side.CHARGE, (_HIGH,), (_NOT_HIGH,)),
        Side.DISCHARGE: _table(Side.DISCHARGE, (_LOW,), (_NOT_LOW,)),
    },
}
"""By critical mode."""


def contradictions(values: Numbers) -> tuple[tuple[str, str], ...]:
    """Return the pairs of parameters of which the first must be above the second and is not: nothing can be judged by them."""
    pairs = ((V_MAX, BYPASS), (BYPASS, V_MIN), (T_MAX, T_MIN[Side.CHARGE][0]))
    return tuple(
        (high, low)
        for high, low in pairs
        if (above := values.get(high)) is not None and (below := values.get(low)) is not None and above <= below
    )


def _lamp(  # noqa: PLR0913
    protection: str,
    quantity: ProtectedQuantity,
    limit: str,
    alarms: tuple[Alarm, ...],
    blocks: frozenset[Side],
    *,
    above: bool,
    optional: bool = False,
) -> ProtectionRule:
    """Return a rule without hysteresis: equality trips voltages, not temperatures."""
    return ProtectionRule(
        protection=protection,
        quantity=quantity,
        above=above,
        limit=limit,
        reached=quantity.unit == "V",
        alarms=alarms,
        blocks=blocks,
        optional=optional,
    )


_LAMPS: Final = (
    _lamp("cell_overvoltage", ProtectedQuantity.CELL_HIGHEST, V_MAX, (Alarm.CELL_OVERVOLTAGE,), CHARGE, above=True),
    _lamp(
        "cell_undervoltage", ProtectedQuantity.CELL_LOWEST, V_MIN, (Alarm.CELL_UNDERVOLTAGE,), DISCHARGE, above=False
    ),
    _lamp("cell_overtemperature", ProtectedQuantity.HOTTEST, T_MAX, (Alarm.CELL_OVERTEMPERATURE,), BOTH, above=True),
)
_T_MIN_OF_BOTH: Final = _lamp(
    "cell_undertemperature",
    ProtectedQuantity.COLDEST,
    T_MIN[Side.CHARGE][0],
    (Alarm.CELL_UNDERTEMPERATURE,),
    BOTH,
    above=False,
)
_T_MIN_OF_EACH: Final = tuple(
    _lamp(
        f"{side}_undertemperature",
        ProtectedQuantity.COLDEST,
        T_MIN[side][0],
        (Alarm(f"{side}_undertemperature"),),
        blocks,
        above=False,
    )
    for side, blocks in ((Side.CHARGE, CHARGE), (Side.DISCHARGE, DISCHARGE))
)
_EARLY_WARNING: Final = replace(
    _lamp(
        "early_warning", ProtectedQuantity.CELL_LOWEST, "low_cell_voltage", (Alarm.EARLY_WARNING,), CHARGE, above=False
    ),
    blocks=frozenset(),
    optional=True,
)
_COMMUNICATION: Final = Reported(
    protection="cell_communication_fault", alarm=Alarm.CELL_COMMUNICATION_FAULT, blocks=BOTH
)

SMART123: Final = RuleSet(
    rules=(*_LAMPS, _T_MIN_OF_BOTH),
    reported=(_COMMUNICATION,),
    relays=RELAYS,
    longest_gap=20.0,
    grace=3.0,
)
SMART123_GENERATION_3: Final = RuleSet(
    rules=(*_LAMPS, *_T_MIN_OF_EACH, _EARLY_WARNING),
    reported=(_COMMUNICATION,),
    relays=RELAYS,
    follows_report=True,
    longest_gap=20.0,
    grace=3.0,
)
