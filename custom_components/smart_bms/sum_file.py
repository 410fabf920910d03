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

REST_EVERY: Final = 900.0
"""Seconds between two saves while nothing flows: what was learnt at rest must not be lost either."""


def energy_store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    """Return the file of an entry."""
    return Store(hass, _VERSION, f"{DOMAIN}.{entry_id}.energy", private=True, atomic_writes=True)


class SumFile:
    """The file of one entry.

    What is shown is what is on disk: a crash then never makes a shown sum go back.
    """

    def __init__(self, hass: HomeAssistant, entry_id: str, kept: Callable[[], dict[str, Any]], total: Flow) -> None:
        """`kept` returns what has to be kept, `total` are the sums in it."""
        self._hass = hass
        self._store = energy_store(hass, entry_id)
        self._kept = kept
        self._total = total
        self._saved_at: float | None = None
        self.shown = total.copy()
        """The sums as they are on disk."""

    def begins(self, total: Flow) -> None:
        """Take what there was at the start."""
        self._total, self.shown = total, total.copy()

    def at_least(self, least: Flow) -> None:
        """Take what was shown before: nothing ever goes back."""
        self._total.at_least(least)
        self.shown.at_least(least)

    @callback
    def async_grown(self, now: float) -> None:
        """Keep the sums if it is time."""
        if self._saved_at is None:
            self._saved_at = now
        waited = now - self._saved_at
        if waited >= REST_EVERY or (waited >= SAVE_EVERY and self._total != self.shown):
            self._saved_at = now
            self._hass.async_create_task(self.async_save())

    @callback
    def async_keep(self) -> None:
        """Keep what there is with the last writes of Home Assistant."""
        self._store.async_delay_save(self._kept)

    async def async_save(self) -> None:
        """Keep what there is now."""
        total = self._total.copy()
        await self._store.async_save(self._kept())
        self.shown = total
