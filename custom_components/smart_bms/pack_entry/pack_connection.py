"""The connection of a pack: kept up as its owner chose, tried again at once when the pack is heard, and given up for a phone."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers.event import async_track_time_interval

from ..bms.connection_state import ConnectionState
from ..bms.pack import Pack
from ..const import DOMAIN
from . import bluetooth_paths
from .connection_policy import ConnectionPolicy
from .simulated import Simulation
from .slot_scheduler import SlotMember, SlotScheduler, async_slot_scheduler

DEFAULT_RELEASE: Final = 10.0
"""Minutes for which a pack is left to a phone."""
_TICK: Final = timedelta(seconds=1)
_WRITE_PATIENCE: Final = 30.0
"""s for which a change waits until a pack is connected."""
_SILENT_FOR: Final = 20.0
"""s without an advertisement after which a released pack counts as connected to a phone. Our judgment: at the edge of reach
advertisements are lost for some seconds."""
_HEARD_WITHIN: Final = 3.0
"""s since the last advertisement within which it is heard again: the phone has left."""


class PackConnection:
    """Keeps one pack connected, over Bluetooth or simulated."""

    def __init__(  # noqa: PLR0913
        self,
        hass: HomeAssistant,
        address: str,
        pack: Pack,
        simulation: Simulation | None,
        *,
        name: Callable[[], str],
        policy: ConnectionPolicy,
        is_busy: Callable[[], bool],
        is_guarded: Callable[[], bool],
        on_change: Callable[[], None],
    ) -> None:
        """Prepare; nothing is connected before `async_start`.

        `name` returns the pack's name, which users change; `is_busy` whether the pack is being written to; `is_guarded` whether it is near a protection or limited;
        `on_change` is called when there is something new to say about the connection.
        """
        self._hass, self._address = hass, address
        self._pack, self._simulation = pack, simulation
        self._name, self._is_busy, self._on_change = name, is_busy, on_change
        self._task: asyncio.Task[None] | None = None
        self._member = SlotMember(
            address=address, pack=pack, policy=policy, is_busy=is_busy, is_guarded=is_guarded, on_change=on_change
        )
        self._stop_watching: CALLBACK_TYPE | None = None
        self.released_until: float | None = None
        """Monotonic time in s until which the pack is left to a phone; None while it is not."""
        self._phone_connected = False

    @callback
    def async_start(self, entry: ConfigEntry[Any]) -> None:
        """Begin to keep the pack connected; everything ends with the entry."""
        hass, pack = self._hass, self._pack
        if self._simulation is not None:
            self._simulation.start()
        else:
            entry.async_on_unload(bluetooth_paths.on_heard(hass, self._address, pack.wake))
            entry.async_on_unload(bluetooth_paths.on_slot_freed(self._address, pack.wake))
            pack.hold(ConnectionState.WAITING_FOR_TURN)
            entry.async_on_unload(self._scheduler.async_join(self._member))
        entry.async_on_unload(self._end_watch)
        self._task = entry.async_create_background_task(hass, pack.run(), f"{DOMAIN} {entry.entry_id}")

    async def async_stop(self) -> None:
        """Close the connection, and wait until it is closed."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._simulation is not None:
            await self._simulation.stop()

    @property
    def _scheduler(self) -> SlotScheduler:
        """Return what shares the connection slots."""
        return async_slot_scheduler(self._hass)

    @property
    def place(self) -> tuple[int, int] | None:
        """Return the place of the pack in the queue and how many wait; None while it does not wait."""
        return self._member.place

    @property
    def rests_until(self) -> float | None:
        """Return until which monotonic time in s the pack is not read again, None if it does not rest."""
        return self._member.rests_until

    @property
    def is_released(self) -> bool:
        """Return whether the pack is left to a phone now."""
        return self.released_until is not None

    def raise_if_written(self) -> None:
        """Raise ServiceValidationError while the pack is being written to: what was begun is finished, and read back."""
        if self._is_busy():
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="release_while_written",
                translation_placeholders={"name": self._name()},
            )

    @callback
    def async_release(self, minutes: float = DEFAULT_RELEASE) -> None:
        """Leave the pack to a phone: it is connected again after some minutes, or when the phone has left; 0 ends that.

        Raises ServiceValidationError while the pack is being written to.
        """
        if not minutes:
            self.async_reconnect()
            return
        self.raise_if_written()
        self.released_until = self._hass.loop.time() + minutes * 60
        self._phone_connected = False
        self._member.is_absent = True
        self._pack.hold(ConnectionState.RELEASED)
        if self._stop_watching is None:
            self._stop_watching = async_track_time_interval(
                self._hass, self._async_watch, _TICK, cancel_on_shutdown=True
            )
        self._async_notify()

    @callback
    def async_reconnect(self) -> None:
        """Connect again now: a pack that was left to a phone, that rests, or that waits for its turn."""
        released, self.released_until = self.is_released, None
        self._end_watch()
        self._member.is_absent = False
        self._member.urgent = self._pack.held is not None
        if released and self._simulation is not None:
            self._pack.resume()
        elif released:
            self._pack.hold(ConnectionState.WAITING_FOR_TURN)
        self._async_notify()

    async def async_wait_connected(self, seconds: float = _WRITE_PATIENCE) -> None:
        """Have a pack that rests or waits for its turn connected and its parameters read, because it is to be written to.

        After so many s the caller goes on all the same, and is told that the pack is not connected.
        """
        if self._pack.held in (None, ConnectionState.RELEASED):
            return
        self.async_reconnect()
        deadline = self._hass.loop.time() + seconds
        while self._pack.current_settings is None and self._hass.loop.time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    @callback
    def _async_watch(self, _: object) -> None:
        """End the release when its time is over, or when the phone has left the pack: it is heard again."""
        now = self._hass.loop.time()
        unheard = None if self._simulation else bluetooth_paths.seconds_unheard(self._hass, self._address)
        if unheard is not None and unheard > _SILENT_FOR:
            self._phone_connected = True
        has_left = self._phone_connected and unheard is not None and unheard < _HEARD_WITHIN
        if has_left or (self.released_until is not None and now >= self.released_until):
            self.async_reconnect()

    @callback
    def _end_watch(self) -> None:
        """Stop waiting for the end of a release."""
        if self._stop_watching is not None:
            self._stop_watching()
            self._stop_watching = None

    @callback
    def _async_notify(self) -> None:
        """Have the slots shared anew, and say what changed."""
        if self._simulation is None:
            self._scheduler.async_schedule()
        self._on_change()
