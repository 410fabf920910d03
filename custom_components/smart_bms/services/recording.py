"""Recordings: raw traffic with a pack, secrets removed, handed out as a download for bug reports."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from http import HTTPStatus
from pathlib import Path
import re
import shutil
from typing import Any, Final

from aiohttp import web
from homeassistant.components import persistent_notification
from homeassistant.components.http import KEY_HASS, KEY_HASS_USER, HomeAssistantView
from homeassistant.components.http.auth import async_sign_path
from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError, Unauthorized
from homeassistant.helpers.translation import async_get_exception_message
from homeassistant.util import dt as dt_util, slugify

from ..bms.recording import Recording
from ..const import DOMAIN
from ..coordinator import SmartBmsCoordinator

_URL: Final = "/api/smart_bms/recordings/{name}"
_NAME: Final = re.compile(r"[\w-]+\.jsonl")
_VALID: Final = timedelta(days=1)
SECONDS_PER_MINUTE: float = 60.0


def _folder(hass: HomeAssistant) -> Path:
    return Path(hass.config.cache_path(DOMAIN, "recordings"))


def _path(hass: HomeAssistant, entry: ConfigEntry, began: datetime) -> Path:
    """Return where a recording is kept, by the name of its pack, its time and its entry."""
    at = dt_util.as_local(began).strftime("%Y-%m-%d_%H-%M-%S")
    return _folder(hass) / f"{slugify(entry.title)}_{at}_{entry.entry_id}.jsonl"


def _download_name(name: str) -> str:
    """Return how a file is called when it is downloaded: without its entry."""
    return f"smart_bms_{name.rsplit('_', 1)[0]}.jsonl"


def _remove(folder: Path, entry_id: str) -> None:
    for path in folder.glob(f"*_{entry_id}.jsonl"):
        path.unlink(missing_ok=True)


def _notification(entry_id: str) -> str:
    return f"{DOMAIN}_recording_{entry_id}"


def _notify(hass: HomeAssistant, entry: ConfigEntry, key: str, **told: str) -> None:
    """Tell how it stands with the recording of an entry; the newest message replaces the one before."""
    # Messages come without their full stop.
    message = async_get_exception_message(DOMAIN, key, {"name": entry.title, **told}).rstrip(".") + "."
    persistent_notification.async_create(hass, message, entry.title, _notification(entry.entry_id))


async def async_record(coordinator: SmartBmsCoordinator, minutes: float) -> dict[str, Any]:
    """Record for some minutes, or until the pack is unloaded; return where the recording can be fetched for a day.

    Raises ServiceValidationError if one is under way, HomeAssistantError if nothing passed or it could not be kept.
    """
    hass, pack, entry = coordinator.hass, coordinator.pack, coordinator.config_entry
    if pack.recording is not None:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="already_recording")
    pack.recording = recording = Recording(hass.loop.time())
    began = dt_util.utcnow()
    until = dt_util.as_local(began + timedelta(minutes=minutes))
    _notify(hass, entry, "recording_runs", until=until.strftime("%H:%M:%S"))
    try:
        return await _record(coordinator, recording, began, minutes)
    except BaseException:
        persistent_notification.async_dismiss(hass, _notification(entry.entry_id))
        raise


async def _record(
    coordinator: SmartBmsCoordinator, recording: Recording, began: datetime, minutes: float
) -> dict[str, Any]:
    hass, pack, entry = coordinator.hass, coordinator.pack, coordinator.config_entry
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
        "state": coordinator.connection_state,
    }
    path = _path(hass, entry, began)

    def keep() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(path.parent, entry.entry_id)  # only the newest is kept
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
    link = f'<a href="{url}" target="_blank">{_download_name(path.name)}</a>'
    _notify(hass, entry, "recording_ready", link=link)
    return {"url": url, "packets": recording.packets, "complete": not recording.full}


async def async_forget_all(hass: HomeAssistant) -> None:
    """Remove the recordings of an earlier run: their links do not work any more."""
    folder = _folder(hass)
    await hass.async_add_executor_job(lambda: shutil.rmtree(folder, ignore_errors=True))


async def async_forget(hass: HomeAssistant, entry_id: str) -> None:
    """Remove the recording of an entry."""
    persistent_notification.async_dismiss(hass, _notification(entry_id))
    await hass.async_add_executor_job(_remove, _folder(hass), entry_id)


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
        disposition = f'attachment; filename="{_download_name(name)}"'
        return web.FileResponse(path, headers={"Content-Disposition": disposition, "Content-Type": "application/jsonl"})
