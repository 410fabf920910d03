"""Sensors."""

from typing import Final, override

from homeassistant.components.sensor import SensorEntity
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from .coordinator import SmartBmsConfigEntry, SmartBmsCoordinator
from .entity import SmartBmsEntity, async_add_described
from .features import Features
from .publishing import Value
from .sensor_description import SmartBmsSensorDescription
from .sensor_link import LINK_DESCRIPTIONS
from .sensor_parts import cell_descriptions, counter_descriptions, parameter_descriptions, probe_descriptions
from .sensor_values import SENSOR_DESCRIPTIONS

PARALLEL_UPDATES: Final = 0

MEASURED_AT: Final = "measured_at"


def descriptions(features: Features) -> list[SmartBmsSensorDescription]:
    """Return the sensors of a pack with these features."""
    return [
        *(item for item in SENSOR_DESCRIPTIONS if (item.needs or item.key) in features.values),
        *cell_descriptions(features),
        *probe_descriptions(features),
        *counter_descriptions(features),
        *LINK_DESCRIPTIONS,
    ]


async def async_setup_entry(
    hass: HomeAssistant, entry: SmartBmsConfigEntry, async_add_entities: AddConfigEntryEntitiesCallback
) -> None:
    """Add the sensors of a pack."""
    coordinator = entry.runtime_data

    def described() -> list[SmartBmsSensorDescription]:
        return [*descriptions(coordinator.features), *parameter_descriptions(coordinator.catalogue)]

    async_add_described(coordinator, async_add_entities, described, SmartBmsSensor)


class SmartBmsSensor(SmartBmsEntity, SensorEntity):
    """One value of a pack, or of the link to it."""

    _unrecorded_attributes = frozenset({MEASURED_AT})
    entity_description: SmartBmsSensorDescription

    def __init__(self, coordinator: SmartBmsCoordinator, description: SmartBmsSensorDescription) -> None:
        """Show what the description says."""
        super().__init__(coordinator, description, description.quantity, always=description.always)

    @override
    def current_value(self) -> Value:
        return self.entity_description.value_fn(self.coordinator)

    @property
    @override
    def native_value(self) -> StateType:
        return self._gate.value

    @property
    @override
    def extra_state_attributes(self) -> dict[str, str] | None:
        """Tell when it was measured, if that is not the same for all that the pack says."""
        of, reading = self.entity_description.measured_at_fn, self.coordinator.data
        at = of(reading) if of is not None and reading is not None else None
        if at is None:
            return None
        wall = dt_util.utcnow().timestamp() - (self.coordinator.now - at)
        return {MEASURED_AT: dt_util.utc_from_timestamp(round(wall)).isoformat()}
