"""Examination: what a request would do, and what speaks against it, without doing it."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

from ..bms.connection_state import LinkState
from ..bms.pack import Pack
from ..bms.settings import Catalogue, Kind, Proof, Setting, SettingValue
from ..protection.families import rules_at_once
from .chemistry import chemistry_findings
from .constraints import HIGHEST, at_most_findings, key_findings, order_findings, value_findings
from .immediate_effect import consequence_findings
from .plan import Step, plan
from .request import Permission, Request
from .validation_issue import Finding, Severity, shown, words

OF_THE_MOMENT: Final = frozenset(
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
"""Errors that another look at the pack may clear away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """The writes that a request comes to, in their order, and the findings."""

    steps: list[Step]
    findings: list[Finding]

    @property
    def errors(self) -> list[Finding]:
        """Return what forbids it."""
        return [finding for finding in self.findings if finding.severity is Severity.ERROR]


def present_value(pack: Pack, setting: Setting) -> SettingValue | None:
    """Return the present value as the pack stated it in this session."""
    if setting.seen is not None:
        return setting.seen(pack.last_reading) if pack.last_reading else None
    settings = pack.current_settings
    return settings.values.get(setting.key) if settings else None


def examine(pack: Pack, permission: Permission, changes: Mapping[str, object], request: Request) -> Examination:
    """Return what a request would do now."""
    findings = [*_permission_findings(permission, request), *_link_findings(pack)]
    catalogue, settings, reading = pack.catalogue(), pack.current_settings, pack.last_reading
    if catalogue is None or settings is None or reading is None:
        return Examination(steps=[], findings=findings)
    current = dict(settings.values)
    valid: dict[str, SettingValue | None] = {}
    moved = {also for key in changes if key in catalogue.settings for also in catalogue.settings[key].also_changes}
    for key, value in changes.items():
        if wrong := [*key_findings(catalogue, key)]:
            findings += wrong
            continue
        setting = catalogue.settings[key]
        if (present := present_value(pack, setting)) is not None:
            current[key] = present
        already = setting.kind is not Kind.COMMAND and present is not None and _is_already(setting, present, value)
        if already and key not in moved:
            continue  # what a pack has may lie outside of what may be written
        wrong = [*value_findings(setting, value, exact=request.exact)]
        wrong += at_most_findings(catalogue, setting, value, current)
        if setting.hidden is not None and setting.hidden(reading):
            wrong.append(Finding(code="hidden_now", parameters=(key,), details={"parameter": words(key)}))
        if not wrong and present is not None and setting.passes and not setting.passes(present, value):  # type: ignore[arg-type]
            wrong.append(_no_safe_way(setting, present, value))
        findings += wrong
        if not wrong:
            valid[key] = setting.kept(value)  # type: ignore[arg-type]
    steps = plan(catalogue, valid, current)
    changed = {step.key: step.new for step in steps if step.new is not None}
    findings += order_findings(catalogue, current | changed, changed, before=current)
    findings += _assurance_findings(catalogue, steps, permission, request)
    beyond = chemistry_findings(catalogue, {step.key: step.new for step in steps}, dict(settings.values), reading)
    # Neither an option that was once set nor a flag in an automation is enough alone for what destroys cells.
    sure = permission.dangerous and request.confirm
    findings += (replace(finding, severity=Severity.WARNING) if sure else finding for finding in beyond)
    rules = rules_at_once(pack.family.key, settings.variant)
    trips = consequence_findings(catalogue, changed, current, reading, rules)
    findings += (replace(trip, severity=Severity.WARNING) if request.force else trip for trip in trips)
    return Examination(steps=steps, findings=findings)


def _no_safe_way(setting: Setting, present: SettingValue, value: object) -> Finding:
    return Finding(
        code="no_safe_way",
        parameters=(setting.key,),
        details={
            "parameter": words(setting.key),
            "present": shown(present, setting),
            "value": shown(value, setting),  # type: ignore[arg-type]
        },
    )


def _is_already(setting: Setting, present: SettingValue, value: object) -> bool:
    """Tell whether a value, whatever it is, is what the pack has."""
    if isinstance(value, (int, float)) and not isinstance(value, bool) and not abs(value) < HIGHEST:
        return False
    return isinstance(value, (bool, int, float, str)) and setting.same(present, value)


def _permission_findings(permission: Permission, request: Request) -> Iterator[Finding]:
    if not permission.control and not request.puts_back:
        yield Finding(code="control_off")


def _link_findings(pack: Pack) -> Iterator[Finding]:
    if pack.state is not LinkState.STREAMING:
        yield Finding(code="out_of_reach")
    elif not pack.is_fresh(asyncio.get_running_loop().time()):
        yield Finding(code="stale")
    elif pack.current_settings is None:
        yield Finding(code="unread")


def _assurance_findings(
    catalogue: Catalogue, steps: list[Step], permission: Permission, request: Request
) -> Iterator[Finding]:
    """Yield what needs an option, a second word of the user, or a procedure."""
    for step in steps:
        setting = catalogue.settings[step.key]
        details = {"parameter": words(step.key)}
        if setting.proof is Proof.EXPERIMENTAL and not (permission.experimental or request.puts_back):
            yield Finding(code="experimental_off", parameters=(step.key,), details=details)
        if setting.procedure and not request.procedure:
            yield Finding(code="needs_procedure", parameters=(step.key,), details=details)
        if setting.clears_history and not (permission.dangerous or request.confirm):
            yield Finding(code="clears_history", parameters=(step.key,), details=details)
        if setting.dangerous and not (permission.dangerous or request.confirm):
            yield Finding(code="confirm_needed", parameters=(step.key,), details=details)
