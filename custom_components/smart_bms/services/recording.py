"""The action that records raw traffic with a pack, without secrets, as a download for bug reports."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from aiohttp import web
from homeassistant.components import persistent_notification
from homeassistant.components.http import KEY_HASS, KEY_HASS_USER, HomeAssistantView
from homeassistant.components.http.auth import async_sign_path
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.util import dt as dt_util

from ..bms.recording import Recording
from ..const import DOMAIN
from ..coordinator import SmartBmsCoordinator
from ..storage.recordings import (
    async_find_recording,
    async_remove_recordings,
    async_save_recording,
    download_name,
    recording_name,
)
from ..texts import sentence
from .pack_call import ActionResult, PackCall
from .responses import RecordingResponse
from .schema import ATTR_MINUTES

_URL: Final = "/api/smart_bms/recordings/{name}"
_LINK_VALID_FOR: Final = timedelta(days=1)
SECONDS_PER_MINUTE: float = 60.0


async def async_record_frames(call: PackCall) -> ActionResult[RecordingResponse]:
    """Record for some minutes, or until the pack is unloaded; return where the recording can be downloaded for a day.

    Raises ServiceValidationError if a recording runs, HomeAssistantError if nothing was recorded or cannot be stored.
    """
    coordinator, minutes = call.coordinator, call.service_call.data[ATTR_MINUTES]
    hass, pack, entry = coordinator.hass, coordinator.pack, coordinator.config_entry
    if pack.recording is not None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="already_recording")
    pack.recording = recording = Recording(hass.loop.time())
    began = dt_util.utcnow()
    until = dt_util.as_local(began + timedelta(minutes=minutes))
    _notify(hass, entry, "recording_runs", until=until.strftime("%H:%M:%S"))
    try:
        await _async_record(coordinator, minutes)
        url = await _async_store(coordinator, recording, began)
    except BaseException:
        persistent_notification.async_dismiss(hass, _notification_id(entry.entry_id))
        raise
    return ActionResult(RecordingResponse(url=url, packets=recording.packets, complete=not recording.full))


async def _async_record(coordinator: SmartBmsCoordinator, minutes: float) -> None:
    """Wait while the pack records, and end the recording."""
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(minutes * SECONDS_PER_MINUTE):
                await coordinator.ended.wait()
    finally:
        coordinator.pack.recording = None


async def _async_store(coordinator: SmartBmsCoordinator, recording: Recording, began: datetime) -> str:
    """Write the file of a recording and notify the user; return its signed link."""
    hass, entry, identity = coordinator.hass, coordinator.config_entry, coordinator.identity
    if not recording.packets:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="nothing_recorded")
    head = {
        "family": coordinator.family.key,
        **{key: identity.get(key, "") for key in ("variant", "model", "hw_version", "sw_version")},
        "simulated": coordinator.simulation is not None,
        "began": began.isoformat(timespec="seconds"),
        "state": coordinator.connection_state,
    }
    name = recording_name(entry, began)

    def lines() -> list[str]:
        """Return the lines of the file, without secrets."""
        return [*recording.lines(head, coordinator.family.mask)]

    try:
        await async_save_recording(hass, entry.entry_id, name, lines)
    except OSError as error:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="not_kept") from error
    if hass.config_entries.async_get_entry(entry.entry_id) is None:
        # The entry was removed meanwhile, and its recordings with it.
        await async_forget_recording(hass, entry.entry_id)
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="nothing_recorded")
    url = async_sign_path(hass, _URL.format(name=name), _LINK_VALID_FOR, use_content_user=True)
    # The user interface would open a plain link as a page of its own.
    link = f'<a href="{url}" target="_blank">{download_name(name)}</a>'
    _notify(hass, entry, "recording_ready", link=link)
    return url


def _notify(hass: HomeAssistant, entry: ConfigEntry, key: str, **placeholders: str) -> None:
    """Show the state of an entry's recording in a notification, in place of the one before."""
    message = sentence(hass, key, {"name": entry.title, **placeholders})
    persistent_notification.async_create(hass, message, entry.title, _notification_id(entry.entry_id))


def _notification_id(entry_id: str) -> str:
    """Return the id of the notification about an entry's recording."""
    return f"{DOMAIN}_recording_{entry_id}"


async def async_forget_recording(hass: HomeAssistant, entry_id: str) -> None:
    """Remove the recording of an entry, and the notification about it."""
    persistent_notification.async_dismiss(hass, _notification_id(entry_id))
    await async_remove_recordings(hass, entry_id)


class RecordingView(HomeAssistantView):
    """Serves recordings to whoever has a signed link, or is logged in as an administrator."""

    url = _URL
    name = "api:smart_bms:recordings"

    async def get(self, request: web.Request, name: str) -> web.StreamResponse:
        """Return a recording as a file."""
        hass, user = request.app[KEY_HASS], request[KEY_HASS_USER]
        if not (user.is_admin or user.system_generated):  # a signed link comes with a user of the system
            raise Unauthorized
        path = await async_find_recording(hass, name)
        if path is None:
            return web.Response(status=HTTPStatus.NOT_FOUND)
        disposition = f'attachment; filename="{download_name(name)}"'
        return web.FileResponse(path, headers={"Content-Disposition": disposition, "Content-Type": "application/jsonl"})
