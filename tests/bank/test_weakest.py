"""Whether the time that a bank is limited counts for its weakest pack, or for a reason of all."""

import pytest

from custom_components.smart_bms.bank.member import MemberLimits
from custom_components.smart_bms.bank.weakest import counted_cause
from tests.support.bank_members import member


@pytest.mark.parametrize(
    ("cause", "own", "counted"),
    [
        ("", ("", ""), ""),
        ("recovering", ("recovering", ""), "recovering"),
        ("coldest", ("coldest", "coldest"), "coldest"),
        ("coldest", ("coldest", "soc"), "coldest"),
        ("coldest", ("coldest", ""), "blocked"),
        ("coldest", ("coldest", "recovering"), "blocked"),
        ("target_soc", ("", ""), "target_soc"),
        ("left_out", ("", ""), "left_out"),
        ("no_data", ("no_data", ""), "no_data"),
    ],
)
def test_one_pack_or_all(cause, own, counted):
    packs = [
        member(str(place), limits=MemberLimits(charge_limited_by=by, discharge_limited_by=by))
        for place, by in enumerate(own)
    ]
    for charge in (True, False):
        assert counted_cause(cause, packs, charge=charge) == counted
