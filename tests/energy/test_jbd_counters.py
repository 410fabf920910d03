"""JBD counters: what cleared them, the progress of a cycle, and why the state of charge jumps."""

import json

import pytest

from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.energy.energy_counter import EnergyCounter
from custom_components.smart_bms.energy.energy_totals import EnergyTotals
from custom_components.smart_bms.energy.health import PackHealth
from custom_components.smart_bms.energy.jbd_capacity_learning import LearningPhase
from custom_components.smart_bms.energy.jbd_counters import JbdCounters
from custom_components.smart_bms.energy.jbd_events import JbdEvent, detect_event

SETTINGS = {
    "cycle_capacity": 80.0,
    "soc_0_voltage": 2.8,
    "soc_40_voltage": 3.3,
    "soc_60_voltage": 3.35,
    "soc_100_voltage": 3.5,
}
COUNTERS = {"cell_overvoltage": 3, "short_circuit": 0, "restarts": 1}


class Watched:
    """A board that is seen every hour."""

    def __init__(self) -> None:
        self.counter = EnergyCounter(3600.0)
        self.jbd_counters = JbdCounters(self.counter)
        self.now = 0.0

    def see(self, current: float = 0.0, hours: float = 1.0, settings=SETTINGS, **values) -> JbdEvent | None:
        self.now += hours * 3600
        usual = {"soc": 60.0, "remaining_capacity": 60.0, "full_capacity": 100.0, "cycles": 5, "counters": COUNTERS}
        cells = (3.325, 3.325)
        item = Reading(measured_at=self.now, voltage=13.2, current=current, cell_voltages=cells, **usual | values)
        self.counter.update(item)
        return self.jbd_counters.update(item, settings, self.now + 1e6)


@pytest.mark.parametrize(
    ("after", "event"),
    [
        (COUNTERS, None),
        (COUNTERS | {"cell_overvoltage": 4}, None),
        (COUNTERS | {"restarts": 2}, JbdEvent.SUPPLY_RETURNED),
        (COUNTERS | {"cell_overvoltage": 0}, JbdEvent.PARAMETER_WRITTEN),
        ({"cell_overvoltage": 3}, None),
    ],
)
def test_what_its_counters_tell_of_a_board(after, event) -> None:
    assert detect_event(COUNTERS, after) is event
    assert detect_event({"cell_overvoltage": 0}, {"cell_overvoltage": 0, "restarts": 4}) is None


def test_the_progress_of_a_cycle_is_known_once_one_was_counted_under_watch() -> None:
    watched = Watched()
    watched.see()
    watched.see(-10.0)
    assert watched.jbd_counters.cycle.progress is None
    watched.see(-10.0, cycles=6)
    watched.see(-10.0, cycles=6)
    watched.see(-10.0, cycles=6)
    assert watched.jbd_counters.cycle.progress == pytest.approx(0.25)
    watched.see(-10.0, hours=5, cycles=6)
    assert watched.jbd_counters.cycle.progress is None


def test_a_write_begins_the_cycle_anew_and_makes_the_charge_a_guess() -> None:
    watched = Watched()
    assert watched.see() is None
    assert watched.see(-10.0) is None
    assert not watched.jbd_counters.estimated
    cleared = dict.fromkeys(COUNTERS, 0) | {"restarts": 1}
    assert watched.see(counters=cleared, soc=50.0) is JbdEvent.PARAMETER_WRITTEN
    assert watched.jbd_counters.estimated
    assert watched.jbd_counters.cycle.progress == 0
    assert [str(jump.cause) for jump in watched.jbd_counters.jumps] == ["forgot"]
    watched.see(counters=cleared, soc=100.0)
    assert not watched.jbd_counters.estimated


@pytest.mark.parametrize(
    ("soc", "hours", "cause"), [(100.0, 1, "full"), (0.0, 1, "empty"), (30.0, 1, "unexplained"), (30.0, 3, "unseen")]
)
def test_a_jump_is_explained(soc, hours, cause) -> None:
    watched = Watched()
    watched.see()
    # What it says is left cannot be: nothing bridges that gap.
    watched.see(hours=hours, soc=soc, remaining_capacity=None)
    (jump,) = watched.jbd_counters.jumps
    assert (jump.before, jump.after, str(jump.cause), jump.at) == (60.0, soc, cause, watched.now + 1e6)


def test_a_board_that_says_little_is_followed_as_far_as_it_goes() -> None:
    watched = Watched()
    watched.see(settings=None, soc=None, counters={}, cycles=None)
    watched.see(settings=None, soc=None, counters={}, cycles=None)
    watched.see(soc=None, counters={}, cycles=None)
    JbdCounters(EnergyCounter(10.0)).shift_references(EnergyTotals(1.0))
    assert not watched.jbd_counters.jumps
    assert not watched.jbd_counters.estimated
    assert watched.jbd_counters.cycle.progress is None


def test_it_goes_on_after_a_restart_but_is_no_longer_certain() -> None:
    watched = Watched()
    watched.see()
    watched.see(counters=dict.fromkeys(COUNTERS, 0) | {"restarts": 1}, soc=40.0)
    watched.see(-10.0)
    stored = json.loads(json.dumps(watched.jbd_counters.dump()))
    other = JbdCounters(EnergyCounter(10.0))
    other.restore(stored)
    assert other.cycle.progress is None
    assert other.cycle.discharged == watched.jbd_counters.cycle.discharged
    assert other.estimated
    assert list(other.jumps) == list(watched.jbd_counters.jumps)
    fresh = JbdCounters(EnergyCounter(10.0))
    fresh.restore(JbdCounters(EnergyCounter(10.0)).dump())
    assert not fresh.estimated


def test_health_tells_the_vendors_rule_what_happened_to_the_board() -> None:
    counter = EnergyCounter(3600.0)
    health = PackHealth(counter, follows_jbd_manual=True)

    def see(at: float, **values) -> None:
        usual = {"soc": 100.0, "full_capacity": 100.0, "remaining_capacity": 100.0, "counters": COUNTERS}
        item = Reading(measured_at=at, voltage=13.2, current=0.0, cell_voltages=(3.4, 3.4), **usual | values)
        counter.update(item)
        health.update(item, 0.0, SETTINGS)

    see(0.0)
    assert health.capacity.vendor.phase is LearningPhase.ARMED
    see(60.0, soc=98.0, counters=COUNTERS | {"restarts": 2})
    assert health.capacity.vendor.phase is LearningPhase.IDLE
    stored = json.loads(json.dumps(health.dump()))
    other = PackHealth(counter, follows_jbd_manual=True)
    other.restore(stored, 0.0)
    assert other.jbd_counters.dump() == health.jbd_counters.dump() | {"certain": False}
    PackHealth(counter).restore(stored, 0.0)
