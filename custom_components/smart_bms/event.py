"""Events: the entries of a pack's own event log, each once, and the protection events of packs and banks."""

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
from .coordinator import SmartBmsConfigEntry, protection_event_signal
from .entity import async_add_described
from .entity.stateless import StatelessEntity
from .pack_entry.publishing import Quantity, Value
from .protection.events import ProtectionEvent, ProtectionEventType
from .texts import subject_name

PARALLEL_UPDATES: Final = 0

ATTR_ALARM: Final = "alarm"
ATTR_PROTECTION: Final = "protection"
ATTR_PACK: Final = "pack"

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
    """Add the event log of a pack that has one, and the protection events of a pack or a bank."""
    if isinstance(entry.runtime_data, BankCoordinator):
        bank = entry.runtime_data
        async_add_entities(BankProtectionEvent(bank, description) for description in PROTECTION_DESCRIPTIONS)
        return
    coordinator = entry.runtime_data

    def event_logs() -> tuple[EventEntityDescription, ...]:
        """Return the event log if packs of this kind have one."""
        return EVENT_DESCRIPTIONS if coordinator.family.logs(coordinator.identity["variant"]) else ()

    def protections() -> tuple[EventEntityDescription, ...]:
        """Return the protection events if the rules of the pack are known."""
        return PROTECTION_DESCRIPTIONS if coordinator.protection_engine.rules else ()

    async_add_described(coordinator, async_add_entities, event_logs, SmartBmsEventLog)
    async_add_described(coordinator, async_add_entities, protections, SmartBmsProtectionEvent)


class _TriggeredEvent(EventEntity):
    """An event entity that shows each event at once."""

    entity_description: EventEntityDescription

    @callback
    def _show_event(self, event_type: str, details: Mapping[str, Any]) -> None:
        """Show an event, without the details that are unknown."""
        self._trigger_event(event_type, {key: value for key, value in details.items() if value is not None})
        self.async_write_ha_state()


class SmartBmsEventLog(StatelessEntity, _TriggeredEvent):
    """The event log of a pack."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen for new entries of the log."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_add_log_listener(self._async_logged))

    @callback
    def _async_logged(self, event: LoggedEvent) -> None:
        """Show an entry of the log, with the time of day at which it happened."""
        ago = dt_util.utcnow().timestamp() - event.age - (self.coordinator.now - event.read_at)
        happened_at = dt_util.utc_from_timestamp(round(ago)).isoformat()
        self._show_event(event.kind, {"happened_at": happened_at, "cell": event.cell, "value": event.value})


class SmartBmsProtectionEvent(StatelessEntity, _TriggeredEvent):
    """The events of a pack's protections and alarms."""

    @override
    async def async_added_to_hass(self) -> None:
        """Listen for protection events of the pack."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.protection_event_listeners.async_add(self._async_protection_event))

    @callback
    def _async_protection_event(self, protection_event: ProtectionEvent) -> None:
        """Show an event of a protection or an alarm."""
        self._show_event(protection_event.kind, _details(self.hass, protection_event))


class BankProtectionEvent(BankEntity, _TriggeredEvent):
    """The events of the protections and alarms of all packs of a bank."""

    # Events are recorded, as those of a pack are; other entities of banks record no attributes.
    _unrecorded_attributes = frozenset()

    def __init__(self, coordinator: BankCoordinator, description: EventEntityDescription) -> None:
        """`description` has the key of the event, which is available also without the packs."""
        super().__init__(coordinator, description, Quantity.STATE, always=True)

    @override
    def current_value(self) -> Value:
        """Return no value."""
        return None

    @override
    async def async_added_to_hass(self) -> None:
        """Listen for protection events of every pack."""
        await super().async_added_to_hass()
        for key in self.coordinator.packs:
            listener = partial(self._async_protection_event, key)
            self.async_on_remove(async_dispatcher_connect(self.hass, protection_event_signal(key), listener))

    @callback
    def _async_protection_event(self, key: str, protection_event: ProtectionEvent) -> None:
        """Show an event of a pack, which `key` identifies by its config entry."""
        pack = self.hass.config_entries.async_get_entry(key)
        self._show_event(
            protection_event.kind, {ATTR_PACK: pack.title if pack else None, **_details(self.hass, protection_event)}
        )


def _details(hass: HomeAssistant, protection_event: ProtectionEvent) -> dict[str, Any]:
    """Return the attributes of a protection event: what it is about as a key and, for notifications, as a name."""
    subject = (
        ATTR_ALARM
        if protection_event.kind in (ProtectionEventType.ALARM_RAISED, ProtectionEventType.ALARM_CLEARED)
        else ATTR_PROTECTION
    )
    about = protection_event.protection
    return {subject: about, f"{subject}_name": subject_name(hass, about), **protection_event.details}
