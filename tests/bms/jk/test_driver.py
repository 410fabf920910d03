"""What decides over writes counts when it was told twice: one broken frame in 256 has a checksum that fits."""

import asyncio
import itertools

import pytest

from custom_components.smart_bms.bms.errors import SilentError
from custom_components.smart_bms.bms.jk.driver import JkDriver
from custom_components.smart_bms.bms.jk.frames import Command
from custom_components.smart_bms.bms.jk.layouts import Variant
from custom_components.smart_bms.bms.jk.settings import encode_write
from custom_components.smart_bms.bms.pack import Change, Pack
from custom_components.smart_bms.bms.session_context import SessionContext
from tests.support.packs import ADDRESS, changed, device_info
from tests.support.radio import FAST, finder
from tests.support.running_pack import BACKOFF, FAMILY, running
from tests.support.waiting import now, until

OVERVOLTAGE = 18
PROTOCOL = 184


class Told:
    """A pack, and all that it ever said of one parameter and of itself."""

    def __init__(self, radio) -> None:
        self.overvoltages: list[object] = []
        self.protocols: list[object] = []
        self.pack = Pack(FAMILY, "test", finder(radio, ADDRESS), self._hear, backoff=BACKOFF)

    def _hear(self, change: Change) -> None:
        if change is Change.SETTINGS:
            self.overvoltages.append(self.pack.last_settings.values["cell_overvoltage"])
            self.protocols.append(self.pack.last_settings.values["uart1_protocol"])
        if change is Change.IDENTITY:
            self.protocols.append(self.pack.last_identity.details["uart1_protocol"])


@pytest.fixture
def reported(radio) -> Told:
    return Told(radio)


def falsify(peripheral, kind: int, place: int, values) -> None:
    """Let the next frames of a kind have these values at a place, and checksums that fit; None leaves one alone."""
    original, values = peripheral._frame, iter(values)

    def frame(sort: int, body: bytearray, *, count: bool = False) -> bytes:
        made = original(sort, body, count=count)
        value = next(values, None) if sort == kind else None
        return made if value is None else changed(made, place, value)

    peripheral._frame = frame


def asked(peripheral, command: Command) -> int:
    return sum(data[4] == command for data in peripheral.written)


def millivolts(number: int) -> bytes:
    return number.to_bytes(4, "little")


async def test_false_parameters_at_the_first_reading_are_never_told(reported, peripheral) -> None:
    falsify(peripheral, 0x01, OVERVOLTAGE, [millivolts(4300)])
    async with running(reported.pack):
        await until(lambda: reported.overvoltages)
        await asyncio.sleep(0.3)
    assert set(reported.overvoltages) == {3.6}
    assert asked(peripheral, Command.READ_SETTINGS) == 3
    assert reported.pack.sessions == 1


async def test_a_pack_that_is_well_heard_is_asked_twice(reported, peripheral) -> None:
    async with running(reported.pack):
        began = now()
        await until(lambda: reported.overvoltages)
        assert now() - began < 0.5
        await asyncio.sleep(0.3)
    assert asked(peripheral, Command.READ_SETTINGS) == 2
    assert asked(peripheral, Command.READ_DEVICE_INFO) == 2


async def test_what_an_earlier_session_believed_need_not_be_said_twice(reported, peripheral) -> None:
    async with running(reported.pack):
        await until(lambda: reported.overvoltages)
        peripheral.written.clear()
        reported.overvoltages.clear()
        peripheral.faults.disconnect_after = 0
        await until(lambda: reported.pack.sessions == 2 and reported.overvoltages)
        await asyncio.sleep(0.3)
    assert asked(peripheral, Command.READ_SETTINGS) == 1
    assert asked(peripheral, Command.READ_DEVICE_INFO) == 1


async def test_one_false_answer_later_changes_nothing(reported, peripheral) -> None:
    async with running(reported.pack):
        await until(lambda: reported.overvoltages)
        before = asked(peripheral, Command.READ_SETTINGS)
        falsify(peripheral, 0x01, OVERVOLTAGE, [millivolts(4300)])
        settings = await reported.pack.read_settings()
        assert settings.values["cell_overvoltage"] == 3.6
        await asyncio.sleep(0.3)
    assert set(reported.overvoltages) == {3.6}
    assert asked(peripheral, Command.READ_SETTINGS) == before + 2


async def test_what_somebody_else_changed_is_told_by_one_reading(reported, peripheral) -> None:
    async with running(reported.pack):
        await until(lambda: reported.overvoltages)
        assert peripheral.change_elsewhere(encode_write("cell_overvoltage", 3.55, Variant.JK02_32S))
        settings = await reported.pack.read_settings()
        assert settings.values["cell_overvoltage"] == 3.55


@pytest.mark.parametrize(("key", "value"), [("cell_overvoltage", 3.55), ("charge_switch", False)])
async def test_what_was_written_is_believed_at_once(reported, peripheral, key, value) -> None:
    async with running(reported.pack):
        await until(lambda: reported.overvoltages)
        before = asked(peripheral, Command.READ_SETTINGS)
        assert await reported.pack.write(key, value)
        settings = await reported.pack.read_settings(key)
        assert settings.values[key] == value
        assert asked(peripheral, Command.READ_SETTINGS) == before + 1


async def test_something_else_than_what_was_written_has_to_be_told_twice(reported, peripheral) -> None:
    async with running(reported.pack):
        await until(lambda: reported.overvoltages)
        before = asked(peripheral, Command.READ_SETTINGS)
        peripheral.faults.distort_writes = True
        await reported.pack.write("cell_overvoltage", 3.55)
        settings = await reported.pack.read_settings("cell_overvoltage")
        assert settings.values["cell_overvoltage"] == 3.551
        assert asked(peripheral, Command.READ_SETTINGS) == before + 2


async def test_a_parameter_told_with_the_device_info_is_read_back(reported, peripheral) -> None:
    async with running(reported.pack):
        await until(lambda: reported.overvoltages)
        assert await reported.pack.write("user_data", "shed")
        assert (await reported.pack.read_settings("user_data")).values["user_data"] == "shed"


async def test_answers_that_never_agree_change_nothing(reported, peripheral) -> None:
    async with running(reported.pack):
        await until(lambda: reported.overvoltages)
        falsify(peripheral, 0x01, OVERVOLTAGE, map(millivolts, itertools.count(4000)))
        with pytest.raises(SilentError, match="agree"):
            await reported.pack.read_settings()
        before = asked(peripheral, Command.READ_SETTINGS)
        await asyncio.sleep(1.0)
        assert asked(peripheral, Command.READ_SETTINGS) <= before + 5
        assert reported.pack.is_fresh(now())
        assert reported.pack.sessions == 1
    assert set(reported.overvoltages) == {3.6}


async def test_a_false_identity_is_never_told(reported, peripheral) -> None:
    falsify(peripheral, 0x03, PROTOCOL, [bytes((9,))])
    async with running(reported.pack):
        await until(lambda: reported.overvoltages)
    assert len(set(map(str, reported.protocols))) == 2  # its number, and its name
    assert reported.protocols[0] == 1


async def test_an_identity_that_changed_is_asked_for_again_by_itself(reported, peripheral) -> None:
    async with running(reported.pack):
        await until(lambda: reported.overvoltages)
        before = asked(peripheral, Command.READ_DEVICE_INFO)
        peripheral.memory.info[PROTOCOL] = bytes((4,))
        peripheral.send(peripheral.label.module.notify_handle, peripheral._frame(0x03, peripheral.device_info()))
        await until(lambda: reported.pack.last_identity.details["uart1_protocol"] == 4)
        assert asked(peripheral, Command.READ_DEVICE_INFO) == before + 1


async def test_a_pack_whose_identity_is_never_the_same_is_not_hidden_for_it(reported, peripheral) -> None:
    falsify(peripheral, 0x03, PROTOCOL, (bytes((number % 250,)) for number in itertools.count()))
    identity, reading = await reported.pack.first_contact()
    assert identity.model == peripheral.label.model
    assert reading.voltage
    assert asked(peripheral, Command.READ_DEVICE_INFO) == 4


class Nowhere:
    """A link that takes everything, and a sink that forgets it."""

    async def write(self, data: bytes) -> None:
        self.answer(data)

    def answer(self, data: bytes) -> None:
        """Say nothing."""

    def __getattr__(self, name: str):
        return lambda *_: True


async def test_before_the_layout_is_certain_nothing_is_written() -> None:
    driver = JkDriver(Nowhere(), Nowhere(), SessionContext(), FAST)
    driver.notified(device_info(), 0.0)
    with pytest.raises(SilentError, match="not certain"):
        await driver.write("charge_switch", False)


async def test_settings_that_were_never_told_are_not_made_up() -> None:
    connection = Nowhere()
    driver = JkDriver(connection, Nowhere(), SessionContext(), FAST)
    connection.answer = lambda data: driver.notified(device_info(), 0.0)
    with pytest.raises(SilentError, match="not sent"):
        await driver.read_settings("user_data")
