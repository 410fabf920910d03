"""A client without any radio: what a link uses of bleak's, straight on a simulated device."""

from bleak.backends.device import BLEDevice
from bleak.exc import BleakError
import pytest

from custom_components.smart_bms.simulator.radio import SimulatedRadio
from custom_components.smart_bms.simulator.smart123.labels import GEN2_BRSP
from tests.support.packs import jk_pack, smart123_pack


def client_of(radio: SimulatedRadio, peripheral, **options):
    device = BLEDevice(peripheral.address, peripheral.name, {})
    return radio.direct_client_class()(device, **options)


async def test_it_connects_talks_and_lets_go() -> None:
    peripheral, gone, heard = smart123_pack(GEN2_BRSP), [], []
    radio = SimulatedRadio(peripheral)
    client = client_of(radio, peripheral, disconnected_callback=gone.append)
    assert not client.is_connected
    assert not list(client.services)
    await client.connect(timeout=1)
    assert client.is_connected
    by_uuid = {item.uuid[:8]: item for service in client.services for item in service.characteristics}
    await client.start_notify(by_uuid["18cda784"], lambda characteristic, data: heard.append(bytes(data)))
    assert await client.read_gatt_char(by_uuid["99564a02"]) == bytearray()
    await client.write_gatt_char(by_uuid["a87988b9"], b"\x01", response=True)
    await client.write_gatt_char(by_uuid["bf03260c"], b"V@\r", response=True)
    for _ in range(20):
        await client.write_gatt_char(by_uuid["bf03260c"], b"$", response=True)
        radio.advance(0.2)
    assert any(b"V@" in part for part in heard)
    await client.disconnect()
    assert gone == [client]
    with pytest.raises(BleakError):
        await client.write_gatt_char(by_uuid["bf03260c"], b"$", response=True)


async def test_it_needs_nobody_to_tell_that_the_device_is_gone() -> None:
    peripheral = jk_pack()
    radio = SimulatedRadio(peripheral)
    client = client_of(radio, peripheral)
    await client.connect()
    peripheral.hang_up = True
    radio.advance(0.1)
    assert not client.is_connected
    await client.disconnect()


async def test_a_device_serves_one_client_at_a_time() -> None:
    peripheral = jk_pack()
    radio = SimulatedRadio(peripheral)
    await client_of(radio, peripheral).connect()
    with pytest.raises(BleakError, match="not found"):
        await client_of(radio, peripheral).connect()
    radio.peripherals.clear()
    with pytest.raises(BleakError, match="not found"):
        await client_of(radio, peripheral).connect()


async def test_pairing_and_refusals_are_those_of_the_device() -> None:
    peripheral = jk_pack()
    peripheral.faults.pairing_required = True
    radio = SimulatedRadio(peripheral)
    client = client_of(radio, peripheral)
    await client.connect()
    notify = next(
        item for service in client.services for item in service.characteristics if "notify" in item.properties
    )
    with pytest.raises(BleakError, match="authentication"):
        await client.start_notify(notify, lambda *_: None)
    backend = client._backend
    await backend.pair()
    await client.start_notify(notify, lambda *_: None)
    await backend.stop_notify(notify)
    await backend.unpair()
    assert not peripheral.paired
    assert backend.mtu_size == 247
    backend.set_disconnected_callback(None)
    await client.disconnect()


async def test_time_can_be_stopped_before_it_ran() -> None:
    await SimulatedRadio(jk_pack()).stop()


async def test_whoever_is_connected_when_time_stops_is_dropped() -> None:
    peripheral, gone = jk_pack(), []
    radio = SimulatedRadio(peripheral, tick=0.001)
    radio.start()
    client = client_of(radio, peripheral, disconnected_callback=gone.append)
    await client.connect()
    peripheral.subscribe(16)
    await radio.stop()
    assert gone == [client]


async def test_what_is_sent_to_nobody_is_lost() -> None:
    peripheral = jk_pack()
    radio = SimulatedRadio(peripheral)
    client = client_of(radio, peripheral)
    await client.connect()
    client._backend.deliver(1, b"x")
    handles = [item for service in client.services for item in service.characteristics]
    peripheral.refused = {item.handle for item in handles}
    with pytest.raises(BleakError, match="not permitted"):
        await client.start_notify(handles[0], lambda *_: None)
    client._backend.set_disconnected_callback(None)
    await client.disconnect()
