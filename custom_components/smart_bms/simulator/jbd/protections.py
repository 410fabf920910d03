"""What a JBD board protects from: a limit counts when it is reached, and so does a release."""

from functools import partial
import operator
from typing import ClassVar, Final

from ..gauges import CHARGE, COLDEST, DISCHARGE, HOTTEST, MAX_CELL, MIN_CELL, PACK_HIGH, PACK_LOW
from ..protections import Protections, Rule, passes, timed

_rule: Final = partial(Rule, trips=operator.ge, ends=passes(operator.le, "_release"))


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
        _rule(name="charge_overcurrent", gauge=CHARGE, limit="max_charge_current", charge=True, ends=timed),
        _rule(name="discharge_overcurrent", gauge=DISCHARGE, limit="max_discharge_current", discharge=True, ends=timed),
    )
