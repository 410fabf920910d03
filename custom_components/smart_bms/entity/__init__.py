"""The base of all entities: device, availability, and a gate that keeps the database calm."""

from collections.abc import Callable, Iterable
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import CONNECTION_BLUETOOTH, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..const import DOMAIN
from ..coordinator import SmartBmsCoordinator
from ..pack_entry.publishing import GroupMember, Quantity, Value
from ..pack_entry.simulated import ATTRIBUTION


@callback
def async_add_described[D: EntityDescription](
    coordinator: SmartBmsCoordinator,
    add: AddConfigEntryEntitiesCallback,
    described: Callable[[], Iterable[D]],
    entity: Callable[[SmartBmsCoordinator, D], Entity],
) -> None:
    """Add the entities that the pack is known to have now, and later those that it turns out to have."""
    added: set[str] = set()

    @callback
    def add_new() -> None:
        """Add the entities that were not there before."""
        new = [description for description in described() if description.key not in added]
        added.update(description.key for description in new)
        if new:
            add(entity(coordinator, description) for description in new)

    add_new()
    coordinator.config_entry.async_on_unload(coordinator.capabilities_listeners.async_add(add_new))


class SmartBmsEntity(CoordinatorEntity[SmartBmsCoordinator]):
    """An entity that shows one value of a pack."""

    _attr_has_entity_name = True

    def __init__(
        self, coordinator: SmartBmsCoordinator, description: EntityDescription, quantity: Quantity, *, always: bool
    ) -> None:
        """`always` entities speak of the link and stay available without it."""
        super().__init__(coordinator)
        self.entity_description = description
        self._attr_unique_id = f"{coordinator.address}_{description.key}"
        identity = coordinator.identity
        if coordinator.simulation is not None:
            self._attr_attribution = ATTRIBUTION
        self._attr_device_info = DeviceInfo(
            connections=set() if coordinator.simulation else {(CONNECTION_BLUETOOTH, coordinator.address)},
            identifiers={(DOMAIN, coordinator.address)},
            name=coordinator.config_entry.title,
            manufacturer=coordinator.family.manufacturer,
            model=coordinator.model,
            hw_version=identity["hw_version"],
            sw_version=identity["sw_version"],
            serial_number=identity["serial_number"],
        )
        self._always = always
        self._filter = coordinator.publish_filter(quantity)
        self._group = coordinator.group(quantity)
        self._member = GroupMember(self._filter, self._newest, self._handle_coordinator_update)
        self._was_available = (coordinator.available, always or coordinator.available)

    def current_value(self) -> Value:
        """Return the value as the pack states it now."""
        raise NotImplementedError

    @property
    @override
    def available(self) -> bool:
        """Return whether the value may be shown as current."""
        return self._always or self.coordinator.available

    @override
    async def async_added_to_hass(self) -> None:
        """Show what is known already, and follow what comes."""
        await super().async_added_to_hass()
        if self._group is not None:
            self.async_on_remove(self._group.join(self._member))
        self._submit()
        if self._group is not None:
            self._group.notify_others(self._member)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state if there is something new to show."""
        # Some entities outlive their pack for a while.
        turned = (available := (self.coordinator.available, self.available)) != self._was_available
        if turned:
            self._was_available = available
            if self._group is None:
                self._filter.open()
        if self._submit() or turned:
            self.async_write_ha_state()

    def _submit(self) -> bool:
        """Show the gate the newest value if it is current; return whether it is news."""
        coordinator, group = self.coordinator, self._group
        if group is None:
            return self.available and self._filter.submit(self.current_value(), coordinator.now)
        group.renew(coordinator.available)
        if coordinator.available:
            group.follow(coordinator.data, coordinator.now)
        return self._member.take_news()

    def _newest(self) -> Value:
        """Return the newest value; a failure leaves this one as it is, and the others of its group alone."""
        follow = self.coordinator.isolation.call
        return follow(f"entity {self.entity_description.key}", self.current_value, default=self._filter.value)
