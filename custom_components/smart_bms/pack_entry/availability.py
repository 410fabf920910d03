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

        `on_lost` is called whenever the newest reading is found too old to be acted on, `on_stale` when it became so, and when
        it became too old to be shown, which is later for a pack that waits for its turn.
        """
        self._hass, self._pack = hass, pack
        self._name, self._now = name, now
        self._on_lost, self._on_stale = on_lost, on_stale
        self._was_available: bool | None = None
        """None until the pack is available for the first time: what never was there is not lost."""
        self._was_current: bool | None = None
        self._stale_timer: CALLBACK_TYPE | None = None

    @callback
    def async_update(self) -> None:
        """Log once that the pack is lost and once that it is back."""
        now = self._now()
        current, was_current = self._pack.is_current(now), self._was_current
        self._was_current = current
        if not current and current is not was_current:
            self._on_lost()
        available, before = self._pack.is_fresh(now), self._was_available
        if available is before:
            return
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
            now = self._now()
            too_old = self._pack.stale_after if self._pack.is_current(now) else self._pack.shown_for
            age = self._pack.age(now) or 0.0
            handle = self._hass.loop.call_later(max(too_old - age, 0.0) + _MARGIN, self.async_check_stale)
            self._stale_timer = handle.cancel

    @callback
    def async_check_stale(self) -> None:
        """Update if the newest reading is too old; wait on if newer ones came, or if it may be shown longer."""
        self.async_stop()
        now = self._now()
        if self._pack.is_fresh(now):
            self.async_watch_age()
            if self._pack.is_current(now):
                return
        self.async_update()
        self._on_stale()

    @callback
    def async_stop(self) -> None:
        """Stop the timer."""
        if self._stale_timer is not None:
            self._stale_timer()
            self._stale_timer = None
