"""Adapters and proxies, as the integration asks after them."""

from homeassistant.components import bluetooth
import pytest

from custom_components.smart_bms.bms.errors import NoConnectablePathError, NoFreeSlotError
from custom_components.smart_bms.pack_entry import bluetooth_paths


async def test_a_pack_nobody_hears_is_out_of_reach(hass, house, pack) -> None:
    with pytest.raises(NoConnectablePathError):
        bluetooth_paths.find_device(hass, pack.address)
    assert bluetooth_paths.signal_strength(hass, pack.address) is None
    assert bluetooth_paths.connected_through(hass, pack.address) is None


async def test_a_pack_that_is_heard_has_a_path_and_a_strength(hass, house, pack) -> None:
    house.add(pack)
    assert bluetooth_paths.find_device(hass, pack.address).address == pack.address
    assert bluetooth_paths.signal_strength(hass, pack.address) == -60


async def test_a_full_proxy_is_no_path_unless_the_slot_is_ours(hass, house, pack) -> None:
    house.add(pack)
    for address in ("AA:AA:AA:AA:AA:01", "AA:AA:AA:AA:AA:02", pack.address):
        house.proxy.acquire(address)
    assert bluetooth_paths.find_device(hass, pack.address)
    house.proxy.release(pack.address)
    house.proxy.acquire("AA:AA:AA:AA:AA:03")
    with pytest.raises(NoFreeSlotError, match="Garage proxy"):
        bluetooth_paths.find_device(hass, pack.address)


async def test_the_proxy_in_use_is_named_even_if_it_has_gone(hass, house, pack, monkeypatch) -> None:
    house.proxy.acquire(pack.address)
    assert bluetooth_paths.connected_through(hass, pack.address) == "Garage proxy"
    monkeypatch.setattr(bluetooth, "async_scanner_by_source", lambda hass, source: None)
    assert bluetooth_paths.connected_through(hass, pack.address) == house.proxy.source


@pytest.mark.parametrize("raw_callback", [True, False])
async def test_hearing_a_pack_is_noticed_on_every_supported_home_assistant(
    hass, house, pack, monkeypatch, raw_callback
) -> None:
    if not raw_callback:
        monkeypatch.delattr(bluetooth, "async_register_advertisement_callback", raising=False)
    heard = []
    cancel = bluetooth_paths.on_heard(hass, pack.address, lambda: heard.append(1))
    house.add(pack)
    assert heard
    cancel()


async def test_a_slot_that_becomes_free_is_noticed(hass, house, pack) -> None:
    freed = []
    for number in range(2):
        house.proxy.acquire(f"AA:AA:AA:AA:AA:0{number}")
    cancel = bluetooth_paths.on_slot_freed(pack.address, lambda: freed.append(1))
    house.proxy.acquire("AA:AA:AA:AA:AA:09")
    assert not freed
    house.proxy.release("AA:AA:AA:AA:AA:09")
    assert freed
    cancel()
