"""Validation issues: problems with a change, or with the parameters of a pack, as codes with numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from ..bms.settings import Setting, SettingKind, SettingValue


class IssueSeverity(StrEnum):
    """How severe an issue is."""

    ERROR = "error"
    """It forbids the change, or the pack cannot work like that."""
    WARNING = "warning"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class ParameterName:
    """In place of the name of a parameter, which is another one in each language."""

    key: str
    is_switch: bool = False
    """Some models have a switch where others have a number with the same key."""


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """A value with its unit, which is written otherwise in each language. None is unknown."""

    value: SettingValue | None
    unit: str = ""


type IssueDetail = str | ParameterName | ParameterValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidationIssue:
    """One problem: `code` is the key of its message, `details` its placeholders."""

    code: str
    parameters: tuple[str, ...] = ()
    details: Mapping[str, IssueDetail] = MappingProxyType({})
    severity: IssueSeverity = IssueSeverity.ERROR


class RejectedError(Exception):
    """A change was rejected before anything was sent. The first issue is the reason to show."""

    def __init__(self, issues: Iterable[ValidationIssue]) -> None:
        """`issues`: at least one."""
        self.issues = tuple(issues)
        super().__init__(", ".join(issue.code for issue in self.issues))


def rejection(code: str, **details: IssueDetail) -> RejectedError:
    """Return the error for a rejection that concerns no single parameter."""
    return RejectedError([ValidationIssue(code=code, details=details)])


def name_of(setting: Setting) -> ParameterName:
    """Return what stands for the name of a parameter as this model has it."""
    return ParameterName(setting.key, setting.kind is SettingKind.SWITCH)


def with_unit(value: SettingValue | None, setting: Setting | None = None) -> ParameterValue:
    """Return a value with the unit of its parameter."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return ParameterValue(value, setting.unit if setting and is_number else "")
