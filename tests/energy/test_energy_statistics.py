"""Energy statistics: days, cycles and efficiency, only where there is evidence."""

from datetime import date
import json

import pytest

from custom_components.smart_bms.bms.stored_values import BROKEN
from custom_components.smart_bms.energy.energy_counter import EnergyCounter
from custom_components.smart_bms.energy.energy_statistics import EnergyStatistics
from custom_components.smart_bms.energy.energy_totals import EnergyTotals
from tests.support.energy_readings import reading


class Book:
    """A counter and its statistics, an hour between two readings."""

    def __init__(self) -> None:
        self.counter = EnergyCounter(3600.0)
        self.statistics = EnergyStatistics(self.counter)
        self.now = 0.0

    def see(self, current: float, soc: float | None, *, hours: float = 1.0, voltage: float = 50.0, **values) -> None:
        self.now += hours * 3600
        item = reading(self.now, current, voltage, soc=soc, **values)
        self.counter.update(item)
        self.statistics.update(item)

    def cycle(self, *, charged: float = 52.0) -> None:
        """Empty 50 Ah at 50 V, and fill up again at a higher voltage."""
        self.see(0.0, 100)
        self.see(-50.0, 75)
        self.see(-50.0, 50)
        self.see(0.0, 50)
        self.see(50.0, 75, voltage=charged)
        self.see(50.0, 99, voltage=charged)
        self.see(0.0, 100, voltage=charged)
        # The tail of the charge counts too.
        self.see(2.0, 100, voltage=charged)
        self.see(0.0, 100)


def test_efficiency_is_out_by_in_from_full_to_full() -> None:
    book = Book()
    assert book.statistics.efficiency is None
    book.cycle()
    assert book.statistics.runs == 0
    out, into = book.counter.total.discharged, book.counter.total.charged
    # The run ends when the pack is no longer full.
    book.see(-0.001, 99, hours=0.001)
    assert book.statistics.runs == 1
    assert book.statistics.efficiency == pytest.approx(100 * out / into)
    assert 90 < book.statistics.efficiency < 100
    for _ in range(12):
        book.cycle()
    assert book.statistics.runs == 10


def test_a_short_trip_or_a_missed_hour_says_nothing_of_the_efficiency() -> None:
    book = Book()
    book.see(0.0, 100)
    book.see(-10.0, 95)
    book.see(10.0, 100)
    assert book.statistics.efficiency is None
    book.see(-50.0, 75)
    book.see(-50.0, 50)
    book.see(50.0, 70, hours=5)
    assert book.counter.after_gap
    book.see(50.0, 99)
    assert not book.statistics.complete_since_full
    book.see(0.0, 100)
    assert book.statistics.complete_since_full
    book.see(-10.0, 95)
    assert book.statistics.efficiency is None


def test_a_sum_that_is_raised_was_not_moved_today() -> None:
    book = Book()
    book.statistics.update_day(date(2026, 3, 1))
    book.see(0.0, 100)
    book.see(-10.0, 90)
    raised = EnergyTotals(5000.0, 4000.0, 100.0, 80.0)
    before = book.statistics.since_full, book.statistics.today(book.counter.total)
    book.counter.total.add(raised)
    book.statistics.shift_references(raised)
    assert before == (book.statistics.since_full, book.statistics.today(book.counter.total))


def test_what_came_since_full_and_since_empty() -> None:
    book = Book()
    assert book.statistics.since_full is None
    assert book.statistics.since_empty is None
    book.see(0.0, 100)
    book.see(-10.0, 90)
    book.see(-10.0, 80)
    assert book.statistics.since_full.charge_out == pytest.approx(15)
    book.see(-10.0, 0)
    book.see(10.0, 5)
    book.see(10.0, 15)
    assert book.statistics.since_empty.charge_in == pytest.approx(12.5)
    assert book.statistics.since_full.charge_out == pytest.approx(27.5)
    book.see(10.0, None)
    assert book.statistics.since_empty.charge_in == pytest.approx(22.5)


def test_a_new_day_begins_at_nothing_and_the_same_day_goes_on() -> None:
    book = Book()
    book.statistics.update_day(date(2026, 3, 1))
    book.see(10.0, 50)
    book.see(10.0, 60)
    assert book.statistics.today(book.counter.total).charge_in == pytest.approx(10)
    book.statistics.update_day(date(2026, 3, 1))
    assert book.statistics.today(book.counter.total).charge_in == pytest.approx(10)
    # The clock was behind for a moment, or the time zone changed.
    book.statistics.update_day(date(2026, 2, 28))
    assert book.statistics.today(book.counter.total).charge_in == pytest.approx(10)
    book.statistics.update_day(date(2026, 3, 2))
    assert book.statistics.today(book.counter.total) == EnergyTotals()
    book.see(10.0, 70)
    # It had been far ahead.
    book.statistics.update_day(date(2026, 2, 1))
    assert book.statistics.today(book.counter.total) == EnergyTotals()


@pytest.mark.parametrize(
    "broken", [{"day": "x"}, {"day": 5}, {"capacity": "x"}, {"whole": 1}, {"runs": [{}]}, {"at_full": {}}]
)
def test_what_is_broken_is_refused_whole(broken) -> None:
    book = Book()
    book.cycle()
    other = EnergyStatistics(EnergyCounter(10.0))
    before = other.dump()
    with pytest.raises(BROKEN):
        other.restore(book.statistics.dump() | broken)
    assert other.dump() == before


def test_sums_that_begin_anew_leave_nothing_that_was_measured_by_them() -> None:
    book = Book()
    book.cycle()
    other = EnergyStatistics(EnergyCounter(10.0))
    other.restore(book.statistics.dump())
    other.reset_references()
    assert other.since_full is None
    assert other.today(EnergyTotals()) == EnergyTotals()


def test_full_cycles_are_what_went_out_by_the_capacity() -> None:
    book = Book()
    assert book.statistics.full_cycles is None
    book.see(-50.0, 90)
    book.see(-50.0, 40, full_capacity=None, design_capacity=200.0)
    assert book.statistics.full_cycles == pytest.approx(0.25)
    book.see(-50.0, 40, full_capacity=None)
    assert book.statistics.full_cycles == pytest.approx(0.5)


def test_a_restart_changes_nothing() -> None:
    book = Book()
    book.statistics.update_day(date(2026, 3, 1))
    book.cycle()
    book.see(-10.0, 0)
    stored = json.loads(json.dumps(book.statistics.dump()))
    other = EnergyStatistics(book.counter)
    other.restore(stored)
    assert other.dump() == book.statistics.dump()
    assert other.efficiency == pytest.approx(book.statistics.efficiency)
    assert other.today(book.counter.total).discharged == pytest.approx(
        book.statistics.today(book.counter.total).discharged
    )
    fresh = EnergyStatistics(book.counter)
    other.restore(fresh.dump())
    assert other.since_full is None
    with pytest.raises(KeyError):
        other.restore({})
