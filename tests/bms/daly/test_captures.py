"""Messages that real boards have sent. Skipped where the collection is not at hand."""

from collections.abc import Iterator
from itertools import pairwise
import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.smart_bms.bms.records import decode_lines
from tests.support.captures import CAPTURES, needs_captures

FOLDER = CAPTURES / "daly"
FILES = sorted(FOLDER.glob("*.jsonl"))
pytestmark = needs_captures("daly")

READ = {"reading", "identity", "settings", "registers"}
KINDS = {
    "request": {"command"},
    "read_request": {"command"},
    "read_response": READ,
    "read_response_short": {"rejected"},
    "read_response_bad_crc": {"rejected"},
    "write_ack_bad_crc": {"rejected"},
    "concatenated_responses": {"notification"},
    "write_request": {"write"},
    "write_ack": {"ack"},
    "write_refused": {"ack"},
    "at": {"ignored"},
    "gatt_read": {"ignored"},
    "noise": {"ignored"},
    "advertisement": {"advertisement"},
    "response": {"reading", "identity", "settings"},
    "burst": {"reading"},
    "burst_corrupt": {"reading"},
    "payload": {"settings", "identity", "ack"},
}
REGISTERS = {
    ("D2", 0x00): "reading",
    ("D2", 0x3E): "reading",
    ("D2", 0x80): "settings",
    ("D2", 0xA9): "identity",
    ("D2", 0xC9): "identity",
    ("D2", 0xCF): "settings",
    ("81", 0x00): "reading",
    ("81", 0x41): "reading",
    ("81", 0xA4): "reading",
    ("81", 0x100): "settings",
    ("81", 0x151): "settings",
    ("81", 0x178): "identity",
    ("81", 0x1C3): "settings",
}
VARIANTS = {"d2": "D2", "81": "81", "51": "81", "a5": "A5"}
ALARMS = {"cell voltage high L2": "cell_overvoltage"}
WRITES = {
    "charging_mos": "charge_switch",
    "discharging_mos": "discharge_switch",
    "balancing": "balance_switch",
    "limit_current": "current_limiter",
    "soc": "soc_calibration",
}

# Where a source says something else than we do, and why: file, line (None: all), key -> what we say instead.
EXCEPTIONS: dict[tuple[str, int | None, str], tuple[str, Any]] = {
    ("modbus_16s_ess_x81", 20, "balancer_switch"): ("0x00CF = FFFF is a register that 81 does not have", None),
    ("modbus_16s_ess_x81", 4, "balancing"): ("balance state 7 is unknown, not on", None),
    ("modbus_16s_ess_x81", 4, "energy_wh"): ("0 on every board that was captured: not counted", None),
    ("modbus_16s_ess_x81", 4, "max_temp"): ("readings work out the extremes of the sensors themselves", None),
    ("modbus_16s_ess_x81", 4, "min_temp"): ("readings work out the extremes of the sensors themselves", None),
    ("modbus_16s_ess_x81", 8, "software_version"): ("two fields joined by the source", "41_260321_0323"),
    ("modbus_16s_ess_x81", 8, "hardware_version"): (
        "that is the platform; the board is in the field before",
        "ESS-DL-BMS",
    ),
    ("modbus_4s_k_x81", 7, "software_version"): ("two fields joined by the source", "12_260120_K00T"),
    ("modbus_4s_k_x81", 7, "hardware_version"): (
        "that is the platform; the board is in the field before",
        "H2.1_103E_30XF",
    ),
    ("modbus_4s_aiobmsble", 1, "delta_v"): ("the source edited the frame: only the board's own field says so", 0.03),
}
"""`current_raw_sign` is the number on the wire; `current` beside it follows the habit of the dialect."""


def records(path: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    lines = path.read_text().splitlines()
    for line, result in zip(lines, decode_lines("daly", iter(lines)), strict=True):
        yield json.loads(line), result


def found_in(result: dict[str, Any], name: str) -> Any:  # noqa: PLR0911
    """Return what we say where the source has this name, in the form of the source."""
    values = result["values"]
    if result["kind"] in ("write", "ack"):
        if name in WRITES:
            assert values["parameter"] == WRITES[name]
            return values["value"]
        if name == "values":
            return values["raw"]
        if name in ("active_balancer", "forced_closure"):
            assert name.split("_")[1] in values["parameter"].replace("balance_switch", "balancer")
            assert values["raw"] == 1
            return {"active_balancer": "trigger", "forced_closure": "arm"}[name]
        return values[name]
    numbers = {
        "max_cell": ("cell_max_number", "cell_voltage_max"),
        "min_cell": ("cell_min_number", "cell_voltage_min"),
        "max_temp": ("temperature_max_probe", "temperature_max"),
        "min_temp": ("temperature_min_probe", "temperature_min"),
    }
    if name in numbers:
        found = [values.get(key) for key in numbers[name]]
        return None if found == [None, None] else found
    if name == "temps":
        listed = values["temperatures"]
        return [listed[key] for key in sorted(listed) if key.startswith("temperature_")]
    if name in ("mosfet_temp", "board_temp"):
        return values["temperatures"][{"mosfet_temp": "mosfet", "board_temp": "board"}[name]]
    if name in ("status", "mode"):
        return values["state"]
    if name == "alarms":
        return [str(alarm) for alarm in values["alarms"]]
    if name == "delta_mv":
        return round(values["cell_voltage_delta"] * 1000)
    if name == "cell_nominal_mv":
        return round(values["nominal_cell_voltage"] * 1000)
    if name == "delta_v" and "cell_voltage_delta" not in values:
        return values["stated_cell_delta"]
    place = {
        "remaining_ah": "remaining_capacity",
        "cells": "stated_cells",
        "temp_sensors": "probe_count",
        "charging_mos": "charging_enabled",
        "discharging_mos": "discharging_enabled",
        "precharging_mos": "precharging",
        "delta_v": "cell_voltage_delta",
        "max_cell_no": "cell_max_number",
        "software_version": "sw_version",
        "hardware_version": "hw_version",
        "balancer_switch": "balance_switch",
        "energy_wh": "energy",
        "problem_code": "alarm_mask",
        "rated_ah": "design_capacity",
    }.get(name, name)
    return values.get(place)


def expected_of(name: str, expected: Any) -> Any:
    if name in ("status", "mode"):
        return expected.lower()
    if name == "alarms":
        return [ALARMS[alarm] for alarm in expected]
    return expected


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_record_is_what_it_says_it_is(path) -> None:
    for record, result in records(path):
        where, kind = (path.stem, result["n"], result), result["kind"]
        if record["type"] == "response" and record["hex"].startswith("a501d8"):
            # Polled by the PC tool, meaning unknown.
            assert (kind, result["reason"]) == ("ignored", "unknown_type"), where
            continue
        assert kind in KINDS[record["type"]], where
        if kind == "rejected":
            assert result["reason"] == ("length" if record["type"].endswith("short") else "checksum"), where
        elif kind not in ("ignored", "notification", "advertisement"):
            dialect = "A5" if record["type"] == "payload" else VARIANTS[record["hex"][:2]]
            assert result["variant"] == dialect, where
        if record["type"] == "read_response" and "register" in record:
            place = (result["variant"], record["register"])
            assert kind == REGISTERS.get(place, "registers"), where
        if record["type"] == "concatenated_responses":
            assert len(result["frames"]) > 1, where
            assert {frame["kind"] for frame in result["frames"]} <= READ, where
        if record["type"] == "write_refused":
            assert result["values"]["result"] == "refused", where
        if record["type"] in ("request", "read_request"):
            frame = bytes.fromhex(record["hex"])
            register = frame[2] if frame[0] == 0xA5 else int.from_bytes(frame[2:4])
            assert result["values"]["register"] == register, where


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_value_that_a_source_states_is_ours(path) -> None:
    for record, result in records(path):
        if record["type"] == "advertisement":
            continue
        for name, stated in (record.get("expected") or {}).items():
            where = (path.stem, result["n"], name)
            if name == "rejected":
                assert result["kind"] == "rejected", where
                continue
            expected = EXCEPTIONS[where][1] if where in EXCEPTIONS else expected_of(name, stated)
            found = found_in(result, name)
            assert found == (pytest.approx(expected, abs=1e-9) if isinstance(expected, float) else expected), where


def test_every_exception_is_still_one() -> None:
    for (stem, line, name), (reason, ours) in EXCEPTIONS.items():
        record, result = list(records(FOLDER / f"{stem}.jsonl"))[(line or 1) - 1]
        assert expected_of(name, record["expected"][name]) != ours, reason
        assert found_in(result, name) == (pytest.approx(ours) if isinstance(ours, float) else ours), reason


def test_the_field_of_an_edited_frame_is_kept_beside_our_own() -> None:
    record, result = next(records(FOLDER / "modbus_4s_aiobmsble.jsonl"))
    assert result["values"]["stated_cell_delta"] == record["expected"]["delta_v"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_current_of_the_wire_and_of_a_reading(path) -> None:
    for record, result in records(path):
        if "current_raw_sign" in (record.get("expected") or {}):
            assert result["values"]["current"] == -record["expected"]["current_raw_sign"]


def test_advertisements() -> None:
    for record, result in records(FOLDER / "advertisements.jsonl"):
        expected, values = record["expected"], result["values"]
        assert values["recognised"] is (expected["matches"] == "daly_bms")
        for key in ("company_id", "manufacturer_payload"):
            assert values[key] == expected[key]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_clocks_that_were_set_are_dates(path) -> None:
    for record, result in records(path):
        frame = bytes.fromhex(record["hex"])
        if record["type"] != "write_request" or frame[:4] not in (b"\xd2\x10\x00\xd4", b"\x81\x10\x01\x23"):
            continue
        year, month, day, hour, minute, second = frame[6:12]
        assert result["values"]["parameter"] == "clock"
        assert result["values"]["value"] == f"20{year}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_burst_of_cells_is_complete_in_spite_of_foreign_bytes(path) -> None:
    for record, result in records(path):
        if record["type"].startswith("burst") and result["values"]["command"] == 0x95:
            assert len(result["values"]["cell_voltages"]) == result["values"].get(
                "stated_cells", 8 if "8s" in path.stem else 16
            )


def test_the_uptime_of_the_storage_board_goes_by_the_clock() -> None:
    path = FOLDER / "modbus_16s_ess_x81.jsonl"
    uptimes = [result["values"]["runtime"] for _, result in records(path) if "runtime" in result.get("values", {})]
    assert {after - before for before, after in pairwise(uptimes)} == {60}
