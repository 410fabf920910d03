"""Which protection is near: none while all is comfortable, and no flicker at the edge."""

from typing import Any

import pytest

from custom_components.smart_bms.protection.engine import ProtectionEngine
from custom_components.smart_bms.protection.limit_options import LimitOptions
from custom_components.smart_bms.protection.mirror import Mirror
from custom_components.smart_bms.protection.nearest_tracker import NearestTracker
from tests.support.protection_life import reading
from tests.support.rule_books import JK_LFP


class Watched:
    """What is shown as near over time; a LFP pack of a JK, charge ends at 3.6 V, discharge at 2.7 V."""

    def __init__(self) -> None:
        self.protection_engine = ProtectionEngine("jk", "JK02_32S", LimitOptions())
        self.now = 0.0
        self.shown: list[str | None] = []

    def see(self, seconds: float, **values: Any) -> str | None:
        """Live on with these values, a reading a second; return what is shown at the end."""
        for _ in range(int(seconds)):
            self.now += 1
            self.protection_engine.update(reading(self.now, **values), JK_LFP)
            near = self.protection_engine.nearest_tracker.near
            self.shown.append(None if near is None else near.monitor.rule.protection)
        return self.shown[-1]

    @property
    def changes(self) -> int:
        return sum(one != other for one, other in zip(self.shown, self.shown[1:], strict=False))


def test_nothing_is_known_of_a_pack_that_said_nothing() -> None:
    tracker = NearestTracker()
    tracker.update(Mirror(ProtectionEngine("jk", "JK02_32S", LimitOptions()).rules), 0)
    assert tracker.near is None


def test_far_from_all_limits_none_is_near() -> None:
    pack = Watched()
    for number in range(60):
        pack.see(10, current=(-60.0, 0.0, 45.0)[number % 3], hottest=(25.0, 31.0)[number % 2])
    assert set(pack.shown) == {None}


def test_what_hovers_at_the_edge_is_shown_all_the_time() -> None:
    pack = Watched()
    pack.see(10)
    for number in range(200):
        pack.see(5, highest=(3.452, 3.445, 3.41)[number % 3])
    assert pack.changes == 1
    assert pack.see(70, highest=3.38) is None
    assert pack.changes == 2


def test_another_takes_its_place_when_it_is_clearly_nearer() -> None:
    pack = Watched()
    assert pack.see(70, highest=3.47, current=5.0) == "cell_overvoltage"
    # A hair nearer is not enough.
    assert pack.see(70, highest=3.47, lowest=2.91, current=5.0) == "cell_overvoltage"
    assert pack.see(70, highest=3.47, lowest=2.78, current=5.0) == "cell_undervoltage"


@pytest.mark.parametrize("after", [2, 200])
def test_what_trips_is_shown_at_once(after) -> None:
    pack = Watched()
    assert pack.see(after, highest=3.5) == "cell_overvoltage"
    assert pack.see(8, highest=3.5, lowest=2.6) == "cell_undervoltage"
    # And the second one that trips does not push the first away.
    assert pack.see(8, highest=3.7, lowest=2.6) == "cell_undervoltage"


def test_one_that_left_gives_way_to_one_that_is_near() -> None:
    pack = Watched()
    assert pack.see(70, highest=3.5) == "cell_overvoltage"
    assert pack.see(1, lowest=2.9) == "cell_undervoltage"
    assert pack.see(59) == "cell_undervoltage"
    assert pack.see(10) is None


def test_what_soon_trips_comes_before_what_is_merely_near() -> None:
    pack = Watched()
    assert pack.see(70, lowest=2.8, current=10.0) == "cell_undervoltage"
    for second in range(100):
        pack.see(1, lowest=2.8, highest=round(3.47 + second * 0.0005, 4), current=10.0)
    assert pack.shown[-1] == "cell_overvoltage"
    assert pack.protection_engine.nearest_tracker.near.predicted_trip.seconds < 600


def test_a_reset_forgets_it() -> None:
    pack = Watched()
    assert pack.see(5, highest=3.5)
    pack.protection_engine.reset()
    assert pack.protection_engine.nearest_tracker.near is None
