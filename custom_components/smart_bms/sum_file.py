"""Sum file: keeps sums that must survive a crash, beside what Home Assistant remembers of its sensors."""

from collections.abc import Callable
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .energy.flow import Flow

_VERSION: Final = 1
SAVE_EVERY: Final = 60.0
"""Seconds between two saves while energy flows: what a power cut may cost, unless the pack's own counters bridge it."""


def energy_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Return the file of an entry."""
    return Store(hass, _VERSION, f"{DOMAIN}.{entry_id}.energy", private=True)


class SumFile:
    """The file of one entry."""

    def __init__(self, hass: HomeAssistant, entry_id: str, kept: Callable[[], dict[str, Any]]) -> None:
        """`kept` returns what has to be kept."""
        self._store = energy_store(hass, entry_id)
        self._kept = kept
        self._saved = Flow()
        self._saved_at: float | None = None

    def begins(self, total: Flow) -> None:
        """Take what there was at the start."""
        self._saved = total.copy()

    @callback
    def async_grown(self, total: Flow, now: float) -> None:
        """Keep the sums if it is time, and anything flowed."""
        if self._saved_at is None:
            self._saved_at = now
        if now - self._saved_at >= SAVE_EVERY and total != self._saved:
            self._saved_at, self._saved = now, total.copy()
            self._store.async_delay_save(self._kept)

    @callback
    def async_keep(self) -> None:
        """Keep what there is with the last writes of Home Assistant."""
        self._store.async_delay_save(self._kept)

    async def async_finish(self) -> None:
        """Keep what there is now."""
        await self._store.async_save(self._kept())
