"""The conversation with a JBD pack: every board that is simulated, whom we talk to, and its values."""

import asyncio
from itertools import pairwise

import pytest

from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.errors import (
    NotThisKindError,
    PairingNeededError,
    PasswordNeededError,
    SilentError,
)
from custom_components.smart_bms.bms.jbd.driver import JbdDriver
from custom_components.smart_bms.simulator.jbd.labels import DP16S020, LEGACY, MODULE_FF00, SP04S034, WATTCYCLE
from custom_components.smart_bms.simulator.peripheral import Characteristic, Service, uuid16
from custom_components.smart_bms.simulator.radio import _services
from tests.support.jbd_boards import (
    APP_KEY,
    LABELS,
    RANDOM,
    ROOT,
    SAFE,
    USER,
    asked_module,
    exits_of,
    running_jbd,
    wire_of,
)
from tests.support.jbd_wire import (
    BASIC,
    ENTER,
    EXIT,
    EXIT_A,
    LOGIN,
    SHORT,
    SWITCH,
    UNLOCK,
    Said,
    commands,
    reply,
    writes,
)
from tests.support.packs import jbd_pack
from tests.support.waiting import until

# Every board, over the radio.


@pytest.mark.parametrize("board", LABELS)
async def test_every_board_streams_and_tells_its_parameters(monkeypatch, board) -> None:
    label, cells, password = board
    peripheral = jbd_pack(label, cells=cells)
    async with running_jbd(monkeypatch, peripheral, password) as pack:
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
        assert pack.state is ConnectionState.STREAMING
        assert not pack.dropped
    assert not peripheral.connected
    assert {said.register for said in commands(peripheral.written)} <= SAFE
    assert {said.register for said in writes(peripheral.written)} <= {ENTER, EXIT, LOGIN, UNLOCK}


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
    async with running_jbd(monkeypatch, peripheral) as pack:
        for notifications in (0, 1, 4, 9, 20):
            peripheral.faults.disconnect_after = notifications
            await until(lambda: peripheral.faults.disconnect_after is None)
            await until(lambda: pack.state is ConnectionState.STREAMING)
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
    assert wire.listener.identities[0].model == SP04S034.model
    assert b"\x00" * 4 not in wire.written


async def test_a_board_that_sleeps_deep_is_woken_by_zeros() -> None:
    wire = wire_of()
    wire.deaf = lambda _: bytes(4) not in wire.written
    await wire.begin()
    assert wire.listener.identities
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


@pytest.mark.parametrize(("label", "waits"), [(LEGACY, True), (SP04S034, False)])
async def test_after_a_second_question_an_answer_without_a_name_is_let_go_by(label, waits) -> None:
    wire, asked = wire_of(label), []

    def note(said, answers):
        asked.append((said.register, asyncio.get_running_loop().time()))
        return answers

    wire.tamper = note
    lost = iter([True])
    wire.deaf = lambda _: next(lost, False)
    began = asyncio.get_running_loop().time()
    await wire.begin()
    (register, second), (_, third) = asked[:2]
    assert register == BASIC
    assert second - began == pytest.approx(SHORT.first, abs=0.005)
    assert (third - second >= SHORT.answer) is waits


async def test_a_stray_byte_is_no_answer() -> None:
    wire = await wire_of(stray_byte=True).begin()
    assert wire.listener.drops == []


async def test_a_board_without_a_name_is_identified_all_the_same() -> None:
    wire = wire_of()
    wire.tamper = lambda said, answers: [reply(said.register, status=0x80)] if said.register in (5, 0) else answers
    await wire.begin()
    (identity,) = wire.listener.identities
    assert (identity.model, identity.details["front_end"]) == ("", 0)


@pytest.mark.parametrize(("data", "front_end"), [(b"\x00\x03", 3), (b"", None)])
async def test_the_front_end_is_told(data, front_end) -> None:
    wire = wire_of()
    wire.tamper = lambda said, answers: [reply(0, data)] if said.register == 0 and not said.write else answers
    await wire.begin()
    assert wire.listener.identities[0].details.get("front_end") == front_end


async def test_a_front_end_that_did_not_answer_is_not_known() -> None:
    wire = wire_of()
    wire.tamper = lambda said, answers: [] if said.register == 0 and not said.write else answers
    await wire.begin()
    assert "front_end" not in wire.listener.identities[0].details
    assert (await wire.driver.read_settings()).values["short_circuit_threshold"] == "155_mv"


async def test_a_long_look_at_the_parameters_does_not_keep_the_values_waiting(monkeypatch) -> None:
    wire = await wire_of().begin()
    await wire.driver._poll()
    write = wire.write

    async def slow(data: bytes) -> None:
        await asyncio.sleep(0.5)
        await write(data)

    monkeypatch.setattr(wire, "write", slow)
    await wire.driver.read_settings()
    times = [reading.measured_at for reading in wire.listener.readings]
    assert len(times) > 2
    assert max(later - earlier for earlier, later in pairwise(times)) < 8


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
    async with running_jbd(monkeypatch, peripheral) as pack:
        await until(lambda: pack.state is ConnectionState.STREAMING)
        assert isinstance(pack.last_error, PairingNeededError)
        assert peripheral.paired
