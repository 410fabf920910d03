"""How a board's protections work, whatever its make: tables of rules, evaluated with every measurement.

A limit, a delay or a release is found under the name of its rule; what is not found does not exist.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from .gauges import Gauge
from .latch import Latch
from .measurement import Measurement

type Comparison = Callable[[int, int], bool]
"""Of a reading with a limit, in counts that rise towards the danger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One protection."""

    name: str
    gauge: Gauge
    trips: Comparison
    ends: Ending
    limit: str = ""
    """Key of the limit where it is not the name."""
    charge: bool = False
    """Blocks charging."""
    discharge: bool = False
    """Blocks discharging."""
    only_charging: bool = False
    """Trips only while a charge current flows."""


class Case(NamedTuple):
    """A protection that tripped, when it is evaluated."""

    rule: Rule
    latch: Latch
    limits: Mapping[str, float]
    value: int
    wrong: bool
    """What it tripped for is there."""


type Ending = Callable[[Case], bool]
"""Tells whether a protection that tripped is over."""


def passes(comparison: Comparison, *endings: str) -> Ending:
    """Return what is over when the reading is past its release, the first of these that there is, and nothing is wrong."""

    def over(case: Case) -> bool:
        if case.wrong:
            return False
        levels = (case.rule.gauge.level(case.limits, case.rule.name + ending) for ending in endings)
        release = next((level for level in levels if level is not None), None)
        return release is None or comparison(case.value, release)

    return over


def timed(case: Case) -> bool:
    """Tell that the time of the release is up, whatever flows now."""
    release = case.limits.get(f"{case.rule.name}_release")
    return not case.wrong if release is None else case.latch.lasted(release)


class Protections:
    """The protections of a board. This one has none."""

    rules: ClassVar[tuple[Rule, ...]] = ()

    def __init__(self, limits: Mapping[str, float]) -> None:
        """`limits` are in V, A, °C, % and s; they are looked up with every measurement."""
        self.limits = limits
        self.latches = {rule.name: Latch() for rule in self.rules}
        self.powered_off = False
        """The board has switched itself off."""

    def evaluate(self, seconds: float, measured: Measurement) -> None:
        """Evaluate all rules with what is measured now, so many seconds after the measurement before."""
        for rule in self.rules:
            self._judge(rule, seconds, measured)

    @property
    def alarms(self) -> frozenset[str]:
        """Names of what has tripped."""
        return frozenset(name for name, latch in self.latches.items() if latch.tripped)

    @property
    def charge_blocked(self) -> bool:
        """Nothing may be charged."""
        return self.powered_off or any(rule.charge and self.latches[rule.name].tripped for rule in self.rules)

    @property
    def discharge_blocked(self) -> bool:
        """Nothing may be discharged."""
        return self.powered_off or any(rule.discharge and self.latches[rule.name].tripped for rule in self.rules)

    def _judge(self, rule: Rule, seconds: float, measured: Measurement) -> None:
        latch, limits = self.latches[rule.name], self.limits
        latch.wait(seconds)
        limit = rule.gauge.level(limits, rule.limit or rule.name)
        if limit is None:
            latch.let_go(wrong=False)
            return
        value = rule.gauge.read(measured)
        wrong = value is not None and rule.trips(value, limit) and (measured.current > 0 or not rule.only_charging)
        if not latch.tripped:
            latch.watch(wrong=wrong, delay=limits.get(f"{rule.name}_delay", 0.0))
        elif value is not None and rule.ends(Case(rule, latch, limits, value, wrong)):
            latch.let_go(wrong=wrong)
