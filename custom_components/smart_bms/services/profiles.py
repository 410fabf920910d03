"""Actions about profiles, the named backups of parameters: back up, compare, restore, list and delete."""

from homeassistant.const import ATTR_NAME
from homeassistant.core import ServiceCall, ServiceResponse

from ..bms.settings import SettingValue
from ..control.profile import profile_differences, profile_values, restorable_values
from ..control.validation_issue import rejection
from ..messages import translated_rejections
from ..storage.profiles import async_profiles
from .pack_call import ActionResult, PackCall
from .parameters import async_change
from .responses import BackupResponse, ComparisonResponse, DifferenceResponse, DryRunResponse, WriteResponse
from .schema import ATTR_DATA, ATTR_PARAMETERS, ATTR_PROFILE


async def async_backup_parameters(call: PackCall) -> ActionResult[BackupResponse]:
    """Store the parameters of a pack as a profile; with several packs the name of each is added to the profile's."""
    name: str = call.service_call.data[ATTR_NAME]
    if call.is_one_of_several:
        name = f"{name} – {call.coordinator.config_entry.title}"
    return ActionResult(BackupResponse(profile=name, data=await call.coordinator.parameters.async_backup(name)))


async def async_restore_parameters(call: PackCall) -> ActionResult[DryRunResponse | WriteResponse]:
    """Write the parameters of a profile, or some of them, or return what a dry run would write."""
    values = await _async_profile_values(call)
    changes, left_out = restorable_values(values, call.catalog, call.service_call.data.get(ATTR_PARAMETERS))
    result = await async_change(call, changes, exact=True)
    result.response["left_out"] = left_out
    return result


async def async_compare_parameters(call: PackCall) -> ActionResult[ComparisonResponse]:
    """Return what differs between a pack and a profile."""
    values = await _async_profile_values(call)
    catalog = call.catalog
    own = {key: value for key, value in call.settings.values.items() if key in catalog.settings}
    return ActionResult(
        ComparisonResponse(
            differences=[
                DifferenceResponse(parameter=key, pack=pack, profile=profile)
                for key, (pack, profile) in profile_differences(own, values, catalog).items()
            ]
        )
    )


async def _async_profile_values(call: PackCall) -> dict[str, SettingValue]:
    """Return the parameters of the stored or the given profile. Raises RejectedError."""
    coordinator, data = call.coordinator, call.service_call.data
    if ATTR_PROFILE in data:
        profile: object = await async_profiles(coordinator.hass).async_get(data[ATTR_PROFILE])
    elif ATTR_DATA in data:
        profile = data[ATTR_DATA]
    else:
        raise rejection("no_profile_given")
    identity = coordinator.pack.last_identity
    if identity is None:
        raise rejection("unread")
    return profile_values(profile, identity, coordinator.identity["variant"])


async def async_list_profiles(call: ServiceCall) -> ServiceResponse:
    """Return the stored profiles, without their parameters."""
    return {"profiles": list(await async_profiles(call.hass).async_list())}


async def async_delete_profiles(call: ServiceCall) -> None:
    """Delete stored profiles by name."""
    with translated_rejections(call.hass):
        await async_profiles(call.hass).async_delete(call.data[ATTR_NAME])
