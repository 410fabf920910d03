"""Usual shape: parts of a frame that have changed places are found, and a pack that changes is not lost."""

import pytest

from custom_components.smart_bms.bms.jk.usual_shape import IN_A_ROW, UsualShape
from tests.support.packs import cell_info


def swapped(frame: bytes) -> bytes:
    """Return a frame whose last two parts have changed places."""
    return frame[:128] + frame[256:] + frame[128:256]


@pytest.mark.parametrize("variant", ["JK02_32S", "JK02_24S", "JK04"])
def test_a_frame_with_parts_in_another_order_does_not_fit(variant) -> None:
    shape = UsualShape({})
    for counter in range(5):
        assert shape.fits(cell_info(variant, counter, profile=lambda _: -12.0))
    assert not shape.fits(swapped(cell_info(variant)))
    assert shape.fits(cell_info(variant))


def test_ordinary_changes_fit() -> None:
    shape = UsualShape({})
    assert shape.fits(cell_info(profile=lambda _: -12.0))
    assert shape.fits(cell_info(profile=lambda _: 80.0, soc=0.99, temperature=-5))
    assert shape.fits(cell_info(soc=0.0))


def test_a_new_shape_counts_once_it_lasts() -> None:
    shape = UsualShape({})
    shape.fits(cell_info())
    other = swapped(cell_info())
    assert [shape.fits(other) for _ in range(IN_A_ROW)] == [False, False, True]
    assert not shape.fits(cell_info())


def test_different_broken_frames_in_a_row_never_count() -> None:
    shape = UsualShape({})
    shape.fits(cell_info())
    frames = swapped(cell_info()), cell_info()[:6] + cell_info()[150:] + cell_info()[6:150]
    assert not any(shape.fits(frames[number % 2]) for number in range(10))


def test_the_shape_is_kept_over_sessions() -> None:
    memory: dict = {}
    UsualShape(memory).fits(cell_info())
    assert not UsualShape(memory).fits(swapped(cell_info()))
