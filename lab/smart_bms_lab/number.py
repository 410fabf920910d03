"""Numbers of the demo's inverter: what it charges and discharges with."""

from datetime import timedelta
from typing import Final, override

from homeassistant.components.number import NumberDeviceClass, NumberEntity, NumberMode
from homeassistant.const import UnitOfElectricCurrent, UnitOfElectricPotential
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddEntitiesCallback
from homeassistant.helpers.typing import ConfigType, DiscoveryInfoType

from .inverter import HIGHEST, INVERTER, LOWEST, STEP, Inverter

SCAN_INTERVAL: Final = timedelta(seconds=1)
NAMES: Final = {
    "charge_current": "Inverter charge current",
    "charge_voltage": "Inverter charge voltage",
    "discharge_current": "Inverter discharge current",
}


class InverterNumber(NumberEntity):
    """One setting of the inverter; it is shown once it counts."""

    _attr_mode = NumberMode.BOX

    def __init__(self, inverter: Inverter, key: str) -> None:
        """Show a setting."""
        self._inverter, self._key = inverter, key
        self._attr_name, self._attr_unique_id = NAMES[key], f"inverter_{key}"
        self.entity_id = f"number.inverter_{key}"
        self._attr_native_min_value, self._attr_native_max_value = LOWEST[key], HIGHEST[key]
        self._attr_native_step = STEP[key]
        is_voltage = key == "charge_voltage"
        self._attr_device_class = NumberDeviceClass.VOLTAGE if is_voltage else NumberDeviceClass.CURRENT
        self._attr_native_unit_of_measurement = (
            UnitOfElectricPotential.VOLT if is_voltage else UnitOfElectricCurrent.AMPERE
        )

    def update(self) -> None:
        """Look at the inverter."""
        self._attr_native_value = self._inverter.shown(self._key)

    @override
    def set_native_value(self, value: float) -> None:
        """Set it: the inverter takes its time."""
        self._inverter.set(self._key, value)


async def async_setup_platform(
    hass: HomeAssistant,
    config: ConfigType,
    async_add_entities: AddEntitiesCallback,
    discovery_info: DiscoveryInfoType | None = None,
) -> None:
    """Add all of them."""
    async_add_entities([InverterNumber(hass.data[INVERTER], key) for key in NAMES], update_before_add=True)
