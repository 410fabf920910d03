"""The conversation with a JBD pack, with every board that is simulated, and all that can go wrong in it."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from custom_components.smart_bms.bms.driver import Terms
from custom_components.smart_bms.bms.errors import (
    FrameError,
    LinkLostError,
    NotThisKindError,
    PackError,
    PairingNeededError,
    PasswordNeededError,
    SilentError,
    WrongPasswordError,
)
from custom_components.smart_bms.bms.jbd.driver import JbdDriver
from custom_components.smart_bms.bms.pack import LinkState, Pack
from custom_components.smart_bms.simulator.jbd_labels import DP16S020, LEGACY, MODULE_FF00, SP04S034, WATTCYCLE
from custom_components.smart_bms.simulator.peripheral import Characteristic, Service, uuid16
from lab.smart_bms_lab.air import _services
from tests import radio
from tests.bms.jbd.wire import (
    BASIC,
    CELLS,
    COUNTERS,
    ENTER,
    EXIT,
    EXIT_A,
    EXIT_B,
    LOGIN,
    REMAINING,
    SWITCH,
    SWITCHES,
    UNLOCK,
    Said,
    Wire,
    commands,
    module,
    reply,
    request,
    writes,
)
from tests.packs import jbd_pack
from tests.radio import fast, finder, on_air

PASSWORD = "123456"
LABELS = [
    pytest.param((SP04S034, 4, None), id="SP04S034"),
    pytest.param((DP16S020, 16, PASSWORD), id="DP16S020"),
    pytest.param((LEGACY, 13, None), id="LEGACY"),
    pytest.param((WATTCYCLE, 4, None), id="WATTCYCLE"),
]
SAFE = {0x00, 0x01, 0x03, 0x04, 0x05, 0x06, 0x09, *range(0x10, 0x40), *range(0x42, 0x48)} | {
    *(0xA0, 0xA1, 0xA2, 0xAA, 0xE0, 0xE1, 0xFB)
}
FUNCTIONS, OVERVOLTAGE, DELAYS = 0x2D, 0x24, 0x3E
APP_KEY, RANDOM, USER, ROOT = 0x15, 0x17, 0x18, 0x1D


def wire_of(label=SP04S034, cells: int = 4, given: str | None = None, **changes) -> Wire:
    """Return a wire to a board; `given` is the password that the user gave, `changes` are those of the label."""
    return Wire(jbd_pack(label, cells=cells, **({"loses_first": False, "stray_byte": False} | changes)), password=given)


def asked_module(wire: Wire) -> list[int]:
    return [packet[2] for packet in wire.written if packet.startswith(b"\xff\xaa")]


def exits(wire: Wire) -> list[bytes]:
    return [said.data for said in writes(wire.written, EXIT)]


@pytest.fixture
async def wire() -> Wire:
    return await wire_of().begin()


@pytest.fixture
async def open_wire(wire) -> Wire:
    """Give a session in which the parameters were read."""
    await wire.driver.read_settings()
    wire.written.clear()
    return wire


# Every board, over the air.


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def running(monkeypatch, peripheral, password: str | None = None) -> AsyncIterator[Pack]:
    peripheral.written = deque()
    monkeypatch.setattr(radio, "SPEED", 60.0)
    monkeypatch.setattr(radio, "TICK", 0.001)
    async with on_air(monkeypatch, peripheral) as air:
        pack = Pack(
            fast("jbd"),
            "test",
            finder(air, peripheral.address),
            backoff=(0.02, 0.05),
            address=peripheral.address,
            password=password,
        )
        task = asyncio.create_task(pack.run())
        try:
            yield pack
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("board", LABELS)
async def test_every_board_streams_and_tells_its_parameters(monkeypatch, board) -> None:
    label, cells, password = board
    peripheral = jbd_pack(label, cells=cells)
    async with running(monkeypatch, peripheral, password) as pack:
        await until(lambda: pack.current_settings and pack.last_reading)
        assert pack.sessions == 1
        told_apart = "extended" if label is DP16S020 else label.variant
        assert (pack.last_identity.model, pack.last_identity.variant) == (label.model, told_apart)
        assert pack.last_reading.cell_count == pack.last_settings.values["cell_count"] == cells
        assert pack.last_settings.values["cell_overvoltage"] == 3.6
        assert pack.last_settings.values["model_name"] == label.model
        assert not peripheral.factory_mode
        # Once for the units, once for all.
        assert exits_of(peripheral) == [EXIT_A] * (1 if label is LEGACY else 2)
        readings = pack.last_reading
        await until(lambda: pack.last_reading is not readings)
        assert pack.state is LinkState.STREAMING
        assert not pack.dropped
    assert not peripheral.connected
    assert {said.register for said in commands(peripheral.written)} <= SAFE
    assert {said.register for said in writes(peripheral.written)} <= {ENTER, EXIT, LOGIN, UNLOCK}


def exits_of(peripheral) -> list[bytes]:
    return [said.data for said in writes(peripheral.written, EXIT)]


@pytest.mark.parametrize("board", LABELS)
async def test_no_board_is_ever_sent_an_unsafe_command(board) -> None:
    label, cells, password = board
    wire = await wire_of(label, cells, password).begin()
    settings = await wire.driver.read_settings()
    for key, value in settings.values.items():
        if not key.startswith(("register_", "board_serial", "cycle_count", "shunt", "function_word", "manufacturing")):
            assert await wire.driver.write(key, value), key
    for key, value in {"charge_switch": False, "discharge_switch": False, "remaining_capacity_calibration": 50}.items():
        await wire.driver.write(key, value)
    assert {said.register for said in commands(wire.written)} <= SAFE
    assert {said.data for said in writes(wire.written, ENTER)} == {b"\x56\x78"}
    assert {said.data for said in writes(wire.written, LOGIN)} <= {b"\x06" + bytes(6)}
    assert set(asked_module(wire)) <= {APP_KEY, RANDOM, USER, ROOT}
    assert not wire.peripheral.factory_mode


@pytest.mark.parametrize("board", LABELS)
async def test_every_board_obeys_its_switches(board) -> None:
    label, cells, password = board
    wire = await wire_of(label, cells, password).begin()
    await wire.driver.write("charge_switch", False)
    assert (wire.peripheral.board.charge_switch, wire.peripheral.board.discharge_switch) == (False, True)
    await wire.driver.write("discharge_switch", False)
    await wire.driver.write("charge_switch", True)
    assert (wire.peripheral.board.charge_switch, wire.peripheral.board.discharge_switch) == (True, False)
    assert bool(writes(wire.written, SWITCH)) is (label is WATTCYCLE)


async def test_a_pack_may_vanish_at_any_step(monkeypatch, caplog) -> None:
    peripheral = jbd_pack(loses_first=False)
    async with running(monkeypatch, peripheral) as pack:
        for notifications in (0, 1, 4, 9, 20):
            peripheral.faults.disconnect_after = notifications
            await until(lambda: peripheral.faults.disconnect_after is None)
            await until(lambda: pack.state is LinkState.STREAMING)
        await until(lambda: pack.current_settings)
        assert not peripheral.factory_mode
    assert "unexpected" not in caplog.text


# Channels.


def channel_of(*services: Service):
    peripheral = jbd_pack()
    peripheral.services = services
    return JbdDriver.choose_channel(_services(peripheral))


def service_of(service: int, notify: int, write: int, *, kinds=("notify", "write-without-response")) -> Service:
    if notify == write:
        return Service(service, uuid16(service), (Characteristic(service + 1, uuid16(notify), kinds),))
    return Service(
        service,
        uuid16(service),
        (
            Characteristic(service + 1, uuid16(notify), kinds[:1]),
            Characteristic(service + 3, uuid16(write), kinds[1:]),
        ),
    )


@pytest.mark.parametrize(
    "layout", [(0xFF00, 0xFF01, 0xFF02), (0xFF00, 0xFF07, 0xFF06), (0xFFF0, 0xFFF1, 0xFFF2), (0xFFE0, 0xFFE1, 0xFFE1)]
)
def test_every_layout_of_the_modules_is_found(layout) -> None:
    channel = channel_of(service_of(*layout))
    assert (channel.notify.uuid, channel.write.uuid) == (uuid16(layout[1]), uuid16(layout[2]))
    assert not channel.response
    assert channel.otherwise is None


def test_a_module_that_wants_every_write_answered_gets_it() -> None:
    channel = channel_of(service_of(0xFF00, 0xFF01, 0xFF02, kinds=("indicate", "write")))
    assert channel.response


def test_the_usual_channel_comes_first_and_the_others_after_it() -> None:
    channel = channel_of(service_of(0xFFE0, 0xFFE1, 0xFFE1), *MODULE_FF00.services, service_of(0xFFF0, 0xFFF1, 0xFFF2))
    assert channel.notify.uuid == uuid16(0xFF01)
    assert channel.otherwise.notify.uuid == uuid16(0xFFF1)
    assert channel.otherwise.otherwise.notify.uuid == uuid16(0xFFE1)
    assert channel.otherwise.otherwise.otherwise is None


@pytest.mark.parametrize(
    "services",
    [
        (),
        (service_of(0x180F, 0x2A19, 0x2A19),),
        (service_of(0xFF00, 0xFF01, 0xFF05),),
        (service_of(0xFF00, 0xFF01, 0xFF02, kinds=("read", "write")),),
        (service_of(0xFF00, 0xFF01, 0xFF02, kinds=("notify", "read")),),
    ],
)
def test_a_device_without_a_usable_channel_is_no_such_pack(services) -> None:
    with pytest.raises(NotThisKindError):
        channel_of(*services)


# Beginning.


async def test_the_first_request_may_get_lost() -> None:
    wire = await wire_of(loses_first=True).begin()
    assert commands(wire.written)[:2] == [Said(False, BASIC, b"")] * 2
    assert wire.sink.identities[0].model == SP04S034.model
    assert b"\x00" * 4 not in wire.written


async def test_a_board_that_sleeps_deep_is_woken_by_zeros() -> None:
    wire = wire_of()
    wire.deaf = lambda _: bytes(4) not in wire.written
    await wire.begin()
    assert wire.sink.identities
    assert list(wire.written).count(bytes(4)) == 1
    assert asked_module(wire) == [APP_KEY] * 3


async def test_a_board_that_never_answers_is_silent() -> None:
    wire = wire_of()
    wire.deaf = lambda _: True
    with pytest.raises(SilentError):
        await wire.begin()
    assert len(commands(wire.written)) == 5


async def test_a_board_that_refuses_to_tell_anything_is_not_asked_for_a_password() -> None:
    wire = wire_of()
    wire.tamper = lambda said, _: [reply(said.register, status=0x81)]
    with pytest.raises(SilentError):
        await wire.begin()
    assert asked_module(wire) == []


async def test_basic_information_that_makes_no_sense_is_no_beginning() -> None:
    wire = wire_of()
    wire.tamper = lambda said, answers: [reply(BASIC, b"\0\1")] if said.register == BASIC else answers
    with pytest.raises(SilentError, match="no sense"):
        await wire.begin()


async def test_a_stray_byte_is_no_answer() -> None:
    wire = await wire_of(stray_byte=True).begin()
    assert wire.sink.drops == []


async def test_a_board_without_a_name_is_identified_all_the_same() -> None:
    wire = wire_of()
    wire.tamper = lambda said, answers: [reply(said.register, status=0x80)] if said.register in (5, 0) else answers
    await wire.begin()
    (identity,) = wire.sink.identities
    assert (identity.model, identity.details["front_end"]) == ("", 0)


@pytest.mark.parametrize(("data", "front_end"), [(b"\x00\x03", 3), (b"", None)])
async def test_the_front_end_is_told(data, front_end) -> None:
    wire = wire_of()
    wire.tamper = lambda said, answers: [reply(0, data)] if said.register == 0 and not said.write else answers
    await wire.begin()
    assert wire.sink.identities[0].details.get("front_end") == front_end


async def test_a_front_end_that_did_not_answer_is_not_known() -> None:
    wire = wire_of()
    wire.tamper = lambda said, answers: [] if said.register == 0 and not said.write else answers
    await wire.begin()
    assert "front_end" not in wire.sink.identities[0].details
    assert (await wire.driver.read_settings()).values["short_circuit_threshold"] == "155_mv"


async def test_a_long_look_at_the_parameters_does_not_keep_the_values_waiting(monkeypatch) -> None:
    monkeypatch.setattr("custom_components.smart_bms.bms.jbd.driver._LONGEST_LOOK", 0.0)
    wire = await wire_of().begin()
    await wire.driver._poll()
    await wire.driver.read_settings()
    assert len(wire.sink.readings) > 2


async def test_an_empty_notification_is_no_echo() -> None:
    wire = wire_of(DP16S020, 16)
    wire.hear(b"")
    with pytest.raises(PasswordNeededError):
        await wire.begin()


async def test_a_module_that_echoes_wants_to_be_paired() -> None:
    wire = wire_of()
    wire.peripheral.echo = True
    with pytest.raises(PairingNeededError):
        await wire.begin()
    assert asked_module(wire) == []


async def test_a_module_that_echoes_is_paired_with(monkeypatch) -> None:
    peripheral = jbd_pack(loses_first=False)
    peripheral.echo = True
    async with running(monkeypatch, peripheral) as pack:
        await until(lambda: pack.state is LinkState.STREAMING)
        assert isinstance(pack.last_error, PairingNeededError)
        assert peripheral.paired


# Late, foreign and broken answers.


async def test_what_nobody_asked_for_is_counted_and_forgotten(wire) -> None:
    wire.hear(reply(BASIC, bytes(27)), module(APP_KEY, b"\0"))
    assert wire.sink.drops == ["unasked"]
    wire.tamper = lambda said, answers: [reply(0x24, b"\x0e\x10"), *answers]
    await wire.driver._poll()
    assert wire.sink.drops == ["unasked"] * 4
    assert wire.sink.readings


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
    assert wire.sink.drops == ["unasked"]
    assert wire.sink.readings[-1].cell_count == 4


async def test_a_second_answer_to_the_same_question_is_left_over(wire) -> None:
    wire.tamper = lambda _, answers: answers * 2
    assert await wire.driver._poll()
    assert wire.sink.drops.count("unasked") == 3


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
    assert wire.sink.drops.count("checksum") >= 3
    assert wire.sink.readings


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
    assert not wire.driver._turn.locked()
    wire.deaf = lambda _: False
    assert await wire.driver._poll()


async def test_cells_that_make_no_sense_are_no_reading(wire) -> None:
    wire.tamper = lambda said, answers: [reply(CELLS, b"\0")] if said.register == CELLS else answers
    with pytest.raises(FrameError):
        await wire.driver._poll()
    assert not wire.sink.readings


async def test_three_polls_without_an_answer_end_the_session() -> None:
    wire = wire_of()
    wire.deaf = lambda _: len(wire.sink.readings) == 2
    with pytest.raises(SilentError, match="no usable answers"):
        await wire.driver.converse()
    assert wire.sink.drops == ["unanswered"] * 3


async def test_one_poll_without_an_answer_does_not() -> None:
    wire = wire_of()
    lost: list[bytes] = []

    def lose(packet: bytes) -> bool:
        if len(wire.sink.readings) == 2 and len(lost) < 2 and packet == request(BASIC, write=False):
            lost.append(packet)
            return True
        return False

    wire.deaf = lose
    task = asyncio.create_task(wire.driver.converse())
    await until(lambda: len(wire.sink.readings) > 4)
    assert not task.done()
    assert wire.sink.drops == ["unanswered"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


# The oldest firmware.


async def test_the_oldest_firmware_is_recognised() -> None:
    wire = await wire_of(LEGACY, 13).begin()
    assert wire.sink.identities[0].variant == "legacy"
    assert await wire.driver._poll()
    assert await wire.driver._poll()
    assert not wire.sink.readings[-1].counters
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
    async with running(monkeypatch, peripheral, "111111") as pack:
        await until(lambda: isinstance(pack.last_error, WrongPasswordError))
        await asyncio.sleep(0.3)
        assert pack.state is LinkState.WRONG_PASSWORD
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
    gate = wire.peripheral.gate

    def answer(command: int, data: bytes) -> bytes | None:
        if command != APP_KEY:
            return None
        gate.user = data == pin
        return b"\x00" if gate.user else b"\x01"

    wire.peripheral.gate = _Gate(gate, answer)


class _Gate:
    def __init__(self, gate, answer) -> None:
        self._gate = gate
        self.answer = answer

    def __getattr__(self, name: str):
        return getattr(self._gate, name)


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
    original = wire.peripheral.gate
    wire.peripheral.gate = _Gate(original, lambda command, data: b"")
    with pytest.raises(SilentError):
        await wire.begin()


async def test_an_answer_of_the_module_to_something_else_is_none() -> None:
    wire = wire_of(DP16S020, 16, PASSWORD)
    original = wire.peripheral.gate

    def answer(command: int, data: bytes) -> bytes | None:
        wire.hear(module(USER if command == APP_KEY else APP_KEY, b"\x01"))
        return original.answer(command, data)

    wire.peripheral.gate = _Gate(original, answer)
    await wire.begin()
    assert wire.sink.identities


async def test_without_the_address_there_is_no_use_in_a_password() -> None:
    terms = Terms(address="5F0C1D2E-77AA-4C0B-9D6E-000000000000", password=PASSWORD)
    wire = Wire(jbd_pack(DP16S020, cells=16), terms=terms)
    with pytest.raises(SilentError, match="address"):
        await wire.begin()
    assert USER not in asked_module(wire)


async def test_a_rejected_second_password_is_not_tried_again_in_this_session() -> None:
    wire = await wire_of(DP16S020, 16, PASSWORD, wants_unlock=False).begin()
    original = wire.peripheral.gate
    wire.peripheral.gate = _Gate(
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


# Parameters.


async def test_parameters_are_read_behind_the_factory_mode_and_it_is_left_again(wire) -> None:
    wire.written.clear()
    settings = await wire.driver.read_settings()
    assert wire.sink.told == [settings]
    said = commands(wire.written)
    assert (said[0], said[-1]) == (Said(True, ENTER, b"\x56\x78"), Said(True, EXIT, EXIT_A))
    assert not wire.peripheral.factory_mode
    assert "factory_mode" not in wire.terms.memory


async def test_finer_points_are_only_asked_of_newer_software() -> None:
    registers = {}
    for label in (LEGACY, WATTCYCLE):
        wire = await wire_of(label).begin()
        await wire.driver.read_settings()
        registers[label.model] = {said.register for said in commands(wire.written)}
    assert not registers[LEGACY.model] & set(range(0x42, 0x48))
    assert registers[WATTCYCLE.model] >= set(range(0x42, 0x48))


async def test_one_parameter_is_read_alone(open_wire) -> None:
    wire = open_wire
    wire.peripheral.change_elsewhere(request(OVERVOLTAGE, (3650).to_bytes(2)))
    settings = await wire.driver.read_settings("cell_overvoltage")
    assert settings.values["cell_overvoltage"] == 3.65
    assert settings.apart == {"cell_overvoltage"}
    assert settings.apart_at >= settings.measured_at
    assert [said.register for said in commands(wire.written)] == [ENTER, OVERVOLTAGE, EXIT]
    assert exits(wire) == [EXIT_A]


async def test_what_is_no_parameter_is_read_with_all_others(open_wire) -> None:
    await open_wire.driver.read_settings("charge_switch")
    assert len(commands(open_wire.written)) > 40


async def test_registers_that_the_board_does_not_have_are_left_out(wire) -> None:
    wire.tamper = lambda said, answers: [reply(said.register, status=0x80)] if said.register == 0x38 else answers
    settings = await wire.driver.read_settings()
    assert "short_circuit_threshold" not in settings.values
    with pytest.raises(SilentError):
        await wire.driver.read_settings("short_circuit_threshold")
    assert not wire.peripheral.factory_mode


@pytest.mark.parametrize(
    "answer", [reply(OVERVOLTAGE, b"\0"), reply(OVERVOLTAGE), reply(OVERVOLTAGE, status=0x81), b""]
)
@pytest.mark.parametrize("key", [None, "cell_overvoltage"])
async def test_a_look_that_fails_leaves_all_as_it_was(open_wire, answer, key) -> None:
    wire = open_wire
    wire.tamper = lambda said, answers: [answer] if said.register == OVERVOLTAGE else answers
    with pytest.raises(SilentError):
        await wire.driver.read_settings(key)
    assert not wire.peripheral.factory_mode
    assert not wire.driver._turn.locked()
    assert len(wire.sink.told) == 1
    wire.tamper = lambda _, answers: answers
    assert (await wire.driver.read_settings(key)).values["cell_overvoltage"] == 3.6


async def test_a_board_that_states_an_impossible_number_of_cells_is_not_believed(wire) -> None:
    wire.tamper = lambda said, answers: [reply(0x2F, b"\0\0")] if said.register == 0x2F else answers
    with pytest.raises(SilentError, match="no sense"):
        await wire.driver.read_settings()
    with pytest.raises(SilentError):
        await wire.driver.read_settings("cell_overvoltage")


async def test_parameters_without_a_result_are_none(wire, monkeypatch) -> None:
    async def nothing() -> None:
        """Find nothing."""

    monkeypatch.setattr(wire.driver, "_read_all", nothing)
    with pytest.raises(SilentError):
        await wire.driver.read_settings()


async def test_the_parameters_are_asked_for_three_times_at_most() -> None:
    wire = wire_of()
    wire.tamper = lambda said, answers: [] if said.register == 0x10 else answers
    task = asyncio.create_task(wire.driver.converse())
    await until(lambda: wire.sink.drops.count("settings_unread") == 3)
    count = len(wire.sink.readings)
    await until(lambda: len(wire.sink.readings) > count + 3)
    assert wire.sink.drops == ["settings_unread"] * 3
    assert not wire.peripheral.factory_mode
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_opening_the_parameters_may_take_a_few_tries(wire) -> None:
    lost = iter([True, True, False])
    wire.deaf = lambda packet: packet[2:4] == b"\x00\x02" and packet[1] == 0x5A and next(lost, False)
    await wire.driver.read_settings()
    assert len(writes(wire.written, ENTER)) == 3


async def test_a_board_that_wants_a_login_gets_the_one_of_the_vendor(wire) -> None:
    refuse = lambda: not writes(wire.written, LOGIN)  # noqa: E731
    wire.tamper = lambda said, answers: (
        [reply(ENTER, status=0x81)] if said.register == ENTER and said.write and refuse() else answers
    )
    await wire.driver.read_settings()
    assert [said.data for said in writes(wire.written, LOGIN)] == [b"\x06" + bytes(6)]


async def test_a_board_that_does_not_open_its_parameters_is_told_to_close_them_all_the_same(wire) -> None:
    wire.written.clear()
    wire.tamper = lambda said, answers: [reply(said.register, status=0x81)] if said.register in (0, 6) else answers
    with pytest.raises(SilentError):
        await wire.driver.read_settings()
    assert not await wire.driver.write("cell_overvoltage", 3.65)
    assert exits(wire) == [EXIT_A] * 2
    assert not writes(wire.written, OVERVOLTAGE)


async def test_a_poll_that_got_lost_is_repeated_when_a_late_answer_would_have_come() -> None:
    wire = await wire_of(LEGACY, 13).begin()
    lost: list[Said] = []

    def lose_one(said: Said, answers: list[bytes]) -> list[bytes]:
        if said.register == 0x03 and not lost:
            lost.append(said)
            return []
        return answers

    wire.tamper = lose_one
    assert await wire.driver._poll()


async def test_protection_counters_are_read_now_and_then() -> None:
    wire = await wire_of().begin()
    for _ in range(13):
        await wire.driver._poll()
    assert [said.register for said in commands(wire.written)].count(COUNTERS) == 2
    assert [len(reading.counters) for reading in wire.sink.readings] == [12, *[0] * 11, 12]


async def test_counters_that_get_lost_once_are_not_given_up() -> None:
    wire = await wire_of().begin()
    wire.tamper = lambda said, answers: [] if said.register == COUNTERS else answers
    await wire.driver._poll()
    wire.tamper = lambda _, answers: answers
    await wire.driver._poll()
    assert wire.sink.readings[-1].counters


async def test_counters_that_make_no_sense_are_none() -> None:
    wire = await wire_of().begin()
    for _ in range(12):
        await wire.driver._poll()
    wire.tamper = lambda said, answers: [reply(COUNTERS, b"\0" * 7)] if said.register == COUNTERS else answers
    await wire.driver._poll()
    assert not wire.sink.readings[-1].counters


async def test_units_are_known_before_the_first_reading() -> None:
    wire = wire_of(hundred_ma=True)
    wire.terms.memory.clear()
    original = wire.peripheral.firmware._fet_byte
    wire.peripheral.firmware._fet_byte = lambda: original() & 0x7F
    await wire.begin()
    await wire.driver._poll()
    assert [reading.full_capacity for reading in wire.sink.readings] == [100]
    assert not wire.peripheral.factory_mode


async def test_a_board_that_does_not_open_its_parameters_is_read_all_the_same() -> None:
    wire = wire_of()
    wire.terms.memory.clear()
    wire.tamper = lambda said, answers: [reply(0, status=0x81)] if said == Said(True, ENTER, b"\x56\x78") else answers
    await wire.begin()
    assert await wire.driver._poll()


@pytest.mark.parametrize("status", [0x82, 0x83])
async def test_a_leave_that_was_not_understood_is_said_again(status) -> None:
    wire = await wire_of().begin()
    refused: list[Said] = []

    def refuse_once(said: Said, answers: list[bytes]) -> list[bytes]:
        if said == Said(True, EXIT, EXIT_A) and not refused:
            refused.append(said)
            wire.peripheral.factory_mode = True
            return [reply(EXIT, status=status)]
        return answers

    wire.tamper = refuse_once
    await wire.driver.read_settings()
    assert not wire.peripheral.factory_mode
    assert exits(wire) == [EXIT_A] * 2


async def test_what_was_not_left_is_left_before_the_next_poll() -> None:
    wire = await wire_of().begin()
    wire.deaf = lambda packet: packet == request(EXIT, EXIT_A)
    await wire.driver.read_settings()
    assert wire.peripheral.factory_mode
    wire.deaf = lambda _: False
    assert await wire.driver._poll()
    assert not wire.peripheral.factory_mode


async def test_a_late_answer_to_a_look_acknowledges_no_write() -> None:
    wire = await wire_of().begin()
    wire.peripheral.faults.forget_writes = True

    def answer_a_look(said: Said, answers: list[bytes]) -> list[bytes]:
        if said.write and said.register == OVERVOLTAGE:
            return [reply(OVERVOLTAGE, b"\x0e\x10"), reply(OVERVOLTAGE, status=0x83)]
        return answers

    wire.tamper = answer_a_look
    assert not await wire.driver.write("cell_overvoltage", 3.65)
    assert exits(wire)[-1] == EXIT_A


async def test_a_text_that_is_cut_is_no_answer() -> None:
    wire = await wire_of().begin()
    await wire.driver.read_settings()
    wire.tamper = lambda said, answers: [reply(0xA2, b"\x09abc")] if said.register == 0xA2 else answers
    with pytest.raises(SilentError):
        await wire.driver.read_settings("barcode")
    assert not wire.peripheral.factory_mode


async def test_units_that_only_the_function_word_tells_are_told_to_all() -> None:
    wire = wire_of(hundred_ma=True)
    firmware = wire.peripheral.firmware
    original = firmware._fet_byte
    firmware._fet_byte = lambda: original() & 0x7F
    await wire.begin()
    await wire.driver.read_settings()
    await wire.driver._poll()
    assert wire.sink.readings[-1].full_capacity == 100
    assert wire.sink.identities[-1].details["coarse_units"] is True


# Writing.


async def test_a_write_is_made_to_last(open_wire) -> None:
    assert await open_wire.driver.write("cell_overvoltage", 3.65)
    assert commands(open_wire.written) == [
        *(Said(False, register, b"") for register in (0x03, 0x04, COUNTERS)),
        Said(True, ENTER, b"\x56\x78"),
        Said(False, OVERVOLTAGE, b""),
        Said(True, OVERVOLTAGE, (3650).to_bytes(2)),
        Said(True, EXIT, EXIT_B),
    ]
    assert not open_wire.peripheral.factory_mode


async def test_a_long_text_is_sent_in_packets_that_every_module_takes(open_wire) -> None:
    text = "x" * 31
    assert await open_wire.driver.write("barcode", text)
    assert max(map(len, open_wire.written)) == 20
    assert (await open_wire.driver.read_settings("barcode")).values["barcode"] == text


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("nonsense", 1),
        ("cell_overvoltage", True),
        ("cell_overvoltage", 900),
        ("cell_overvoltage", None),
        ("balance_switch", 1),
        ("barcode", "ü"),
        ("charge_switch", None),
        ("charge_switch", 1),
        ("remaining_capacity_calibration", None),
        ("remaining_capacity_calibration", True),
        ("remaining_capacity_calibration", 700),
        ("remaining_capacity_calibration", float("inf")),
    ],
)
async def test_what_cannot_be_put_into_bytes_is_not_sent(open_wire, key, value) -> None:
    with pytest.raises(ValueError):
        await open_wire.driver.write(key, value)
    assert {said.register for said in writes(open_wire.written)} <= {ENTER, EXIT}
    assert EXIT_B not in exits(open_wire)
    assert not open_wire.peripheral.factory_mode
    assert not open_wire.driver._turn.locked()


async def test_a_write_without_an_answer_is_not_repeated(open_wire) -> None:
    wire = open_wire
    wire.peripheral.faults.lose_ready = True
    assert not await wire.driver.write("cell_overvoltage", 3.65)
    assert len(writes(wire.written, OVERVOLTAGE)) == 1
    assert exits(wire) == [EXIT_B]
    assert not wire.peripheral.factory_mode


async def test_a_board_that_closed_its_parameters_meanwhile_is_asked_to_open_them_once_more(open_wire) -> None:
    wire = open_wire

    def close(said: Said, answers: list[bytes]) -> list[bytes]:
        if said == (False, OVERVOLTAGE, b""):
            wire.peripheral.factory_mode = False
        return answers

    wire.tamper = close
    assert await wire.driver.write("cell_overvoltage", 3.65)
    assert len(writes(wire.written, ENTER)) == len(writes(wire.written, OVERVOLTAGE)) == 2
    assert wire.peripheral.board.limits.cell_overvoltage == 3.65


@pytest.mark.parametrize(("status", "tries"), [(0x80, 1), (0x81, 2), (0x83, 1)])
async def test_a_write_that_the_board_refuses_clears_nothing(open_wire, status, tries) -> None:
    wire = open_wire
    wire.tamper = lambda said, answers: (
        [reply(said.register, status=status)] if said.write and said.register == OVERVOLTAGE else answers
    )
    wire.peripheral.faults.forget_writes = True
    assert not await wire.driver.write("cell_overvoltage", 3.65)
    assert len(writes(wire.written, OVERVOLTAGE)) == tries
    assert exits(wire) == [EXIT_A]


@pytest.mark.parametrize(
    ("key", "value", "register"), [("led", True, FUNCTIONS), ("charge_overcurrent_delay", 9, DELAYS)]
)
@pytest.mark.parametrize("data", [b"", b"\0", b"\0\0\0"])
async def test_nothing_is_written_beside_neighbours_that_were_not_read(open_wire, key, value, register, data) -> None:
    wire = open_wire
    wire.tamper = lambda said, answers: [reply(register, data)] if said == (False, register, b"") else answers
    with suppress(ValueError):
        assert not await wire.driver.write(key, value)
    assert not writes(wire.written, register)
    assert exits(wire) == [EXIT_A]
    assert not wire.peripheral.factory_mode


async def test_neighbours_are_written_as_they_are_now_and_not_as_they_were(open_wire) -> None:
    wire = open_wire
    wire.peripheral.change_elsewhere(request(FUNCTIONS, b"\x00\x2e"))
    assert await wire.driver.write("led", True)
    assert wire.peripheral.firmware.registers.word(FUNCTIONS) == 0x003E


async def test_the_remaining_capacity_is_set_without_clearing_anything(open_wire) -> None:
    wire = open_wire
    assert await wire.driver.write("remaining_capacity_calibration", 42.5)
    assert [said.data for said in writes(wire.written, REMAINING)] == [(4250).to_bytes(2)]
    assert exits(wire) == [EXIT_A]
    await wire.driver._poll()
    assert wire.sink.readings[-1].remaining_capacity == 42.5


@pytest.mark.parametrize("key", ["cell_overvoltage", "remaining_capacity_calibration"])
async def test_a_link_lost_at_a_write_is_said_and_blocks_nothing(open_wire, key) -> None:
    wire = open_wire
    wire.cut = lambda said: said.write and said.register in (OVERVOLTAGE, REMAINING)
    # What was sent is not answered any more; the end of the link shows with the next packet.
    assert not await wire.driver.write(key, 3.65)
    assert not wire.driver._turn.locked()
    assert "factory_mode" in wire.terms.memory


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
    assert "factory_mode" not in wire.terms.memory


@pytest.mark.parametrize("register", [OVERVOLTAGE, EXIT])
async def test_a_session_cut_while_writing_is_followed_by_leaving_what_was_written(open_wire, register) -> None:
    wire = open_wire
    wire.cut = lambda said: said.write and said.register == register
    await wire.driver.write("cell_overvoltage", 3.65)
    wire = await wire.again().begin()
    assert commands(wire.written)[0] == Said(True, EXIT, EXIT_B)
    assert not wire.peripheral.factory_mode
    assert "factory_mode" not in wire.terms.memory


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
    with pytest.raises(LinkLostError):
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
    assert "factory_mode" not in wire.terms.memory


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
    await until(lambda: wire.peripheral.factory_mode and wire.driver._line._answer)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert exits(wire) == [EXIT_A]
    assert not wire.peripheral.factory_mode
    assert not wire.driver._turn.locked()
    assert "factory_mode" not in wire.terms.memory
    assert wire.driver._line._answer is None


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
    assert "factory_mode" not in wire.terms.memory
    assert not wire.peripheral.factory_mode


@pytest.mark.parametrize("writing", [False, True])
async def test_a_pack_that_is_stopped_in_the_middle_is_not_left_in_factory_mode(monkeypatch, writing) -> None:
    peripheral = jbd_pack(loses_first=False)
    async with running(monkeypatch, peripheral) as pack:
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


# Switches.


async def test_a_switch_leaves_the_other_as_it_is(wire) -> None:
    wire.peripheral.board.discharge_switch = False
    assert await wire.driver.write("charge_switch", False)
    assert [said.data for said in writes(wire.written, SWITCHES)] == [b"\0\3"]
    assert not writes(wire.written, ENTER)


async def test_a_lock_that_a_protection_hides_is_kept_as_it_was_seen(wire) -> None:
    wire.peripheral.board.charge_switch = False
    await wire.driver._poll()
    wire.peripheral.board.extra_alarms.add("short_circuit")
    await wire.driver._poll()
    assert "charge_lock" not in wire.sink.readings[-1].details
    assert wire.sink.readings[-1].details["charge_lock_commanded"] is True
    await wire.driver.write("discharge_switch", False)
    assert [said.data for said in writes(wire.written, SWITCHES)] == [b"\0\3"]


async def test_a_lock_that_was_seen_in_an_earlier_session_is_not_trusted(wire) -> None:
    wire.peripheral.board.charge_switch = False
    await wire.driver._poll()
    wire.peripheral.board.extra_alarms.add("short_circuit")
    wire = await wire.again().begin()
    await wire.driver._poll()
    assert "charge_lock_commanded" not in wire.sink.readings[-1].details
    assert not await wire.driver.write("discharge_switch", False)
    assert not writes(wire.written, SWITCHES)


async def test_a_lock_that_was_never_seen_is_not_guessed() -> None:
    wire = wire_of()
    wire.peripheral.board.charge_switch = False
    wire.peripheral.board.extra_alarms.add("short_circuit")
    await wire.begin()
    await wire.driver._poll()
    assert "charge_lock" not in wire.sink.readings[-1].details
    assert not await wire.driver.write("discharge_switch", False)
    assert not writes(wire.written, SWITCHES)


async def test_a_lock_set_elsewhere_while_a_protection_hides_it_is_kept(wire) -> None:
    await wire.driver._poll()
    wire.peripheral.board.extra_alarms.add("cell_overvoltage")
    # The bit of the locks is set and the discharge switch conducts: it can only be the charge switch.
    wire.peripheral.change_elsewhere(request(SWITCHES, b"\0\1"))
    await wire.driver._poll()
    assert wire.sink.readings[-1].details["charge_lock"] is True
    await wire.driver.write("discharge_switch", False)
    assert [said.data for said in writes(wire.written, SWITCHES)] == [b"\0\3"]


async def test_a_switch_that_was_not_acknowledged_is_not_known_while_it_is_hidden(wire) -> None:
    wire.peripheral.board.extra_alarms.add("short_circuit")
    await wire.driver._poll()
    wire.peripheral.faults.lose_ready = True
    assert not await wire.driver.write("charge_switch", False)
    assert not wire.peripheral.board.charge_switch
    await wire.driver._poll()
    assert wire.sink.readings[-1].details.get("charge_lock") is not False


async def test_a_command_that_was_only_acknowledged_is_no_proof(wire) -> None:
    wire.peripheral.board.discharge_switch = False
    await wire.driver._poll()
    wire.peripheral.board.extra_alarms.add("cell_overvoltage")
    wire.peripheral.faults.forget_writes = True
    await wire.driver.write("charge_switch", False)
    await wire.driver._poll()
    assert wire.peripheral.board.charge_switch
    assert wire.sink.readings[-1].details.get("charge_lock") is not True


async def test_a_board_that_wants_it_has_its_parameters_open_for_the_switches() -> None:
    wire = await wire_of(wants_factory_for_fet=True).begin()
    assert await wire.driver.write("charge_switch", False)
    assert not wire.peripheral.board.charge_switch
    assert len(writes(wire.written, SWITCHES)) == 2
    assert exits(wire) == [EXIT_A]


async def test_newer_boards_get_the_command_for_one_switch() -> None:
    wire = await wire_of(WATTCYCLE).begin()
    for on in (False, True):
        assert await wire.driver.write("discharge_switch", on)
        assert wire.peripheral.board.discharge_switch is on
    assert [said.data for said in writes(wire.written, SWITCH)] == [b"\0\1", b"\0\0"]
    assert await wire.driver.write("charge_switch", False)
    assert writes(wire.written, SWITCH)[-1].data == b"\1\1"


async def test_the_command_for_one_switch_means_another_thing_elsewhere() -> None:
    wire = await wire_of(fet_commands=frozenset({0xFB})).begin()
    assert not await wire.driver.write("charge_switch", False)
    assert not writes(wire.written, SWITCH)


async def test_an_answer_that_makes_no_sense_is_no_acknowledgement(wire) -> None:
    wire.tamper = lambda said, answers: [reply(CELLS, b"\0")] if said.register == CELLS else answers
    assert not await wire.driver.write("charge_switch", False)
    assert not writes(wire.written, SWITCHES)
