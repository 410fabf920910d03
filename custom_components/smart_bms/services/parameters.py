"""Actions that read, check and change parameters."""

from collections.abc import Mapping
from typing import Any, Final, cast

from ..bms.settings import Proof, Setting, SettingKind, SettingValue
from ..control.parameter_check import check_parameters
from ..control.request import Changes
from ..control.validation_issue import rejection
from .pack_call import ActionResult, PackCall
from .responses import (
    CheckResponse,
    DryRunResponse,
    ParameterResponse,
    ParametersResponse,
    PlannedWriteResponse,
    WriteResponse,
    issue_responses,
    write_results,
)
from .schema import ATTR_CHEMISTRY, ATTR_DRY_RUN, ATTR_PARAMETERS
from .what_if import immediate_effects

_BOOL_STRINGS: Final = {"on": True, "true": True, "off": False, "false": False}
"""What people write for a switch; from the user interface, bare on and off arrive as text."""


async def async_get_parameters(call: PackCall) -> ActionResult[ParametersResponse]:
    """Return the parameters of a pack with what may be written; personal ones only to administrators."""
    catalog, settings = call.catalog, call.settings
    coordinator, service_call = call.coordinator, call.service_call
    writer = coordinator.parameters.writer
    user_id = service_call.context.user_id
    user = await coordinator.hass.auth.async_get_user(user_id) if user_id else None
    values = dict(settings.values) | {key: writer.value(setting) for key, setting in catalog.settings.items()}
    if user is not None and not user.is_admin:
        values = {
            key: value
            for key, value in values.items()
            if key not in catalog.settings or not catalog.settings[key].personal
        }
    wanted = service_call.data.get(ATTR_PARAMETERS)
    return ActionResult(
        ParametersResponse(
            variant=settings.variant,
            age=round(coordinator.now - settings.measured_at, 1),
            parameters={
                key: _parameter_response(value, catalog.settings.get(key))
                for key, value in values.items()
                if not wanted or key in wanted
            },
        )
    )


def _parameter_response(value: SettingValue | None, setting: Setting | None) -> ParameterResponse:
    """Return a parameter's value and what may be written; `setting` is None for what is only read."""
    if setting is None:
        return ParameterResponse(value=value, writable=False)
    writable = setting.proof is not Proof.READ_ONLY
    response = ParameterResponse(value=value, writable=writable)
    if setting.unit:
        response["unit"] = str(setting.unit)
    if not writable:
        return response
    response["experimental"] = setting.proof is Proof.EXPERIMENTAL
    if setting.dangerous:
        response["confirm"] = True
    if setting.options:
        response["options"] = list(setting.options)
    elif setting.maximum:
        response["minimum"], response["maximum"] = setting.minimum, setting.maximum
        response["step"] = setting.step
        if setting.special is not None:
            response["special"] = setting.special
    return response


async def async_set_parameters(call: PackCall) -> ActionResult[DryRunResponse | WriteResponse]:
    """Write parameters, or return what a dry run would write."""
    catalog = call.coordinator.pack.catalog()
    settings = catalog.settings if catalog else {}
    changes = {
        key: _BOOL_STRINGS.get(value, value)
        if isinstance(value, str) and key in settings and settings[key].kind is SettingKind.SWITCH
        else value
        for key, value in call.service_call.data[ATTR_PARAMETERS].items()
    }
    return await async_change(call, changes)


async def async_apply_preset(call: PackCall) -> ActionResult[DryRunResponse | WriteResponse]:
    """Write the manual's preset for a chemistry, or return what a dry run would write."""
    chemistry: str = call.service_call.data[ATTR_CHEMISTRY]
    catalog = call.catalog
    if not catalog.presets:
        raise rejection("no_presets")
    if chemistry not in catalog.presets:
        raise rejection("no_preset", chemistry=chemistry.upper(), presets=", ".join(catalog.presets).upper())
    preset = {key: value for key, value in catalog.presets[chemistry].items() if key in catalog.settings}
    return await async_change(call, preset)


async def async_change(
    call: PackCall, changes: Mapping[str, Any], *, exact: bool = False
) -> ActionResult[DryRunResponse | WriteResponse]:
    """Write changes, or return what a dry run would write; `exact` values may lie between the steps.

    What the pack has already is not sent and has no result.
    """
    coordinator = call.coordinator
    writer = coordinator.parameters.writer
    request = await call.async_write_request(exact=exact)
    if not call.service_call.data[ATTR_DRY_RUN]:
        records = await writer.apply(cast(Changes, changes), request)
        return ActionResult(WriteResponse(results=write_results(records)), records)
    validation = writer.validate(changes, request)
    response = DryRunResponse(
        dry_run=True,
        possible=not validation.errors,
        plan=[PlannedWriteResponse(parameter=step.key, old=step.old, new=step.new) for step in validation.steps],
        findings=issue_responses(coordinator.hass, validation.issues),
    )
    if (effects := immediate_effects(coordinator, {step.key: step.new for step in validation.steps})) is not None:
        response["protection"] = effects
    return ActionResult(response)


async def async_check_parameters(call: PackCall) -> ActionResult[CheckResponse]:
    """Return what is questionable about a pack's parameters."""
    chemistry, reading = call.service_call.data.get(ATTR_CHEMISTRY), call.coordinator.pack.last_reading
    issues = check_parameters(call.catalog, call.settings.values, chemistry, reading)
    return ActionResult(CheckResponse(findings=issue_responses(call.coordinator.hass, issues)))
