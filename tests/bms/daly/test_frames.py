"""Reassembly: whatever the radio does to the bytes, intact frames come out and nothing else."""

from functools import partial
import struct
import time

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smart_bms.bms.daly.frames import (
    A5Frame,
    Dialect,
    ModbusException,
    ReadRequest,
    Reassembler,
    RegisterAnswer,
    RegisterWrite,
    a5_request,
    decode_frame,
    read_request,
    write_request,
)
from custom_components.smart_bms.bms.errors import FrameError
from tests.support.daly_telegrams import a5, crc, reply, sealed
from tests.support.notifications import cut, put_together

feed = partial(put_together, Reassembler)
D2 = reply(0xD2, [3300, 3301, 3302] + [0] * 59)
D2_WORDS = RegisterAnswer(Dialect.D2, D2[3:-2])
P81 = reply(0x51, [3400] * 65)
P81_WORDS = RegisterAnswer(Dialect.P81, P81[3:-2])
SHORT = reply(0xD2, [1])
SHORT_WORDS = RegisterAnswer(Dialect.D2, b"\0\1")
ACK = sealed(bytes.fromhex("d20600a50001"))
WRITTEN = RegisterWrite(Dialect.D2, 0xA5, 6, b"\0\1")
MANY_ACK = bytes.fromhex("5110012300037c6e")
REFUSED = bytes.fromhex("51100f05aaaa2193")
EXCEPTION = sealed(b"\xd2\x83\x02")
FIRST = a5(0x90, "0212000075300200")
FIRST_FRAME = A5Frame(1, 0x90, bytes.fromhex("0212000075300200"))
CELLS = [a5(0x95, bytes((number, 12, number, 12, number, 12, number, 0))) for number in range(1, 6)]
CELL_FRAMES = [A5Frame(1, 0x95, frame[4:12]) for frame in CELLS]
GREETING = b"char1_ntf_data"
LONGEST = 3 + 254 + 2


def corrupt(frame: bytes, place: int = 7) -> bytes:
    return frame[:place] + bytes((frame[place] ^ 0xFF,)) + frame[place + 1 :]


@pytest.mark.parametrize(
    ("notifications", "expected"),
    [
        pytest.param([D2], [D2_WORDS], id="D2 whole"),
        pytest.param([P81], [P81_WORDS], id="81 whole"),
        pytest.param([FIRST], [FIRST_FRAME], id="A5 whole"),
        pytest.param(cut(D2, 20), [D2_WORDS], id="default MTU"),
        pytest.param(cut(P81, 1), [P81_WORDS], id="byte by byte"),
        pytest.param(cut(FIRST, 1), [FIRST_FRAME], id="A5 byte by byte"),
        pytest.param([D2 + SHORT + D2], [D2_WORDS, SHORT_WORDS, D2_WORDS], id="three glued"),
        pytest.param([b"".join(CELLS)], CELL_FRAMES, id="A5 glued"),
        pytest.param(CELLS, CELL_FRAMES, id="A5 one each"),
        pytest.param(cut(b"".join(CELLS), 20), CELL_FRAMES, id="A5 glued and cut"),
        pytest.param([D2 + P81 + FIRST], [D2_WORDS, P81_WORDS, FIRST_FRAME], id="all dialects"),
        pytest.param([GREETING, D2], [D2_WORDS], id="greeting"),
        pytest.param([GREETING + D2], [D2_WORDS], id="greeting glued before"),
        pytest.param([D2 + GREETING, SHORT], [D2_WORDS, SHORT_WORDS], id="greeting glued behind"),
        pytest.param([b"AT+PRODUCTINFO=NoPID\r\n", b"HLK-B40(b.2.02)\r\n", SHORT], [SHORT_WORDS], id="module texts"),
        pytest.param([bytes(9) + D2], [D2_WORDS], id="zeros before"),
        pytest.param(
            [CELLS[0] + b"\x13\x37\xd2" + CELLS[1] + b"\xa5\x01", CELLS[2]],
            [CELL_FRAMES[0], CELL_FRAMES[1], CELL_FRAMES[2]],
            id="foreign bytes in a burst",
        ),
        pytest.param(
            [CELLS[0] + corrupt(CELLS[1]) + CELLS[2] + CELLS[3][:5]],
            [CELL_FRAMES[0], CELL_FRAMES[2]],
            id="corrupt and truncated in a burst",
        ),
        pytest.param([D2, D2], [D2_WORDS, D2_WORDS], id="duplicates are not judged here"),
        pytest.param([corrupt(D2), SHORT], [SHORT_WORDS], id="corrupt"),
        pytest.param([D2[:60], D2], [D2_WORDS], id="truncated"),
        pytest.param([D2[:60] + D2[80:], D2], [D2_WORDS], id="a hole"),
        pytest.param([D2[:60], D2[:60], D2[60:]], [D2_WORDS], id="a part twice"),
        pytest.param([D2[60:], D2[:60], D2], [D2_WORDS], id="parts in the wrong order"),
        pytest.param([P81[:70] + D2[70:], P81 + SHORT], [P81_WORDS, SHORT_WORDS], id="spliced"),
        pytest.param([ACK], [WRITTEN], id="acknowledgement"),
        pytest.param([MANY_ACK], [RegisterWrite(Dialect.P81, 0x123, 0x10, b"\0\3")], id="acknowledgement of several"),
        pytest.param([REFUSED], [RegisterWrite(Dialect.P81, 0xF05, 0x10, b"\xaa\xaa")], id="refusal"),
        pytest.param([EXCEPTION], [ModbusException(Dialect.D2, 3, 2)], id="exception"),
        pytest.param([EXCEPTION + D2], [ModbusException(Dialect.D2, 3, 2), D2_WORDS], id="exception glued"),
        pytest.param([sealed(b"\xd2\x03\x00"), SHORT], [SHORT_WORDS], id="an answer without content"),
        pytest.param([sealed(b"\x51\x03\x03\1\2\3"), SHORT], [SHORT_WORDS], id="half a register"),
        pytest.param([b"\xd2\x2a" + SHORT], [SHORT_WORDS], id="unknown function"),
        pytest.param([a5(0x90, "00" * 8)[:3] + b"\x07" + bytes(9), FIRST], [FIRST_FRAME], id="A5 of another length"),
        pytest.param([b""], [], id="empty"),
        pytest.param([b"", D2[:40], b"", D2[40:]], [D2_WORDS], id="empty between"),
    ],
)
def test_notifications_become_messages(notifications, expected) -> None:
    assert feed(*notifications) == expected


@pytest.mark.parametrize(
    ("request_sent", "answer", "expected"),
    [
        (read_request(Dialect.D2, 0, 62), D2, D2_WORDS),
        (read_request(Dialect.D2, 0xD2, 0x51), SHORT, SHORT_WORDS),
        (read_request(Dialect.P81, 0, 65), P81, P81_WORDS),
        (write_request(Dialect.P81, 0x121, (1,)), P81, P81_WORDS),
        (a5_request(0x80, 0x90), FIRST, FIRST_FRAME),
        (a5_request(0x40, 0x90), FIRST, FIRST_FRAME),
        (a5_request(0x80, 0xD9, b"\1" + bytes(7)), FIRST, FIRST_FRAME),
    ],
)
def test_an_echo_of_our_own_question_is_no_answer(request_sent, answer, expected) -> None:
    assert feed(request_sent) == []
    assert feed(request_sent + request_sent + answer) == [expected]


def test_two_requests_overlapped_garble_the_answer_and_the_next_is_whole() -> None:
    # The length byte of the later request on the content of the earlier.
    overtaken = reply(0xD2, [0xFFFF] * 28)
    garbled = overtaken[:2] + b"\x18" + overtaken[3:]
    reassembler = Reassembler()
    assert reassembler.feed(garbled, 0.0) == []
    assert reassembler.feed(D2, 0.1) == [D2_WORDS]
    assert reassembler.broken_frames == 1
    assert feed(bytes.fromhex("d20600cf00011c8a"), ACK) == [WRITTEN]


def test_a_half_without_its_other_half_is_forgotten_after_a_second() -> None:
    reassembler = Reassembler()
    reassembler.feed(D2[:100], 0.0)
    assert reassembler.pending == 100
    assert reassembler.feed(SHORT, 1.5) == [SHORT_WORDS]
    assert (reassembler.pending, reassembler.broken_frames) == (0, 1)
    reassembler.feed(D2[:100], 2.0)
    assert reassembler.feed(D2[100:], 2.9) == [D2_WORDS]


def test_clear_forgets_what_is_held_and_counts_it() -> None:
    reassembler = Reassembler()
    reassembler.clear()
    assert reassembler.broken_frames == 0
    reassembler.feed(D2[:100], 0.0)
    reassembler.clear()
    assert (reassembler.pending, reassembler.broken_frames) == (0, 1)
    assert reassembler.feed(SHORT, 0.0) == [SHORT_WORDS]


def test_what_was_dropped_is_counted() -> None:
    reassembler = Reassembler()
    reassembler.feed(GREETING + corrupt(FIRST) + FIRST, 0.0)
    assert reassembler.broken_frames == 1
    assert reassembler.junk_bytes == len(GREETING) + 12


@given(st.lists(st.binary(max_size=500), max_size=20))
@hypothesis_settings(max_examples=100, deadline=None)
def test_noise_never_raises_and_never_grows(notifications) -> None:
    reassembler = Reassembler()
    for notification in notifications:
        reassembler.feed(notification, 0.0)
        assert reassembler.pending < LONGEST


STARTS = st.sampled_from(
    [b"\xd2\x03", b"\xd2\x03\xfe", b"\x51\x03\x80", b"\xa5\x01", b"\x51\x10", b"\xd2\x86", b"\xa5"]
)


@given(st.lists(STARTS | st.binary(max_size=4), max_size=40), st.integers(1, 60))
@hypothesis_settings(max_examples=100, deadline=None)
def test_frames_that_follow_a_silence_always_come_through(noise, size) -> None:
    reassembler = Reassembler()
    for part in cut(b"".join(noise), size):
        reassembler.feed(part, 0.0)
    reassembler.clear()
    found = [message for part in cut(D2 + P81 + FIRST, size) for message in reassembler.feed(part, 0.0)]
    assert found == [D2_WORDS, P81_WORDS, FIRST_FRAME]


@given(st.binary(max_size=300))
@hypothesis_settings(max_examples=150, deadline=None)
def test_one_frame_is_decoded_or_refused_with_a_reason(data) -> None:
    for frame in (data, sealed(data), sealed(b"\xd2" + data), sealed(b"\x51" + data), sealed(b"\x81" + data)):
        reason, message = "", None
        try:
            message = decode_frame(frame)
        except FrameError as error:
            reason = error.reason
        assert message is not None or reason in ("header", "length", "checksum")
        assert not isinstance(message, RegisterAnswer) or 2 * len(message.words) == len(message.data)


@pytest.mark.parametrize(
    "pattern", [b"\0", b"\xd2", b"\xa5\x01", b"\xa5\x01\x95\x08", b"char1_ntf_data", b"\x51\x83\xff"]
)
def test_sixty_kilobytes_of_garbage_leave_next_to_nothing(pattern) -> None:
    reassembler = Reassembler()
    garbage = (pattern * 60_000)[:60_000]
    assert reassembler.feed(garbage, 0.0) == []
    assert reassembler.pending < LONGEST
    for part in cut(garbage, 244):
        reassembler.feed(part, 0.0)
        assert reassembler.pending < LONGEST


def test_garbage_full_of_headers_does_not_hold_up_everything_else() -> None:
    # Every third byte begins what could be a frame of 259 bytes; nothing else runs meanwhile.
    reassembler, began = Reassembler(), time.process_time()
    for part in cut(b"\xd2\x03\xfe" * 2000, 244):
        assert reassembler.feed(part, 0.0) == []
        assert reassembler.pending < LONGEST
    assert time.process_time() - began < 0.25


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (read_request(Dialect.D2, 0x0000, 62), "d2030000003ed7b9"),
        (read_request(Dialect.D2, 0x0080, 41), "d20300800029965f"),
        (read_request(Dialect.D2, 0x0000, 80), "d203000000505655"),
        (read_request(Dialect.P81, 0x0000, 64), "8103000000405bfa"),
        (read_request(Dialect.P81, 0x0000, 65), "8103000000419a3a"),
        (read_request(Dialect.P81, 0x0041, 62), "81030041003e8bce"),
        (read_request(Dialect.P81, 0x00A4, 10), "810300a4000a9bee"),
        (read_request(Dialect.P81, 0x0178, 74), "81030178004a5a18"),
        (read_request(Dialect.P81, 0x01C3, 80), "810301c30050abf6"),
        (write_request(Dialect.D2, 0x00A5, (1,)), "d20600a500014b8a"),
        (write_request(Dialect.P81, 0x0121, (1,)), "81060121000106 3c".replace(" ", "")),
        (write_request(Dialect.P81, 0x0140, (0x7430, 0x73F0)), "811001400002743073f02ca9"),
        (a5_request(0x80, 0x90), "a58090080000000000000000bd"),
        (a5_request(0x40, 0x90), "a540900800000000000000007d"),
        (a5_request(0x40, 0x02), "a54002080000000000000000ef"),
        (a5_request(0x40, 0x21, bytes.fromhex("15030b0c392c0064")), "a540210815030b0c392c006406"),
        (a5_request(0x40, 0x21, bytes.fromhex("160c0d151d27012c")), "a5402108160c0d151d27012cc3"),
    ],
)
def test_requests_have_the_bytes_of_the_reference(frame, expected) -> None:
    assert frame.hex() == expected


@pytest.mark.parametrize("values", [(-1,), (65536,), (1, 65536), (1.5,), ("1",)])
def test_what_does_not_fit_into_a_register_is_refused(values) -> None:
    with pytest.raises(ValueError, match="register"):
        write_request(Dialect.D2, 0x8B, values)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (read_request(Dialect.P81, 0x178, 74), ReadRequest(Dialect.P81, 0x178, 74)),
        (read_request(Dialect.D2, 0x80, 41), ReadRequest(Dialect.D2, 0x80, 41)),
        (write_request(Dialect.P81, 0x121, (1,)), RegisterWrite(Dialect.P81, 0x121, 6, b"\0\1")),
        (sealed(b"\x81\x83\x02"), ModbusException(Dialect.P81, 3, 2)),
        (a5_request(0x40, 0x90), A5Frame(0x40, 0x90, bytes(8))),
        (D2, D2_WORDS),
    ],
)
def test_one_whole_frame(frame, expected) -> None:
    assert decode_frame(frame) == expected


@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"", "header"),
        (b"\x55\xaa", "header"),
        (b"\xd2\x03", "length"),
        (FIRST[:12], "length"),
        (FIRST + b"\0", "length"),
        (a5(0x90, "00" * 8)[:3] + b"\x07" + bytes(9), "header"),
        (corrupt(FIRST), "checksum"),
        (corrupt(D2), "checksum"),
        (D2[:-1], "checksum"),
        (sealed(b"\x51\x03\x03\1\2\3"), "length"),
        (sealed(b"\xd2\x03\x04\1\2\3\4\5"), "length"),
        (sealed(b"\x81\x03\x01"), "length"),
        (sealed(b"\xd2\x06\x00\xa5\x00"), "length"),
        (sealed(b"\xd2\x06\x00\xa5\x00\x01\x00"), "length"),
        (sealed(b"\xd2\x06\x00\xa5\x00\x01\x00\x02"), "length"),
        (sealed(b"\x81\x10\x01\x40\x00\x02\x74\x30"), "length"),
        (sealed(b"\xd2\x2a\x00\xa5\x00\x01"), "header"),
    ],
)
def test_what_is_no_frame_is_refused(frame, reason) -> None:
    with pytest.raises(FrameError) as refused:
        decode_frame(frame)
    assert refused.value.reason == reason


def test_our_own_checksum_agrees_with_the_recorded_ones() -> None:
    for frame in ("d2030000003ed7b9", "d20300800029965f", "8106012100010 63c".replace(" ", "")):
        data = bytes.fromhex(frame)
        assert crc(data[:-2]) == data[-2:]
    assert struct.unpack("<H", crc(b"123456789")) == (0x4B37,)
