"""Actions: which there are, and how one call is carried out for several packs."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any, Final, cast

from homeassistant.const import ATTR_DEVICE_ID, ATTR_NAME
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse, SupportsResponse, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import device_registry as dr, service
import probatio

from ..bank_entry.membership import is_bank
from ..const import CONF_PACKS, DOMAIN
from ..control.validation_issue import RejectedError
from ..coordinator import SmartBmsConfigEntry, SmartBmsCoordinator
from ..messages import error_message, first_write_error, rejection_error
from . import schema
from .calibration import async_calibrate_current, async_calibrate_voltage
from .pack_call import PackCall, PackHandler
from .parameters import async_apply_preset, async_check_parameters, async_get_parameters, async_set_parameters
from .profiles import (
    async_backup_parameters,
    async_compare_parameters,
    async_delete_profiles,
    async_list_profiles,
    async_restore_parameters,
)
from .recording import async_record_frames
from .release import async_release_connection
from .responses import issue_responses
from .what_if import async_evaluate_protection

_FOR_EVERYBODY: Final[Mapping[str, tuple[PackHandler, schema.Fields]]] = {
    "get_parameters": (async_get_parameters, schema.GET_PARAMETERS),
    "check_parameters": (async_check_parameters, schema.CHECK_PARAMETERS),
    "compare_parameters": (async_compare_parameters, schema.COMPARE_PARAMETERS),
    "evaluate_protection": (async_evaluate_protection, schema.EVALUATE_PROTECTION),
}
"""Actions that change nothing and only return something."""

_FOR_ADMINISTRATORS: Final[Mapping[str, tuple[PackHandler, schema.Fields]]] = {
    "set_parameters": (async_set_parameters, schema.SET_PARAMETERS),
    "apply_preset": (async_apply_preset, schema.APPLY_PRESET),
    "backup_parameters": (async_backup_parameters, schema.BACKUP_PARAMETERS),
    "restore_parameters": (async_restore_parameters, schema.RESTORE_PARAMETERS),
    "calibrate_voltage": (async_calibrate_voltage, schema.CALIBRATE_VOLTAGE),
    "calibrate_current": (async_calibrate_current, schema.CALIBRATE_CURRENT),
    "record_frames": (async_record_frames, schema.RECORD_FRAMES),
    "release_connection": (async_release_connection, schema.RELEASE_CONNECTION),
}
"""Actions that change a pack or the profiles, or hand out raw traffic."""


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions."""
    for name, (handler, fields) in _FOR_EVERYBODY.items():
        hass.services.async_register(
            DOMAIN,
            name,
            partial(_async_call_packs, handler),
            schema=probatio.Schema(fields),
            supports_response=SupportsResponse.ONLY,
        )
    for name, (handler, fields) in _FOR_ADMINISTRATORS.items():
        service.async_register_admin_service(
            hass,
            DOMAIN,
            name,
            partial(_async_call_packs, handler),
            schema=probatio.Schema(fields),
            supports_response=SupportsResponse.OPTIONAL,
        )
    hass.services.async_register(
        DOMAIN,
        "list_profiles",
        async_list_profiles,
        schema=probatio.Schema(schema.LIST_PROFILES),
        supports_response=SupportsResponse.ONLY,
    )
    service.async_register_admin_service(
        hass, DOMAIN, "delete_profiles", async_delete_profiles, schema=probatio.Schema(schema.DELETE_PROFILES)
    )


async def _async_call_packs(handler: PackHandler, call: ServiceCall) -> ServiceResponse:
    """Carry out an action for all its packs at once; each has its own connection, and none stops the others.

    Raises the error of the only pack if the call was invalid, and all errors if nobody would see the response.
    """
    device_ids = _pack_device_ids(call.hass, call.data[ATTR_DEVICE_ID])
    is_single = len(device_ids) == 1
    outcomes = await asyncio.gather(
        *(_async_call_pack(handler, call, device_id, is_one_of_several=not is_single) for device_id in device_ids)
    )
    errors = [error for _, error in outcomes if error is not None]
    if errors and is_single and (isinstance(errors[0], ServiceValidationError) or not call.return_response):
        raise errors[0]
    if errors and not call.return_response:
        raise _combine_errors(call.hass, errors)
    return cast(ServiceResponse, {"packs": [answer for answer, _ in outcomes]}) if call.return_response else None


async def _async_call_pack(
    handler: PackHandler, call: ServiceCall, device_id: str, *, is_one_of_several: bool
) -> tuple[dict[str, Any], HomeAssistantError | None]:
    """Carry out an action for one pack; return its part of the response, and the error if it failed."""
    answer: dict[str, Any] = {"device_id": device_id}
    error: HomeAssistantError | None
    try:
        coordinator = _coordinator(call.hass, device_id)
        answer[ATTR_NAME] = coordinator.config_entry.title
        result = await handler(
            PackCall(coordinator=coordinator, service_call=call, is_one_of_several=is_one_of_several)
        )
        answer |= result.response
        error = first_write_error(call.hass, result.records, coordinator.pack.catalog())
    except RejectedError as rejected:
        answer["findings"] = issue_responses(call.hass, rejected.issues)
        error = rejection_error(call.hass, rejected)
        answer |= _error_response(call.hass, error)
    except HomeAssistantError as failure:
        error = failure
        answer |= _error_response(call.hass, error)
    if error is not None and is_one_of_several:
        error = _prefix_error(call.hass, answer.get(ATTR_NAME, device_id), error)
    return answer, error


def _pack_device_ids(hass: HomeAssistant, named: str | list[str]) -> list[str]:
    """Return the devices of a call, each once, with its packs in place of a bank. Raises ServiceValidationError.

    An action that names a single device is for packs only.
    """
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
    """Return the coordinator of a pack. Raises ServiceValidationError if the device is no pack, or not set up."""
    _, entry = service.async_get_device_and_config_entry(hass, DOMAIN, device_id)
    return cast(SmartBmsConfigEntry, entry).runtime_data


def _error_response(hass: HomeAssistant, error: HomeAssistantError) -> dict[str, str | None]:
    """Return what a response says of an error: a sentence for people, and a code for automations."""
    return {"error": error_message(hass, error), "error_code": error.translation_key}


def _prefix_error(hass: HomeAssistant, name: str, error: HomeAssistantError) -> HomeAssistantError:
    """Return an error that says which of several packs failed."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="refused_for",
        translation_placeholders={"name": name, "reason": error_message(hass, error)},
    )


def _combine_errors(hass: HomeAssistant, errors: list[HomeAssistantError]) -> HomeAssistantError:
    """Return one error with the messages of several."""
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key="several_failed",
        translation_placeholders={"reasons": " ".join(error_message(hass, error) for error in errors)},
    )
