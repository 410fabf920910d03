"""Events: what a pack writes down by itself, each entry of its log once; and what happens to its protections, or a bank's."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.util import dt as dt_util

from .bank_entry.coordinator import BankConfigEntry, BankCoordinator
from .bank_entry.entity import BankEntity
from .bms.event_log import EventKind, LoggedEvent
from .coordinator import SmartBmsConfigEntry, SmartBmsCoordinator, protection_event_signal
from .entity import SmartBmsEntity, async_add_described
from .pack_entry.publishing import Quantity, Value
from .protection.events import ProtectionEvent, ProtectionEventType

PARALLEL_UPDATES: Final = 0

ALARM: Final = "alarm"
PROTECTION: Final = "protection"
PACK: Final = "pack"

EVENT_DESCRIPTIONS: Final = (
    EventEntityDescription(
        key="event_log",
        translation_key="event_log",
        entity_category=EntityCategory.DIAGNOSTIC,
        event_types=[kind.value for kind in EventKind],
    ),
)

PROTECTION_DESCRIPTIONS: Final = (
    EventEntityDescription(
        key="protection_event",
        translation_key="protection_event",
        event_types=[kind.value for kind in ProtectionEventType],
    ),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: SmartBmsConfigEntry | BankConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the event log of a pack that keeps one, and what happens to the protections of a pack or a bank."""
    if isinstance(entry.runtime_data, BankCoordinator):
        bank = entry.runtime_data
        async_add_entities(BankProtectionEvent(bank, description) for description in PROTECTION_DESCRIPTIONS)
        return
    coordinator = entry.runtime_data

    def described() -> tuple[EventEntityDescription, ...]:
        return EVENT_DESCRIPTIONS if coordinator.family.logs(coordinator.identity["variant"]) else ()

    def protections() -> tuple[EventEntityDescription, ...]:
        return PROTECTION_DESCRIPTIONS if coordinator.protection_engine.rules else ()

    async_add_described(coordinator, async_add_entities, described, SmartBmsEventLog)
    async_add_described(coordinator, async_add_entities, protections, SmartBmsProtectionEvent)


class _Events(EventEntity):
    """Tells events."""

    entity_description: EventEntityDescription

    @callback
    def _notify(self, kind: str, details: Mapping[str, Any]) -> None:
        """Tell one event, without what nobody knows of it."""
        self._trigger_event(kind, {key: value for key, value in details.items() if value is not None})
        self.async_write_ha_state()


class _PackEvents(SmartBmsEntity, _Events):
    """Tells events also of a time when the pack is silent."""

    def __init__(self, coordinator: SmartBmsCoordinator, description: EventEntityDescription) -> None:
        """Be always there."""
        super().__init__(coordinator, description, Quantity.STATE, always=True)

    @override
    def current_value(self) -> Value:
        return None


class SmartBmsEventLog(_PackEvents):
    """The event log of a pack."""

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_add_log_listener(self._async_logged))

    @callback
    def _async_logged(self, event: LoggedEvent) -> None:
        ago = dt_util.utcnow().timestamp() - event.age - (self.coordinator.now - event.read_at)
        happened_at = dt_util.utc_from_timestamp(round(ago)).isoformat()
        self._notify(event.kind, {"happened_at": happened_at, "cell": event.cell, "value": event.value})


class SmartBmsProtectionEvent(_PackEvents):
    """What happens to the protections of a pack, and the alarms that it raises."""

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.protection_event_listeners.async_add(self._async_happened))

    @callback
    def _async_happened(self, protection_event: ProtectionEvent) -> None:
        self._notify(protection_event.kind, _details(protection_event))


class BankProtectionEvent(BankEntity, _Events):
    """What happens to the protections of all packs of a bank, and the alarms that they raise."""

    # What happened is worth keeping, as that of a pack is.
    _unrecorded_attributes = frozenset()

    def __init__(self, coordinator: BankCoordinator, description: EventEntityDescription) -> None:
        """Be always there."""
        super().__init__(coordinator, description, Quantity.STATE, always=True)

    @override
    def current_value(self) -> Value:
        return None

    @override
    async def async_added_to_hass(self) -> None:
        await super().async_added_to_hass()
        for key in self.coordinator.packs:
            listener = partial(self._async_happened, key)
            self.async_on_remove(async_dispatcher_connect(self.hass, protection_event_signal(key), listener))

    @callback
    def _async_happened(self, key: str, protection_event: ProtectionEvent) -> None:
        pack = self.hass.config_entries.async_get_entry(key)
        self._notify(protection_event.kind, {PACK: pack.title if pack else None, **_details(protection_event)})


def _details(protection_event: ProtectionEvent) -> dict[str, Any]:
    name = (
        ALARM
        if protection_event.kind in (ProtectionEventType.ALARM_RAISED, ProtectionEventType.ALARM_CLEARED)
        else PROTECTION
    )
    return {name: protection_event.protection, **protection_event.details}
