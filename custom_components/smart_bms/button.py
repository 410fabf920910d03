"""Buttons: commands of the board that change many parameters at once."""

from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .bms.settings import Kind, Setting
from .coordinator import SmartBmsConfigEntry
from .parameter_entity import SmartBmsParameterEntity, async_add_parameters, presentation
from .publishing import Value

# One link, one write at a time.
PARALLEL_UPDATES: Final = 1


def describe(setting: Setting) -> ButtonEntityDescription:
    """Return the description of a button."""
    return ButtonEntityDescription(**presentation(setting))


async def async_setup_entry(
    hass: HomeAssistant, entry: SmartBmsConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the buttons of a pack."""
    async_add_parameters(
        hass, entry.runtime_data, async_add_entities, kind=Kind.COMMAND, describe=describe, entity=SmartBmsButton
    )


class SmartBmsButton(SmartBmsParameterEntity, ButtonEntity):
    """A command; all parameters are backed up before it is sent."""

    @override
    def current_value(self) -> Value:
        return None

    @override
    async def async_press(self) -> None:
        """Send the command, and see what it changed."""
        await self.async_change(None)
