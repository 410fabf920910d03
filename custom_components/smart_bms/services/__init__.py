"""Actions: parameters of one or several packs, read, checked, changed, backed up, restored and calibrated."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final, cast

from homeassistant.const import ATTR_DEVICE_ID, ATTR_NAME
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import config_validation as cv, device_registry as dr, service
from homeassistant.helpers.translation import async_get_exception_message
import probatio

from ..bank_entry.membership import is_bank
from ..bms.settings import Proof, Setting, SettingKind, SettingValue
from ..const import CONF_PACKS, DOMAIN
from ..control.calibration import calibrate_current, calibrate_voltage
from ..control.parameter_check import check_parameters
from ..control.profile import differences, to_restore, values_of
from ..control.request import Changes
from ..control.validation_issue import RejectedError, ValidationIssue, rejection
from ..control.write_log import WriteOutcome, WriteRecord
from ..coordinator import SmartBmsConfigEntry, SmartBmsCoordinator
from ..entity.parameter import raise_unless_confirmed
from ..pack_entry.parameters import async_request
from ..storage.profiles import async_profiles
from .recording import async_record
from .what_if import (
    ATTR_CELLS,
    ATTR_DURATION,
    ATTR_POWER_STAGE,
    ATTR_SOC,
    ATTR_TEMPERATURES,
    USUAL_DURATION,
    evaluate,
    immediate_effects,
)

ATTR_PARAMETERS: Final = "parameters"
ATTR_DRY_RUN: Final = "dry_run"
ATTR_CONFIRM: Final = "confirm"
ATTR_FORCE: Final = "force"
ATTR_CHEMISTRY: Final = "chemistry"
ATTR_PROFILE: Final = "profile"
ATTR_PROFILES: Final = "profiles"
ATTR_DATA: Final = "data"
ATTR_VOLTAGE: Final = "voltage"
ATTR_CURRENT: Final = "current"
ATTR_MINUTES: Final = "minutes"

# What people write for a switch; in the user interface, bare on and off arrive as text.
_TRUTHS: Final = {"on": True, "true": True, "off": False, "false": False}

MAX_CELLS: Final = 255
CHEMISTRIES: Final = ("lfp", "nmc", "lto")

type Result = dict[str, Any]
type ForPack = Callable[[SmartBmsCoordinator, ServiceCall], Awaitable[Result]]

_DEVICES: Final = {probatio.Required(ATTR_DEVICE_ID): probatio.All(cv.ensure_list, [cv.string], probatio.Length(min=1))}
_DEVICE: Final = {probatio.Required(ATTR_DEVICE_ID): cv.string}
_ASSURANCE: Final = {
    probatio.Optional(ATTR_CONFIRM, default=False): cv.boolean,
    probatio.Optional(ATTR_FORCE, default=False): cv.boolean,
}
_WRITE: Final = _ASSURANCE | {probatio.Optional(ATTR_DRY_RUN, default=False): cv.boolean}
_SOURCE: Final = {
    probatio.Exclusive(ATTR_PROFILE, "source"): cv.string,
    probatio.Exclusive(ATTR_DATA, "source"): object,
}

_KEYS: Final = probatio.All(cv.ensure_list, [cv.string])
_SOME_KEYS: Final = probatio.All(_KEYS, probatio.Length(min=1))
_NAME: Final = probatio.All(cv.string, probatio.Length(min=1, max=100))


def _positive(most: float) -> Any:
    return probatio.All(probatio.Coerce(float), probatio.Range(min=0, max=most, min_included=False))


def _between(least: float, most: float) -> Any:
    return probatio.All(_no_truth, probatio.Coerce(float), probatio.Range(min=least, max=most))


def _no_truth(value: object) -> object:
    if isinstance(value, bool):
        raise probatio.Invalid("expected a number")
    return value


_SITUATION: Final = {
    probatio.Optional(ATTR_CELLS): probatio.All(
        cv.ensure_list, [_between(0, 6)], probatio.Length(min=1, max=MAX_CELLS)
    ),
    probatio.Optional(ATTR_CURRENT): _between(-3000, 3000),
    probatio.Optional(ATTR_TEMPERATURES): probatio.All(
        cv.ensure_list, [_between(-60, 150)], probatio.Length(max=MAX_CELLS)
    ),
    probatio.Optional(ATTR_POWER_STAGE): _between(-60, 200),
    probatio.Optional(ATTR_SOC): _between(0, 100),
    probatio.Optional(ATTR_DURATION, default=USUAL_DURATION): _between(0, 86_400),
    probatio.Optional(ATTR_PARAMETERS): {cv.string: object},
}


# What is done for one pack. A refusal is a RefusedError, a write that did not hold is in the results.


async def _get(coordinator: SmartBmsCoordinator, call: ServiceCall) -> Result:
    catalog, control = coordinator.pack.catalog(), coordinator.parameters.control
    settings = coordinator.pack.current_settings
    if catalog is None or settings is None:
        raise rejection("unread")
    wanted = call.data.get(ATTR_PARAMETERS)
    user = await coordinator.hass.auth.async_get_user(call.context.user_id) if call.context.user_id else None
    values = dict(settings.values) | {key: control.value(setting) for key, setting in catalog.settings.items()}
    if user is not None and not user.is_admin:
        values = {
            key: value
            for key, value in values.items()
            if key not in catalog.settings or not catalog.settings[key].personal
        }
    return {
        "variant": settings.variant,
        "age": round(coordinator.now - settings.measured_at, 1),
        "parameters": {
            key: {"value": value, **_described(catalog.settings.get(key))}
            for key, value in values.items()
            if not wanted or key in wanted
        },
    }


def _described(setting: Setting | None) -> Result:
    if setting is None:
        return {"writable": False}
    described: Result = {"writable": setting.proof is not Proof.READ_ONLY}
    if setting.unit:
        described["unit"] = str(setting.unit)
    if setting.proof is not Proof.READ_ONLY:
        described["experimental"] = setting.proof is Proof.EXPERIMENTAL
        if setting.dangerous:
            described["confirm"] = True
        if setting.options:
            described["options"] = list(setting.options)
        elif setting.maximum:
            described |= {"minimum": setting.minimum, "maximum": setting.maximum, "step": setting.step}
            if setting.special is not None:
                described["special"] = setting.special
    return described


async def _set(coordinator: SmartBmsCoordinator, call: ServiceCall) -> Result:
    catalog = coordinator.pack.catalog()
    settings = catalog.settings if catalog else {}
    changes = {
        key: _TRUTHS.get(value, value)
        if isinstance(value, str) and key in settings and settings[key].kind is SettingKind.SWITCH
        else value
        for key, value in call.data[ATTR_PARAMETERS].items()
    }
    return await _change(coordinator, call, changes)


async def _preset(coordinator: SmartBmsCoordinator, call: ServiceCall) -> Result:
    chemistry: str = call.data[ATTR_CHEMISTRY]
    catalog = coordinator.pack.catalog()
    if catalog is None:
        raise rejection("unread")
    if chemistry not in catalog.presets:
        if not catalog.presets:
            raise rejection("no_presets")
        raise rejection("no_preset", chemistry=chemistry.upper(), presets=", ".join(catalog.presets).upper() or "–")
    preset = {key: value for key, value in catalog.presets[chemistry].items() if key in catalog.settings}
    return await _change(coordinator, call, preset)


async def _change(
    coordinator: SmartBmsCoordinator, call: ServiceCall, changes: Mapping[str, Any], *, exact: bool = False
) -> Result:
    control = coordinator.parameters.control
    flags = {ATTR_CONFIRM: call.data[ATTR_CONFIRM], ATTR_FORCE: call.data[ATTR_FORCE], "exact": exact}
    request = await async_request(coordinator.hass, call.context, call.service, **flags)
    if call.data[ATTR_DRY_RUN]:
        validation = control.validate(changes, request)
        answer = {
            ATTR_DRY_RUN: True,
            "possible": not validation.errors,
            "plan": [{"parameter": step.key, "old": step.old, "new": step.new} for step in validation.steps],
            "findings": _issues(validation.issues),
        }
        expected = immediate_effects(coordinator, {step.key: step.new for step in validation.steps})
        return answer if expected is None else answer | {"protection": expected}
    # What is already so is not sent and has no result; that is what was asked for.
    return {"results": _results(await control.apply(cast(Changes, changes), request))}


async def _check(coordinator: SmartBmsCoordinator, call: ServiceCall) -> Result:
    catalog, settings = coordinator.pack.catalog(), coordinator.pack.current_settings
    if catalog is None or settings is None:
        raise rejection("unread")
    chemistry, reading = call.data.get(ATTR_CHEMISTRY), coordinator.pack.last_reading
    return {"findings": _issues(check_parameters(catalog, settings.values, chemistry, reading))}


async def _backup(coordinator: SmartBmsCoordinator, call: ServiceCall) -> Result:
    name: str = call.data[ATTR_NAME]
    if len(call.data[ATTR_DEVICE_ID]) > 1:
        name = f"{name} – {coordinator.config_entry.title}"
    profile = await coordinator.parameters.async_backup(name)
    return {ATTR_PROFILE: name, ATTR_DATA: profile}


async def _restore(coordinator: SmartBmsCoordinator, call: ServiceCall) -> Result:
    values = await _profile_values(coordinator, call)
    catalog = coordinator.pack.catalog()
    if catalog is None:
        raise rejection("unread")
    changes, left_out = to_restore(values, catalog, call.data.get(ATTR_PARAMETERS))
    return await _change(coordinator, call, changes, exact=True) | {"left_out": left_out}


async def _compare(coordinator: SmartBmsCoordinator, call: ServiceCall) -> Result:
    values = await _profile_values(coordinator, call)
    catalog, settings = coordinator.pack.catalog(), coordinator.pack.current_settings
    if catalog is None or settings is None:
        raise rejection("unread")
    mine = {key: value for key, value in settings.values.items() if key in catalog.settings}
    return {
        "differences": [
            {"parameter": key, "pack": pack, ATTR_PROFILE: profile}
            for key, (pack, profile) in differences(mine, values, catalog).items()
        ]
    }


async def _profile_values(coordinator: SmartBmsCoordinator, call: ServiceCall) -> dict[str, SettingValue]:
    """Return the parameters of the profile that was named or handed over. Raises RefusedError."""
    if ATTR_PROFILE in call.data:
        profile: object = await async_profiles(coordinator.hass).async_get(call.data[ATTR_PROFILE])
    elif ATTR_DATA in call.data:
        profile = call.data[ATTR_DATA]
    else:
        raise rejection("no_profile_given")
    identity = coordinator.pack.last_identity
    if identity is None:
        raise rejection("unread")
    return values_of(profile, identity, coordinator.identity["variant"])


async def _calibrate_voltage(coordinator: SmartBmsCoordinator, call: ServiceCall) -> Result:
    return await _calibrate(coordinator, call, partial(calibrate_voltage, volts=call.data[ATTR_VOLTAGE]))


async def _calibrate_current(coordinator: SmartBmsCoordinator, call: ServiceCall) -> Result:
    return await _calibrate(coordinator, call, partial(calibrate_current, amperes=call.data[ATTR_CURRENT]))


async def _calibrate(
    coordinator: SmartBmsCoordinator, call: ServiceCall, procedure: Callable[..., Awaitable[list[WriteRecord]]]
) -> Result:
    flags = {ATTR_CONFIRM: call.data[ATTR_CONFIRM], ATTR_FORCE: call.data[ATTR_FORCE]}
    request = await async_request(coordinator.hass, call.context, call.service, **flags)
    return {"results": _results(await procedure(coordinator.parameters.control, coordinator.pack, request=request))}


def _results(records: list[WriteRecord]) -> list[Result]:
    return [
        {
            "parameter": record.parameter,
            "old": record.old,
            "new": record.new,
            "found": record.found,
            "outcome": record.outcome.value,
        }
        for record in records
    ]


def _issues(issues: list[ValidationIssue]) -> list[Result]:
    return [
        {
            "severity": issue.severity.value,
            "code": issue.code,
            ATTR_PARAMETERS: list(issue.parameters),
            "message": _message(issue),
        }
        for issue in issues
    ]


def _message(issue: ValidationIssue) -> str:
    return async_get_exception_message(DOMAIN, issue.code, dict(issue.details))


async def _evaluate(coordinator: SmartBmsCoordinator, call: ServiceCall) -> Result:
    return evaluate(coordinator, call.data)


async def _record(coordinator: SmartBmsCoordinator, call: ServiceCall) -> Result:
    return await async_record(coordinator, call.data[ATTR_MINUTES])


# What is about no pack.


async def _list_profiles(hass: HomeAssistant, call: ServiceCall) -> ServiceResponse:
    """Return the profiles that are kept."""
    return cast(ServiceResponse, {ATTR_PROFILES: await async_profiles(hass).async_list()})


async def _delete_profiles(hass: HomeAssistant, call: ServiceCall) -> None:
    """Delete profiles by name."""
    try:
        await async_profiles(hass).async_delete(call.data[ATTR_NAME])
    except RejectedError as error:
        raise _refusal(error.issues[0]) from error


# What all actions share: their packs, and how failures are told.


async def _for_each(hass: HomeAssistant, for_pack: ForPack, call: ServiceCall) -> ServiceResponse:
    """Do something for every pack named, all at once; each has its own link. A failure of one does not stop the others.

    It is raised if it is the only pack, or if nobody would see the response.
    """
    named = call.data[ATTR_DEVICE_ID]
    ids = _packs_of(hass, named)
    answers = await asyncio.gather(*(_for_one(hass, for_pack, call, device_id) for device_id in ids))
    failures = [failure for _, failure in answers if failure is not None]
    if failures and (len(ids) == 1 and isinstance(failures[0], ServiceValidationError)):
        raise failures[0]
    if failures and not call.return_response:
        raise failures[0] if len(ids) == 1 else _together(failures)
    return cast(ServiceResponse, {"packs": [answer for answer, _ in answers]}) if call.return_response else None


async def _for_one(
    hass: HomeAssistant, for_pack: ForPack, call: ServiceCall, device_id: str
) -> tuple[Result, HomeAssistantError | None]:
    """Do it for one pack; return its answer, and the error for whoever sees no answers."""
    answer: Result = {"device_id": device_id}
    several = len(_packs_of(hass, call.data[ATTR_DEVICE_ID])) > 1
    try:
        coordinator = _coordinator(hass, device_id)
        answer[ATTR_NAME] = coordinator.config_entry.title
        try:
            answer |= await for_pack(coordinator, call)
            failure = _not_held(coordinator, answer)
        except RejectedError as error:
            answer["findings"] = _issues(list(error.issues))
            raise _refusal(error.issues[0]) from error
    except HomeAssistantError as error:
        answer["error"] = str(error)
        failure = error
    if failure is not None and several:
        failure = _named(answer.get(ATTR_NAME, device_id), failure)
    return answer, failure


def _packs_of(hass: HomeAssistant, named: str | list[str]) -> list[str]:
    """Return the devices that are named, with the packs of a bank in its place. Raises ServiceValidationError."""
    devices = dr.async_get(hass)
    found: list[str] = []
    for device_id in [named] if isinstance(named, str) else named:
        device = devices.async_get(device_id)
        entry = hass.config_entries.async_get_entry(device.config_entry_id) if device else None
        if entry is None or not is_bank(entry):
            found.append(device_id)
            continue
        if isinstance(named, str):
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="not_for_banks")
        for pack in entry.options[CONF_PACKS]:
            found += [item.id for item in dr.async_entries_for_config_entry(devices, pack)]
    return list(dict.fromkeys(found))


def _coordinator(hass: HomeAssistant, device_id: str) -> SmartBmsCoordinator:
    _, entry = service.async_get_device_and_config_entry(hass, DOMAIN, device_id)
    return cast(SmartBmsConfigEntry, entry).runtime_data


def _refusal(issue: ValidationIssue) -> HomeAssistantError:
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=issue.code, translation_placeholders=dict(issue.details)
    )


def _not_held(coordinator: SmartBmsCoordinator, outcome: Result) -> HomeAssistantError | None:
    """Return the error for the first write that did not hold, if there is one."""
    catalog = coordinator.pack.catalog()
    records = [
        WriteRecord(at="", **{**result, "outcome": WriteOutcome(result["outcome"])})
        for result in outcome.get("results", ())
    ]
    try:
        raise_unless_confirmed(records, lambda key: catalog.settings.get(key) if catalog else None)
    except HomeAssistantError as error:
        return error
    return None


def _named(name: str, error: HomeAssistantError) -> HomeAssistantError:
    """Say which of several packs failed."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="refused_for",
        translation_placeholders={"name": name, "reason": str(error)},
    )


def _together(errors: list[HomeAssistantError]) -> HomeAssistantError:
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="several_failed",
        translation_placeholders={"reasons": " ".join(f"{error}." for error in errors)},
    )


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions. What changes anything, in a pack or among the profiles, is for administrators."""
    reading: tuple[tuple[str, ForPack, dict[Any, Any]], ...] = (
        ("get_parameters", _get, _DEVICES | {probatio.Optional(ATTR_PARAMETERS): _KEYS}),
        ("check_parameters", _check, _DEVICES | {probatio.Optional(ATTR_CHEMISTRY): probatio.In(CHEMISTRIES)}),
        ("compare_parameters", _compare, _DEVICES | _SOURCE),
        ("evaluate_protection", _evaluate, _DEVICES | _SITUATION),
    )
    for name, for_pack, fields in reading:
        hass.services.async_register(
            DOMAIN,
            name,
            partial(_for_each, hass, for_pack),
            schema=probatio.Schema(fields),
            supports_response=SupportsResponse.ONLY,
        )
    writing: tuple[tuple[str, ForPack, dict[Any, Any]], ...] = (
        ("set_parameters", _set, _DEVICES | _WRITE | {probatio.Required(ATTR_PARAMETERS): {cv.string: object}}),
        ("apply_preset", _preset, _DEVICES | _WRITE | {probatio.Required(ATTR_CHEMISTRY): probatio.In(CHEMISTRIES)}),
        ("backup_parameters", _backup, _DEVICES | {probatio.Required(ATTR_NAME): _NAME}),
        (
            "restore_parameters",
            _restore,
            _DEVICES | _WRITE | _SOURCE | {probatio.Optional(ATTR_PARAMETERS): _SOME_KEYS},
        ),
        (
            "calibrate_voltage",
            _calibrate_voltage,
            _DEVICE | _ASSURANCE | {probatio.Required(ATTR_VOLTAGE): _positive(1000)},
        ),
        (
            "calibrate_current",
            _calibrate_current,
            _DEVICE | _ASSURANCE | {probatio.Required(ATTR_CURRENT): _positive(2000)},
        ),
        (
            "record_frames",
            _record,
            _DEVICES
            | {
                probatio.Optional(ATTR_MINUTES, default=5): probatio.All(
                    probatio.Coerce(float), probatio.Range(min=1, max=60)
                )
            },
        ),
    )
    for name, for_pack, fields in writing:
        service.async_register_admin_service(
            hass,
            DOMAIN,
            name,
            partial(_for_each, hass, for_pack),
            schema=probatio.Schema(fields),
            supports_response=SupportsResponse.OPTIONAL,
        )
    hass.services.async_register(
        DOMAIN,
        "list_profiles",
        partial(_list_profiles, hass),
        schema=probatio.Schema({}),
        supports_response=SupportsResponse.ONLY,
    )
    service.async_register_admin_service(
        hass,
        DOMAIN,
        "delete_profiles",
        partial(_delete_profiles, hass),
        schema=probatio.Schema({probatio.Required(ATTR_NAME): _SOME_KEYS}),
    )
