"""Past the password of the Bluetooth module, into the factory mode, and out of it whatever happens."""

import asyncio

import pytest

from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.errors import (
    ConnectionLostError,
    PackError,
    PasswordNeededError,
    SilentError,
    WrongPasswordError,
)
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.simulator.jbd.labels import DP16S020
from tests.support.jbd_boards import (
    APP_KEY,
    OVERVOLTAGE,
    PASSWORD,
    RANDOM,
    ROOT,
    USER,
    asked_module,
    exits,
    exits_of,
    running_jbd,
    wire_of,
)
from tests.support.jbd_wire import EXIT, EXIT_A, EXIT_B, UNLOCK, Said, Wire, commands, module, reply, request, writes
from tests.support.packs import jbd_pack
from tests.support.waiting import until

# Passwords.


async def test_a_module_that_wants_a_password_says_so() -> None:
    wire = wire_of(DP16S020, 16)
    with pytest.raises(PasswordNeededError):
        await wire.begin()
    assert asked_module(wire) == [APP_KEY]


async def test_the_right_password_opens_everything() -> None:
    wire = await wire_of(DP16S020, 16, PASSWORD).begin()
    assert asked_module(wire) == [APP_KEY, RANDOM, USER]
    await wire.driver.read_settings()
    assert asked_module(wire) == [APP_KEY, RANDOM, USER, RANDOM, ROOT]
    assert wire.peripheral.unlocked
    await wire.driver.read_settings()
    assert asked_module(wire).count(ROOT) == 1


async def test_a_wrong_password_is_tried_once_and_never_again(monkeypatch) -> None:
    peripheral = jbd_pack(DP16S020, cells=16)
    async with running_jbd(monkeypatch, peripheral, "111111") as pack:
        await until(lambda: isinstance(pack.last_error, WrongPasswordError))
        await asyncio.sleep(0.3)
        assert pack.state is ConnectionState.WRONG_PASSWORD
        assert pack.sessions == 1
        tried = [packet for packet in peripheral.written if packet.startswith(b"\xff\xaa\x18")]
        assert len(tried) == 1
        assert not peripheral.connected


@pytest.mark.parametrize("password", ["", "12345", "1234567", "12345a", "१२३४५६"])
async def test_what_can_be_no_password_is_not_sent(password) -> None:
    wire = wire_of(DP16S020, 16, password)
    with pytest.raises(WrongPasswordError):
        await wire.begin()
    assert asked_module(wire) == [APP_KEY]


async def test_a_module_without_a_password_lets_us_through() -> None:
    wire = await wire_of(DP16S020, 16, PASSWORD, password="", wants_unlock=False).begin()
    assert asked_module(wire) == [APP_KEY]
    await wire.driver.read_settings()
    assert ROOT not in asked_module(wire)


def key_is_pin(wire: Wire, pin: bytes) -> None:
    """Let the module want the owner's password in place of the app key."""
    login = wire.peripheral.login

    def answer(command: int, data: bytes) -> bytes | None:
        if command != APP_KEY:
            return None
        login.user = data == pin
        return b"\x00" if login.user else b"\x01"

    wire.peripheral.login = _ScriptedLogin(login, answer)


class _ScriptedLogin:
    def __init__(self, login, answer) -> None:
        self._login = login
        self.answer = answer

    def __getattr__(self, name: str):
        return getattr(self._login, name)


async def test_some_modules_want_the_password_in_place_of_the_key() -> None:
    wire = wire_of(DP16S020, 16, PASSWORD, wants_unlock=False)
    key_is_pin(wire, PASSWORD.encode())
    await wire.begin()
    keys = [packet[4:-1] for packet in wire.written if packet.startswith(b"\xff\xaa\x15")]
    assert keys == [b"000000", PASSWORD.encode()]
    await wire.driver.read_settings()
    assert asked_module(wire) == [APP_KEY] * 2


async def test_a_wrong_one_in_place_of_the_key_is_tried_once() -> None:
    wire = wire_of(DP16S020, 16, "111111", wants_unlock=False)
    key_is_pin(wire, PASSWORD.encode())
    with pytest.raises(WrongPasswordError):
        await wire.begin()
    assert asked_module(wire) == [APP_KEY] * 2


async def test_a_module_that_rejects_the_key_needs_a_password() -> None:
    wire = wire_of(DP16S020, 16)
    key_is_pin(wire, PASSWORD.encode())
    with pytest.raises(PasswordNeededError):
        await wire.begin()


@pytest.mark.parametrize("command", [RANDOM, USER])
async def test_a_module_that_falls_silent_in_the_middle_is_not_wrong_but_silent(command) -> None:
    wire = wire_of(DP16S020, 16, PASSWORD)
    wire.deaf = lambda packet: packet.startswith(bytes((0xFF, 0xAA, command)))
    with pytest.raises(SilentError):
        await wire.begin()
    assert asked_module(wire).count(command) == 1


async def test_the_app_key_may_get_lost_twice() -> None:
    wire = wire_of(DP16S020, 16, PASSWORD)
    wire.deaf = lambda packet: packet.startswith(b"\xff\xaa\x15") and asked_module(wire).count(APP_KEY) < 2
    await wire.begin()
    assert asked_module(wire) == [APP_KEY] * 3 + [RANDOM, USER]


async def test_an_empty_answer_of_the_module_says_nothing() -> None:
    wire = wire_of(DP16S020, 16, PASSWORD)
    original = wire.peripheral.login
    wire.peripheral.login = _ScriptedLogin(original, lambda command, data: b"")
    with pytest.raises(SilentError):
        await wire.begin()


async def test_an_answer_of_the_module_to_something_else_is_none() -> None:
    wire = wire_of(DP16S020, 16, PASSWORD)
    original = wire.peripheral.login

    def answer(command: int, data: bytes) -> bytes | None:
        wire.hear(module(USER if command == APP_KEY else APP_KEY, b"\x01"))
        return original.answer(command, data)

    wire.peripheral.login = _ScriptedLogin(original, answer)
    await wire.begin()
    assert wire.listener.identities


async def test_without_the_address_there_is_no_use_in_a_password() -> None:
    context = SessionContext(address="5F0C1D2E-77AA-4C0B-9D6E-000000000000", password=PASSWORD)
    wire = Wire(jbd_pack(DP16S020, cells=16), context=context)
    with pytest.raises(SilentError, match="address"):
        await wire.begin()
    assert USER not in asked_module(wire)


async def test_a_rejected_second_password_is_not_tried_again_in_this_session() -> None:
    wire = await wire_of(DP16S020, 16, PASSWORD, wants_unlock=False).begin()
    original = wire.peripheral.login
    wire.peripheral.login = _ScriptedLogin(
        original, lambda command, data: b"\x01" if command == ROOT else original.answer(command, data)
    )
    for _ in range(2):
        await wire.driver.read_settings()
    assert asked_module(wire).count(ROOT) == 1
    assert not writes(wire.written, UNLOCK)


async def test_an_unlock_that_is_refused_does_not_stop_the_rest() -> None:
    wire = await wire_of(DP16S020, 16, PASSWORD).begin()
    wire.tamper = lambda said, answers: [reply(UNLOCK, status=0x80)] if said.register == UNLOCK else answers
    await wire.driver.read_settings()
    assert len(writes(wire.written, UNLOCK)) == 1


# Leaving the factory mode.


async def test_a_session_cut_while_reading_is_followed_by_leaving(wire) -> None:
    wire.cut = lambda said: said.register == 0x20
    with pytest.raises(PackError):
        await wire.driver.read_settings()
    assert wire.peripheral.factory_mode
    wire = wire.again()
    await wire.begin()
    assert commands(wire.written)[0] == Said(True, EXIT, EXIT_A)
    assert not wire.peripheral.factory_mode
    assert "factory_mode" not in wire.context.memory


@pytest.mark.parametrize("register", [OVERVOLTAGE, EXIT])
async def test_a_session_cut_while_writing_is_followed_by_leaving_what_was_written(open_wire, register) -> None:
    wire = open_wire
    wire.cut = lambda said: said.write and said.register == register
    await wire.driver.write("cell_overvoltage", 3.65)
    wire = await wire.again().begin()
    assert commands(wire.written)[0] == Said(True, EXIT, EXIT_B)
    assert not wire.peripheral.factory_mode
    assert "factory_mode" not in wire.context.memory


async def test_the_first_leave_may_get_lost_too(wire) -> None:
    wire.cut = lambda said: said.register == 0x20
    with pytest.raises(PackError):
        await wire.driver.read_settings()
    wire = wire.again()
    wire.peripheral.asleep_requests = 1
    await wire.begin()
    assert exits(wire) == [EXIT_A] * 2
    assert not wire.peripheral.factory_mode


async def test_a_link_lost_again_at_leaving_leaves_it_to_the_session_after(wire) -> None:
    wire.cut = lambda said: said.register == 0x20
    with pytest.raises(PackError):
        await wire.driver.read_settings()
    wire = wire.again()
    wire.hang_up()
    with pytest.raises(ConnectionLostError):
        await wire.begin()
    wire = await wire.again().begin()
    assert not wire.peripheral.factory_mode


async def test_behind_a_password_the_factory_mode_is_left_once_we_are_let_through() -> None:
    wire = await wire_of(DP16S020, 16, PASSWORD).begin()
    await wire.driver.read_settings()
    wire.cut = lambda said: said.write and said.register == OVERVOLTAGE
    await wire.driver.write("cell_overvoltage", 3.65)
    assert wire.peripheral.factory_mode
    wire = await wire.again().begin()
    assert not wire.peripheral.factory_mode
    assert exits(wire)[-1] == EXIT_B
    assert "factory_mode" not in wire.context.memory


async def test_a_leave_that_was_not_heard_after_a_write_is_made_up_for(open_wire) -> None:
    wire = open_wire
    wire.deaf = lambda packet: packet == request(EXIT, EXIT_B) and exits(wire).count(EXIT_B) < 2
    await wire.driver.write("cell_overvoltage", 3.65)
    assert exits(wire) == [EXIT_B] * 2
    assert wire.peripheral.factory_mode
    await wire.driver.read_settings("cell_overvoltage")
    assert exits(wire) == [EXIT_B] * 3  # without it what was written does not last
    assert not wire.peripheral.factory_mode


async def test_a_look_that_is_cancelled_leaves_the_factory_mode(wire) -> None:
    task = asyncio.create_task(wire.driver.read_settings())
    wire.deaf = lambda packet: packet == request(0x20, write=False)
    await until(lambda: wire.peripheral.factory_mode and wire.driver._exchange._answer)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert exits(wire) == [EXIT_A]
    assert not wire.peripheral.factory_mode
    assert not wire.driver._exchange_lock.locked()
    assert "factory_mode" not in wire.context.memory
    assert wire.driver._exchange._answer is None


async def test_a_write_that_is_cancelled_leaves_what_was_written(open_wire) -> None:
    wire = open_wire
    wire.peripheral.faults.lose_ready = True
    task = asyncio.create_task(wire.driver.write("cell_overvoltage", 3.65))
    await until(lambda: writes(wire.written, OVERVOLTAGE))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert exits(wire) == [EXIT_B]
    assert not wire.peripheral.factory_mode
    assert await wire.driver._poll()


async def test_what_is_cancelled_while_leaving_is_left_all_the_same(wire) -> None:
    wire.deaf = lambda packet: packet == request(EXIT, EXIT_A) and not wire.lost and len(exits(wire)) < 1
    task = asyncio.create_task(wire.driver.read_settings())
    await until(lambda: exits(wire))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert exits(wire) == [EXIT_A] * 2
    assert "factory_mode" not in wire.context.memory
    assert not wire.peripheral.factory_mode


@pytest.mark.parametrize("writing", [False, True])
async def test_a_pack_that_is_stopped_in_the_middle_is_not_left_in_factory_mode(monkeypatch, writing) -> None:
    peripheral = jbd_pack(loses_first=False)
    async with running_jbd(monkeypatch, peripheral) as pack:
        await until(lambda: pack.current_settings)
        if writing:
            peripheral.faults.lose_ready = True
            asking = asyncio.create_task(pack.write("cell_overvoltage", 3.65))
            await until(lambda: writes(peripheral.written, OVERVOLTAGE))
        else:
            asking = asyncio.create_task(pack.read_settings())
            await until(lambda: peripheral.factory_mode)
    await asyncio.gather(asking, return_exceptions=True)
    assert exits_of(peripheral)[-1] == (EXIT_B if writing else EXIT_A)
    assert not peripheral.factory_mode
