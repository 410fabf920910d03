"""Chemistry: as packs state it, and the voltages that go with it."""

import pytest

from custom_components.smart_bms.bms.chemistry import charge_voltages, stated


@pytest.mark.parametrize(
    ("reported", "chemistry"),
    [
        ([{}], None),
        ([{"chemistry": "lfp"}], "lfp"),
        ([{}, {"battery_type": "lto"}], "lto"),
        ([{"chemistry": "nca"}], "nmc"),
        ([{"chemistry": "other", "battery_type": "nmc"}], "nmc"),
        ([{"chemistry": 3}], None),
    ],
)
def test_the_chemistry_is_what_a_pack_states(reported, chemistry) -> None:
    assert stated(*reported) == chemistry


@pytest.mark.parametrize(
    ("chemistry", "overvoltage", "bounds"),
    [
        ("lfp", 4.25, (3.3, 3.65)),
        (None, 2.85, (2.3, 2.85)),
        (None, 3.65, (3.3, 3.65)),
        (None, 4.2, (3.8, 4.25)),
        (None, None, (2.3, 4.25)),
        (None, 0.0, (2.3, 4.25)),
    ],
)
def test_voltages_are_those_of_the_chemistry_else_of_the_packs_own_limit(chemistry, overvoltage, bounds) -> None:
    assert charge_voltages(chemistry, overvoltage) == bounds
