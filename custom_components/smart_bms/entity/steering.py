"""Entities of the steering of equipment: a switch, and sensors of how it stands. Packs and banks have the same."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity, SensorEntityDescription, SensorStateClass
from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.const import MATCH_ALL, EntityCategory, UnitOfRatio
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription

from ..const import DOMAIN
from ..equipment.controller import STATES, EquipmentController
from ..pack_entry.push_coordinator import PushCoordinator

STEERING_SWITCH: Final = SwitchEntityDescription(key="steering", translation_key="steering")
_RENEWED_EVERY: Final = 30.0
"""s after which the numbers that explain a value are renewed."""


def target_rows(equipment: EquipmentController) -> list[dict[str, Any]]:
    """Return, for each target, what it shows, what it would be set to, why, and how it stands."""
    return [
        {
            "entity_id": row.target.entity,
            "kind": row.target.kind.value,
            "shown": row.shown,
            "setpoint": None if row.setpoint is None else row.setpoint.value,
            "limited_by": row.setpoint.limited_by or None if row.setpoint else None,
            "state": follower.state.value,
        }
        for row, follower in zip(equipment.preview(), equipment.steering.followers, strict=True)
    ]


def _would_change(equipment: EquipmentController) -> int:
    """Return how many targets show something else than they would be set to."""
    rows = [row for row in equipment.preview() if row.setpoint is not None and row.shown is not None]
    return sum(not row.is_met for row in rows)


@dataclass(frozen=True, kw_only=True)
class SteeringSensorDescription(SensorEntityDescription):
    """What a sensor shows of the steering."""

    value_fn: Callable[[EquipmentController], str | int | float | datetime | None]
    attributes_fn: Callable[[EquipmentController], Mapping[str, Any]] | None = None


def _rounded(value: float | None) -> float | None:
    """Return a number as a whole one, None if it is not known."""
    return None if value is None else round(value)


STEERING_SENSORS: Final = (
    SteeringSensorDescription(
        key="steering_state",
        translation_key="steering_state",
        device_class=SensorDeviceClass.ENUM,
        options=list(STATES),
        value_fn=lambda equipment: equipment.state,
        attributes_fn=lambda equipment: {
            "targets": {follower.target.entity: follower.state.value for follower in equipment.steering.followers}
        },
    ),
    SteeringSensorDescription(
        key="steering_preview",
        translation_key="steering_preview",
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=_would_change,
        attributes_fn=lambda equipment: {"targets": target_rows(equipment)},
    ),
    SteeringSensorDescription(
        key="steering_deviation",
        translation_key="steering_deviation",
        native_unit_of_measurement=UnitOfRatio.PERCENTAGE,
        suggested_display_precision=0,
        state_class=SensorStateClass.MEASUREMENT,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda equipment: _rounded(equipment.deviation),
    ),
    SteeringSensorDescription(
        key="steering_last_write",
        translation_key="steering_last_write",
        device_class=SensorDeviceClass.TIMESTAMP,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda equipment: equipment.last_write,
    ),
    SteeringSensorDescription(
        key="steering_writes_today",
        translation_key="steering_writes_today",
        state_class=SensorStateClass.TOTAL_INCREASING,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda equipment: equipment.steering.writes_today,
    ),
)


class _SteeringEntity(Entity):
    """An entity that shows something of the steering; it is there whether or not the battery is."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(
        self, equipment: EquipmentController, description: EntityDescription, unique_id: str, device_info: DeviceInfo
    ) -> None:
        """Show what the description says."""
        self._equipment = equipment
        self.entity_description = description
        self._attr_unique_id = f"{unique_id}_{description.key}"
        self._attr_device_info = device_info
        self._shown: tuple[Any, Any] = (None, None)
        self._shown_at = float("-inf")

    def _news(self) -> tuple[Any, Any]:
        """Return the state that is shown, and what explains it."""
        raise NotImplementedError

    @override
    async def async_added_to_hass(self) -> None:
        """Follow the steering."""
        self._shown = self._news()
        self.async_on_remove(self._equipment.async_add_listener(self._async_look))

    @callback
    def _async_look(self) -> None:
        """Show what is new; what only explains it is renewed now and then."""
        news, now = self._news(), self.hass.loop.time()
        if news[0] != self._shown[0] or (news != self._shown and now - self._shown_at >= _RENEWED_EVERY):
            self._shown, self._shown_at = news, now
            self.async_write_ha_state()


class SteeringSensor(_SteeringEntity, SensorEntity):
    """One value of the steering."""

    _unrecorded_attributes = frozenset({MATCH_ALL})
    entity_description: SteeringSensorDescription

    @override
    def _news(self) -> tuple[Any, Any]:
        """Return the value and what explains it."""
        return self.native_value, self.extra_state_attributes

    @property
    @override
    def native_value(self) -> str | int | float | datetime | None:
        """Return the value."""
        return self.entity_description.value_fn(self._equipment)

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return what explains it."""
        attributes = self.entity_description.attributes_fn
        return None if attributes is None else attributes(self._equipment)


class SteeringSwitch(_SteeringEntity, SwitchEntity):
    """Whether the equipment follows the battery."""

    @override
    def _news(self) -> tuple[Any, Any]:
        """Return whether it is on."""
        return self.is_on, None

    @property
    @override
    def is_on(self) -> bool:
        """Return whether it does."""
        return self._equipment.is_on

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Have it follow. Raises ServiceValidationError before its owner has seen a dry run."""
        self._equipment.async_switch(True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Leave it as it is from now on."""
        self._equipment.async_switch(False)


@callback
def steering_sensors(
    coordinator: PushCoordinator[Any], unique_id: str, device_info: DeviceInfo
) -> list[SteeringSensor]:
    """Return the sensors of the steering; none, and none left in the registry, if there is no equipment."""
    equipment = coordinator.equipment
    if equipment is None or not equipment.options.targets:
        _async_remove(coordinator.hass, "sensor", unique_id, [row.key for row in STEERING_SENSORS])
        return []
    return [SteeringSensor(equipment, row, unique_id, device_info) for row in STEERING_SENSORS]


@callback
def steering_switches(
    coordinator: PushCoordinator[Any], unique_id: str, device_info: DeviceInfo
) -> list[SteeringSwitch]:
    """Return the switch of the steering; none, and none left in the registry, if there is no equipment."""
    equipment = coordinator.equipment
    if equipment is None or not equipment.options.targets:
        _async_remove(coordinator.hass, "switch", unique_id, [STEERING_SWITCH.key])
        return []
    return [SteeringSwitch(equipment, STEERING_SWITCH, unique_id, device_info)]


@callback
def _async_remove(hass: HomeAssistant, platform: str, unique_id: str, keys: list[str]) -> None:
    """Remove entities from the registry whose equipment is gone."""
    registry = er.async_get(hass)
    for key in keys:
        if (entity_id := registry.async_get_entity_id(platform, DOMAIN, f"{unique_id}_{key}")) is not None:
            registry.async_remove(entity_id)
