"""A pack's life: connect, stream, fall silent, vanish, come back. All through bleak, over a simulated radio."""

import asyncio
from dataclasses import replace

from bleak.exc import BleakError
import bleak_retry_connector
import pytest

from custom_components.smart_bms.bms.connection import CONNECT_TIMEOUT, QUICK_CONNECT, Connection
from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.errors import (
    ConnectFailedError,
    ConnectionLostError,
    FrozenError,
    NoConnectablePathError,
    NoFreeSlotError,
    NotThisKindError,
    PackError,
    PairingNeededError,
    SilentError,
)
from custom_components.smart_bms.bms.jk.driver import JkDriver
from custom_components.smart_bms.bms.pack import Change, Pack
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.session import Session
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.simulator.jk.labels import MODULE_B
from custom_components.smart_bms.simulator.peripheral import Service
from tests.support.packs import ADDRESS, cell_info, jk_pack, sealed, settings
from tests.support.radio import finder, on_radio
from tests.support.running_pack import BACKOFF, FAMILY, running
from tests.support.waiting import now, until


@pytest.fixture
def changes() -> list[Change]:
    return []


@pytest.fixture
def pack(radio, changes) -> Pack:
    return Pack(FAMILY, "test", finder(radio, ADDRESS), changes.append, backoff=BACKOFF)


@pytest.mark.parametrize("variant", ["JK02_32S", "JK02_24S", "JK04"])
async def test_a_pack_of_each_layout_streams(monkeypatch, variant) -> None:
    peripheral = jk_pack(variant)
    async with on_radio(monkeypatch, peripheral) as radio:
        pack = Pack(FAMILY, "test", finder(radio, ADDRESS), backoff=BACKOFF)
        async with running(pack):
            await until(lambda: pack.frames_per_minute(now()) > 5)
            assert pack.state is ConnectionState.STREAMING
            assert pack.is_fresh(now())
            assert pack.last_identity.variant == variant
            assert pack.last_settings.values["cell_count"] == 8
            assert pack.last_reading.cell_count == 8
            assert not pack.dropped
            assert pack.sessions == 1
        assert pack.state is ConnectionState.STOPPED
        assert not peripheral.connected


async def test_listeners_hear_of_each_kind_of_change(pack, changes) -> None:
    async with running(pack):
        await until(lambda: changes.count(Change.READING) > 2 and Change.SETTINGS in changes)
    assert changes[:5] == [Change.STATE, Change.STATE, Change.IDENTITY, Change.READING, Change.STATE]
    # What may be written has to be told twice, and the stream does not wait for it.
    assert changes.index(Change.SETTINGS) < 10
    assert changes[-1] is Change.STATE


async def test_only_reading_commands_are_ever_sent(pack, peripheral) -> None:
    async with running(pack):
        await until(lambda: pack.last_reading)
    assert {data[4] for data in peripheral.written} == {0x96, 0x97}


async def test_a_lost_link_is_taken_up_again(pack, peripheral) -> None:
    async with running(pack):
        await until(lambda: pack.last_reading)
        peripheral.faults.disconnect_after = 0
        await until(lambda: pack.sessions == 2 and pack.state is ConnectionState.STREAMING)
        assert isinstance(pack.last_error, ConnectionLostError)


@pytest.mark.parametrize("notifications", range(10))
async def test_a_pack_may_vanish_at_any_step(pack, peripheral, notifications, caplog) -> None:
    peripheral.faults.disconnect_after = notifications
    async with running(pack):
        await until(lambda: peripheral.faults.disconnect_after is None)
        await until(lambda: pack.sessions > 1 and pack.is_fresh(now()))
    assert "Traceback" not in caplog.text
    assert not peripheral.connected


async def test_a_pack_that_serves_a_phone_is_out_of_reach_until_the_phone_lets_go(
    pack, peripheral, monkeypatch
) -> None:
    monkeypatch.setattr("custom_components.smart_bms.bms.connection.CONNECT_TIMEOUT", 0.2)
    peripheral.connect()
    async with running(pack):
        await until(lambda: pack.last_error)
        assert pack.state in (
            ConnectionState.NO_CONNECTABLE_PATH,
            ConnectionState.CONNECT_FAILED,
            ConnectionState.CONNECTING,
        )
        assert pack.last_reading is None
        peripheral.disconnect()
        await until(lambda: pack.is_fresh(now()))


async def test_a_pack_that_vanishes_is_found_again_as_soon_as_it_is_heard(radio, peripheral) -> None:
    pack = Pack(FAMILY, "test", finder(radio, ADDRESS), backoff=(3600.0,))
    async with running(pack):
        await until(lambda: pack.last_reading)
        peripheral.faults.refuse_connections = True
        pack._reconnector._backoff = BACKOFF
        peripheral.faults.disconnect_after = 0
        await until(lambda: pack.state is ConnectionState.NO_CONNECTABLE_PATH)
        await until(lambda: not pack.is_fresh(now()))
        assert pack.age(now()) > 0.4
        pack._reconnector._backoff = (3600.0,)
        await asyncio.sleep(0.15)
        peripheral.faults.refuse_connections = False
        pack.wake()
        await until(lambda: pack.is_fresh(now()))


async def test_waking_does_not_hurry_a_pack_that_refuses(pack) -> None:
    pack.wake()
    assert not pack._reconnector._wake.is_set()


async def test_a_silent_stream_is_asked_again_and_then_reconnected(pack, peripheral) -> None:
    async with running(pack):
        await until(lambda: pack.last_reading)
        asked = len(peripheral.written)
        peripheral.faults.silent = True
        await until(lambda: len(peripheral.written) > asked)
        await until(lambda: pack.connection_state(now()) is ConnectionState.SILENT)
        await until(lambda: isinstance(pack.last_error, SilentError))
        peripheral.faults.silent = False
        await until(lambda: pack.sessions > 1 and pack.is_fresh(now()))


async def test_the_reason_of_a_loss_stays_until_a_reading_is_trusted_again(pack, peripheral) -> None:
    seen = []
    pack._listener = lambda change: (
        seen.append((pack.state, pack.connection_state(now()))) if change is Change.STATE else None
    )
    assert pack.silent_since is None
    async with running(pack):
        await until(lambda: pack.is_fresh(now()))
        # Nothing went wrong yet: the steps are told.
        assert [status for _, status in seen] == [
            ConnectionState.CONNECTING,
            ConnectionState.IDENTIFYING,
            ConnectionState.STREAMING,
        ]
        peripheral.faults.silent = True
        last = pack.last_reading
        await until(lambda: pack.connection_state(now()) is ConnectionState.SILENT)
        assert pack.silent_since == last.measured_at
        seen.clear()
        await until(lambda: pack.sessions > 2 and ConnectionState.IDENTIFYING in [step for step, _ in seen])
        assert {ConnectionState.CONNECTING, ConnectionState.IDENTIFYING, ConnectionState.SILENT} <= {
            step for step, _ in seen
        }
        assert {status for _, status in seen} == {ConnectionState.SILENT}
        assert pack.silent_since == last.measured_at
        peripheral.faults.silent = False
        await until(lambda: pack.is_fresh(now()))
        assert pack.connection_state(now()) is ConnectionState.STREAMING


async def test_a_pack_that_never_answered_is_lost_since_the_first_try(pack, peripheral) -> None:
    peripheral.faults.silent = True
    before = now()
    async with running(pack):
        await until(lambda: pack.sessions > 2)
        assert before <= pack.silent_since < now()
        assert pack.connection_state(now()) is ConnectionState.SILENT


async def test_a_stream_that_stopped_is_started_again_without_reconnecting(pack, peripheral) -> None:
    async with running(pack):
        await until(lambda: pack.last_reading)
        asked = len(peripheral.written)
        peripheral._streaming = False
        await until(lambda: len(peripheral.written) == asked + 2)
        seen = pack.last_reading
        await until(lambda: pack.last_reading is not seen)
        assert pack.sessions == 1


async def test_a_pack_that_answers_but_does_not_stream_is_given_up(pack, peripheral, monkeypatch) -> None:
    monkeypatch.setattr(type(peripheral), "_push", lambda self: None)
    async with running(pack):
        await until(lambda: isinstance(pack.last_error, SilentError))
        assert pack.last_identity is not None
        assert pack.last_reading is None


async def test_a_frozen_pack_is_stale_and_says_so(pack, peripheral, monkeypatch) -> None:
    monkeypatch.setattr("custom_components.smart_bms.bms.trust.FROZEN_AFTER", 0.1)
    async with running(pack):
        await until(lambda: pack.last_reading)
        peripheral.faults.frozen = True
        await until(lambda: pack.connection_state(now()) is ConnectionState.FROZEN)
        assert pack.dropped["frozen"] > 0
        await until(lambda: isinstance(pack.last_error, FrozenError) and pack.sessions > 1)
        assert not pack.is_fresh(now())
        peripheral.faults.frozen = False
        await until(lambda: pack.is_fresh(now()))


async def test_bad_reception_costs_frames_but_neither_the_link_nor_the_truth(pack, peripheral) -> None:
    async with running(pack):
        await until(lambda: pack.last_reading)
        peripheral.faults.corrupt_every = 5
        await until(lambda: pack.dropped["checksum"] >= 3)
        assert pack.is_fresh(now())
        assert pack.sessions == 1
        assert pack.last_reading.cell_voltages == pytest.approx([3.28] * 8, abs=0.05)


async def test_a_frame_that_comes_twice_is_dropped(pack, peripheral) -> None:
    frame = cell_info()
    async with running(pack):
        await until(lambda: pack.last_reading)
        peripheral._streaming = False
        await asyncio.sleep(0.1)
        before = pack.frames_per_minute(now())
        for _ in range(3):
            peripheral.send(4, frame)
        await until(lambda: pack.dropped["repeated"] == 2)
        assert pack.frames_per_minute(now()) <= before + 1


@pytest.mark.parametrize(
    ("body", "kind", "reason"),
    [
        (bytes(300), 0x02, "unusual_shape"),
        (b"\xff" * 300, 0x02, "unusual_shape"),
        (bytes(300), 0x01, "implausible_settings"),
        (b"\xff" * 300, 0x03, "implausible_identity"),
    ],
)
async def test_blank_frames_with_a_right_checksum_are_dropped(pack, peripheral, body, kind, reason) -> None:
    async with running(pack):
        await until(lambda: pack.last_reading)
        identity, parameters = pack.last_identity, pack.last_settings
        peripheral.send(4, sealed(body, kind))
        await until(lambda: pack.dropped[reason])
        assert pack.last_identity == identity
        assert pack.last_settings is parameters
        assert pack.last_reading.voltage > 20


async def test_frames_of_unknown_kinds_are_ignored(pack, peripheral) -> None:
    async with running(pack):
        await until(lambda: pack.last_reading)
        peripheral._streaming = False
        await asyncio.sleep(0.1)
        peripheral.send(4, sealed(bytes(300), 0x06))
        await asyncio.sleep(0.1)
        assert not pack.dropped


async def test_an_endless_notification_does_no_harm(pack, peripheral) -> None:
    async with running(pack):
        await until(lambda: pack.last_reading)
        peripheral.send(4, b"\x55\xaa\xeb\x90" * 5000)
        await until(lambda: pack.dropped["checksum"] > 1000)
        seen = pack.last_reading
        await until(lambda: pack.last_reading is not seen)


async def test_runtime_frames_before_the_identity_are_not_guessed_at(pack, peripheral) -> None:
    peripheral._streaming = True
    received: list[bytes] = []
    driver = JkDriver(None, pack, SessionContext())  # type: ignore[arg-type]
    pack.frame = lambda frame, now: received.append(frame)
    driver.notified(cell_info(), 0.0)
    driver.notified(settings(), 0.1)
    assert pack.last_reading is None
    assert pack.last_settings is None
    assert not received


@pytest.mark.parametrize("settings_come_late", [False, True])
async def test_the_content_overrules_a_version_that_lies(monkeypatch, settings_come_late) -> None:
    peripheral = jk_pack("JK02_32S", sw_version="10.09", module=MODULE_B)
    answer = peripheral._answer_settings

    def lose_the_first() -> None:
        peripheral._streaming = True
        peripheral._answers[0x96] = answer

    if settings_come_late:
        peripheral._answers[0x96] = lose_the_first
    async with on_radio(monkeypatch, peripheral) as radio:
        pack = Pack(FAMILY, "test", finder(radio, ADDRESS), backoff=BACKOFF)
        async with running(pack):
            await until(lambda: pack.last_reading and pack.last_settings)
            assert pack.last_identity.variant == "JK02_32S"
            assert pack.last_identity.sw_version == "10.09"
            assert pack.last_settings.variant == "JK02_32S"
            assert pack.last_reading.voltage == pytest.approx(26.2, abs=0.5)


async def test_kept_frames_hold_no_secret(pack) -> None:
    async with running(pack):
        await until(lambda: len(pack.frames) > 3)
    kept = " ".join(frame.hex() for _, frame in pack.frames)
    assert "55aaeb9003" in kept
    assert b"123456".hex() not in kept
    assert b"1234".hex() not in kept


async def test_pairing_is_tried_when_the_pack_asks_for_it(pack, peripheral) -> None:
    peripheral.faults.pairing_required = True
    async with running(pack):
        await until(lambda: isinstance(pack.last_error, PairingNeededError))
        assert "Insufficient" in str(pack.last_error)
        await until(lambda: pack.last_reading)
        assert peripheral.paired


async def test_a_pack_that_drops_us_at_once_twice_may_want_pairing(pack, peripheral, monkeypatch) -> None:
    def hang_up(self) -> None:
        self.hang_up = not self.paired

    monkeypatch.setattr(type(peripheral), "on_connected", hang_up)
    monkeypatch.setattr(type(peripheral), "on_subscribed", lambda self, handle: None)
    async with running(pack):
        await until(lambda: isinstance(pack.last_error, PairingNeededError))
        await until(lambda: peripheral.paired)


async def test_a_device_without_the_service_is_not_ours(monkeypatch) -> None:
    peripheral = jk_pack()
    peripheral.services = (Service(1, "0000180f-0000-1000-8000-00805f9b34fb", ()),)
    async with on_radio(monkeypatch, peripheral) as radio:
        pack = Pack(FAMILY, "test", finder(radio, ADDRESS))
        with pytest.raises(NotThisKindError):
            await pack.first_contact()
        assert not peripheral.connected


async def test_a_uart_bridge_that_is_not_a_pack_stays_silent(pack, peripheral) -> None:
    peripheral.faults.silent = True
    with pytest.raises(SilentError):
        await pack.first_contact()


async def test_in_haste_a_device_that_says_nothing_is_given_up_soon(pack, peripheral) -> None:
    pack.family = replace(pack.family, first_answer=0.1)
    peripheral.faults.silent = True
    with pytest.raises(SilentError, match="at once"):
        await pack.first_contact(hasty=True)
    assert not peripheral.connected


async def test_in_haste_a_pack_that_said_who_it_is_is_waited_for(pack, peripheral, monkeypatch) -> None:
    pack.family = replace(pack.family, first_answer=0.25)
    push = type(peripheral)._push
    monkeypatch.setattr(type(peripheral), "_push", lambda self: None)
    asyncio.get_running_loop().call_later(0.3, monkeypatch.setattr, type(peripheral), "_push", push)
    identity, _ = await pack.first_contact(hasty=True)
    assert identity.model == "JK_PB2A16S20P"


async def test_in_haste_a_device_that_hangs_up_is_not_called_silent(pack, peripheral) -> None:
    pack.family = replace(pack.family, first_answer=5.0)
    peripheral.faults.disconnect_after = 0
    with pytest.raises(ConnectionLostError):
        await pack.first_contact(hasty=True)


async def test_first_contact_reads_once_and_lets_go(pack, peripheral) -> None:
    identity, reading = await pack.first_contact()
    assert identity.model == "JK_PB2A16S20P"
    assert reading.cell_count == 8
    await until(lambda: not peripheral.connected)


async def test_first_contact_does_not_wait_for_ever(pack, monkeypatch, peripheral) -> None:
    monkeypatch.setattr(type(peripheral), "_push", lambda self: None)
    monkeypatch.setattr("custom_components.smart_bms.bms.pack.CONNECT_TIMEOUT", 0.0)
    with pytest.raises(SilentError, match="in time"):
        await pack.first_contact(0.2)
    assert not peripheral.connected


async def test_a_connection_that_does_not_come_about_is_not_called_silent(pack, monkeypatch) -> None:
    async def hang(*args, **kwargs):
        await asyncio.sleep(60)

    monkeypatch.setattr(bleak_retry_connector, "establish_connection", hang)
    monkeypatch.setattr("custom_components.smart_bms.bms.connection.CONNECT_TIMEOUT", 0.05)
    with pytest.raises(ConnectFailedError, match="timed out"):
        await pack.first_contact(0.5)


async def test_a_pack_that_was_connected_quickly_is_not_waited_for_as_long_as_one_that_never_was(
    peripheral, radio, monkeypatch
) -> None:
    limits: list[float] = []
    original = Session.run

    async def run(session, *, connect_timeout=None, **kwargs):
        limits.append(connect_timeout)
        await original(session, connect_timeout=connect_timeout, **kwargs)

    monkeypatch.setattr(Session, "run", run)
    weak = []
    context = SessionContext(is_weak=lambda: bool(weak))
    pack = Pack(FAMILY, "test", finder(radio, ADDRESS), backoff=BACKOFF, context=context)
    async with running(pack):
        await until(lambda: pack.last_reading)
        for _ in range(2):
            sessions = pack.sessions
            peripheral.hang_up = True
            await until(lambda sessions=sessions: pack.sessions > sessions)
            await until(lambda: pack.state is ConnectionState.STREAMING)
            weak.append(True)
        assert limits == [CONNECT_TIMEOUT, QUICK_CONNECT, CONNECT_TIMEOUT]


@pytest.mark.parametrize(("took", "limit"), [(1.0, QUICK_CONNECT), (4.0, 12.0), (20.0, CONNECT_TIMEOUT)])
def test_a_pack_that_was_slow_is_given_more_time(radio, took, limit) -> None:
    pack = Pack(FAMILY, "test", finder(radio, ADDRESS))
    pack._reconnector._slowest = took
    assert pack._reconnector._connect_timeout() == limit


async def test_a_pack_that_never_was_connected_is_tried_patiently_now_and_then(radio, monkeypatch) -> None:
    limits: list[float] = []

    async def fail(session, *, connect_timeout=None, **_):
        limits.append(connect_timeout)
        session.attempted = True
        raise ConnectFailedError("no")

    monkeypatch.setattr(Session, "run", fail)
    pack = Pack(FAMILY, "test", finder(radio, ADDRESS), backoff=(0.001,))
    async with running(pack):
        await until(lambda: len(limits) >= 6)
    quick = QUICK_CONNECT
    assert limits[:6] == [CONNECT_TIMEOUT, quick, quick, CONNECT_TIMEOUT, quick, quick]


async def test_a_slot_that_somebody_else_took_meanwhile_is_named(radio, monkeypatch) -> None:
    find, full = finder(radio, ADDRESS), []

    def find_device():
        if full:
            raise NoFreeSlotError("Garage proxy")
        return find()

    async def lose_the_race(*args, **kwargs):
        full.append(1)
        await asyncio.sleep(60)

    monkeypatch.setattr(bleak_retry_connector, "establish_connection", lose_the_race)
    monkeypatch.setattr("custom_components.smart_bms.bms.reconnect.CONNECT_TIMEOUT", 0.05)
    monkeypatch.setattr("custom_components.smart_bms.bms.reconnect._WAKE_SPACING_AFTER_ATTEMPT", 0.0)
    monkeypatch.setattr("custom_components.smart_bms.bms.reconnect._WAKE_SPACING", 0.0)
    pack = Pack(FAMILY, "test", find_device, backoff=(3600.0,))
    async with running(pack):
        await until(lambda: pack.state is ConnectionState.NO_FREE_SLOT)
        monkeypatch.undo()
        pack.wake()
        await asyncio.sleep(0.05)
        assert pack.state is ConnectionState.NO_FREE_SLOT
        full.clear()
        pack._reconnector._ignore_wakes_until = 0.0
        pack.wake()
        await until(lambda: pack.state is not ConnectionState.NO_FREE_SLOT)


async def test_being_heard_ten_times_a_second_does_not_hammer(pack) -> None:
    looked = []

    def nowhere():
        looked.append(1)
        raise NoConnectablePathError

    pack._find_device = pack._reconnector._find_device = nowhere
    pack._reconnector._backoff = (3600.0,)
    async with running(pack):
        await until(lambda: pack.state is ConnectionState.NO_CONNECTABLE_PATH)
        for _ in range(30):
            pack.wake()
            await asyncio.sleep(0.01)
    assert len(looked) == 2
    assert pack._reconnector._failures == 0


async def test_a_defect_in_the_conversation_still_ends_the_connection(pack, peripheral, monkeypatch, caplog) -> None:
    async def broken(self) -> None:
        raise OSError("defect")

    monkeypatch.setattr(JkDriver, "run", broken)
    async with running(pack):
        await until(lambda: pack.sessions > 3)
        assert isinstance(pack.last_error, ConnectFailedError)
    assert not peripheral.connected
    assert caplog.text.count("unexpected error") == 1


async def test_early_losses_do_not_colour_what_comes_after_them(pack, peripheral, monkeypatch) -> None:
    monkeypatch.setattr(type(peripheral), "on_connected", lambda self: setattr(self, "hang_up", True))
    async with running(pack):
        await until(lambda: pack.state is ConnectionState.PAIRING_NEEDED)
        peripheral.faults.refuse_connections = True
        await until(lambda: pack.state is ConnectionState.NO_CONNECTABLE_PATH)
        assert pack._reconnector._early_losses == 0


async def test_settings_that_never_make_sense_are_not_asked_for_for_ever(pack, peripheral, monkeypatch) -> None:
    monkeypatch.setattr(type(peripheral), "settings", lambda self: bytearray(300))
    async with running(pack):
        await until(lambda: pack.dropped["implausible_settings"] == 6)
        asked = len(peripheral.written)
        await asyncio.sleep(0.4)
        assert len(peripheral.written) == asked
        assert pack.is_fresh(now())


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (bleak_retry_connector.BleakOutOfConnectionSlotsError("full"), NoFreeSlotError),
        (bleak_retry_connector.BleakNotFoundError("gone"), NoConnectablePathError),
        (bleak_retry_connector.BleakAbortedError("aborted"), ConnectFailedError),
        (BleakError("Insufficient encryption"), PairingNeededError),
        (NotImplementedError("pair"), PairingNeededError),
        (TimeoutError(), ConnectFailedError),
        (EOFError(), ConnectFailedError),
        (OSError("bus"), ConnectFailedError),
    ],
)
async def test_what_bleak_raises_becomes_a_reason(pack, monkeypatch, raised, expected) -> None:
    async def fail(*args, **kwargs):
        raise raised

    monkeypatch.setattr(bleak_retry_connector, "establish_connection", fail)
    with pytest.raises(expected):
        await pack.first_contact()


async def test_a_defect_of_ours_is_logged_and_does_not_end_the_pack(pack, monkeypatch, caplog) -> None:
    calls = []

    def broken() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise ValueError("defect")
        raise NoConnectablePathError

    pack._find_device = broken
    async with running(pack):
        await until(lambda: len(calls) > 1)
    assert "unexpected error" in caplog.text


async def test_a_pack_never_heard_has_no_age(pack) -> None:
    assert pack.age(now()) is None
    assert not pack.is_fresh(now())
    assert pack.frames_per_minute(now()) == 0


async def test_the_rate_is_that_of_the_last_minute(pack) -> None:
    pack._trusted_at.extend((0.0, 50.0, 70.0))
    assert pack.frames_per_minute(100.0) == 2


async def test_a_link_that_is_not_open_cannot_be_written_to_but_closed() -> None:
    def nowhere():
        raise NoConnectablePathError("nowhere")

    connection = Connection(nowhere, "test")
    with pytest.raises(ConnectionLostError):
        await connection.write(b"x")
    await connection.close()
    with pytest.raises(NoConnectablePathError, match="nowhere"):
        await connection.open(JkDriver.choose_channel, lambda data: None)


@pytest.mark.parametrize(
    ("raised", "expected"),
    [
        (BleakError("gone"), ConnectionLostError),
        (TimeoutError(), ConnectionLostError),
        (BleakError("not paired"), PairingNeededError),
    ],
)
async def test_a_write_that_fails_ends_the_session(radio, monkeypatch, raised, expected) -> None:
    connection = Connection(finder(radio, ADDRESS), "test")
    await connection.open(JkDriver.choose_channel, lambda data: None)

    async def fail(*args, **kwargs):
        raise raised

    monkeypatch.setattr(connection._client, "write_gatt_char", fail)
    with pytest.raises(expected):
        await connection.write(b"x")
    await connection.close()


async def test_attempts_that_failed_first_do_not_end_the_session(radio, monkeypatch) -> None:
    connect = bleak_retry_connector.establish_connection

    async def stumble(client_class, device, name, disconnected_callback, **kwargs):
        client = await connect(client_class, device, name, disconnected_callback, **kwargs)
        disconnected_callback(client)
        return client

    monkeypatch.setattr(bleak_retry_connector, "establish_connection", stumble)
    connection = Connection(finder(radio, ADDRESS), "test")
    await connection.open(JkDriver.choose_channel, lambda data: None)
    assert not connection.lost.is_set()
    await connection.close()


async def test_a_connection_that_ends_at_once_is_a_lost_one(radio, monkeypatch) -> None:
    connect = bleak_retry_connector.establish_connection

    async def too_short(*args, **kwargs):
        client = await connect(*args, **kwargs)
        await client.disconnect()
        return client

    monkeypatch.setattr(bleak_retry_connector, "establish_connection", too_short)
    connection = Connection(finder(radio, ADDRESS), "test")
    with pytest.raises(ConnectionLostError, match="at once"):
        await connection.open(JkDriver.choose_channel, lambda data: None)


async def test_settings_that_were_lost_on_the_way_are_asked_for_again(pack, peripheral, monkeypatch) -> None:
    answers = []
    answer = type(peripheral)._answer_settings

    def lose_the_first(self) -> None:
        answers.append(1)
        if len(answers) == 1:
            self._streaming = True
        else:
            answer(self)

    peripheral._answers[0x96] = lambda: lose_the_first(peripheral)
    async with running(pack):
        await until(lambda: pack.last_settings)
        assert len(answers) == 3
        assert pack.sessions == 1


async def test_the_service_list_is_read_again_once_when_the_channel_is_missing(radio, peripheral) -> None:
    connection = Connection(finder(radio, ADDRESS), "test")
    tried = []

    def choose(services):
        tried.append(services)
        if len(tried) == 1:
            raise NotThisKindError
        return JkDriver.choose_channel(services)

    await connection.open(choose, lambda data: None)
    assert len(tried) == 2
    assert peripheral.connected
    assert not connection.lost.is_set()
    await connection.close()


async def test_a_client_without_a_cache_of_services_is_simply_connected_again(radio, monkeypatch) -> None:
    connection = Connection(finder(radio, ADDRESS), "test")
    tried = []

    def choose(services):
        tried.append(services)
        if len(tried) == 1:
            monkeypatch.setattr(bleak_retry_connector, "BleakClientWithServiceCache", type("Other", (), {}))
            monkeypatch.setattr(bleak_retry_connector, "establish_connection", again)
            raise NotThisKindError
        return JkDriver.choose_channel(services)

    connect, client_class = (
        bleak_retry_connector.establish_connection,
        bleak_retry_connector.BleakClientWithServiceCache,
    )

    async def again(_, *args, **kwargs):
        return await connect(client_class, *args, **kwargs)

    await connection.open(choose, lambda data: None)
    assert len(tried) == 2
    await connection.close()


async def test_a_link_that_was_closed_meanwhile_is_lost(radio) -> None:
    connection = Connection(finder(radio, ADDRESS), "test")
    await connection.open(JkDriver.choose_channel, lambda data: None)
    await connection.close()
    with pytest.raises(ConnectionLostError, match="not connected"):
        await connection.write(b"x")


@pytest.mark.parametrize("error", [PackError, NoFreeSlotError])
def test_errors_speak_even_without_a_detail(error) -> None:
    assert str(error()) == error.reason.replace("_", " ")
    assert str(error("because")) == "because"


async def test_whoever_waits_is_told_that_the_link_ended(pack, peripheral) -> None:
    with pytest.raises(ConnectionLostError):
        await pack.next_reading()
    async with running(pack):
        await until(lambda: pack.last_reading)
        peripheral.faults.silent = True
        await asyncio.sleep(0.1)
        waiting = asyncio.create_task(pack.next_reading())
        await asyncio.sleep(0.02)
        peripheral.faults.refuse_connections = peripheral.hang_up = True
        with pytest.raises(ConnectionLostError, match="meanwhile"):
            await waiting
        assert not pack._waiting


async def test_nothing_is_asked_of_a_pack_that_has_not_been_reached_yet(pack, peripheral) -> None:
    peripheral.faults.refuse_connections = True
    async with running(pack):
        await until(lambda: pack._session is not None)
        with pytest.raises(ConnectionLostError, match="not connected"):
            await pack.next_reading()


async def test_whoever_hears_that_it_streams_finds_the_reading_that_made_it_so(radio) -> None:
    found: list[Reading | None] = []

    def heard(change: Change) -> None:
        if change is Change.STATE and pack.state is ConnectionState.STREAMING:
            found.append(pack.last_reading)
            assert seen[-1] is pack.last_reading
        if change is Change.READING:
            seen.append(pack.last_reading)

    seen: list[Reading | None] = []
    pack = Pack(FAMILY, "test", finder(radio, ADDRESS), heard, backoff=BACKOFF)
    async with running(pack):
        await until(lambda: found)
    assert found[0] is not None


async def test_a_pack_that_is_held_is_connected_once_it_is_resumed(pack, peripheral) -> None:
    pack.hold(ConnectionState.WAITING_FOR_TURN)
    assert not pack.is_used
    async with running(pack):
        await until(lambda: pack.state is ConnectionState.WAITING_FOR_TURN)
        pack.wake()
        await asyncio.sleep(0.1)
        assert (pack.sessions, pack.held) == (0, ConnectionState.WAITING_FOR_TURN)
        pack.resume()
        await until(lambda: pack.state is ConnectionState.STREAMING)
        assert pack.held is None


async def test_another_reason_to_be_held_is_told_at_once(pack) -> None:
    pack.hold(ConnectionState.RELEASED)
    async with running(pack):
        await until(lambda: pack.state is ConnectionState.RELEASED)
        pack.hold(ConnectionState.WAITING_FOR_TURN)
        await until(lambda: pack.state is ConnectionState.WAITING_FOR_TURN)
        assert pack.sessions == 0
        pack.resume()
        await until(lambda: pack.state is ConnectionState.STREAMING)


async def test_a_pack_that_gives_up_its_slot_is_shown_as_long_as_was_promised(pack, peripheral) -> None:
    async with running(pack):
        await until(lambda: pack.last_reading)
        pack.hold(ConnectionState.WAITING_FOR_TURN, 5.0)
        await until(lambda: not peripheral.connected)
        assert pack.connection_state(now()) is ConnectionState.WAITING_FOR_TURN
        assert pack.last_error is None
        await until(lambda: not pack.is_current(now()))
        assert pack.is_fresh(now())
        assert not pack.is_fresh(now() + 5.1)
        assert not pack.is_used
        pack.resume()
        await until(lambda: pack.state is ConnectionState.STREAMING)
        # From the first reading on what is usual counts again.
        assert pack.shown_for == pack.stale_after


async def test_a_pack_that_is_held_while_it_connects_ends_that(radio, peripheral, monkeypatch) -> None:
    async def hang(*args, **kwargs):
        await asyncio.sleep(60)

    with monkeypatch.context() as context:
        context.setattr(bleak_retry_connector, "establish_connection", hang)
        pack = Pack(FAMILY, "test", finder(radio, ADDRESS), backoff=BACKOFF)
        async with running(pack):
            await until(lambda: pack.state is ConnectionState.CONNECTING)
            pack.hold(ConnectionState.RELEASED)
            await until(lambda: pack.state is ConnectionState.RELEASED)
            assert pack.last_error is None
            context.undo()
            pack.resume()
            await until(lambda: pack.state is ConnectionState.STREAMING)


async def test_a_pack_that_waits_for_its_next_attempt_is_held_at_once(radio, peripheral) -> None:
    peripheral.faults.refuse_connections = True
    pack = Pack(FAMILY, "test", finder(radio, ADDRESS), backoff=(3600.0,))
    async with running(pack):
        await until(lambda: pack.state is ConnectionState.NO_CONNECTABLE_PATH)
        pack.hold(ConnectionState.RESTING)
        await until(lambda: pack.state is ConnectionState.RESTING)
        peripheral.faults.refuse_connections = False
        pack.resume()
        await until(lambda: pack.state is ConnectionState.STREAMING)


async def test_what_is_under_way_is_known_and_ends_with_a_pack_that_is_held(pack, peripheral) -> None:
    async with running(pack):
        await until(lambda: pack.last_reading)
        peripheral.faults.silent = True
        reading = asyncio.ensure_future(pack.read_settings())
        await until(lambda: pack.is_used)
        pack.hold(ConnectionState.RELEASED)
        with pytest.raises((ConnectionLostError, SilentError)):
            await reading
        await until(lambda: pack.state is ConnectionState.RELEASED)


async def test_the_quality_of_the_connection_is_that_of_its_readings(pack, peripheral) -> None:
    async with running(pack):
        await until(lambda: pack.last_reading)
        assert pack.connection_quality(now()) is None
        assert pack.worst_hour(now()) is None
        assert pack.rhythm == FAMILY.rhythm
