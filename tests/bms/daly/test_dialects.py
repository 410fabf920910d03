"""What is asked of the boards of each dialect, and what is made of their answers."""

import asyncio
from contextlib import suppress
from datetime import datetime
import itertools

import pytest

from custom_components.smart_bms.bms.daly.frames import a5_request
from custom_components.smart_bms.bms.errors import FrameError, SilentError
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.simulator.daly import a5 as daly_a5
from custom_components.smart_bms.simulator.daly.labels import ESS_81, K_81_NO_NTC, K_D2, LAYOUT_B, LEGACY_A5, R24_A5
from custom_components.smart_bms.simulator.daly.modbus import read_reply
from tests.support.daly_wire import (
    BALANCER_D2,
    EVERY,
    MORE_D2,
    REST_81,
    SETTINGS_D2,
    STATE_81,
    UPTIME_81,
    Wire,
    asked_a5,
    begun,
    running_daly,
)
from tests.support.packs import daly_pack
from tests.support.waiting import until

# Blocks that not every board has.


async def test_a_board_without_more_registers_is_polled_all_the_same() -> None:
    wire = await begun(LAYOUT_B)
    assert await wire.poll(5) == [True] * 5
    assert "mosfet" not in wire.last.temperatures
    assert list(wire.written).count(MORE_D2) == 4  # two polls, twice each, then never again
    assert all(wire.listener.frames)


async def test_what_was_there_once_is_asked_for_again_and_again(wire) -> None:
    await wire.poll()
    assert "mosfet" in wire.last.temperatures
    wire.deaf = lambda data: data == MORE_D2
    assert await wire.poll(4) == [True] * 4
    assert "mosfet" not in wire.last.temperatures
    wire.deaf = lambda _: False
    await wire.poll()
    assert "mosfet" in wire.last.temperatures


async def test_what_did_not_come_once_is_not_yet_absent(wire) -> None:
    wire.deaf = lambda data: data == MORE_D2
    await wire.poll()
    wire.deaf = lambda _: False
    await wire.poll()
    assert "mosfet" in wire.last.temperatures


@pytest.mark.parametrize("silent", [True, False])
async def test_an_81_board_without_uptime_is_polled_all_the_same(silent) -> None:
    wire = await begun(K_81_NO_NTC)  # tells FFFF
    wire.deaf = lambda data: silent and data == UPTIME_81
    assert await wire.poll(4) == [True] * 4
    assert wire.last.runtime is None
    assert list(wire.written).count(UPTIME_81) == 4
    storage = await begun(ESS_81, cells=16)
    assert await storage.poll() == [True]
    assert storage.last.runtime >= 86_400 * 120


async def test_the_second_block_of_81_is_needed() -> None:
    wire = await begun(K_81_NO_NTC)
    wire.deaf = lambda data: data == STATE_81
    with pytest.raises(SilentError):
        await wire.poll()


async def test_a_board_of_many_cells_is_read_to_the_last() -> None:
    wire = await begun(cells=40)
    assert await wire.poll() == [True]
    assert wire.last.cell_count == 40
    assert wire.listener.identities[0].max_cells == 40


async def test_a_pack_that_hides_its_papers_is_still_a_pack() -> None:
    for label in (K_D2, ESS_81, R24_A5):
        wire = Wire(label)
        wire.deaf = lambda data: (
            data[2:4] in (b"\0\xa9", b"\0\xc9", b"\0\x80", b"\1\x78", b"\1\0") or asked_a5(data, 0x53, 0x62, 0x63)
        )
        await wire.begin()
        assert wire.listener.identities[0].model == ""
        wire.deaf = lambda _: False
        assert True in await wire.poll(3)


async def test_a_board_without_a_production_date_has_none() -> None:
    def blank(data: bytes, answers: list[bytes]) -> list[bytes]:
        if data[2:4] == b"\0\xc9":
            return [read_reply(0xD2, [0x3132, 0x3334, 0x3536, 1, 0x0100])]
        if data[2:4] == b"\1\0":
            return [read_reply(0x51, [0xFFFF] * 98)]
        return answers

    wire = Wire(K_D2, machine_code="")
    wire.tamper = blank
    await wire.begin()
    assert wire.listener.identities[0].manufacturing_date == ""
    assert wire.listener.identities[0].details["default_password"] is True
    wire = Wire(ESS_81)
    wire.tamper = blank
    await wire.begin()
    assert wire.listener.identities[0].max_cells is None
    assert "nominal_cell_voltage" not in wire.listener.identities[0].details


# A5.


async def test_frames_that_nobody_needs_do_not_answer_the_next_question() -> None:
    wire = await begun(LEGACY_A5, cells=14)
    assert await wire.poll(3) == [True] * 3
    assert wire.last.cell_count == 14
    assert len(wire.last.temperatures) == 1
    assert not wire.listener.dropped["unasked"]


async def test_a_missing_frame_is_asked_for_once_more_with_all_others() -> None:
    wire = await begun(R24_A5, cells=8)
    spoilt = [True]

    def lose_second(data: bytes, answers: list[bytes]) -> list[bytes]:
        if asked_a5(data, 0x95) and spoilt:
            spoilt.clear()
            return [answers[0], answers[2]]
        return answers

    wire.tamper = lose_second
    assert await wire.poll() == [True]
    assert wire.last.cell_count == 8
    assert [data[2] for data in wire.written if data[0] == 0xA5].count(0x95) == 2


async def test_frames_beyond_the_last_cell_do_not_stand_for_one_that_is_missing() -> None:
    wire = await begun(LEGACY_A5, cells=6)
    spoilt = [True]

    def lose_first(data: bytes, answers: list[bytes]) -> list[bytes]:
        if asked_a5(data, 0x95) and spoilt:
            spoilt.clear()
            return [b"".join(answers)[13:]]
        return answers

    wire.tamper = lose_first
    assert await wire.poll() == [True]
    assert [data[2] for data in wire.written if data[0] == 0xA5].count(0x95) == 2


async def test_frames_that_count_from_zero_are_taken_too() -> None:
    wire = await begun(R24_A5, cells=8)

    def shift(data: bytes, answers: list[bytes]) -> list[bytes]:
        if not asked_a5(data, 0x95):
            return answers
        return [daly_a5.sealed(bytes((*answer[:4], answer[4] - 1, *answer[5:12]))) for answer in answers]

    wire.tamper = shift
    assert await wire.poll() == [True]
    assert wire.last.cell_count == 8


async def test_foreign_bytes_in_a_burst_and_a_cut_off_end_are_passed_over() -> None:
    wire = await begun(LEGACY_A5, cells=14)

    def spoil(data: bytes, answers: list[bytes]) -> list[bytes]:
        if not asked_a5(data, 0x95):
            return answers
        frames = b"".join(answers)
        return [frames[:39] + b"\x0a\xa5\x01\x00" + frames[39:-7]]

    wire.tamper = spoil
    assert await wire.poll() == [True]
    assert wire.last.cell_count == 14


async def test_the_temperature_of_the_power_stage_is_believed_only_where_it_is_no_left_over() -> None:
    old = await begun(LEGACY_A5, cells=14)
    await old.driver.read_settings()
    assert await old.poll(5) == [True] * 5
    await old.driver.read_settings()
    await old.poll(2)
    assert not any("mosfet" in reading.temperatures for reading in old.listener.readings)
    new = await begun(R24_A5, cells=8)
    assert await new.poll(4) == [True] * 4
    assert new.last.temperatures["mosfet"] == 26
    assert "mosfet" not in new.listener.readings[0].temperatures


async def test_a_left_over_after_a_write_is_none_either() -> None:
    old = await begun(LEGACY_A5, cells=14)
    for _ in range(3):
        await old.driver.write("soc_calibration", 60)
        await old.driver.write("charge_switch", True)
        await old.poll()
    assert not any("mosfet" in reading.temperatures for reading in old.listener.readings)


async def test_an_old_board_without_sensors_is_polled_all_the_same() -> None:
    wire = Wire(LEGACY_A5, ntcs=0)
    wire.deaf = lambda data: asked_a5(data, 0x96)  # no sensors, no frames
    await wire.begin()
    assert await wire.poll() == [True]
    assert not wire.last.temperatures


async def test_parameters_that_an_old_board_does_not_know_are_not_asked_for_again() -> None:
    wire = await begun(R24_A5)
    wire.deaf = lambda data: asked_a5(data, 0x52, 0x60)
    for _ in range(6):
        settings = await wire.driver.read_settings()
        assert "charged_total" not in settings.values
        assert settings.values["cell_overvoltage"] == 3.6
    assert [data[2] for data in wire.written].count(0x52) <= 4


async def test_a_parameter_of_an_old_board_that_was_told_once_is_not_given_up() -> None:
    wire = await begun(R24_A5)
    await wire.driver.read_settings()
    wire.deaf = lambda data: asked_a5(data, 0x59)
    with pytest.raises(SilentError):  # the old value would pass for a new one
        await wire.driver.read_settings()
    wire.deaf = lambda _: False
    wire.peripheral.board.limits.cell_overvoltage = 3.5
    assert (await wire.driver.read_settings()).values["cell_overvoltage"] == 3.5


async def test_a_parameter_of_an_old_board_that_was_lost_once_is_not_yet_absent() -> None:
    wire = await begun(R24_A5)
    wire.deaf = lambda data: asked_a5(data, 0x59)
    assert "cell_overvoltage" not in (await wire.driver.read_settings()).values
    wire.deaf = lambda _: False
    assert "cell_overvoltage" in (await wire.driver.read_settings()).values


async def test_an_old_board_that_tells_no_parameters_has_none() -> None:
    wire = await begun(R24_A5)
    wire.deaf = lambda data: 0x50 <= data[2] <= 0x6A
    assert not (await wire.driver.read_settings()).values
    wire.deaf = lambda _: False
    assert await wire.poll(3) == [True] * 3


async def test_parameters_that_nobody_tells_do_not_hold_up_the_readings() -> None:
    """An old board takes 33 s to say nothing to eleven questions."""
    wire = await begun(R24_A5)
    wire.deaf = lambda data: 0x50 <= data[2] <= 0x6A
    wire.written.clear()
    asking = asyncio.create_task(wire.driver.read_settings())
    await asyncio.sleep(0)
    await wire.poll()
    before = [data[2] for data in wire.written]
    assert before.index(0x94) <= 6
    await asyncio.gather(asking, return_exceptions=True)


async def test_the_state_of_charge_of_an_old_board_is_set_with_the_local_time() -> None:
    clock = datetime(2026, 11, 21, 17, 5, 42)  # noqa: DTZ001  the local time
    wire = await begun(LEGACY_A5, context=SessionContext(clock=lambda: clock))
    assert await wire.driver.write("soc_calibration", 42.5)
    assert wire.written[-1] == a5_request(0x80, 0x21, bytes((26, 11, 21, 17, 5, 42)) + (425).to_bytes(2))
    assert abs(wire.peripheral.firmware.clock.replace(tzinfo=None) - clock).total_seconds() < 5
    await wire.poll()
    assert wire.last.soc == pytest.approx(42.5, abs=0.2)


async def test_an_old_board_that_says_no_has_not_acknowledged() -> None:
    wire = await begun(LEGACY_A5)
    wire.tamper = lambda data, answers: (
        [daly_a5.sealed(bytes((0xA5, 0x01, data[2], 8, 0)) + bytes(7))] if asked_a5(data, 0x21, 0xDA) else answers
    )
    assert not await wire.driver.write("soc_calibration", 42.5)
    assert not await wire.driver.write("charge_switch", True)
    assert await wire.driver.write("charge_switch", False)


async def test_a_new_board_is_spoken_to_as_the_computer_only() -> None:
    wire = await begun(R24_A5)
    wire.written.clear()
    await wire.poll()
    await wire.driver.write("discharge_switch", False)
    assert {data[1] for data in wire.written} == {0x40}


# Which way the current goes.


@pytest.mark.parametrize(("label", "dialect", "cells"), EVERY)
@pytest.mark.parametrize("amperes", [-12.0, 12.0])
async def test_no_reading_ever_has_the_wrong_sign(label, dialect, cells, amperes) -> None:
    wire = await begun(label, cells=cells, profile=lambda _: amperes)
    for _ in range(6):
        try:
            await wire.driver._poll()
        except FrameError as error:
            assert error.reason == "current_against_state"  # noqa: PT017
    assert wire.listener.readings
    assert all(reading.current == amperes for reading in wire.listener.readings)
    assert all(reading.power * amperes > 0 for reading in wire.listener.readings)


async def test_a_current_whose_direction_nobody_knows_is_not_shown() -> None:
    amperes = [-0.6]
    wire = await begun(LEGACY_A5, profile=lambda _: amperes[0])
    assert await wire.poll() == [True]
    assert (wire.last.current, wire.last.power) == (None, None)
    assert "current_inverted" not in wire.last.details
    amperes[0] = -12.0
    assert await wire.poll() == [True]
    assert wire.last.current == -12
    amperes[0] = -0.6
    later = Wire(
        LEGACY_A5, context=SessionContext(interval=0.001, learned=wire.context.learned), profile=lambda _: amperes[0]
    )
    assert await (await later.begin()).poll() == [True]
    assert (later.last.current, later.last.power < 0) == (-0.6, True)


async def test_the_sign_is_turned_after_three_contradictions_and_stays_so() -> None:
    wire = await begun(R24_A5, profile=lambda _: -12.0)
    for _ in range(2):
        with pytest.raises(FrameError):
            await wire.poll()
    assert await wire.poll(3) == [True] * 3
    assert wire.last.details["current_inverted"] is False
    again = await wire.again(profile=lambda _: -12.0).begin()
    assert await again.poll() == [True]
    assert again.last.current == -12
    assert again.last.details["current_inverted"] is False


async def test_a_pack_whose_sign_is_turned_never_shows_the_wrong_one(monkeypatch) -> None:
    peripheral = daly_pack(R24_A5, profile=lambda _: -12.0)
    async with running_daly(monkeypatch, peripheral) as pack:
        await until(lambda: len(pack.readings) > 2)
        assert pack.sessions == 1  # two contradictions are not yet a lost pack
        assert pack.dropped["current_against_state"] == 2
        peripheral.hang_up = True
        seen = len(pack.readings)
        await until(lambda: pack.sessions == 2 and len(pack.readings) > seen + 1)
        assert pack.dropped["current_against_state"] == 2
        assert all(reading.current == -12 for reading in pack.readings)


async def test_contradictions_are_counted_over_the_sessions() -> None:
    """A pack whose every third poll is lost would otherwise never find out."""
    wire = await begun(R24_A5, profile=lambda _: -12.0)
    for _ in range(2):
        with pytest.raises(FrameError):
            await wire.poll()
    again = await wire.again(profile=lambda _: -12.0).begin()
    for _ in range(2):
        with pytest.raises(FrameError):
            await again.poll()
    assert await again.poll() == [True]
    assert again.last.current == -12


# Sentinels.


async def test_a_pack_without_sensors_has_no_temperatures() -> None:
    wire = await begun(K_81_NO_NTC)
    await wire.poll()
    assert dict(wire.last.temperatures) == {"mosfet": 26.0}
    assert wire.last.details["probes_missing"] == 2


async def test_left_overs_of_other_sensors_are_none() -> None:
    wire = await begun(LAYOUT_B)
    await wire.poll()
    assert set(wire.last.temperatures) == {"temperature_1", "temperature_2"}


@pytest.mark.parametrize("label", [K_D2, K_81_NO_NTC, LEGACY_A5])
async def test_cells_that_all_read_zero_are_no_reading(label) -> None:
    wire = await begun(label, profile=lambda _: -12.0)
    assert await wire.poll() == [True]
    before = wire.last

    def fail(seconds: float) -> None:
        for cell in wire.peripheral.board.battery.cells:
            cell.voltage = 0.0

    wire.peripheral.firmware.step = fail
    fail(0)
    assert await wire.poll(2) == [False, False]
    assert wire.last is before
    assert wire.listener.dropped["no_cells"] == 2


# Parameters.


async def test_the_parameters_are_read_once_and_then_when_asked_for(wire) -> None:
    for _ in range(3):
        await wire.poll()
        await wire.driver._between()
    assert list(wire.written).count(SETTINGS_D2) == 2  # who it is needs them too
    assert len(wire.listener.reported) == 1
    assert wire.listener.reported[0].values["balance_switch"] is True


async def test_parameters_that_do_not_come_are_given_up_but_can_be_asked_for(wire) -> None:
    wire.deaf = lambda data: data == SETTINGS_D2
    for _ in range(5):
        await wire.driver._between()
    assert wire.listener.dropped["settings_unread"] == 3
    assert not wire.listener.reported
    wire.deaf = lambda _: False
    await wire.driver.read_settings()
    assert wire.listener.reported


async def test_only_the_block_of_a_parameter_is_read_again() -> None:
    wire = await begun(ESS_81, cells=16)
    first = await wire.driver.read_settings()
    assert not first.apart
    wire.written.clear()
    await asyncio.sleep(1)
    again = await wire.driver.read_settings("soc_low")
    assert list(wire.written) == [REST_81]
    assert "soc_low" in again.apart
    assert "cell_overvoltage" not in again.apart
    assert again.read_at("soc_low") > again.read_at("cell_overvoltage") == first.measured_at
    assert again.values == {**first.values, **{key: again.values[key] for key in again.apart}}
    wire.written.clear()
    await asyncio.sleep(1)
    third = await wire.driver.read_settings("cell_overvoltage")
    assert len(wire.written) == 1
    assert third.read_at("cell_overvoltage") > again.read_at("soc_low")


async def test_a_part_that_was_there_and_does_not_come_leaves_nothing_half_known(wire) -> None:
    await wire.driver.read_settings()
    wire.deaf = lambda data: data == BALANCER_D2
    for key in (None, "balance_switch"):
        with pytest.raises(SilentError):
            await wire.driver.read_settings(key)
    assert len(wire.listener.reported) == 1
    wire.deaf = lambda _: False
    assert (await wire.driver.read_settings("balance_switch")).values["balance_switch"] is True


async def test_a_part_that_was_never_there_cannot_be_asked_for(wire) -> None:
    wire.deaf = lambda data: data == BALANCER_D2
    settings = await wire.driver.read_settings()
    assert "balance_switch" not in settings.values
    with pytest.raises(SilentError):
        await wire.driver.read_settings("balance_switch")
    assert not wire.driver._exchange_lock.locked()


async def test_a_key_that_is_nowhere_makes_everything_be_read_again(wire) -> None:
    await wire.driver.read_settings()
    wire.written.clear()
    again = await wire.driver.read_settings("cell_count")
    assert list(wire.written) == [SETTINGS_D2, BALANCER_D2]
    assert again.values["cell_count"] == 4


async def test_a_board_without_a_balancer_switch_has_none() -> None:
    wire = await begun(K_D2, supports_balancer=False)
    assert "balance_switch" not in (await wire.driver.read_settings()).values


def falsified(command: int, data, times: int):
    """Return what changes the first answers to a command of A5, whose sums fit all the same; `data` by attempt."""
    asked = itertools.count()

    def tamper(sent: bytes, answers: list[bytes]) -> list[bytes]:
        if not asked_a5(sent, command) or (attempt := next(asked)) >= times:
            return answers
        return [daly_a5.sealed(answers[0][:4] + data(attempt) + answers[0][6:12])]

    return tamper


async def test_a_parameter_of_an_old_board_counts_when_it_was_told_twice() -> None:
    wire = await begun(R24_A5)
    wire.tamper = falsified(0x59, lambda _: (4300).to_bytes(2), 1)
    settings = await wire.driver.read_settings()
    assert settings.values["cell_overvoltage"] == 3.6
    assert [reported.values["cell_overvoltage"] for reported in wire.listener.reported] == [3.6]
    before = len(wire.written)
    await wire.driver.read_settings()
    assert len(wire.written) - before == 11  # nothing is new, and nothing is asked twice
    wire.tamper = falsified(0x59, lambda _: (4300).to_bytes(2), 1)
    assert (await wire.driver.read_settings()).values["cell_overvoltage"] == 3.6


async def test_a_parameter_of_an_old_board_that_is_never_the_same_is_not_told() -> None:
    wire = await begun(R24_A5)
    wire.tamper = falsified(0x59, lambda attempt: (3000 + attempt).to_bytes(2), 100)
    assert "cell_overvoltage" not in (await wire.driver.read_settings()).values


@pytest.mark.parametrize(
    ("amperes", "charger", "load"), [(12.0, True, False), (0.0, False, False), (-12.0, False, True)]
)
async def test_a_board_that_tells_what_is_connected(amperes, charger, load) -> None:
    wire = await begun(R24_A5, profile=lambda _: amperes)
    for _ in range(3):
        with suppress(FrameError):  # it has yet to find out which way its current goes
            await wire.poll()
    assert (wire.last.details["charger_connected"], wire.last.details["load_connected"]) == (charger, load)
