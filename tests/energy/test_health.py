"""Cell health: right against the simulator's truth where there is evidence, and unknown where there is none."""

import json
import math
import random

import pytest

from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.bms.stored_values import sort_out
from custom_components.smart_bms.energy.capacity import CapacityTracker
from custom_components.smart_bms.energy.consistency import ConsistencyCriterion
from custom_components.smart_bms.energy.energy_counter import EnergyCounter
from custom_components.smart_bms.energy.energy_totals import EnergyTotals
from custom_components.smart_bms.energy.health import CHECKS, PackHealth
from custom_components.smart_bms.energy.imbalance import CellImbalance, ComparisonCondition
from custom_components.smart_bms.energy.resistance import (
    MIN_STEPS,
    ResistanceEstimator,
    WeeklyResistanceTrend,
    fit_resistance,
)
from custom_components.smart_bms.energy.rest_imbalance import RestImbalance
from custom_components.smart_bms.energy.soc_confidence import counted_soc, expected_drift
from custom_components.smart_bms.simulator.battery import Battery, household

DAY = 86_400.0


def reading(at: float, current: float | None = 0.0, **values) -> Reading:
    usual = {"voltage": 13.2, "soc": 60.0, "full_capacity": 100.0, "cell_voltages": (3.3, 3.301, 3.302, 3.303)}
    return Reading(measured_at=at, current=current, **usual | values)


# Resistance.


def measured(battery: Battery, ampere: float) -> Reading:
    """Return what a pack reports of its battery, in mV and at the resolution of its current."""
    return reading(
        battery.now,
        round(battery.current / ampere) * ampere,
        cell_voltages=tuple(round(cell.voltage, 3) for cell in battery.cells),
        full_capacity=battery.capacity,
    )


@pytest.mark.parametrize(("every", "ampere"), [(0.5, 0.001), (1.0, 0.01), (5.0, 0.01), (5.0, 0.1)])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_resistance_of_each_cell_is_right_within_a_tenth(every, ampere, seed) -> None:
    battery = Battery(
        cells=8, capacity=100, resistance=0.0006, temperature=25.0, profile=household(seed), seed=seed, soc=0.7
    )
    weak = battery.cells[4]
    weak.resistance *= 1.8
    resistances = ResistanceEstimator()
    for _ in range(int(3600 / every)):
        battery.step(every)
        resistances.update(measured(battery, ampere))
    found = resistances.cell_resistances()
    for cell, item in zip(battery.cells, found, strict=True):
        assert item is not None
        truth = cell.resistance * math.exp((25 - cell.temperature) * 0.028)
        assert item.value == pytest.approx(truth, rel=0.1, abs=2 * item.uncertainty)
        assert item.uncertainty < 0.1 * item.value
    assert max(range(8), key=lambda place: found[place].value) == 4


def test_nothing_is_told_without_excitation() -> None:
    for profile in (lambda _: -20.0, lambda now: -4.0 * (now // 20 % 2)):
        battery = Battery(cells=4, capacity=100, profile=profile)
        resistances = ResistanceEstimator()
        for _ in range(2000):
            battery.step(1.0)
            resistances.update(measured(battery, 0.01))
        assert resistances.cell_resistances() == []


@pytest.mark.parametrize(
    ("second", "change"),
    [
        (20.0, {}),
        (-1.0, {}),
        (1.0, {"current": None}),
        (1.0, {"cell_voltages": ()}),
        (1.0, {"cell_voltages": (3.3, 3.3)}),
        (1.0, {"cell_times": (1.0, 1.0, 1.0, 1.0)}),
        (1.0, {"full_capacity": 1000.0}),
    ],
)
def test_a_step_that_cannot_be_compared_is_none(second, change) -> None:
    resistances = ResistanceEstimator()
    resistances.update(reading(0.0))
    resistances.update(reading(second, **{"current": -30.0} | change))
    assert not resistances.steps


def test_a_few_wrong_steps_do_no_harm_and_noise_says_nothing() -> None:
    chance = random.Random(1)
    steps = [(amperes, amperes * 0.001) for amperes in (20.0, -20.0, 35.0, -35.0) * 5]
    good = fit_resistance(steps)
    assert good.value == pytest.approx(0.001)
    spoilt = fit_resistance([*steps, (30.0, 0.4), (-25.0, 0.2), (30.0, 0.0)])
    assert spoilt.value == pytest.approx(0.001, rel=0.02)
    assert spoilt.steps == 20
    assert fit_resistance(steps[: MIN_STEPS - 1]) is None
    assert fit_resistance([(amperes, chance.gauss(0, 0.02)) for amperes, _ in steps]) is None
    assert fit_resistance([(amperes, -volts) for amperes, volts in steps]) is None
    halves = [(10.0, 0.01)] * 5 + [(10.0, 0.5)] * 4
    assert fit_resistance(halves) is None


def test_a_cell_that_is_missing_in_some_steps_is_judged_by_the_others() -> None:
    resistances = ResistanceEstimator()
    for place in range(40):
        current, volts = (0.0, 3.3) if place % 2 else (-30.0, 3.27)
        cells = (volts, None if place < 34 else volts)
        resistances.update(reading(float(place), current, cell_voltages=cells))
    first, second = resistances.cell_resistances()
    assert first.value == pytest.approx(0.001)
    assert second is None


def test_steps_survive_a_restart() -> None:
    resistances = ResistanceEstimator()
    for place in range(30):
        resistances.update(reading(float(place), -30.0 * (place % 2), cell_voltages=(3.3 - 0.03 * (place % 2), None)))
    other = ResistanceEstimator()
    other.restore(json.loads(json.dumps(resistances.dump())))
    assert other.cell_resistances() == resistances.cell_resistances()
    with pytest.raises((TypeError, ValueError)):
        other.restore([["x", []]])


def test_a_trend_needs_four_weeks() -> None:
    trend = WeeklyResistanceTrend()
    for week in range(3):
        trend.update(100 + week, 0.001)
    assert trend.per_week is None
    trend.update(103, 0.001)
    assert trend.per_week == pytest.approx(0)
    grown = WeeklyResistanceTrend(json.loads(json.dumps(trend.dump())))
    for week in range(104, 180):
        grown.update(week, 0.001 * (1 + 0.01 * (week - 103)))
    assert grown.per_week == pytest.approx(0.7, abs=0.1)
    for week in range(180, 400):
        grown.update(week, 0.001)
    assert len(grown.weeks) == 104
    assert WeeklyResistanceTrend({str(week): 0.0 for week in range(5)}).per_week is None


@pytest.mark.parametrize("wrong", [0, 50, 4000])
def test_one_look_at_a_wrong_clock_deletes_nothing(wrong) -> None:
    trend = WeeklyResistanceTrend({str(week): 0.001 * (1 + 0.01 * (week - 100)) for week in range(100, 153)})
    before = trend.per_week
    trend.update(wrong, 0.005)
    trend.update(152, 0.001 * 1.52)
    assert set(trend.weeks) >= set(range(100, 153))
    assert trend.per_week == pytest.approx(before)


def test_nothing_that_bears_a_date_is_learned_while_nobody_knows_the_date() -> None:
    health, counter = healthy()
    full = reading(0.0, 1.0, soc=100.0)
    counter.update(full)
    health.update(full, None)
    assert (health.full_at, health.imbalance.spreads) == (None, {})
    fed(health, counter, reading(60.0, 1.0, soc=100.0))
    assert health.full_at is not None


# Capacity.


class Run:
    """A pack that is emptied and filled by the hour."""

    def __init__(self) -> None:
        self.counter = EnergyCounter(3600.0)
        self.capacity = CapacityTracker(self.counter)
        self.now = 0.0

    def see(self, current: float, soc: float | None, hours: float = 0.1, **values) -> None:
        self.now += hours * 3600
        item = reading(self.now, current, soc=soc, **values)
        self.counter.update(item)
        self.capacity.update(item, self.now)

    def empty(self, charge: float = 90.0) -> None:
        self.see(0.0, 100)
        steps = 20
        for place in range(steps):
            self.see(-charge / 2, 99 - 98 * place / steps)
        self.see(-charge / 2, 1)
        self.see(0.0, 0, hours=0.1)

    def fill(self) -> None:
        for _ in range(20):
            self.see(45.0, 50)
        self.see(0.0, 100)


@pytest.mark.parametrize(("ampere", "every"), [(0.001, 1.0), (0.1, 5.0)])
def test_the_capacity_is_right_within_two_percent(ampere, every) -> None:
    battery = Battery(cells=4, capacity=50, soc=1.0, spread=0.0, profile=lambda _: -25.0 + 3 * math.sin(_ / 50))
    counter = EnergyCounter(12.0)
    capacity = CapacityTracker(counter)
    truth = 0.0
    item = reading(0.0, 0.0, soc=100.0, full_capacity=55.0)
    counter.update(item)
    capacity.update(item, 0.0)
    while min(cell.voltage for cell in battery.cells) > 2.6:
        battery.step(every)
        truth -= battery.current * every / 3600
        lowest = min(cell.voltage for cell in battery.cells)
        soc = 50.0 if lowest > 2.6 else 0.0
        item = reading(battery.now, round(battery.current / ampere) * ampere, soc=soc, full_capacity=55.0)
        counter.update(item)
        capacity.update(item, 0.0)
    assert capacity.learned.ampere_hours == pytest.approx(truth, rel=0.02)
    assert capacity.learned.bridged == 0


def test_our_count_and_the_vendors_rule_stand_side_by_side() -> None:
    run = Run()
    assert run.capacity.learned is None
    run.empty()
    assert run.capacity.learned.ampere_hours == pytest.approx(94.5, abs=2.5)
    assert run.capacity.vendor.cycles == 0
    run.fill()
    assert run.capacity.vendor.cycles == 1
    assert run.capacity.vendor.learned == pytest.approx(run.capacity.learned.ampere_hours, abs=0.1)
    run.empty(60.0)
    run.fill()
    assert run.capacity.vendor.learned == pytest.approx(run.capacity.learned.ampere_hours, abs=7)
    for _ in range(12):
        run.empty()
        run.fill()
    assert len(run.capacity.runs) == 10
    assert run.capacity.vendor.cycles == 14


def test_a_gap_that_nothing_bridges_spoils_the_run() -> None:
    run = Run()
    run.see(0.0, 100)
    run.see(-45.0, 50)
    run.see(-45.0, 40, hours=5)
    run.see(-45.0, 0, hours=0.9)
    assert run.capacity.learned is None
    run.fill()
    assert run.capacity.vendor.cycles == 0


def test_what_is_called_empty_too_early_is_no_run() -> None:
    run = Run()
    run.see(0.0, 100)
    run.see(-45.0, 50, hours=0.9)
    run.see(0.0, 0)
    assert run.capacity.learned is None


def test_a_pack_that_says_little_teaches_nothing() -> None:
    run = Run()
    run.see(0.0, None)
    for soc in (100, 50, 0):
        run.see(-45.0, soc, hours=0.9, full_capacity=None)
    assert run.capacity.learned is None
    assert run.capacity.vendor is None


def test_a_gap_before_anything_is_known_does_no_harm() -> None:
    run = Run()
    run.see(-45.0, 60, full_capacity=None)
    run.see(-45.0, 40, hours=5, full_capacity=None)
    assert run.capacity.vendor is None
    run.empty()
    assert run.capacity.learned is not None


def test_a_run_survives_a_restart() -> None:
    run = Run()
    run.empty()
    run.fill()
    run.see(-45.0, 50, hours=0.9)
    stored = json.loads(json.dumps(run.capacity.dump()))
    other = CapacityTracker(run.counter)
    other.restore(stored)
    assert other.dump() == run.capacity.dump()
    fresh = CapacityTracker(EnergyCounter(10.0))
    other.restore(fresh.dump())
    assert other.vendor is None
    with pytest.raises(KeyError):
        other.restore({"full": None, "runs": [], "vendor": {}, "at": None})


# Imbalance.


@pytest.mark.parametrize(
    ("values", "occasion"),
    [
        ({"soc": 100.0, "current": 2.0}, ComparisonCondition.FULL),
        ({"soc": 100.0, "current": 8.0}, None),
        ({"soc": 60.0, "current": -20.0}, ComparisonCondition.LOAD),
        ({"soc": 60.0, "current": 20.0}, None),
        ({"soc": 60.0, "current": -5.0}, None),
        ({"soc": 60.0, "current": 0.1}, None),
        ({"soc": 0.0, "current": -20.0}, None),
        ({"soc": None, "current": -20.0}, None),
        ({"current": None}, None),
        ({"current": -20.0, "cell_voltages": ()}, None),
        ({"current": -20.0, "full_capacity": None}, None),
        ({"current": -20.0, "full_capacity": None, "design_capacity": 100.0}, ComparisonCondition.LOAD),
    ],
)
def test_cells_are_compared_on_three_occasions(values, occasion) -> None:
    imbalance = CellImbalance()
    imbalance.update(reading(5.0, **values), 1000.0)
    assert list(imbalance.spreads) == ([] if occasion is None else [occasion])
    if occasion is not None:
        spread = imbalance.spreads[occasion]
        assert (spread.volts, spread.lowest, spread.highest, spread.at) == (pytest.approx(0.003), 1, 4, 1005.0)


def test_rest_begins_when_the_current_ends_and_is_not_certain_over_a_gap() -> None:
    imbalance = CellImbalance()
    for minute in range(30):
        imbalance.update(reading(minute * 60.0), 0.0)
    assert not imbalance.spreads
    imbalance.update(reading(1800.0), 0.0)
    assert list(imbalance.spreads) == [ComparisonCondition.REST]
    imbalance.update(reading(1810.0, -10.0), 0.0)
    assert imbalance.rest(1810.0) == 0
    imbalance.update(reading(1900.0), 0.0)
    imbalance.update(reading(4000.0), 0.0)
    assert imbalance.rest(4000.0) == 0
    other = CellImbalance()
    other.restore(json.loads(json.dumps(imbalance.dump())), -500.0)
    assert other.rest(3600.0) == 100
    assert other.spreads == imbalance.spreads
    other.restore(CellImbalance().dump(), 0.0)
    assert other.rest(5.0) == 0


# Self-discharge.


def test_the_cell_that_falls_behind_at_rest_is_found_after_a_day() -> None:
    drift = RestImbalance()

    def rest(hours: float) -> None:
        fallen = 0.002 * hours / 24
        cells = (3.300, 3.301, round(3.300 - fallen, 4), 3.299)
        drift.update(reading(hours * 3600, cell_voltages=cells), hours * 3600, hours)

    for hour in range(1, 26):
        rest(hour)
    assert drift.drift is None
    rest(26)
    found = drift.drift
    assert found.fastest[0] == 3
    assert found.fastest[1] == pytest.approx(-0.002 * 0.75, abs=3 * found.uncertainty)
    other = RestImbalance()
    other.restore(json.loads(json.dumps(drift.dump())), 0.0)
    assert other.drift == found
    assert other.dump() == drift.dump()
    other.restore(RestImbalance().dump(), 0.0)
    assert other.drift is None


@pytest.mark.parametrize(
    "spoils",
    [{"balancing": True}, {"cell_voltages": ()}, {"cell_voltages": (3.3, None)}, {"cell_voltages": (3.3, 3.3)}],
)
def test_what_moves_charge_or_hides_a_cell_begins_anew(spoils) -> None:
    drift = RestImbalance()
    drift.update(reading(0.0), 10_000.0, 0.0)
    drift.update(reading(50_000.0, **spoils), 60_000.0, 0.0)
    drift.update(reading(DAY + 10), DAY + 20_000, 0.0)
    assert drift.drift is None
    assert RestImbalance().drift is None


# The whole.


def fed(health: PackHealth, counter: EnergyCounter, *readings: Reading) -> PackHealth:
    for item in readings:
        counter.update(item)
        health.update(item, 1e6)
    return health


def healthy(longest_gap: float = 3600.0) -> tuple[PackHealth, EnergyCounter]:
    counter = EnergyCounter(longest_gap)
    return PackHealth(counter), counter


def test_without_evidence_there_is_no_verdict() -> None:
    health, counter = healthy()
    fed(health, counter, *(reading(second * 60.0, -5.0) for second in range(20)))
    assert health.consistent is None
    assert health.weakest_cells() == {}
    assert health.mean_resistance is None
    assert health.full_at is None


@pytest.mark.parametrize(("cycles", "spread", "good"), [(10, 0.029, True), (10, 0.03, False), (9, 0.01, None)])
def test_full_after_ten_aging_cycles_judges_the_capacity(cycles, spread, good) -> None:
    health, counter = healthy()
    fed(health, counter, reading(0.0))
    health.capacity.vendor.cycles = cycles
    cells = (3.45, 3.45, round(3.45 + spread, 3))
    fed(health, counter, reading(60.0, 20.0, soc=100.0, cell_voltages=cells))
    assert health.consistent is None
    fed(health, counter, reading(120.0, 1.0, soc=100.0, cell_voltages=cells))
    assert health.consistent is good
    assert health.full_at == 1e6 + 120
    if good is not None:
        verdict = health.verdicts[ConsistencyCriterion.CAPACITY]
        assert (verdict.spread, verdict.at) == (pytest.approx(spread), 1e6 + 120)
        assert health.weakest_cells() == {"ends_charge_first": 3}


def test_a_month_of_rest_judges_what_the_vendor_calls_resistance() -> None:
    health, counter = healthy()
    for quarter in range(31 * 96):
        fed(health, counter, reading(quarter * 900.0))
    assert health.verdicts[ConsistencyCriterion.RESISTANCE].good
    assert health.weakest_cells()["lowest_at_rest"] == 1
    assert health.weakest_cells()["fastest_self_discharge"]


def test_resistances_are_fitted_now_and_then_and_survive_a_restart() -> None:
    health, counter = healthy(10.0)
    for second in range(200):
        on = second // 2 % 2
        cells = (3.3 - 0.03 * on, 3.3 - 0.06 * on)
        fed(health, counter, reading(float(second), -30.0 * on, cell_voltages=cells))
    assert health.mean_resistance == pytest.approx(0.0015)
    assert health.weakest_cells() == {"highest_resistance": 2, "lowest_under_load": 2}
    stored = json.loads(json.dumps(health.dump()))
    other = PackHealth(counter)
    other.restore(stored, 0.0)
    assert other.dump() == health.dump()
    assert other.mean_resistance == health.mean_resistance
    assert list(other.trend.weeks) == [1]
    # Without a new step they are as old as they were.
    before = other.resistances_at
    fed(other, counter, *(reading(10_000.0 + second) for second in range(0, 200, 20)))
    assert other.resistances_at == before


def test_a_raised_sum_is_no_part_of_a_run() -> None:
    run = Run()
    run.see(0.0, 100)
    run.see(-45.0, 50, hours=0.9)
    raised = EnergyTotals(5000.0, 4000.0, 300.0, 200.0)
    health = PackHealth(run.counter, follows_jbd_manual=True)
    health.capacity = run.capacity
    fed(health, run.counter, reading(run.now + 1, -45.0))
    run.counter.total.add(raised)
    health.shift_references(raised)
    run.see(-45.0, 10, hours=0.9)
    run.see(0.0, 0, hours=0.5)
    assert run.capacity.learned.ampere_hours == pytest.approx(72, abs=15)
    PackHealth(run.counter).shift_references(raised)


def test_verdicts_survive_a_restart() -> None:
    health, counter = healthy()
    fed(health, counter, reading(0.0))
    health.capacity.vendor.cycles = 12
    fed(health, counter, reading(60.0, 1.0, soc=100.0))
    other = PackHealth(counter)
    other.restore(json.loads(json.dumps(health.dump())), 0.0)
    assert other.consistent is True
    assert other.full_at == health.full_at
    stored = json.loads(json.dumps(health.dump()))
    assert sort_out(stored, CHECKS) == (stored, {})
    # What is missing begins anew, and what rested when nobody knows how long ago does not count.
    other.restore({}, 0.0)
    assert other.consistent is None
    other.restore(stored, None)
    assert other.full_at == health.full_at
    assert other.imbalance.rest_since is None


def test_sums_that_begin_anew_end_the_run_from_full() -> None:
    run = Run()
    run.see(0.0, 100)
    health = PackHealth(run.counter)
    health.capacity = run.capacity
    health.reset_references()
    run.see(-45.0, 50, hours=0.9)
    run.see(-45.0, 0, hours=0.9)
    assert run.capacity.learned is None


@pytest.mark.parametrize(
    ("part", "broken"),
    [
        ("capacity", {"full": None, "runs": [["x", 1, 1, 1]], "vendor": None, "at": None}),
        ("capacity", {"full": None, "runs": [], "vendor": {"typical": "x"}, "at": None}),
        ("imbalance", {"spreads": {"rest": ["x", 1, 2, 3]}, "rest_since": None, "seen_at": None}),
        ("imbalance", {"spreads": {}, "rest_since": "x", "seen_at": None}),
        ("drift", {"first": ["x", []], "drift": None}),
        ("verdicts", {"matching": [1, 0.1, 5.0]}),
        ("verdicts", {"other": [True, 0.1, 5.0]}),
        ("steps", [[1.0, ["x"]]]),
        ("trend", {"x": 5.0}),
        ("trend", {"5": "x"}),
        ("full_at", "yesterday"),
        ("resistances_at", []),
        ("board", {"discharged": "x"}),
    ],
)
def test_a_broken_part_is_found_before_it_is_used(part, broken) -> None:
    assert sort_out({part: broken}, CHECKS) == ({}, {part: broken})


# State of charge.


@pytest.mark.parametrize(("throughput", "days", "drift"), [(0, 0, 0), (200, 0, 2), (0, 30, 3), (700, 30, 10)])
def test_a_state_of_charge_drifts_with_charge_and_days(throughput, days, drift) -> None:
    assert expected_drift(throughput, 100.0, days) == pytest.approx(drift)


@pytest.mark.parametrize(("net", "soc"), [(0, 100), (25, 75), (-3, 100), (120, 0)])
def test_the_second_state_of_charge_is_our_own_count(net, soc) -> None:
    assert counted_soc(net, 100.0) == soc
