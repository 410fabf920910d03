"""Field tables."""

import pytest

from custom_components.smart_bms.bms.fields import Field, FieldTable


def test_rows_are_read_in_any_order_and_scaled() -> None:
    table = FieldTable((Field("b", 4, "h", 10), Field("a", 1, "B"), Field("c", 6, "?")))
    assert table.read(bytes((0, 7, 0, 0, 0xFB, 0xFF, 1))) == {"a": 7, "b": -0.5, "c": True}


def test_big_endian() -> None:
    assert FieldTable((Field("a", 0, "H"),), ">").read(b"\x01\x02") == {"a": 258}


def test_rows_that_overlap_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="b overlaps"):
        FieldTable((Field("a", 0, "I"), Field("b", 3, "B")))
