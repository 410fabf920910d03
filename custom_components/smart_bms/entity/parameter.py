"""The base of all entities that show and change a parameter, and which parameters have one."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final, override

from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..bms.settings import Proof, Setting, SettingKind, SettingValue
from ..const import DOMAIN
from ..control.request import WritePermission
from ..coordinator import SmartBmsCoordinator
from ..messages import raise_unless_confirmed, translated_rejections
from ..pack_entry.parameters import MAX_AGE_SHOWN, async_request
from ..pack_entry.publishing import Quantity, Value
from . import SmartBmsEntity, async_add_described

MAIN_PARAMETERS: Final = ("charge_switch", "discharge_switch", "balance_switch")
"""Parameters that are shown beside the measurements; all others are configuration."""

ENABLED_PARAMETERS: Final = frozenset(
    {
        *("charge_switch", "balance_switch", "heating_switch", "float_mode", "smart_sleep"),
        *("cell_overvoltage", "cell_overvoltage_release", "cell_undervoltage", "cell_undervoltage_release"),
        *("power_off_voltage", "max_charge_current", "max_discharge_current"),
        *("balance_trigger", "balance_start_voltage", "max_balance_current"),
        *("requested_charge_voltage", "requested_float_voltage"),
    }
)
"""Parameters whose entities are enabled once control is allowed; the others are disabled. The discharge switch is one
of those: nobody should cut off the house by accident.
"""

BLANK_FOR: Final = 0.2
"""s for which an input is empty after a rejected change: long enough for a browser to draw it."""

_PLATFORM_OF: Final = {
    SettingKind.SWITCH: "switch",
    SettingKind.NUMBER: "number",
    SettingKind.CHOICE: "select",
    SettingKind.COMMAND: "button",
}


class SmartBmsParameterEntity(SmartBmsEntity):
    """An entity that shows a parameter as it was read back, never as it was requested."""

    _is_typed_in = False
    """Users type or choose a value, and their browser shows it until the state changes."""
    _is_blank = False

    def __init__(self, coordinator: SmartBmsCoordinator, description: EntityDescription) -> None:
        """`description` has the key of the parameter."""
        super().__init__(coordinator, description, Quantity.STATE, always=False)
        self._attr_unique_id = f"{coordinator.address}_{unique_id_suffix(description.key)}"

    @override
    async def async_added_to_hass(self) -> None:
        """Listen for changes of what may be written."""
        await super().async_added_to_hass()
        # Limits and options may change while the value stays the same.
        self.async_on_remove(self.coordinator.capabilities_listeners.async_add(self.async_write_ha_state))

    @property
    def setting(self) -> Setting | None:
        """Return the description of the parameter, with what may be written; None while it is unknown."""
        catalog = self.coordinator.catalog
        return catalog.settings.get(self.entity_description.key) if catalog else None

    @property
    @override
    def available(self) -> bool:
        """Return whether there is a value to show; a short loss of the connection must not fill the logbook."""
        return super().available or self._recent_value is not None

    @property
    def _recent_value(self) -> SettingValue | None:
        """Return what was read a short while ago; None for a state that the pack changes by itself."""
        setting, last = self.setting, self.coordinator.pack.last_settings
        if setting is None or last is None or setting.seen is not None or setting.key in MAIN_PARAMETERS:
            return None
        if self.coordinator.parameters.writer.is_in_doubt(setting.key):
            return None
        return (
            last.values.get(setting.key) if self.coordinator.now - last.read_at(setting.key) < MAX_AGE_SHOWN else None
        )

    @override
    def current_value(self) -> Value:
        """Return the value as read back, also shortly after the connection was lost; None while it is unknown."""
        setting = self.setting
        value = self.coordinator.parameters.writer.value(setting) if setting else None
        if value is None and self.coordinator.pack.current_settings is None:
            value = self._recent_value
        return None if isinstance(value, tuple) else value

    @property
    def shown_value(self) -> Value:
        """Return the value as it was published."""
        return None if self._is_blank else self._filter.value

    async def async_change(self, value: SettingValue | None) -> None:
        """Write the parameter and wait until it is read back. Raises HomeAssistantError with a message for the user."""
        try:
            await self._async_change(value)
        except HomeAssistantError:
            await self._async_redraw()
            raise

    async def _async_redraw(self) -> None:
        """Make browsers show the unchanged value in place of the one that was rejected."""
        if self._is_typed_in and self._context is not None and self._context.user_id:
            # A browser only draws an input again if the value differs.
            self._is_blank = True
            self.async_write_ha_state()
            await asyncio.sleep(BLANK_FOR)
            self._is_blank = False
        self._attr_force_update = True
        self.async_write_ha_state()
        self._attr_force_update = False

    async def _async_change(self, value: SettingValue | None) -> None:
        """Write the parameter if the user may; only the main ones are for users who are no administrators."""
        user_id = self._context.user_id if self._context else None
        user = await self.hass.auth.async_get_user(user_id) if user_id else None
        if user is not None and not user.is_admin and self.entity_description.key not in MAIN_PARAMETERS:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="not_admin")
        await self.coordinator.connection.async_wait_connected()
        request = await async_request(self.hass, self._context, self.platform.domain)
        with translated_rejections(self.hass):
            records = await self.coordinator.parameters.writer.apply({self.entity_description.key: value}, request)
        raise_unless_confirmed(self.hass, records, self.coordinator.catalog)


def unique_id_suffix(key: str) -> str:
    """Return the part of the unique id for a parameter, which may have the name of a measurement."""
    return f"parameter_{key}"


def settings_with_entity(coordinator: SmartBmsCoordinator, kind: SettingKind) -> list[Setting]:
    """Return the parameters of a kind that have an entity: those that can be written with what the user allows."""
    catalog = coordinator.catalog
    proofs = {Proof.PROVEN, Proof.EXPERIMENTAL} if coordinator.permission.experimental else {Proof.PROVEN}
    return [
        setting
        for setting in (catalog.settings.values() if catalog else ())
        if setting.kind is kind and setting.proof in proofs and not setting.procedure
    ]


def is_enabled_by_default(setting: Setting, permission: WritePermission) -> bool:
    """Return whether a parameter's entity is enabled by default: not while all its writes would be rejected."""
    return permission.control and setting.key in ENABLED_PARAMETERS and not always_rejects(setting, permission)


@callback
def async_enable(registry: er.EntityRegistry, item: er.RegistryEntry) -> bool:
    """Enable an entity that is disabled by default, and return whether it was; what the user disabled stays disabled.

    For entities that are about to be added: Home Assistant reloads the entry half a minute after an entity was enabled,
    unless its entry was what disabled it, and that would end the connection for nothing. Since 2026.11 it takes no other
    word than its own for that, and reloads.
    """
    if item.disabled_by is not er.RegistryEntryDisabler.INTEGRATION:
        return False
    registry.async_update_entity(item.entity_id, disabled_by=er.RegistryEntryDisabler.CONFIG_ENTRY)
    registry.async_update_entity(item.entity_id, disabled_by=None)
    return True


def description_fields(setting: Setting) -> dict[str, Any]:
    """Return the fields of an entity description that are the same on every platform."""
    return {
        "key": setting.key,
        "translation_key": setting.key,
        "entity_category": None if setting.key in MAIN_PARAMETERS else EntityCategory.CONFIG,
    }


def always_rejects(setting: Setting, permission: WritePermission) -> bool:
    """Return whether every write by an entity is rejected: it has to be confirmed, which entities cannot do."""
    return (setting.dangerous or setting.clears_history) and not permission.dangerous


@callback
def async_add_parameters[D: EntityDescription](  # noqa: PLR0913
    hass: HomeAssistant,
    coordinator: SmartBmsCoordinator,
    add: AddConfigEntryEntitiesCallback,
    *,
    kind: SettingKind,
    describe: Callable[[Setting], D],
    entity: Callable[[SmartBmsCoordinator, D], Entity],
) -> None:
    """Add the entities of a kind, enable those that now are by default, and remove those no longer wanted."""
    if coordinator.catalog is not None:
        wanted = {
            f"{coordinator.address}_{unique_id_suffix(setting.key)}": setting
            for setting in settings_with_entity(coordinator, kind)
        }
        registry = er.async_get(hass)
        for item in er.async_entries_for_config_entry(registry, coordinator.config_entry.entry_id):
            ours = item.unique_id.startswith(f"{coordinator.address}_{unique_id_suffix('')}")
            if item.domain != _PLATFORM_OF[kind] or not ours:
                continue
            if item.unique_id not in wanted:
                registry.async_remove(item.entity_id)
            elif is_enabled_by_default(wanted[item.unique_id], coordinator.permission):
                async_enable(registry, item)

    def described() -> Iterator[D]:
        """Yield the descriptions of the entities."""
        for setting in settings_with_entity(coordinator, kind):
            enabled = is_enabled_by_default(setting, coordinator.permission)
            yield replace(describe(setting), entity_registry_enabled_default=enabled)

    async_add_described(coordinator, add, described, entity)
