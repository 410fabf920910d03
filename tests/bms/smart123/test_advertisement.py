"""Who is recognized, who may be one, and who is never offered."""

import pytest

from custom_components.smart_bms.bms.advertisement import Advertisement
from custom_components.smart_bms.bms.families import candidates, recognize
from custom_components.smart_bms.bms.smart123.advertisement import (
    BLUERADIOS,
    BRIDGES,
    NAME,
    NORDIC,
    device_type,
    is_smart123,
    may_be_smart123,
    serial_number,
    speaks_records,
)


def heard(payload: str = "", company: int = 2330, name: str = "", *services: str) -> Advertisement:
    data = {company: bytes.fromhex(payload)} if payload else {}
    return Advertisement(name=name, address="D4:11:09:00:0D:02", manufacturer_data=data, service_uuids=services)


@pytest.mark.parametrize("kind", [2, 4, 6])
def test_packs_are_recognized_by_their_type_alone(kind) -> None:
    found = heard(f"00{kind:02x}0d02")
    assert is_smart123(found)
    assert recognize(found).key == "smart123"
    assert device_type(found) == kind
    assert serial_number(found) == "03330"


@pytest.mark.parametrize("kind", [0, 1, 3, 5, 7, 255])
@pytest.mark.parametrize("company", [2330, 133, 1674])
def test_other_products_of_the_vendor_are_never_recognized(kind, company) -> None:
    for name in ("", NAME, "123\\TUNE+"):
        found = heard(f"00{kind:02x}0d02", company, name, NORDIC)
        assert not is_smart123(found)
        undescribed = kind == 3 and name != "123\\TUNE+"
        assert may_be_smart123(found) is undescribed
        assert bool(candidates(found)) is undescribed


def test_the_name_alone_is_enough() -> None:
    assert is_smart123(heard(name=NAME))
    assert not is_smart123(heard(name="123\\SmartBMS2"))
    assert speaks_records(heard(name=NAME))


@pytest.mark.parametrize("company", [133, 1674])
def test_makers_of_modules_need_a_service_or_a_name_beside_them(company) -> None:
    assert not is_smart123(heard("00060d02", company))
    assert serial_number(heard("00060d02", company)) == ""
    assert is_smart123(heard("00060d02", company, "", NORDIC))
    assert is_smart123(heard("00060d02", company, "", BLUERADIOS))
    assert is_smart123(heard("00060d02", company, "123BMS-BLE1"))


@pytest.mark.parametrize("payload", ["060d02", "00060d0200", "0a06"])
def test_a_payload_of_another_length_is_something_else(payload) -> None:
    assert not is_smart123(heard(payload))


def test_the_service_alone_says_nothing() -> None:
    for service in (NORDIC, BLUERADIOS, *BRIDGES):
        found = heard("", 0, "Thing", service)
        assert not is_smart123(found)
        assert may_be_smart123(found)
    assert not may_be_smart123(heard("", 0, "Thing", "0000180f-0000-1000-8000-00805f9b34fb"))


def test_a_distributor_of_which_only_the_name_is_heard_is_not_offered() -> None:
    assert not may_be_smart123(heard("", 0, "123\\TUNE+", NORDIC))


def test_only_the_newer_modules_are_sure_to_bring_records() -> None:
    assert speaks_records(heard("00060d02"))
    assert speaks_records(heard("00040d02"))
    assert not speaks_records(heard("00020d02"))
    assert not speaks_records(None)
    assert not speaks_records(heard("", 0, "Thing", NORDIC))
