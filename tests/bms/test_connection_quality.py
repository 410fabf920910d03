"""Connection quality: of the readings that should have come, while the pack was connected."""

from custom_components.smart_bms.bms.connection_quality import ConnectionQuality

RHYTHM = 0.5


def stream(quality: ConnectionQuality, begin: float, seconds: float, lost: int = 0) -> float:
    """Let a pack send for some seconds, of which every so-manieth reading is lost; return the end."""
    for number in range(int(seconds / RHYTHM)):
        if not lost or number % lost:
            quality.trusted(begin + number * RHYTHM)
    return begin + seconds


def test_nothing_is_said_before_something_was_seen() -> None:
    quality = ConnectionQuality()
    assert quality.percent(10, RHYTHM) is None
    assert quality.worst_hour(10, RHYTHM) is None
    stream(quality, 0, 5)
    assert quality.percent(5, RHYTHM) is None


def test_a_pack_that_is_heard_well_has_all() -> None:
    quality = ConnectionQuality()
    assert stream(quality, 30, 300) == 330
    assert quality.percent(330, RHYTHM) == 100
    assert quality.percent(330, 0.4) == 80


def test_what_is_lost_is_missing() -> None:
    quality = ConnectionQuality()
    end = stream(quality, 0, 300, lost=4)
    assert 74 <= quality.percent(end, RHYTHM) <= 76


def test_time_without_a_connection_is_not_held_against_the_pack() -> None:
    quality = ConnectionQuality()
    end = stream(quality, 0, 40)
    quality.ended(end)
    stream(quality, 90, 25)
    assert quality.percent(115, RHYTHM) == 100


def test_silence_in_a_session_is() -> None:
    quality = ConnectionQuality()
    stream(quality, 0, 60)
    assert quality.percent(120, RHYTHM) <= 51


def test_the_worst_hour_of_the_day_is_remembered() -> None:
    quality = ConnectionQuality()
    end = stream(quality, 0, 3600)
    end = stream(quality, end, 3600, lost=2)
    end = stream(quality, end, 3600)
    ago, percent = quality.worst_hour(end - 1, RHYTHM)
    assert (ago, percent) == (1, 50)
    assert quality.worst_hour(end + 90_000, RHYTHM) is not None


def test_a_day_is_kept() -> None:
    quality = ConnectionQuality()
    for minute in range(2000):
        quality.trusted(minute * 60.0)
    assert len(quality._minutes) == 1440
