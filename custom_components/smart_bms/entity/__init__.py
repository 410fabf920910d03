"""The base of a pack's entities, and how entities are added once the pack turns out to have what they show."""

from collections.abc import Callable, Iterable

from homeassistant.core import callback
from homeassistant.helpers.device_registry import CONNECTION_BLUETOOTH, DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from ..const import DOMAIN
from ..coordinator import SmartBmsCoordinator
from ..pack_entry.publishing import Quantity
from ..texts import fill_text
from .published import PublishedEntity


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


class SmartBmsEntity(PublishedEntity[SmartBmsCoordinator]):
    """An entity that shows one value of a pack."""

    def __init__(  # noqa: PLR0913
        self,
        coordinator: SmartBmsCoordinator,
        description: EntityDescription,
        quantity: Quantity,
        *,
        always: bool,
        only_with_group: bool = False,
        acted_on: bool = False,
    ) -> None:
        """`always` entities are about the connection, or about what was counted, and stay available without it.

        `only_with_group` and `acted_on` are those of PublishedEntity.
        """
        super().__init__(
            coordinator,
            description,
            quantity,
            unique_id=f"{coordinator.address}_{description.key}",
            device_info=pack_device_info(coordinator),
            always=always,
            only_with_group=only_with_group,
            acted_on=acted_on,
        )
        self._attr_attribution = attribution_of(coordinator)


def attribution_of(coordinator: SmartBmsCoordinator) -> str | None:
    """Return what the entities of a simulated pack say about it, None for a real one."""
    if coordinator.simulation is None:
        return None
    return fill_text(coordinator.hass, "selector.text.options.simulated_pack", {})


def pack_device_info(coordinator: SmartBmsCoordinator) -> DeviceInfo:
    """Return how the device of a pack is registered."""
    identity = coordinator.identity
    return DeviceInfo(
        connections=set() if coordinator.simulation else {(CONNECTION_BLUETOOTH, coordinator.address)},
        identifiers={(DOMAIN, coordinator.address)},
        name=coordinator.config_entry.title,
        manufacturer=coordinator.family.manufacturer,
        model=coordinator.model,
        hw_version=identity["hw_version"],
        sw_version=identity["sw_version"],
        serial_number=identity["serial_number"],
    )
