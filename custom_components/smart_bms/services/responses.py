"""Responses of the actions: the keys that automations read, and how records and issues become them."""

from collections.abc import Iterable
from typing import NotRequired, TypedDict

from homeassistant.core import HomeAssistant

from ..bms.settings import SettingValue
from ..control.profile import Profile
from ..control.validation_issue import ValidationIssue
from ..control.write_log import WriteRecord
from ..messages import issue_message


class ParameterResponse(TypedDict):
    """A parameter: its value, and what may be written."""

    value: SettingValue | None
    writable: bool
    unit: NotRequired[str]
    experimental: NotRequired[bool]
    confirm: NotRequired[bool]
    options: NotRequired[list[str]]
    minimum: NotRequired[float]
    maximum: NotRequired[float]
    step: NotRequired[float]
    special: NotRequired[float]


class ParametersResponse(TypedDict):
    """get_parameters."""

    variant: str
    age: float
    parameters: dict[str, ParameterResponse]


class ReleaseResponse(TypedDict):
    """release_connection."""

    until: str


class IssueResponse(TypedDict):
    """One thing that is against a change, or questionable about the parameters."""

    severity: str
    code: str
    parameters: list[str]
    message: str


class CheckResponse(TypedDict):
    """check_parameters."""

    findings: list[IssueResponse]


class PlannedWriteResponse(TypedDict):
    """A write that a dry run would send."""

    parameter: str
    old: SettingValue | None
    new: SettingValue | None


class ForecastResponse(TypedDict):
    """What becomes of one protection; what is unknown is left out."""

    protection: str
    trips_after: NotRequired[float]
    known: bool
    value: NotRequired[float]
    limit: NotRequired[float]
    margin: NotRequired[float]
    unit: str
    blocks: list[str]
    released: str
    release: NotRequired[float]


class EvaluationResponse(TypedDict):
    """evaluate_protection."""

    duration: float
    charge_allowed: str
    discharge_allowed: str
    trips: list[ForecastResponse]
    protections: list[ForecastResponse]


class DryRunResponse(TypedDict):
    """set_parameters, apply_preset and restore_parameters as a dry run."""

    dry_run: bool
    possible: bool
    plan: list[PlannedWriteResponse]
    findings: list[IssueResponse]
    protection: NotRequired[EvaluationResponse]
    left_out: NotRequired[list[str]]
    """Of a profile, what this pack cannot be given."""


class WriteResultResponse(TypedDict):
    """What became of one write."""

    parameter: str
    old: SettingValue | None
    new: SettingValue | None
    found: SettingValue | None
    outcome: str


class WriteResponse(TypedDict):
    """set_parameters, apply_preset, restore_parameters and the calibrations."""

    results: list[WriteResultResponse]
    left_out: NotRequired[list[str]]
    """Of a profile, what this pack cannot be given."""


class BackupResponse(TypedDict):
    """backup_parameters."""

    profile: str
    data: Profile


class DifferenceResponse(TypedDict):
    """A parameter that a pack and a profile do not have alike."""

    parameter: str
    pack: SettingValue | None
    profile: SettingValue | None


class ComparisonResponse(TypedDict):
    """compare_parameters."""

    differences: list[DifferenceResponse]


class RecordingResponse(TypedDict):
    """record_frames."""

    url: str
    packets: int
    complete: bool


def write_results(records: Iterable[WriteRecord]) -> list[WriteResultResponse]:
    """Return what became of writes, in order."""
    return [
        WriteResultResponse(
            parameter=record.parameter,
            old=record.old,
            new=record.new,
            found=record.found,
            outcome=record.outcome.value,
        )
        for record in records
    ]


def issue_responses(hass: HomeAssistant, issues: Iterable[ValidationIssue]) -> list[IssueResponse]:
    """Return validation issues with their messages."""
    return [
        IssueResponse(
            severity=issue.severity.value,
            code=issue.code,
            parameters=list(issue.parameters),
            message=issue_message(hass, issue),
        )
        for issue in issues
    ]
