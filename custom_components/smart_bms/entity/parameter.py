"""The base of all entities that show a parameter and change it, and how their failures are told."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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
from ..control.validation_issue import RejectedError, format_value, parameter_name
from ..control.write_log import WriteOutcome, WriteRecord
from ..coordinator import SmartBmsCoordinator
from ..pack_entry.parameters import AS_GOOD_AS_NEW, async_request
from ..pack_entry.publishing import Quantity, Value
from . import SmartBmsEntity, async_add_described

MAIN: Final = ("charge_switch", "discharge_switch", "balance_switch")
"""What belongs beside the measurements; all else is configuration."""

ENABLED: Final = frozenset(
    {
        *("charge_switch", "balance_switch", "heating_switch", "float_mode", "smart_sleep"),
        *("cell_overvoltage", "cell_overvoltage_release", "cell_undervoltage", "cell_undervoltage_release"),
        *("power_off_voltage", "max_charge_current", "max_discharge_current"),
        *("balance_trigger", "balance_start_voltage", "max_balance_current"),
        *("requested_charge_voltage", "requested_float_voltage"),
    }
)
"""What many need once control is allowed; the rest is there, but disabled. Cutting off the house is not what a stray touch
should do.
"""

BLANK_FOR: Final = 0.2
"""s for which a box is empty after a refusal: long enough for a browser to draw it."""

_PLATFORM_OF: Final = {
    SettingKind.SWITCH: "switch",
    SettingKind.NUMBER: "number",
    SettingKind.CHOICE: "select",
    SettingKind.COMMAND: "button",
}


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn a refusal into a sentence for the user."""
    try:
        yield
    except RejectedError as error:
        issue = error.issues[0]
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key=issue.code, translation_placeholders=dict(issue.details)
        ) from error


def raise_unless_confirmed(records: Sequence[WriteRecord], settings: Callable[[str], Setting | None]) -> None:
    """Raise what the user must know of writes that did not hold."""
    for record in records:
        if record.outcome is not WriteOutcome.CONFIRMED:
            setting = settings(record.parameter)
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key=f"{'command' if record.is_command else 'write'}_{record.outcome}",
                translation_placeholders={
                    "parameter": parameter_name(record.parameter),
                    "new": format_value(record.new, setting),
                    "found": format_value(record.found, setting),
                },
            )


class SmartBmsParameterEntity(SmartBmsEntity):
    """An entity that shows a parameter as it was read back, never as it was wished."""

    _is_typed_in = False
    """People type or choose a value, and their browser keeps it until the state becomes another one."""
    _is_blank = False

    def __init__(self, coordinator: SmartBmsCoordinator, description: EntityDescription) -> None:
        """`description` has the key of the parameter."""
        super().__init__(coordinator, description, Quantity.STATE, always=False)
        self._attr_unique_id = f"{coordinator.address}_{unique_key(description.key)}"

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        # Limits and options may turn out to be others, while the value stays what it was.
        self.async_on_remove(self.coordinator.capabilities_listeners.async_add(self.async_write_ha_state))

    @property
    def setting(self) -> Setting | None:
        """Return what may be written."""
        catalog = self.coordinator.catalog
        return catalog.settings.get(self.entity_description.key) if catalog else None

    @property
    @override
    def available(self) -> bool:
        """Tell whether there is a value to show: a link that is lost for a minute fills no logbook with parameters."""
        return super().available or self._recent is not None

    @property
    def _recent(self) -> SettingValue | None:
        """Return what was read a short while ago; a state that the pack changes by itself is never recent."""
        setting, last = self.setting, self.coordinator.pack.last_settings
        if setting is None or last is None or setting.seen is not None or setting.key in MAIN:
            return None
        if self.coordinator.parameters.control.is_in_doubt(setting.key):
            return None
        return (
            last.values.get(setting.key) if self.coordinator.now - last.read_at(setting.key) < AS_GOOD_AS_NEW else None
        )

    @override
    def current_value(self) -> Value:
        setting = self.setting
        value = self.coordinator.parameters.control.value(setting) if setting else None
        if value is None and self.coordinator.pack.current_settings is None:
            value = self._recent
        return None if isinstance(value, tuple) else value

    @property
    def shown_value(self) -> Value:
        """Return the value as it was published."""
        return None if self._is_blank else self._filter.value

    async def async_change(self, value: SettingValue | None) -> None:
        """Write the parameter and wait for the proof. Raises what the user is told."""
        try:
            await self._async_change(value)
        except HomeAssistantError:
            await self._async_show_again()
            raise

    async def _async_show_again(self) -> None:
        """Have browsers show the value that still holds in place of the one that was refused."""
        if self._is_typed_in and self._context is not None and self._context.user_id:
            # A box is only drawn anew with another value.
            self._is_blank = True
            self.async_write_ha_state()
            await asyncio.sleep(BLANK_FOR)
            self._is_blank = False
        self._attr_force_update = True
        self.async_write_ha_state()
        self._attr_force_update = False

    async def _async_change(self, value: SettingValue | None) -> None:
        user_id = self._context.user_id if self._context else None
        user = await self.hass.auth.async_get_user(user_id) if user_id else None
        if user is not None and not user.is_admin and self.entity_description.key not in MAIN:
            raise ServiceValidationError(translation_domain=DOMAIN, translation_key="not_admin")
        request = await async_request(self.hass, self._context, self.platform.domain)
        with translated_errors():
            records = await self.coordinator.parameters.control.apply({self.entity_description.key: value}, request)
        raise_unless_confirmed(records, lambda _: self.setting)


def unique_key(key: str) -> str:
    """Return the key that tells a parameter from a measurement of the same name."""
    return f"parameter_{key}"


def offered(coordinator: SmartBmsCoordinator, kind: SettingKind) -> list[Setting]:
    """Return the parameters of a kind that have an entity: what this pack takes, and the user wants to risk."""
    catalog = coordinator.catalog
    proofs = {Proof.PROVEN, Proof.EXPERIMENTAL} if coordinator.permission.experimental else {Proof.PROVEN}
    return [
        setting
        for setting in (catalog.settings.values() if catalog else ())
        if setting.kind is kind and setting.proof in proofs and not setting.procedure
    ]


def starts_enabled(setting: Setting, permission: WritePermission) -> bool:
    """Tell whether a parameter's entity is enabled unless the user says otherwise: not while it could only refuse."""
    return permission.control and setting.key in ENABLED and not only_refuses(setting, permission)


@callback
def async_enable(registry: er.EntityRegistry, item: er.RegistryEntry) -> bool:
    """Enable an entity that is off by default, and tell whether it was; what the user disabled stays disabled.

    For entities that are about to be added: Home Assistant reloads the entry half a minute after an entity was enabled,
    unless its entry was what disabled it, and that would cut the link for nothing.
    """
    if item.disabled_by is not er.RegistryEntryDisabler.INTEGRATION:
        return False
    registry.async_update_entity(item.entity_id, disabled_by=er.RegistryEntryDisabler.CONFIG_ENTRY)
    registry.async_update_entity(item.entity_id, disabled_by=None)
    return True


def presentation(setting: Setting) -> dict[str, Any]:
    """Return the part of a description that is the same on every platform."""
    return {
        "key": setting.key,
        "translation_key": setting.key,
        "entity_category": None if setting.key in MAIN else EntityCategory.CONFIG,
    }


def only_refuses(setting: Setting, permission: WritePermission) -> bool:
    """Tell whether what the user allows lets no entity write a parameter: that takes a second word, which entities do not have."""
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
    """Add the entities of a kind, enable those that were off until now, and forget those that are not offered any more."""
    if coordinator.catalog is not None:
        wanted = {f"{coordinator.address}_{unique_key(setting.key)}": setting for setting in offered(coordinator, kind)}
        registry = er.async_get(hass)
        for item in er.async_entries_for_config_entry(registry, coordinator.config_entry.entry_id):
            ours = item.unique_id.startswith(f"{coordinator.address}_{unique_key('')}")
            if item.domain != _PLATFORM_OF[kind] or not ours:
                continue
            if item.unique_id not in wanted:
                registry.async_remove(item.entity_id)
            elif starts_enabled(wanted[item.unique_id], coordinator.permission):
                async_enable(registry, item)

    def described() -> Iterator[D]:
        for setting in offered(coordinator, kind):
            enabled = starts_enabled(setting, coordinator.permission)
            yield replace(describe(setting), entity_registry_enabled_default=enabled)

    async_add_described(coordinator, add, described, entity)
