"""Publishing: calm outside, but never late with what matters."""

from dataclasses import replace

import pytest

from custom_components.smart_bms.pack_entry.publishing import (
    DEFAULT_POLICIES,
    SETTLE,
    TOGETHER,
    GroupMember,
    PublishFilter,
    PublishGroup,
    PublishGroups,
    PublishPolicy,
    Quantity,
    policies,
)


def test_the_first_value_is_published() -> None:
    publish_filter = PublishFilter(PublishPolicy(60, 1))
    assert publish_filter.submit(3.3, 0)
    assert publish_filter.value == 3.3


@pytest.mark.parametrize(
    ("value", "after", "published"),
    [
        (10.0, 100, False),
        (10.19, 100, False),
        (10.2, 100, True),
        (9.8, 100, True),
        (99.0, 4.9, False),
        (99.0, 5, True),
        (10.01, SETTLE, True),
        (None, 0.1, True),
    ],
)
def test_numbers_wait_for_interval_and_deadband(value, after, published) -> None:
    publish_filter = PublishFilter(PublishPolicy(5, 0.2))
    publish_filter.submit(10.0, 0)
    assert publish_filter.submit(value, after) is published
    assert publish_filter.value == (value if published else 10.0)


def test_a_deadband_is_met_exactly_in_decimal() -> None:
    publish_filter = PublishFilter(PublishPolicy(0, 0.002))
    publish_filter.submit(3.3, 0)
    assert publish_filter.submit(3.302, 1)


@pytest.mark.parametrize(("old", "new"), [(False, True), ("bulk", "float"), (None, True), (0, False)])
def test_states_are_published_at_once(old, new) -> None:
    publish_filter = PublishFilter(DEFAULT_POLICIES[Quantity.STATE])
    publish_filter.submit(old, 0)
    assert publish_filter.submit(new, 0.001)


def test_a_direction_that_flickers_waits_but_a_new_one_does_not() -> None:
    publish_filter = PublishFilter(DEFAULT_POLICIES[Quantity.DIRECTION])
    assert publish_filter.submit(False, 0)
    assert not publish_filter.submit(True, 3)
    assert publish_filter.submit(True, 13)


def test_after_an_outage_the_next_value_is_published_whatever_it_is() -> None:
    publish_filter = PublishFilter(PublishPolicy(3600, 5))
    publish_filter.submit(1.0, 0)
    publish_filter.open()
    assert publish_filter.submit(1.1, 1)


def test_users_tune_what_they_may() -> None:
    tuned = policies({"voltage": 1.0}, {"voltage": 0.5, "power": 99.0}, {"current": 8.0})
    assert tuned[Quantity.VOLTAGE] == PublishPolicy(1.0, 0.5)
    assert tuned[Quantity.POWER] == replace(DEFAULT_POLICIES[Quantity.POWER], deadband=99.0)
    assert tuned[Quantity.CURRENT] == replace(DEFAULT_POLICIES[Quantity.CURRENT], step=8.0)
    assert tuned[Quantity.STATE] == DEFAULT_POLICIES[Quantity.STATE]


def test_a_step_is_published_at_once_and_noise_is_not() -> None:
    publish_filter = PublishFilter(PublishPolicy(13, 0.3, step=1.5))
    publish_filter.submit(-4.0, 0)
    noise = (0.4, -0.3, 0.1, -0.4, 0.2, -0.1)
    # It settles on what the readings scatter around.
    published = [publish_filter.submit(-4.0 + noise[number % 6], number / 2) for number in range(1, 200)]
    assert sum(published) <= 3
    assert publish_filter.submit(-34.0, 100)
    assert not publish_filter.submit(-34.3, 100.5)


def test_the_rest_of_a_step_that_was_caught_in_the_middle_is_published_too() -> None:
    publish_filter = PublishFilter(PublishPolicy(13, 0.3, step=1.5))
    for number in range(20):
        publish_filter.submit(-4.0, number / 2)
    assert publish_filter.submit(-14.0, 10)
    assert publish_filter.submit(-34.0, 10.5)


@pytest.mark.parametrize("near", [False, True])
def test_a_cell_that_jumps_is_published_at_once_only_near_a_limit(near) -> None:
    publish_filter = PublishFilter(DEFAULT_POLICIES[Quantity.CELL_VOLTAGE], lambda: near)
    publish_filter.submit(3.5, 0)
    assert publish_filter.submit(3.51, 1) is near
    assert not publish_filter.submit(3.514, 2)


def test_without_knowledge_of_limits_a_jump_counts() -> None:
    publish_filter = PublishFilter(PublishPolicy(60, 0.3, jump=1, only_near_limit=True))
    publish_filter.submit(20.0, 0)
    assert publish_filter.submit(21.0, 1)


def test_a_limit_falls_at_once_and_rises_now_and_then() -> None:
    publish_filter = PublishFilter(DEFAULT_POLICIES[Quantity.LIMIT])
    publish_filter.submit(50.0, 0)
    assert publish_filter.submit(20.0, 0.5)
    assert publish_filter.submit(19.9, 1.0)
    assert not publish_filter.submit(30.0, 5.0)
    assert publish_filter.submit(60.0, 11.0)
    assert publish_filter.submit(None, 11.5)
    assert publish_filter.submit(0.0, 12.0)


def test_a_state_of_charge_that_jumps_does_not_wait() -> None:
    publish_filter = PublishFilter(DEFAULT_POLICIES[Quantity.SOC])
    publish_filter.submit(50, 0)
    assert not publish_filter.submit(51, 1)
    assert publish_filter.submit(100, 2)
    assert publish_filter.submit(None, 2.5)


class Pair:
    """Two values of a group: 10 s, and dead bands of 1 and 10."""

    def __init__(self) -> None:
        self.values = {"current": 1.0, "power": 50.0}
        self.reported: list[str] = []
        self.group = PublishGroup()
        self.members = {
            key: GroupMember(
                PublishFilter(PublishPolicy(10, band)),
                lambda key=key: self.values[key],
                lambda key=key: self.reported.append(key),
            )
            for key, band in (("current", 1), ("power", 10))
        }

    def join(self) -> Pair:
        self.leave = {key: self.group.join(member) for key, member in self.members.items()}
        return self

    def see(self, now: float, reading: object | None = None, **values: float) -> tuple[dict[str, float], list[str]]:
        """Take a reading; return what is shown, and what of it is news."""
        self.values |= values
        self.group.follow(object() if reading is None else reading, now)
        shown = {key: member.publish_filter.value for key, member in self.members.items()}
        return shown, [key for key, member in self.members.items() if member.take_news()]


def test_what_belongs_together_is_of_one_reading() -> None:
    pair = Pair().join()
    assert pair.see(0) == ({"current": 1.0, "power": 50.0}, ["current", "power"])
    assert pair.see(20, current=1.5, power=55.0) == ({"current": 1.0, "power": 50.0}, [])
    # One is due: the other goes with it, inside its own dead band.
    assert pair.see(21, current=2.0, power=58.0) == ({"current": 2.0, "power": 58.0}, ["current", "power"])
    assert all(member.is_published for member in pair.members.values())


def test_what_stayed_the_same_is_no_news_but_waits_as_long() -> None:
    pair = Pair().join()
    pair.see(0)
    assert pair.see(20, current=9.0) == ({"current": 9.0, "power": 50.0}, ["current"])
    assert pair.see(25, power=900.0) == ({"current": 9.0, "power": 50.0}, [])
    assert not pair.members["power"].is_published
    assert pair.see(30, power=900.0) == ({"current": 9.0, "power": 900.0}, ["power"])


def test_a_reading_is_decided_on_once() -> None:
    pair, reading = Pair().join(), object()
    pair.see(0)
    pair.see(9, reading, current=9.0)
    assert pair.see(99, reading, power=900.0) == ({"current": 1.0, "power": 50.0}, [])


def test_after_an_outage_all_are_published_once() -> None:
    pair = Pair().join()
    pair.group.renew(True)
    pair.see(0)
    pair.group.renew(False)
    pair.group.renew(True)
    assert pair.see(1, current=1.1, power=51.0) == ({"current": 1.1, "power": 51.0}, ["current", "power"])
    pair.group.renew(True)
    assert pair.see(2, current=1.2, power=52.0) == ({"current": 1.1, "power": 51.0}, [])


def test_who_comes_later_is_shown_with_the_others() -> None:
    pair = Pair()
    leave = pair.group.join(pair.members["current"])
    assert pair.see(0) == ({"current": 1.0, "power": None}, ["current"])
    reading = object()
    pair.see(1, reading, current=1.2)
    pair.group.join(pair.members["power"])
    pair.group.follow(reading, 1)
    pair.group.notify_others(pair.members["power"])
    assert pair.reported == ["current"]
    assert pair.see(1, reading) == ({"current": 1.2, "power": 50.0}, ["current", "power"])
    pair.group.notify_others(pair.members["power"])
    assert pair.reported == ["current"]
    leave()
    assert pair.see(20, current=9.0) == ({"current": 1.2, "power": 50.0}, [])


def test_quantities_that_belong_together_share_a_group() -> None:
    groups = PublishGroups()
    assert groups.of(Quantity.VOLTAGE) is groups.of(Quantity.CURRENT) is groups.of(Quantity.DIRECTION)
    assert groups.of(Quantity.CELL_VOLTAGE) is groups.of(Quantity.CELL_NUMBER) is not groups.of(Quantity.VOLTAGE)
    assert groups.of(Quantity.STATE) is None
    assert PublishGroups().of(Quantity.VOLTAGE) is not groups.of(Quantity.VOLTAGE)
    assert len(list(groups)) == 2
    for name in set(TOGETHER.values()):
        intervals = {DEFAULT_POLICIES[quantity].interval for quantity, group in TOGETHER.items() if group == name}
        assert len(intervals) == 1, "the shortest would be that of all"
