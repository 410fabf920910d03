"""Recordings: raw traffic with a pack, secrets removed, handed out as a download for bug reports."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
import re
import shutil
from typing import Any, Final

from aiohttp import web
from homeassistant.components import persistent_notification
from homeassistant.components.http import KEY_HASS, KEY_HASS_USER, HomeAssistantView
from homeassistant.components.http.auth import async_sign_path
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers.translation import async_get_exception_message
from homeassistant.util import dt as dt_util

from .bms.recording import Recording
from .const import DOMAIN
from .coordinator import SmartBmsCoordinator

_URL: Final = "/api/smart_bms/recordings/{name}"
_NAME: Final = re.compile(r"[\w-]+\.jsonl")
_VALID: Final = timedelta(days=1)
SECONDS_PER_MINUTE: float = 60.0


def _folder(hass: HomeAssistant) -> Path:
    return Path(hass.config.cache_path(DOMAIN, "recordings"))


def _path(hass: HomeAssistant, entry_id: str) -> Path:
    """Return where the recording of an entry is kept: only its newest one."""
    return _folder(hass) / f"{entry_id}.jsonl"


async def async_record(coordinator: SmartBmsCoordinator, minutes: float) -> dict[str, Any]:
    """Record for some minutes, or until the pack is unloaded; return where the recording can be fetched for a day.

    Raises ServiceValidationError if one is under way, HomeAssistantError if nothing passed or it could not be kept.
    """
    hass, pack, entry = coordinator.hass, coordinator.pack, coordinator.config_entry
    if pack.recording is not None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="already_recording")
    pack.recording = recording = Recording(hass.loop.time())
    began = dt_util.utcnow()
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(minutes * SECONDS_PER_MINUTE):
                await coordinator.ended.wait()
    finally:
        pack.recording = None
    if not recording.packets:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="nothing_recorded")
    identity = coordinator.identity
    head = {
        "family": coordinator.family.key,
        **{key: identity.get(key, "") for key in ("variant", "model", "hw_version", "sw_version")},
        "simulated": coordinator.simulation is not None,
        "began": began.isoformat(timespec="seconds"),
        "state": coordinator.link_state,
    }
    path = _path(hass, entry.entry_id)

    def keep() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([*recording.lines(head, coordinator.family.mask), ""]), encoding="utf-8")

    try:
        await hass.async_add_executor_job(keep)
    except OSError as error:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="not_kept") from error
    if hass.config_entries.async_get_entry(entry.entry_id) is None:
        # Removed meanwhile, and with it all that there was of it.
        await async_forget(hass, entry.entry_id)
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="nothing_recorded")
    url = async_sign_path(hass, _URL.format(name=path.name), _VALID, use_content_user=True)
    # A plain link would be taken for a page of Home Assistant's own user interface.
    link = f'<a href="{url}" target="_blank">smart_bms_{path.name}</a>'
    message = async_get_exception_message(DOMAIN, "recording_ready", {"name": entry.title, "link": link})
    persistent_notification.async_create(hass, message, entry.title, f"{DOMAIN}_recording_{entry.entry_id}")
    return {"url": url, "packets": recording.packets, "complete": not recording.full}


async def async_forget_all(hass: HomeAssistant) -> None:
    """Remove the recordings of an earlier run: their links do not work any more."""
    folder = _folder(hass)
    await hass.async_add_executor_job(lambda: shutil.rmtree(folder, ignore_errors=True))


async def async_forget(hass: HomeAssistant, entry_id: str) -> None:
    """Remove the recording of an entry."""
    persistent_notification.async_dismiss(hass, f"{DOMAIN}_recording_{entry_id}")
    await hass.async_add_executor_job(lambda: _path(hass, entry_id).unlink(missing_ok=True))


class RecordingView(HomeAssistantView):
    """Hands out recordings to whoever has a signed link, or is logged in as an administrator."""

    url = _URL
    name = "api:smart_bms:recordings"

    async def get(self, request: web.Request, name: str) -> web.StreamResponse:
        """Return a recording as a file."""
        hass, user = request.app[KEY_HASS], request[KEY_HASS_USER]
        if not (user.is_admin or user.system_generated):  # signed links speak for a user of the system
            raise Unauthorized
        path = _folder(hass) / name
        if not _NAME.fullmatch(name) or not await hass.async_add_executor_job(path.is_file):
            return web.Response(status=HTTPStatus.NOT_FOUND)
        disposition = f'attachment; filename="smart_bms_{name}"'
        return web.FileResponse(path, headers={"Content-Disposition": disposition, "Content-Type": "application/jsonl"})
