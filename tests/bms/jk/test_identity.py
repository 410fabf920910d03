"""Device-info frames become identities; their secrets stay inside."""

import dataclasses

import pytest

from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.jk.identity import decode_identity
from custom_components.smart_bms.bms.jk.privacy import masked
from tests.support.packs import changed, device_info, sealed, settings


def test_an_identity_is_what_the_label_says() -> None:
    identity = decode_identity(device_info(name="Shed"))
    assert identity.family == "jk"
    assert identity.variant == "JK02_32S"
    assert identity.model == "JK_PB2A16S20P"
    assert (identity.hw_version, identity.sw_version) == ("19A", "19.27")
    assert identity.name == "Shed"
    assert identity.serial_number == "SIM80000001"
    assert identity.manufacturing_date == "250611"
    assert identity.max_cells == 16
    assert identity.power_on_count == 27
    assert identity.details["requested_charge_time"] == 1.0
    assert 0x97 in identity.details["commands"]
    assert identity.details["user_data"] == "Input Userdata"


def test_older_layouts_fill_only_the_first_half() -> None:
    identity = decode_identity(device_info("JK02_24S"))
    assert identity.variant == "JK02_24S"
    assert identity.max_cells is None
    assert set(identity.details) == {"user_data", "default_password"}
    assert decode_identity(device_info("JK04")).variant == "JK04"


def test_the_code_behind_a_short_serial_number_is_no_part_of_it() -> None:
    frame = changed(device_info("JK02_24S"), 86, b"30925721340\x000000")
    assert decode_identity(frame).serial_number == "30925721340"
    frame = changed(device_info("JK02_24S"), 86, b"309257213400000")
    assert decode_identity(frame).serial_number == "30925721340"


def test_text_behind_the_first_zero_is_left_over() -> None:
    assert decode_identity(changed(device_info(), 46, b"new\0ld name")).name == "new"


def test_hardware_options() -> None:
    assert decode_identity(changed(device_info(), 190, b"CEHMPRT")).details["hardware_options"] == "CEHMPRT"


def test_names_may_have_any_letters() -> None:
    assert decode_identity(changed(device_info(), 46, "Hütte".encode() + bytes(2))).name == "Hütte"


def test_what_the_pack_offers_is_listed_by_number() -> None:
    frame = changed(changed(device_info(), 186, b"\x03"), 134, b"more")
    details = decode_identity(frame).details
    assert details["uart1_protocols"] == (0, 1, 15)
    assert details["user_data_2"] == "more"


def test_user_data_is_there_also_while_it_is_empty() -> None:
    details = decode_identity(changed(device_info(), 102, bytes(16))).details
    assert details["user_data"] == ""
    assert "user_data_2" not in details


@pytest.mark.parametrize("filler", [0x00, 0xFF, 0x07])
def test_a_frame_without_a_readable_model_is_refused(filler) -> None:
    with pytest.raises(FrameError, match="implausible_identity"):
        decode_identity(sealed(bytes((filler,)) * 300, 0x03))


def test_no_password_is_ever_decoded() -> None:
    frame = changed(changed(device_info(), 62, b"sesame-bt"), 118, b"sesame-set")
    assert "sesame" not in repr(dataclasses.asdict(decode_identity(frame)))


def test_masked_frames_hold_no_secret_and_still_decode() -> None:
    frame = changed(changed(device_info(name="My house"), 62, b"sesame-bt"), 118, b"sesame-set")
    found = masked(frame)
    for secret in (b"sesame", b"My house", b"SIM80000001", b"Userdata"):
        assert secret in frame
        assert secret not in found
    identity = decode_identity(found)
    assert (identity.model, identity.serial_number, identity.name) == ("JK_PB2A16S20P", "", "")
    assert sum(found[:-1]) & 0xFF == found[-1]


def test_other_frames_are_not_touched_by_masking() -> None:
    frame = settings()
    assert masked(frame) is frame
