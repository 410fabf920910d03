"""Rules: a protection with its thresholds, in one form for all makes, and what a family's packs go by."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ..bms.alarm import Alarm

type Numbers = Mapping[str, float | None]
"""Values by key; None is what nobody knows."""


class Side(StrEnum):
    """What a protection blocks."""

    CHARGE = "charge"
    DISCHARGE = "discharge"


BOTH: Final = frozenset(Side)
CHARGE: Final = frozenset({Side.CHARGE})
DISCHARGE: Final = frozenset({Side.DISCHARGE})
NEITHER: Final[frozenset[Side]] = frozenset()


class ProtectedQuantity(StrEnum):
    """What rules look at."""

    CELL_HIGHEST = "cell_highest"
    CELL_LOWEST = "cell_lowest"
    CELL_SPREAD = "cell_spread"
    PACK_VOLTAGE = "pack_voltage"
    CHARGE_CURRENT = "charge_current"
    DISCHARGE_CURRENT = "discharge_current"
    HOTTEST = "hottest"
    COLDEST = "coldest"
    TEMPERATURE_SPREAD = "temperature_spread"
    POWER_STAGE = "power_stage"
    SOC = "soc"

    @property
    def unit(self) -> str:
        """Unit of the quantity, its limits and its margins."""
        return _UNITS[self][0]

    def comfortable(self, limit: float) -> float:
        """Return the margin to a limit that counts as comfortable: by it the distances to unlike limits are compared."""
        _, margin, share = _UNITS[self]
        return margin or max(abs(limit) * share, 0.001)

    @property
    def of_probes(self) -> bool:
        """Whether a pack may be built without what measures it."""
        return self in _OF_PROBES


# Unit, comfortable margin, or that as a share of the limit.
_UNITS: Final = {
    ProtectedQuantity.CELL_HIGHEST: ("V", 0.3, 0.0),
    ProtectedQuantity.CELL_LOWEST: ("V", 0.5, 0.0),
    ProtectedQuantity.CELL_SPREAD: ("V", 0.0, 1.0),
    ProtectedQuantity.PACK_VOLTAGE: ("V", 0.0, 0.1),
    ProtectedQuantity.CHARGE_CURRENT: ("A", 0.0, 1.0),
    ProtectedQuantity.DISCHARGE_CURRENT: ("A", 0.0, 1.0),
    ProtectedQuantity.HOTTEST: ("°C", 25.0, 0.0),
    ProtectedQuantity.COLDEST: ("°C", 15.0, 0.0),
    ProtectedQuantity.TEMPERATURE_SPREAD: ("°C", 0.0, 1.0),
    ProtectedQuantity.POWER_STAGE: ("°C", 30.0, 0.0),
    ProtectedQuantity.SOC: ("%", 50.0, 0.0),
}
_OF_PROBES: Final = frozenset(
    {
        ProtectedQuantity.HOTTEST,
        ProtectedQuantity.COLDEST,
        ProtectedQuantity.TEMPERATURE_SPREAD,
        ProtectedQuantity.POWER_STAGE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionRule:
    """One protection, or one warning, of a family. Names of parameters are keys of `Settings.values`."""

    protection: str
    """The key that users see; that of the alarm by which the pack reports it, if it does."""
    quantity: ProtectedQuantity
    above: bool
    """It trips above its limit, not below."""
    limit: str
    reached: bool = False
    """It trips when the limit is reached, not only beyond it."""
    release: tuple[str, ...] = ()
    """Parameters that hold the release, of which the first that the pack has counts. None: as soon as it no longer trips,
    unless one of the next two says otherwise."""
    release_reached: bool = False
    """It releases when that is reached."""
    release_after: str = ""
    """Parameter with the seconds from trip to release."""
    opposite: bool = False
    """It holds until current flows the other way."""
    delay: str = ""
    """Parameter with the seconds that the condition must last; a pack without it has no delay."""
    only_charging: bool = False
    """It trips only while the pack is being charged."""
    blocks: frozenset[Side] = NEITHER
    alarms: tuple[Alarm, ...] = ()
    """By which the pack reports it; empty for what it never reports."""
    optional: bool = False
    """A pack that does not state the limit does not have the protection."""
    powers_off: bool = False
    """The pack switches itself off and vanishes."""

    @property
    def is_warning(self) -> bool:
        """Whether it only warns."""
        return not self.blocks

    @property
    def latches(self) -> bool:
        """Whether it may stay tripped without its condition."""
        return bool(self.release or self.release_after or self.opposite)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A protection that nobody can see coming: only the pack says when it trips."""

    protection: str
    alarm: Alarm
    blocks: frozenset[Side]
    release_after: str = ""


class Comparison(StrEnum):
    """How a quantity is compared with a parameter."""

    BELOW = "<"
    AT_MOST = "<="
    ABOVE = ">"
    AT_LEAST = ">="


@dataclass(frozen=True, slots=True)
class Condition:
    """A quantity against a parameter, of which the first that the pack has counts."""

    name: str
    """The key by which it is given as a reason."""
    quantity: ProtectedQuantity
    comparison: Comparison
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RelayTable:
    """When a relay opens (any condition) and when it closes again (all of them); in between it stays."""

    off: tuple[Condition, ...]
    on: tuple[Condition, ...]


type Relays = Mapping[Side, RelayTable]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """What the packs of a variant go by."""

    rules: tuple[ProtectionRule, ...] = ()
    reported: tuple[Reported, ...] = ()
    relays: Mapping[bool, Relays] | None = None
    """By mode (critical or not): who decides in place of the rules alone."""
    follows_report: bool = False
    """What lies between its limits is not public: there the pack's word counts, and nothing is a disagreement."""
    longest_gap: float
    """Seconds without a reading after which nothing is known any more."""
    grace: float
    """Seconds for which mirror and pack may differ."""
    max_charge_current: str = "max_charge_current"
    max_discharge_current: str = "max_discharge_current"

    def __bool__(self) -> bool:
        """Return whether there is anything to mirror."""
        return bool(self.rules)
