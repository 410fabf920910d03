"""Records of the stream become counts, field by field."""

import pytest

from custom_components.smart_bms.bms.errors import FrameError
from custom_components.smart_bms.bms.smart123.decode import LAYOUTS, decode_record, is_record


@pytest.mark.parametrize("tag", LAYOUTS)
def test_a_record_needs_the_fields_that_every_firmware_sends(tag) -> None:
    layout = LAYOUTS[tag]
    line = "_".join([tag, *["01"] * layout.needed])
    assert is_record(line)
    found, counts = decode_record(line)
    assert found == tag
    assert set(counts) <= set(layout.fields)
    with pytest.raises(FrameError, match="length"):
        decode_record(line.rpartition("_")[0])


def test_more_fields_than_known_are_passed_over() -> None:
    _, counts = decode_record("E_000001_000002_000003_32_77_88")
    assert counts == {"energy_collected_today": 1, "stored_energy": 2, "energy_consumed_today": 3, "soc": 50}


def test_a_sign_where_none_belongs_is_an_error() -> None:
    with pytest.raises(FrameError, match="not_a_number"):
        decode_record("C_01_0F_-29A_12B_03")
    with pytest.raises(FrameError, match="not_a_number"):
        decode_record("C_01_0F__12B_03")


def test_the_clock_is_two_numbers_in_one_field() -> None:
    _, counts = decode_record("M_000001_000002_17:03")
    assert (counts["clock_hour"], counts["clock_minute"]) == (23, 3)
    _, counts = decode_record("M_000001_000002_XX")
    assert counts["clock_hour"] is counts["clock_minute"] is None


def test_an_unknown_record_is_none() -> None:
    assert not is_record("Z_01_02")
    assert not is_record("U01_02")
    with pytest.raises(FrameError, match="unknown_type"):
        decode_record("Z_01_02")
