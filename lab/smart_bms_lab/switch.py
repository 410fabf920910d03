"""Switches of the demo's inverter: whether it runs, and whether it ignores what it is set to."""

from datetime import timedelta
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddEntitiesCallback
from homeassistant.helpers.typing import ConfigType, DiscoveryInfoType

from .inverter import INVERTER, Inverter

SCAN_INTERVAL: Final = timedelta(seconds=1)


class InverterSwitch(SwitchEntity):
    """Whether the inverter runs."""

    _attr_name = "Inverter"
    _attr_unique_id = "inverter_is_on"

    def __init__(self, inverter: Inverter) -> None:
        """Show the inverter."""
        self._inverter = inverter
        self.entity_id = "switch.inverter"

    def update(self) -> None:
        """Look at the inverter."""
        self._attr_is_on = self._inverter.is_on

    @override
    def turn_on(self, **kwargs: Any) -> None:
        """Start it."""
        self._inverter.set("is_on", 1)

    @override
    def turn_off(self, **kwargs: Any) -> None:
        """Stop it."""
        self._inverter.set("is_on", 0)


class IgnoringSwitch(SwitchEntity):
    """Whether the inverter ignores what it is set to, to see what users would see."""

    _attr_name = "Inverter ignores what it is set to"
    _attr_unique_id = "inverter_ignores"

    def __init__(self, inverter: Inverter) -> None:
        """Show the fault."""
        self._inverter = inverter
        self.entity_id = "switch.inverter_ignores"

    def update(self) -> None:
        """Look at the inverter."""
        self._attr_is_on = self._inverter.ignores

    @override
    def turn_on(self, **kwargs: Any) -> None:
        """Ignore from now on."""
        self._inverter.ignores = True

    @override
    def turn_off(self, **kwargs: Any) -> None:
        """Obey again."""
        self._inverter.ignores = False


async def async_setup_platform(
    hass: HomeAssistant,
    config: ConfigType,
    async_add_entities: AddEntitiesCallback,
    discovery_info: DiscoveryInfoType | None = None,
) -> None:
    """Add both."""
    inverter = hass.data[INVERTER]
    async_add_entities([InverterSwitch(inverter), IgnoringSwitch(inverter)], update_before_add=True)
