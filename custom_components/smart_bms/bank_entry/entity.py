"""The base of a bank's entities."""

from collections.abc import Mapping
from typing import Any, override

from homeassistant.const import MATCH_ALL
from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from ..const import DOMAIN
from ..pack_entry.publishing import GroupMember, Quantity, Value
from .coordinator import BankCoordinator


class BankEntity(CoordinatorEntity[BankCoordinator], Entity):
    """An entity that shows one value of a bank."""

    _attr_has_entity_name = True
    _unrecorded_attributes = frozenset({MATCH_ALL})

    def __init__(
        self,
        coordinator: BankCoordinator,
        description: EntityDescription,
        quantity: Quantity,
        *,
        always: bool = False,
    ) -> None:
        """Show what the description says; `always` entities stay available when no string counts."""
        super().__init__(coordinator)
        entry = coordinator.config_entry
        self.entity_description = description
        self._attr_unique_id = f"{entry.entry_id}_{description.key}"
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, entry.entry_id)},
            name=entry.title,
            manufacturer="Smart BMS",
            model=_model(coordinator),
        )
        self._always = always
        self._filter = coordinator.publish_filter(quantity)
        self._group = coordinator.group(quantity)
        self._member = GroupMember(self._filter, self.current_value, self._handle_coordinator_update)
        self._was_available = coordinator.available
        self._counted = coordinator.data.active_strings
        self._discrete: Any = None
        self._described: Mapping[str, Any] = {}

    def current_value(self) -> Value:
        """Return the value as it is now."""
        raise NotImplementedError

    def details(self) -> Mapping[str, Any]:
        """Return what goes with it."""
        return {}

    def discrete(self) -> Any:
        """Return the part of the particulars whose change is news of its own."""
        return None

    @property
    @override
    def available(self) -> bool:
        """Return whether the value may be shown as current."""
        return self._always or self.coordinator.available

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return what explains the state."""
        return self._described

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
        bank = self.coordinator.data
        turned = (available := self.coordinator.available) is not self._was_available
        # A bank of other packs is news whatever its values do.
        if turned or bank.active_strings != self._counted:
            self._was_available, self._counted = available, bank.active_strings
            if self._group is None:
                self._filter.open()
        if self._submit() or turned:
            self.async_write_ha_state()

    def _submit(self) -> bool:
        """Show the gate the newest value; return whether it, or what explains it, is news."""
        coordinator, group = self.coordinator, self._group
        if group is not None:
            group.renew((coordinator.available, coordinator.data.active_strings))
        if not self.available:
            return False
        if group is None:
            news = self._filter.submit(self.current_value(), coordinator.now)
        else:
            group.follow(coordinator.data, coordinator.now)
            # The same value may be found elsewhere now.
            news = self._member.take_news() or (self._member.is_published and self.details() != self._described)
        if (discrete := self.discrete()) != self._discrete:
            self._discrete, news = discrete, True
        if news:
            self._described = self.details()
        return news


def _model(coordinator: BankCoordinator) -> str:
    """Return how the packs are wired, as a model."""
    strings = len(coordinator.topology)
    length = len(coordinator.topology[0])
    return f"Bank, {strings}P{length}S of packs"
