"""Buttons: commands that change many parameters at once, and adding packs and banks to the energy dashboard."""

from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .bank_entry.coordinator import BankConfigEntry, BankCoordinator
from .bank_entry.entity import BankEntity
from .bms.settings import Setting, SettingKind
from .coordinator import SmartBmsConfigEntry
from .entity import async_add_described
from .entity.parameter import SmartBmsParameterEntity, async_add_parameters, description_fields
from .entity.stateless import StatelessEntity
from .pack_entry.energy_account import NEEDS
from .pack_entry.energy_dashboard import async_add_to_dashboard
from .pack_entry.publishing import Quantity, Value

# One connection, one write at a time.
PARALLEL_UPDATES: Final = 1


def describe(setting: Setting) -> ButtonEntityDescription:
    """Return the description of the button for a parameter."""
    return ButtonEntityDescription(**description_fields(setting))


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartBmsConfigEntry | BankConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons of a pack or a bank."""
    if isinstance(entry.runtime_data, BankCoordinator):
        bank = entry.runtime_data
        async_add_entities(
            [
                BankDashboardButton(bank, DASHBOARD),
                BankReleaseButton(bank, RELEASE),
                BankReconnectButton(bank, RECONNECT),
            ]
        )
        return
    async_add_parameters(
        hass, entry.runtime_data, async_add_entities, kind=SettingKind.COMMAND, describe=describe, entity=SmartBmsButton
    )
    coordinator = entry.runtime_data

    def dashboard_buttons() -> tuple[ButtonEntityDescription, ...]:
        """Return the button for the energy dashboard if the pack has what its energy is calculated from."""
        return (DASHBOARD,) if coordinator.capabilities.values >= NEEDS else ()

    async_add_described(coordinator, async_add_entities, dashboard_buttons, EnergyDashboardButton)
    async_add_entities([ReleaseButton(coordinator, RELEASE), ReconnectButton(coordinator, RECONNECT)])


DASHBOARD: Final = ButtonEntityDescription(
    key="add_to_energy_dashboard", translation_key="add_to_energy_dashboard", entity_category=EntityCategory.CONFIG
)


RELEASE: Final = ButtonEntityDescription(
    key="release_connection", translation_key="release_connection", entity_category=EntityCategory.CONFIG
)
RECONNECT: Final = ButtonEntityDescription(
    key="reconnect", translation_key="reconnect", entity_category=EntityCategory.CONFIG
)


class ReleaseButton(StatelessEntity, ButtonEntity):
    """Leaves the pack to a phone for some minutes."""

    @override
    async def async_press(self) -> None:
        """End the connection. Raises HomeAssistantError while the pack is being written to."""
        self.coordinator.connection.async_release()


class ReconnectButton(StatelessEntity, ButtonEntity):
    """Connects to the pack again now."""

    @override
    async def async_press(self) -> None:
        """Connect, whatever the pack is waiting for."""
        self.coordinator.connection.async_reconnect()


class EnergyDashboardButton(StatelessEntity, ButtonEntity):
    """Adds the pack to the energy dashboard, which nothing does by itself."""

    @override
    async def async_press(self) -> None:
        """Add or update the sensors on the energy dashboard."""
        coordinator = self.coordinator
        name = coordinator.config_entry.title
        await async_add_to_dashboard(self.hass, self._context, coordinator.address, name, coordinator.usable_energy)


class BankButton(BankEntity, ButtonEntity):
    """A button of a bank, which is available also without the packs."""

    def __init__(self, coordinator: BankCoordinator, description: ButtonEntityDescription) -> None:
        """`description` has the key of the button."""
        super().__init__(coordinator, description, Quantity.STATE, always=True)

    @override
    def current_value(self) -> Value:
        """Return no value."""
        return None


class BankDashboardButton(BankButton):
    """Adds the bank to the energy dashboard, which nothing does by itself."""

    @override
    async def async_press(self) -> None:
        """Add or update the sensors on the energy dashboard."""
        entry = self.coordinator.config_entry
        await async_add_to_dashboard(
            self.hass, self._context, entry.entry_id, entry.title, self.coordinator.usable_energy
        )


class BankReleaseButton(BankButton):
    """Leaves all packs of the bank to a phone for some minutes."""

    @override
    async def async_press(self) -> None:
        """End the connections. Raises HomeAssistantError if a pack is being written to; then none is ended."""
        packs = list(self.coordinator.coordinators())
        for pack in packs:
            pack.connection.raise_if_written()
        for pack in packs:
            pack.connection.async_release()


class BankReconnectButton(BankButton):
    """Connects to all packs of the bank again now."""

    @override
    async def async_press(self) -> None:
        """Connect, whatever the packs are waiting for."""
        for pack in self.coordinator.coordinators():
            pack.connection.async_reconnect()


class SmartBmsButton(SmartBmsParameterEntity, ButtonEntity):
    """A command; all parameters are backed up as a profile before it is sent."""

    @override
    def current_value(self) -> Value:
        """Return no value."""
        return None

    @override
    async def async_press(self) -> None:
        """Send the command, and read back what it changed."""
        await self.async_change(None)
