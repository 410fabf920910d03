"""Reassembly: whatever the radio does to the bytes, intact frames come out and nothing else."""

from functools import partial
import random

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.jbd.frames import (
    Command,
    ModuleMessage,
    Reassembler,
    Reply,
    Request,
    checksum,
    decode_module_message,
    decode_reply,
    decode_request,
    is_request,
    module_request,
    read_request,
    write_request,
)
from tests.support.jbd_messages import BASIC, CELLS, PACK, answer
from tests.support.notifications import cut, put_together

feed = partial(put_together, Reassembler)
MAX_HELD = 262


MODEL = answer(0x05, b"SP04S034")
EVEN = answer(0x04, bytes.fromhex("0d48") * 32)
RANDOM = module_request(0x17, b"\x62")
ACCEPTED = module_request(0x18, b"\x00")


def decoded(*frames: bytes) -> list[Reply | ModuleMessage]:
    return [decode_module_message(frame) if frame[0] == 0xFF else decode_reply(frame) for frame in frames]


def twice(parts: list[bytes]) -> list[bytes]:
    return [part for part in parts for _ in range(2)]


@pytest.mark.parametrize(
    ("notifications", "expected"),
    [
        pytest.param([BASIC], [BASIC], id="whole"),
        pytest.param(cut(BASIC), [BASIC], id="smallest packets"),
        pytest.param(cut(BASIC, 34), [BASIC], id="larger packets"),
        pytest.param(cut(BASIC, 1), [BASIC], id="byte by byte"),
        pytest.param([BASIC[:-1], b"\x77"], [BASIC], id="the end sign alone"),
        pytest.param([BASIC + CELLS], [BASIC, CELLS], id="back to back"),
        pytest.param([BASIC[:30], BASIC[30:] + CELLS[:9], CELLS[9:]], [BASIC, CELLS], id="glued across a border"),
        pytest.param([b"\x00", *cut(BASIC)], [BASIC], id="a stray byte at connecting"),
        pytest.param([b"\x00" + BASIC], [BASIC], id="a stray byte glued before"),
        pytest.param([b"\xdd", *cut(BASIC)], [BASIC], id="a stray start sign"),
        pytest.param([RANDOM], [RANDOM], id="the module alone"),
        pytest.param([BASIC[:20], RANDOM, BASIC[20:]], [RANDOM, BASIC], id="the module between fragments"),
        pytest.param([BASIC[:20], RANDOM, ACCEPTED, BASIC[20:40], BASIC[40:]], [RANDOM, ACCEPTED, BASIC], id="chatty"),
        pytest.param([RANDOM[:-1] + b"\x00", BASIC], [BASIC], id="a broken word of the module"),
        pytest.param([RANDOM[:4], BASIC], [BASIC], id="half a word of the module"),
        pytest.param([BASIC + b"\x01\x02\x03\x04", CELLS], [BASIC, CELLS], id="callback id glued behind"),
        pytest.param([BASIC, b"\x01\x02\x03\x04", CELLS], [BASIC, CELLS], id="callback id on its own"),
        pytest.param([bytes.fromhex("7b010203047d"), BASIC], [BASIC], id="another family's framing"),
        pytest.param([bytes.fromhex("7b03007d"), bytes.fromhex("7b7d")], [], id="only another family's framing"),
        pytest.param([b""], [], id="empty"),
        pytest.param([BASIC[:20], b"", BASIC[20:]], [BASIC], id="an empty notification between fragments"),
        pytest.param([BASIC[:-1]], [], id="truncated"),
        pytest.param([BASIC[:10] + b"\xee" + BASIC[11:]], [], id="corrupt"),
        pytest.param([BASIC[:-1] + b"\x78", CELLS], [CELLS], id="wrong end sign"),
        pytest.param([BASIC[:3] + b"\x01" + BASIC[4:], CELLS], [CELLS], id="wrong length"),
        pytest.param([BASIC[:20], *cut(BASIC)], [BASIC], id="the beginning lost its end"),
        pytest.param([BASIC[20:], BASIC], [BASIC], id="an end without beginning"),
        pytest.param([BASIC[:20], BASIC[40:], *cut(BASIC)], [BASIC], id="a hole"),
        pytest.param([BASIC[:20], CELLS[20:], *cut(BASIC)], [BASIC], id="spliced"),
        pytest.param([BASIC[:20], *cut(CELLS), *cut(BASIC)], [CELLS, BASIC], id="a lost part costs one frame only"),
        pytest.param([BASIC[:20], *cut(BASIC)[:2], *cut(BASIC)[1:]], [BASIC], id="every part twice but the last"),
        pytest.param([*cut(CELLS)[:1], *cut(CELLS)], [CELLS], id="the first part twice"),
        pytest.param([*twice(cut(CELLS)), BASIC], [CELLS, BASIC], id="every part twice"),
        pytest.param([*twice(cut(BASIC)), CELLS], [BASIC, CELLS], id="every part twice, the last short"),
        pytest.param([*twice(twice(cut(CELLS))), BASIC], [CELLS, BASIC], id="every part four times"),
        pytest.param([BASIC, BASIC], [BASIC, BASIC], id="whole frames that repeat are not judged here"),
        pytest.param(cut(EVEN), [EVEN], id="cells so even that fragments are the same"),
        pytest.param([answer(0x2D, status=0x80)], [answer(0x2D, status=0x80)], id="a refusal"),
        pytest.param([answer(0xFA, bytes(193))], [answer(0xFA, bytes(193))], id="the longest of all"),
        pytest.param(cut(answer(0x05, b"\x77" * 31)), [answer(0x05, b"\x77" * 31)], id="end signs all over"),
        pytest.param(cut(answer(0x05, b"\xdd" * 31)), [answer(0x05, b"\xdd" * 31)], id="start signs all over"),
    ],
)
def test_notifications_become_messages(notifications, expected) -> None:
    assert feed(*notifications) == decoded(*expected)


def test_bytearrays_are_taken_too_and_kept_apart_from_what_the_radio_does_with_them() -> None:
    reassembler = Reassembler()
    first = bytearray(BASIC[:20])
    reassembler.feed(first, 0.0)
    first[:] = bytes(20)
    assert reassembler.feed(bytearray(BASIC[20:]), 0.1) == decoded(BASIC)


def test_a_half_without_its_other_half_is_forgotten_after_a_second() -> None:
    reassembler = Reassembler()
    reassembler.feed(BASIC[:20], 0.0)
    assert reassembler.pending == 20
    assert reassembler.feed(BASIC[20:30], 0.9) == []
    assert reassembler.feed(BASIC[30:], 1.8) == decoded(BASIC)
    reassembler.feed(BASIC[:20], 2.0)
    assert reassembler.feed(CELLS, 3.1) == decoded(CELLS)
    assert reassembler.broken_frames == 1
    assert reassembler.pending == 0


def test_clear_forgets_what_is_held() -> None:
    reassembler = Reassembler()
    reassembler.clear()
    assert reassembler.broken_frames == 0
    reassembler.feed(BASIC[:20], 0.0)
    reassembler.clear()
    assert reassembler.pending == 0
    assert reassembler.broken_frames == 1
    assert reassembler.feed(BASIC[20:], 0.1) == []


@pytest.mark.parametrize("junk", [BASIC + b"\x77\xdd\x77\x00", bytes.fromhex("7b010203dd04057d")])
def test_junk_that_looks_like_a_start_is_forgotten_with_the_next_request(junk) -> None:
    reassembler = Reassembler()
    reassembler.feed(junk, 0.0)
    reassembler.clear()
    assert reassembler.feed(CELLS, 0.1) == decoded(CELLS)


def test_what_was_dropped_is_counted() -> None:
    reassembler = Reassembler()
    broken = BASIC[:12] + bytes((BASIC[12] ^ 1,)) + BASIC[13:]
    assert reassembler.feed(b"\x01\x02\x03" + broken + CELLS, 0.0) == decoded(CELLS)
    assert reassembler.broken_frames == 1
    assert reassembler.junk_bytes >= 3


def test_repeated_parts_are_no_broken_frame() -> None:
    reassembler = Reassembler()
    for part in [*cut(CELLS)[:1], *cut(CELLS)]:
        reassembler.feed(part, 0.0)
    assert reassembler.broken_frames == 0


def test_empty_notifications_take_no_memory_and_keep_no_half_frame_alive() -> None:
    reassembler = Reassembler()
    reassembler.feed(BASIC[:20], 0.0)
    for number in range(1000):
        assert reassembler.feed(b"", number * 0.01) == []
    assert len(reassembler._parts) <= 1
    assert reassembler.feed(CELLS, 10.0) == decoded(CELLS)


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(random.Random(1).randbytes(60_000), id="noise"),
        pytest.param(b"\xdd" * 60_000, id="start signs"),
        pytest.param(bytes.fromhex("dd0300ff") * 15_000, id="long frames"),
        pytest.param(bytes.fromhex("dd030000") * 15_000, id="short frames"),
        pytest.param(b"\xff\xaa" * 30_000, id="module signs"),
        pytest.param(bytes.fromhex("ffaa17") * 20_000, id="module words"),
        pytest.param(bytes(60_000), id="zeros"),
    ],
)
@pytest.mark.parametrize("size", [20, 244, 60_000])
def test_endless_garbage_is_never_held(garbage, size) -> None:
    reassembler = Reassembler()
    for number, part in enumerate(cut(garbage, size)):
        reassembler.feed(part, number * 0.001)
        assert reassembler.pending < MAX_HELD
        assert len(reassembler._parts) < MAX_HELD
    reassembler.clear()
    assert reassembler.feed(BASIC, 100.0) == decoded(BASIC)


@given(st.lists(st.binary(max_size=600), max_size=20))
@hypothesis_settings(max_examples=150, deadline=None)
def test_noise_never_raises_and_never_grows(notifications) -> None:
    reassembler = Reassembler()
    for notification in notifications:
        for message in reassembler.feed(notification, 0.0):
            assert isinstance(message, Reply | ModuleMessage)
        assert reassembler.pending < MAX_HELD


@given(st.binary(max_size=300), st.lists(st.integers(20, 250), min_size=1, max_size=8), st.data())
@hypothesis_settings(max_examples=150, deadline=None)
def test_intact_frames_survive_noise_before_them_however_they_are_cut(noise, sizes, data) -> None:
    # A start sign in the noise may hold what follows back until it has come to its length: never longer.
    frames = [answer(0x04, bytes(range(number, number + 32))) for number in range(0, 200, 8)]
    stream, parts = noise + b"".join(frames), []
    while stream:
        size = data.draw(st.sampled_from(sizes))
        parts.append(stream[:size])
        stream = stream[size:]
    messages = feed(*parts, gap=0.0)
    expected = decoded(*frames)
    # Another one may begin in the last, for the noise does not tell where it ends.
    assert [message for message in messages if message in expected][: len(expected) - 8] == expected[:-8]


@given(st.integers(0, 255), st.binary(max_size=255), st.integers(0, 255))
def test_every_answer_is_decoded_again(register, data, status) -> None:
    assert decode_reply(answer(register, data, status)) == Reply(register, status, data)


@given(st.integers(0, 255), st.binary(max_size=255), st.booleans())
def test_every_request_is_decoded_again(register, data, write) -> None:
    frame = (write_request if write else read_request)(register, data)
    assert decode_request(frame) == Request(register, data, write)


@given(st.integers(0, 255), st.binary(max_size=250))
def test_every_word_to_the_module_is_decoded_again(command, data) -> None:
    assert decode_module_message(module_request(command, data)) == ModuleMessage(command, data)


@given(st.integers(0, len(BASIC) - 1), st.integers(0, 7))
@hypothesis_settings(max_examples=100)
def test_one_wrong_bit_behind_the_register_is_seen(place, bit) -> None:
    broken = bytearray(BASIC)
    broken[place] ^= 1 << bit
    if place == 1:
        # The checksum does not cover the register: who asked must compare it.
        assert decode_reply(bytes(broken)).register != 0x03
    else:
        with pytest.raises(FrameError):
            decode_reply(bytes(broken))


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (read_request(Command.BASIC_INFO), "dda50300fffd77"),
        (read_request(Command.CELL_VOLTAGES), "dda50400fffc77"),
        (read_request(Command.MODEL), "dda50500fffb77"),
        (read_request(Command.COUNTERS), "dda5aa00ff5677"),
        (read_request(Command.FACTORY_ENTER), "dda50000000077"),
        (read_request(Command.FACTORY_ENTER, bytes(2)), "dda500020000fffe77"),
        (write_request(Command.SWITCHES, b"\x00\x01"), "dd5ae1020001ff1c77"),
        (write_request(Command.SWITCH, b"\x01\x01"), "dd5afb020101ff0177"),
        (write_request(Command.LOGIN, b"\x06" + bytes(6)), "dd5a060706000000000000ffed77"),
        (module_request(0x15, b"000000"), "ffaa15063030303030303b"),
        (module_request(0x17), "ffaa170017"),
        (module_request(0x07, b"XYZ"), "ffaa070358595a15"),
        (answer(0x06, status=0x80), "dd068000ff8077"),
        (answer(0xE1), "dde10000000077"),
    ],
)
def test_frames_have_the_bytes_of_the_documents(frame, expected) -> None:
    assert frame.hex() == expected


def test_the_checksum_of_nothing_and_of_much() -> None:
    assert checksum(b"") == b"\0\0"
    assert checksum(b"\xff" * 257 + b"\x01") == b"\0\0"


@pytest.mark.parametrize("decode", [decode_reply, decode_request])
@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "header"),
        (b"\xde" + BASIC[1:], "header"),
        (b"\xdd", "length"),
        (b"\xdd\x03\x00", "length"),
        (BASIC[:-1], "length"),
        (BASIC + b"\x00", "length"),
        (BASIC[:-1] + b"\x76", "checksum"),
        (BASIC[:-2] + b"\x00\x77", "checksum"),
    ],
)
def test_what_is_no_frame_is_refused(decode, frame, reason) -> None:
    with pytest.raises(FrameError, match=reason):
        decode(frame)


def test_an_answer_is_no_request() -> None:
    with pytest.raises(FrameError, match="header"):
        decode_request(BASIC)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b"", "header"),
        (b"\xff", "header"),
        (b"\xff\xab\x17\x00\x17", "header"),
        (b"\xff\xaa", "length"),
        (b"\xff\xaa\x17\x00", "length"),
        (RANDOM + b"\x00", "length"),
        (RANDOM[:-1] + b"\x00", "checksum"),
    ],
)
def test_what_is_no_word_of_the_module_is_refused(message, reason) -> None:
    with pytest.raises(FrameError, match=reason):
        decode_module_message(message)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (read_request(0x03), True),
        (read_request(0x00, bytes(2)), True),
        (read_request(0xFA, bytes((0, 117, 4))), True),
        (write_request(0x24, b"\x0e\x42"), True),
        (BASIC, False),
        (answer(0xA5, PACK.firmware.basic_info()[:27]), False),
        (answer(0xA5, bytes.fromhex("1039103a")), False),
        (b"\xdd\xa5\x03", False),
        (RANDOM, False),
        (b"", False),
    ],
)
def test_requests_are_told_from_answers(frame, expected) -> None:
    assert is_request(frame) is expected
