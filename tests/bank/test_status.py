"""Bank status: the order of its packs' statuses, and what they mean for the bank as a whole."""

from dataclasses import replace

import pytest

from custom_components.smart_bms.bank.compatibility import CAPACITIES_DIFFER, VOLTAGES_APART, Incompatibility
from custom_components.smart_bms.bank.member import BankMember
from custom_components.smart_bms.bank.merge import merge
from custom_components.smart_bms.bank.status import CODES, ORDER, bank_statuses
from custom_components.smart_bms.protection.relays import Tristate
from custom_components.smart_bms.protection.rules import CHARGE
from custom_components.smart_bms.protection.status import PackStatus
from custom_components.smart_bms.protection.status_codes import StatusRank
from tests.support.bank_members import PARALLEL, member

SERIES = (("a", "b"),)
WELL = PackStatus(rank=StatusRank.ALL_WELL, code="all_well")
FULL = PackStatus(rank=StatusRank.FULL, code="full", sides=CHARGE)
CELL_FULL = PackStatus(rank=StatusRank.TRIPPED, code="charging_stopped_cell_full", cell=5, value=3.65, sides=CHARGE)
LOST = PackStatus(rank=StatusRank.NO_DATA, code="out_of_reach", since=900.0)
FAULT = PackStatus(rank=StatusRank.TRIPPED, code="fault", about="front_end_fault")
COLD = PackStatus(rank=StatusRank.HELD_BACK, code="charging_held_back_cold")
ADVICE = PackStatus(rank=StatusRank.ADVICE, code="changed_elsewhere")
UNKNOWN = PackStatus(rank=StatusRank.NOT_KNOWN, code="not_known")


def pack(key: str, status: PackStatus | None, **more) -> BankMember:
    lost = status is None or status.rank in (StatusRank.ACCESS, StatusRank.NO_DATA)
    stopped = status in (CELL_FULL, FULL)
    shown = replace(member(key, charge=Tristate.NO if stopped else Tristate.YES), status=status, **more)
    return replace(shown, reading=None) if lost else shown


def found(*members: BankMember, topology=PARALLEL, uneven=None, **more) -> list[tuple[str, str, str]]:
    bank = replace(merge(list(members), topology), **more)
    rows = bank_statuses(bank, members, uneven=uneven)
    assert [ORDER.index(status.rank) for status in rows] == sorted(ORDER.index(status.rank) for status in rows)
    assert {status.code for status in rows} <= set(CODES)
    return [(status.code, status.about, status.pack) for status in rows]


def test_all_is_well_where_all_packs_are() -> None:
    assert found(pack("a", WELL), pack("b", WELL)) == [("all_well", "", "")]


def test_what_one_pack_no_longer_does_the_others_may_still_do() -> None:
    a, b = pack("a", CELL_FULL), pack("b", WELL)
    assert found(a, b) == [("pack_stopped", "charging_stopped_cell_full", a.name)]
    # In series nothing flows without it.
    assert found(a, b, topology=SERIES) == [("charging_stopped_cell_full", "", a.name)]
    assert found(a, pack("b", CELL_FULL))[0][0] == "charging_stopped_cell_full"
    (status, *_) = bank_statuses(merge([a, b], SERIES), [a, b], uneven=None)
    assert (status.cell, status.value) == (5, 3.65)
    # A fault is reported wherever it is.
    assert found(pack("a", FAULT), b) == [("fault", "front_end_fault", a.name)]


@pytest.mark.parametrize(("status", "about", "since"), [(LOST, "out_of_reach", 900.0), (None, "stale", None)])
def test_a_pack_that_is_left_out_is_told_with_its_reason(status, about, since) -> None:
    a, b = pack("a", status), pack("b", WELL)
    assert found(a, b) == [("pack_left_out", about, a.name)]
    assert bank_statuses(merge([a, b], PARALLEL), [a, b], uneven=None)[0].since == since


def test_a_pack_that_says_no_voltage_is_left_out_too() -> None:
    a = replace(pack("a", UNKNOWN), reading=replace(member("a").reading, voltage=None))
    assert found(a, pack("b", WELL)) == [("pack_left_out", "incomplete", a.name), ("not_known", "", a.name)]


def test_a_bank_of_which_nothing_is_known_says_so_and_who_is_why() -> None:
    a, b = pack("a", WELL), pack("b", LOST)
    assert found(a, b, topology=SERIES) == [
        ("no_pack", "", ""),
        ("pack_left_out", "out_of_reach", b.name),
        ("pack_left_out", "incomplete", a.name),
    ]


def test_the_order_of_troubles() -> None:
    unfit = (Incompatibility(VOLTAGES_APART, ()),)
    advice = (Incompatibility(CAPACITIES_DIFFER, ()),)
    a, b = pack("a", CELL_FULL), pack("b", LOST)
    third = pack("c", COLD)
    fourth = pack("d", ADVICE)
    rows = found(
        a, b, third, fourth, topology=(("a",), ("b",), ("c",), ("d",)), uneven=True, unfit=unfit, advice=advice
    )
    assert [code for code, _, _ in rows] == [
        "unfit",
        "pack_stopped",
        "pack_left_out",
        "uneven_current",
        "charging_held_back_cold",
        "capacities_differ",
        "changed_elsewhere",
    ]
    assert rows[0][1] == VOLTAGES_APART


def test_a_bank_is_full_when_all_that_count_are() -> None:
    assert found(pack("a", FULL), pack("b", WELL)) == [("all_well", "", "")]
    assert found(pack("a", FULL), pack("b", FULL)) == [("full", "", "")]
    assert found(pack("a", FULL), pack("b", UNKNOWN))[0][0] == "not_known"
    assert [code for code, _, _ in found(pack("a", FULL), pack("b", LOST))] == ["pack_left_out", "full"]
