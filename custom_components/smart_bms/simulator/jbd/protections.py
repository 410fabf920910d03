"""What a JBD board protects from: a limit counts when it is reached, and so does a release."""

from functools import partial
import operator
from typing import ClassVar, Final, override

from ..gauges import CHARGE, COLDEST, DISCHARGE, HOTTEST, MAX_CELL, MIN_CELL, PACK_HIGH, PACK_LOW
from ..protections import Case, Ending, Protections, Rule, passes, timed

_rule: Final = partial(Rule, trips=operator.ge, ends=passes(operator.le, "_release"))


_HARDWARE: Final = "hardware_"
_chip: Final = partial(Rule, trips=operator.ge)


def _let_go_by(name: str) -> Ending:
    """Return that a protection of the measurement chip ends with the release of the one in the software."""

    def over(case: Case) -> bool:
        release = case.rule.gauge.level(case.limits, f"{name}_release")
        return not case.wrong and (release is None or case.value <= release)

    return over


class JbdProtections(Protections):
    """The protections of a JBD board."""

    rules: ClassVar[tuple[Rule, ...]] = (
        _rule(name="cell_overvoltage", gauge=MAX_CELL, charge=True),
        _rule(name="cell_undervoltage", gauge=MIN_CELL, discharge=True),
        _rule(name="pack_overvoltage", gauge=PACK_HIGH, charge=True),
        _rule(name="pack_undervoltage", gauge=PACK_LOW, discharge=True),
        _rule(name="charge_overtemperature", gauge=HOTTEST, charge=True),
        _rule(name="charge_undertemperature", gauge=COLDEST, charge=True),
        _rule(name="discharge_overtemperature", gauge=HOTTEST, discharge=True),
        _rule(name="discharge_undertemperature", gauge=COLDEST, discharge=True),
        _chip(name="hardware_cell_overvoltage", gauge=MAX_CELL, charge=True, ends=_let_go_by("cell_overvoltage")),
        _chip(name="hardware_cell_undervoltage", gauge=MIN_CELL, discharge=True, ends=_let_go_by("cell_undervoltage")),
        _rule(name="charge_overcurrent", gauge=CHARGE, limit="max_charge_current", charge=True, ends=timed),
        _rule(name="discharge_overcurrent", gauge=DISCHARGE, limit="max_discharge_current", discharge=True, ends=timed),
    )

    @property
    @override
    def alarms(self) -> frozenset[str]:
        """Names of what has tripped: the measurement chip is reported as the software is."""
        return frozenset(name.removeprefix(_HARDWARE) for name in super().alarms)
