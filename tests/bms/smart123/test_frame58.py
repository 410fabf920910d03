"""The 58-byte frame: found by sliding, believed only if everything in it makes sense."""

import random

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.smart123.frame58 import LENGTH, Reassembler, check, decode_frame, decode_settings
from custom_components.smart_bms.bms.smart123.trailer import KEYS, TrailerClock, TrailerParser
from custom_components.smart_bms.simulator.smart123 import frame58 as smart123_frame
from custom_components.smart_bms.simulator.smart123.labels import BRIDGE
from tests.support.packs import smart123_pack


def frame(**changes) -> bytes:
    pack = smart123_pack(BRIDGE, **changes)
    pack.advance(2.0)
    return smart123_frame.frame(pack.board, 1, 0)


def sealed(data: bytes | bytearray) -> bytes:
    return bytes(data[:57]) + bytes((sum(data[:57]) & 0xFF,))


GOOD = frame()


def test_frames_are_found_whatever_the_borders() -> None:
    for seed in range(20):
        chance = random.Random(seed)
        data = bytes(chance.randrange(256) for _ in range(chance.randrange(80))) + GOOD + b"junk" + GOOD
        reassembler, found = Reassembler(), []
        while data:
            size = chance.randint(1, 40)
            found += reassembler.feed(data[:size])
            data = data[size:]
            assert reassembler.pending < LENGTH
        assert found == [GOOD, GOOD]


@given(st.lists(st.binary(max_size=200), max_size=20))
@settings(max_examples=50)
def test_anything_may_come(parts) -> None:
    reassembler = Reassembler()
    for part in parts:
        for found in reassembler.feed(part):
            check(found)
        assert reassembler.pending < LENGTH


@pytest.mark.parametrize("window", [bytes(58), b"\xff" * 58], ids=["zeros", "ones"])
def test_windows_of_nothing_are_refused_although_their_checksum_may_fit(window) -> None:
    with pytest.raises(FrameError):
        check(window)


@pytest.mark.parametrize(
    ("place", "byte"), [(3, 0x00), (6, 0x2C), (9, 0x59), (25, 0), (14, 9), (17, 9), (20, 9), (23, 9), (40, 101)]
)
def test_a_right_checksum_is_not_enough(place, byte) -> None:
    changed = bytearray(GOOD)
    changed[place] = byte
    with pytest.raises(FrameError, match="layout_unknown"):
        check(sealed(changed))


def test_a_part_of_a_frame_is_none() -> None:
    with pytest.raises(FrameError, match="length"):
        check(GOOD[:-1])
    assert Reassembler().feed(GOOD[:-1]) == []


def test_a_sensor_that_is_not_fitted_is_not_1542_amperes() -> None:
    changed = bytearray(GOOD)
    changed[3:6] = b"X00"
    counts = decode_frame(sealed(changed))["U"]
    assert counts["current_in"] is None
    changed[9:12] = b"\x2d\x00\x40"
    assert decode_frame(sealed(changed))["U"]["current"] == -64


def test_parameters_come_with_every_frame() -> None:
    assert set(decode_settings(GOOD)) == {
        "battery_capacity",
        "cell_undervoltage",
        "cell_overvoltage",
        "balance_start_voltage",
    }


# Keys and values.


def turn(start: int, count: int, turns: TrailerParser, now: float = 0.0, **values: int) -> dict[str, int]:
    reported: dict[str, int] = {}
    for step in range(count):
        key = (start + step) % KEYS
        reported |= turns.update(key + 25, values.get(f"k{key}", key), now + step)
    return reported


def test_keys_count_only_after_four_steps_in_a_row() -> None:
    turns = TrailerParser()
    turn(5, 3, turns)
    assert not turns.on
    turn(8, 1, turns)
    assert turns.on


def test_values_of_several_bytes_are_joined_when_the_turn_is_complete() -> None:
    turns = TrailerParser()
    assert turn(0, KEYS, turns) == {}
    reported = turn(0, 1, turns, now=19.0)
    # The parts of the first keys came before the steps were believed.
    assert "soh" not in reported
    assert reported["cycles"] == 8 << 8 | 9
    assert reported["status_2"] == 16
    # A whole turn from key 1 to the next key 0, and one more to tell it.
    turn(1, KEYS, turns, now=20.0, k0=97, k2=2, k3=128)
    reported = turn(1, KEYS, turns, now=39.0)
    assert reported["soh"] == 97
    reported = turn(1, KEYS, turns, now=58.0, k2=2, k3=128)
    assert reported["low_cell_voltage"] == 640


def test_parts_of_two_turns_do_not_belong_together() -> None:
    turns = TrailerParser()
    turn(0, KEYS, turns)
    turns.update(25 + 0, 97, 19.0)
    turns.update(25 + 1, 99, 20.0)
    turns.update(25 + 2, 2, 21.0)
    # The frame with key 3 is lost.
    for key in range(4, KEYS):
        turns.update(25 + key, 0, 22.0 + key)
    reported = turns.update(25, 97, 50.0)
    assert "low_cell_voltage" not in reported
    assert reported["soh"] == 97


def test_a_turn_whose_beginning_was_lost_is_not_joined_with_the_one_before() -> None:
    turns = TrailerParser()
    turn(0, KEYS, turns)
    for key in (1, *range(2, 10), *range(11, KEYS)):
        turns.update(25 + key, 1 if key in (11, 12) else 0, 19.0 + key)
    assert "energy_charged_total" not in turns.update(25, 0, 50.0)


def test_parts_older_than_a_minute_are_forgotten() -> None:
    turns = TrailerParser()
    turn(0, KEYS, turns)
    reported = turns.update(25, 97, 100.0)
    assert reported == {}


def test_a_clock_is_never_taken_for_keys() -> None:
    turns = TrailerParser()
    for second in range(3 * 3600):
        minute, hour = second // 60 % 60, second // 3600
        assert turns.update(minute, hour, float(second)) == {}
    assert not turns.on


def test_keys_are_forgotten_when_they_stop_stepping() -> None:
    turns = TrailerParser()
    turn(0, KEYS, turns)
    for second in range(40):
        turns.update(30, 0, 20.0 + second)
    assert not turns.on


# Clock.


def test_which_byte_is_the_hour_is_found_out_and_never_guessed() -> None:
    clock = TrailerClock()
    for _ in range(20):
        assert clock.update(1, 19) is None
    for _ in range(4):
        assert clock.update(24, 19) is None
    assert clock.update(24, 19) == (19, 24)
    for _ in range(4):
        clock.update(1, 20)
    assert clock.update(1, 20) == (20, 1)
    assert clock.hour_first is False


def test_the_other_order_is_found_out_as_well() -> None:
    clock = TrailerClock()
    for _ in range(5):
        found = clock.update(19, 24)
    assert found == (19, 24)


def test_bytes_that_are_no_time_tell_nothing() -> None:
    clock = TrailerClock(hour_first=True)
    for pair in ((60, 1), (1, 60), (30, 30)):
        for _ in range(6):
            assert clock.update(*pair) is None
