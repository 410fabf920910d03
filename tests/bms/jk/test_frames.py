"""Reassembly: whatever the radio does to the bytes, intact frames come out and nothing else."""

from functools import partial

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smart_bms.bms.jk.frames import Command, Reassembler, encode_command
from custom_components.smart_bms.bms.records import decode_lines
from tests.support.notifications import put_together
from tests.support.packs import CHATTER, READY, cell_info, device_info, sealed, settings

feed = partial(put_together, Reassembler)
FRAMES = [cell_info(counter=number) for number in range(4)]
SETTINGS = settings()
INFO = device_info()


def cut(data: bytes, *sizes: int) -> list[bytes]:
    parts, place = [], 0
    for size in sizes:
        parts.append(data[place : place + size])
        place += size
    return [*parts, data[place:]]


@pytest.mark.parametrize(
    ("notifications", "expected"),
    [
        pytest.param([FRAMES[0]], [FRAMES[0]], id="whole"),
        pytest.param(cut(FRAMES[0], 128, 128), [FRAMES[0]], id="module A"),
        pytest.param(cut(FRAMES[0], 150), [FRAMES[0]], id="module B"),
        pytest.param(cut(FRAMES[0], *[20] * 14), [FRAMES[0]], id="module C"),
        pytest.param(cut(FRAMES[0], *[1] * 299), [FRAMES[0]], id="byte by byte"),
        pytest.param([FRAMES[0] + FRAMES[1]], FRAMES[:2], id="back to back"),
        pytest.param([SETTINGS + INFO + FRAMES[0]], [SETTINGS, INFO, FRAMES[0]], id="three kinds glued"),
        pytest.param([READY], [READY], id="ready alone"),
        pytest.param([FRAMES[0] + READY], [FRAMES[0], READY], id="ready glued behind"),
        pytest.param([CHATTER + FRAMES[0][:124], FRAMES[0][124:] + CHATTER], [FRAMES[0]], id="chatter around"),
        pytest.param([FRAMES[0][:128], CHATTER, FRAMES[0][128:]], [FRAMES[0]], id="chatter between parts"),
        pytest.param([FRAMES[0][:128] + CHATTER, FRAMES[0][128:]], [FRAMES[0]], id="chatter glued behind a part"),
        pytest.param(
            [FRAMES[0][:100] + CHATTER + FRAMES[0][100:200], CHATTER + CHATTER + FRAMES[0][200:]],
            [FRAMES[0]],
            id="chatter everywhere",
        ),
        pytest.param(
            [FRAMES[0][:128] + CHATTER[:1], CHATTER[1:] + FRAMES[0][128:]], [FRAMES[0]], id="chatter across a border"
        ),
        pytest.param([CHATTER + READY + CHATTER, FRAMES[0]], [READY, FRAMES[0]], id="chatter around ready"),
        pytest.param([b"\x01\x02\x55\xaa", FRAMES[0]], [FRAMES[0]], id="junk before"),
        pytest.param([FRAMES[0][:3], FRAMES[0][3:]], [FRAMES[0]], id="header split"),
        pytest.param([READY[:4], READY[4:]], [READY], id="ready header split"),
        pytest.param([FRAMES[0][:128], FRAMES[1]], [FRAMES[1]], id="a lost part costs one frame only"),
        pytest.param([FRAMES[0][:128], FRAMES[0][150:], FRAMES[1]], [FRAMES[1]], id="a hole costs one frame only"),
        pytest.param([FRAMES[0][128:], FRAMES[0][:128], FRAMES[1]], [FRAMES[1]], id="parts in the wrong order"),
        pytest.param(
            [FRAMES[0][:128], FRAMES[0][:128], FRAMES[0][128:], FRAMES[1]], [FRAMES[0], FRAMES[1]], id="a part twice"
        ),
        pytest.param([FRAMES[0], FRAMES[0]], [FRAMES[0], FRAMES[0]], id="duplicates are not judged here"),
        pytest.param([b""], [], id="empty"),
        pytest.param([FRAMES[0][:299]], [], id="truncated"),
        pytest.param([FRAMES[0][:150] + b"\xff" + FRAMES[0][151:]], [], id="corrupt"),
        pytest.param([READY[:10] + b"\x01" + READY[11:], FRAMES[0]], [FRAMES[0]], id="corrupt ready"),
        pytest.param([bytes.fromhex("aa5590eb96000000000000000000000000000010")], [], id="an echo is no answer"),
    ],
)
def test_notifications_become_frames(notifications, expected) -> None:
    assert feed(*notifications) == expected


def with_byte(frame: bytes, number: int) -> bytes:
    """Return the frame with another byte near its head, sealed again."""
    return sealed(frame[:10] + bytes((number,)) + frame[11:], frame[4], frame[5])


@pytest.mark.parametrize("kept", [20, 128, 150, 256])
@pytest.mark.parametrize("joint", [b"", READY], ids=["alone", "with a ready frame between"])
@pytest.mark.parametrize("frame", [SETTINGS, INFO, FRAMES[0], sealed(bytes(300), 0x05)], ids=["01", "03", "02", "05"])
def test_what_holds_the_head_of_another_frame_is_no_frame_though_its_checksum_fits(frame, joint, kept) -> None:
    # One in 256 does, so one of these does.
    spliced = 0
    for number in range(256):
        head, following = with_byte(frame, number)[:kept], FRAMES[1]
        whole = (head + joint + following)[:300]
        spliced += sum(whole[:299]) & 0xFF == whole[299]
        expected = [READY, following] if joint else [following]
        assert feed(head + joint + following) == expected
    assert spliced == 1


def test_a_ready_frame_inside_is_no_part_of_a_frame_either() -> None:
    spliced = [sealed(with_byte(SETTINGS, number)[:128] + READY + FRAMES[0][128:280], 0x01) for number in range(2)]
    assert feed(*spliced) == [READY, READY]


def test_a_half_without_its_other_half_is_forgotten_after_a_second() -> None:
    reassembler = Reassembler()
    reassembler.feed(FRAMES[0][:200], 0.0)
    assert reassembler.pending == 200
    assert reassembler.feed(CHATTER, 0.9) == []
    assert reassembler.feed(FRAMES[1], 1.5) == [FRAMES[1]]
    assert reassembler.broken_frames == 1


def test_clear_forgets_what_is_held() -> None:
    reassembler = Reassembler()
    reassembler.feed(FRAMES[0][:200], 0.0)
    reassembler.clear()
    assert reassembler.pending == 0
    assert reassembler.feed(FRAMES[0][200:], 0.1) == []


def test_what_was_dropped_is_counted() -> None:
    reassembler = Reassembler()
    broken = FRAMES[0][:150] + b"\xff" + FRAMES[0][151:]
    reassembler.feed(b"\x01\x02\x03" + CHATTER + broken + FRAMES[1], 0.0)
    assert reassembler.broken_frames == 1
    assert reassembler.junk_bytes == 3 + 299


@given(st.lists(st.binary(max_size=600), max_size=20))
@hypothesis_settings(max_examples=150, deadline=None)
def test_noise_never_raises_and_never_grows(notifications) -> None:
    reassembler = Reassembler()
    for notification in notifications:
        for frame in reassembler.feed(notification, 0.0):
            assert sum(frame[:-1]) & 0xFF == frame[-1]
        assert reassembler.pending < 300


@given(st.binary(max_size=500), st.lists(st.integers(1, 250), min_size=1, max_size=8), st.data())
@hypothesis_settings(max_examples=150, deadline=None)
def test_intact_frames_survive_noise_before_them_however_they_are_cut(noise, sizes, data) -> None:
    # A header in the noise may claim the first frame; the one after it is safe.
    stream = noise + FRAMES[0] + READY + FRAMES[1] + SETTINGS + FRAMES[2]
    parts = []
    while stream:
        size = data.draw(st.sampled_from(sizes))
        parts.append(stream[:size])
        stream = stream[size:]
    frames = feed(*parts, gap=0.0)
    assert frames[-3:] == [FRAMES[1], SETTINGS, FRAMES[2]]


def test_an_endless_stream_of_headers_stays_small() -> None:
    reassembler = Reassembler()
    for _ in range(50):
        assert reassembler.feed(b"\x55\xaa\xeb\x90" * 120, 0.0) == []
        assert reassembler.pending < 300


@pytest.mark.parametrize(
    ("command", "payload", "expected"),
    [
        (Command.READ_DEVICE_INFO, b"", "aa5590eb97000000000000000000000000000011"),
        (Command.READ_SETTINGS, b"", "aa5590eb96000000000000000000000000000010"),
        (0x06, (3).to_bytes(4, "little"), "aa5590eb06040300000000000000000000000087"),
    ],
)
def test_commands_have_the_bytes_that_packs_accept(command, payload, expected) -> None:
    assert encode_command(command, payload).hex() == expected


def test_a_payload_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="14 bytes"):
        encode_command(0x9F, b"x" * 14)


def test_the_tool_says_that_a_frame_is_spliced() -> None:
    spliced = sealed(SETTINGS[:128] + FRAMES[0][:172], 0x01)
    (result,) = decode_lines("jk", iter([f'{{"hex": "{spliced.hex()}"}}']))
    assert result["reason"] == "spliced"
