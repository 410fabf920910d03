"""What a Daly board warns of (level 1) and protects from (level 2), whatever dialect it is asked in.

Boards that are told no release let go strictly inside of the warning.
"""

from dataclasses import replace
from functools import partial
import operator
from typing import ClassVar, Final, override

from ..gauges import (
    CELL_SPREAD,
    CHARGE,
    COLDEST,
    DISCHARGE,
    HOTTEST,
    MAX_CELL,
    MIN_CELL,
    PACK_HIGH,
    PACK_LOW,
    POWER_STAGE,
    SOC_HIGH,
    SOC_LOW,
    TEMPERATURE_SPREAD,
)
from ..latch import Latch
from ..protections import Case, Protections, Rule, passes


def _reversed(case: Case) -> bool:
    """Tell that the current flows the other way."""
    return case.value < 0


_rule: Final = partial(Rule, trips=operator.ge, ends=passes(operator.lt, "_release", "_warning"))
_overcurrent: Final = partial(Rule, trips=operator.ge, ends=_reversed)

_PROTECTIONS: Final = (
    _rule(name="cell_overvoltage", gauge=MAX_CELL, charge=True),
    _rule(name="cell_undervoltage", gauge=MIN_CELL, discharge=True),
    _rule(name="pack_overvoltage", gauge=PACK_HIGH, charge=True),
    _rule(name="pack_undervoltage", gauge=PACK_LOW, discharge=True),
    _rule(name="charge_overtemperature", gauge=HOTTEST, charge=True),
    _rule(name="charge_undertemperature", gauge=COLDEST, charge=True),
    _rule(name="discharge_overtemperature", gauge=HOTTEST, discharge=True),
    _rule(name="discharge_undertemperature", gauge=COLDEST, discharge=True),
    _overcurrent(name="charge_overcurrent", gauge=CHARGE, limit="max_charge_current", charge=True),
    _overcurrent(name="discharge_overcurrent", gauge=DISCHARGE, limit="max_discharge_current", discharge=True),
    _rule(name="cell_imbalance", gauge=CELL_SPREAD, charge=True, discharge=True),
    _rule(name="temperature_imbalance", gauge=TEMPERATURE_SPREAD, charge=True, discharge=True),
    _rule(name="mosfet_overtemperature", gauge=POWER_STAGE, charge=True, discharge=True),
    _rule(name="soc_high", gauge=SOC_HIGH),
    _rule(name="soc_low", gauge=SOC_LOW),
)
_LAYER: Final = "_2"
# Another one behind each that opens a switch, with its own threshold, release and delay.
_SECOND_LAYER: Final = tuple(
    replace(
        rule,
        name=f"{rule.name}{_LAYER}",
        limit="",
        ends=_reversed if rule.ends is _reversed else passes(operator.lt, "_release"),
    )
    for rule in _PROTECTIONS
    if rule.charge or rule.discharge
)
# A warning has no release and no delay of its own: it is on while its level is reached.
_WARNINGS: Final = tuple(
    Rule(name=f"{rule.name}_warning", gauge=rule.gauge, trips=operator.ge, ends=passes(operator.lt))
    for rule in _PROTECTIONS
)


class DalyProtections(Protections):
    """The warnings and protections of a Daly board."""

    rules: ClassVar[tuple[Rule, ...]] = (*_WARNINGS, *_PROTECTIONS, *_SECOND_LAYER)

    @property
    @override
    def alarms(self) -> frozenset[str]:
        """Names of what has tripped: the second layer is reported as the protection that it belongs to."""
        return frozenset(name.removesuffix(_LAYER) for name in super().alarms)

    def restart(self) -> None:
        """Forget all but overcurrents, which only a current the other way takes back."""
        for rule in self.rules:
            if rule.ends is not _reversed:
                self.latches[rule.name] = Latch()
