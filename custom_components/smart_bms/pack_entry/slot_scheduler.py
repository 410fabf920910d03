"""Slot scheduler: shares the connection slots of all adapters and proxies among all packs of this Home Assistant."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
import math
from typing import Final

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later, async_track_time_interval
from homeassistant.util.hass_dict import HassKey

from ..bms.connection_state import ASKS_FOR_PASSWORD, ConnectionState
from ..bms.pack import Pack
from ..bms.slot_planner import MAX_CONNECTING, MIN_TURN, Adapter, PackDemand, SlotPlanner
from ..const import DOMAIN
from . import bluetooth_paths
from .connection_policy import ConnectionPolicy, Freshness

_TICK: Final = timedelta(seconds=1)
_MAX_READING: Final = 20.0
"""s of a turn after which a pack that has not been read completely gives up its slot all the same."""
_MAX_FREEING: Final = 5.0
"""s for which a pack that got the slot of another one waits until that is free."""
_REMEMBERED: Final = 60.0
"""s for which a pack that was just connected counts as heard, though it does not advertise yet."""
_SHARE_OVER: Final = 600.0
"""s over which the share of being connected is taken."""
_GUEST_TIMEOUT: Final = 12.0
"""s for which somebody who adds a pack waits for a slot."""
_POLL: Final = 0.2


@dataclass(eq=False, kw_only=True)
class SlotMember:
    """A pack that wants a slot."""

    address: str
    pack: Pack | None
    """None: somebody who connects once, to add it."""
    policy: ConnectionPolicy
    is_busy: Callable[[], bool] = lambda: False
    """Returns whether the pack is being written to."""
    is_guarded: Callable[[], bool] = lambda: False
    """Returns whether the pack is near a protection, or limited."""
    on_change: Callable[[], None] = lambda: None
    """Is called when it begins or ends to wait."""
    is_absent: bool = False
    """The pack wants no slot now."""
    urgent: bool = False
    admitted_at: float | None = None
    """Since when it may connect; None while it waits."""
    is_resumed: bool = False
    """It has been told that it may connect."""
    waiting_since: float = 0.0
    turn_began: float | None = None
    rests_until: float | None = None
    failed_at: float | None = None
    """When its last turn ended that brought no data."""
    share: float = 0.0
    """Of the last minutes in which it was connected, 0 to 1."""
    share_at: float | None = None
    """When that was calculated."""
    heard_at: float = float("-inf")
    """When it was last heard, or connected."""
    place: tuple[int, int] | None = None
    """Its place in the queue, and how many wait; None while it does not wait."""
    paths: frozenset[str] = frozenset()
    admitted: asyncio.Event = field(default_factory=asyncio.Event)


class SlotScheduler:
    """Decides which packs may be connected."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Initialize; nothing runs before the first pack joins."""
        self._hass = hass
        self._members: list[SlotMember] = []
        self._leave: list[CALLBACK_TYPE] = []
        self._scheduled: CALLBACK_TYPE | None = None

    @callback
    def async_join(self, member: SlotMember) -> CALLBACK_TYPE:
        """Take in a pack; return how to leave. It may connect as soon as there is a slot for it."""
        member.waiting_since = self._hass.loop.time()
        self._members.append(member)
        if not self._leave:
            self._leave = [
                async_track_time_interval(self._hass, self._async_tick, _TICK, cancel_on_shutdown=True),
                bluetooth_paths.on_slots_changed(self.async_schedule),
            ]
        self._async_update()

        @callback
        def leave() -> None:
            """Leave."""
            self._members.remove(member)
            if not self._members:
                self._async_stop()
            self.async_schedule()

        return leave

    @callback
    def async_schedule(self) -> None:
        """Plan soon: several changes at once are one."""
        if self._scheduled is None and self._members:
            self._scheduled = async_call_later(self._hass, 0, HassJob(self._async_run, cancel_on_shutdown=True))

    @asynccontextmanager
    async def async_guest(self, address: str) -> AsyncIterator[None]:
        """Borrow a slot to connect once to a pack that is not set up; whoever gave it gets it back afterwards."""
        guest = SlotMember(
            address=address, pack=None, policy=ConnectionPolicy(freshness=Freshness.ALWAYS), is_busy=_yes, urgent=True
        )
        leave = self.async_join(guest)
        try:
            try:
                async with asyncio.timeout(_GUEST_TIMEOUT):
                    await guest.admitted.wait()
                    while not bluetooth_paths.has_slot(self._hass, address):  # noqa: ASYNC110
                        await asyncio.sleep(_POLL)
            except TimeoutError:
                pass  # connecting will tell why there is none
            yield
        finally:
            leave()

    def waiting(self) -> int:
        """Return how many packs wait for their turn."""
        return sum(member.place is not None for member in self._members)

    @callback
    def _async_run(self, _: object) -> None:
        """Plan because something changed."""
        self._scheduled = None
        self._async_update()

    @callback
    def _async_tick(self, _: object) -> None:
        """Plan because time has passed, which matters while a pack has no data of its turn yet, or is to rest."""
        if any(member.turn_began is None or member.policy.rests for member in self._members):
            self._async_update()

    @callback
    def _async_stop(self) -> None:
        """End what runs."""
        for leave in self._leave:
            leave()
        self._leave = []
        if self._scheduled is not None:
            self._scheduled()
            self._scheduled = None

    @callback
    def _async_update(self) -> None:
        """Plan, and carry it out."""
        now, adapters = self._hass.loop.time(), self._adapters()
        for member in self._members:
            self._follow(member, adapters, now)
        wanting = {member.address: member for member in self._members if self._wants(member, now)}
        plan = SlotPlanner([self._demand(member) for member in wanting.values()], adapters, now).plan()
        for key in plan.release:
            self._hold(wanting[key], ConnectionState.WAITING_FOR_TURN, now)
        for key in plan.admit:
            self._admit(wanting[key], now)
        for member in self._members:
            place = None
            if member.address in plan.waiting:
                place = (plan.waiting.index(member.address) + 1, len(plan.waiting))
            waits = (place is None) is not (member.place is None)
            member.place = place
            if waits:
                member.on_change()
            if member.admitted_at is not None and not member.is_resumed:
                self._resume_if_free(member, now)

    def _wants(self, member: SlotMember, now: float) -> bool:
        """Return whether a pack wants a slot."""
        # Without another password there will be no connection.
        if member.is_absent or (member.pack is not None and member.pack.state in ASKS_FOR_PASSWORD):
            return False
        if member.rests_until is not None and (member.urgent or now >= member.rests_until):
            member.rests_until = None
            self._hold(member, ConnectionState.WAITING_FOR_TURN, now)
        return member.rests_until is None

    def _follow(self, member: SlotMember, adapters: Mapping[str, Adapter], now: float) -> None:
        """Note what became of a pack since it was looked at."""
        pack = member.pack
        elapsed = 0.0 if member.share_at is None else now - member.share_at
        member.share_at = now
        member.share += (1 - math.exp(-elapsed / _SHARE_OVER)) * ((member.turn_began is not None) - member.share)
        paths = bluetooth_paths.paths_to(self._hass, member.address)
        source = bluetooth_paths.source_of(member.address)
        if paths or source:
            member.paths, member.heard_at = paths | ({source} if source else frozenset()), now
        elif now - member.heard_at > _REMEMBERED:
            member.paths = frozenset()
        if pack is None or member.admitted_at is None:
            return
        if member.is_absent:
            member.admitted_at = member.turn_began = None
            return
        reading = pack.last_reading
        if member.turn_began is None and reading is not None and reading.measured_at >= member.admitted_at:
            member.turn_began = now
            member.urgent = False
        ours = any(adapters[path].usable for path in member.paths & adapters.keys())
        full = source is None and not bluetooth_paths.has_slot(self._hass, member.address, even_if_unheard=True)
        if ours and full and now - member.admitted_at > _MAX_FREEING:
            # Another pack was quicker, or it was out of reach when it was admitted; slots of others are not waited for here.
            self._hold(member, ConnectionState.WAITING_FOR_TURN, now)
            return
        turn = 0.0 if member.turn_began is None else now - member.turn_began
        if member.policy.rests and turn >= MIN_TURN and not self._is_busy(member, now):
            member.rests_until = now + member.policy.read_every * 60
            self._hold(member, ConnectionState.RESTING, now)

    def _is_busy(self, member: SlotMember, now: float) -> bool:
        """Return whether a pack cannot be released now: it is written to, or has not been read completely."""
        pack, began = member.pack, member.turn_began
        if pack is None or member.is_busy() or pack.is_used or pack.recording is not None:
            return True
        unread = pack.last_settings is not None and pack.current_settings is None
        return began is not None and unread and now - began < _MAX_READING

    def _demand(self, member: SlotMember) -> PackDemand:
        """Return what a pack needs, for the plan."""
        now, pack, source = self._hass.loop.time(), member.pack, bluetooth_paths.source_of(member.address)
        reading = None if pack is None else pack.last_reading
        served = [at for at in (member.failed_at, reading.measured_at if reading else None) if at is not None]
        return PackDemand(
            key=member.address,
            paths=member.paths,
            admitted_at=member.admitted_at,
            source=source if member.admitted_at is not None else None,
            turn_began=member.turn_began,
            served_at=max(served, default=None),
            waiting_since=member.waiting_since,
            target=member.policy.target,
            share=member.share,
            always=member.policy.freshness is Freshness.ALWAYS,
            busy=member.admitted_at is not None and self._is_busy(member, now),
            guarded=member.is_guarded(),
            urgent=member.urgent,
        )

    def _adapters(self) -> dict[str, Adapter]:
        """Return the slots of all adapters and proxies that tell of them."""
        ours = {member.address for member in self._members}
        kept_free = int(any(member.policy.leave_one_free for member in self._members))
        return {
            source: Adapter(slots, foreign, kept_free if slots > 1 else 0)
            for source, (slots, foreign) in bluetooth_paths.slots(ours).items()
        }

    def _hold(self, member: SlotMember, state: ConnectionState, now: float) -> None:
        """Have a pack give up its slot."""
        tried = 0.0 if member.admitted_at is None else now - member.admitted_at
        if member.turn_began is None and tried > MAX_CONNECTING:
            member.failed_at = now
        member.admitted_at = member.turn_began = None
        member.waiting_since = now
        if member.pack is not None:
            member.pack.hold(state, member.policy.target)

    def _admit(self, member: SlotMember, now: float) -> None:
        """Let a pack have a slot."""
        member.admitted_at, member.is_resumed = now, False
        member.admitted.set()

    def _resume_if_free(self, member: SlotMember, now: float) -> None:
        """Let a pack connect once its slot is free; if that takes too long, connecting tells why."""
        assert member.admitted_at is not None
        late = now - member.admitted_at > _MAX_FREEING
        if late or bluetooth_paths.has_slot(self._hass, member.address, even_if_unheard=True):
            member.is_resumed = True
            if member.pack is not None:
                member.pack.resume()


def _yes() -> bool:
    """Return that a guest is not to be disturbed."""
    return True


_SCHEDULER: Final[HassKey[SlotScheduler]] = HassKey(f"{DOMAIN}_slots")


@callback
def async_slot_scheduler(hass: HomeAssistant) -> SlotScheduler:
    """Return the scheduler of this Home Assistant."""
    if _SCHEDULER not in hass.data:
        hass.data[_SCHEDULER] = SlotScheduler(hass)
    return hass.data[_SCHEDULER]
