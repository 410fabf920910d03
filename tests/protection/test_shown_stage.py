"""The stage of charging that is shown, and who says so."""

import pytest

from custom_components.smart_bms.bank.stage import bank_stage
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.protection.charge_stages import ChargeStage
from custom_components.smart_bms.protection.limits import Limits
from custom_components.smart_bms.protection.shown_stage import shown_stage


@pytest.mark.parametrize(
    ("current", "said", "limits", "shown"),
    [
        (None, "bulk", {}, None),
        (-5.0, "absorption", {}, ("discharging", False)),
        (0.1, None, {}, ("resting", False)),
        (0.1, "bulk", {}, ("resting", False)),
        (0.1, "float", {}, ("float", True)),
        (5.0, "bulk", {"stage": ChargeStage.FLOAT}, ("bulk", True)),
        (5.0, None, {"stage": ChargeStage.ABSORPTION}, ("absorption", False)),
        (5.0, None, {"stage": ChargeStage.ABSORPTION, "is_held_for_balance": True}, ("balance_hold", False)),
        (0.3, None, {}, ("resting", False)),  # less than a five hundredth of 280 Ah
    ],
)
def test_the_pack_says_it_where_it_can_else_it_follows_from_readings(current, said, limits, shown):
    reading = Reading(measured_at=1.0, current=current, charge_stage=said, full_capacity=280.0)
    assert shown_stage(reading, Limits(**limits)) == shown


@pytest.mark.parametrize(
    ("stages", "current", "shown"),
    [
        ([], 1.0, None),
        (["bulk", None], 1.0, None),
        (["float", "bulk"], 1.0, "bulk"),
        (["float", "discharging"], -1.0, "discharging"),
        (["resting", "resting"], 0.0, "resting"),
        (["discharging", "float"], 1.0, "float"),
        (["balance_hold", "float"], 1.0, "float"),
        (["bulk"], None, None),
    ],
)
def test_a_bank_is_in_the_earliest_stage_of_its_packs(stages, current, shown):
    assert bank_stage(stages, current) == shown
