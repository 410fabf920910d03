"""What entities of packs and banks have in common: their value is published when it is due, alone or with its group."""

from typing import Any, override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..pack_entry.publishing import GroupMember, Quantity, Value
from ..pack_entry.push_coordinator import PushCoordinator


class PublishedEntity[C: PushCoordinator[Any]](CoordinatorEntity[C], Entity):
    """An entity that shows one value of a pack or bank."""

    _attr_has_entity_name = True

    def __init__(  # noqa: PLR0913
        self,
        coordinator: C,
        description: EntityDescription,
        quantity: Quantity,
        *,
        unique_id: str,
        device_info: DeviceInfo,
        always: bool,
        only_with_group: bool = False,
        acted_on: bool = False,
    ) -> None:
        """`quantity` says how the value is published; `always` entities stay available without the pack or bank.

        `acted_on` entities are not available while a pack only waits for its turn; `only_with_group`: nothing of the entity changes but with the group of its quantity, if it has one.
        """
        group = coordinator.group(quantity)
        super().__init__(coordinator, group if only_with_group else None)
        self.entity_description = description
        self._attr_unique_id = unique_id
        self._attr_device_info = device_info
        self._always = always
        self._acted_on = acted_on
        self._filter = coordinator.publish_filter(quantity)
        self._group = group
        self._member = GroupMember(self._filter, self._newest_value, self._handle_coordinator_update)
        self._was_available = self.available
        self._last_era = coordinator.era

    def current_value(self) -> Value:
        """Return the newest value."""
        raise NotImplementedError

    @property
    @override
    def available(self) -> bool:
        """Return whether the value may be shown as current."""
        shown, acted_on, _ = self.coordinator.era
        return self._always or (acted_on if self._acted_on else shown)

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
        available, era = self.available, self.coordinator.era
        turned, self._was_available = available is not self._was_available, available
        if era is not self._last_era and era != self._last_era:
            self._last_era, turned = era, turned or era[0] is not self._last_era[0]
            if self._group is None:
                self._filter.open()
        if self._submit() or turned:
            self.async_write_ha_state()

    def _submit(self) -> bool:
        """Submit the newest value if it is current; return whether there is something new to show."""
        coordinator, group = self.coordinator, self._group
        if group is None:
            return self.available and self._filter.submit(self.current_value(), coordinator.now)
        group.renew(coordinator.era)
        if coordinator.shown_available:
            group.follow(coordinator.data, coordinator.now)
        return self._member.take_news()

    def _newest_value(self) -> Value:
        """Return the newest value; a failure leaves this one as it is, and the others of its group alone."""
        call = self.coordinator.isolation.call
        return call(f"entity {self.entity_description.key}", self.current_value, default=self._filter.value)
