"""The accuracy of the counters over gaps, restarts and crashes; a whole week, within 0.2 %, is a script."""

import pytest

from tests.support.energy_week import lived


def test_energy_is_right_within_three_in_a_thousand_over_a_day_whatever_happens() -> None:
    for outcome in lived(1):
        assert sum(outcome.events.values()) > 3
        assert outcome.bridged
        charged, discharged = outcome.errors
        assert charged == pytest.approx(0, abs=0.3), outcome.family
        assert discharged == pytest.approx(0, abs=0.3), outcome.family
