"""Texts become identities; the password beside them stays where it is."""

import dataclasses

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smart_bms.bms.daly.frames import Dialect
from custom_components.smart_bms.bms.daly.identity import (
    a5_text,
    d2_texts,
    identity_of,
    is_default_password,
    p81_texts,
    production_date,
)
from custom_components.smart_bms.simulator.daly import d2 as daly_d2, p81 as daly_p81
from custom_components.smart_bms.simulator.daly.a5 import Uart
from custom_components.smart_bms.simulator.daly.labels import ESS_81, K_D2, LEGACY_A5
from tests.support.daly_telegrams import block, packed
from tests.support.packs import daly_pack


def padded(*fields: tuple[bytes, int]) -> bytes:
    return b"".join(content.ljust(size, b"\0") for content, size in fields)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            (b"T00K_321042_11", b"H2.0_103R_309F9F", b"20240229"),
            {"sw_version": "T00K_321042_11", "hw_version": "H2.0_103R_309F9F", "manufacturing_date": "20240229"},
        ),
        ((b"B002_111132_03", b"E303-032DG-SMB", b""), {"sw_version": "B002_111132_03", "hw_version": "E303-032DG-SMB"}),
        ((b"401012", b"", b"BMS"), {"sw_version": "401012", "hw_version": "BMS"}),
        ((b"204012", b"", b"SH39F003"), {"sw_version": "204012", "hw_version": "SH39F003"}),
        ((b"204012", b"", b"20240229  "), {"sw_version": "204012", "hw_version": "", "manufacturing_date": "20240229"}),
        ((b"", b"", b""), {"sw_version": "", "hw_version": ""}),
        ((b"A", b"B", b"CODE-7"), {"sw_version": "A", "hw_version": "B"}),
    ],
)
def test_texts_of_d2(fields, expected) -> None:
    assert d2_texts(padded(*zip(fields, (16, 16, 32), strict=True))) == expected


def test_texts_of_d2_that_are_not_there() -> None:
    assert d2_texts(b"") == d2_texts(b"\xff" * 64) == {"sw_version": "", "hw_version": ""}


@pytest.mark.parametrize(
    ("code", "date"),
    [(b"    20260326", "20260326"), (b"\0\0\0\0" + b"20260326", "20260326"), (b"", None), (b"CODE", None)],
)
def test_texts_of_81(code, date) -> None:
    data = padded(
        (b"41_260321_0323", 14),
        (b"ESS-DL-BMS", 14),
        (b"ESS41_0323", 14),
        (b"210LC300000001", 14),
        (b"", 10),
        (code, 82),
    )
    assert len(data) == 148
    expected = {
        "sw_version": "41_260321_0323",
        "hw_version": "ESS-DL-BMS",
        "platform": "ESS41_0323",
        "serial_number": "210LC300000001",
    }
    assert p81_texts(data) == expected | ({"manufacturing_date": date} if date else {})
    assert set(p81_texts(b"").values()) == {""}


def test_texts_of_a5_come_in_frames_of_seven() -> None:
    first, second = bytes.fromhex("01444c2d424d532d"), bytes.fromhex("025233322d303145")
    assert a5_text([first, second]) == a5_text([second, first]) == "DL-BMS-R32-01E"
    assert a5_text([first]) == "DL-BMS-"
    assert a5_text([]) == ""


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("14080f00", "2020-08-15"),
        ("16080a", "2022-08-10"),
        ("00010100", ""),
        ("14000f00", ""),
        ("140d0f00", ""),
        ("14080000", ""),
        ("14082000", ""),
        ("ffffff", ""),
    ],
)
def test_production_dates(data, expected) -> None:
    assert production_date(bytes.fromhex(data)) == expected


@given(st.binary(max_size=200))
@hypothesis_settings(max_examples=100, deadline=None)
def test_garbage_makes_texts_and_nothing_else(data) -> None:
    for texts in (d2_texts(data), p81_texts(data)):
        assert all(value.isprintable() for value in texts.values())


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"123456", True), (b"123456\x14\x08\x0f\0", True), (b"654321", False), (b"12345", False), (b"", False)],
)
def test_only_the_factory_password_is_known(data, expected) -> None:
    assert is_default_password(data) is expected


@pytest.mark.parametrize("password", ["123456", "777333"])
def test_the_password_is_never_part_of_an_identity(password) -> None:
    pack = daly_pack(K_D2, password=password)
    image = daly_d2.image(pack.firmware)
    reported = d2_texts(packed(block(0xA9, 32, image)))
    details = {"default_password": is_default_password(packed(block(0xC9, 3, image)))}
    identity = identity_of(Dialect.D2, reported, cells=4, details=details)
    assert password not in repr(dataclasses.asdict(identity))
    assert identity.details == {"default_password": password == "123456"}


def test_an_identity_of_d2() -> None:
    image = daly_d2.image(daly_pack(K_D2).firmware)
    identity = identity_of(
        Dialect.D2, d2_texts(packed(block(0xA9, 32, image))), cells=4, details={"battery_type": "lfp"}
    )
    assert (identity.family, identity.variant, identity.model) == ("daly", "D2", "H2.0_103R_309F9F")
    assert (identity.hw_version, identity.sw_version) == ("H2.0_103R_309F9F", "T00K_321042_11")
    assert identity.manufacturing_date == "20240229"
    assert identity.max_cells == 4
    assert identity.details == {"battery_type": "lfp"}


def test_an_identity_of_81() -> None:
    image = daly_p81.image(daly_pack(ESS_81).firmware)
    identity = identity_of(Dialect.P81, p81_texts(packed(block(0x178, 74, image))), cells=16, details={})
    assert (identity.model, identity.sw_version) == ("ESS-DL-BMS", "41_260321_0323")
    assert identity.serial_number == "SIM3C3223A2"
    assert identity.manufacturing_date == "20260326"
    assert identity.details == {"platform": "ESS41_0323"}


def test_an_identity_of_a5() -> None:
    uart = Uart(daly_pack(LEGACY_A5).firmware)
    reported = {
        key: a5_text([frame[4:12] for frame in uart.read(command)])
        for key, command in (("sw_version", 0x62), ("hw_version", 0x63))
    }
    identity = identity_of(Dialect.A5, reported, cells=None, details={})
    assert (identity.model, identity.sw_version, identity.max_cells) == ("DL-BMS-R32-01E", "20210222-1.01T", None)


def test_a_board_that_tells_nothing_has_no_name() -> None:
    identity = identity_of(Dialect.A5, {}, cells=None, details={})
    assert (identity.family, identity.variant, identity.model) == ("daly", "A5", "")
