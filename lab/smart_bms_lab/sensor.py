"""Sensors of the meters of the demo's house."""

from typing import Final

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorStateClass
from homeassistant.const import UnitOfEnergy, UnitOfPower
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddEntitiesCallback
from homeassistant.helpers.typing import ConfigType, DiscoveryInfoType

from .meters import Meters

DOMAIN: Final = "smart_bms_lab"
ENERGIES: Final = {"solar_energy": "Solar production", "grid_import": "Grid import", "grid_export": "Grid export"}
POWERS: Final = {"solar_power": "Solar power", "grid_power": "Grid power"}


class MeterSensor(SensorEntity):
    """One of the numbers."""

    _attr_suggested_display_precision = 2

    def __init__(self, meters: Meters, key: str, name: str) -> None:
        """Show an attribute of the meters."""
        self._meters, self._key = meters, key
        self._attr_name, self._attr_unique_id = name, key
        self.entity_id = f"sensor.{key}"
        if key in ENERGIES:
            self._attr_device_class, self._attr_state_class = (
                SensorDeviceClass.ENERGY,
                SensorStateClass.TOTAL_INCREASING,
            )
            self._attr_native_unit_of_measurement = UnitOfEnergy.KILO_WATT_HOUR
        else:
            self._attr_device_class, self._attr_state_class = SensorDeviceClass.POWER, SensorStateClass.MEASUREMENT
            self._attr_native_unit_of_measurement = UnitOfPower.KILO_WATT

    def update(self) -> None:
        """Look at the meter."""
        self._attr_native_value = round(getattr(self._meters, self._key), 3)


async def async_setup_platform(
    hass: HomeAssistant,
    config: ConfigType,
    async_add_entities: AddEntitiesCallback,
    discovery_info: DiscoveryInfoType | None = None,
) -> None:
    """Add all of them."""
    names = ENERGIES | POWERS
    async_add_entities(
        [MeterSensor(hass.data[DOMAIN], key, name) for key, name in names.items()], update_before_add=True
    )
