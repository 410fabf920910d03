"""What is sent to the cards of one pack or bank: everything once, then what changed.

A reading is turned into data once, however many browsers watch. A browser that does not keep up is sent fewer messages, each
with all that changed meanwhile.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from homeassistant.components.websocket_api import ActiveConnection
from homeassistant.components.websocket_api.messages import event_message
from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange, ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.json import json_bytes
from homeassistant.util.hass_dict import HassKey

from ..bank_entry.coordinator import BankCoordinator
from ..bank_entry.membership import is_bank
from ..const import DOMAIN
from ..coordinator import SmartBmsCoordinator
from .bank_data import bank_data, bank_info
from .messages import BankData, BankInfo, PackData, PackInfo, Rights, StreamMessage
from .pack_data import pack_data, pack_info

MIN_INTERVAL: Final = 0.5
"""s between two messages: nobody reads faster."""
MAX_UNCONFIRMED: Final = 6
"""Messages that a browser may have received without saying so: a slow one is not sent more than it can show."""
_INFO_EVERY: Final = 30.0
"""s after which what rarely changes is looked at again."""

type Data = PackData | BankData
type Info = PackInfo | BankInfo


@dataclass(eq=False, slots=True)
class Subscription:
    """One card page that watches a pack or bank."""

    connection: ActiveConnection
    message_id: int
    rights: Callable[[], Rights]
    number: int = 0
    """Of the newest message."""
    confirmed: int = 0
    sent: Mapping[str, Any] | None = None
    """The data that were sent last; None: the next message is whole."""

    def send(self, message: dict[str, Any]) -> None:
        """Send a message with the next number."""
        self.number += 1
        body = cast(StreamMessage, {"subscription": self.message_id, "number": self.number, **message})
        self.connection.send_message(json_bytes(event_message(self.message_id, body)))

    @property
    def keeps_up(self) -> bool:
        """Whether the browser confirms what it is sent."""
        return self.number - self.confirmed < MAX_UNCONFIRMED


class Stream:
    """Everything about one entry, for all who watch it; it costs nothing while nobody does."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Initialize."""
        self._hass = hass
        self._entry = entry
        self._subscriptions: list[Subscription] = []
        self._coordinator: SmartBmsCoordinator | BankCoordinator | None = None
        self._data: Data | None = None
        self._info: Info | None = None
        self._info_at = float("-inf")
        self._sent_at = float("-inf")
        self._timer: CALLBACK_TYPE | None = None
        self._unsubscribe: list[CALLBACK_TYPE] = []
        self._unfollow: CALLBACK_TYPE | None = None

    @callback
    def add(self, subscription: Subscription) -> CALLBACK_TYPE:
        """Send everything to a subscription, and from now on what changes; return how to end it."""
        self._subscriptions.append(subscription)
        if len(self._subscriptions) == 1:
            self._begin()
        else:
            self._send_whole(subscription)

        @callback
        def remove() -> None:
            """End it, and with the last one the stream."""
            self._subscriptions.remove(subscription)
            if not self._subscriptions:
                self._end()
                self._hass.data[STREAMS].pop(self._entry.entry_id, None)

        return remove

    @callback
    def confirm(self, subscription: Subscription, number: int) -> None:
        """Take that a browser has shown the message of this number."""
        behind = not subscription.keeps_up
        subscription.confirmed = max(subscription.confirmed, min(number, subscription.number))
        if behind and subscription.keeps_up:
            self._send_changes(subscription)

    def _begin(self) -> None:
        """Follow the entry: it may be reloaded, renamed or removed meanwhile."""
        hass = self._hass
        self._unsubscribe = [
            async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, self._entry_changed),
            hass.bus.async_listen(er.EVENT_ENTITY_REGISTRY_UPDATED, self._registry_changed),
            hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, self._registry_changed),
        ]
        self._follow()

    def _end(self) -> None:
        """Stop to follow the entry."""
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        self._leave()

    def _leave(self) -> None:
        """Stop to follow the coordinator."""
        if self._unfollow is not None:
            self._unfollow()
        if self._timer is not None:
            self._timer()
        self._unfollow = self._timer = self._coordinator = self._data = self._info = None

    def _follow(self) -> None:
        """Follow the coordinator that the entry has now, if it is loaded."""
        self._leave()
        if self._entry.state is ConfigEntryState.LOADED:
            coordinator: SmartBmsCoordinator | BankCoordinator = self._entry.runtime_data
            self._coordinator = coordinator
            self._unfollow = coordinator.async_add_listener(self._updated)
            self._renew_info()
            self._data = self._read()
        for subscription in self._subscriptions:
            self._send_whole(subscription)

    @callback
    def _entry_changed(self, change: ConfigEntryChange, entry: ConfigEntry) -> None:
        """Follow another coordinator after a reload, none while there is none."""
        if entry.entry_id != self._entry.entry_id:
            return
        loaded = change is not ConfigEntryChange.REMOVED and entry.state is ConfigEntryState.LOADED
        coordinator = entry.runtime_data if loaded else None
        if coordinator is not self._coordinator:
            self._follow()
        elif loaded:
            self._info_changed()

    @callback
    def _registry_changed(self, event: Event[Any]) -> None:
        """Look again what the entities are called, once for many changes."""
        self._info_at = float("-inf")

    def _renew_info(self) -> bool:
        """Renew what rarely changes; return whether it has changed."""
        coordinator = self._coordinator
        if coordinator is None:
            return False
        before = self._info
        self._info_at = self._hass.loop.time()
        self._info = pack_info(coordinator) if isinstance(coordinator, SmartBmsCoordinator) else bank_info(coordinator)
        return self._info != before

    def _info_changed(self) -> None:
        """Send what rarely changes, if it has changed."""
        if self._renew_info():
            for subscription in self._subscriptions:
                subscription.send({"running": True, "info": self._info, "rights": subscription.rights()})

    def _read(self) -> Data:
        """Return the data as they are now."""
        coordinator = self._coordinator
        if isinstance(coordinator, SmartBmsCoordinator):
            return pack_data(coordinator)
        return bank_data(cast(BankCoordinator, coordinator))

    @callback
    def _updated(self) -> None:
        """Send what changed, now or once enough time has passed."""
        if self._timer is not None:
            return
        wait = MIN_INTERVAL - (self._hass.loop.time() - self._sent_at)
        if wait <= 0:
            self._send()
        else:
            self._timer = async_call_later(self._hass, wait, self._send_later)

    @callback
    def _send_later(self, _: Any) -> None:
        """Send what changed since the last message."""
        self._timer = None
        self._send()

    def _send(self) -> None:
        """Read the data once, and send to everybody what changed for them."""
        if self._coordinator is None:
            return
        now = self._hass.loop.time()
        self._sent_at = now
        self._data = self._read()
        if now - self._info_at >= _INFO_EVERY:
            self._info_changed()
        for subscription in list(self._subscriptions):
            if subscription.keeps_up:
                self._send_changes(subscription)

    def _send_changes(self, subscription: Subscription) -> None:
        """Send what has changed since the last message to this subscription."""
        if self._data is None:
            return
        if (sent := subscription.sent) is None:
            self._send_whole(subscription)
            return
        data = cast(Mapping[str, Any], self._data)
        changed = {key: value for key, value in data.items() if value != sent[key]}
        if changed:
            changed["age"] = data["age"]  # of this moment
            subscription.sent = data
            subscription.send({"running": True, "changed": changed})

    def _send_whole(self, subscription: Subscription) -> None:
        """Send everything, or that the entry is not running."""
        if self._coordinator is None or self._data is None:
            subscription.sent = None
            subscription.send({"running": False})
            return
        subscription.sent = cast(Mapping[str, Any], self._data)
        rights = subscription.rights()
        subscription.send({"running": True, "info": self._info, "rights": rights, "data": self._data})


STREAMS: Final[HassKey[dict[str, Stream]]] = HassKey(f"{DOMAIN}_streams")


def stream_of(hass: HomeAssistant, entry: ConfigEntry) -> Stream:
    """Return the stream of an entry, which all who watch it share."""
    streams = hass.data.setdefault(STREAMS, {})
    if entry.entry_id not in streams:
        streams[entry.entry_id] = Stream(hass, entry)
    return streams[entry.entry_id]


def rights_of(entry: ConfigEntry, connection: ActiveConnection) -> Rights:
    """Return what whoever watches may do."""
    control = False
    if entry.state is ConfigEntryState.LOADED and not is_bank(entry):
        control = entry.runtime_data.permission.control
    return Rights(write=connection.user.is_admin, control=control)
