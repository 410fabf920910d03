"""Recordings: what passed, and none of what must not leave the house, however it was cut and whatever was lost."""

import json
import random

import pytest

from custom_components.smart_bms.bms.daly.frames import Dialect, read_request
from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.jk.frames import encode_command
from custom_components.smart_bms.bms.recording import MOST_BYTES, Chunk, Recording, blank_answers, blank_spans
from custom_components.smart_bms.bms.records import decode_lines
from custom_components.smart_bms.bms.smart123.lines import checksum
from tests.packs import CHATTER, READY, cell_info, device_info, settings

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
    recording.take(True, b"V@\r", 101.0)
    recording.take(False, b"rest of a line\rC_01_04_2BC_1", 102.0)
    recording.take(False, b"2C_03_30\r", 103.25)
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
        recording.take(False, bytes(MOST_BYTES // 4), 0.0)
    assert recording.full
    assert recording.packets == 4


def test_spans_are_blanked_over_the_borders_of_packets_and_in_one_direction_only() -> None:
    chunks = [Chunk(0, False, b"ab"), Chunk(1, True, b"cd"), Chunk(2, False, b"ef")]
    masked = blank_spans(chunks, lambda data: [(1, 3), (3, 99)])
    assert [chunk.data for chunk in masked] == [b"a\0", b"cd", b"\0\0"]


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
    data = cell_info(counter=1) + READY + settings() + CHATTER + cell_info(counter=2) + cell_info(counter=3)[:200]
    masked = FAMILIES["jk"].mask(notifications(data, 1))
    assert stream(masked) == data
    info = FAMILIES["jk"].mask(notifications(device_info(), 1))
    assert b"JK_PB2A16S20P" in stream(info)


def test_of_jk_texts_that_are_written_are_blanked_and_numbers_kept() -> None:
    number, text = encode_command(0x04, b"\x10\x0e\0\0"), encode_command(0x9F, b"Shed of Bob")
    masked = FAMILIES["jk"].mask([Chunk(0, True, number), Chunk(1, True, text)])
    assert masked[0].data == number
    assert b"Bob" not in masked[1].data
    assert FAMILIES["jk"].mask([Chunk(0, True, number[:4])])[0].data == number[:4]


# JBD.


def test_of_jbd_the_dialogue_with_the_module_and_texts_are_blanked() -> None:
    chunks = [
        Chunk(0, False, b"\xff\xaa\x1d\x06secret"),
        Chunk(1, True, b"\xff\xaa\x15\x06cipher\x00"),
        Chunk(2, False, b"\xff\xaa\x15\x01\x00\x16"),
        Chunk(3, True, bytes.fromhex("dda50300fffd77")),
        Chunk(4, False, b"basic"),
        Chunk(5, True, bytes.fromhex("dda5a000ff6077")),
        Chunk(6, False, b"serial number"),
        Chunk(7, True, b"\xdd\x5a\xa1\x06barcod\x00\x00\x77"),
        Chunk(8, True, bytes.fromhex("dd5ae1020002ff1b77")),
        Chunk(9, True, b"\xff\xaa\x15"),
        Chunk(10, True, b"\xdd\x5a"),
        Chunk(30, False, b"\xff\xaa\x15"),
    ]
    masked = FAMILIES["jbd"].mask(chunks)
    assert b"secret" not in stream(masked)
    assert b"serial" not in stream(masked)
    assert b"cipher" not in stream(masked, sent=True)
    assert b"barcod" not in stream(masked, sent=True)
    assert b"basic" in stream(masked)
    assert masked[8].data == chunks[8].data


# Daly.


def test_of_daly_passwords_and_identities_are_blanked() -> None:
    questions = {
        read_request(Dialect.D2, 0, 62): True,
        read_request(Dialect.D2, 0xC9, 5): False,
        read_request(Dialect.D2, 0xA9, 32): False,
        read_request(Dialect.P81, 0x100, 98): False,
        read_request(Dialect.P81, 0x162, 20): True,
        read_request(Dialect.P81, 0x178, 48): False,
        bytes.fromhex("a540900800000000000000007d"): True,
        bytes.fromhex("a5405708000000000000000044"): False,
        b"AT+NAME?": False,
    }
    for question, kept in questions.items():
        masked = FAMILIES["daly"].mask([Chunk(0, True, question), Chunk(1, False, b"answer")])
        assert (stream(masked) == b"answer") is kept, question.hex()
    assert stream(FAMILIES["daly"].mask([Chunk(0, False, b"DL-40D63C")])) == bytes(9)


# 123\SmartBMS.


def sealed(body: str) -> bytes:
    return f"{body}_{checksum(body):02X}\r".encode()


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("lose", [0, 5])
def test_of_smart123_the_pin_is_blanked_wherever_it_is(seed, lose) -> None:
    answer = sealed("01F4_012C_001A_34333231")
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
        masked = FAMILIES["smart123"].mask([Chunk(0, False, lines + sealed("01F4_012C_001A_34333231"))])
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
        b"OK\rU_26ED_X_+0000_-0014\rM_00_01_17:03\rV@\r02-050!\r" + sealed("33B_03_05_03_2BC") + b"C_01_0F_29A_12B_03 "
    )
    masked = FAMILIES["smart123"].mask([Chunk(0, True, b"$"), Chunk(0, False, b"\r" + lines)])
    assert stream(masked) == b"\r" + lines


def test_of_smart123_frames_are_kept_as_they_are() -> None:
    chunks = [Chunk(0, False, bytes(range(128, 186)))]
    assert FAMILIES["smart123"].mask(chunks) == chunks
