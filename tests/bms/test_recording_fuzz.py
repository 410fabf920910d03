"""Recordings: known secrets go in, anything may be lost on the way, and none comes out."""

from collections.abc import Iterator
import random

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smart_bms.bms.daly.frames import Dialect, read_request
from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.jk.frames import encode_command
from custom_components.smart_bms.bms.jk.privacy import masked, masked_numbers
from custom_components.smart_bms.bms.recording import Chunk
from tests.support import daly_telegrams as daly, jbd_wire as jbd
from tests.support.packs import CHATTER, READY, cell_info, changed, device_info, jbd_pack, sealed, settings
from tests.support.smart123_messages import answer as answer_of_smart123

PIN = b"4827"
SECRETS = (b"sesame", b"hunter2", b"Shed of Bob", b"SN48271903", b"Bobs own words", b"914826", PIN, PIN.hex().encode())
WINDOW = 4
"""Bytes of a secret that are one already."""


def info(variant: str) -> bytes:
    frame = device_info(variant, name="Shed of Bob")
    for offset, secret in ((62, b"sesame\0"), (118, b"hunter2\0"), (86, b"SN48271903\0"), (102, b"Bobs own words\0")):
        frame = changed(frame, offset, secret)
    return frame


def jk(variant: str) -> Iterator[tuple[bool, bytes]]:
    for counter in range(2):
        yield True, encode_command(0x97)
        yield False, CHATTER + READY + info(variant) + settings(variant) + cell_info(variant, counter)
        yield True, encode_command(0x9F, b"Bobs own word")
        yield False, READY + cell_info(variant, counter + 2) + info(variant)


def jbd_dialogue() -> Iterator[tuple[bool, bytes]]:
    board = jbd_pack()
    for secret in (b"sesame", b"914826"):
        yield True, jbd.module(0x18, secret)
        yield False, jbd.module(0x18, b"\0") + jbd.module(0x1D, b"hunter2")
        yield True, jbd.request(0x06, b"\x06" + secret)
        yield False, jbd.request(0x06, b"\x06" + secret) + jbd.reply(0x06)
        for register in (0x03, 0xA0, 0x04, 0xA2, 0x24):
            yield True, jbd.request(register, write=False)
            text = bytes((14,)) + b"SN48271903\0\0\0\0"
            yield False, jbd.reply(register, text if register >= 0xA0 else board.firmware.read(register)[1])


def daly_dialogue(dialect: Dialect, address: int, *secrets: tuple[int, int]) -> Iterator[tuple[bool, bytes]]:
    secret = b"914826SN48271903".ljust(20, b"\0")
    for register, count in ((0x00, 62), secrets[0], (0x00, 62), *secrets, (0x3E, 9)):
        yield True, read_request(dialect, register, count)
        holds = count not in (62, 9)
        yield False, daly.reply(address, [0] * count if not holds else _words(secret, count))
        yield True, daly.a5(0x57, "", host=0x40)
        yield False, daly.a5(0x57, b"\x01SN48271") + daly.a5(0x57, b"\x02903\0\0\0\0") + daly.a5(0x90, b"\1" * 8)


def _words(text: bytes, count: int) -> list[int]:
    data = text.ljust(2 * count, b"\0")
    return [int.from_bytes(data[place : place + 2]) for place in range(0, 2 * count, 2)]


def smart123() -> Iterator[tuple[bool, bytes]]:
    records = b"U_26ED_+0014_+0014_+0000\rC_01_04_2BC_12C_03_30\rE_000000_0005E9_000000_30\r"
    for sent, received in (
        (b"PW" + PIN + b"!\r", b"PW" + PIN + b"!\rOK\r"),
        (b"$", records),
        (b"D!\r", b"D!\rOK\r"),
        (b"S1@\r", b"S1@\r" + answer_of_smart123(f"01F4_012C_001A_{PIN.hex()}")),
        (b"S2@\r", b"S2@\r" + answer_of_smart123("0230_02D0_010F_0149_5A_14")),
        (b"E!\r", b"E!\rOK\r" + records),
    ) * 2:
        yield True, sent
        yield False, received


DIALOGUES = {
    "jk-JK02_32S": lambda: jk("JK02_32S"),
    "jk-JK02_24S": lambda: jk("JK02_24S"),
    "jk-JK04": lambda: jk("JK04"),
    "jbd": jbd_dialogue,
    "daly-D2": lambda: daly_dialogue(Dialect.D2, 0xD2, (0xC9, 5), (0xA9, 32)),
    "daly-81": lambda: daly_dialogue(Dialect.P81, 0x51, (0x126, 4), (0x178, 48)),
    "smart123": smart123,
}


def leaked(family: str, chunks: list[Chunk]) -> list[bytes]:
    """Return the parts of secrets that a recording of these packets would show."""
    masked = FAMILIES[family].mask(chunks)
    assert [len(chunk.data) for chunk in masked] == [len(chunk.data) for chunk in chunks]
    seen = [b"".join(chunk.data for chunk in masked if chunk.sent is sent) for sent in (False, True)]
    parts = {secret[at : at + WINDOW] for secret in SECRETS for at in range(len(secret) - WINDOW + 1)}
    return [part for part in parts if any(part in stream for stream in seen)]


@pytest.mark.parametrize("dialogue", DIALOGUES)
@given(
    seed=st.integers(0, 2**32),
    sizes=st.sampled_from([(20,), (20, 7, 128), (1, 2, 3), (244,), (5, 13)]),
    loss=st.sampled_from((0.0, 0.02, 0.1, 0.3, 0.6)),
    begins=st.integers(0, 40),
)
@hypothesis_settings(max_examples=40, deadline=None)
def test_whatever_is_lost_no_secret_is_shown(dialogue, seed, sizes, loss, begins) -> None:
    chance = random.Random(seed)
    chunks = []
    for turn, (sent, data) in enumerate(DIALOGUES[dialogue]()):
        place = 0
        while place < len(data):
            size = len(data) if sent else chance.choice(sizes)
            if sent or chance.random() >= loss:
                chunks.append(Chunk(turn, sent, data[place : place + size]))
            place += size
    assert leaked(dialogue.partition("-")[0], chunks[begins:]) == []


def test_without_a_mask_it_would_be_seen() -> None:
    for dialogue in DIALOGUES.values():
        data = b"".join(data for _, data in dialogue())
        assert any(secret in data for secret in SECRETS)


# What is left of two messages passes a sum of one byte now and then. Here it always does.


@pytest.mark.parametrize("variant", ["JK02_32S", "JK02_24S", "JK04"])
@pytest.mark.parametrize("head", [cell_info, settings, device_info])
def test_of_jk_two_halves_whose_sum_fits_show_nothing(variant, head) -> None:
    first, second, chance = head(variant), info(variant), random.Random(1)
    for _ in range(400):
        cut, gap = chance.randrange(6, 300, 2), chance.randrange(300)
        rest = (second[gap:] + READY + second)[: 300 - cut]
        frame = sealed(first[:cut] + rest, first[4])
        assert leaked("jk", [Chunk(0, False, frame + READY)]) == [], (cut, gap)
        assert not any(secret in masked(frame) for secret in SECRETS)


def test_frames_that_diagnostics_show_hold_none_either() -> None:
    frame = sealed(cell_info()[:60] + info("JK02_32S")[60:], 0x02)
    assert b"sesame" in frame
    assert b"sesame" not in masked_numbers(frame, "JK02_32S")
    assert masked_numbers(cell_info(), "JK02_32S") == cell_info()


def test_of_daly_and_123_two_halves_whose_sum_fits_show_nothing() -> None:
    for command in range(256):
        assert leaked("daly", [Chunk(0, False, daly.a5(command, b"SN482719"))]) == []
    for text in ("34383237", "01_34383237", "U_26ED_+0034383237", "U_26ED_+0000_+0000_+0000_34383237", "C_01_34383237"):
        assert (
            leaked("smart123", [Chunk(0, True, b"$"), Chunk(0, False, b"\r" + answer_of_smart123(text) + b"\r")]) == []
        )


# The checksum of what is shown may be the next letter of a secret.


def test_of_daly_no_checksum_ends_a_text() -> None:
    for first in range(256):
        frame = daly.a5(0x90, bytes((first, 0, 0, 0, 0)) + b"914")
        if frame.endswith(b"9148"):
            break
    secret = frame[-4:]
    assert secret not in b"".join(chunk.data for chunk in FAMILIES["daly"].mask([Chunk(0, False, frame)]))
    frame = daly.a5(0x90, b"\1" * 8)
    assert FAMILIES["daly"].mask([Chunk(0, False, frame)])[0].data == frame


@pytest.mark.parametrize("head", [cell_info, settings, device_info])
def test_of_jk_no_checksum_ends_a_text(head) -> None:
    body = head("JK02_32S")
    frames = [sealed(body[:240] + bytes((filler,)) + bytes(55) + b"Bob\0", body[4]) for filler in range(256)]
    assert sum(frame.endswith(b"Bobs") for frame in frames) == 1
    assert not any(masked(frame).endswith(b"Bobs") for frame in frames)
    assert not any(masked_numbers(frame, "JK02_32S").endswith(b"Bobs") for frame in frames)
