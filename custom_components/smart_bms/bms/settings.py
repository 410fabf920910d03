"""Settings: the parameters stored in a pack, in one vocabulary for all makes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
import math
from types import MappingProxyType
from typing import Final, TypeIs

from .reading import Reading

type SettingValue = bool | int | float | str | tuple[float, ...]
type Same = Callable[[SettingValue | None, SettingValue | None], bool]

FORMULA: Final = "temperature_formula"
"""Key among the details of an identity, and the options of a family: how temperatures are calculated, where that is a choice."""

_SINGLE: Final = 2.0**-23
"""What a 32-bit float loses of a value, relatively."""
_DOUBLE: Final = 1e-12
"""What our own numbers lose."""
_SHARE: Final = 1e-6
"""Of the smallest step: no other value is that near."""


class Unit(StrEnum):
    """Unit of a parameter's value."""

    NONE = ""
    VOLT = "V"
    AMPERE = "A"
    AMPERE_HOUR = "Ah"
    WATT = "W"
    WATT_HOUR = "Wh"
    CELSIUS = "°C"
    OHM = "Ω"
    PERCENT = "%"
    SECOND = "s"
    MICROSECOND = "µs"
    MINUTE = "min"
    HOUR = "h"


class SettingKind(StrEnum):
    """What may be written to a parameter."""

    NUMBER = "number"
    SWITCH = "switch"
    CHOICE = "choice"
    TEXT = "text"
    COMMAND = "command"
    """Nothing: the write itself does something."""


class Proof(StrEnum):
    """What is known about writing a parameter."""

    PROVEN = "proven"
    """A real write was captured or tested."""
    EXPERIMENTAL = "experimental"
    """One source says so, or we infer it."""
    READ_ONLY = "read_only"
    """The pack, or its manual, does not let it be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A parameter that this pack has: what it is, and which values may be written."""

    key: str
    kind: SettingKind
    proof: Proof
    unit: Unit = Unit.NONE
    minimum: float = 0.0
    maximum: float = 0.0
    step: float = 1.0
    """Smallest difference that users may choose."""
    resolution: float | None = 1.0
    """Smallest difference that the wire can carry; None for a 32-bit float, or where `stored` tells."""
    stored: Callable[[float], float] | None = None
    """Returns what the pack keeps of a value, where that is not a multiple of the step."""
    special: float | None = None
    """A value beside the range and its steps that means something of its own, such as never."""
    options: tuple[str, ...] = ()
    """Values of a choice; the longest text as its length in `maximum`."""
    at_most: str = ""
    """Key of a parameter that it must not exceed."""
    dangerous: bool = False
    """A wrong value can harm the battery or cut off the loads: it needs confirmation."""
    procedure: bool = False
    """It must only be written in the course of a calibration."""
    personal: bool = False
    """The owner's own words: kept out of events, profiles and diagnostics."""
    moves: bool = False
    """The pack changes it by itself: no sign that somebody else did."""
    shown: bool = False
    """Worth a sensor of its own: it may not be writable, and people want to see it."""
    passes: Callable[[SettingValue, SettingValue], bool] | None = None
    """Tells whether there is a safe way from one value to another, for what is written in parts."""
    clears_history: bool = False
    """Whatever its value: writing it makes the pack forget what it counted, and guess its state of charge anew."""
    also_changes: frozenset[str] = frozenset()
    """Keys of what the pack sets by itself when this is written."""
    hidden: Callable[[Reading], bool] | None = None
    """Tells whether something now hides what a write would have to know."""
    seen: Callable[[Reading], SettingValue | None] | None = None
    """Shows the effect in a reading, for what the settings do not hold."""
    tolerance: float = 0.0
    """How far what is seen may be from what was written."""

    def kept(self, value: SettingValue | None) -> SettingValue | None:
        """Return what the pack keeps of a value that may be written."""
        return self.stored(value) if self.stored is not None and _is_number(value) else value

    def same(self, one: SettingValue | None, other: SettingValue | None) -> bool:
        """Return whether two values are the same: what was stored may only differ from what was written as floats do."""
        if _is_number(one) and _is_number(other):
            if self.resolution is None:
                return math.isclose(one, other, rel_tol=_SINGLE, abs_tol=_SHARE * self.step)
            return math.isclose(one, other, rel_tol=_DOUBLE, abs_tol=_SHARE * self.resolution)
        return one == other and type(one) is type(other)

    def nearer(self, old: SettingValue | None, wanted: SettingValue | None) -> Same:
        """Return what tells whether a reading shows one of two values: near to it, and nearer than to the other."""
        way = abs(wanted - old) / 2 if _is_number(old) and _is_number(wanted) else self.tolerance

        def shows(found: SettingValue | None, value: SettingValue | None) -> bool:
            if not (_is_number(found) and _is_number(value)):
                return self.same(found, value)
            return abs(found - value) <= min(self.tolerance, way)

        return shows


def _is_number(value: object) -> TypeIs[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The parameter values that a pack stated, by key; what it does not have is not in `values`."""

    measured_at: float
    """Monotonic time in seconds at which the frame was complete."""
    variant: str
    values: Mapping[str, SettingValue]
    apart: frozenset[str] = frozenset()
    """Keys of values that came in another frame."""
    apart_at: float = 0.0
    """Monotonic time in seconds at which that one was complete."""

    @property
    def oldest(self) -> float:
        """Return the monotonic time in seconds since which nothing here is older."""
        return min(self.measured_at, self.apart_at) if self.apart else self.measured_at

    def read_at(self, key: str) -> float:
        """Return the monotonic time in seconds at which the pack stated this value."""
        return self.apart_at if key in self.apart else self.measured_at


type Chain = tuple[str, ...]
"""Keys of parameters whose values must strictly fall from each to the next; a pack may lack some of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All that can be set on one pack."""

    settings: Mapping[str, Setting]
    known: frozenset[str]
    """What packs of this variant can have, this one or another."""
    chains: tuple[Chain, ...] = ()
    may_equal: frozenset[str] = frozenset()
    """Keys whose value may also be the same as the one above it in a chain."""
    pack_limits: Mapping[str, str] = MappingProxyType({})
    """By key of a limit of the pack, the limit of a cell that it must fit to."""
    advised_balance_trigger: float | None = None
    """V; what the vendor advises, None for the common rule."""
    presets: Mapping[str, Mapping[str, SettingValue]]
    """By chemistry, the values that the vendor's manual gives for a pack of this model."""
