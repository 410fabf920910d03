"""Balance wires with a much higher resistance than the others."""

import pytest

from custom_components.smart_bms.energy.balance_wires import high_resistance_wires


@pytest.mark.parametrize(
    ("ohms", "cells"),
    [
        ((0.1, 0.1, 0.1, 0.1), ()),
        ((0.1, 0.35, 0.1, 0.1), (2,)),
        ((0.1, 0.3, 0.1, 0.1), ()),
        ((0.01, 0.05, 0.01, 0.01), ()),
        ((0.1, None, 0.1, 0.1, 0.9), (5,)),
        ((0.1, 0.1, 0.9), ()),
        ((), ()),
    ],
)
def test_a_lead_stands_out_among_enough_others(ohms, cells) -> None:
    assert high_resistance_wires(ohms) == cells
