"""Lines: notifications cut them anywhere, and nothing that comes can fill the memory."""

import random

from hypothesis import given, strategies as st
import pytest

from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.smart123.frames import (
    LONGEST,
    Reassembler,
    checksum,
    command,
    number,
    query_fields,
)

LINES = ["U_26ED_+0000_-0014_XXXX", "C_01_0F_29A_12B_03", "OK", "01_02_C3"]


def cut(data: bytes, seed: int) -> list[bytes]:
    chance = random.Random(seed)
    parts = []
    while data:
        size = chance.randint(1, 20)
        parts.append(data[:size])
        data = data[size:]
    return parts


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", " "])
@pytest.mark.parametrize("seed", range(5))
def test_lines_are_put_together_whatever_the_borders(end, seed) -> None:
    reassembler = Reassembler()
    found = [line for part in cut(end.join([*LINES, ""]).encode(), seed) for line in reassembler.feed(part)]
    assert found == LINES
    assert reassembler.pending == 0


def test_sixty_kilobytes_without_an_end_are_forgotten_and_the_next_line_counts() -> None:
    reassembler = Reassembler()
    for _ in range(3000):
        assert reassembler.feed(b"0123456789ABCDEF0123") == []
        assert reassembler.pending <= LONGEST
    assert reassembler.feed(b"\rOK\r") == ["OK"]
    assert reassembler.broken_lines == 1


def test_a_line_that_is_too_long_in_one_piece_is_dropped() -> None:
    reassembler = Reassembler()
    assert reassembler.feed(b"A" * (LONGEST + 1) + b"\rOK\r") == ["OK"]
    assert reassembler.broken_lines == 1


@pytest.mark.parametrize("junk", [b"\xff\xfe", b"C_01\x00_02", b"\x7f"])
def test_what_is_no_text_is_dropped(junk) -> None:
    reassembler = Reassembler()
    assert reassembler.feed(junk + b"\rOK\r") == ["OK"]
    assert reassembler.broken_lines == 1


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_anything_may_come(parts) -> None:
    reassembler = Reassembler()
    for part in parts:
        for line in reassembler.feed(part):
            assert line.isprintable()
        assert reassembler.pending <= LONGEST


def test_numbers_are_hex_with_a_sign_at_most() -> None:
    assert number("29A") == 0x29A
    assert number("+0014") == 20
    assert number("-0014") == -20
    assert number("XXXX") is None
    for wrong in ("", "G1", "0x10", "1_0", "123456789", "--1", " 1"):
        with pytest.raises(FrameError):
            number(wrong)


def test_the_checksum_is_the_sum_of_all_but_the_underscores() -> None:
    assert checksum("01_02") == 0xC3
    assert query_fields("01_02_C3") == ["01", "02"]


@pytest.mark.parametrize(
    "line", ["01_02_C4", "C3", "01_02_C", "01_02_0C3", "01_02_", "01_02_GG", "333_03_05_03_DBB_EF"]
)
def test_an_answer_with_a_wrong_checksum_is_none(line) -> None:
    with pytest.raises(FrameError, match="checksum"):
        query_fields(line)


def test_commands_end_with_a_carriage_return() -> None:
    assert command("D!") == b"D!\r"


# Records.
