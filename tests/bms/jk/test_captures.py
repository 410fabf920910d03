"""Frames that real packs have sent. Skipped where the collection is not at hand."""

from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.smart_bms.bms.jk.decode import detect_variant
from custom_components.smart_bms.bms.jk.settings import detect_settings_variant
from custom_components.smart_bms.bms.records import decode_lines
from tests.support.captures import CAPTURES, needs_captures

FOLDER = CAPTURES / "jk"
FILES = sorted(FOLDER.glob("*.jsonl"))
pytestmark = needs_captures("jk")

KINDS = {
    "cell_info": "reading",
    "settings": "settings",
    "device_info": "identity",
    "system_log": "log",
    "command": "command",
    "write_register": "write",
    "write_exchange": "write",
    "ack": "ack",
    "advertisement": "advertisement",
    "notification_sequence": "notification",
    "gatt": "ignored",
}
TYPES = {"01": "settings", "02": "reading", "03": "identity", "05": "log"}

# What the sources call a value, and where we have it.
NAMES = {
    "reading": {
        "voltage_v": "voltage",
        "current_a": "current",
        "soc_pct": "soc",
        "soh_pct": "soh",
        "remaining_ah": "remaining_capacity",
        "full_charge_ah": "full_capacity",
        "throughput_ah": "throughput",
        "cycles": "cycles",
        "cell_count": "cell_count",
        "cell_voltages_v": "cell_voltages",
        "min_cell_voltage_v": "cell_voltage_min",
        "max_cell_voltage_v": "cell_voltage_max",
        "delta_voltage_v": "cell_voltage_delta",
        "min_cell_by_voltage": "cell_min_number",
        "max_cell_by_voltage": "cell_max_number",
        "balance_current_a": "balance_current",
        "balancing": "balancing",
        "charge_fet": "charging_enabled",
        "discharge_fet": "discharging_enabled",
        "heating": "heating",
        "runtime_s": "runtime",
        "alarm": "alarm_mask",
        "temp_sensor_mask": "temperature_sensor_mask",
        "charge_stage": "charge_stage",
        "charge_status_time_s": "charge_stage_time",
        "mos_c": ("temperatures", "mosfet"),
        "t1_c": ("temperatures", "temperature_1"),
        "t2_c": ("temperatures", "temperature_2"),
    },
    "identity": {
        "model": "model",
        "hw": "hw_version",
        "sw": "sw_version",
        "name": "name",
        "serial": "serial_number",
        "power_on_count": "power_on_count",
    },
    "settings": {
        "capacity_ah": "design_capacity",
        "cell_count": "cell_count",
        "power_off_voltage_v": "power_off_voltage",
        "balance_trigger_v": "balance_trigger",
        "max_balance_current_a": "max_balance_current",
        "voltage_calibration_vref_v": "voltage_calibration",
        "balance_start_v": "balance_start_voltage",
        "balancer": "balance_switch",
    },
    "write": {"register": "register", "length": "length", "value": "raw", "meaning": None},
    "advertisement": {
        "company_id": "company_id",
        "manufacturer_payload": "manufacturer_payload",
        "is_jk": "recognised",
        "local_name": None,
        "service_uuids": None,
        "address_prefix": None,
    },
}
# Sources round floats of JK04, and some take the difference of the cells from the pack's own field, which was measured a
# moment apart from the cells.
TOLERANCE = 0.0011


def records(path: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    lines = path.read_text().splitlines()
    for line, result in zip(lines, decode_lines("jk", iter(lines)), strict=True):
        yield json.loads(line), result


def value_at(values: dict[str, Any], place: str | tuple[str, ...]) -> Any:
    for key in (place,) if isinstance(place, str) else place:
        values = values[key]
    return values


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_record_is_what_its_source_says(path) -> None:
    for record, result in records(path):
        where = f"line {result['n']}"
        if record.get("valid") is False:
            assert (result["kind"], result["reason"]) == ("rejected", "checksum"), where
            continue
        assert result["kind"] == KINDS[record["type"]], (where, result)
        if result["kind"] in ("reading", "identity", "settings"):
            assert result["variant"] == record["variant"], where
        for name, expected in (record.get("expected") or {}).items():
            place = NAMES[result["kind"]][name]
            if place is None:
                continue
            found = value_at(result["values"], place)
            if name == "register":
                found = f"0x{found:02X}"
            assert (
                found == pytest.approx(expected, abs=TOLERANCE)
                if not isinstance(expected, str)
                else (found == expected)
            ), (where, name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_notifications_deliver_exactly_the_expected_frames(path) -> None:
    for record, result in records(path):
        if record["type"] != "notification_sequence":
            continue
        kinds = [frame["kind"] for frame in result["frames"]]
        assert [kind for kind in kinds if kind != "ack"] == [TYPES[kind] for kind, _ in record["expected_frames"]]
        assert kinds.count("ack") == record["expected_acks"]
        alone = decode_lines("jk", iter([json.dumps({"hex": data}) for _, data in record["expected_frames"]]))
        frames = [frame for frame in result["frames"] if frame["kind"] != "ack"]
        assert frames == [{key: value for key, value in frame.items() if key != "n"} for frame in alone]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_layout_is_found_without_any_hint(path) -> None:
    for record, result in records(path):
        if record.get("valid") is False or "hex" not in record or not record.get("variant"):
            continue
        frame = bytes.fromhex(record["hex"])
        if record["type"] == "cell_info":
            assert detect_variant(frame) == record["variant"], result["n"]
        elif record["type"] == "settings":
            assert detect_settings_variant(frame) == record["variant"], result["n"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_write_changed_what_we_say_it_writes(path) -> None:
    for record, result in records(path):
        if record["type"] != "write_exchange" or not record["settings_after"]:
            continue
        after = result["frames"][-1]["values"]
        parameter, value = result["values"]["parameter"], result["values"]["value"]
        if parameter in after:
            assert (
                after[parameter] == pytest.approx(value, abs=TOLERANCE)
                if not isinstance(value, str)
                else (after[parameter] == value)
            ), result["n"]
