"""JBD packs are known by what they advertise, as far as that can be."""

import pytest

from custom_components.smart_bms.bms.advertisement import Advertisement
from custom_components.smart_bms.bms.jbd.advertisement import OTHER_SERVICES, SERVICE, address_in, is_jbd, may_be_jbd
from tests.support.packs import jbd_pack

RECENT, REBRAND = OTHER_SERVICES
BATTERY_SERVICE = "0000180f-0000-1000-8000-00805f9b34fb"
PREFIXES = (
    *("10:A5:62", "70:3E:97", "A2:C2:37", "A4:C1:37", "A4:C1:38"),
    *("A5:C2:37", "A5:C2:39", "A5:C2:3A", "AA:C2:37"),
)
NAMES = (
    *("JBD-SP04S034-L4S-200A-B-U", "JBD-1", "xiaoxiang BMS", "SP04S034L4S200A", "DP04S007L4S100A", "AP21S002-L21S"),
    *("12100BL-0001", "24abcBL", "N-12345BL1", "SBL-12-100", "SX100P-B230201", "SX60A", "SJ-123-1"),
    *("LSG-1", "OGR-2", "TITAN-3", "TZ-H4", "@KsM:5"),
)
OTHER_NAMES = (
    *(
        "",
        "My pack",
        "12BL",
        "1210BL",
        "N-1234BL",
        "SJ-12-",
        "SX",
        "SP04S",
        "XP04S034",
        "a JBD-1",
        "GJ-25.6V200AH-0006",
    ),
    *("SP4S34L4S", "TZ-1", "KsM:5"),
)


def advertised(name="", address="", services=(SERVICE,), data=None) -> Advertisement:
    return Advertisement(name=name, address=address, service_uuids=services, manufacturer_data=data or {})


@pytest.mark.parametrize("name", NAMES)
def test_names_of_brands_count_with_the_service_only(name) -> None:
    assert is_jbd(advertised(name))
    assert is_jbd(advertised(name.lower()))
    assert not is_jbd(advertised(name, services=()))
    assert not is_jbd(advertised(name, services=(BATTERY_SERVICE, REBRAND)))
    assert not is_jbd(advertised(name, services=(RECENT,)))


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_the_service_alone_only_makes_it_possible(name) -> None:
    assert not is_jbd(advertised(name))
    assert may_be_jbd(advertised(name))


@pytest.mark.parametrize("prefix", PREFIXES)
def test_addresses_of_known_blocks_count_with_the_service_only(prefix) -> None:
    address = f"{prefix}:28:18:52"
    assert is_jbd(advertised(address=address))
    assert is_jbd(advertised(address=address.lower()))
    assert is_jbd(advertised(address=address, services=(RECENT,)))
    assert not is_jbd(advertised(address=address, services=(REBRAND,)))
    assert not is_jbd(advertised(address=address, services=()))
    assert not is_jbd(advertised(address="C8:47:80:00:00:01"))


def test_recent_boards_have_a_service_and_a_block_of_their_own() -> None:
    assert is_jbd(advertised("WTaHdB0001", services=(RECENT,)))
    assert is_jbd(advertised("WTeHdB0001", services=(RECENT,)))
    assert is_jbd(advertised("WTaHdAZ0001", services=(RECENT,)))
    assert not is_jbd(advertised("WTxHdB0001", services=(RECENT,)))
    assert not is_jbd(advertised("WTbFcBG0001", services=(RECENT,)))
    assert is_jbd(advertised(address="EE:C2:37:00:00:01", services=(RECENT,)))


@pytest.mark.parametrize("service", [SERVICE, RECENT, REBRAND])
def test_any_of_the_services_makes_it_possible(service) -> None:
    assert may_be_jbd(advertised(services=(BATTERY_SERVICE, service)))


def test_without_a_service_it_is_not_even_possible() -> None:
    assert not may_be_jbd(advertised("JBD-1", services=()))
    assert not may_be_jbd(advertised("JBD-1", services=(BATTERY_SERVICE,)))


@pytest.mark.parametrize(
    ("company", "payload", "address"),
    [
        (6226, "2837c2a5", "A5:C2:37:28:18:52"),
        (49572, "38991554", "A4:C1:38:99:15:54"),
        (49572, "3899155401026403", "A4:C1:38:99:15:54"),
        (0x007B, "02ffff7d", ""),
        (0x2000, "", ""),
        (76, "0215", ""),
        (6226, "2837c2", ""),
        (6226, "2837c2a6", ""),
        (0xFFFF, "", ""),
    ],
)
def test_the_address_may_be_in_the_manufacturer_data_either_way_round(company, payload, address) -> None:
    data = {company: bytes.fromhex(payload)}
    assert address_in(data) == address
    assert is_jbd(advertised("My pack", "7F7A2A5C-9A0F-4B3E-8C1D-2E3F4A5B6C7D", data=data)) is bool(address)


@pytest.mark.parametrize("prefix", [*PREFIXES, "EE:C2:37"])
@pytest.mark.parametrize("order", [1, -1])
def test_every_known_block_is_found_both_ways(prefix, order) -> None:
    address = f"{prefix}:01:02:03"
    field = bytes.fromhex(address.replace(":", ""))[::order]
    assert address_in({int.from_bytes(field[:2], "little"): field[2:]}) == address


def test_several_manufacturers_are_all_looked_at() -> None:
    assert address_in({76: b"\x02\x15", 6226: bytes.fromhex("2837c2a5")}) == "A5:C2:37:28:18:52"
    assert address_in({}) == ""


@pytest.mark.parametrize("form", ["reversed", "forward"])
def test_simulated_packs_are_recognized(form) -> None:
    pack = jbd_pack(name="My pack", mac_form=form)
    found = advertised(pack.name, "", pack.service_uuids, pack.manufacturer_data)
    assert address_in(found.manufacturer_data) == pack.address
    assert is_jbd(found)
