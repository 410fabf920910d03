"""Commands of the cards: which batteries there are, and everything about one of them, live.

Nothing of it touches the recorder. Whoever may read the entities of a pack or bank may watch it; writing goes through the
actions, which are for administrators.
"""

from typing import Any, Final

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.components import websocket_api
from homeassistant.components.websocket_api import ERR_NOT_FOUND, ERR_UNAUTHORIZED, ActiveConnection
from homeassistant.config_entries import SIGNAL_CONFIG_ENTRY_CHANGED, ConfigEntry, ConfigEntryChange, ConfigEntryState
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.dispatcher import async_dispatcher_connect
import probatio

from ..bank_entry.coordinator import BankCoordinator
from ..bank_entry.membership import is_bank
from ..const import CONF_PACKS, CONF_SIMULATED, DOMAIN
from ..coordinator import SmartBmsCoordinator
from .messages import Battery
from .parts import device_id_of, write_record_data
from .stream import Subscription, rights_of, stream_of

SUBSCRIBE_BATTERIES: Final = f"{DOMAIN}/subscribe_batteries"
SUBSCRIBE: Final = f"{DOMAIN}/subscribe"
CONFIRM: Final = f"{DOMAIN}/confirm"
WRITE_LOG: Final = f"{DOMAIN}/write_log"
_ENTRY_ID: Final = "entry_id"
_NUMBER: Final = "number"
_SUBSCRIPTION: Final = "subscription"
_MAX_RECORDS: Final = 100


@callback
def async_register_commands(hass: HomeAssistant) -> None:
    """Register the commands, once for all entries."""
    websocket_api.async_register_command(hass, _subscribe_batteries)
    websocket_api.async_register_command(hass, _subscribe)
    websocket_api.async_register_command(hass, _confirm)
    websocket_api.async_register_command(hass, _write_log)


def may_read(hass: HomeAssistant, entry: ConfigEntry, connection: ActiveConnection) -> bool:
    """Return whether a user may read the entities of an entry; one without entities is for administrators."""
    permissions = connection.user.permissions
    if connection.user.is_admin or permissions.access_all_entities(POLICY_READ):
        return True
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    return bool(entities) and all(permissions.check_entity(item.entity_id, POLICY_READ) for item in entities)


def batteries(hass: HomeAssistant, connection: ActiveConnection) -> list[Battery]:
    """Return the packs and banks that a user may read, banks first, by name."""
    found = [
        Battery(
            entry_id=entry.entry_id,
            device_id=device_id_of(hass, entry.entry_id),
            name=entry.title,
            kind="bank" if is_bank(entry) else "pack",
            running=entry.state is ConfigEntryState.LOADED,
            simulated=CONF_SIMULATED in entry.data,
            members=list(entry.options.get(CONF_PACKS, ())) if is_bank(entry) else [],
        )
        for entry in hass.config_entries.async_entries(DOMAIN, include_ignore=False, include_disabled=False)
        if may_read(hass, entry, connection)
    ]
    return sorted(found, key=lambda battery: (battery["kind"], battery["name"].casefold()))


@callback
@websocket_api.websocket_command({probatio.Required("type"): SUBSCRIBE_BATTERIES})
def _subscribe_batteries(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Send which packs and banks there are, now and whenever that changes."""
    sent: list[Battery] | None = None

    @callback
    def send() -> None:
        """Send the list if it is another one."""
        nonlocal sent
        found = batteries(hass, connection)
        if found != sent:
            sent = found
            connection.send_event(msg["id"], {"batteries": found})

    @callback
    def entry_changed(change: ConfigEntryChange, entry: ConfigEntry) -> None:
        """Look again after a change of one of our entries."""
        if entry.domain == DOMAIN:
            send()

    @callback
    def device_changed(event: Event[dr.EventDeviceRegistryUpdatedData]) -> None:
        """Look again after a device was added, removed or renamed."""
        send()

    unsubscribe = [
        async_dispatcher_connect(hass, SIGNAL_CONFIG_ENTRY_CHANGED, entry_changed),
        hass.bus.async_listen(dr.EVENT_DEVICE_REGISTRY_UPDATED, device_changed),
    ]

    @callback
    def end() -> None:
        """Stop to follow."""
        for stop in unsubscribe:
            stop()

    connection.subscriptions[msg["id"]] = end
    connection.send_result(msg["id"])
    send()


@callback
@websocket_api.websocket_command({probatio.Required("type"): SUBSCRIBE, probatio.Required(_ENTRY_ID): str})
def _subscribe(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Send everything about a pack or bank, then what changes."""
    entry = hass.config_entries.async_get_entry(msg[_ENTRY_ID])
    if entry is None or entry.domain != DOMAIN:
        connection.send_error(msg["id"], ERR_NOT_FOUND, "There is no such pack or bank")
        return
    if not may_read(hass, entry, connection):
        connection.send_error(msg["id"], ERR_UNAUTHORIZED, "Not allowed to read this pack or bank")
        return
    subscription = Subscription(connection, msg["id"], lambda: rights_of(entry, connection))
    connection.send_result(msg["id"])
    stream = stream_of(hass, entry)
    connection.subscriptions[msg["id"]] = _Ending(stream.add(subscription), subscription, entry)


class _Ending:
    """How a subscription ends, and which it is."""

    def __init__(self, end: Any, subscription: Subscription, entry: ConfigEntry) -> None:
        """Initialize."""
        self._end = end
        self.subscription = subscription
        self.entry = entry

    def __call__(self) -> None:
        """End the subscription."""
        self._end()


@callback
@websocket_api.websocket_command(
    {
        probatio.Required("type"): CONFIRM,
        probatio.Required(_SUBSCRIPTION): int,
        probatio.Required(_NUMBER): int,
    }
)
def _confirm(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Take that a browser has shown a message of one of its subscriptions."""
    ending = connection.subscriptions.get(msg[_SUBSCRIPTION])
    if isinstance(ending, _Ending):
        stream_of(hass, ending.entry).confirm(ending.subscription, msg[_NUMBER])
    connection.send_result(msg["id"])


@callback
@websocket_api.require_admin
@websocket_api.websocket_command({probatio.Required("type"): WRITE_LOG, probatio.Required(_ENTRY_ID): str})
def _write_log(hass: HomeAssistant, connection: ActiveConnection, msg: dict[str, Any]) -> None:
    """Send what was written to a pack, and to the equipment that follows a pack or bank; the newest first."""
    entry = hass.config_entries.async_get_entry(msg[_ENTRY_ID])
    if entry is None or entry.domain != DOMAIN or entry.state is not ConfigEntryState.LOADED:
        connection.send_error(msg["id"], ERR_NOT_FOUND, "There is no such pack or bank, or it is not set up")
        return
    battery: SmartBmsCoordinator | BankCoordinator = entry.runtime_data
    found = list(battery.equipment.write_log.records) if battery.equipment else []
    if isinstance(battery, SmartBmsCoordinator):
        found += battery.parameters.writer.write_log.records
    records = sorted(found, key=lambda record: record.at, reverse=True)
    shown = [write_record_data(record) for record in records[:_MAX_RECORDS]]
    connection.send_result(msg["id"], {"records": shown})
