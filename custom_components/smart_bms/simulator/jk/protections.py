"""What a JK board protects from, as the vendor's manuals say."""

from functools import partial
import operator
from typing import ClassVar, Final, override

from ..gauges import CHARGE, COLDEST, DISCHARGE, HOTTEST, MAX_CELL, MIN_CELL, POWER_STAGE
from ..measurement import Measurement
from ..protections import Protections, Rule, passes, timed

_rule: Final = partial(Rule, trips=operator.gt, ends=passes(operator.lt, "_release"))


class JkProtections(Protections):
    """The protections of a JK board, and its shutdown."""

    rules: ClassVar[tuple[Rule, ...]] = (
        _rule(name="cell_undervoltage", gauge=MIN_CELL, discharge=True),
        _rule(name="cell_overvoltage", gauge=MAX_CELL, charge=True),
        _rule(name="charge_overcurrent", gauge=CHARGE, limit="max_charge_current", charge=True, ends=timed),
        _rule(name="discharge_overcurrent", gauge=DISCHARGE, limit="max_discharge_current", discharge=True, ends=timed),
        _rule(name="charge_overtemperature", gauge=HOTTEST, charge=True, only_charging=True),
        _rule(name="charge_undertemperature", gauge=COLDEST, charge=True, only_charging=True),
        _rule(name="discharge_overtemperature", gauge=HOTTEST, discharge=True),
        _rule(name="discharge_undertemperature", gauge=COLDEST, discharge=True),
        _rule(name="mosfet_overtemperature", gauge=POWER_STAGE, charge=True, discharge=True),
    )

    @override
    def evaluate(self, seconds: float, measured: Measurement) -> None:
        """Take what is measured now. An empty cell switches the board off, a charger that has filled it on again."""
        super().evaluate(seconds, measured)
        key = "cell_undervoltage_release" if self.powered_off else "power_off_voltage"
        # Below every cell if there is no such limit: never off, and woken by any charger.
        threshold, lowest = round(self.limits.get(key, -1.0) * 1000), min(measured.cells)
        self.powered_off = (
            not (measured.current > 0 and lowest > threshold) if self.powered_off else lowest <= threshold
        )
