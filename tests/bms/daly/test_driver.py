"""The conversation with a Daly pack: whom we talk to, where, in which dialect, and all that can go wrong in it."""

import asyncio
from collections import Counter
from dataclasses import replace
import json
import logging

import pytest

from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.daly.driver import STORED_CHECKS, DalyDriver
from custom_components.smart_bms.bms.daly.frames import Dialect, a5_request, write_request
from custom_components.smart_bms.bms.errors import (
    ConnectFailedError,
    ConnectionLostError,
    NotThisKindError,
    SilentError,
)
from custom_components.smart_bms.bms.pack import Pack
from custom_components.smart_bms.bms.session import Session
from custom_components.smart_bms.bms.session_context import SessionContext
from custom_components.smart_bms.bms.settings import Settings
from custom_components.smart_bms.bms.stored_values import sort_out
from custom_components.smart_bms.simulator.daly import a5 as daly_a5
from custom_components.smart_bms.simulator.daly.labels import ESS_81, K_81_NO_NTC, K_D2, LAYOUT_B, LEGACY_A5, R24_A5
from custom_components.smart_bms.simulator.daly.modbus import read_reply, sealed
from custom_components.smart_bms.simulator.peripheral import Characteristic, Service, uuid16
from custom_components.smart_bms.simulator.radio import _services
from tests.support.daly_wire import (
    EVERY,
    LIVE_81,
    LIVE_81_SHORT,
    LIVE_D2,
    MORE_D2,
    SECRET,
    SHORT,
    STATE_81,
    Wire,
    asked_a5,
    begun,
    is_read,
    running_daly,
)
from tests.support.packs import daly_pack
from tests.support.radio import fast, finder, on_radio
from tests.support.waiting import until

# Every board.


@pytest.mark.parametrize(("label", "dialect", "cells"), EVERY)
async def test_every_board_streams_and_tells_its_parameters(monkeypatch, label, dialect, cells) -> None:
    peripheral = daly_pack(label, cells=cells)
    async with running_daly(monkeypatch, peripheral) as pack:
        await until(lambda: pack.current_settings and pack.last_reading)
        assert pack.sessions == 1
        assert (pack.last_identity.variant, pack.last_identity.max_cells) == (dialect, cells)
        assert (pack.last_identity.hw_version, pack.last_identity.sw_version) == (label.hardware, label.software)
        assert pack.last_reading.cell_count == cells
        assert pack.last_settings.values["cell_overvoltage"] == 3.6
        seen = pack.last_reading
        await until(lambda: pack.last_reading is not seen)
        assert pack.state is ConnectionState.STREAMING
    assert not peripheral.connected
    assert all(is_read(data) for data in peripheral.written)


@pytest.mark.parametrize(("label", "dialect", "cells"), EVERY)
async def test_nothing_is_written_unless_asked_for(label, dialect, cells) -> None:
    wire = await begun(label, cells=cells)
    assert await wire.poll(3) == [True] * 3
    await wire.driver.read_settings()
    assert wire.listener.identities[0].variant == dialect
    assert wire.context.learned["dialect"][0] == dialect
    assert all(is_read(data) for data in wire.written)


@pytest.mark.parametrize(("label", "dialect", "cells"), EVERY)
async def test_only_the_registers_of_the_reference_can_be_written(label, dialect, cells) -> None:
    wire = await begun(label, cells=cells)
    settings = await wire.driver.read_settings()
    catalog = wire_catalog(wire, settings)
    wire.written.clear()
    for key, setting in catalog.settings.items():
        if setting.proof != "read_only":
            value = settings.values.get(key, True if setting.kind == "switch" else 50)
            await wire.driver.write(key, value)
    written = list(wire.written)
    if dialect == "A5":
        assert {data[2] for data in written} == {0x21, 0xD9, 0xDA}
        return
    assert {data[1] for data in written} == {0x06}
    registers = {int.from_bytes(data[2:4]) for data in written}
    if dialect == "D2":
        assert registers == {0x80, *range(0x8A, 0xA8)} | ({0xCF} if label.supports_balancer else set())
    else:
        second = set(range(0x1C3, 0x1E7))
        assert registers <= {0x115, 0x116, 0x119, 0x11A, 0x11B, 0x121, 0x122, *range(0x130, 0x16A)} | second
        assert {0x115, 0x116, 0x119, 0x121, 0x122} < registers


def wire_catalog(wire: Wire, settings: Settings):
    return fast("daly").catalog(wire.listener.identities[-1], settings.values)


@pytest.mark.parametrize(
    ("label", "key", "value"),
    [
        (K_D2, "cell_count_1", 8),
        (K_D2, "battery_type", "nmc"),
        (K_D2, "register_0xa8", 90),
        (K_81_NO_NTC, "forced_closure_time", 1),
        (K_81_NO_NTC, "key_logic", "off"),
        (K_81_NO_NTC, "cell_count", 8),
        (K_81_NO_NTC, "design_capacity", 50),
        (LEGACY_A5, "cell_overvoltage", 3.5),
        (LEGACY_A5, "sleep_time", 3600),
        (K_D2, "nonsense", 1),
        (K_D2, "charge_switch", 1),
        (K_D2, "cell_overvoltage", 70),
        (LEGACY_A5, "soc_calibration", 101),
        (LEGACY_A5, "charge_switch", None),
    ],
)
async def test_what_must_not_or_cannot_be_written_never_leaves(label, key, value) -> None:
    wire = await begun(label)
    wire.written.clear()
    with pytest.raises(ValueError):
        await wire.driver.write(key, value)
    assert not wire.written
    assert not wire.driver._exchange_lock.locked()


@pytest.mark.parametrize(("label", "dialect", "cells"), EVERY)
async def test_every_board_obeys_its_switches(label, dialect, cells) -> None:
    wire = await begun(label, cells=cells)
    board = wire.peripheral.board
    assert await wire.driver.write("charge_switch", False)
    assert (board.charge_switch, board.discharge_switch) == (False, True)
    assert await wire.driver.write("discharge_switch", False)
    assert await wire.driver.write("charge_switch", True)
    assert (board.charge_switch, board.discharge_switch) == (True, False)
    await wire.poll()
    assert (wire.last.charging_enabled, wire.last.discharging_enabled) == (True, False)


# Secrets.


@pytest.mark.parametrize(("label", "dialect", "cells"), EVERY)
async def test_the_password_of_the_board_stays_there(label, dialect, cells, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    wire = await begun(replace(label, password=SECRET), cells=cells)
    settings = await wire.driver.read_settings()
    await wire.poll(2)
    assert SECRET not in f"{wire.listener.identities} {settings} {wire.listener.readings} {caplog.text}"
    assert SECRET.encode() not in b"|".join(wire.listener.frames)
    assert SECRET not in str(wire.context)
    assert not any(SECRET.encode() in data for data in wire.written)
    if dialect != "A5":
        assert wire.listener.identities[0].details["default_password"] is False


async def test_the_password_is_not_logged_by_a_pack_either(monkeypatch, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    async with running_daly(monkeypatch, daly_pack(K_D2, password=SECRET)) as pack:
        await until(lambda: pack.current_settings and len(pack.readings) > 2)
        assert SECRET not in f"{pack.last_identity} {pack.last_settings} {pack.last_reading} {pack.context}"
        assert SECRET.encode() not in b"|".join(frame for _, frame in pack.frames)
        assert SECRET.encode().hex() not in b"|".join(frame for _, frame in pack.frames).hex()
    assert SECRET not in caplog.text
    assert SECRET.encode().hex() not in caplog.text


async def test_a_password_that_was_not_read_is_not_called_another(monkeypatch) -> None:
    wire = Wire()
    wire.deaf = lambda data: data[2:4] == b"\x00\xc9"
    await wire.begin()
    assert "default_password" not in wire.listener.identities[0].details


# Which dialect.


async def test_the_dialects_are_tried_in_order_and_twice_at_most() -> None:
    wire = Wire()
    wire.peripheral.faults.silent = True
    with pytest.raises(SilentError, match="none of the three"):
        await wire.begin()
    a5 = [a5_request(host, 0x90) for host in (0x80, 0x40)]
    assert list(wire.written) == [LIVE_D2, LIVE_81, *a5, LIVE_D2, LIVE_81, LIVE_81_SHORT, *a5]
    assert not wire.driver._exchange_lock.locked()
    assert "dialect" not in wire.context.learned
    with pytest.raises(SilentError):
        await wire.driver.write("charge_switch", False)
    with pytest.raises(SilentError):
        await wire.driver.read_settings()
    with pytest.raises(SilentError):
        await wire.driver._poll()


async def test_the_other_channel_is_asked_before_anybody_waits_and_the_next_session_is_patient() -> None:
    wire = Wire()
    wire.channels, wire.peripheral.faults.silent = 2, True
    with pytest.raises(SilentError):
        await wire.begin()
    a5 = [a5_request(host, 0x90) for host in (0x80, 0x40)]
    quick, thorough = [LIVE_D2, LIVE_81, *a5], [LIVE_D2, LIVE_81, LIVE_81_SHORT, *a5]
    assert list(wire.written) == [*quick, *quick, *thorough]
    again = wire.again()
    again.channels, again.peripheral.faults.silent = 2, True
    with pytest.raises(SilentError):
        await again.begin()
    assert list(again.written) == [*quick, *thorough, *quick, *thorough]


async def test_what_was_learned_is_kept_as_a_file_can_hold_it() -> None:
    wire = await begun(R24_A5)
    assert json.loads(json.dumps(wire.context.learned)) == wire.context.learned
    assert sort_out(wire.context.learned, STORED_CHECKS) == (wire.context.learned, {})
    bad = {"dialect": ["B6", 1], "other_channel": 1, "patient": "no"}
    assert sort_out(bad, STORED_CHECKS) == ({}, bad)


@pytest.mark.parametrize("silent", [(0x62, 0x63, 0x53), (0x62,)])
async def test_a_board_that_does_not_tell_its_versions_is_not_waited_for(silent) -> None:
    wire = Wire(R24_A5, cells=8)
    wire.deaf = lambda data: asked_a5(data, *silent)
    await wire.begin()
    assert wire.listener.identities[0].sw_version == ""
    asked = sum(asked_a5(data, 0x62) for data in wire.written)
    assert asked == (1 if len(silent) == 3 else 2)
    assert bool(wire.listener.identities[0].hw_version) is (len(silent) == 1)


async def test_a_question_that_was_lost_is_asked_in_the_second_round() -> None:
    wire = Wire()
    lost = [LIVE_D2]
    wire.deaf = lambda data: data in lost and not lost.remove(data)
    await wire.begin()
    assert wire.listener.identities[0].variant == "D2"
    assert list(wire.written).count(LIVE_D2) == 2


@pytest.mark.parametrize(("label", "dialect", "cells"), EVERY)
async def test_the_dialect_of_before_is_tried_first(label, dialect, cells) -> None:
    first = await begun(label, cells=cells)
    host = min(label.hosts - {0x40} or label.hosts, default=0)
    assert first.context.learned["dialect"] == [dialect, host]
    second = await first.again(cells=cells).begin()
    expected = {"D2": LIVE_D2, "81": LIVE_81, "A5": a5_request(host, 0x90)}[dialect]
    assert second.written[0] == expected
    assert {data[0] for data in second.written} == {expected[0]}


async def test_another_board_in_its_place_is_found_all_the_same() -> None:
    first = await begun(R24_A5)
    second = await first.again(label=K_D2).begin()
    assert second.written[0] == a5_request(0x40, 0x90)
    assert second.listener.identities[0].variant == "D2"
    assert second.context.learned["dialect"] == ["D2", 0]


@pytest.mark.parametrize("known", [None, 5, ["D2"], "D2"])
async def test_what_is_remembered_wrongly_does_no_harm(known) -> None:
    wire = Wire(context=SessionContext(learned={"dialect": known}))
    await wire.begin()
    assert wire.listener.identities[0].variant == "D2"


async def test_a_board_with_two_dialects_is_talked_to_in_the_first() -> None:
    wire = await begun(K_D2, dialects=frozenset({"D2", "81"}))
    assert wire.listener.identities[0].variant == "D2"
    assert await wire.poll() == [True]


async def test_a_d2_answer_of_a_board_that_means_something_else_by_it_is_no_d2_board() -> None:
    def answer(data: bytes, answers: list[bytes]) -> list[bytes]:
        return [read_reply(0xD2, [0xFFFF] * 62)] if data == LIVE_D2 else answers

    wire = Wire(ESS_81, cells=16)
    wire.tamper = answer
    await wire.begin()
    assert wire.listener.identities[0].variant == "81"


@pytest.mark.parametrize(
    ("changes", "found"),
    [({0x31: 0}, False), ({0x31: 49}, False), ({0x28: 0}, False), ({0x28: 0, 0: 0, 1: 0, 2: 0, 3: 0}, True)],
)
async def test_a_d2_answer_must_be_plausible(changes, found) -> None:
    def change(data: bytes, answers: list[bytes]) -> list[bytes]:
        return [changed_d2(answers[0], changes)] if data == LIVE_D2 else answers

    wire = Wire()
    wire.tamper = change
    if found:
        await wire.begin()
    else:
        with pytest.raises(SilentError):
            await wire.begin()


def changed_d2(frame: bytes, changes: dict[int, int]) -> bytes:
    words = [int.from_bytes(frame[place : place + 2]) for place in range(3, len(frame) - 2, 2)]
    for place, value in changes.items():
        words[place] = value
    return read_reply(0xD2, words)


async def test_an_81_answer_without_sense_is_no_81_board() -> None:
    wire = Wire(ESS_81, cells=16)
    wire.tamper = lambda data, answers: [read_reply(0x51, [0xFFFF] * (len(answers[0]) // 2 - 2))] if answers else []
    with pytest.raises(SilentError):
        await wire.begin()


async def test_boards_that_answer_only_one_length_are_asked_for_that() -> None:
    wire = await begun(ESS_81, cells=16)
    assert LIVE_81_SHORT not in wire.written
    only_65 = await begun(replace(ESS_81, answers_65_only=True), cells=16)
    assert await only_65.poll() == [True]
    only_64 = Wire(ESS_81, cells=16)
    only_64.deaf = lambda data: data == LIVE_81
    await only_64.begin()
    assert await only_64.poll(2) == [True, True]
    assert list(only_64.written).count(LIVE_81) == 2
    assert only_64.last.cell_count == 16


@pytest.mark.parametrize(("label", "dialect", "cells"), EVERY)
async def test_an_echo_of_our_own_questions_is_no_board(label, dialect, cells) -> None:
    wire = Wire(label, cells=cells)
    wire.peripheral.echo = True
    with pytest.raises(SilentError):
        await wire.begin()
    assert not wire.listener.identities
    assert "dialect" not in wire.context.learned


async def test_an_echo_before_the_answer_does_not_disturb() -> None:
    for label in (K_D2, K_81_NO_NTC, LEGACY_A5):
        wire = Wire(label)
        wire.tamper = lambda data, answers: [data, *answers]
        await wire.begin()
        assert await wire.poll(2) == [True, True]


async def test_a_late_answer_does_not_confirm_the_next_dialect() -> None:
    """The board answers every probe of one dialect only after the next has been asked."""
    late: list[bytes] = []

    def hold_up(data: bytes, answers: list[bytes]) -> list[bytes]:
        now, late[:] = [*late], answers
        return now

    for label in (K_D2, ESS_81):
        late.clear()
        wire = Wire(label)
        wire.tamper = hold_up
        with pytest.raises(SilentError):
            await wire.begin()
        assert not wire.listener.identities
        assert wire.listener.dropped["unasked"] > 1


async def test_a_late_answer_does_not_confirm_the_other_host() -> None:
    """A board that hears only 0x80 is slow once."""
    wire = Wire(LEGACY_A5, hosts=frozenset({0x80}))
    held: list[bytes] = []

    def hold_up(data: bytes, answers: list[bytes]) -> list[bytes]:
        if data == a5_request(0x80, 0x90) and not held:
            held.extend(answers)
            return []
        return held if data == a5_request(0x40, 0x90) else answers

    wire.tamper = hold_up
    await wire.begin()
    assert wire.context.learned["dialect"] == ["A5", 0x80]
    assert await wire.poll() == [True]


# Where to talk.


def channel_of(*services: Service):
    peripheral = daly_pack()
    peripheral.services = services
    return DalyDriver.choose_channel(_services(peripheral))


def service_of(service: int, notify: int, write: int, *kinds: str) -> Service:
    return Service(
        service,
        uuid16(service),
        (
            Characteristic(service + 1, uuid16(notify), ("notify",)),
            Characteristic(service + 2, uuid16(write), kinds or ("write-without-response",)),
        ),
    )


def test_the_first_layout_is_chosen_and_the_second_kept_for_later() -> None:
    first, second = service_of(0xFFF0, 0xFFF1, 0xFFF2), service_of(0xFF00, 0xFF01, 0xFF02, "write")
    channel = channel_of(second, first)
    assert (channel.notify.uuid, channel.write.uuid, channel.response) == (uuid16(0xFFF1), uuid16(0xFFF2), False)
    assert (channel.otherwise.notify.uuid, channel.otherwise.response) == (uuid16(0xFF01), True)
    assert channel_of(first).otherwise is None
    assert channel_of(second).notify.uuid == uuid16(0xFF01)
    with pytest.raises(NotThisKindError):
        channel_of(service_of(0xFFE0, 0xFFE1, 0xFFE2))


async def test_the_second_layout_is_taken_if_subscribing_to_the_first_is_refused(monkeypatch) -> None:
    async with running_daly(monkeypatch, daly_pack(LAYOUT_B)) as pack:
        await until(lambda: pack.last_reading)
        assert pack.sessions == 1
        assert pack.last_error is None


async def test_a_module_that_refuses_both_layouts_says_so(monkeypatch) -> None:
    peripheral = daly_pack(LAYOUT_B)
    peripheral.refused = frozenset({9, 21})
    async with on_radio(monkeypatch, peripheral) as radio:
        pack = Pack(
            fast("daly"),
            "test",
            finder(radio, peripheral.address),
            context=SessionContext(address=peripheral.address),
        )
        with pytest.raises(ConnectFailedError, match="not permitted"):
            await pack.first_contact()


async def test_the_second_layout_is_taken_if_the_first_is_silent(monkeypatch) -> None:
    peripheral = daly_pack(LAYOUT_B, refused_notify_handle=None)
    async with running_daly(monkeypatch, peripheral, speed=100) as pack:
        await until(lambda: pack.last_reading)
        assert pack.sessions == 1


async def test_the_layout_that_was_silent_is_not_tried_again_at_the_next_connection() -> None:
    first = Wire()
    first.channels = 2
    first.deaf = lambda _: first.switched < 1
    await first.begin()
    second = first.again()
    second.channels = 2
    second.deaf = lambda _: second.switched < 1
    await second.begin()
    assert (second.switched, len(second.written)) == (1, 1 + 3)


async def test_both_layouts_are_tried_before_it_is_given_up() -> None:
    wire = Wire()
    wire.channels = 2
    wire.deaf = lambda _: wire.switched < 1
    await wire.begin()
    assert wire.switched == 1
    silent = Wire()
    silent.peripheral.faults.silent = True
    silent.channels = 2
    with pytest.raises(SilentError):
        await silent.begin()
    assert silent.switched == 1


# What comes over the radio.


@pytest.mark.parametrize(("label", "dialect", "cells"), EVERY)
@pytest.mark.parametrize("size", [1, 3, 20])
async def test_answers_may_come_in_pieces(label, dialect, cells, size) -> None:
    wire = Wire(label, cells=cells)

    def cut(_: bytes, answers: list[bytes]) -> list[bytes]:
        joined = b"".join(answers)
        return [joined[start : start + size] for start in range(0, len(joined), size)]

    wire.tamper = cut
    await wire.begin()
    assert await wire.poll(2) == [True, True]
    assert wire.last.cell_count == cells
    await wire.driver.read_settings()
    assert not wire.listener.dropped["checksum"]


@pytest.mark.parametrize(("label", "dialect", "cells"), EVERY)
async def test_answers_may_be_glued_together_and_wrapped_in_noise(label, dialect, cells) -> None:
    wire = Wire(label, cells=cells)
    wire.tamper = lambda _, answers: [b"\0\0char1_ntf_data" + b"".join(answers) + b"OK\r\n"] if answers else []
    await wire.begin()
    assert await wire.poll(2) == [True, True]
    assert not wire.listener.dropped["checksum"]


@pytest.mark.parametrize(("label", "dialect", "cells"), EVERY)
async def test_everything_may_come_twice(label, dialect, cells) -> None:
    wire = Wire(label, cells=cells)
    wire.tamper = lambda _, answers: [part for answer in whole(answers) for part in (answer, answer)]
    await wire.begin()
    assert await wire.poll(3) == [True] * 3
    await wire.driver.read_settings()
    assert wire.last.cell_count == cells
    identity = wire.listener.identities[0]
    assert (identity.hw_version, identity.sw_version) == (label.hardware, label.software)
    assert await wire.driver.write("charge_switch", False)


def whole(answers: list[bytes]) -> list[bytes]:
    """Return the frames, each for itself."""
    joined = b"".join(answers)
    if joined.startswith(b"\xa5"):
        return [joined[start : start + 13] for start in range(0, len(joined), 13)]
    return [joined] if joined else []


@pytest.mark.parametrize(("label", "dialect", "cells"), EVERY)
async def test_a_lost_or_broken_answer_is_asked_for_once_more(label, dialect, cells) -> None:
    for broken in (False, True):
        wire = await begun(label, cells=cells)
        asked: set[bytes] = set()

        def spoil(data: bytes, answers: list[bytes], asked=asked, broken=broken) -> list[bytes]:
            if data in asked:
                return answers
            asked.add(data)
            return [bytes((*answer[:-1], answer[-1] ^ 1)) for answer in answers] if broken else []

        wire.tamper = spoil
        assert await wire.poll() == [True]
        await wire.driver.read_settings()
        assert bool(wire.listener.dropped["checksum"]) is broken
        assert max(Counter(wire.written).values()) <= 4


@pytest.mark.parametrize(
    ("label", "fault"), [(K_D2, "lose_every"), (K_D2, "duplicate_every"), (LEGACY_A5, "corrupt_every")]
)
async def test_a_bad_radio_makes_it_slower_but_not_wrong(monkeypatch, fault, label) -> None:
    peripheral = daly_pack(label, profile=lambda _: -5.0)
    async with running_daly(monkeypatch, peripheral) as pack:
        await until(lambda: pack.last_reading and pack.current_settings)
        setattr(peripheral.faults, fault, 31)
        seen = len(pack.readings)
        await until(lambda: len(pack.readings) > seen + 2)
        assert all(reading.cell_count == 4 for reading in pack.readings)
        assert all(reading.current == pytest.approx(-5, abs=0.2) for reading in pack.readings[1:])


async def test_an_answer_that_was_cut_off_does_not_spoil_the_next() -> None:
    wire = await begun()
    cut = [MORE_D2]
    wire.tamper = lambda data, answers: (
        [answers[0][:-3]] if data in cut and not cut.remove(data) else answers
    )  # fmt: skip
    assert await wire.poll() == [True]
    assert wire.last.temperatures["mosfet"]


async def test_a_late_answer_does_not_answer_the_next_question() -> None:
    wire = await begun(K_81_NO_NTC)
    held: list[bytes] = []

    def hold_up(data: bytes, answers: list[bytes]) -> list[bytes]:
        if data == LIVE_81 and not held:
            held.extend(answers)
            return []
        return [*held, *answers] if data == STATE_81 else answers

    wire.tamper = hold_up
    assert await wire.poll(2) == [True, True]
    assert wire.listener.dropped["unasked"] == 2


async def test_a_late_acknowledgement_of_another_value_is_none(wire) -> None:
    late = write_request(Dialect.D2, 0x8C, (3550,))
    wire.tamper = lambda data, answers: [late] if data[1] == 0x06 else answers
    assert await wire.driver.write("cell_overvoltage", 3.55)
    assert not await wire.driver.write("cell_overvoltage", 3.5)


async def test_what_the_board_says_unasked_is_counted(wire) -> None:
    wire.hear(read_reply(0xD2, [1, 2, 3]), sealed(b"\xd2\x83\x02"), daly_a5.sealed(b"\xa5\x01\x90\x08" + bytes(8)))
    assert wire.listener.dropped["unasked"] == 3
    assert await wire.poll() == [True]


async def test_a_board_that_refuses_to_read_is_silent(wire) -> None:
    wire.tamper = lambda data, _: [sealed(bytes((0xD2, 0x83, 0x02)))]
    with pytest.raises(SilentError):
        await wire.poll()
    assert wire.listener.dropped["unasked"] == 2


# One question at a time.


@pytest.mark.parametrize(("label", "dialect", "cells"), EVERY)
async def test_never_is_more_than_one_question_open(label, dialect, cells) -> None:
    label = replace(label, supports_mos_temperature=True)  # nothing stays without an answer
    wire = await begun(label, cells=cells, timing=replace(SHORT, answer=2.0, acknowledgement=2.0, last_frames=0.02))
    wire.delay = 0.001
    open_questions, most = 0, 0
    send, hear = wire.write, wire.hear

    async def counted(data: bytes) -> None:
        nonlocal open_questions, most
        open_questions += 1
        most = max(most, open_questions)
        await send(data)

    def heard(*packets: bytes) -> None:
        nonlocal open_questions
        open_questions -= 1
        hear(*packets)

    wire.write, wire.hear = counted, heard
    driver = wire.driver
    async with asyncio.timeout(10):
        await asyncio.gather(
            *(driver._poll() for _ in range(2)),
            *(driver.read_settings() for _ in range(2)),
            driver.write("charge_switch", False),
            driver.read_settings("charge_switch"),
            driver.write("charge_switch", True),
        )
    assert (most, open_questions) == (1, 0)
    assert len(wire.listener.readings) == 2
    assert not wire.listener.dropped["unasked"]


async def test_between_an_answer_and_the_next_question_the_board_is_given_a_rest() -> None:
    wire = await begun(timing=replace(SHORT, spacing=0.02))
    started = asyncio.get_running_loop().time()
    wire.written.clear()
    await wire.poll(2)
    assert len(wire.written) == 4
    assert asyncio.get_running_loop().time() - started > 0.055


async def test_somebody_who_goes_away_leaves_no_lock(wire) -> None:
    wire.deaf = lambda _: True
    slow = DalyDriver(wire, wire.listener, wire.context, replace(SHORT, answer=60.0, acknowledgement=60.0))
    slow._board = wire.driver._board
    slow._board._connection = slow
    for asking in (slow.write("charge_switch", False), slow.read_settings(), slow._poll()):
        task = asyncio.create_task(asking)
        await asyncio.sleep(0.005)
        assert slow._exchange_lock.locked()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert not slow._exchange_lock.locked()
        assert not slow._wanted(None)


async def test_nobody_waits_for_a_board_to_settle_once_the_link_is_gone() -> None:
    wire = await begun(timing=replace(SHORT, settled=30.0, acknowledgement=30.0))
    wire.lost = True
    async with asyncio.timeout(1):
        with pytest.raises(ConnectionLostError):
            await wire.driver.write("charge_switch", False)
    wire.lost = False
    wire.deaf = lambda _: True
    task = asyncio.create_task(wire.driver.write("charge_switch", True))
    await asyncio.sleep(0.005)
    task.cancel()  # as the pack does when the link ends
    done, _ = await asyncio.wait({task}, timeout=1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert done


@pytest.mark.parametrize("label", [K_D2, ESS_81, LEGACY_A5])
async def test_a_lost_link_ends_everything_at_once(label) -> None:
    wire = await begun(label)
    wire.lost = True
    wire.written.clear()
    for asking in (wire.driver.write("charge_switch", False), wire.driver.read_settings(), wire.driver._poll()):
        with pytest.raises(ConnectionLostError):
            await asking
    assert not wire.driver._exchange_lock.locked()
    assert not wire.written
    with pytest.raises(ConnectionLostError):
        await wire.again().driver_lost()


async def _driver_lost(self: Wire) -> None:
    self.lost = True
    await self.driver._begin()


Wire.driver_lost = _driver_lost


async def test_a_write_is_sent_once_whatever_the_board_says(wire) -> None:
    for deaf in (True, False):
        wire.deaf = lambda data, deaf=deaf: deaf
        wire.tamper = lambda *_: []
        wire.written.clear()
        assert not await wire.driver.write("charge_switch", False)
        assert list(wire.written) == [write_request(Dialect.D2, 0xA5, (0,))]


async def test_a_write_gives_the_board_time_before_anybody_looks() -> None:
    for answered in (True, False):
        wire = await begun(timing=replace(SHORT, settled=0.05))
        wire.tamper = lambda data, answers, answered=answered: answers if answered or data[1] == 3 else []
        started = asyncio.get_running_loop().time()
        write = asyncio.create_task(wire.driver.write("charge_switch", False))
        await asyncio.sleep(0)
        await wire.poll()
        assert asyncio.get_running_loop().time() - started > 0.045
        assert await write is answered


# Failing.


async def test_three_polls_without_an_answer_end_the_session_and_one_does_not(monkeypatch) -> None:
    peripheral = daly_pack()
    async with running_daly(monkeypatch, peripheral) as pack:
        await until(lambda: pack.current_settings)
        peripheral.faults.lose_every = 1
        await until(lambda: pack.dropped["unanswered"] == 1)
        peripheral.faults.lose_every = 0
        seen = len(pack.readings)
        await until(lambda: len(pack.readings) > seen)
        assert pack.sessions == 1
        peripheral.faults.silent = True
        await until(lambda: pack.last_error)
        assert isinstance(pack.last_error, SilentError)
        assert pack.dropped["unanswered"] == 4
        peripheral.faults.silent = False
        await until(lambda: pack.sessions == 2 and pack.state is ConnectionState.STREAMING)


async def test_a_pack_may_vanish_at_any_step(monkeypatch, caplog) -> None:
    peripheral = daly_pack(LEGACY_A5)
    async with running_daly(monkeypatch, peripheral) as pack:
        for notifications in (0, 2, 5, 12):
            peripheral.faults.disconnect_after = notifications
            await until(lambda: peripheral.faults.disconnect_after is None)
            await until(lambda: pack.state is ConnectionState.STREAMING)
        await until(lambda: pack.current_settings)
    assert "unexpected" not in caplog.text


async def test_somebody_who_waits_for_a_reading_that_jumps_need_not_wait_for_the_next_poll() -> None:
    """A state of charge that jumps is doubted once: the reading that confirms it must come at once."""
    wire = Wire()
    pack = Pack(fast("daly"), "test", lambda: None, context=SessionContext(interval=600.0))
    pack._session = Session(pack, "test", lambda: None)
    wire.driver = pack._session._driver = DalyDriver(wire, pack, pack.context, SHORT)
    task = asyncio.create_task(wire.driver.run())
    try:
        await until(lambda: pack.last_settings)
        wire.peripheral.board.soc = 0.2
        async with asyncio.timeout(1):
            reading = await pack.next_reading()
        assert reading.soc == pytest.approx(20, abs=0.3)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
