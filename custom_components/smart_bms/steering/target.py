"""Targets: the entities of chargers and inverters that follow a battery, and how each is written."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
import hashlib
import json
import math
from typing import Any, Final, Self

from ..bms.stored_values import number, text, whole
from ..protection.rules import Side


class TargetKind(StrEnum):
    """What an entity sets."""

    CHARGE_CURRENT = "charge_current"
    CHARGE_VOLTAGE = "charge_voltage"
    DISCHARGE_CURRENT = "discharge_current"
    CHARGE_SWITCH = "charge_switch"
    DISCHARGE_SWITCH = "discharge_switch"

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off."""
        return self in _SWITCHES

    @property
    def side(self) -> Side:
        """Which side it limits."""
        return Side.DISCHARGE if self in _OF_DISCHARGE else Side.CHARGE


_SWITCHES: Final = frozenset({TargetKind.CHARGE_SWITCH, TargetKind.DISCHARGE_SWITCH})
_OF_DISCHARGE: Final = frozenset({TargetKind.DISCHARGE_CURRENT, TargetKind.DISCHARGE_SWITCH})
ORDER: Final = (
    TargetKind.CHARGE_SWITCH,
    TargetKind.DISCHARGE_SWITCH,
    TargetKind.CHARGE_VOLTAGE,
    TargetKind.CHARGE_CURRENT,
    TargetKind.DISCHARGE_CURRENT,
)
"""In which order targets are written when limits fall; backwards when they rise."""


class Unit(StrEnum):
    """In what an entity is set."""

    AMPERE = "A"
    WATT = "W"
    PERCENT = "%"
    VOLT = "V"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One entity, and how it is written. A switch has no unit, step or scale."""

    entity: str
    kind: TargetKind
    unit: Unit = Unit.AMPERE
    scale: float = 1.0
    """What the value is multiplied by; for a target in %: the A that 100 % stand for."""
    minimum: float = 0.0
    """Lowest value of the entity; of a switch: A below which it is off."""
    maximum: float = math.inf
    """Highest value that is ever written."""
    step: float = 1.0
    smallest_change: float = 1.0
    """In the unit of the entity: less is not worth a write."""
    interval: float = 30.0
    """s between two writes; a limit that falls by much does not wait."""
    share: float = 100.0
    """% of the battery's limit that is this device's."""
    writes_per_day: int = 400
    """After so many writes a day it is only written to fall."""
    on_option: str = ""
    """Of a select: the option that stands for on."""
    off_option: str = ""
    entity_unit: str = ""
    """Unit that the entity stated when it was chosen: with another one its values are not understood."""

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """Return a target as it was stored. Raises KeyError, TypeError or ValueError if it is broken."""
        known: dict[str, Any] = {key: number(stored[key]) for key in _NUMBERS if stored.get(key) is not None}
        known |= {key: text(stored[key]) for key in _TEXTS if key in stored}
        if "writes_per_day" in stored:
            known["writes_per_day"] = whole(stored["writes_per_day"])
        kind, unit = TargetKind(stored["kind"]), Unit(stored.get("unit", Unit.AMPERE))
        return cls(entity=text(stored["entity"]), kind=kind, unit=unit, **known)

    def as_dict(self) -> dict[str, Any]:
        """Return what is stored; JSON knows no infinity."""
        stored = asdict(self) | {"kind": self.kind.value, "unit": self.unit.value}
        return {key: value for key, value in stored.items() if value != math.inf}

    def effective(self, shown: float) -> float:
        """Return how much a shown value lets pass: -1 A, -1 W and 0 V stand for no limit (Victron's D-Bus settings)."""
        if self.kind.is_switch:
            return shown
        is_none = shown < 0 or (shown == 0 and self.kind is TargetKind.CHARGE_VOLTAGE and self.minimum > 0)
        return math.inf if is_none else shown


_NUMBERS: Final = ("scale", "minimum", "maximum", "step", "smallest_change", "interval", "share")
_TEXTS: Final = ("entity_unit", "on_option", "off_option")


def fingerprint(targets: Iterable[Target]) -> str:
    """Return what tells one set of targets from another: what was looked at before is not what was changed since."""
    # As they are read back: 10 and 10.0 are one.
    stored = [Target.from_dict(target.as_dict()).as_dict() for target in targets]
    text = json.dumps(stored, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def problems(target: Target) -> list[str]:
    """Return the codes of what is wrong with how a target is to be written."""
    found = {
        "maximum_below_minimum": target.maximum < target.minimum,
        "share_out_of_range": not 0 < target.share <= 100,
        "scale_not_positive": target.scale <= 0,
        "unit_for_voltage": (target.kind is TargetKind.CHARGE_VOLTAGE) is not (target.unit is Unit.VOLT)
        and not target.kind.is_switch,
        # 100 % of one ampere is what nobody means.
        "amperes_for_percent": target.unit is Unit.PERCENT and target.scale <= 1,
        "same_option": bool(target.on_option or target.off_option) and target.on_option == target.off_option,
    }
    return [code for code, is_wrong in found.items() if is_wrong]
