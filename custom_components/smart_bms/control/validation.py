"""Validation: the writes that a request leads to, and the issues with it, without writing."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ..bms.connection_state import ConnectionState
from ..bms.pack import Pack
from ..bms.settings import Catalog, Proof, Setting, SettingKind, SettingValue
from ..protection.families import rules_at_once
from .chemistry import chemistry_issues
from .constraints import MAX_MAGNITUDE, at_most_issues, key_issues, order_issues, value_issues
from .immediate_effect import immediate_effect_issues
from .plan import WriteStep, plan
from .request import WritePermission, WriteRequest
from .validation_issue import IssueSeverity, ValidationIssue, name_of, with_unit

TRANSIENT_ERRORS: Final = frozenset(
    {
        "order_broken",
        "pack_limit_apart",
        "hidden_now",
        "would_stop_charging",
        "would_stop_discharging",
        "would_stop_both",
        "would_power_off",
    }
)
"""Codes of errors that may be gone once the parameters are read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """The writes that a request leads to, in their order, and the issues with it."""

    steps: list[WriteStep]
    issues: list[ValidationIssue]

    @property
    def errors(self) -> list[ValidationIssue]:
        """Return the issues that forbid it."""
        return [issue for issue in self.issues if issue.severity is IssueSeverity.ERROR]


def present_value(pack: Pack, setting: Setting) -> SettingValue | None:
    """Return the present value as the pack reported it in this session; None if it did not yet."""
    if setting.seen is not None:
        return setting.seen(pack.last_reading) if pack.last_reading else None
    settings = pack.current_settings
    return settings.values.get(setting.key) if settings else None


def validate(
    pack: Pack, permission: WritePermission, changes: Mapping[str, object], request: WriteRequest
) -> Validation:
    """Return the writes that a request would lead to now, and the issues with it. Nothing is sent."""
    issues = [*_permission_issues(permission, request), *_connection_issues(pack)]
    catalog, settings, reading = pack.catalog(), pack.current_settings, pack.last_reading
    if catalog is None or settings is None or reading is None:
        return Validation(steps=[], issues=issues)
    current = dict(settings.values)
    valid: dict[str, SettingValue | None] = {}
    rewritten = {also for key in changes if key in catalog.settings for also in catalog.settings[key].also_changes}
    for key, value in changes.items():
        if wrong := [*key_issues(catalog, key)]:
            issues += wrong
            continue
        setting = catalog.settings[key]
        if (present := present_value(pack, setting)) is not None:
            current[key] = present
        already = (
            setting.kind is not SettingKind.COMMAND and present is not None and _is_already(setting, present, value)
        )
        if already and key not in rewritten:
            continue  # the present value of a pack may be outside the range that may be written
        wrong = [*value_issues(setting, value, exact=request.exact)]
        wrong += at_most_issues(catalog, setting, value, current)
        if setting.hidden is not None and setting.hidden(reading):
            wrong.append(ValidationIssue(code="hidden_now", parameters=(key,), details={"parameter": name_of(setting)}))
        if not wrong and present is not None and setting.passes and not setting.passes(present, value):  # type: ignore[arg-type]
            wrong.append(_no_safe_way_issue(setting, present, value))
        issues += wrong
        if not wrong:
            valid[key] = setting.kept(value)  # type: ignore[arg-type]
    steps = plan(catalog, valid, current)
    changed = {step.key: step.new for step in steps if step.new is not None}
    issues += order_issues(catalog, current | changed, changed, before=current)
    issues += _confirmation_issues(catalog, steps, permission, request)
    beyond = chemistry_issues(catalog, {step.key: step.new for step in steps}, dict(settings.values), reading)
    # Neither an option that was once set nor a flag in an automation is enough alone to destroy cells.
    sure = permission.dangerous and request.confirm
    issues += (replace(issue, severity=IssueSeverity.WARNING) if sure else issue for issue in beyond)
    rules = rules_at_once(pack.family.key, settings.variant)
    trips = immediate_effect_issues(catalog, changed, current, reading, rules)
    issues += (replace(trip, severity=IssueSeverity.WARNING) if request.force else trip for trip in trips)
    return Validation(steps=steps, issues=issues)


def _no_safe_way_issue(setting: Setting, present: SettingValue, value: object) -> ValidationIssue:
    return ValidationIssue(
        code="no_safe_way",
        parameters=(setting.key,),
        details={
            "parameter": name_of(setting),
            "present": with_unit(present, setting),
            "value": with_unit(value, setting),  # type: ignore[arg-type]
        },
    )


def _is_already(setting: Setting, present: SettingValue, value: object) -> bool:
    """Return whether a value of any type equals the present one."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and not abs(value) < MAX_MAGNITUDE:
        return False
    return isinstance(value, (bool, int, float, str)) and setting.same(present, value)


def _permission_issues(permission: WritePermission, request: WriteRequest) -> Iterator[ValidationIssue]:
    if not permission.control and not request.puts_back:
        yield ValidationIssue(code="control_off")


def _connection_issues(pack: Pack) -> Iterator[ValidationIssue]:
    if pack.state is not ConnectionState.STREAMING:
        yield ValidationIssue(code="out_of_reach")
    elif not pack.is_fresh(asyncio.get_running_loop().time()):
        yield ValidationIssue(code="stale")
    elif pack.current_settings is None:
        yield ValidationIssue(code="unread")


def _confirmation_issues(
    catalog: Catalog, steps: list[WriteStep], permission: WritePermission, request: WriteRequest
) -> Iterator[ValidationIssue]:
    """Yield an issue for each write that lacks an option, a confirmation or a procedure."""
    for step in steps:
        setting = catalog.settings[step.key]
        details = {"parameter": name_of(setting)}
        if setting.proof is Proof.EXPERIMENTAL and not (permission.experimental or request.puts_back):
            yield ValidationIssue(code="experimental_off", parameters=(step.key,), details=details)
        if setting.procedure and not request.procedure:
            yield ValidationIssue(code="needs_procedure", parameters=(step.key,), details=details)
        if setting.clears_history and not (permission.dangerous or request.confirm):
            yield ValidationIssue(code="clears_history", parameters=(step.key,), details=details)
        if setting.dangerous and not (permission.dangerous or request.confirm):
            yield ValidationIssue(code="confirm_needed", parameters=(step.key,), details=details)
