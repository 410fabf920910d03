"""Availability: logs once that a pack is lost and once that it is back, and notices when its newest reading becomes too old."""

from collections.abc import Callable
import logging
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback

from ..bms.pack import Pack

_LOGGER: Final = logging.getLogger(__name__)

_MARGIN: Final = 0.05
"""s by which a reading must be too old when it is judged, whatever the timer's precision."""


class Availability:
    """Follows whether one pack has a reading that may be shown as current."""

    def __init__(  # noqa: PLR0913
        self,
        hass: HomeAssistant,
        pack: Pack,
        *,
        name: Callable[[], str],
        now: Callable[[], float],
        on_lost: Callable[[], None],
        on_stale: Callable[[], None],
    ) -> None:
        """`name` returns the pack's name, which users change; `now` the monotonic time in s.

        `on_lost` is called whenever the pack is found unavailable, `on_stale` when its newest reading became too old.
        """
        self._hass, self._pack = hass, pack
        self._name, self._now = name, now
        self._on_lost, self._on_stale = on_lost, on_stale
        self._was_available: bool | None = None
        """None until the pack is available for the first time: what never was there is not lost."""
        self._stale_timer: CALLBACK_TYPE | None = None

    @callback
    def async_update(self) -> None:
        """Log once that the pack is lost and once that it is back."""
        now = self._now()
        available, before = self._pack.is_fresh(now), self._was_available
        if available is before:
            return
        if not available:
            self._on_lost()
        if available and before is not None:
            _LOGGER.info("%s is back", self._name())
        elif before:
            _LOGGER.info("%s is lost: %s", self._name(), self._pack.connection_state(now).replace("_", " "))
        if available or before:
            self._was_available = available

    @callback
    def async_watch_age(self) -> None:
        """Notice the moment at which the newest reading becomes too old; one timer serves many readings."""
        if self._stale_timer is None:
            age = self._pack.age(self._now()) or 0.0
            handle = self._hass.loop.call_later(
                max(self._pack.stale_after - age, 0.0) + _MARGIN, self.async_check_stale
            )
            self._stale_timer = handle.cancel

    @callback
    def async_check_stale(self) -> None:
        """Update if the newest reading is too old; wait on if newer ones came."""
        self.async_stop()
        if self._pack.is_fresh(self._now()):
            self.async_watch_age()
            return
        self.async_update()
        self._on_stale()

    @callback
    def async_stop(self) -> None:
        """Stop the timer."""
        if self._stale_timer is not None:
            self._stale_timer()
            self._stale_timer = None
