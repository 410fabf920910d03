"""The rhythm of families that only speak when asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import itertools

import pytest

from custom_components.smart_bms.bms.errors import ConnectionLostError, FrameError, PasswordNeededError, SilentError
from custom_components.smart_bms.bms.polling import MAX_FAILURES, MAX_REFUSED, Polling, PollingDriver
from custom_components.smart_bms.bms.session_context import SessionContext
from tests.support.waiting import now, until


class Listener:
    """Takes what was dropped."""

    def __init__(self) -> None:
        self.drops: list[str] = []

    def drop(self, reason: str, count: int = 1) -> None:
        self.drops.append(reason)


class Scripted(PollingDriver):
    """Answers as it is written down, well for ever after."""

    def __init__(self, *script: bool | Exception, interval: float = 0.001, took: float = 0.0) -> None:
        self.listener = Listener()
        super().__init__(None, self.listener, SessionContext(interval=interval))
        self.script = list(script)
        self.took = took
        self.cannot_begin: Exception | None = None
        self.polls: list[tuple[float, float]] = []
        """Begin and end of each."""
        self.betweens = 0

    async def _begin(self) -> None:
        if self.cannot_begin:
            raise self.cannot_begin

    async def _poll(self) -> bool:
        began = now()
        await asyncio.sleep(self.took)
        self.polls.append((began, now()))
        answer = self.script.pop(0) if self.script else True
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _between(self) -> None:
        self.betweens += 1

    @staticmethod
    def choose_channel(services):
        raise NotImplementedError

    def notified(self, data, now) -> None:
        raise NotImplementedError

    async def write(self, key, value):
        raise NotImplementedError

    async def read_settings(self, key=None):
        raise NotImplementedError


@asynccontextmanager
async def talking(driver: Scripted) -> AsyncIterator[None]:
    task = asyncio.create_task(driver.run())
    try:
        yield
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def rests(driver: Scripted) -> list[float]:
    return [began - ended for (_, ended), (began, _) in itertools.pairwise(driver.polls)]


async def test_it_is_asked_again_and_again_with_room_for_other_questions() -> None:
    driver = Scripted()
    async with talking(driver):
        await until(lambda: len(driver.polls) > 3)
    assert driver.betweens >= 3
    assert driver.listener.drops == []


@pytest.mark.parametrize("error", [PasswordNeededError(), ConnectionLostError(), SilentError()])
async def test_whoever_cannot_begin_does_not_poll(error) -> None:
    driver = Scripted()
    driver.cannot_begin = error
    with pytest.raises(type(error)):
        await driver.run()
    assert driver.polls == []


@pytest.mark.parametrize(("failure", "reason"), [(SilentError(), "unanswered"), (FrameError("length"), "length")])
async def test_three_failures_in_a_row_end_it_and_fewer_do_not(failure, reason) -> None:
    driver = Scripted(failure, True, failure, failure, True, failure, failure, failure)
    with pytest.raises(SilentError, match="no usable answers"):
        await driver.run()
    assert len(driver.polls) == 8
    assert driver.betweens == 2  # nothing else is asked of a pack that does not answer
    assert driver.listener.drops == [reason] * 6


async def test_a_pack_whose_answers_are_doubted_is_asked_on_and_sooner() -> None:
    driver = Scripted(*[False] * 8, True, interval=30)
    async with talking(driver):
        await until(lambda: len(driver.polls) == 9, 60)
        assert max(rests(driver)) == pytest.approx(2, abs=0.01)
        assert driver.listener.drops == []


async def test_one_that_tells_nothing_else_for_long_is_tried_anew() -> None:
    driver = Scripted(*[False] * MAX_REFUSED)
    with pytest.raises(SilentError, match="no usable answers"):
        await driver.run()
    assert len(driver.polls) == MAX_REFUSED


async def test_different_failures_add_up() -> None:
    driver = Scripted(SilentError(), FrameError("length"), SilentError())
    with pytest.raises(SilentError):
        await driver.run()
    assert len(driver.polls) == MAX_FAILURES


async def test_a_lost_link_ends_it_at_once() -> None:
    driver = Scripted(True, ConnectionLostError())
    with pytest.raises(ConnectionLostError):
        await driver.run()
    assert len(driver.polls) == 2


async def test_a_quick_answer_leaves_the_rest_of_the_interval() -> None:
    driver = Scripted(interval=0.05)
    async with talking(driver):
        await until(lambda: len(driver.polls) > 2)
    begins = [began for began, _ in driver.polls]
    assert all(after - before > 0.045 for before, after in itertools.pairwise(begins))


async def test_a_slow_link_rests_as_long_as_it_worked() -> None:
    driver = Scripted(interval=0.05, took=0.045)
    async with talking(driver):
        await until(lambda: len(driver.polls) > 2)
    assert min(rests(driver)) > 0.04


async def test_a_very_slow_link_rests_for_an_interval() -> None:
    driver = Scripted(interval=0.03, took=0.06)
    async with talking(driver):
        await until(lambda: len(driver.polls) > 2)
    assert min(rests(driver)) > 0.028


async def test_after_a_failure_it_is_left_alone_for_longer() -> None:
    driver = Scripted(True, SilentError(), interval=0.05)
    async with talking(driver):
        await until(lambda: len(driver.polls) > 2)
    assert rests(driver)[1] > 0.095


async def test_somebody_who_waits_need_not_wait_for_the_interval() -> None:
    driver = Scripted(interval=600)
    async with talking(driver):
        await until(lambda: driver.betweens == 1)
        for number in range(2, 5):
            driver.request_poll()
            await until(lambda number=number: driver.betweens == number)
        await asyncio.sleep(0.01)
        assert len(driver.polls) == 4  # each hurry counts once


async def test_a_hurry_during_a_poll_brings_another_one() -> None:
    driver = Scripted(interval=600, took=0.01)
    async with talking(driver):
        driver.request_poll()
        await until(lambda: len(driver.polls) == 2)


@pytest.mark.parametrize(("interval", "seconds"), [(1, 10), (5, 10), (6, 12), (600, 1200)])
def test_a_reading_is_stale_when_it_was_missed_twice_but_never_before_ten_seconds(interval, seconds) -> None:
    assert Polling(default=5, lowest=1).stale_after(interval) == seconds
