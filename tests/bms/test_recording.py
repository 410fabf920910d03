"""Recordings: what passed, and none of what must not leave the house, however it was cut and whatever was lost."""

import json
import random

import pytest

from custom_components.smart_bms.bms.daly.frames import Dialect, read_request
from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.jk.frames import encode_command
from custom_components.smart_bms.bms.recording import MAX_BYTES, Chunk, Recording, blank_answers, blank_except
from custom_components.smart_bms.bms.records import decode_lines
from custom_components.smart_bms.simulator.smart123 import frame58 as smart123_frame
from custom_components.smart_bms.simulator.smart123.labels import BRIDGE
from tests.support import daly_telegrams as daly, jbd_wire as jbd
from tests.support.packs import (
    CHATTER,
    READY,
    cell_info,
    device_info,
    jbd_pack,
    log_frame,
    sealed,
    settings,
    smart123_pack,
)
from tests.support.smart123_messages import answer as answer_of_smart123

SECRETS = (b"123456", b"1234", b"Shed")


def notifications(data: bytes, seed: int, lose: int = 0, chatter: bool = False) -> list[Chunk]:
    chance = random.Random(seed)
    chunks = []
    while data:
        size = chance.choice((20, 20, 20, 7, 128))
        if not lose or chance.randrange(lose):
            chunks.append(Chunk(0.0, False, data[:size]))
        if chatter and not chance.randrange(4):
            chunks.append(Chunk(0.0, False, CHATTER))
        data = data[size:]
    return chunks


def stream(chunks: list[Chunk], *, sent: bool = False) -> bytes:
    return b"".join(chunk.data for chunk in chunks if chunk.sent is sent)


# Writing down.


def test_what_passes_is_written_down_in_order_and_can_be_decoded() -> None:
    recording = Recording(100.0)
    recording.note("connecting", 100.0)
    recording.add(True, b"V@\r", 101.0)
    recording.add(False, b"rest of a line\rC_01_04_2BC_1", 102.0)
    recording.add(False, b"2C_03_30\r", 103.25)
    lines = recording.lines({"family": "smart123"}, FAMILIES["smart123"].mask)
    assert [json.loads(line) for line in lines] == [
        {"recording": {"family": "smart123", "full": False}},
        {"t": 0.0, "state": "connecting"},
        {"t": 1.0, "sent": b"V@\r".hex()},
        {"t": 2.0, "notification": b"???? ?? ? ????\rC_01_04_2BC_1".hex()},
        {"t": 3.25, "notification": b"2C_03_30\r".hex()},
    ]
    kinds = [result["kind"] for result in decode_lines("smart123", iter(lines))]
    assert kinds == ["ignored", "ignored", "command", "notification", "reading"]
    assert recording.packets == 3


def test_a_recording_has_an_end() -> None:
    recording = Recording(0.0)
    for _ in range(5):
        recording.add(False, bytes(MAX_BYTES // 4), 0.0)
    assert recording.full
    assert recording.packets == 4
    recording.add(False, b"", 0.0)
    assert recording.packets == 4


def test_packets_without_a_byte_have_an_end_too(monkeypatch) -> None:
    monkeypatch.setattr("custom_components.smart_bms.bms.recording.MAX_PACKETS", 10)
    recording = Recording(0.0)
    for _ in range(8):
        recording.add(False, b"", 0.0)
        recording.note("connecting", 0.0)
    assert recording.full
    assert recording.packets == 5
    assert len(recording.lines({}, list)) == 11


def test_pieces_are_shown_over_the_borders_of_packets_and_in_one_direction_only() -> None:
    chunks = [Chunk(0, False, b"ab"), Chunk(1, True, b"cd"), Chunk(2, False, b"ef")]
    masked = blank_except(chunks, lambda stream: [(1, stream[1:3])])
    assert [chunk.data for chunk in masked] == [b"\0b", b"cd", b"e\0"]


def test_a_late_answer_to_a_secret_question_is_blanked_too() -> None:
    chunks = [
        Chunk(0, True, b"secret"),
        Chunk(1, True, b"$"),
        Chunk(2, True, b"other"),
        Chunk(3, False, b"late"),
        Chunk(8.1, False, b"on time"),
        Chunk(4, True, b"third"),
        Chunk(5, False, b"fine"),
    ]
    masked = list(blank_answers(chunks, lambda data: data == b"secret", is_noise=lambda data: data == b"$"))
    assert [chunk.data for chunk in masked if not chunk.sent] == [bytes(4), b"on time", b"fine"]


# JK.


@pytest.mark.parametrize("seed", range(30))
def test_of_jk_the_device_info_keeps_no_secret_however_it_comes(seed) -> None:
    info = device_info(name="Shed")
    assert SECRETS[0] in info or SECRETS[1] in info
    data = b"".join((cell_info(counter=1), READY, info, settings(), cell_info(counter=2), info, CHATTER, info[:150]))
    for lose, chatter in ((0, False), (0, True), (8, False), (4, True)):
        masked = FAMILIES["jk"].mask(notifications(data, seed, lose, chatter))
        seen = stream(masked)
        for secret in SECRETS:
            assert secret not in seen, (lose, chatter)


def test_of_jk_all_else_is_kept() -> None:
    frame = cell_info(counter=3)
    for variant in ("JK02_32S", "JK02_24S", "JK04"):
        data = cell_info(variant, counter=1) + READY + settings(variant) + CHATTER + cell_info(variant, counter=2)
        data += frame[:140] + CHATTER + frame[140:] + log_frame(1, (60, 1)) + CHATTER + READY
        masked = FAMILIES["jk"].mask(notifications(data + frame[:200], 1))
        assert stream(masked) == data + frame[:4] + bytes(196), variant
    (info,) = decode_lines("jk", [stream(FAMILIES["jk"].mask(notifications(device_info(), 1))).hex()])
    assert info["kind"] == "identity"
    assert info["values"].keys() >= {"model", "hw_version", "sw_version", "max_cells", "runtime", "commands"}
    assert "serial_number" not in info["values"]


def test_of_jk_what_is_no_frame_of_numbers_is_blanked() -> None:
    for frame in (sealed(bytes(300), 0x02), sealed(b"\xff" * 300, 0x05), sealed(bytes(300), 0x09)):
        masked = stream(FAMILIES["jk"].mask([Chunk(0, False, frame)]))
        assert masked[:6] == frame[:6]
        assert not any(masked[6:-1])
    info = device_info()
    masked = stream(FAMILIES["jk"].mask([Chunk(0, False, info[:50] + CHATTER + info[50:])]))
    assert masked == info[:4] + bytes(300)


def test_of_jk_texts_that_are_written_are_blanked_and_numbers_kept() -> None:
    number, text = encode_command(0x04, b"\x10\x0e\0\0"), encode_command(0x9F, b"Shed of Bob")
    masked = FAMILIES["jk"].mask([Chunk(0, True, number), Chunk(1, True, text)])
    assert masked[0].data == number
    assert b"Bob" not in masked[1].data
    assert FAMILIES["jk"].mask([Chunk(0, True, number[:5])])[0].data == number[:4] + b"\0"
    for secret in (encode_command(0x9F, b"Bob"), encode_command(0x04, b"1234"), encode_command(0x99, b"\1")):
        assert FAMILIES["jk"].mask([Chunk(0, True, secret)])[0].data == secret[:4] + bytes(16)


# JBD.


def test_of_jbd_numbers_are_kept_and_all_else_is_blanked() -> None:
    board = jbd_pack()
    answers = [jbd.reply(asked, board.firmware.read(asked)[1]) for asked in (0x03, 0x04)]
    kept = [
        *(jbd.reply(0xAA, bytes(24)), jbd.reply(0x24, b"\x0e\x10"), jbd.reply(0xE1), jbd.reply(0x10, status=0x80)),
        *answers,
    ]
    blanked = [
        jbd.reply(0x05, b"SP04S034-L4S"),
        jbd.reply(0xA0, b"\x05maker"),
        jbd.reply(0xA2, b"\x06barcod"),
        jbd.reply(0x24, b"123456"),
        jbd.reply(0x03, b"short"),
        jbd.reply(0x03, b"\1\2\3"),
        jbd.reply(0x10, b"why", status=0x80),
        jbd.reply(0xA5, b"serial number"),
        jbd.module(0x1D, b"secret"),
        jbd.request(0x06, b"\x06123456"),  # echoed
    ]
    broken = [jbd.module(0x15, b"cipher")[:-1], kept[0][:-1] + b"\0", b"\xff\xaa\x15", b"\xdd\x5a"]
    for frame in kept:
        assert stream(FAMILIES["jbd"].mask([Chunk(0, False, b"\0" + frame)])) == b"\0" + frame, frame
    for frame in blanked:
        assert stream(FAMILIES["jbd"].mask([Chunk(0, False, frame)])) == frame[:4] + bytes(len(frame) - 4), frame
    for frame in broken:
        assert not any(stream(FAMILIES["jbd"].mask([Chunk(0, False, frame)]))), frame


def test_of_jbd_what_is_asked_and_switched_is_kept_and_texts_and_passwords_are_not() -> None:
    for frame, kept in (
        (jbd.request(0x03, write=False), True),
        (jbd.request(0xE1, b"\0\2"), True),
        (jbd.request(0x24, b"\x0e\x10"), True),
        (jbd.request(0x06, b"\x06123456"), False),
        (jbd.request(0x07, b"\1\2"), False),
        (jbd.request(0xA1, b"\x01B"), False),
        (jbd.reply(0x03, b"\1\2"), False),
        (jbd.module(0x15, b"\x06cipher\0"), False),
    ):
        pieces = [Chunk(0, True, frame[:6]), Chunk(0, True, frame[6:])]
        masked = stream(FAMILIES["jbd"].mask(pieces), sent=True)
        assert masked == (frame if kept else frame[:4] + bytes(len(frame) - 4)), frame


# Daly.


def test_of_daly_passwords_and_identities_are_blanked() -> None:
    for dialect, address, register, count, kept in (
        (Dialect.D2, 0xD2, 0, 62, True),
        (Dialect.D2, 0xD2, 0xC9, 5, False),
        (Dialect.D2, 0xD2, 0xA9, 32, False),
        (Dialect.P81, 0x51, 0x100, 98, False),
        (Dialect.P81, 0x51, 0x162, 20, True),
        (Dialect.P81, 0x51, 0x178, 48, False),
    ):
        question, answer = read_request(dialect, register, count), daly.reply(address, [9] * count)
        masked = FAMILIES["daly"].mask([Chunk(0, True, question), Chunk(1, False, answer)])
        assert masked[0].data == question
        assert stream(masked) == (answer if kept else bytes(len(answer))), question.hex()
        assert not any(stream(FAMILIES["daly"].mask([Chunk(1, False, answer)]))), "nobody asked"


def test_of_daly_an_answer_of_the_length_of_a_secret_one_is_blanked_whatever_was_asked_last() -> None:
    answer = daly.reply(0xD2, [9] * 5)
    chunks = [
        Chunk(0, True, read_request(Dialect.D2, 0xC9, 5)),
        Chunk(1, True, read_request(Dialect.D2, 0x00, 5)),
        Chunk(60, False, answer),
    ]
    assert not any(stream(FAMILIES["daly"].mask(chunks)))


def test_of_daly_numbers_are_kept_both_ways_and_words_are_not() -> None:
    for frame, kept in (
        (daly.a5(0x90, "0102030405060708"), True),
        (daly.a5(0x57, b"serial\0\0"), False),
        (daly.a5(0x90, b"\x011234567"), False),
        (daly.sealed(b"\xd2\x06\x00\x80\x0e\x10"), True),
        (daly.sealed(b"\xd2\x06\x00\xc9\x31\x32"), False),
        (daly.sealed(b"\x51\x83\x02"), False),
        (b"DL-40D63C", False),
        (b"\xd2\x03", False),
        (b"\xa5", False),
    ):
        assert stream(FAMILIES["daly"].mask([Chunk(0, False, frame)])) == (frame if kept else bytes(len(frame))), frame
    for frame, kept in (
        (bytes.fromhex("a540900800000000000000007d"), True),
        (daly.a5(0xDA, b"\1", host=0x40), True),
        (daly.sealed(b"\xd2\x10\x00\xc9\x00\x03914826"), False),
        (b"AT+NAME?", False),
    ):
        masked = FAMILIES["daly"].mask([Chunk(0, True, frame)])
        assert masked[0].data == (frame if kept else bytes(len(frame))), frame


# 123\SmartBMS.


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("lose", [0, 5])
def test_of_smart123_the_pin_is_blanked_wherever_it_is(seed, lose) -> None:
    answer = answer_of_smart123("01F4_012C_001A_34333231")
    chunks = [
        Chunk(0, True, b"PW4321!\r"),
        *notifications(b"PW4321!\rOK\r", seed, lose),
        Chunk(1, True, b"$"),
        Chunk(1, True, b"D!\r"),
        *notifications(b"D!\rOK\r", seed),
        Chunk(2, True, b"S1@\r"),
        Chunk(2, True, b"$"),
        *notifications(b"S1@\r" + answer, seed, lose),
        Chunk(3, True, b"E!\r"),
        *notifications(b"E!\rOK\r", seed),
        Chunk(9, False, b"U_26ED_+0000_+0000_+0000\r"),
    ]
    masked = FAMILIES["smart123"].mask(chunks)
    for direction in (False, True):
        seen = stream(masked, sent=direction)
        assert b"4321" not in seen
        assert b"34333231" not in seen
        assert b"4333" not in seen
    assert b"U_26ED" in stream(masked)
    assert len(stream(masked)) == len(stream(chunks))


def test_of_smart123_an_answer_that_nobody_asked_for_keeps_no_pin_either() -> None:
    for lines in (b"", b"OK\r"):
        masked = FAMILIES["smart123"].mask([Chunk(0, False, lines + answer_of_smart123("01F4_012C_001A_34333231"))])
        assert b"3433" not in stream(masked)


@pytest.mark.parametrize(
    "line",
    [b"U_26ED_+0014_34333231_5A", b"334_5A", b"W4321!", b"PW4321!", b"01F4_012C_001A_3433", b"4321", b"01F4_012C_00"],
)
def test_of_smart123_what_could_be_a_part_of_it_is_blanked(line) -> None:
    masked = FAMILIES["smart123"].mask([Chunk(0, True, b"$"), Chunk(0, False, b"\r" + line + b"\rOK\r")])
    assert stream(masked) == b"\r" + b"?" * len(line) + b"\rOK\r"


def test_of_smart123_all_else_is_kept() -> None:
    lines = (
        b"OK\rU_26ED_X_+0000_-0014\rM_00_01_17:03\rV@\r02-050!\r"
        + answer_of_smart123("33B_03_05_03_2BC")
        + b"C_01_0F_29A_12B_03 "
    )
    masked = FAMILIES["smart123"].mask([Chunk(0, True, b"$"), Chunk(0, False, b"\r" + lines)])
    assert stream(masked) == b"\r" + lines


def test_of_smart123_frames_are_kept_as_they_are() -> None:
    pack = smart123_pack(BRIDGE)
    pack.advance(2.0)
    frame = smart123_frame.frame(pack.board, 1, 1)
    data = frame * 2 + frame[:30] + frame + b"\xff4321"
    masked = FAMILIES["smart123"].mask(notifications(data, 2))
    assert stream(masked) == frame * 2 + bytes(30) + frame + bytes(5)


def test_of_smart123_of_what_is_sent_pings_and_known_commands_are_kept() -> None:
    sent = b"$$V@\r$02-050!\r$$PW4321!\r02-FFF!\r4321\rE!\r"
    masked = stream(FAMILIES["smart123"].mask([Chunk(0, True, sent)]), sent=True)
    assert masked == b"$$V@\r$02-050!\r$$PW?????\r???????\r????\rE!\r"
