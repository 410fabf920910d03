"""Stores: files of which it is known whether a save succeeded, and that are checked part by part when they are loaded.

Home Assistant's own store only logs a write that failed, and forgets what it should have written. Here it is tried
again every minute, and one repair issue says that nothing can be saved until all files were written.
"""

from contextlib import suppress
import logging
import os
from typing import Any, Final, override

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.file import WriteError
from homeassistant.util.hass_dict import HassKey

from ..bms.stored_values import BROKEN, WHOLE, Checks, sort_out
from ..const import DOCUMENTATION, DOMAIN

_LOGGER: Final = logging.getLogger(__name__)
_VERSION: Final = 1
RETRY_AFTER: Final = 60.0
"""Seconds after which a write that failed is tried again."""
DISK_FULL: Final = "disk_full"
"""Id of the issue about writes that fail."""


class CheckedStore(Store[dict[str, Any]]):
    """A file of this integration; `open_store` returns the one of a key."""

    def __init__(self, hass: HomeAssistant, key: str, *, atomic_writes: bool) -> None:
        """`key` is the name of the file, which is not read yet; `atomic_writes` replace it in one step."""
        super().__init__(hass, _VERSION, key, private=True, atomic_writes=atomic_writes)
        self.on_disk: dict[str, Any] | None = None
        """The content of the newest write that succeeded; None before the first."""

    def is_saved(self, content: dict[str, Any]) -> bool:
        """Return whether this very object is what was written last."""
        return self.on_disk is content

    @override
    async def _async_write_data(self, data: dict[str, Any]) -> None:
        """Write, and note whether that succeeded; the base class only logs a failure. Raises WriteError."""
        try:
            await super()._async_write_data(data)
        except (WriteError, OSError) as error:
            _update_disk_issue(self.hass, self.key, error)
            content = data["data"]
            if self._data is None and not self.hass.is_stopping:
                self.async_delay_save(lambda: content, RETRY_AFTER)
            raise WriteError(str(error)) from error
        self.on_disk = data["data"]
        _update_disk_issue(self.hass, self.key, None)

    @override
    async def async_remove(self) -> None:
        """Remove the file, what was set aside of it, and its issue."""
        await super().async_remove()
        await _set_aside_store(self).async_remove()
        with suppress(OSError):
            await self.hass.async_add_executor_job(os.unlink, _unreadable_path(self))
        self.hass.data.get(_STORES, {}).pop(self.key, None)
        ir.async_delete_issue(self.hass, DOMAIN, set_aside_issue(self))
        _update_disk_issue(self.hass, self.key, None)


_STORES: Final[HassKey[dict[str, CheckedStore]]] = HassKey(f"{DOMAIN}.stores")
_UNWRITTEN: Final[HassKey[dict[str, str]]] = HassKey(f"{DOMAIN}.unwritten")


@callback
def open_store(hass: HomeAssistant, key: str, *, atomic_writes: bool = False) -> CheckedStore:
    """Return the store of a key, always the same one: a reload must not lose what it could not write yet."""
    stores = hass.data.setdefault(_STORES, {})
    if key not in stores:
        stores[key] = CheckedStore(hass, key, atomic_writes=atomic_writes)
    return stores[key]


@callback
def _update_disk_issue(hass: HomeAssistant, key: str, error: Exception | None) -> None:
    """Create or delete the issue about writes that fail; it stays until all of them succeeded."""
    unwritten = hass.data.setdefault(_UNWRITTEN, {})
    if error is None:
        if unwritten.pop(key, None) is not None and not unwritten:
            ir.async_delete_issue(hass, DOMAIN, DISK_FULL)
        return
    cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
    unwritten[key] = (cause.strerror if isinstance(cause, OSError) else None) or str(cause)
    ir.async_create_issue(
        hass,
        DOMAIN,
        DISK_FULL,
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key=DISK_FULL,
        translation_placeholders={"reason": unwritten[key]},
        learn_more_url=f"{DOCUMENTATION}/energy.md",
    )


def set_aside_issue(store: CheckedStore) -> str:
    """Return the id of the issue about parts of a file that could not be used."""
    return f"set_aside_{store.key}"


def _set_aside_store(store: CheckedStore) -> Store[dict[str, Any]]:
    """Return the store for the parts of a file that could not be used."""
    return Store(store.hass, _VERSION, f"{store.key}.set_aside", private=True)


def _unreadable_path(store: CheckedStore) -> str:
    """Return the path to which a file is moved that cannot be read."""
    return f"{store.path}.unreadable"


async def async_load_parts(store: CheckedStore, checks: Checks, name: str) -> dict[str, Any] | None:
    """Return the content of a file without the parts that cannot be used; None if there is no file.

    A bad part is saved in `<key>.set_aside` beside the file, a file that cannot be read at all as `<key>.unreadable`,
    and a repair issue with `name` reports it.
    """
    try:
        content = await store.async_load()
    except (HomeAssistantError, OSError, *BROKEN) as error:
        _LOGGER.warning("%s cannot be read and is set aside: %s", store.key, error)
        with suppress(OSError):
            await store.hass.async_add_executor_job(os.replace, store.path, _unreadable_path(store))
        _create_set_aside_issue(store, [WHOLE], name, f"{store.key}.unreadable")
        return None
    if content is None:
        return None
    good, bad = sort_out(content, checks)
    if bad:
        _LOGGER.warning("Parts of %s cannot be used and are set aside: %s", store.key, ", ".join(bad))
        set_aside = _set_aside_store(store)
        earlier: Any = None
        with suppress(HomeAssistantError, OSError, *BROKEN):
            earlier = await set_aside.async_load()
        at = dt_util.utcnow().isoformat(timespec="seconds")
        parts = {**(earlier if isinstance(earlier, dict) else {})}
        parts |= {part: {"at": at, "value": value} for part, value in bad.items()}
        await set_aside.async_save(parts)
        _create_set_aside_issue(store, list(parts), name, set_aside.key)
    return good


@callback
def _create_set_aside_issue(store: CheckedStore, parts: list[str], name: str, file: str) -> None:
    """Create the issue about parts of a file that could not be used; `file` is where they are."""
    ir.async_create_issue(
        store.hass,
        DOMAIN,
        set_aside_issue(store),
        is_fixable=True,
        is_persistent=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="set_aside",
        translation_placeholders={"name": name, "parts": ", ".join(parts), "file": file},
    )
