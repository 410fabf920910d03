"""Writing: two bytes, one after the other, in the order that does no harm, and never left half done."""

import asyncio
from contextlib import suppress

import pytest

from custom_components.smart_bms.bms.connection import Connection
from custom_components.smart_bms.bms.errors import ConnectionLostError, SilentError
from custom_components.smart_bms.bms.smart123.frames import checksum
from custom_components.smart_bms.simulator.smart123.labels import GEN2_BRSP, GEN3_NUS
from tests.support.packs import smart123_pack
from tests.support.smart123_wire import PIN, running_smart123, sent
from tests.support.waiting import until

# The table.


# Over the radio.


def writes(peripheral) -> list[str]:
    return [text for text in sent(peripheral) if "-" in text]


@pytest.fixture
def peripheral():
    return smart123_pack(GEN3_NUS)


async def ready(pack) -> None:
    await until(lambda: pack.current_settings is not None and "log" in pack.context.learned)


@pytest.mark.parametrize(
    ("key", "value", "stored"),
    [
        ("cell_undervoltage", 2.55, ("v_min", 510)),
        ("cell_overvoltage", 3.60, ("v_max", 720)),
        ("charge_undertemperature", 5.0, ("t_min_charge", 277)),
        ("cell_overvoltage_hysteresis", 0.1, ("v_max_hysteresis", 10)),
        ("critical_mode", True, ("critical", 1)),
        ("chemistry", "nmc", ("chemistry", 3)),
        ("relay_1_force", "keep_off", ("relay1_force", 1)),
    ],
)
async def test_a_write_is_stored_and_read_back(monkeypatch, peripheral, key, value, stored) -> None:
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        assert await pack.write(key, value)
        assert getattr(peripheral.board.settings, stored[0]) == stored[1]
        settings = await pack.read_settings(key)
        setting = pack.catalog().settings[key]
        assert setting.same(settings.values[key], setting.kept(value))
        assert all(data in {"D!", "E!"} or "@" in data or "-" in data or "PW" in data for data in sent(peripheral))


async def test_both_bytes_leave_within_a_second(monkeypatch, peripheral) -> None:
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        times: list[float] = []
        write = Connection.write

        async def timed(self, data: bytes) -> None:
            if b"-" in data:
                times.append(peripheral.now)
            await write(self, data)

        monkeypatch.setattr(Connection, "write", timed)
        assert await pack.write("cell_undervoltage", 2.55)
        assert len(times) == 2
        assert times[1] - times[0] < 1.0


async def test_a_value_that_has_no_safe_way_is_not_sent(monkeypatch, peripheral) -> None:
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        with pytest.raises(ValueError, match="safe way"):
            await pack.write("battery_capacity", 25_600 if peripheral.board.settings.capacity < 256 else 25_500)
        assert not writes(peripheral)


@pytest.mark.parametrize("key", ["charge_restart_soc", "balance_start_voltage", "pin", "clock"])
async def test_what_is_not_known_is_never_sent(monkeypatch, peripheral, key) -> None:
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        with pytest.raises(ValueError, match="cannot be written"):
            await pack.write(key, 1)
        assert not writes(peripheral)


async def test_nothing_is_written_to_an_older_unit(monkeypatch) -> None:
    peripheral = smart123_pack(GEN2_BRSP)
    async with running_smart123(monkeypatch, peripheral) as pack:
        await until(lambda: pack.current_settings is not None)
        with pytest.raises(ValueError, match="cannot be written"):
            await pack.write("cell_undervoltage", 2.55)
        assert not writes(peripheral)


async def test_a_lost_acknowledgement_is_looked_into_and_the_write_completed(monkeypatch, peripheral) -> None:
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        peripheral.faults.lose_ready = True
        assert await pack.write("cell_undervoltage", 2.55)
        assert peripheral.board.settings.v_min == 510


@pytest.mark.parametrize("fault", ["forget_writes", "distort_writes"])
async def test_a_write_that_does_not_hold_is_left_to_the_read_back(monkeypatch, peripheral, fault) -> None:
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        setattr(peripheral.faults, fault, True)
        await pack.write("cell_overvoltage_hysteresis", 0.2)
        settings = await pack.read_settings("cell_overvoltage_hysteresis")
        assert settings.values["cell_overvoltage_hysteresis"] != 0.2


def answering(peripheral, monkeypatch, answers: dict[str, list[str]]) -> None:
    """Let the unit answer some writes with other words, without taking them."""
    answer = peripheral.dialect._take_write

    def update(address: int, value: int, faults):
        reported = answers.get(f"{value:02X}-{address:03X}!")
        if reported:
            word = reported.pop(0)
            if word:
                yield 0.02, word.encode() + b"\r"
            return
        yield from answer(address, value, faults)

    monkeypatch.setattr(peripheral.dialect, "_take_write", update)


async def test_a_refused_first_byte_ends_the_write(monkeypatch, peripheral) -> None:
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        answering(peripheral, monkeypatch, {"01-040!": ["KO"]})
        assert not await pack.write("cell_undervoltage", 2.55)
        assert writes(peripheral) == ["01-040!"]
        assert peripheral.board.settings.v_min == 560


async def test_a_lost_first_byte_keeps_the_second_from_going_out_alone(monkeypatch, peripheral) -> None:
    peripheral.board.settings.v_min = 510
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        answering(peripheral, monkeypatch, {"08-041!": ["", ""]})
        assert not await pack.write("cell_undervoltage", 2.60)
        assert writes(peripheral) == ["08-041!"]
        assert peripheral.board.settings.v_min == 510


async def test_a_lost_second_byte_is_sent_once_more(monkeypatch, peripheral) -> None:
    peripheral.board.settings.v_min = 510
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        answering(peripheral, monkeypatch, {"02-040!": [""]})
        assert await pack.write("cell_undervoltage", 2.60)
        assert writes(peripheral) == ["08-041!", "02-040!", "02-040!"]
        assert peripheral.board.settings.v_min == 520


async def test_a_second_byte_that_is_refused_takes_the_first_one_back(monkeypatch, peripheral) -> None:
    peripheral.board.settings.v_min = 510
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        answering(peripheral, monkeypatch, {"02-040!": ["KO"]})
        assert not await pack.write("cell_undervoltage", 2.60)
        assert writes(peripheral) == ["08-041!", "02-040!", "FE-041!"]
        assert peripheral.board.settings.v_min == 510


async def test_whoever_stops_waiting_does_not_leave_a_mixed_value(monkeypatch, peripheral) -> None:
    peripheral.board.settings.v_min = 510
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        task = asyncio.create_task(pack.write("cell_undervoltage", 2.60))
        await until(lambda: writes(peripheral))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await until(lambda: peripheral.board.settings.v_min == 520)


async def test_a_link_that_breaks_between_both_bytes_is_put_right_first_thing_when_it_is_back(
    monkeypatch, peripheral
) -> None:
    peripheral.board.settings.v_min = 510
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        write = Connection.write

        async def breaking(self, data: bytes) -> None:
            if data == b"02-040!\r":
                peripheral.hang_up = True
                raise ConnectionLostError("gone")
            await write(self, data)

        monkeypatch.setattr(Connection, "write", breaking)
        with pytest.raises(ConnectionLostError):
            await pack.write("cell_undervoltage", 2.60)
        assert pack.context.learned["unfinished"] == ["cell_undervoltage", 510, 264]
        await until(lambda: pack.sessions == 2 and pack.current_settings is not None)
        assert peripheral.board.settings.v_min == 510
        assert pack.current_settings.values["cell_undervoltage"] == 2.55
        assert "unfinished" not in pack.context.learned


async def test_what_somebody_else_put_right_meanwhile_is_left_alone(monkeypatch, peripheral) -> None:
    for left in (["cell_undervoltage", 510, 264], ["cell_undervoltage", 560, 560]):
        kept: dict = {"unfinished": left, "log": []}
        async with running_smart123(monkeypatch, peripheral, password=PIN, learned=kept) as pack:
            await until(lambda pack=pack: pack.current_settings is not None)
            assert not writes(peripheral)
            assert "unfinished" not in kept


async def test_what_cannot_be_put_right_now_is_tried_at_the_next_connection(monkeypatch, peripheral) -> None:
    peripheral.board.settings.v_min = 264
    kept: dict = {"unfinished": ["cell_undervoltage", 510, 264]}
    answering(peripheral, monkeypatch, {"FE-041!": [""] * 20})
    async with running_smart123(monkeypatch, peripheral, password=PIN, learned=kept) as pack:
        await until(lambda: pack.current_settings is not None)
        assert "unfinished" in kept
        assert pack.dropped["unfinished_unread"]


@pytest.mark.parametrize("echo", [True, False])
@pytest.mark.parametrize("delay", [0.6, 1.3, 4.0, 8.0])
async def test_late_acknowledgements_leave_no_mixed_value(monkeypatch, echo, delay) -> None:
    peripheral = smart123_pack(GEN3_NUS, echo=echo)
    peripheral.board.settings.v_min = 510
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        peripheral.faults.ready_delay = delay
        with suppress(SilentError):
            await pack.write("cell_undervoltage", 2.60)
        peripheral.faults.ready_delay = 0.1
        assert peripheral.board.settings.v_min in (510, 520)


@pytest.mark.parametrize("echo", [True, False])
async def test_leaving_waits_until_a_write_is_whole(monkeypatch, echo) -> None:
    peripheral = smart123_pack(GEN3_NUS, echo=echo)
    peripheral.board.settings.v_min = 510
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        peripheral.faults.ready_delay = 1.0
        task = asyncio.create_task(pack.write("cell_undervoltage", 2.60))
        await until(lambda: writes(peripheral))
    await asyncio.gather(task, return_exceptions=True)
    assert peripheral.board.settings.v_min in (510, 520)


@pytest.mark.parametrize("reported", ["Z2DA", "FFFFF", "X"])
async def test_a_stored_value_that_makes_no_sense_refuses_the_write(monkeypatch, peripheral, reported) -> None:
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        answer = peripheral.dialect._answer
        body = f"{reported}_02DA_010F_0149_5A_14"
        monkeypatch.setattr(
            peripheral.dialect,
            "_answer",
            lambda command, faults: f"{body}_{checksum(body):02X}" if command == "S2@" else answer(command, faults),
        )
        with pytest.raises(ValueError, match=r"is not told|makes no sense"):
            await pack.write("cell_undervoltage", 2.60)
        assert not writes(peripheral)


async def test_a_unit_that_goes_dumb_in_the_middle_is_put_right_later(monkeypatch, peripheral) -> None:
    peripheral.board.settings.v_min = 510
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        answering(peripheral, monkeypatch, {"02-040!": [""] * 50})
        answer = peripheral.dialect._answer
        dumb = [False]

        def mute(command: str, faults):
            dumb[0] = dumb[0] or peripheral.board.settings.v_min == 264
            return "KO" if dumb[0] and command == "S2@" else answer(command, faults)

        monkeypatch.setattr(peripheral.dialect, "_answer", mute)
        assert not await pack.write("cell_undervoltage", 2.60)
        assert pack.context.learned["unfinished"] == ["cell_undervoltage", 510, 264]


async def test_a_first_byte_of_which_nothing_is_known_is_taken_back(monkeypatch, peripheral) -> None:
    peripheral.board.settings.v_min = 510
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        answering(peripheral, monkeypatch, {"08-041!": [""]})
        answer, asked = peripheral.dialect._answer, [0]

        def mute(command: str, faults):
            if command == "S2@":
                asked[0] += 1
                if asked[0] == 2:
                    return "KO"
            return answer(command, faults)

        monkeypatch.setattr(peripheral.dialect, "_answer", mute)
        assert not await pack.write("cell_undervoltage", 2.60)
        assert writes(peripheral) == ["08-041!", "FE-041!"]
        assert peripheral.board.settings.v_min == 510
        assert "unfinished" not in pack.context.learned


async def test_a_pin_that_was_not_given_refuses_writes(monkeypatch) -> None:
    peripheral = smart123_pack(GEN3_NUS, pin=None)
    async with running_smart123(monkeypatch, peripheral) as pack:
        await ready(pack)
        answering(peripheral, monkeypatch, {"01-017!": ["NA"]})
        assert not await pack.write("critical_mode", True)


async def test_a_parameter_that_is_not_told_is_not_written(monkeypatch, peripheral) -> None:
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        answer = peripheral.dialect._answer
        monkeypatch.setattr(
            peripheral.dialect,
            "_answer",
            lambda command, faults: (
                "0230_02DA_010F_0149_5A_14_" + f"{checksum('0230_02DA_010F_0149_5A_14'):02X}"
                if command == "S2@"
                else answer(command, faults)
            ),
        )
        with pytest.raises(ValueError, match="is not told"):
            await pack.write("cell_overvoltage_hysteresis", 0.1)
        assert not writes(peripheral)


async def test_a_query_that_is_refused_refuses_the_write(monkeypatch, peripheral) -> None:
    async with running_smart123(monkeypatch, peripheral, password=PIN) as pack:
        await ready(pack)
        answer = peripheral.dialect._answer
        monkeypatch.setattr(
            peripheral.dialect,
            "_answer",
            lambda command, faults: "NA" if command == "S2@" else answer(command, faults),
        )
        assert not await pack.write("cell_undervoltage", 2.55)
        assert not writes(peripheral)
