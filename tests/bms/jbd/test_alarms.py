"""Every protection and warning bit becomes its alarm."""

import pytest

from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.jbd.alarms import PROTECTIONS, WARNINGS
from custom_components.smart_bms.bms.jbd.decode import decode_basic
from tests.support.jbd_messages import basic, tail


@pytest.mark.parametrize(
    ("bit", "alarm"),
    [
        (0, "cell_overvoltage"),
        (1, "cell_undervoltage"),
        (2, "pack_overvoltage"),
        (3, "pack_undervoltage"),
        (4, "charge_overtemperature"),
        (5, "charge_undertemperature"),
        (6, "discharge_overtemperature"),
        (7, "discharge_undertemperature"),
        (8, "charge_overcurrent"),
        (9, "discharge_overcurrent"),
        (10, "short_circuit"),
        (11, "front_end_fault"),
        (12, "software_lock"),
        (13, "unnamed_protection"),
        (14, "unnamed_protection"),
        (15, "unnamed_protection"),
    ],
)
def test_protection_bits(bit, alarm) -> None:
    values = decode_basic(basic(protections=1 << bit))
    assert values["alarms"] == (alarm,)
    assert values["alarm_mask"] == 1 << bit
    assert values["details"].get("unnamed_protection_bits") == ((bit,) if bit > 12 else None)


def test_all_protections_at_once() -> None:
    values = decode_basic(basic(protections=0xFFFF))
    assert values["alarms"] == (*PROTECTIONS.values(), Alarm.UNNAMED_PROTECTION)
    assert values["details"]["unnamed_protection_bits"] == (13, 14, 15)


@pytest.mark.parametrize(
    ("bit", "alarm"),
    [
        (0, "cell_overvoltage_warning"),
        (1, "cell_undervoltage_warning"),
        (2, "pack_overvoltage_warning"),
        (3, "pack_undervoltage_warning"),
        (4, "charge_overtemperature_warning"),
        (5, "charge_undertemperature_warning"),
        (6, "discharge_overtemperature_warning"),
        (7, "discharge_undertemperature_warning"),
        (8, "charge_overcurrent_warning"),
        (9, "discharge_overcurrent_warning"),
        (10, "cell_imbalance_warning"),
        (11, "soc_low_warning"),
        (12, None),
        (13, None),
        (14, None),
        (15, None),
    ],
)
def test_warning_bits(bit, alarm) -> None:
    values = decode_basic(basic(tail(alarms=1 << bit)))
    assert values["alarms"] == ((alarm,) if alarm else ())
    assert values["details"]["warning_mask"] == 1 << bit
    assert values["alarm_mask"] == 0


def test_protections_come_before_warnings() -> None:
    values = decode_basic(basic(tail(alarms=0xFDF5), protections=0xFFFF))
    together = [warning for bit, warning in WARNINGS.items() if bit not in (1, 3, 9)]
    assert values["alarms"] == (*PROTECTIONS.values(), Alarm.UNNAMED_PROTECTION, *together)
