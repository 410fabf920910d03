"""Slot planner: everybody is read in time, nobody starves, and who must not be disturbed is not."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
import statistics

import pytest

from custom_components.smart_bms.bms.slot_planner import MIN_TURN, SHARE, Adapter, PackDemand, SlotPlanner

NOW = 1000.0
ONE = {"p": Adapter(1)}
SHARE_OVER = 600
"""s over which the share of being connected is taken."""
CONNECTING = 2.0
"""s that a pack of the simulated house takes to connect."""


def demand(key: str, **values) -> PackDemand:
    return PackDemand(**{"key": key, "paths": frozenset({"p"}), "admitted_at": None} | values)


def connected(key: str, since: float = 100.0, **values) -> PackDemand:
    """Return a pack that has been read for so many s."""
    return demand(
        key, **{"admitted_at": NOW - since - 1, "source": "p", "turn_began": NOW - since, "served_at": NOW} | values
    )


def waiting(key: str, age: float | None, **values) -> PackDemand:
    """Return a pack that waits, with data of this age."""
    served = None if age is None else NOW - age
    return demand(key, **{"served_at": served, "waiting_since": NOW - (age or 0.0)} | values)


def plan(*demands: PackDemand, adapters: dict[str, Adapter] = ONE):
    return SlotPlanner(demands, adapters, NOW).plan()


@dataclass
class Member:
    """A pack of a simulated house."""

    paths: frozenset[str]
    state: PackDemand
    ages: list[float] = field(default_factory=list)


def lived(
    count: int, adapters: dict[str, Adapter], paths: Callable[[int], Iterable[str]] | None = None, seconds: int = 2400
) -> list[Member]:
    """Return what became of packs that share adapters; they connect after some seconds."""
    members = []
    for number in range(count):
        heard = frozenset(adapters if paths is None else paths(number))
        members.append(Member(heard, PackDemand(key=str(number), paths=heard, admitted_at=None)))
    for second in range(seconds):
        now = float(second)
        for member in members:
            state = member.state
            if state.admitted_at is not None and state.source is None and now >= state.admitted_at + CONNECTING:
                used = [other.state.source for other in members]
                free = [path for path in sorted(member.paths) if used.count(path) < adapters[path].usable]
                if free:
                    member.state = replace(state, source=free[0], turn_began=now)
            if member.state.source:
                member.state = replace(member.state, served_at=now)
            if second > 600:
                member.ages.append(now - (member.state.served_at or 0.0))
            share = member.state.share
            member.state = replace(member.state, share=share + (bool(member.state.source) - share) / SHARE_OVER)
        made = SlotPlanner([member.state for member in members], adapters, now).plan()
        for key in made.release:
            member = members[int(key)]
            member.state = replace(member.state, admitted_at=None, source=None, turn_began=None, waiting_since=now)
        for key in made.admit:
            member = members[int(key)]
            member.state = replace(member.state, admitted_at=now)
    return members


def proxies(count: int, slots: int = 3) -> dict[str, Adapter]:
    return {f"proxy {number}": Adapter(slots) for number in range(count)}


@pytest.mark.parametrize(
    ("packs", "adapters", "paths"),
    [
        (8, proxies(2), None),
        (7, proxies(2), None),
        (16, proxies(4), None),
        (64, proxies(4), None),
        (4, proxies(1, 1), None),
        (8, proxies(2), lambda number: ["proxy 0"] if number < 4 else ["proxy 0", "proxy 1"]),
        (8, proxies(2), lambda number: ["proxy 0"] if number < 5 else ["proxy 1"]),
        (9, {**proxies(1), "kept": Adapter(4, foreign=2, kept_free=1)}, None),
    ],
)
def test_every_pack_stays_fresh_and_none_is_better_off_than_the_others(packs, adapters, paths) -> None:
    members = lived(packs, adapters, paths)
    assert max(max(member.ages) for member in members) <= 60
    # Who can only reach one proxy shares that with fewer.
    for reach in {member.paths for member in members}:
        means = [statistics.fmean(member.ages) for member in members if member.paths == reach]
        assert max(means) - min(means) <= 0.2 * statistics.fmean(means) + 0.5


def test_while_slots_suffice_nobody_gives_up_one() -> None:
    members = lived(6, proxies(2))
    assert max(max(member.ages) for member in members) == 0


def test_a_pack_that_hears_only_a_full_proxy_gets_the_slot_of_one_that_can_move() -> None:
    movable = connected("movable", since=1, paths=frozenset({"p", "q"}))
    found = plan(connected("old"), movable, waiting("new", None), adapters={"p": Adapter(2), "q": Adapter(1)})
    assert (found.release, found.admit) == (("movable",), ("new",))


@pytest.mark.parametrize("age", [0.0, SHARE * 60 - 1])
def test_nobody_is_disturbed_before_it_is_time(age) -> None:
    found = plan(connected("a"), waiting("b", age))
    assert (found.release, found.admit, found.waiting) == ((), (), ("b",))


def test_a_turn_lasts_long_enough_to_read_something() -> None:
    assert plan(connected("a", since=MIN_TURN - 1), waiting("b", 300)).release == ()
    assert plan(connected("a", since=MIN_TURN), waiting("b", 300)).release == ("a",)


def test_who_was_promised_fresher_data_comes_first() -> None:
    found = plan(waiting("patient", 100, target=300.0), waiting("strict", 40, target=30.0))
    assert found.admit == ("strict",)
    assert found.waiting == ("patient",)


def test_a_pack_that_never_was_read_comes_before_all_others() -> None:
    assert plan(waiting("old", 500), waiting("new", None)).admit == ("new",)


def test_somebody_who_waits_for_a_pack_gets_it_at_once() -> None:
    found = plan(connected("a", since=0.5), waiting("b", 1, urgent=True))
    assert (found.release, found.admit) == (("a",), ("b",))


@pytest.mark.parametrize("values", [{"busy": True}, {"always": True}])
def test_who_is_written_to_and_who_shall_always_stream_keeps_the_slot(values) -> None:
    found = plan(connected("a", **values), waiting("b", 10_000, urgent=True))
    assert (found.release, found.waiting) == ((), ("b",))


def test_who_is_near_a_protection_yields_only_to_one_that_starves() -> None:
    guarded, other = connected("guarded", since=900, guarded=True), connected("other", since=50)
    two = {"p": Adapter(2)}
    assert plan(guarded, other, waiting("b", 59), adapters=two).release == ("other",)
    assert plan(guarded, waiting("b", 59)).release == ()
    assert plan(guarded, waiting("b", 121)).release == ("guarded",)


def test_who_cannot_be_connected_gives_the_slot_to_others_after_a_while() -> None:
    trying = demand("trying", admitted_at=NOW - 10)
    assert plan(trying, waiting("b", 300)).release == ()
    assert plan(replace(trying, admitted_at=NOW - 21), waiting("b", 300)).release == ("trying",)


def test_who_failed_waits_like_the_others() -> None:
    assert plan(connected("a"), waiting("failed", 10)).release == ()


def test_slots_of_others_are_theirs() -> None:
    full = {"p": Adapter(3, foreign=2, kept_free=1)}
    # There is none to share: connecting says why.
    assert plan(waiting("a", None), adapters=full).admit == ("a",)
    assert plan(connected("a"), waiting("b", None), adapters={"p": Adapter(3, foreign=1, kept_free=1)}).release == (
        "a",
    )


def test_adapters_that_tell_nothing_and_packs_nobody_hears_hold_nobody_up() -> None:
    assert plan(waiting("a", None), waiting("b", None), adapters={"p": Adapter(0)}).admit == ("a", "b")
    assert plan(connected("a"), waiting("b", None, paths=frozenset())).admit == ("b",)
    assert plan(connected("a"), waiting("b", None, paths=frozenset({"gone"}))).admit == ("b",)


def test_a_pack_over_an_adapter_that_tells_nothing_takes_no_slot_of_another() -> None:
    elsewhere = connected("elsewhere", source="unknown", paths=frozenset({"unknown", "p"}))
    assert plan(elsewhere, waiting("b", None)).admit == ("b",)


def test_who_shall_always_stream_is_not_moved_either() -> None:
    movable = connected("movable", paths=frozenset({"p", "q"}), always=True)
    assert plan(movable, waiting("new", None), adapters={"p": Adapter(1), "q": Adapter(1)}).release == ()


def test_a_slot_elsewhere_is_for_one_that_moves() -> None:
    movable = [connected(key, since=1, paths=frozenset({"p", "q"})) for key in "ab"]
    found = plan(*movable, waiting("c", None), waiting("d", None), adapters={"p": Adapter(2), "q": Adapter(1)})
    assert len(found.release) == 1
    assert len(found.waiting) == 1
