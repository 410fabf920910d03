"""Calibration: charge and discharge are off meanwhile and on again afterwards, whatever happens."""

import pytest

from custom_components.smart_bms.bms.errors import ConnectionLostError
from custom_components.smart_bms.control.calibration import calibrate_current, calibrate_voltage
from custom_components.smart_bms.control.request import WritePermission, WriteRequest
from custom_components.smart_bms.control.validation_issue import RejectedError
from custom_components.smart_bms.control.write_log import WriteOutcome
from tests.support.packs import capable_pack, jk_pack
from tests.support.site import site_of, switches

SURE = WriteRequest(source="test", confirm=True)


async def refusal(procedure) -> str:
    with pytest.raises(RejectedError) as error:
        await procedure
    return error.value.issues[0].code


async def test_voltage_is_calibrated_with_the_switches_off(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack(profile=lambda _: -20.0)) as site:
        records = await calibrate_voltage(site.control, site.pack, 26.9, SURE)
        assert [record.parameter for record in records] == [
            "charge_switch",
            "discharge_switch",
            "voltage_calibration",
            "discharge_switch",
            "charge_switch",
        ]
        assert {record.outcome for record in records} == {WriteOutcome.CONFIRMED}
        assert switches(site) == (True, True)
        assert site.peripheral.voltage_gain * site.peripheral.board.battery.voltage == pytest.approx(26.9, abs=0.1)


async def test_what_was_off_stays_off(site) -> None:
    await site.control.apply({"charge_switch": False}, SURE)
    await calibrate_voltage(site.control, site.pack, 26.9, SURE)
    assert switches(site) == (False, True)


async def test_an_active_balancer_is_told_a_new_reference(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack("JK04")) as site:
        displayed = site.pack.last_reading.voltage
        (record,) = await calibrate_voltage(site.control, site.pack, displayed * 1.01, SURE)
        assert record.outcome is WriteOutcome.CONFIRMED
        assert record.found == pytest.approx(3.03 * 1.01, abs=0.0001)
        await site.until(lambda: site.pack.last_reading.voltage > displayed * 1.009)


@pytest.mark.parametrize(("volts", "code"), [(20.0, "implausible_calibration"), (26.905, "off_step")])
async def test_nothing_is_switched_off_for_a_slip_of_the_finger(site, volts, code) -> None:
    assert await refusal(calibrate_voltage(site.control, site.pack, volts, SURE)) == code
    assert site.sent == []


async def test_a_calibration_far_away_can_be_forced(site) -> None:
    records = await calibrate_voltage(
        site.control, site.pack, 24.0, WriteRequest(source="test", confirm=True, force=True)
    )
    assert len(records) == 5


async def test_it_takes_a_second_word(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack(), WritePermission(control=True)) as site:
        assert await refusal(calibrate_voltage(site.control, site.pack, 26.9, WriteRequest())) == "confirm_needed"
        assert site.sent == []


async def test_a_current_that_does_not_stop_ends_it(site) -> None:
    site.peripheral.board.battery.profile = lambda _: 5.0
    monkey = type(site.peripheral.board)
    original = monkey.charging_allowed
    monkey.charging_allowed = property(lambda _: True)
    try:
        await site.until(lambda: site.pack.last_reading.current > 1)
        assert await refusal(calibrate_voltage(site.control, site.pack, 26.9, SURE)) == "current_still_flows"
    finally:
        monkey.charging_allowed = original
    assert switches(site) == (True, True)
    assert 0x64 not in site.sent


async def test_a_switch_that_does_not_go_off_ends_it(site) -> None:
    site.peripheral.faults.forget_writes = True
    records = await calibrate_voltage(site.control, site.pack, 26.9, SURE)
    assert [record.outcome for record in records] == [WriteOutcome.REFUSED, WriteOutcome.NOT_SENT]
    assert 0x64 not in site.sent


async def test_a_switch_that_does_not_come_on_again_is_said_plainly(site) -> None:
    take = site.peripheral._take_write

    def take_then_refuse(register: int, payload: bytes) -> None:
        take(register, payload)
        site.peripheral.faults.forget_writes |= register == 0x64

    site.peripheral._take_write = take_then_refuse
    code = await refusal(calibrate_voltage(site.control, site.pack, 26.9, SURE))
    assert code == "not_switched_on_again"


async def test_a_pack_that_vanishes_meanwhile_is_said_plainly(site) -> None:
    take = site.peripheral._take_write

    def take_and_vanish(register: int, payload: bytes) -> None:
        take(register, payload)
        if register == 0x1E:
            site.peripheral.faults.disconnect_after = 8
            site.peripheral.faults.refuse_connections = True

    site.peripheral._take_write = take_and_vanish
    code = await refusal(calibrate_voltage(site.control, site.pack, 26.9, SURE))
    assert code in ("not_switched_on_again", "out_of_reach")


async def test_current_is_calibrated_while_it_flows(monkeypatch) -> None:
    async with site_of(monkeypatch, capable_pack(profile=lambda _: -20.0)) as site:
        await site.until(lambda: site.pack.last_reading.current < -19)
        (record,) = await calibrate_current(site.control, site.pack, 22.0, SURE)
        assert record.outcome is WriteOutcome.CONFIRMED
        await site.until(lambda: site.pack.last_reading.current == pytest.approx(-22, abs=0.1))


async def test_without_a_current_there_is_nothing_to_calibrate(site) -> None:
    assert await refusal(calibrate_current(site.control, site.pack, 22.0, SURE)) == "no_current_flows"


async def test_a_pack_that_measures_no_current_cannot_be_calibrated(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack("JK04")) as site:
        assert await refusal(calibrate_current(site.control, site.pack, 22.0, SURE)) == "nothing_to_calibrate"


async def test_a_small_error_is_calibrated_too(site) -> None:
    shown = site.pack.last_reading.voltage
    records = await calibrate_voltage(site.control, site.pack, round(shown + 0.06, 2), SURE)
    assert [record.outcome for record in records] == [WriteOutcome.CONFIRMED] * 5
    assert 0x64 in site.sent


async def test_what_the_pack_shows_already_darkens_nothing(site) -> None:
    assert await calibrate_voltage(site.control, site.pack, site.pack.last_reading.voltage, SURE) == []
    assert site.sent == []


async def test_a_lost_read_back_does_not_leave_a_switch_off(site) -> None:
    site.peripheral.faults.corrupt_settings = 2
    await calibrate_voltage(site.control, site.pack, 26.9, SURE)
    assert switches(site) == (True, True)
    assert site.drifts == []


async def test_each_switch_is_tried_even_if_one_stays_off(site) -> None:
    take = site.peripheral._take_write

    def refuse_discharge(register: int, payload: bytes) -> None:
        if not (register == 0x1E and payload[0]):
            take(register, payload)

    site.peripheral._take_write = refuse_discharge
    assert await refusal(calibrate_voltage(site.control, site.pack, 26.9, SURE)) == "not_switched_on_again"
    assert switches(site) == (True, False)
    assert site.drifts[-1] == {"discharge_switch": (True, False)}


async def test_a_reference_that_is_not_known_cannot_be_corrected(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack("JK04")) as site:
        monkeypatch.setattr(site.control, "value", lambda _: None)
        assert await refusal(calibrate_voltage(site.control, site.pack, 26.3, SURE)) == "unread"


async def test_a_link_lost_while_the_current_fades_is_said(site, monkeypatch) -> None:
    async def lost() -> None:
        raise ConnectionLostError("gone")

    monkeypatch.setattr(site.pack, "next_reading", lost)
    assert await refusal(calibrate_voltage(site.control, site.pack, 26.9, SURE)) == "out_of_reach"
    assert switches(site) == (True, True)


@pytest.mark.parametrize("lost", range(2, 8))
async def test_lost_answers_do_not_leave_the_house_dark(site, lost) -> None:
    take = site.peripheral._take_write

    def take_and_lose(register: int, payload: bytes) -> None:
        take(register, payload)
        if register == 0x1E and not payload[0]:
            site.peripheral.faults.corrupt_settings = lost

    site.peripheral._take_write = take_and_lose
    await calibrate_voltage(site.control, site.pack, 26.9, SURE)
    assert switches(site) == (True, True)
    assert site.drifts == []


async def test_permission_comes_before_everything_else(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack(), WritePermission()) as site:
        assert await refusal(calibrate_voltage(site.control, site.pack, 2.0, SURE)) == "control_off"
        assert await refusal(calibrate_current(site.control, site.pack, 2.0, SURE)) == "control_off"
