"""Who a board is follows from its answers."""

import pytest

from custom_components.smart_bms.bms.jbd.decode import decode_basic
from custom_components.smart_bms.bms.jbd.identity import Variant, identity_of, variant_of
from custom_components.smart_bms.simulator.jbd.labels import DP16S020, SP04S034, WATTCYCLE
from tests.support.jbd_messages import basic
from tests.support.packs import jbd_pack


@pytest.mark.parametrize(("label", "variant"), [(SP04S034, "classic"), (DP16S020, "extended"), (WATTCYCLE, "2.5")])
def test_the_tail_tells_the_dialect(label, variant) -> None:
    assert variant_of(decode_basic(jbd_pack(label).firmware.basic_info())) == variant


def test_an_identity_is_what_the_board_says_of_itself() -> None:
    identity = identity_of(Variant.CLASSIC, "JBD-SP04S034", decode_basic(basic()), front_end=2)
    assert identity.family == "jbd"
    assert identity.variant == "classic"
    assert identity.model == "JBD-SP04S034"
    assert identity.sw_version == "8.0"
    assert identity.manufacturing_date == "2022-03-28"
    assert identity.max_cells == 4
    assert identity.details == {"probe_count": 2, "coarse_units": False, "front_end": 2}
    assert identity_of(Variant.LEGACY, "", decode_basic(basic()), front_end=0).model == ""
