"""Slot planner: which packs are connected when adapters and proxies have fewer connection slots than there are packs.

As long as slots suffice every pack stays connected. When they do not, packs take turns: one whose data has become so old that
it must be read to keep what was promised of it gets the slot of the one that has been connected most of the time.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

MIN_TURN: Final = 6.0
"""s of data that a turn brings at least. Our judgment: a JK tells twelve readings and its settings, a pack that is asked one to
six."""
MAX_CONNECTING: Final = 20.0
"""s for which a pack that others wait for may try to connect before its turn is over."""
SHARE: Final = 0.6
"""Of the promised age after which a pack is due: the rest is for connecting, and for a turn that goes wrong. Our judgment."""
_STARVING: Final = 2.0
"""Times the promised age after which a pack gets its turn even from one that keeps its slot otherwise."""
NEVER: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Adapter:
    """Connection slots of an adapter or proxy."""

    slots: int
    """0: it does not tell."""
    foreign: int = 0
    """Slots that somebody else uses."""
    kept_free: int = 0
    """Slots that are left to others."""

    @property
    def usable(self) -> float:
        """Slots that our packs may use in all."""
        return NEVER if self.slots == 0 else max(0, self.slots - self.foreign - self.kept_free)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackDemand:
    """What a pack needs. Times are monotonic, in s."""

    key: str
    paths: frozenset[str]
    """Adapters and proxies that hear it, or through which it is connected."""
    admitted_at: float | None
    """Since when it may connect; None while it waits."""
    source: str | None = None
    """Through which it is connected; None while it is not."""
    turn_began: float | None = None
    """First reading of this turn; None before."""
    served_at: float | None = None
    """When its data is from, or when its last turn ended that brought none; None if there was neither."""
    waiting_since: float = 0.0
    share: float = 0.0
    """Of the last while in which it was connected, 0 to 1."""
    target: float = 60.0
    """Age in s that its data may have."""
    always: bool = False
    """Never gives up its slot."""
    busy: bool = False
    """Is being written to, or has not been read completely in this turn."""
    guarded: bool = False
    """Is near a protection, or limited: gives up its slot only to one that starves."""
    urgent: bool = False
    """Somebody waits for it: its turn comes at once."""


@dataclass(frozen=True, slots=True)
class SlotPlan:
    """What has to change."""

    admit: tuple[str, ...] = ()
    """Packs that may connect now, in this order."""
    release: tuple[str, ...] = ()
    """Packs that give up their slot."""
    waiting: tuple[str, ...] = ()
    """Packs that go on waiting, the next one first."""


class SlotPlanner:
    """Plans from moment to moment; remembers nothing."""

    def __init__(self, demands: Iterable[PackDemand], adapters: Mapping[str, Adapter], now: float) -> None:
        """`adapters` by source; `now` is the monotonic time in s."""
        self._demands = list(demands)
        self._adapters, self._now = adapters, now
        self._free = {source: adapter.usable for source, adapter in adapters.items()}
        self._admitted = [demand for demand in self._demands if demand.admitted_at is not None]
        # Who is connected has its slot; who is not yet gets what they leave.
        for demand in sorted(self._admitted, key=lambda demand: demand.source is None):
            self._occupy(demand)

    def plan(self) -> SlotPlan:
        """Return what has to change now."""
        admit, release, waiting = list[str](), list[str](), list[str]()
        given: set[str] = set()
        wanting = [demand for demand in self._demands if demand.admitted_at is None]
        for demand in sorted(wanting, key=self._urgency, reverse=True):
            if not any(self._adapters[path].usable for path in self._known_paths(demand)):
                # Nobody hears it, nobody tells of slots, or others use them all: trying takes none.
                admit.append(demand.key)
            elif (source := self._freest(demand.paths)) is not None:
                self._free[source] -= 1
                admit.append(demand.key)
            elif (victim := self._who_yields(demand, given)) is not None:
                given.add(victim.key)
                release.append(victim.key)
                admit.append(demand.key)
            else:
                waiting.append(demand.key)
        return SlotPlan(tuple(admit), tuple(release), tuple(waiting))

    def _occupy(self, demand: PackDemand) -> None:
        """Take a slot for a pack that may connect: its own, or the one that it will probably get."""
        source = demand.source or self._freest(demand.paths)
        if source in self._free:
            self._free[source] -= 1

    def _known_paths(self, demand: PackDemand) -> frozenset[str]:
        return demand.paths & self._free.keys()

    def _freest(self, paths: Collection[str]) -> str | None:
        """Return the path with most free slots, None if there is none."""
        free = [(self._free[path], path) for path in paths if self._free.get(path, 0) > 0]
        return max(free)[1] if free else None

    def _urgency(self, demand: PackDemand) -> tuple[bool, float, float]:
        """Return how urgent the turn of a pack is: those never read first, then by the age of their data for what was promised."""
        if demand.served_at is None:
            return demand.urgent, NEVER, self._now - demand.waiting_since
        return demand.urgent, (self._now - demand.served_at) / demand.target, 0.0

    def _who_yields(self, demand: PackDemand, given: Collection[str]) -> PackDemand | None:
        """Return who gives a slot to a waiting pack now, None if nobody does yet."""
        near = [
            other
            for other in self._admitted
            if other.key not in given
            and not other.busy
            and (other.source or next(iter(other.paths), "")) in demand.paths
        ]
        for other in sorted(near, key=self._turn, reverse=True):
            path = self._freest(other.paths - demand.paths)
            if path is not None and not (other.guarded or other.always):
                # It loses nothing but the seconds in which it connects through another adapter.
                self._free[path] -= 1
                return other
        if not self._is_due(demand):
            return None
        starving = demand.served_at is None or self._now - demand.served_at > _STARVING * demand.target
        able = [
            other
            for other in near
            if not other.always and (not other.guarded or (starving and self._waited(demand) > demand.target))
        ]
        over = [other for other in able if demand.urgent or self._turn(other) >= MIN_TURN]
        # Who is not guarded yields first; of these who cannot be connected, then who was connected most.
        return max(
            over,
            key=lambda other: (not other.guarded, self._turn(other) == NEVER, round(other.share, 2), self._turn(other)),
            default=None,
        )

    def _is_due(self, demand: PackDemand) -> bool:
        """Return whether a waiting pack must be read now."""
        if demand.urgent or demand.served_at is None:
            return True
        return self._now - demand.served_at >= SHARE * demand.target

    def _waited(self, demand: PackDemand) -> float:
        return self._now - demand.waiting_since

    def _turn(self, demand: PackDemand) -> float:
        """Return how many s of its turn a pack has had; all of it if it could not be connected in time."""
        if demand.turn_began is not None:
            return self._now - demand.turn_began
        tried = self._now - (self._now if demand.admitted_at is None else demand.admitted_at)
        return NEVER if tried > MAX_CONNECTING else -1.0
