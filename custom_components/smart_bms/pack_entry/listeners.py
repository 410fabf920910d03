"""Listeners: whom a coordinator notifies of news other than readings."""

from collections.abc import Callable

from homeassistant.core import CALLBACK_TYPE, callback

from .error_isolation import ErrorIsolation


class Listeners[*Args]:
    """Listeners to one kind of news; one that fails does not keep the news from the others."""

    def __init__(self, isolation: ErrorIsolation, news: str) -> None:
        """`news`: under which name failures are remembered."""
        self._isolation, self._news = isolation, news
        self._listeners: list[Callable[[*Args], None]] = []

    def __bool__(self) -> bool:
        """Return whether anybody listens."""
        return bool(self._listeners)

    @callback
    def async_add(self, listener: Callable[[*Args], None]) -> CALLBACK_TYPE:
        """Call `listener` with all news; return how to stop that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @callback
    def async_notify(self, *args: *Args) -> None:
        """Call all listeners."""
        for listener in list(self._listeners):
            self._isolation.call(self._news, listener, *args, default=None)
