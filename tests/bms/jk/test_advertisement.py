"""JK packs are known by what they advertise."""

import pytest

from custom_components.smart_bms.bms.advertisement import Advertisement
from custom_components.smart_bms.bms.families import candidates, recognize
from custom_components.smart_bms.bms.jk.advertisement import SERVICE

UART = (SERVICE,)


@pytest.mark.parametrize(
    ("name", "manufacturer", "services", "sure", "maybe"),
    [
        ("BatteryOben-00", {2917: bytes.fromhex("88a0c847800fd5c5")}, UART, True, True),
        ("", {2917: bytes.fromhex("88a0c847800fd5c5")}, (), True, True),
        ("JK-BD4A8S-4P", {19274: bytes.fromhex("0001")}, UART, True, True),
        ("JK_B2A8S20P", {}, UART, True, True),
        ("jk-b2a24s", {}, UART, True, True),
        ("JK-B2A24S15P", {}, (), False, False),
        ("My battery", {}, UART, False, True),
        ("", {}, UART, False, True),
        ("Scale", {2917: b"\x01\x02"}, (), False, False),
        ("Lamp", {76: b"\x02"}, ("0000180f-0000-1000-8000-00805f9b34fb",), False, False),
    ],
)
def test_recognition(name, manufacturer, services, sure, maybe) -> None:
    advertisement = Advertisement(name=name, manufacturer_data=manufacturer, service_uuids=services)
    assert (recognize(advertisement) is not None) is sure
    assert bool(candidates(advertisement)) is maybe
