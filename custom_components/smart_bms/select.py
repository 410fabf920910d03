"""Selects: parameters with named values."""

from typing import Final, override

from homeassistant.components.select import SelectEntity, SelectEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .bms.settings import Setting, SettingKind
from .coordinator import SmartBmsConfigEntry
from .entity.parameter import SmartBmsParameterEntity, async_add_parameters, description_fields

# One connection, one write at a time.
PARALLEL_UPDATES: Final = 1


def describe(setting: Setting) -> SelectEntityDescription:
    """Return the description of the select for a parameter."""
    return SelectEntityDescription(**description_fields(setting), options=list(setting.options))


async def async_setup_entry(
    hass: HomeAssistant, entry: SmartBmsConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the selects of a pack."""
    async_add_parameters(
        hass, entry.runtime_data, async_add_entities, kind=SettingKind.CHOICE, describe=describe, entity=SmartBmsSelect
    )


class SmartBmsSelect(SmartBmsParameterEntity, SelectEntity):
    """A parameter with named values."""

    _is_typed_in = True

    @property
    @override
    def options(self) -> list[str]:
        """Return the names of the values that can be set now."""
        return list(self.setting.options) if self.setting else super().options

    @property
    @override
    def current_option(self) -> str | None:
        """Return the name of the value as it was published; None if it has no name."""
        value = self.shown_value
        return value if isinstance(value, str) and value in self.options else None

    @override
    async def async_select_option(self, option: str) -> None:
        """Write the option, and wait until it is read back."""
        await self.async_change(option)
