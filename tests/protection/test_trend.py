"""The line through the last minute: when it counts, how sure it is, and that it forgets."""

import random

import pytest

from custom_components.smart_bms.protection.trend import Trend


def fed(values, spacing=2.0, start=0.0):
    trend = Trend()
    for number, value in enumerate(values):
        trend.update(start + number * spacing, value)
    return trend


def test_the_uncertainty_is_about_as_large_as_the_error():
    chance = random.Random(3)
    errors = []
    for _ in range(300):
        trend = fed(3.4 + number * 0.001 + chance.gauss(0, 0.001) for number in range(31))
        predicted_trip = trend.predict_trip(3.6, above=True)
        errors.append((predicted_trip.seconds - (3.6 - 3.43) / 0.0005) / predicted_trip.uncertainty)
    inside = sum(abs(error) < 1 for error in errors) / len(errors)
    assert 0.6 < inside < 0.77  # of a normal distribution: 0.68


@pytest.mark.parametrize("start", [0.0, 1e9])
def test_the_window_slides_and_forgets(start):
    trend = fed([*[3.3] * 500, *(3.3 + number * 0.001 for number in range(40))], start=start)
    assert trend.line().slope == pytest.approx(0.0005)
    assert trend.line() is trend.line()
    trend = fed((3.3 + number * 1e-6 for number in range(4000)), start=start)
    assert trend.line().slope == pytest.approx(5e-7)


def test_too_few_or_too_short_is_no_line():
    assert fed([3.3, 3.31, 3.32]).line() is None
    assert fed(3.3 + number * 0.001 for number in range(10)).line() is None
    assert fed(3.3 + number * 0.001 for number in range(11)).line() is not None
    assert fed((3.3 + number * 0.001 for number in range(3)), spacing=10).line() is None


def test_what_is_not_known_breaks_the_line():
    trend = fed([*(3.3 + number * 0.001 for number in range(30)), None, 3.33])
    assert trend.line() is None


def test_readings_that_come_faster_are_thinned_out():
    assert fed((3.3 + number * 0.001 for number in range(31)), spacing=0.5).line() is None
    assert fed((3.3 + number * 0.001 for number in range(60)), spacing=0.5).line() is not None


@pytest.mark.parametrize(
    ("slope", "limit", "above", "reported"),
    [
        (0.001, 3.4, True, True),
        (0.001, 3.2, False, False),  # moves away
        (-0.001, 3.2, False, True),
        (-0.001, 3.4, True, False),
        (0.001, 3.3, True, False),  # is beyond
        (0.001, 4.3, True, False),  # beyond the horizon
    ],
)
def test_only_what_is_on_its_way_and_near_is_predicted_trip(slope, limit, above, reported):
    trend = fed(3.3 + number * 2 * slope for number in range(20))
    assert (trend.predict_trip(limit, above=above) is not None) is reported


def test_what_is_too_uncertain_is_not_told():
    chance = random.Random(1)
    reported = 0
    for _ in range(200):
        trend = fed(3.4 + number * 0.0004 + chance.gauss(0, 0.0012) for number in range(12))
        predicted_trip = trend.predict_trip(3.405, above=True)
        reported += predicted_trip is not None
        assert predicted_trip is None or predicted_trip.uncertainty <= predicted_trip.seconds / 2
    assert reported < 200
