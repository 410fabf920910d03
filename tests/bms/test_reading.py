"""Readings and alarms."""

import dataclasses

import pytest

from custom_components.smart_bms.bms.alarm import Alarm, AlarmSeverity
from custom_components.smart_bms.bms.reading import Identity, Reading, reading_values


def test_values_of_the_cells() -> None:
    reading = Reading(measured_at=0, cell_voltages=(3.301, 3.299, None, 3.305, 3.305, 3.299))
    assert reading.cell_count == 5
    assert (reading.cell_voltage_min, reading.cell_min_number) == (3.299, 2)
    assert (reading.cell_voltage_max, reading.cell_max_number) == (3.305, 4)
    assert reading.cell_voltage_delta == 0.006
    assert reading.cell_voltage_mean == 3.3018


def test_without_cells_nothing_is_said_of_them() -> None:
    reading = Reading(measured_at=0)
    for key in ("count", "voltage_min", "voltage_max", "voltage_mean", "voltage_delta", "min_number", "max_number"):
        assert getattr(reading, f"cell_{key}") is None
    assert reading.stored_energy is None
    assert reading_values(reading) == {}


def test_values_are_ready_for_json_and_absent_ones_have_no_key() -> None:
    reading = Reading(
        measured_at=0,
        voltage=0.0,
        cell_voltages=(0.0, None),
        temperatures={"mosfet": 1.5},
        balancing=False,
        balancing_cells=(),
        alarms=(Alarm.CELL_OVERVOLTAGE,),
        details={"commands": (1, 2), "chemistry": "lfp"},
    )
    assert reading_values(reading) == {
        "voltage": 0.0,
        "cell_voltages": [0.0, None],
        "temperatures": {"mosfet": 1.5},
        "balancing": False,
        "balancing_cells": [],
        "alarms": ["cell_overvoltage"],
        "cell_count": 1,
        "cell_voltage_min": 0.0,
        "cell_voltage_max": 0.0,
        "cell_voltage_mean": 0.0,
        "cell_voltage_delta": 0.0,
        "cell_min_number": 1,
        "cell_max_number": 1,
        "commands": [1, 2],
        "chemistry": "lfp",
    }


def test_a_reading_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Reading(measured_at=0).voltage = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("alarms", "soc", "problems"),
    [
        (None, 50, ()),
        ((), 50, ()),
        ((Alarm.DEFAULT_PASSWORD, Alarm.GPS_DISCONNECTED), 50, ()),
        ((Alarm.CELL_OVERVOLTAGE,), 99, (Alarm.CELL_OVERVOLTAGE,)),
        ((Alarm.CELL_OVERVOLTAGE,), 100, ()),
        ((Alarm.CELL_OVERVOLTAGE,), None, (Alarm.CELL_OVERVOLTAGE,)),
        ((Alarm.DEFAULT_PASSWORD, Alarm.CHARGE_OVERCURRENT), 100, (Alarm.CHARGE_OVERCURRENT,)),
    ],
)
def test_nags_and_a_full_battery_are_no_problems(alarms, soc, problems) -> None:
    reading = Reading(measured_at=0, soc=soc, alarms=alarms)
    assert reading.problems == problems
    assert {*problems, *reading.other_alarms} == set(alarms or ())
    assert not set(problems) & set(reading.other_alarms)


def test_an_alarm_that_nobody_judged_is_a_fault() -> None:
    assert Alarm.CELL_UNDERVOLTAGE.severity is AlarmSeverity.FAULT
    assert Alarm.DEFAULT_PASSWORD.severity is AlarmSeverity.NOTICE
    assert Alarm.GPS_LOCKED.severity is AlarmSeverity.WARNING


def test_an_identity_is_completed_by_what_was_told_before() -> None:
    known = Identity(
        family="daly", variant="D2", model="H2", sw_version="1.0", max_cells=16, details={"battery_type": "lfp", "a": 1}
    )
    lost = Identity(family="daly", variant="D2", model="", sw_version="1.1", details={"a": 2})
    found = lost.completed_by(known)
    assert (found.model, found.sw_version, found.max_cells) == ("H2", "1.1", None)
    assert found.details == {"a": 2}
    same = Identity(family="daly", variant="D2", model="H2", details={"a": 2}).completed_by(known)
    assert same.max_cells == 16
    assert same.details == {"battery_type": "lfp", "a": 2}
    assert Identity(family="daly", variant="D2", model="H3").completed_by(known).details == {}
    assert lost.completed_by(None) is lost
    other = Identity(family="daly", variant="81", model="")
    assert other.completed_by(known) is other


def test_early_warnings_are_no_problem() -> None:
    reading = Reading(measured_at=0.0, alarms=(Alarm.CELL_OVERVOLTAGE_WARNING, Alarm.BATTERY_OVERTEMPERATURE_WARNING))
    assert reading.problems == (Alarm.BATTERY_OVERTEMPERATURE_WARNING,)
