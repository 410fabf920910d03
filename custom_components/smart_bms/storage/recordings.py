"""Files of recordings: raw traffic with a pack, the newest of each entry, until Home Assistant restarts."""

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
import re
import shutil
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util, slugify

from ..const import DOMAIN

_FILE_NAME: Final = re.compile(r"[\w-]+\.jsonl")


def recordings_folder(hass: HomeAssistant) -> Path:
    """Return the folder of all recordings."""
    return Path(hass.config.cache_path(DOMAIN, "recordings"))


def recording_name(entry: ConfigEntry, began: datetime) -> str:
    """Return the file name of a recording: the name of its pack, its local time and its entry."""
    at = dt_util.as_local(began).strftime("%Y-%m-%d_%H-%M-%S")
    return f"{slugify(entry.title)}_{at}_{entry.entry_id}.jsonl"


def download_name(name: str) -> str:
    """Return the name under which a file is downloaded: without its entry."""
    return f"smart_bms_{name.rsplit('_', 1)[0]}.jsonl"


async def async_save_recording(
    hass: HomeAssistant, entry_id: str, name: str, lines: Callable[[], Iterable[str]]
) -> None:
    """Write a recording in place of an earlier one of its entry; `lines` makes it in the executor. Raises OSError."""
    folder = recordings_folder(hass)

    def save() -> None:
        """Write the file; runs in the executor."""
        folder.mkdir(parents=True, exist_ok=True)
        _remove(folder, entry_id)
        (folder / name).write_text("\n".join([*lines(), ""]), encoding="utf-8")

    await hass.async_add_executor_job(save)


async def async_find_recording(hass: HomeAssistant, name: str) -> Path | None:
    """Return the path of a recording; None if there is none of this name."""
    path = recordings_folder(hass) / name
    is_valid = _FILE_NAME.fullmatch(name) is not None
    return path if is_valid and await hass.async_add_executor_job(path.is_file) else None


async def async_remove_recordings(hass: HomeAssistant, entry_id: str) -> None:
    """Remove the recordings of an entry."""
    await hass.async_add_executor_job(_remove, recordings_folder(hass), entry_id)


async def async_remove_all_recordings(hass: HomeAssistant) -> None:
    """Remove the recordings of an earlier run, whose signed links do not work any more."""
    folder = recordings_folder(hass)
    await hass.async_add_executor_job(lambda: shutil.rmtree(folder, ignore_errors=True))


def _remove(folder: Path, entry_id: str) -> None:
    """Remove the recordings of an entry; runs in the executor."""
    for path in folder.glob(f"*_{entry_id}.jsonl"):
        path.unlink(missing_ok=True)
