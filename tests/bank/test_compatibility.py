"""Incompatible packs: reported with the reason, and never charged or discharged as one battery."""

from dataclasses import replace

import pytest

from custom_components.smart_bms.bank.compatibility import MIN_DURATION, LastingIncompatibility, build_differences
from custom_components.smart_bms.bank.member import MemberLimits, PackBuild
from custom_components.smart_bms.bank.merge import merge, split_into_strings
from tests.support.bank_members import NO, PARALLEL, SERIES, YES, member, stale

LONG = {"voltage": 53.0, "cell_voltages": (3.31,) * 16}
SHORT = {"voltage": 13.7, "cell_voltages": (3.42,) * 4}


def codes(bank) -> list[str]:
    return [found.code for found in bank.unfit]


def test_a_pack_of_16_cells_and_one_of_4_are_no_battery() -> None:
    bank = merge([member("a", **LONG), member("b", **SHORT)], PARALLEL)
    assert bank.unfit[0] == ("cells_differ", (("A", 16.0), ("B", 4.0)))
    assert (bank.charge, bank.discharge) == (NO, NO)
    assert bank.limits == MemberLimits(
        charge_voltage=56.0,
        charge_current=0.0,
        discharge_current=0.0,
        charge_limited_by="unfit",
        discharge_limited_by="unfit",
    )
    assert bank.voltage is None
    # In series they are one, and so are strings of the same length.
    assert merge([member("a", **LONG), member("b", **SHORT)], SERIES).charge is YES
    even = merge(
        [member(key, **pack) for key, pack in zip("abcd", (LONG, SHORT, SHORT, LONG), strict=True)],
        split_into_strings("abcd", 2),
    )
    assert (codes(even), even.charge, even.cells) == ([], YES, 20)


def test_who_does_not_count_is_not_compared() -> None:
    assert codes(merge([member("a", **LONG), stale(member("b", **SHORT))], PARALLEL)) == []
    assert codes(merge([member("a", **LONG), member("b", **SHORT | {"cell_voltages": ()})], PARALLEL)) == []
    assert build_differences([[PackBuild("a", 16, None)], [PackBuild("b", None, "lfp"), PackBuild("c", 8, None)]]) == ()


@pytest.mark.parametrize("topology", [PARALLEL, SERIES])
def test_packs_of_other_chemistries_are_no_battery(topology) -> None:
    packs = [replace(member("a"), chemistry="lfp"), replace(member("b"), chemistry="nmc")]
    bank = merge(packs, topology)
    assert bank.unfit[0] == ("chemistries_differ", (("A", "lfp"), ("B", "nmc")))
    assert bank.charge is NO
    assert merge([packs[0], replace(packs[1], chemistry=None)], topology).unfit == ()


@pytest.mark.parametrize(
    ("voltages", "changes", "found"),
    [
        ((53.0, 53.8), {}, []),
        ((53.0, 50.5), {}, []),
        ((53.0, 49.0), {}, ["voltages_apart"]),
        # One that is cut off is held by nothing.
        ((53.0, 49.0), {"charge": NO}, []),
        ((53.0, 49.0), {"discharge": NO}, []),
    ],
)
def test_strings_in_parallel_that_are_far_apart_are_no_battery(voltages, changes, found) -> None:
    bank = merge([member("a", voltage=voltages[0]), member("b", voltage=voltages[1], **changes)], PARALLEL)
    assert [row.code for row in bank.apart] == found
    assert bank.charge is YES


@pytest.mark.parametrize(("currents", "found"), [((-50, -42), []), ((-50, -20), ["currents_apart"]), ((-5, 4), [])])
def test_packs_in_series_carry_one_current(currents, found) -> None:
    bank = merge([member(key, current=current) for key, current in zip("ab", currents, strict=True)], SERIES)
    assert [row.code for row in bank.apart] == found
    assert merge([member("a", current=currents[0]), member("b", current=currents[1])], PARALLEL).apart == ()


def test_what_is_measured_counts_once_it_lasts_and_until_it_is_gone_for_as_long() -> None:
    def look(voltage: float):
        return merge([member("a", voltage=53.0), member("b", voltage=voltage)], PARALLEL, lasting=apart.confirmed)

    apart = LastingIncompatibility()
    assert (
        apart.update(look(53.0).apart, 0)
        == apart.update(look(45.0).apart, 1)
        == apart.update(look(45.0).apart, MIN_DURATION)
        == ()
    )
    assert apart.update(look(53.0).apart, MIN_DURATION + 0.5) == apart.update(look(45.0).apart, MIN_DURATION + 1) == ()
    assert apart.update(look(44.0).apart, 2 * MIN_DURATION + 1)[0].values == (("A", 53.0), ("B", 44.0))
    bank = look(44.0)
    assert codes(bank) == ["voltages_apart"]
    assert (bank.charge, bank.discharge, bank.limits.charge_current) == (NO, NO, 0)
    assert apart.update(look(53.0).apart, 2 * MIN_DURATION + 2)
    assert apart.update(look(53.0).apart, 3 * MIN_DURATION + 2) == ()
    assert look(53.0).charge is YES


def test_another_size_in_series_is_advice_and_no_refusal() -> None:
    bank = merge([member("a", full_capacity=100.0), member("b", full_capacity=280.0)], SERIES)
    assert bank.advice[0] == ("capacities_differ", (("A", 100.0), ("B", 280.0)))
    assert bank.charge is YES
    unknown = {"full_capacity": None, "design_capacity": None}
    assert merge([member("a"), member("b", **unknown)], SERIES).advice == ()
    assert merge([member("a"), member("b", full_capacity=280.0)], PARALLEL).advice == ()
