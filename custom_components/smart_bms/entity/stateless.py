"""The base of a pack's entities that show none of its values: buttons and events."""

from typing import override

from homeassistant.helpers.entity import EntityDescription

from ..coordinator import SmartBmsCoordinator
from ..pack_entry.publishing import Quantity, Value
from . import SmartBmsEntity


class StatelessEntity(SmartBmsEntity):
    """An entity that shows no value of its pack, and is available while the pack is not."""

    def __init__(self, coordinator: SmartBmsCoordinator, description: EntityDescription) -> None:
        """`description` has the key of the entity."""
        super().__init__(coordinator, description, Quantity.STATE, always=True)

    @override
    def current_value(self) -> Value:
        """Return no value."""
        return None
