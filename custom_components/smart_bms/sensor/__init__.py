"""Sensors."""

from collections.abc import Sequence
from typing import Any, Final, override

from homeassistant.components.sensor import RestoreSensor, SensorEntity
from homeassistant.const import MATCH_ALL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.typing import StateType
from homeassistant.util import dt as dt_util

from ..bank_entry.coordinator import BankConfigEntry, BankCoordinator
from ..bank_entry.entity import unique_device
from ..bank_entry.sensor import bank_sensors
from ..coordinator import SmartBmsConfigEntry, SmartBmsCoordinator
from ..energy.energy_totals import EnergyTotals
from ..entity import SmartBmsEntity, async_add_described
from ..entity.findable import FindableEntity
from ..entity.steering import steering_sensors
from ..pack_entry.capabilities import Capabilities
from ..pack_entry.energy_account import NEEDS
from ..pack_entry.publishing import Value
from .cells import cell_descriptions, counter_descriptions, parameter_descriptions, probe_descriptions
from .charging import charging_descriptions
from .connection import CONNECTION_DESCRIPTIONS
from .description import SmartBmsSensorDescription
from .energy import ENERGY_DESCRIPTIONS, EnergyDescription
from .health import health_descriptions
from .measurements import SENSOR_DESCRIPTIONS
from .protection import protection_descriptions
from .status import STATUS_DESCRIPTION

PARALLEL_UPDATES: Final = 0

MEASURED_AT: Final = "measured_at"


def descriptions(capabilities: Capabilities) -> list[SmartBmsSensorDescription]:
    """Return the sensors of a pack with these features."""
    return [
        *(item for item in SENSOR_DESCRIPTIONS if (item.needs or item.key) in capabilities.values),
        *cell_descriptions(capabilities),
        *probe_descriptions(capabilities),
        *counter_descriptions(capabilities),
        STATUS_DESCRIPTION,
        *CONNECTION_DESCRIPTIONS,
    ]


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartBmsConfigEntry | BankConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of a pack or a bank."""
    async_add_entities(steering_sensors(entry.runtime_data, *unique_device(entry.runtime_data)))
    if isinstance(entry.runtime_data, BankCoordinator):
        async_add_entities(bank_sensors(entry.runtime_data))
        return
    coordinator = entry.runtime_data

    def described() -> list[SmartBmsSensorDescription]:
        """Return the descriptions of what the pack is known to have now."""
        return [
            *descriptions(coordinator.capabilities),
            *charging_descriptions(coordinator.capabilities, has_rules=bool(coordinator.protection_engine.rules)),
            *parameter_descriptions(coordinator.catalog),
            *protection_descriptions(coordinator),
            *health(),
        ]

    def health() -> Sequence[SmartBmsSensorDescription]:
        """Return the sensors of cell health, if the pack measures what they need."""
        follows_jbd_manual = coordinator.energy.health.jbd_counters is not None
        measured = coordinator.capabilities.values >= NEEDS
        return health_descriptions(coordinator.capabilities, follows_jbd_manual=follows_jbd_manual) if measured else ()

    def counted() -> Sequence[EnergyDescription]:
        """Return the sensors of counted energy, if the pack measures what they need."""
        return ENERGY_DESCRIPTIONS if coordinator.capabilities.values >= NEEDS else ()

    async_add_described(coordinator, async_add_entities, described, SmartBmsSensor)
    async_add_described(coordinator, async_add_entities, counted, SmartBmsEnergySensor)


class SmartBmsSensor(FindableEntity, SmartBmsEntity, SensorEntity):
    """One value of a pack, or of the link to it."""

    _unrecorded_attributes = frozenset({MATCH_ALL})
    entity_description: SmartBmsSensorDescription

    def __init__(self, coordinator: SmartBmsCoordinator, description: SmartBmsSensorDescription) -> None:
        """Show what the description says."""
        super().__init__(
            coordinator,
            description,
            description.quantity,
            always=description.always,
            acted_on=description.acted_on,
            only_with_group=description.attributes_fn is None and description.unit_fn is None,
        )
        self._measured_at: str | None = None
        self._explained: dict[str, Any] = {}
        self._explained_at = float("-inf")
        self._discrete: Any = None
        self._unit: str | None = None

    @override
    def current_value(self) -> Value:
        """Return the newest value."""
        return self.entity_description.value_fn(self.coordinator)

    @property
    @override
    def native_value(self) -> StateType:
        """Return the value that was published last."""
        return self._filter.value

    @property
    @override
    def native_unit_of_measurement(self) -> str | None:
        """Return the unit, which goes with the value for some sensors."""
        return self._unit if self.entity_description.unit_fn else super().native_unit_of_measurement

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Tell what explains the value, and when it was measured if that is not the same for all that the pack says."""
        return self._explained | ({MEASURED_AT: self._measured_at} if self._measured_at else {}) or None

    @override
    def _submit(self) -> bool:
        """Submit the newest value; return whether there is something new to show."""
        news = super()._submit()
        if self.available and self._explain(news=news):
            news = True
        of, reading = self.entity_description.measured_at_fn, self.coordinator.data
        if news and of is not None:
            at = of(reading) if reading is not None else None
            ago = 0.0 if at is None else self.coordinator.now - at
            attributes = dt_util.utc_from_timestamp(round(dt_util.utcnow().timestamp() - ago)).isoformat()
            self._measured_at = None if at is None else attributes
        return news

    def _explain(self, *, news: bool) -> bool:
        """Take what goes with the value that is shown; return whether that is news. Its numbers are renewed now and then."""
        description, now = self.entity_description, self.coordinator.now
        if description.unit_fn is not None and (news or self._unit is None):
            self._unit = description.unit_fn(self.coordinator)
        if description.attributes_fn is None:
            return False
        discrete = description.discrete_fn(self.coordinator) if description.discrete_fn is not None else None
        if not news and discrete == self._discrete and now - self._explained_at < description.explained_every:
            return False
        explained = dict(description.attributes_fn(self.coordinator))
        changed = explained != self._explained
        self._explained, self._discrete, self._explained_at = explained, discrete, now
        return changed


class SmartBmsEnergySensor(SmartBmsSensor, RestoreSensor):
    """A sum. Home Assistant's own memory of it backs up the account, if that has lost its file."""

    entity_description: EnergyDescription

    @override
    async def async_added_to_hass(self) -> None:
        """Raise a total that lost its file to what Home Assistant remembers of it."""
        name, last = self.entity_description.of_total, await self.async_get_last_sensor_data()
        falls_back = self.coordinator.energy.file.falls_back
        if falls_back and name and last is not None and isinstance(last.native_value, (int, float)):
            self.coordinator.energy.raise_to(EnergyTotals(**{name: float(last.native_value)}))
        await super().async_added_to_hass()
