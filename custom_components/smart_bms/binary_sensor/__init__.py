"""Binary sensors: what the pack is doing, what it allows, and every alarm it can raise."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..bank_entry.binary_sensor import bank_binary_sensors
from ..bank_entry.coordinator import BankConfigEntry, BankCoordinator
from ..bms.alarm import Alarm, AlarmSeverity
from ..bms.reading import Reading
from ..coordinator import SmartBmsConfigEntry, SmartBmsCoordinator
from ..entity import SmartBmsEntity, async_add_described
from ..pack_entry.capabilities import Capabilities
from ..pack_entry.publishing import Quantity, Value
from .protection import PermissionDescription, SmartBmsMismatch, SmartBmsPermission, protection_descriptions

PARALLEL_UPDATES: Final = 0


@dataclass(frozen=True, kw_only=True)
class SmartBmsBinarySensorDescription(BinarySensorEntityDescription):
    """What a binary sensor shows."""

    value_fn: Callable[[Reading], bool | None]
    needs: str | None = None
    """The value that a pack must have for this sensor to exist; by default the one of the same key."""
    quantity: Quantity = Quantity.STATE


def _state(
    key: str, device_class: BinarySensorDeviceClass | None = None, *, enabled: bool = True
) -> SmartBmsBinarySensorDescription:
    """Return the description of a state that readings have."""
    return SmartBmsBinarySensorDescription(
        key=key,
        translation_key=key,
        device_class=device_class,
        entity_registry_enabled_default=enabled,
        value_fn=lambda reading: getattr(reading, key),
    )


def _detail_state(
    key: str, device_class: BinarySensorDeviceClass | None = None, *, enabled: bool = True
) -> SmartBmsBinarySensorDescription:
    """Return the description of a state that only some families have."""

    def value(reading: Reading) -> bool | None:
        """Return the value of the newest reading."""
        detail = reading.details.get(key)
        return detail if isinstance(detail, bool) else None

    return SmartBmsBinarySensorDescription(
        key=key,
        translation_key=key,
        device_class=device_class,
        entity_category=EntityCategory.DIAGNOSTIC,
        entity_registry_enabled_default=enabled,
        value_fn=value,
    )


BINARY_SENSOR_DESCRIPTIONS: Final[tuple[SmartBmsBinarySensorDescription, ...]] = (
    SmartBmsBinarySensorDescription(
        key="charging",
        translation_key="charging",
        device_class=BinarySensorDeviceClass.BATTERY_CHARGING,
        quantity=Quantity.DIRECTION,
        needs="current",
        value_fn=lambda reading: None if reading.current is None else reading.current > 0,
    ),
    SmartBmsBinarySensorDescription(
        key="discharging",
        translation_key="discharging",
        device_class=BinarySensorDeviceClass.RUNNING,
        quantity=Quantity.DIRECTION,
        needs="current",
        value_fn=lambda reading: None if reading.current is None else reading.current < 0,
    ),
    # Whether the MOSFETs conduct; what the rules allow, and why, is shown by the permissions.
    _state("charging_enabled", enabled=False),
    _state("discharging_enabled", enabled=False),
    _state("balancing_enabled", enabled=False),
    _state("balancing", BinarySensorDeviceClass.RUNNING),
    _state("heating", BinarySensorDeviceClass.RUNNING),
    _state("precharging", BinarySensorDeviceClass.RUNNING),
    _detail_state("soc_calibrated"),
    _detail_state("charge_relay_closed", enabled=False),
    _detail_state("load_relay_closed", enabled=False),
    # Most boards never set them.
    _detail_state("charger_connected", BinarySensorDeviceClass.PLUG, enabled=False),
    _detail_state("load_connected", BinarySensorDeviceClass.PLUG, enabled=False),
)

_RELAY_NAMES: Final = {"charging_enabled": "charge_relay", "discharging_enabled": "load_relay"}
"""Translation keys of what other families switch with MOSFETs."""

PROBLEM_DESCRIPTION: Final = BinarySensorEntityDescription(
    key="problem", translation_key="problem", device_class=BinarySensorDeviceClass.PROBLEM
)


def _balancing_description(number: int) -> SmartBmsBinarySensorDescription:
    """Return the description of whether a cell is balanced."""

    def value(reading: Reading) -> bool | None:
        """Return the value of the newest reading."""
        # Of packs that tell one cell after the other, one that was not heard of lately is unknown.
        unheard = bool(reading.cell_times) and not reading.cell_times[number - 1 : number]
        if reading.balancing_cells is None or unheard or None in reading.cell_times[number - 1 : number]:
            return None
        return number in reading.balancing_cells

    return SmartBmsBinarySensorDescription(
        key=f"cell_balancing_{number}",
        translation_key="cell_balancing",
        translation_placeholders={"cell": str(number)},
        device_class=BinarySensorDeviceClass.RUNNING,
        entity_registry_enabled_default=False,
        needs="balancing_cells",
        quantity=Quantity.UNSTEADY_STATE,
        value_fn=value,
    )


def _alarm_description(alarm: Alarm) -> SmartBmsBinarySensorDescription:
    """Return the description of an alarm flag."""
    notice = alarm.severity is AlarmSeverity.NOTICE
    return SmartBmsBinarySensorDescription(
        key=f"alarm_{alarm}",
        translation_key=f"alarm_{alarm}",
        # A notice is no problem and must not look like one.
        device_class=None if notice else BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        # Problem names those that are active, and the events tell of each.
        entity_registry_enabled_default=False,
        needs="alarms",
        value_fn=lambda reading: None if reading.alarms is None else alarm in reading.alarms,
    )


ALARM_DESCRIPTIONS: Final = {alarm: _alarm_description(alarm) for alarm in Alarm}


def descriptions(
    capabilities: Capabilities, alarms: Iterable[Alarm], *, relays: bool = False
) -> list[SmartBmsBinarySensorDescription]:
    """Return the binary sensors of a pack with these features, whose family can report these alarms.

    `relays`: the family switches relays instead of MOSFETs, and the names say so.
    """
    cells = (_balancing_description(number) for number in range(1, capabilities.cells + 1))
    possible = (*BINARY_SENSOR_DESCRIPTIONS, *(ALARM_DESCRIPTIONS[alarm] for alarm in alarms), *cells)
    found = (item for item in possible if (item.needs or item.key) in capabilities.values)
    names = _RELAY_NAMES if relays else {}
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
        super().__init__(coordinator, description, description.quantity, always=False)

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


class SmartBmsProblem(SmartBmsEntity, BinarySensorEntity):
    """Whether the pack complains, or tells of a cell or probe what cannot be; the attributes say about what."""

    def __init__(self, coordinator: SmartBmsCoordinator, description: BinarySensorEntityDescription) -> None:
        """Initialize."""
        super().__init__(coordinator, description, Quantity.STATE, always=False)

    @override
    def current_value(self) -> Value:
        """Return all that is said in one text, so that whatever changes in it is published; what is wrong stands first."""
        reading = self.coordinator.data
        if reading is None or (reading.alarms is None and not reading.implausible):
            return None
        return f"{','.join((*reading.problems, *reading.implausible))}|{','.join(reading.other_alarms)}"

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the state that was published last."""
        value = self._filter.value
        return None if value is None else not str(value).startswith("|")

    @property
    @override
    def extra_state_attributes(self) -> dict[str, list[str]]:
        """Return what explains the state."""
        reading = self.coordinator.data
        if reading is None:
            return {}
        return {
            "alarms": list(reading.problems),
            "other_alarms": list(reading.other_alarms),
            "implausible_values": list(reading.implausible),
        }
