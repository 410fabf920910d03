"""The packed words of boards with a TI front end."""

import pytest

from custom_components.smart_bms.bms.jbd.hardware_protection import BY_KEY as CHOICE_BY_KEY, CHOICES
from custom_components.smart_bms.bms.jbd.settings import encode_register
from tests.support.jbd_messages import one

SHORT_DELAYS = (70, 100, 200, 400)


SHORT_THRESHOLDS = ((22, 33, 44, 56, 67, 78, 89, 100), (44, 67, 89, 111, 133, 155, 178, 200))


SECOND_DELAYS = (8, 20, 40, 80, 160, 320, 640, 1280)


SECOND_THRESHOLDS = (
    (8, 11, 14, 17, 19, 22, 25, 28, 31, 33, 36, 39, 42, 44, 47, 50),
    (17, 22, 28, 33, 39, 44, 50, 56, 61, 67, 72, 78, 83, 89, 94, 100),
)


def test_every_code_of_the_short_circuit_word_in_both_ranges() -> None:
    for word in range(0x10000):
        upper = word >> 15
        assert {choice.key: choice.value(word) for choice in CHOICES[:4]} == {
            "short_circuit_delay": f"{SHORT_DELAYS[word >> 11 & 3]}_us",
            "short_circuit_threshold": f"{SHORT_THRESHOLDS[upper][word >> 8 & 7]}_mv",
            "discharge_overcurrent_2_delay": f"{SECOND_DELAYS[word >> 4 & 7]}_ms",
            "discharge_overcurrent_2_threshold": f"{SECOND_THRESHOLDS[upper][word & 15]}_mv",
        }


@pytest.mark.parametrize("code", range(4))
def test_the_hardware_delays(code) -> None:
    values = one(0x39, f"{code << 14 | (3 - code) << 12 | 0x0F05:04x}")
    assert values["hardware_cell_undervoltage_delay"] == f"{(1, 4, 8, 16)[code]}_s"
    assert values["hardware_cell_overvoltage_delay"] == f"{(1, 2, 4, 8)[3 - code]}_s"
    assert values["short_circuit_release"] == 5


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (0x9E55, ("400_us", "178_mv", "320_ms", "44_mv")),
        (0x9D54, ("400_us", "155_mv", "320_ms", "39_mv")),
        (0x8D5C, ("100_us", "155_mv", "320_ms", "83_mv")),
    ],
)
def test_words_of_real_boards(word, expected) -> None:
    assert tuple(one(0x38, f"{word:04x}").values()) == expected


@pytest.mark.parametrize("choice", CHOICES, ids=lambda choice: choice.key)
@pytest.mark.parametrize("word", [0x0000, 0x7FFF, 0x8000, 0xFFFF, 0x8D5C])
def test_a_choice_changes_its_own_bits_only(choice, word) -> None:
    mask = (1 << choice.width) - 1 << choice.shift
    offered = choice.ranges[word >> 15 if len(choice.ranges) > 1 else 0]
    for code, value in enumerate(offered):
        text = f"{value}_{choice.unit}"
        assert text in choice.options()
        changed = choice.put(word, text)
        assert changed & ~mask == word & ~mask
        assert changed >> choice.shift & (1 << choice.width) - 1 == code
        assert choice.value(changed) == text


def test_a_choice_of_the_other_range_is_refused() -> None:
    threshold = CHOICE_BY_KEY["short_circuit_threshold"]
    with pytest.raises(ValueError, match="44_mv"):
        threshold.put(0x8000, "22_mv")
    with pytest.raises(ValueError, match="22_mv"):
        threshold.put(0x0000, "200_mv")
    with pytest.raises(ValueError):
        encode_register("short_circuit_threshold", b"\x00\x00", 22)
    assert threshold.options()[:3] == ("22_mv", "33_mv", "44_mv")
