"""Every bit of the alarm mask becomes its alarm, and those that a layout does not have become none."""

import struct

import pytest

from custom_components.smart_bms.bms.alarm import Alarm
from tests.support.jk_readings import decoded
from tests.support.packs import cell_info, changed


@pytest.mark.parametrize(
    ("mask", "alarms"),
    [
        (0, ()),
        (1 << 9, (Alarm.CHARGE_UNDERTEMPERATURE,)),
        (1 << 4 | 1 << 16, (Alarm.CELL_OVERVOLTAGE, Alarm.CHARGE_MOSFET_FAULT)),
        (1 << 19, (Alarm.DEFAULT_PASSWORD,)),
        (1 << 28, (Alarm.GPS_LOCKED,)),
        (1 << 31, ()),
    ],
)
def test_alarm_bits(mask, alarms) -> None:
    reading = decoded(changed(cell_info(), 166, struct.pack("<I", mask)))
    assert reading.alarms == alarms
    assert reading.alarm_mask == mask


def test_24s_has_sixteen_alarms() -> None:
    reading = decoded(changed(cell_info("JK02_24S"), 136, struct.pack("<H", 1 << 15)), "JK02_24S")
    assert reading.alarms == (Alarm.DISCHARGE_OVERTEMPERATURE,)
