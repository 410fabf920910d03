"""Daly packs are known by what they advertise."""

import pytest

from custom_components.smart_bms.bms.advertisement import Advertisement
from custom_components.smart_bms.bms.daly.advertisement import OTHER_SERVICE, SERVICE, is_daly, may_be_daly

OTHER_MAKER = "0000180f-0000-1000-8000-00805f9b34fb"
MAC = "40:17:12:01:11:97"


@pytest.mark.parametrize(
    ("name", "address", "manufacturer", "services", "sure", "maybe"),
    [
        ("DL-40D63C3223A2", "", {}, (), True, False),
        ("DL-F28BBED000824", "", {}, (SERVICE,), True, True),
        ("JHB-501812018FC1", "", {}, (), True, False),
        ("DL-40D63C3223A2\0\0\0", "", {}, (), True, False),
        ("dl-40d63c3223a2", "", {}, (), True, False),
        ("DL-WB01", "", {}, (), True, False),
        # The ids with the maker's letters.
        ("BT270-2", "", {0x0302: bytes.fromhex("16401712011197444c")}, (), True, True),
        ("MyName", "", {0x0303: bytes.fromhex("00b4c2e0000000444c00")}, (), True, True),
        ("", "", {0x0104: bytes.fromhex("0150181201a3b34a4842")}, (), True, True),
        ("", "", {0x0402: bytes.fromhex("27d2190701c66e4a4842")}, (), True, True),
        ("", "", {0x0102: bytes.fromhex("16d018050114b6444c")}, (), True, True),
        ("", "", {0x0106: bytes.fromhex("00d11a04000001444c")}, (), True, True),
        # Its own address instead of them.
        ("", "D0:18:05:01:14:B6", {0x0102: bytes.fromhex("16d018050114b6")}, (), True, True),
        ("", "d0:18:05:01:14:b6", {0x0106: bytes.fromhex("16d018050114b6")}, (), True, True),
        ("", "D0:18:05:01:14:B7", {0x0102: bytes.fromhex("16d018050114b6")}, (), False, True),
        ("", "D0:18:05:01:14:B6", {0x0102: bytes.fromhex("16d018050114b600")}, (), False, True),
        ("", "D0:18:05:01:14:B6", {0x0102: bytes.fromhex("d018050114b6")}, (), False, True),
        # Without them an id of others is not enough.
        ("", "", {0x0102: bytes.fromhex("16d018050114b6")}, (), False, True),
        ("", "", {0x0102: b"\x04"}, (), False, True),
        ("", "", {0x0302: b""}, (), False, True),
        ("", "", {0x004C: bytes.fromhex("16401712011197444c")}, (), False, False),
        # Its own address and the letters under an id that nobody has seen: nobody could ask Home Assistant for it.
        ("Shed", MAC, {0x004C: bytes.fromhex("401712011197444c")}, (), False, True),
        ("Shed", MAC.lower(), {0x004C: bytes.fromhex("ff4017120111974a4842")}, (), False, True),
        ("Shed", MAC, {0x004C: bytes.fromhex("401712011197")}, (), False, False),
        ("Shed", MAC, {0x004C: bytes.fromhex("401712011198444c")}, (), False, False),
        ("Shed", "6E1E7A3C-0C2A-4F5B-8A3B-1D2C3B4A5F60", {0x004C: b"DL"}, (), False, False),
        ("Shed", "", {0x004C: b"DLJHB"}, (), False, False),
        # What only connecting can tell.
        ("JX12100-251210360", "", {}, (SERVICE,), False, True),
        ("Randomname", "", {}, (OTHER_SERVICE,), False, True),
        ("JX12100-251210360", "", {}, (), False, False),
        ("Lamp", "", {76: b"\x02"}, (OTHER_MAKER,), False, False),
        ("MODL-1", "", {}, (), False, False),
        ("", "", {}, (), False, False),
    ],
)
def test_recognition(name, address, manufacturer, services, sure, maybe) -> None:
    advertisement = Advertisement(name=name, address=address, manufacturer_data=manufacturer, service_uuids=services)
    assert is_daly(advertisement) is sure
    assert may_be_daly(advertisement) is maybe


def test_any_of_several_fields_is_enough() -> None:
    fields = {0x004C: b"\x02\x15", 0x0402: bytes.fromhex("27d2190701c66e4a4842")}
    assert is_daly(Advertisement(manufacturer_data=fields))
