"""The energy file of an entry: totals that must survive a crash, beside the states that Home Assistant restores."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback

from ..const import CONF_COUNTED, DOMAIN
from ..energy.energy_totals import EnergyTotals
from .checked_store import CheckedStore, open_store

SAVE_INTERVAL: Final = 60.0
"""s between two saves while energy flows: a power cut may lose as much, unless the pack's own counters have it."""

REST_SAVE_INTERVAL: Final = 900.0
"""s between two saves while none flows, for what is learned at rest."""


def energy_store(hass: HomeAssistant, entry_id: str) -> CheckedStore:
    """Return the store of an entry."""
    return open_store(hass, f"{DOMAIN}.{entry_id}.energy", atomic_writes=True)


class EnergyStore:
    """The energy file of one entry.

    Only totals that are on disk are shown, so that a shown total never decreases after a crash.
    """

    def __init__(  # noqa: PLR0913, PLR0917
        self,
        hass: HomeAssistant,
        entry_id: str,
        content: Callable[[], dict[str, Any]],
        total: EnergyTotals,
        total_in: Callable[[Mapping[str, Any]], Mapping[str, Any] | None],
        loaded: Mapping[str, Any] | None,
    ) -> None:
        """`content` returns what has to be saved, `total` are the present totals, `total_in` returns those of a content.

        `loaded` is the content of the file, None if there was none.
        """
        self._hass = hass
        self._entry_id = entry_id
        self._store = energy_store(hass, entry_id)
        self._content = content
        self._total = total
        self._saved_at: float | None = None
        is_lost = loaded is None or total_in(loaded) is None
        self.falls_back = is_lost and (loaded is not None or self._had_file)
        """Whether the totals are lost. Only then restored states of sensors count: else they may be another pack's."""
        written = total_in(self._store.on_disk or {})
        self.saved_total = total.copy() if is_lost or written is None else EnergyTotals.from_dict(written)
        """The totals that are on disk."""

    def raise_to(self, minimum: EnergyTotals) -> None:
        """Raise the totals to what was shown before: no total ever decreases."""
        self._total.raise_to(minimum)
        self.saved_total.raise_to(minimum)

    @callback
    def async_save_if_due(self, now: float) -> None:
        """Save the totals if it is time; `now` is the monotonic time in s."""
        if self._saved_at is None:
            self._saved_at = now
        waited = now - self._saved_at
        if waited >= REST_SAVE_INTERVAL or (waited >= SAVE_INTERVAL and self._total != self.saved_total):
            self._saved_at = now
            self._hass.async_create_task(self.async_save())

    @callback
    def async_schedule_save(self) -> None:
        """Save when Home Assistant stops."""
        self._store.async_delay_save(self._content)

    async def async_save(self) -> None:
        """Save now; the new totals are shown once they are on disk."""
        total, content = self._total.copy(), self._content()
        await self._store.async_save(content)
        if self._store.is_saved(content):
            self.saved_total = total
            self._mark_as_existing()

    @property
    def _had_file(self) -> bool:
        """Return whether the entry has ever had a file of its own."""
        entry = self._hass.config_entries.async_get_entry(self._entry_id)
        return entry is not None and CONF_COUNTED in entry.data

    @callback
    def _mark_as_existing(self) -> None:
        """Note in the entry that it has a file."""
        entry = self._hass.config_entries.async_get_entry(self._entry_id)
        if entry is not None and not self._had_file:
            self._hass.config_entries.async_update_entry(entry, data={**entry.data, CONF_COUNTED: True})
