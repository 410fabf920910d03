"""Stores: files that tell whether a save landed, and that are checked part by part when they are loaded.

Home Assistant's own store only logs a write that failed, and forgets what it should have written. Here it is tried again every
minute, and one repair issue says that nothing can be kept until all of it landed.
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
        """Prepare; nothing is read yet."""
        super().__init__(hass, _VERSION, key, private=True, atomic_writes=atomic_writes)
        self.on_disk: dict[str, Any] | None = None
        """What the newest write that went well brought to disk; None before the first."""

    def landed(self, content: dict[str, Any]) -> bool:
        """Tell whether this very content is what is on disk."""
        return self.on_disk is content

    @override
    async def _async_write_data(self, data: dict[str, Any]) -> None:
        """Write, and see whether that went well; the store behind it only logs that it did not."""
        try:
            await super()._async_write_data(data)
        except (WriteError, OSError) as error:
            _note(self.hass, self.key, error)
            content = data["data"]
            if self._data is None and not self.hass.is_stopping:
                self.async_delay_save(lambda: content, RETRY_AFTER)
            raise WriteError(str(error)) from error
        self.on_disk = data["data"]
        _note(self.hass, self.key, None)

    @override
    async def async_remove(self) -> None:
        """Remove the file, and what was set aside of it."""
        await super().async_remove()
        await _aside(self).async_remove()
        with suppress(OSError):
            await self.hass.async_add_executor_job(os.unlink, _unreadable(self))
        self.hass.data.get(_OPEN, {}).pop(self.key, None)
        ir.async_delete_issue(self.hass, DOMAIN, set_aside_issue(self))
        _note(self.hass, self.key, None)


_OPEN: Final[HassKey[dict[str, CheckedStore]]] = HassKey(f"{DOMAIN}.stores")
_UNWRITTEN: Final[HassKey[dict[str, str]]] = HassKey(f"{DOMAIN}.unwritten")


@callback
def open_store(hass: HomeAssistant, key: str, *, atomic_writes: bool = False) -> CheckedStore:
    """Return the store of a key, always the same one: what it could not write yet must not be lost by a reload."""
    stores = hass.data.setdefault(_OPEN, {})
    if key not in stores:
        stores[key] = CheckedStore(hass, key, atomic_writes=atomic_writes)
    return stores[key]


@callback
def _note(hass: HomeAssistant, key: str, error: Exception | None) -> None:
    """Note what became of a write; the issue stays until every file landed that had failed."""
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


# Loading.


def set_aside_issue(store: CheckedStore) -> str:
    """Return the id of the issue about parts of a file that could not be used."""
    return f"set_aside_{store.key}"


def _aside(store: CheckedStore) -> Store[dict[str, Any]]:
    return Store(store.hass, _VERSION, f"{store.key}.set_aside", private=True)


def _unreadable(store: CheckedStore) -> str:
    return f"{store.path}.unreadable"


async def async_load_parts(store: CheckedStore, checks: Checks, name: str) -> dict[str, Any] | None:
    """Return what a file holds, without the parts that cannot be used; None if there is nothing.

    A bad part is kept in `<key>.set_aside` beside the file, a file that cannot be read at all as `<key>.unreadable`, and a repair
    issue tells the owner of `name` about it.
    """
    try:
        kept = await store.async_load()
    except (HomeAssistantError, OSError, *BROKEN) as error:
        _LOGGER.warning("%s cannot be read and is set aside: %s", store.key, error)
        with suppress(OSError):
            await store.hass.async_add_executor_job(os.replace, store.path, _unreadable(store))
        _notify(store, [WHOLE], name, f"{store.key}.unreadable")
        return None
    if kept is None:
        return None
    good, bad = sort_out(kept, checks)
    if bad:
        _LOGGER.warning("Parts of %s cannot be used and are set aside: %s", store.key, ", ".join(bad))
        aside = _aside(store)
        earlier: Any = None
        with suppress(HomeAssistantError, OSError, *BROKEN):
            earlier = await aside.async_load()
        at = dt_util.utcnow().isoformat(timespec="seconds")
        parts = {**(earlier if isinstance(earlier, dict) else {})}
        parts |= {part: {"at": at, "value": value} for part, value in bad.items()}
        await aside.async_save(parts)
        _notify(store, list(parts), name, aside.key)
    return good


@callback
def _notify(store: CheckedStore, parts: list[str], name: str, file: str) -> None:
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
