"""The password dialog: what goes over the radio, and what an attacker or a typing error cannot do."""

from hypothesis import given, strategies as st
import pytest

from custom_components.smart_bms.bms.jbd.auth import (
    APP_KEY,
    ModuleCommand,
    cipher,
    decipher,
    is_password,
    user_password,
    vendor_password,
)
from custom_components.smart_bms.bms.jbd.frames import module_request
from custom_components.smart_bms.simulator.jbd.module import ModuleLogin, cipher as simulated

ADDRESS = "a4:c1:37:04:2d:be"
MAC = bytes.fromhex(ADDRESS.replace(":", ""))


@pytest.mark.parametrize("address", [ADDRESS, ADDRESS.upper()])
@pytest.mark.parametrize(
    ("random", "password", "expected", "check"),
    [
        (0x62, "000000", "f65369967ff0", 0xD5),
        (0x21, "111111", "b61127563db0", 0x4F),
        (0x61, "123412", "f65465917ded", 0xC8),
        (0x37, "123123", "cc2a3b6c56c4", 0xD5),
    ],
)
def test_passwords_of_owners(address, random, password, expected, check) -> None:
    data = user_password(password, address, random)
    assert data.hex() == expected
    assert module_request(ModuleCommand.PASSWORD, data)[-1] == check
    assert decipher(data, address, random) == password.encode()


@pytest.mark.parametrize(
    ("random", "expected", "check"),
    [
        (0x61, "4fe4d4c7ba2fd8c582a18493919394", 0x72),
        (0x37, "25baaa9d9005ae9b58775a6967696a", 0xFC),
    ],
)
def test_password_of_the_vendor(random, expected, check) -> None:
    data = vendor_password(ADDRESS, random)
    assert data.hex() == expected
    assert module_request(ModuleCommand.VENDOR_PASSWORD, data)[-1] == check


@given(st.binary(max_size=30), st.binary(min_size=6, max_size=6), st.integers(0, 255))
def test_what_is_mixed_is_unmixed_again_and_the_simulated_module_agrees(password, mac, random) -> None:
    data = cipher(password, mac.hex(":"), random)
    assert decipher(data, mac.hex(":"), random) == password
    assert data == simulated(mac, password, random)


def test_the_simulated_module_lets_the_owner_and_then_the_vendor_in() -> None:
    login = ModuleLogin(MAC, "123123")
    assert login.answer(ModuleCommand.APP_KEY, APP_KEY) == b"\x00"
    random = login.answer(ModuleCommand.RANDOM, b"")[0]
    assert login.answer(ModuleCommand.PASSWORD, user_password("123124", ADDRESS, random)) == b"\x01"
    assert login.answer(ModuleCommand.PASSWORD, user_password("123123", ADDRESS, random)) == b"\x00"
    random = login.answer(ModuleCommand.RANDOM, b"")[0]
    assert login.answer(ModuleCommand.VENDOR_PASSWORD, vendor_password(ADDRESS, random)) == b"\x00"
    assert login.root


@pytest.mark.parametrize(
    "address",
    [
        "",
        "A4:C1:37:04:2D",
        "A4:C1:37:04:2D:BE:00",
        "A4-C1-37-04-2D-BE",
        "A4C137042DBE",
        "A4:C1:37:04:2D:BE\n",
        " A4:C1:37:04:2D:BE",
        "G4:C1:37:04:2D:BE",
        "7F7A2A5C-9A0F-4B3E-8C1D-2E3F4A5B6C7D",
    ],
)
def test_without_an_address_nothing_can_be_mixed(address) -> None:
    for mix in (lambda: user_password("123456", address, 1), lambda: vendor_password(address, 1)):
        with pytest.raises(ValueError, match="not known"):
            mix()
    with pytest.raises(ValueError, match="not known"):
        decipher(b"\x01", address, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("000000", True),
        ("765828", True),
        ("", False),
        ("12345", False),
        ("1234567", False),
        ("12345a", False),
        ("-12345", False),
        ("12 345", False),
        ("12345\n", False),
        ("１２３４５６", False),
        ("²²²²²²", False),
        ("٠٠٠٠٠٠", False),
    ],
)
def test_six_digits_are_a_password_and_nothing_else(text, expected) -> None:
    assert is_password(text) is expected
    if not expected:
        with pytest.raises(ValueError, match="six digits"):
            user_password(text, ADDRESS, 1)
