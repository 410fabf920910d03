"""Mirror and firmware, written by different hands from the same documents, live through the same random lives.

`script/second_opinion` does it for longer.
"""

from hypothesis import HealthCheck, given, settings, strategies as st
import pytest

from tests.support import jk_profiles, smart123_profiles
from tests.support.rule_books import FAMILIES

PROFILES = 2_000
WORKERS = 2
"""Parts, so that they can run side by side."""


def lives(segment: int) -> st.SearchStrategy[bytes]:
    """Return lives of two to five segments of so many bytes each."""
    return st.binary(min_size=1 + 2 * segment, max_size=1 + 5 * segment)


thorough = settings(
    max_examples=PROFILES // WORKERS,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)


@pytest.mark.parametrize("part", range(WORKERS))
@pytest.mark.parametrize("family", FAMILIES)
def test_trips_and_releases_are_those_of_the_firmware(family, part):
    @thorough
    @given(lives(jk_profiles.BYTES_OF_A_SEGMENT))
    def live(data):
        jk_profiles.compare(FAMILIES[family], data)

    live()


@pytest.mark.parametrize("part", range(WORKERS))
def test_the_relays_of_a_123_are_those_of_the_board(part):
    @thorough
    @given(lives(5))
    def live(data):
        smart123_profiles.compare(data)

    live()
