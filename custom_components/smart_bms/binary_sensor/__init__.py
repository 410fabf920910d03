"""Binary sensors: what the pack is doing, what it allows, and every alarm it can raise."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, override

from homeassistant.components.binary_sensor import BinarySensorEntity, BinarySensorEntityDescription
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..bank_entry.binary_sensor import bank_binary_sensors
from ..bank_entry.coordinator import BankConfigEntry, BankCoordinator
from ..bms.alarm import Alarm
from ..coordinator import SmartBmsConfigEntry, SmartBmsCoordinator
from ..entity import SmartBmsEntity, async_add_described
from ..pack_entry.capabilities import Capabilities
from ..pack_entry.publishing import Value
from .alarms import ALARM_DESCRIPTIONS, PROBLEM_DESCRIPTION, SmartBmsProblem
from .description import SmartBmsBinarySensorDescription
from .protection import PermissionDescription, SmartBmsMismatch, SmartBmsPermission, protection_descriptions
from .states import RELAY_NAMES, STATE_DESCRIPTIONS, balancing_description

PARALLEL_UPDATES: Final = 0


def descriptions(
    capabilities: Capabilities, alarms: Iterable[Alarm], *, relays: bool = False
) -> list[SmartBmsBinarySensorDescription]:
    """Return the binary sensors of a pack with these capabilities, whose family can report these alarms.

    `relays`: the family switches relays instead of MOSFETs, and the names say so.
    """
    cells = (balancing_description(number) for number in range(1, capabilities.cells + 1))
    possible = (*STATE_DESCRIPTIONS, *(ALARM_DESCRIPTIONS[alarm] for alarm in alarms), *cells)
    found = (item for item in possible if (item.needs or item.key) in capabilities.values)
    names = RELAY_NAMES if relays else {}
    return [replace(item, translation_key=names[item.key]) if item.key in names else item for item in found]


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartBmsConfigEntry | BankConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors of a pack or a bank."""
    if isinstance(entry.runtime_data, BankCoordinator):
        async_add_entities(bank_binary_sensors(entry.runtime_data))
        return
    coordinator = entry.runtime_data

    def described() -> list[SmartBmsBinarySensorDescription]:
        """Return the descriptions of what the pack is known to have now."""
        family = coordinator.family
        alarms = family.alarms(coordinator.identity["variant"])
        return descriptions(coordinator.capabilities, alarms, relays=family.switches_relays)

    async_add_described(coordinator, async_add_entities, described, SmartBmsBinarySensor)
    async_add_described(
        coordinator, async_add_entities, lambda: protection_descriptions(coordinator), _protection_entity
    )

    def problem() -> list[BinarySensorEntityDescription]:
        """Return the sensor that says whether any alarm is a problem."""
        return [PROBLEM_DESCRIPTION] if "alarms" in coordinator.capabilities.values else []

    async_add_described(coordinator, async_add_entities, problem, SmartBmsProblem)


def _protection_entity(
    coordinator: SmartBmsCoordinator, description: BinarySensorEntityDescription
) -> SmartBmsPermission | SmartBmsMismatch:
    """Return the entity of a protection's description."""
    if isinstance(description, PermissionDescription):
        return SmartBmsPermission(coordinator, description)
    return SmartBmsMismatch(coordinator, description)


class SmartBmsBinarySensor(SmartBmsEntity, BinarySensorEntity):
    """One state or alarm of a pack."""

    entity_description: SmartBmsBinarySensorDescription

    def __init__(self, coordinator: SmartBmsCoordinator, description: SmartBmsBinarySensorDescription) -> None:
        """Show what the description says."""
        super().__init__(coordinator, description, description.quantity, always=False, only_with_group=True)

    @override
    def current_value(self) -> Value:
        """Return the newest value."""
        return self.entity_description.value_fn(self.coordinator.data) if self.coordinator.data else None

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the state that was published last."""
        value = self._filter.value
        return None if value is None else bool(value)
