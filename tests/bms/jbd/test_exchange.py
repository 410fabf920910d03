"""One question at a time, and only its own answer is taken."""

import asyncio

import pytest

from custom_components.smart_bms.bms.errors import FrameError, SilentError
from custom_components.smart_bms.simulator.jbd.labels import LEGACY
from tests.support.jbd_boards import APP_KEY, FUNCTIONS, OVERVOLTAGE, wire_of
from tests.support.jbd_wire import BASIC, CELLS, COUNTERS, ENTER, Said, commands, module, reply, request
from tests.support.waiting import until

# Late, foreign and broken answers.


async def test_what_nobody_asked_for_is_counted_and_forgotten(wire) -> None:
    wire.hear(reply(BASIC, bytes(27)), module(APP_KEY, b"\0"))
    assert wire.listener.drops == ["unasked"]
    wire.tamper = lambda said, answers: [reply(0x24, b"\x0e\x10"), *answers]
    await wire.driver._poll()
    assert wire.listener.drops == ["unasked"] * 4
    assert wire.listener.readings


async def test_a_late_answer_is_not_taken_for_another(wire) -> None:
    late: list[bytes] = []

    def delay(said: Said, answers: list[bytes]) -> list[bytes]:
        if said.register == BASIC and not late:
            late.extend(answers)
            return []
        if said.register == CELLS:
            return [*late, *answers]
        return answers

    wire.tamper = delay
    assert await wire.driver._poll()
    assert wire.listener.drops == ["unasked"]
    assert wire.listener.readings[-1].cell_count == 4


async def test_a_second_answer_to_the_same_question_is_left_over(wire) -> None:
    wire.tamper = lambda _, answers: answers * 2
    assert await wire.driver._poll()
    assert wire.listener.drops.count("unasked") == 3


async def test_broken_answers_are_counted_and_asked_for_again(wire) -> None:
    broken: list[int] = []

    def disturb(said: Said, answers: list[bytes]) -> list[bytes]:
        if said.register in broken:
            return answers
        broken.append(said.register)
        whole = b"".join(answers)
        return [whole[:-2] + b"\0\0"]

    wire.tamper = disturb
    assert await wire.driver._poll()
    assert wire.listener.drops.count("checksum") >= 3
    assert wire.listener.readings


async def test_a_board_that_heard_it_wrong_is_told_again(wire) -> None:
    wrong = iter([True, False])
    wire.tamper = lambda said, answers: (
        [reply(said.register, status=0x82)] if said.register == BASIC and next(wrong) else answers
    )
    assert await wire.driver._poll()


async def test_a_poll_that_fails_says_so(wire) -> None:
    wire.deaf = lambda _: True
    with pytest.raises(SilentError):
        await wire.driver._poll()
    assert not wire.driver._exchange_lock.locked()
    wire.deaf = lambda _: False
    assert await wire.driver._poll()


async def test_cells_that_make_no_sense_are_no_reading(wire) -> None:
    wire.tamper = lambda said, answers: [reply(CELLS, b"\0")] if said.register == CELLS else answers
    with pytest.raises(FrameError):
        await wire.driver._poll()
    assert not wire.listener.readings


async def test_three_polls_without_an_answer_end_the_session() -> None:
    wire = wire_of()
    wire.deaf = lambda _: len(wire.listener.readings) == 2
    with pytest.raises(SilentError, match="no usable answers"):
        await wire.driver.run()
    assert wire.listener.drops == ["unanswered"] * 3


async def test_one_poll_without_an_answer_does_not() -> None:
    wire = wire_of()
    lost: list[bytes] = []

    def lose(packet: bytes) -> bool:
        if len(wire.listener.readings) == 2 and len(lost) < 2 and packet == request(BASIC, write=False):
            lost.append(packet)
            return True
        return False

    wire.deaf = lose
    task = asyncio.create_task(wire.driver.run())
    await until(lambda: len(wire.listener.readings) > 4)
    assert not task.done()
    assert wire.listener.drops == ["unanswered"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# The oldest firmware.


async def test_the_oldest_firmware_is_recognized() -> None:
    wire = await wire_of(LEGACY, 13).begin()
    assert wire.listener.identities[0].variant == "legacy"
    assert await wire.driver._poll()
    assert await wire.driver._poll()
    assert not wire.listener.readings[-1].counters
    assert [said.register for said in commands(wire.written)].count(COUNTERS) == 1
    settings = await wire.driver.read_settings()
    assert settings.variant == "legacy"


async def test_a_late_answer_of_the_oldest_firmware_is_not_taken_for_another_parameter() -> None:
    wire = await wire_of(LEGACY, 13).begin()
    right = dict((await wire.driver.read_settings()).values)
    late: list[bytes] = []

    def delay(said: Said, answers: list[bytes]) -> list[bytes]:
        if said == (False, OVERVOLTAGE, b"") and not late:
            late.extend(answers)
            return []
        if said.register == OVERVOLTAGE + 1 and late:
            taken, late[:] = list(late), [b"\0"]
            return [*taken, *answers] if taken != [b"\0"] else answers
        return answers

    wire.tamper = delay
    try:
        found = dict((await wire.driver.read_settings()).values)
    except SilentError:
        return  # it may as well begin again
    assert found == right


async def test_a_late_answer_of_the_oldest_firmware_does_not_change_other_bits() -> None:
    wire = await wire_of(LEGACY, 13).begin()
    await wire.driver.read_settings()
    before = wire.peripheral.firmware.registers.word(FUNCTIONS)
    entered: list[bytes] = []

    def delay(said: Said, answers: list[bytes]) -> list[bytes]:
        if said.register == ENTER and said.write and not entered:
            entered.extend(answers)
            return []
        if said == (False, FUNCTIONS, b"") and entered:
            taken, entered[:] = list(entered), []
            return [*taken, *answers]
        return answers

    wire.tamper = delay
    await wire.driver.write("led", True)
    after = wire.peripheral.firmware.registers.word(FUNCTIONS)
    assert after in (before, before | 1 << 4)
