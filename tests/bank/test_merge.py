"""Banks: parallel, series and both, against what the simulated batteries truly do; members are left out by rule."""

from dataclasses import replace
import json

import pytest

from custom_components.smart_bms.bank.current_imbalance import CurrentImbalance
from custom_components.smart_bms.bank.energy import CHECKS, BankEnergyTotals
from custom_components.smart_bms.bank.member import MemberLimits, SeriesString
from custom_components.smart_bms.bank.merge import BankExtreme, merge, split_into_strings
from custom_components.smart_bms.bms.alarm import Alarm
from custom_components.smart_bms.bms.stored_values import sort_out
from custom_components.smart_bms.energy.energy_totals import EnergyTotals
from custom_components.smart_bms.protection.relays import Tristate
from custom_components.smart_bms.simulator.battery import Battery
from tests.support.bank_members import NO, PARALLEL, SERIES, UNKNOWN, YES, member, stale


def test_packs_in_parallel_add_their_currents() -> None:
    bank = merge(
        [
            member("a", current=-20.0, soc=80.0, remaining_capacity=80.0, full_capacity=100.0, age=2.0),
            member("b", current=-40.0, soc=50.0, remaining_capacity=100.0, full_capacity=200.0, voltage=52.2, age=1.0),
        ],
        PARALLEL,
    )
    assert bank.active_strings == 2
    assert bank.left_out == ()
    assert bank.age == 2.0
    assert bank.voltage == pytest.approx(52.1)
    assert bank.current == -60
    assert bank.power == pytest.approx(-60 * 52.1)
    assert bank.soc == pytest.approx(60)
    assert (bank.capacity, bank.remaining) == (300, 180)
    assert bank.stored_energy == pytest.approx(80 * 52 + 100 * 52.2, abs=0.1)
    assert bank.voltage_spread == pytest.approx(0.2)
    assert bank.soc_spread == 30
    assert (bank.charge, bank.discharge) == (YES, YES)
    assert [share.share for share in bank.shares] == pytest.approx([1 / 3, 2 / 3])
    assert bank.uneven is False


def test_packs_in_series_add_their_voltages_and_are_as_strong_as_the_weakest() -> None:
    bank = merge(
        [
            member("a", current=-20.1, voltage=26.0, soc=80.0, remaining_capacity=80.0),
            member("b", current=-19.9, voltage=26.2, soc=50.0, remaining_capacity=45.0, full_capacity=90.0, charge=NO),
        ],
        SERIES,
    )
    assert bank.voltage == pytest.approx(52.2)
    assert bank.current == pytest.approx(-20)
    assert (bank.soc, bank.capacity, bank.remaining) == (50, 90, 45)
    assert (bank.charge, bank.discharge) == (NO, YES)
    assert bank.limits == MemberLimits(
        charge_voltage=112.0, charge_current=0.0, discharge_current=100.0, charge_limited_by="blocked"
    )
    assert bank.left_out == (("B", "charge_blocked"),)
    assert bank.voltage_spread is None
    assert bank.uneven is None


def test_strings_of_packs_in_series_stand_in_parallel() -> None:
    packs = [member(key, voltage=26.0, current=-10.0) for key in "abcd"]
    bank = merge(packs, split_into_strings("abcd", 2))
    assert bank.voltage == 52
    assert bank.current == -20
    assert bank.capacity == 200
    with pytest.raises(ValueError, match="equal length"):
        split_into_strings("abc", 2)
    with pytest.raises(ValueError, match="equal length"):
        split_into_strings("", 1)


def test_a_stale_pack_is_left_out_and_the_bank_says_so() -> None:
    bank = merge([member("a", age=3.0), stale(member("b"))], PARALLEL)
    assert bank.active_strings == 1
    assert bank.left_out == (("B", "stale"),)
    assert (bank.current, bank.capacity, bank.age) == (-20, 100, 3.0)
    assert bank.limits.charge_current == 50
    assert bank.charge is YES


def test_a_stale_pack_in_series_leaves_nothing() -> None:
    bank = merge([member("a"), stale(member("b"))], SERIES)
    assert (bank.active_strings, bank.current, bank.charge) == (0, None, UNKNOWN)
    assert bank.left_out == (("A", "incomplete"), ("B", "stale"))


def test_a_pack_that_is_gone_or_says_no_current_is_left_out() -> None:
    assert merge([member("a")], SERIES).left_out == (("A", "incomplete"),)
    bank = merge([member("a"), member("b", current=None)], PARALLEL)
    assert bank.active_strings == 1
    assert bank.left_out == (("B", "incomplete"),)
    assert merge([], PARALLEL).left_out == ()


@pytest.mark.parametrize(
    ("first", "second", "together", "left_out"),
    [
        (YES, YES, YES, []),
        (YES, NO, YES, ["charge_blocked"]),
        (YES, UNKNOWN, YES, ["charge_unknown"]),
        (NO, UNKNOWN, UNKNOWN, ["charge_blocked", "charge_unknown"]),
        (NO, NO, NO, ["charge_blocked", "charge_blocked"]),
    ],
)
def test_one_pack_in_parallel_that_may_is_enough_and_all_in_series_must(first, second, together, left_out) -> None:
    packs = [member("a", charge=first), member("b", charge=second)]
    bank = merge(packs, PARALLEL)
    assert bank.charge is together
    assert [why for _, why in bank.left_out] == left_out
    assert bank.limits.charge_current == 50 * [first, second].count(YES)
    series = merge(packs, SERIES).charge
    assert series is (NO if NO in (first, second) else UNKNOWN if UNKNOWN in (first, second) else YES)


@pytest.mark.parametrize(
    ("currents", "limits", "together"),
    [
        # Nothing flows: shared by capacity (both 100 Ah).
        ((0.0, 0.0), (50.0, 50.0), 100.0),
        ((0.0, 0.0), (50.0, 20.0), 40.0),
        ((-30.0, -10.0), (50.0, 50.0), 100.0),
        ((0.0, 0.0), (50.0, None), None),
        ((0.0, 0.0), (None, None), None),
        ((0.0, 0.0), (0.0, 50.0), 0.0),
    ],
)
def test_no_pack_gets_more_current_than_it_stands(currents, limits, together) -> None:
    packs = [
        member(key, current=current, limits=MemberLimits(charge_voltage=56.0, charge_current=limit))
        for key, current, limit in zip("ab", currents, limits, strict=True)
    ]
    assert merge(packs, PARALLEL).limits.charge_current == together


def test_where_the_current_is_known_to_be_uneven_the_one_that_carries_most_sets_the_limit() -> None:
    packs = [member("a", current=-30.0), member("b", current=-10.0)]
    # The first carries three quarters of what flows: at 66.7 A it has its 50 A.
    shares = {"A": 0.75, "B": 0.25}
    assert merge(packs, PARALLEL, shares).limits.charge_current == pytest.approx(50 / 0.75)
    # That is known also while nothing flows.
    resting = [replace(item, reading=replace(item.reading, current=0.0)) for item in packs]
    assert merge(resting, PARALLEL, shares).limits.charge_current == pytest.approx(50 / 0.75)
    # The other one alone gets what it stands.
    alone = [replace(packs[0], charge=NO), packs[1]]
    assert merge(alone, PARALLEL, shares).limits.charge_current == pytest.approx(50)
    assert merge(packs, PARALLEL, {"A": 0.0, "B": 0.0}).limits.charge_current == 100
    assert merge(packs, PARALLEL, {"renamed": 1.0}).limits.charge_current == 100


def test_uneven_is_what_lasts_and_stays_while_nobody_can_tell() -> None:
    uneven = CurrentImbalance()
    banks = {
        True: merge([member("a", current=-36.0), member("b", current=-4.0)], PARALLEL),
        False: merge([member("a"), member("b")], PARALLEL),
        None: merge([member("a", current=0.0), member("b", current=0.0)], PARALLEL),
    }
    seen = [(0, True), (30, True), (40, False), (41, True), (100, True), (101, True), (102, None), (900, None)]
    assert [uneven.update(banks[what], at) for at, what in seen] == [None] * 5 + [True] * 3
    assert uneven.shares == {"A": 0.9, "B": 0.1}
    assert [uneven.update(banks[False], at) for at in (901, 960, 961)] == [True, True, False]
    assert uneven.shares == {}
    assert uneven.update(merge([member("a")], (("a",),)), 962) is None


@pytest.mark.parametrize("current", [0.0, -20.0])
def test_a_pack_that_states_no_capacity_does_no_harm(current) -> None:
    nothing = {"full_capacity": 0.0, "design_capacity": 0.0, "current": current}
    bank = merge([member("a", **nothing), member("b", **nothing)], PARALLEL)
    assert bank.capacity is None
    assert bank.uneven is None
    assert bank.soc == 60


def test_without_capacities_all_count_alike_and_the_weakest_sets_the_limit() -> None:
    packs = [
        member("a", full_capacity=None, soc=80.0),
        member("b", full_capacity=None, soc=40.0, limits=MemberLimits(charge_current=20.0)),
    ]
    bank = merge(packs, PARALLEL)
    assert bank.soc == 60
    assert bank.capacity is None
    assert bank.limits.charge_current == 40
    assert bank.limits.charge_voltage is None
    assert bank.uneven is None
    assert merge([member("a", soc=None), member("b")], PARALLEL).soc is None
    assert merge([member("a", limits=MemberLimits()), member("b")], SERIES).limits.charge_voltage is None


@pytest.mark.parametrize(
    ("first", "second", "limit"),
    [
        (Tristate.NO, Tristate.NO, 0.0),
        (Tristate.UNKNOWN, Tristate.NO, None),
        (Tristate.UNKNOWN, Tristate.UNKNOWN, None),
    ],
)
def test_a_limit_of_which_nobody_knows_anything_is_not_a_confident_nothing(first, second, limit) -> None:
    unheard = MemberLimits(charge_voltage=56.0)
    bank = merge([member("a", charge=first, limits=unheard), member("b", charge=second, limits=unheard)], PARALLEL)
    assert bank.limits.charge_current == limit
    # A pack that knows its rules and doubts a probe says nothing by itself: that is known.
    doubts = MemberLimits(charge_voltage=56.0, charge_current=0.0)
    bank = merge([member("a", charge=first, limits=doubts), member("b", charge=second, limits=doubts)], PARALLEL)
    assert bank.limits.charge_current == 0.0


def test_a_blocked_pack_leaves_its_current_to_the_others() -> None:
    packs = [member("a", current=0.0), member("b", current=0.0, charge=NO)]
    assert merge(packs, PARALLEL).limits == MemberLimits(
        charge_voltage=56.0, charge_current=50.0, discharge_current=200.0, charge_limited_by="blocked"
    )


def limited(by: str, current: float | None = 50.0) -> MemberLimits:
    return MemberLimits(charge_voltage=56.0, charge_current=current, discharge_current=100.0, charge_limited_by=by)


@pytest.mark.parametrize(
    ("first", "second", "topology", "why"),
    [
        (member("a"), member("b"), PARALLEL, ""),
        (member("a", limits=limited("recovering")), member("b"), PARALLEL, "recovering"),
        (member("a", limits=limited("recovering")), member("b", limits=limited("cell_x")), PARALLEL, "cell_x"),
        (member("a", limits=limited("recovering")), stale(member("b")), PARALLEL, "left_out"),
        (member("a"), member("b", charge=UNKNOWN), PARALLEL, "left_out"),
        (member("a"), member("b", charge=NO), PARALLEL, "blocked"),
        (member("a", limits=limited("cell_x")), member("b", charge=NO), PARALLEL, "cell_x"),
        # In series the one that stands least says why.
        (member("a", limits=limited("cell_x", 40.0)), member("b", limits=limited("cell_y", 60.0)), SERIES, "cell_x"),
        (member("a", limits=limited("cell_x", None)), member("b", limits=limited("cell_y", 60.0)), SERIES, "cell_y"),
        (member("a", limits=limited("", None)), member("b", limits=limited("", None)), SERIES, ""),
    ],
)
def test_a_limit_says_what_it_is_limited_by(first, second, topology, why) -> None:
    assert merge([first, second], topology).limits.charge_limited_by == why


def test_the_worst_cells_and_probes_come_with_their_pack() -> None:
    bank = merge(
        [
            member("a", cell_voltages=(3.25, 3.31), temperatures={"temperature_1": 18.0, "mosfet": 70.0}),
            member("b", cell_voltages=(3.22, 3.30), temperatures={"temperature_2": 27.0}),
        ],
        PARALLEL,
    )
    assert bank.lowest_cell == BankExtreme(3.22, "B", "1")
    assert bank.highest_cell == BankExtreme(3.31, "A", "2")
    assert bank.coldest == BankExtreme(18.0, "A", "temperature_1")
    assert bank.hottest == BankExtreme(27.0, "B", "temperature_2")
    nothing = merge([member("a", cell_voltages=(), temperatures={})], (("a",),))
    assert nothing.lowest_cell is nothing.hottest is None


def test_alarms_are_merged_and_silence_is_not_peace() -> None:
    bank = merge([member("a"), member("b", alarms=(Alarm.CELL_OVERVOLTAGE,))], PARALLEL)
    assert bank.alarms == (("B", "cell_overvoltage"),)
    assert merge([member("a"), member("b")], PARALLEL).alarms == ()
    assert merge([member("a"), member("b", alarms=None)], PARALLEL).alarms is None
    silent = merge([member("a", alarms=(Alarm.CELL_OVERVOLTAGE,)), member("b", alarms=None)], PARALLEL)
    assert silent.alarms == (("A", "cell_overvoltage"),)
    assert merge([member("a"), stale(member("b"))], PARALLEL).alarms is None
    assert merge([member("a")], PARALLEL).alarms is None
    # Alarms of members that are left out are shown all the same.
    broken = merge([member("a", alarms=(Alarm.CELL_OVERVOLTAGE,)), stale(member("b"))], SERIES)
    assert (broken.active_strings, broken.alarms) == (0, (("A", "cell_overvoltage"),))


@pytest.mark.parametrize(
    ("currents", "uneven"), [((-20.0, -20.0), False), ((-29.0, -11.0), False), ((-31.0, -9.0), True), ((-1, -1), None)]
)
def test_a_pack_that_carries_much_more_than_its_share_is_told(currents, uneven) -> None:
    packs = [member(key, current=current) for key, current in zip("ab", currents, strict=True)]
    assert merge(packs, PARALLEL).uneven is uneven


# Against the truth.


@pytest.mark.parametrize("series", [False, True])
def test_a_bank_of_simulated_packs_is_what_they_are_together(series) -> None:
    batteries = [
        Battery(cells=cells, capacity=capacity, soc=soc, profile=lambda _: -30.0, seed=seed)
        for seed, (cells, capacity, soc) in enumerate([(8, 100, 0.7), (8, 200, 0.5)])
    ]
    for _ in range(600):
        for battery in batteries:
            battery.step(1.0)
    packs = [
        member(
            key,
            voltage=battery.voltage,
            current=battery.current,
            cell_voltages=tuple(cell.voltage for cell in battery.cells),
            full_capacity=battery.capacity,
            remaining_capacity=battery.capacity * sum(cell.soc for cell in battery.cells) / 8,
        )
        for key, battery in zip("ab", batteries, strict=True)
    ]
    bank = merge(packs, SERIES if series else PARALLEL)
    powers = [battery.voltage * battery.current for battery in batteries]
    assert bank.power == pytest.approx(sum(powers))
    assert bank.current == pytest.approx(-30 if series else -60)
    cells = [cell.voltage for battery in batteries for cell in battery.cells]
    assert bank.lowest_cell.value == min(cells)
    assert bank.highest_cell.value == max(cells)
    left = [item.reading.remaining_capacity for item in packs]
    assert bank.remaining == pytest.approx(min(left) if series else sum(left))


# Counting.


def test_what_members_count_is_added_and_never_taken_back() -> None:
    count = BankEnergyTotals()
    count.update({"a": EnergyTotals(100.0, 50.0), "b": EnergyTotals(10.0)})
    assert count.total == EnergyTotals()
    count.update({"a": EnergyTotals(130.0, 60.0), "b": EnergyTotals(15.0)})
    assert count.total == EnergyTotals(35.0, 10.0)
    # Another one joins, one leaves, one is replaced by another that begins anew.
    count.update({"a": EnergyTotals(130.0, 60.0), "c": EnergyTotals(5000.0)})
    count.forget({"a", "c"})
    count.update({"a": EnergyTotals(130.0, 60.0), "c": EnergyTotals(5001.0)})
    assert count.total == EnergyTotals(36.0, 10.0)
    count.update({"c": EnergyTotals(0.0), "b": EnergyTotals(999.0)})
    count.update({"c": EnergyTotals(2.0), "b": EnergyTotals(999.0)})
    assert count.total == EnergyTotals(38.0, 10.0)


def test_what_a_crash_took_from_a_member_is_not_counted_twice() -> None:
    count = BankEnergyTotals()
    count.update({"a": EnergyTotals(2000.0)})
    count.update({"a": EnergyTotals(2100.0)})
    count.update({"a": EnergyTotals(2060.0)})
    count.update({"a": EnergyTotals(2110.0)})
    assert count.total == EnergyTotals(110.0)


def test_a_bank_goes_on_after_a_restart() -> None:
    count = BankEnergyTotals()
    count.update({"a": EnergyTotals(100.0)})
    count.update({"a": EnergyTotals(110.0)})
    other = BankEnergyTotals()
    other.restore(json.loads(json.dumps(count.dump())))
    other.update({"a": EnergyTotals(115.0)})
    assert other.total.charged == 15
    good, bad = sort_out({**count.dump(), "last": {"a": {}}}, CHECKS)
    assert set(bad) == {"last"}
    other.restore(good)
    other.update({"a": EnergyTotals(500.0)})
    assert other.total.charged == 10
    other.restore({})
    assert other.total == EnergyTotals()


def test_a_string_without_members_or_values_is_none() -> None:
    assert SeriesString.from_members((stale(member("a")),)) is None


def test_the_reason_of_the_charge_voltage_is_that_of_the_string_with_the_lowest():
    low, high = (
        replace(member(key), limits=MemberLimits(charge_voltage=volts, voltage_limited_by=cause))
        for key, volts, cause in (("a", 54.0, "float"), ("b", 56.0, ""))
    )
    bank = merge([low, high], (("a",), ("b",)))
    assert (bank.limits.charge_voltage, bank.limits.voltage_limited_by) == (54.0, "float")
    assert merge([low, high], (("a", "b"),)).limits.voltage_limited_by == "float"
    assert merge([high], (("b",),)).limits.voltage_limited_by == ""
