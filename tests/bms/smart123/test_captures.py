"""Lines and frames that real units have sent, or documents show. Skipped where the collection is not at hand."""

from collections.abc import Iterator
import json
from typing import Any

import pytest

from custom_components.smart_bms.bms.records import decode_lines
from tests.support.captures import CAPTURES, needs_captures

FOLDER = CAPTURES / "smart123"
FILES = sorted(FOLDER.glob("*.jsonl"))
pytestmark = needs_captures("smart123")

NAMES = {
    "pack_voltage_v": "voltage",
    "i1_a": "current_in",
    "i2_a": "current_out",
    "pack_current_a": "current",
    "min_cell_voltage_v": "cell_voltage_min",
    "min_cell_voltage_nr": "cell_min_number",
    "max_cell_voltage_v": "cell_voltage_max",
    "max_cell_voltage_nr": "cell_max_number",
    "balance_voltage_v": "balance_voltage",
    "min_cell_temp_c": "temperature_lowest",
    "min_cell_temp_nr": "coldest_cell",
    "max_cell_temp_c": "temperature_highest",
    "max_cell_temp_nr": "hottest_cell",
    "cell_nr": "cell_number",
    "cell_count": "cell_count",
    "cell_voltage_v": "cell_voltage",
    "cell_temp_c": "cell_temperature",
    "charge_allowed": "charging_enabled",
    "discharge_allowed": "discharging_enabled",
    "soc_percent": "soc",
    "soh_percent": "soh",
    "energy_collected_today_wh": "energy_collected_today",
    "energy_stored_wh": "stored_energy",
    "energy_consumed_today_wh": "energy_consumed_today",
    "total_collected_kwh": "energy_collected_total",
    "total_consumed_kwh": "energy_consumed_total",
    "v_min_setting_v": "cell_undervoltage",
    "v_max_setting_v": "cell_overvoltage",
    "v_balance_setting_v": "balance_start_voltage",
    "nominal_cell_voltage_v": "nominal_cell_voltage",
    "kv_key": "kv_key",
    "kv_value": "kv_value",
    "local_name": "local_name",
    "manufacturer_id": "company_id",
    "manufacturer_payload": "manufacturer_payload",
    "service_uuids": "service_uuids",
}
SIGN_NOT_FITTED = 0x3030
"""What stands where the current would, if there is no sensor."""

NOT_FIXED = {"pack_voltage_v", "min_cell_voltage_v", "max_cell_voltage_v", "capacity_kwh"}
"""In the frame of which a photo shows rounded values only: not every digit is known, so there is nothing to say."""


def records() -> Iterator[Any]:
    for path in FILES:
        lines = path.read_text().splitlines()
        for place, (line, result) in enumerate(zip(lines, decode_lines("smart123", iter(lines)), strict=True), 1):
            yield pytest.param(json.loads(line), result, id=f"{path.stem}-{place}")


def values_of(result: dict[str, Any]) -> dict[str, Any]:
    """Return all values, those of several frames together with what they say together."""
    values: dict[str, Any] = {}
    for frame in result.get("frames", ()):
        values |= frame.get("values", {})
    return values | result.get("values", {})


@pytest.mark.parametrize(("record", "result"), records())
def test_it_is_decoded_as_expected(record, result) -> None:
    expected = record["expected"]
    if expected.get("valid") is False:
        assert result["kind"] == "rejected"
        return
    if record.get("note", "").startswith("mock of a V@ reply"):
        assert result == {"n": result["n"], "kind": "rejected", "reason": "checksum"}
        return
    assert result["kind"] in {"reading", "advertisement", "command", "write", "ack", "notification"}
    values = values_of(result)
    for name, wanted in expected.items():
        if record.get("partial") and name in NOT_FIXED:
            assert NAMES.get(name) not in values
        else:
            check(name, wanted, values, result)


def check(name: str, wanted: Any, values: dict[str, Any], result: dict[str, Any]) -> None:
    match name:
        case "reply":
            return  # of the next record
        case "is_reply":
            assert result["kind"] == "ack"
            assert values["result"] == "OK"
        case "problem_code":
            assert values["alarms"] == []
        case "cell_record_ignored":
            assert values["cell_ignored"]
            assert "cell_voltage" not in values
        case "capacity_kwh":
            assert values["battery_capacity"] == pytest.approx(wanted * 1000)
        case "i1_sign" | "i2_sign":
            assert wanted == "X"
            assert {"i1_sign": "current_in", "i2_sign": "current_out"}[name] not in values
        case "i1_raw" | "i2_raw":
            assert wanted == SIGN_NOT_FITTED
        case "status_bits":
            assert f"{values['status']:b}" == wanted
        case "checksum_hex":
            assert f"{values['checksum']:02x}" == wanted
        case "device_time":
            # One frame does not tell which byte is the hour.
            assert wanted in values["device_time_either"]
        case _:
            found = values[NAMES[name]]
            assert found == (pytest.approx(wanted) if isinstance(wanted, float) else wanted), name


def test_writes_are_told_by_parameter_and_part() -> None:
    path = FOLDER / "nus_ascii_commands.jsonl"
    first, second, *_ = decode_lines("smart123", iter(path.read_text().splitlines()))
    assert [first["values"]["part"], second["values"]["part"]] == ["high", "low"]
    assert first["values"]["parameter"] == second["values"]["parameter"] == "cell_overvoltage"
    assert [first["values"]["raw"], second["values"]["raw"]] == [0x02, 0xD0]


def test_a_value_that_is_not_there_is_unknown_and_never_zero() -> None:
    path = FOLDER / "nus_ascii_tests.jsonl"
    last = list(decode_lines("smart123", iter(path.read_text().splitlines())))[-1]
    assert "voltage" not in last["frames"][0]["values"]


MASKED = FOLDER.parent / "second_look" / "smart123_masked_frames.jsonl"


@pytest.mark.skipif(not MASKED.exists(), reason="no captures at hand")
def test_frames_of_which_not_every_digit_is_known() -> None:
    lines = MASKED.read_text().splitlines()
    for line, result in zip(lines, decode_lines("smart123", iter(lines)), strict=True):
        for name, wanted in json.loads(line)["expected"].items():
            assert (result | result.get("values", {})).get(name) == wanted, line
