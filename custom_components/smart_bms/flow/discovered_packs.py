"""The search list: devices heard now that are, or may be, packs."""

from collections.abc import Collection, Mapping

from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BluetoothServiceInfoBleak
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import SelectOptionDict

from ..bms.families import candidates, recognize
from ..pack_entry.bluetooth_paths import advertisement_of


def discovered_packs(hass: HomeAssistant, known: Collection[str | None]) -> dict[str, BluetoothServiceInfoBleak]:
    """Return what was heard of devices that may be packs, by address; `known` are addresses to leave out."""
    return {
        info.address: info
        for info in bluetooth.async_discovered_service_info(hass, connectable=True)
        if info.address not in known and candidates(advertisement_of(info))
    }


def pack_choices(found: Mapping[str, BluetoothServiceInfoBleak]) -> list[SelectOptionDict]:
    """Return the options of a selector: first what surely is a pack, then what only connecting can tell."""
    sure: list[SelectOptionDict] = []
    unsure: list[SelectOptionDict] = []
    for info in found.values():
        label = f"{info.name} ({info.address}, {info.rssi} dBm)"
        if family := recognize(advertisement_of(info)):
            sure.append(SelectOptionDict(value=info.address, label=f"{family.name}: {label}"))
        else:
            # Half of all serial bridges look like this; connecting tells.
            unsure.append(SelectOptionDict(value=info.address, label=f"? {label}"))
    return [*sorted(sure, key=lambda item: item["label"]), *sorted(unsure, key=lambda item: item["label"])]
