"""The energy dashboard: adds a battery to it, when asked to."""

from typing import Any, Final

from homeassistant.components import persistent_notification
from homeassistant.components.energy import DOMAIN as ENERGY
from homeassistant.components.energy.data import BatterySourceType, async_get_manager
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er

from ..const import DOMAIN
from ..texts import format_number, sentence
from .energy_account import CHARGED, DISCHARGED

_POWER: Final = "power"
_SOC: Final = "soc"


async def async_add_to_dashboard(
    hass: HomeAssistant, context: Context | None, unique_id: str, name: str, capacity: float | None
) -> None:
    """Add a battery to the energy preferences, or renew it there, and tell the user what was entered. Home Assistant keeps them for administrators, and so do we.

    `context` says who asks, `unique_id` is the start of its sensors' ids, `capacity` the usable energy in kWh. Our power is positive while charging, the
    dashboard's while discharging: it is told so and makes the sensor that it needs by itself. Raises HomeAssistantError.
    """
    user = await hass.auth.async_get_user(context.user_id) if context and context.user_id else None
    if user is not None and not user.is_admin:
        raise ServiceValidationError(translation_domain=DOMAIN, translation_key="dashboard_not_admin")
    registry = er.async_get(hass)

    def sensor(key: str) -> str | None:
        """Return the id of an enabled sensor by its key, None if there is none."""
        found = registry.async_get_entity_id("sensor", DOMAIN, f"{unique_id}_{key}")
        entry = registry.async_get(found) if found else None
        return None if entry is None or entry.disabled else found

    charged, discharged, power, soc = (sensor(key) for key in (CHARGED, DISCHARGED, _POWER, _SOC))
    if ENERGY not in hass.config.components:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_energy_dashboard")
    if charged is None or discharged is None:
        raise HomeAssistantError(translation_domain=DOMAIN, translation_key="no_energy_sensors")
    battery = BatterySourceType(type="battery", stat_energy_from=discharged, stat_energy_to=charged, name=name)
    if power:
        battery["power_config"] = {"stat_rate_inverted": power}
    if soc:
        battery["stat_soc"] = soc
    if capacity:
        battery["capacity"] = round(capacity, 1)
    manager = await async_get_manager(hass)
    preferences = manager.data or manager.default_preferences()
    sources: list[Any] = list(preferences["energy_sources"])
    before = [source for source in sources if source["type"] == "battery" and source.get("stat_energy_to") == charged]
    others = [source for source in sources if source not in before]
    await manager.async_update({**preferences, "energy_sources": [*others, battery]})
    # The capacity moves with the voltage of the moment.
    entered = {key: value for key, value in battery.items() if key != "capacity"}
    there = any(all(source.get(key) == value for key, value in entered.items()) for source in before)
    outcome = "dashboard_there_already" if there else "dashboard_renewed" if before else "dashboard_added"
    reported = {"charged": charged, "discharged": discharged, "power": power or "–", "soc": soc or "–"}
    reported |= {"name": name, "capacity": f"{format_number(hass, capacity, 1)} kWh" if capacity else "–"}
    persistent_notification.async_create(
        hass, sentence(hass, outcome, reported), name, f"{DOMAIN}_dashboard_{unique_id}"
    )
