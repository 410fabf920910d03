"""Availability: what is lost is logged once, and a reading does not grow old unnoticed."""

import asyncio
from collections.abc import AsyncIterator

from homeassistant.core import HomeAssistant
import pytest

from custom_components.smart_bms.bms.connection_state import ConnectionState
from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.pack import Pack
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.pack_entry.availability import Availability
from tests.support.waiting import until

STALE_AFTER = 0.1


class Watched:
    """A pack without a radio, and its availability."""

    def __init__(self, hass: HomeAssistant) -> None:
        self.title = "Shed"
        self.now = 1000.0
        self.lost = 0
        self.stale = 0
        self.pack = Pack(FAMILIES["jk"], self.title, lambda: pytest.fail("nothing is connected"))
        self.availability = Availability(
            hass,
            self.pack,
            name=lambda: self.title,
            now=lambda: self.now,
            on_lost=self._count_lost,
            on_stale=self._count_stale,
        )

    def _count_lost(self) -> None:
        self.lost += 1

    def _count_stale(self) -> None:
        self.stale += 1

    def read(self) -> None:
        """Let a reading come."""
        self.pack.state = ConnectionState.STREAMING
        self.pack.last_reading = Reading(measured_at=self.now)
        self.availability.async_update()
        self.availability.async_watch_age()

    def fall_silent(self) -> None:
        """Let the newest reading grow too old."""
        self.now += STALE_AFTER + 1
        self.availability.async_update()


@pytest.fixture
async def watched(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    monkeypatch.setattr(Pack, "stale_after", property(lambda _: STALE_AFTER))
    watched = Watched(hass)
    yield watched
    watched.availability.async_stop()


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name.endswith("availability")]


async def test_a_pack_that_never_was_there_is_not_lost(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        watched.availability.async_update()
    assert lines(caplog) == []
    # Limits stay at what is safe.
    assert watched.lost == 1
    watched.read()
    assert lines(caplog) == []


async def test_what_is_lost_and_back_is_logged_once(watched: Watched, caplog: pytest.LogCaptureFixture) -> None:
    watched.read()
    for _ in range(2):
        watched.fall_silent()
        watched.availability.async_update()
        assert lines(caplog) == ["Shed is lost: silent"]
        assert watched.lost == 1
    watched.title = "Barn"
    for _ in range(3):
        watched.read()
    assert lines(caplog) == ["Shed is lost: silent", "Barn is back"]
    watched.fall_silent()
    assert lines(caplog)[2:] == ["Barn is lost: silent"]


async def test_a_reading_that_becomes_too_old_is_noticed_without_news(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    watched.read()
    watched.now += STALE_AFTER + 1
    assert (watched.stale, lines(caplog)) == (0, [])
    await until(lambda: watched.stale == 1)
    assert (watched.lost, lines(caplog)) == (1, ["Shed is lost: silent"])


async def test_one_timer_serves_many_readings(
    hass: HomeAssistant, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    timers: list[float] = []
    call_later = hass.loop.call_later

    def counted(delay: float, *args: object) -> asyncio.TimerHandle:
        timers.append(delay)
        return call_later(delay, *args)

    monkeypatch.setattr(hass.loop, "call_later", counted)
    watched.read()
    for _ in range(5):
        watched.now += STALE_AFTER / 10
        watched.read()
    assert len(timers) == 1
    # Newer ones came meanwhile: it waits for the newest of them, and nobody is notified.
    watched.now += STALE_AFTER / 2
    watched.availability.async_check_stale()
    assert len(timers) == 2
    assert timers[1] == pytest.approx(STALE_AFTER / 2 + 0.05)
    assert (watched.stale, watched.lost) == (0, 0)


async def test_nothing_is_noticed_once_it_is_stopped(watched: Watched) -> None:
    watched.read()
    watched.availability.async_stop()
    watched.availability.async_stop()
    watched.now += STALE_AFTER + 1
    await asyncio.sleep(STALE_AFTER + 0.2)
    assert watched.stale == 0
