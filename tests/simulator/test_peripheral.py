"""What all simulated packs have in common."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from custom_components.smart_bms.bms.jk.identity import decode_identity
from custom_components.smart_bms.simulator.daly.firmware import DalyFirmware
from custom_components.smart_bms.simulator.jk.labels import PB2A16S20P
from custom_components.smart_bms.simulator.peripheral import serial_number_of
from custom_components.smart_bms.simulator.samples import SAMPLES, sample
from tests.support.packs import daly_pack, jk_pack, sealed, smart123_pack

NOW = datetime(2026, 3, 1, 23, 59, 30, tzinfo=ZoneInfo("Europe/Amsterdam"))


def test_a_serial_number_tells_that_it_is_simulated_and_is_that_of_one_pack() -> None:
    numbers = [serial_number_of(sample(key).address) for key in SAMPLES]
    assert len(set(numbers)) == len(SAMPLES)
    # Longer ones would not fit the older layouts of JK.
    assert all(number.startswith("SIM") and len(number) == 11 for number in numbers)


@pytest.mark.parametrize("variant", ["JK02_32S", "JK02_24S", "JK04"])
def test_a_jk_pack_tells_its_own_serial_number(variant) -> None:
    pack = jk_pack(variant, address="C8:47:80:12:5A:01")
    assert decode_identity(sealed(pack.device_info(), 0x03)).serial_number == "SIM80125A01"


@pytest.mark.parametrize(
    ("passwords", "default"),
    [
        ({}, True),
        ({"password": "4711"}, True),
        ({"settings_password": "4711"}, True),
        ({"password": "4711", "settings_password": "081547"}, False),
    ],
)
def test_a_jk_pack_has_the_passwords_of_its_label(passwords, default) -> None:
    info = jk_pack(label=PB2A16S20P, **passwords).device_info()
    assert decode_identity(sealed(info, 0x03)).details["default_password"] is default


def test_clocks_are_set_to_what_the_wall_shows() -> None:
    daly, smart123 = daly_pack(), smart123_pack()
    for pack in (daly, smart123, jk_pack()):
        pack.set_clock(NOW)
    firmware: DalyFirmware = daly.firmware
    assert tuple(firmware.clock_bytes) == (26, 3, 1, 23, 59, 30)
    assert smart123.board.meters.clock == 86_370
