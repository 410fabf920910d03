"""Steps: told from noise and drift, whatever their size is beside the noise."""

import random

import pytest

from custom_components.smart_bms.pack_entry.step_detector import StepDetector

PERIOD = 0.5
SIZE = 1.2


def settled(
    scatter: float, level: float = -4.0, *, period: float = PERIOD, seed: int = 1
) -> tuple[StepDetector, random.Random]:
    """Return a detector that has seen a minute of readings that scatter around a level."""
    detector, chance = StepDetector(SIZE), random.Random(seed)
    for number in range(120):
        detector.update(level + chance.uniform(-scatter, scatter), number * period)
    return detector, chance


@pytest.mark.parametrize("scatter", [0.0, 0.3, 0.8, 3.0, 20.0])
def test_noise_is_no_step(scatter) -> None:
    detector, chance = settled(scatter)
    moved = sum(detector.update(-4 + chance.uniform(-scatter, scatter), 60 + number / 2) for number in range(7200))
    assert moved <= 40


def test_noise_of_any_shape_is_rarely_a_step() -> None:
    detector, chance = settled(0.8)
    moved = sum(detector.update(chance.gauss(-4, 0.8), 60 + number / 2) for number in range(7200))
    assert moved <= 150


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.3])
def test_drift_is_no_step(rate) -> None:
    detector, _ = settled(0.1)
    assert not any(detector.update(-4 - rate * number / 2, 60 + number / 2) for number in range(200))


@pytest.mark.parametrize("step", [2.0, -2.0, 5.0, -40.0])
@pytest.mark.parametrize("scatter", [0.05, 0.8])
def test_a_step_is_seen_within_a_second_and_a_half(step, scatter) -> None:
    late = 0
    for seed in range(100):
        detector, chance = settled(scatter, seed=seed)
        found = [detector.update(-4 + step + chance.uniform(-scatter, scatter), 60 + number / 2) for number in range(3)]
        late += not any(found)
    assert late <= 5


@pytest.mark.parametrize("step", [3.0, -5.0, 40.0])
def test_a_pack_that_is_asked_shows_a_step_with_the_first_answer(step) -> None:
    late = 0
    for seed in range(100):
        detector, chance = settled(0.8, period=5.0, seed=seed)
        late += not detector.update(-4 + step + chance.uniform(-0.8, 0.8), 605)
    assert late <= 5


def test_what_is_shown_may_be_as_far_from_the_mean_as_the_noise_is_large() -> None:
    detector, _ = settled(0.8)
    assert detector.shows_enough(-4.3, 0.3)
    assert not detector.shows_enough(-5.0, 0.3)
    quiet, _ = settled(0.0)
    assert quiet.shows_enough(-4.2, 0.3)
    assert not quiet.shows_enough(-4.4, 0.3)
