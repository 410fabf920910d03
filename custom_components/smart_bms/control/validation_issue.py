"""Validation issues: problems with a change, or with the parameters of a pack, to be translated later."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from ..bms.settings import Setting, SettingValue


class IssueSeverity(StrEnum):
    """How severe an issue is."""

    ERROR = "error"
    """It forbids the change, or the pack cannot work like that."""
    WARNING = "warning"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationIssue:
    """One problem: `code` is the key of its message, `details` its placeholders."""

    code: str
    parameters: tuple[str, ...] = ()
    details: Mapping[str, str] = MappingProxyType({})
    severity: IssueSeverity = IssueSeverity.ERROR


_ABBREVIATIONS: Final = {
    name.lower(): name for name in ("SOC", "SOH", "GPS", "PCL", "CAN", "NMC", "LFP", "LTO", "LED", "MOSFET")
} | {
    "uart1": "UART 1",
    "uart2": "UART 2",
    "uart3": "UART 3",
}
IRREGULAR_NAMES: Final = {
    "max_charge_current": "Charge overcurrent limit",
    "max_discharge_current": "Discharge overcurrent limit",
    "max_balance_current": "Balance current limit",
}
"""Names that do not follow from their keys, as the entities have them."""


class RejectedError(Exception):
    """A change was rejected before anything was sent. The first issue is the reason to show."""

    def __init__(self, issues: Iterable[ValidationIssue]) -> None:
        """`issues`: at least one."""
        self.issues = tuple(issues)
        super().__init__(", ".join(issue.code for issue in self.issues))


def rejection(code: str, **details: str) -> RejectedError:
    """Return the error for a rejection that concerns no single parameter."""
    return RejectedError([ValidationIssue(code=code, details=details)])


def parameter_name(key: str) -> str:
    """Return the English name of a parameter, as in a sentence."""
    if key in IRREGULAR_NAMES:
        return IRREGULAR_NAMES[key]
    words = [_ABBREVIATIONS.get(word, word) for word in key.split("_")]
    return " ".join((words[0][:1].upper() + words[0][1:], *words[1:]))


def format_value(value: SettingValue | None, setting: Setting | None = None) -> str:
    """Return a value as text, with its unit."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (int, float)):
        number = f"{round(value, 6):.6f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
        return f"{number} {setting.unit}".rstrip() if setting else number
    return str(value)
