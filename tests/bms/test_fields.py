"""Field tables."""

import math
import struct

import pytest

from custom_components.smart_bms.bms.fields import Field, FieldTable


def test_rows_are_read_in_any_order_and_scaled() -> None:
    table = FieldTable((Field("b", 4, "h", 10), Field("a", 1, "B"), Field("c", 6, "?")))
    assert table.read(bytes((0, 7, 0, 0, 0xFB, 0xFF, 1))) == {"a": 7, "b": -0.5, "c": True}


def test_big_endian() -> None:
    assert FieldTable((Field("a", 0, "H"),), byte_order=">").read(b"\x01\x02") == {"a": 258}


def test_rows_that_overlap_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="b overlaps"):
        FieldTable((Field("a", 0, "I"), Field("b", 3, "B")))


def test_groups_and_arrays_come_from_one_unpack() -> None:
    table = FieldTable((Field("a", 0, "B"),), (), (Field("b", 5, "B", 2),), arrays=(Field("list", 1, "2H"),))
    unpacked = table.unpack(bytes((9, 1, 0, 2, 0, 7)))
    first, empty, last = table.groups
    assert first.read(unpacked) == {"a": 9}
    assert empty.read(unpacked) == {}
    assert last.read(unpacked) == {"b": 3.5}
    start = table.starts["list"]
    assert unpacked[start : start + 2] == (1, 2)


def test_a_record_is_a_mapping_with_derived_values() -> None:
    table = FieldTable(
        (Field("code", 0, "B"), Field("volts", 1, "B", 10), Field("other", 2, "B")),
        derived={"code": (("word", "length"), lambda code: ("x" * code, code)), "absent": (("never",), lambda _: (0,))},
    )
    record = table.groups[0].record(table.unpack(bytes((3, 15, 7))))
    assert dict(record) == {"code": 3, "other": 7, "volts": 1.5, "word": "xxx", "length": 3}
    assert len(record) == 5
    assert "never" not in record


def test_a_float_that_is_no_number_is_left_out() -> None:
    table = FieldTable((Field("a", 0, "f"), Field("b", 4, "B")))
    good, bad = struct.pack("<fB", 1.25, 7), struct.pack("<fB", math.nan, 7)
    assert table.read(good) == {"a": 1.25, "b": 7}
    assert table.read(bad) == {"b": 7}
    (rows,) = table.groups
    assert dict(rows.record(table.unpack(good))) == {"a": 1.25, "b": 7}
    assert dict(rows.record(table.unpack(bad))) == {"b": 7}
