"""The repair issue about simulated packs, or banks of them, that the energy dashboard counts as batteries."""

from collections.abc import Iterator
import logging
from typing import Final

from homeassistant.components.energy import DOMAIN as ENERGY
from homeassistant.components.energy.data import async_get_manager
from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.setup import async_when_setup

from ..const import CONF_PACKS, CONF_SIMULATED, DOCUMENTATION, DOMAIN
from .membership import is_bank

_LOGGER = logging.getLogger(__name__)

SIMULATED_ENERGY: Final = "simulated_energy"


@callback
def async_watch_energy_preferences(hass: HomeAssistant) -> None:
    """Check whenever the energy dashboard or an entry of ours is changed. To be called once."""

    async def changed() -> None:
        """Check what is counted now."""
        await async_update_simulated_energy_issue(hass)

    @callback
    def entry_changed(change: ConfigEntryChange, entry: ConfigEntry) -> None:
        """Check when an entry was renamed or disabled."""
        if entry.domain == DOMAIN and change is ConfigEntryChange.UPDATED:
            hass.async_create_task(changed(), f"check the energy dashboard for {entry.title}")

    async def set_up(hass: HomeAssistant, _: str) -> None:
        """Listen for changes, and check what is counted from the start."""
        (await async_get_manager(hass)).async_listen_updates(changed)
        await changed()

    async_when_setup(hass, ENERGY, set_up)
    async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, entry_changed)


async def async_update_simulated_energy_issue(hass: HomeAssistant, *, without: str | None = None) -> None:
    """Create or delete the issue. `without` is an entry that is removed. Never fails: packs and the dashboard are more important."""
    try:
        await _async_update(hass, without)
    except Exception:
        _LOGGER.exception("Cannot check whether the energy dashboard counts simulated packs")


async def _async_update(hass: HomeAssistant, without: str | None) -> None:
    """Create or delete the issue."""
    simulated, counted = list(_simulated(hass, without)), set[str]()
    if simulated and ENERGY in hass.config.components:
        preferences = (await async_get_manager(hass)).data
        counted = {
            str(statistic)
            for source in (preferences["energy_sources"] if preferences else ())
            if source["type"] == "battery"
            for statistic in (source.get("stat_energy_from"), source.get("stat_energy_to"))
        }
    registry = er.async_get(hass)
    entries = {entity.config_entry_id for key in counted if (entity := registry.async_get(key)) is not None}
    names = sorted(name for entry_id, name in simulated if entry_id in entries)
    if not names:
        ir.async_delete_issue(hass, DOMAIN, SIMULATED_ENERGY)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        SIMULATED_ENERGY,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key=SIMULATED_ENERGY,
        translation_placeholders={"names": ", ".join(names)},
        learn_more_url=f"{DOCUMENTATION}/energy.md",
    )


@callback
def _simulated(hass: HomeAssistant, without: str | None) -> Iterator[tuple[str, str]]:
    """Yield id and name of each entry of a simulated pack, or of a bank with one; `without` is removed."""
    entries = [
        entry
        for entry in hass.config_entries.async_entries(DOMAIN, include_disabled=False)
        if entry.entry_id != without
    ]
    packs = {entry.entry_id for entry in entries if CONF_SIMULATED in entry.data}
    for entry in entries:
        if entry.entry_id in packs or (is_bank(entry) and packs.intersection(entry.options[CONF_PACKS])):
            yield entry.entry_id, entry.title
