"""Sum file: keeps sums that must survive a crash, beside what Home Assistant remembers of its sensors."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback

from ..const import CONF_COUNTED, DOMAIN
from ..energy.energy_totals import EnergyTotals
from .checked_store import CheckedStore, open_store

SAVE_EVERY: Final = 60.0
"""Seconds between two saves while energy flows: what a power cut may cost, unless the pack's own counters bridge it."""

REST_EVERY: Final = 900.0
"""Seconds between two saves while nothing flows: what was learned at rest must not be lost either."""


def energy_store(hass: HomeAssistant, entry_id: str) -> CheckedStore:
    """Return the file of an entry."""
    return open_store(hass, f"{DOMAIN}.{entry_id}.energy", atomic_writes=True)


class EnergyStore:
    """The file of one entry.

    What is shown is what is on disk: a crash then never makes a shown sum go back.
    """

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        hass: HomeAssistant,
        entry_id: str,
        kept: Callable[[], dict[str, Any]],
        total: EnergyTotals,
        total_in: Callable[[Mapping[str, Any]], Mapping[str, Any] | None],
        held: Mapping[str, Any] | None,
    ) -> None:
        """`kept` returns what has to be kept, `total` are the sums now, and `total_in` returns them from what was kept.

        `held` is what the file held, None if there was none.
        """
        self._hass = hass
        self._entry_id = entry_id
        self._store = energy_store(hass, entry_id)
        self._kept = kept
        self._total = total
        self._saved_at: float | None = None
        lost = held is None or total_in(held) is None
        self.falls_back = lost and (held is not None or self._had_file)
        """Its sums are gone. Only then what Home Assistant remembers of its sensors counts: else that may be another pack's."""
        written = total_in(self._store.on_disk or {})
        self.shown = total.copy() if lost or written is None else EnergyTotals.of(written)
        """The sums as they are on disk."""

    def at_least(self, least: EnergyTotals) -> None:
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
        total, kept = self._total.copy(), self._kept()
        await self._store.async_save(kept)
        if self._store.landed(kept):
            self.shown = total
            self._note_file()

    @property
    def _had_file(self) -> bool:
        """Whether the entry has ever had a file of its own."""
        entry = self._hass.config_entries.async_get_entry(self._entry_id)
        return entry is not None and CONF_COUNTED in entry.data

    @callback
    def _note_file(self) -> None:
        """Note that it has one."""
        entry = self._hass.config_entries.async_get_entry(self._entry_id)
        if entry is not None and not self._had_file:
            self._hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_COUNTED: True})
