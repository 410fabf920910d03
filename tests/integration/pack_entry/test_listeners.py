"""Listeners: one that fails does not keep the news from the others."""

import pytest

from custom_components.smart_bms.pack_entry.error_isolation import ErrorIsolation
from custom_components.smart_bms.pack_entry.listeners import Listeners


def test_all_hear_the_news_although_one_fails(caplog: pytest.LogCaptureFixture) -> None:
    isolation = ErrorIsolation(lambda: "Shed")
    listeners, heard = Listeners[str](isolation, "pack log"), []

    def fail(_: str) -> None:
        raise ZeroDivisionError

    assert not listeners
    listeners.async_notify("unheard")
    listeners.async_add(fail)
    listeners.async_add(heard.append)
    assert listeners
    for news in ("one", "two"):
        listeners.async_notify(news)
    assert heard == ["one", "two"]
    assert (isolation.failures["pack log"].error, isolation.failures["pack log"].count) == ("ZeroDivisionError", 2)
    assert caplog.text.count("pack log failed") == 1


def test_who_has_left_hears_no_more() -> None:
    listeners, heard = Listeners[int](ErrorIsolation(lambda: "Shed"), "news"), []

    def once(number: int) -> None:
        heard.append(number)
        remove()

    remove = listeners.async_add(once)
    listeners.async_add(heard.append)
    listeners.async_notify(1)
    listeners.async_notify(2)
    assert heard == [1, 1, 2]
