"""Profiles: stored, compared, and restored only to packs of the same kind."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from custom_components.smart_bms.bms.jk.catalog import catalog_of
from custom_components.smart_bms.bms.jk.layouts import Variant
from custom_components.smart_bms.bms.jk.parameters import REGISTERS
from custom_components.smart_bms.bms.reading import Identity
from custom_components.smart_bms.bms.settings import Settings
from custom_components.smart_bms.control.profile import (
    FORMAT_VERSION,
    create_profile,
    profile_differences,
    profile_values,
    restorable_values,
)
from custom_components.smart_bms.control.validation_issue import RejectedError

IDENTITY = Identity(
    family="jk",
    variant="JK02_32S",
    model="JK_B2A24S20P",
    serial_number="secret",
    details={"commands": tuple(range(64))},
)
VALUES = {"cell_overvoltage": 3.6, "charge_switch": True, "device_address": 3, "mosfet_overtemperature": 90}
CATALOG = catalog_of(IDENTITY, VALUES)
IDENTITY = Identity(family="jk", variant="JK02_32S", model="JK_X")
PROFILE = create_profile(
    IDENTITY,
    Settings(measured_at=0, variant="JK02_32S", values=VALUES | {"wire_resistances": (0.1,)}),
    CATALOG,
    datetime(2026, 1, 2, tzinfo=UTC),
)


def test_a_profile_holds_the_parameters_and_nothing_of_the_owner() -> None:
    assert PROFILE["parameters"] == VALUES
    assert PROFILE["version"] == FORMAT_VERSION
    assert PROFILE["created_at"] == "2026-01-02T00:00:00+00:00"
    assert "secret" not in str(PROFILE)
    assert profile_values(PROFILE, IDENTITY, "JK02_32S") == VALUES


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        (None, "not_a_profile"),
        ("text", "not_a_profile"),
        ({}, "not_a_profile"),
        ({"parameters": 3, "version": 1}, "not_a_profile"),
        (PROFILE | {"version": "1"}, "not_a_profile"),
        (PROFILE | {"version": True}, "not_a_profile"),
        (PROFILE | {"version": 0}, "not_a_profile"),
        (PROFILE | {"version": FORMAT_VERSION + 1}, "newer_profile"),
        (PROFILE | {"variant": "JK02_24S"}, "foreign_profile"),
        (PROFILE | {"family": "daly"}, "foreign_profile"),
    ],
)
def test_what_is_no_profile_for_this_pack_is_refused(profile, code) -> None:
    with pytest.raises(RejectedError) as error:
        profile_values(profile, IDENTITY, "JK02_32S")
    assert error.value.issues[0].code == code


def test_what_belongs_to_one_board_is_left_out_unless_named() -> None:
    changes, left_out = restorable_values(VALUES | {"gps_heartbeat": True}, CATALOG, None)
    assert changes == {"cell_overvoltage": 3.6}
    assert left_out == ["charge_switch", "device_address", "mosfet_overtemperature", "gps_heartbeat"]
    assert restorable_values(VALUES, CATALOG, ["device_address"]) == ({"device_address": 3}, [])
    assert restorable_values(VALUES, CATALOG, ["mosfet_overtemperature"]) == ({}, ["mosfet_overtemperature"])
    assert restorable_values(VALUES, CATALOG, []) == ({}, [])
    with pytest.raises(RejectedError) as error:
        restorable_values(VALUES, CATALOG, ["float_mode"])
    assert error.value.issues[0].code == "not_in_profile"


def test_differences_are_more_than_what_numbers_lose() -> None:
    other = VALUES | {"cell_overvoltage": 3.6000000001, "charge_switch": False, "float_mode": True}
    assert profile_differences(VALUES, other, CATALOG) == {"charge_switch": (True, False), "float_mode": (None, True)}
    # No pack holds that, so whoever wrote it in meant something else than what is there.
    assert "cell_overvoltage" in profile_differences(VALUES, VALUES | {"cell_overvoltage": 3.6001}, CATALOG)
    personal = catalog_of(IDENTITY, {"user_data"})
    assert profile_differences({"user_data": "Ada"}, {}, personal) == {}


def test_what_does_something_is_never_put_back() -> None:
    identity = replace(IDENTITY, details={"commands": tuple(range(256))})
    everything = {row.key: 1 for row in REGISTERS[Variant.JK02_32S]}
    changes, _ = restorable_values(everything, catalog_of(identity, everything), list(everything))
    acting = {
        "factory_reset",
        "load_preset_lfp",
        "soc_calibration",
        "voltage_calibration",
        "emergency_mode",
        "user_data",
    }
    assert not acting & set(changes)


def test_a_profile_of_temperatures_that_are_calculated_in_another_way_does_not_fit() -> None:
    profile = {"version": 1, "family": "smart123", "variant": "gen3", "temperature_formula": "app", "parameters": {}}
    for formula, fits in (("app", True), ("document", False)):
        identity = Identity(family="smart123", variant="gen3", model="x", details={"temperature_formula": formula})
        if fits:
            assert profile_values(profile, identity, "gen3") == {}
        else:
            with pytest.raises(RejectedError) as error:
                profile_values(profile, identity, "gen3")
            assert error.value.issues[0].details == {"profile": "smart123 gen3 app", "pack": "smart123 gen3 document"}
