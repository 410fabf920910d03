"""Validation: requests that are not permitted, not valid or not current are rejected."""

from dataclasses import replace

import pytest

from custom_components.smart_bms.control.request import WritePermission
from custom_components.smart_bms.control.validation_issue import IssueSeverity
from custom_components.smart_bms.control.write_log import WriteOutcome
from tests.support.packs import capable_pack, jk_pack
from tests.support.site import site_of
from tests.support.write_requests import ASK, outcomes, refused


@pytest.mark.parametrize(
    ("permission", "changes", "code"),
    [
        (WritePermission(), {"charge_switch": False}, "control_off"),
        (WritePermission(control=True), {"cell_count": 4}, "confirm_needed"),
        (WritePermission(control=True), {"rebulk_soc": 20}, "experimental_off"),
        (WritePermission(control=True), {"factory_reset": None}, "experimental_off"),
        (WritePermission(control=True, experimental=True), {"factory_reset": None}, "confirm_needed"),
    ],
)
async def test_what_is_not_allowed_is_refused(monkeypatch, permission, changes, code) -> None:
    async with site_of(monkeypatch, capable_pack(), permission) as site:
        assert (await refused(site, changes))[0] == code


async def test_every_write_to_a_24s_pack_is_experimental(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack("JK02_24S"), WritePermission(control=True, dangerous=True)) as site:
        for key, value in {"charge_switch": False, "cell_overvoltage": 3.55, "cell_count": 4}.items():
            assert await refused(site, {key: value}) == ["experimental_off"]


async def test_a_second_word_of_the_user_is_enough(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack(), WritePermission(control=True)) as site:
        records = await site.control.apply({"cell_count": 4}, replace(ASK, confirm=True))
        assert outcomes(records) == [WriteOutcome.CONFIRMED]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"cell_overvoltage": 5.0}, ["out_of_range"]),
        ({"cell_overvoltage": 3.6505}, ["off_step"]),
        ({"cell_overvoltage": "3.65"}, ["not_a_number"]),
        ({"cell_overvoltage": float("nan")}, ["not_a_number"]),
        ({"cell_overvoltage": True}, ["not_a_number"]),
        ({"cell_overvoltage": [3.6]}, ["not_a_number"]),
        ({"cell_overvoltage": None}, ["not_a_number"]),
        ({"charge_switch": 1}, ["not_a_switch"]),
        ({"charge_switch": "off"}, ["not_a_switch"]),
        ({"can_protocol": "x" * 100}, ["not_a_choice"]),
        ({"can_protocol": 4}, ["not_a_choice"]),
        ({"user_data": "x" * 14}, ["text_too_long"]),
        ({"user_data": "ü"}, ["not_a_text"]),
        ({"user_data": 5}, ["not_a_text"]),
        ({"factory_reset": 1}, ["takes_no_value"]),
        ({"cell_overvoltage": 10**5000}, ["not_a_number"]),
        ({"short_circuit_delay": 600_000.5}, ["off_step"]),
        ({"user_data": " shed"}, ["blanks_around"]),
        ({"voltage_calibration": 26.9}, ["needs_procedure"]),
        ({"nonsense": 1}, ["unknown_parameter"]),
        ({"gps_heartbeat": True}, ["unsupported_parameter"]),
        ({"port_mode": "can"}, ["unsupported_parameter"]),
        ({"mosfet_overtemperature": 80}, ["read_only"]),
        ({"max_charge_current": 201}, ["out_of_range"]),
        ({"max_balance_current": 2.1}, ["out_of_range"]),
        ({"cell_count": 17}, ["out_of_range"]),
        ({"cell_overvoltage": 3.5}, ["order_broken"]),
        ({"cell_undervoltage": 3.0, "cell_undervoltage_release": 2.95}, ["order_broken"]),
        ({"discharge_overtemperature": 50}, ["order_broken"]),
        ({"charge_undertemperature": 6.0, "cell_overvoltage": 3.4}, ["order_broken", "order_broken"]),
        ({"cell_overvoltage": 9.0, "nonsense": 1}, ["out_of_range", "unknown_parameter"]),
    ],
)
async def test_what_is_not_valid_is_refused(site, changes, codes) -> None:
    assert await refused(site, changes) == codes


async def test_a_broken_order_elsewhere_does_not_stop_other_changes(monkeypatch) -> None:
    peripheral = jk_pack()
    peripheral.board.limits.discharge_overtemperature_release = 70
    async with site_of(monkeypatch, peripheral) as site:
        assert outcomes(await site.control.apply({"charge_switch": False}, ASK)) == [WriteOutcome.CONFIRMED]
        assert outcomes(await site.control.apply({"cell_overvoltage": 3.55}, ASK)) == [WriteOutcome.CONFIRMED]


async def test_values_from_a_pack_need_not_lie_on_the_steps_of_users(site) -> None:
    assert await refused(site, {"max_charge_current": 30.125}) == ["off_step"]
    records = await site.control.apply({"max_charge_current": 30.125}, replace(ASK, exact=True))
    assert outcomes(records) == [WriteOutcome.CONFIRMED]


@pytest.mark.parametrize(
    ("options", "changes", "code"),
    [
        ({}, {"cell_overvoltage": 3.25, "cell_overvoltage_release": 3.2}, "would_stop_charging"),
        ({}, {"cell_undervoltage": 3.35, "cell_undervoltage_release": 3.4}, "would_stop_discharging"),
        (
            {},
            {"cell_undervoltage": 3.4, "cell_undervoltage_release": 3.45, "power_off_voltage": 3.35},
            "would_stop_discharging",
        ),
        ({"profile": lambda _: 30.0}, {"max_charge_current": 20}, "would_stop_charging"),
        ({"profile": lambda _: -30.0}, {"max_discharge_current": 20}, "would_stop_discharging"),
        ({"temperature": 35}, {"discharge_overtemperature": 33, "discharge_overtemperature_release": 31},
         "would_stop_discharging"),
        ({"temperature": 8, "profile": lambda _: 5.0}, {"charge_undertemperature": 12,
         "charge_undertemperature_release": 15}, "would_stop_charging"),
        ({"temperature": 2}, {"discharge_undertemperature": 10}, "would_stop_discharging"),
    ],
)  # fmt: skip
async def test_what_would_trip_at_once_is_refused_unless_forced(monkeypatch, options, changes, code) -> None:
    async with site_of(monkeypatch, jk_pack(**options)) as site:
        await site.until(lambda: site.pack.last_reading.temperatures)
        assert code in await refused(site, changes)
        validation = site.control.validate(changes, replace(ASK, force=True))
        assert not validation.errors
        assert validation.issues[0].severity is IssueSeverity.WARNING


async def test_a_protection_that_is_tripped_anyway_does_not_stop_a_change(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack(temperature=-5, profile=lambda _: 5.0)) as site:
        assert site.control.validate({"discharge_undertemperature": -10}, ASK).issues == []
        site.peripheral.board.limits.charge_undertemperature = 1
        await site.pack.read_settings()
        assert site.control.validate({"charge_undertemperature": 0.5}, ASK).issues == []


async def test_while_the_pack_is_away_nothing_is_sent(site) -> None:
    site.peripheral.faults.refuse_connections = True
    site.peripheral.hang_up = True
    await site.until(lambda: site.pack.current_settings is None)
    assert (await refused(site, {"charge_switch": False}))[0] == "out_of_reach"


async def test_on_old_values_nothing_is_decided(site, monkeypatch) -> None:
    monkeypatch.setattr(type(site.pack), "is_fresh", lambda *_: False)
    assert (await refused(site, {"charge_switch": False}))[0] == "stale"


async def test_before_the_parameters_were_read_nothing_is_decided(site) -> None:
    site.pack._settings_read = False
    assert (await refused(site, {"charge_switch": False}))[0] == "unread"
