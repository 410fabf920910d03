"""Switches: parameters that are on or off, and those of a bank."""

from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .bank_entry.coordinator import BankConfigEntry, BankCoordinator
from .bank_entry.entity import unique_device
from .bank_entry.switch import async_bank_switches, async_pack_set_up
from .bms.settings import Setting, SettingKind
from .coordinator import SmartBmsConfigEntry
from .entity.parameter import SmartBmsParameterEntity, async_add_parameters, description_fields
from .entity.steering import steering_switches

# One connection, one write at a time.
PARALLEL_UPDATES: Final = 1


def describe(setting: Setting) -> SwitchEntityDescription:
    """Return the description of the switch for a parameter."""
    return SwitchEntityDescription(**description_fields(setting))


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartBmsConfigEntry | BankConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of a pack or a bank."""
    async_add_entities(steering_switches(entry.runtime_data, *unique_device(entry.runtime_data)))
    if isinstance(entry.runtime_data, BankCoordinator):
        async_add_entities(async_bank_switches(entry.runtime_data))
        return
    async_pack_set_up(hass, entry.entry_id)
    async_add_parameters(
        hass, entry.runtime_data, async_add_entities, kind=SettingKind.SWITCH, describe=describe, entity=SmartBmsSwitch
    )


class SmartBmsSwitch(SmartBmsParameterEntity, SwitchEntity):
    """A parameter that is on or off."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the state as it was published; None if it is unknown."""
        value = self.shown_value
        return None if value is None else bool(value)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch on, and wait until it is read back."""
        await self.async_change(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch off, and wait until it is read back."""
        await self.async_change(False)
