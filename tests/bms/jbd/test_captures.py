"""Frames that real packs have sent. Skipped where the collection is not at hand."""

from collections.abc import Iterator
import json
from pathlib import Path
from typing import Any

import pytest

from custom_components.smart_bms.bms.jbd.auth import cipher, decipher, user_password, vendor_password
from custom_components.smart_bms.bms.jbd.frames import (
    ModuleMessage,
    Reassembler,
    decode_module_message,
    decode_reply,
    decode_request,
    module_request,
    read_request,
    write_request,
)
from custom_components.smart_bms.bms.jbd.parameters import BY_REGISTER
from custom_components.smart_bms.bms.records import decode_lines
from tests.support.captures import CAPTURES, needs_captures
from tests.support.jbd_messages import answer

FOLDER = CAPTURES / "jbd"
FILES = sorted(FOLDER.glob("*.jsonl"))
pytestmark = needs_captures("jbd")

KINDS = {
    ("basic_info", "rx"): {"reading"},
    ("basic_info", "tx"): {"command"},
    ("cell_info", "rx"): {"reading"},
    ("cell_info", "tx"): {"command"},
    ("hw_version", "rx"): {"identity"},
    ("register_read", "rx"): {"settings", "counters", "ack"},
    ("register_read", "tx"): {"command"},
    ("register_write", "rx"): {"ack"},
    ("register_write", "tx"): {"command", "write"},
    ("auth", "rx"): {"auth", "ack"},
    ("auth", "tx"): {"auth", "write", "command"},
    ("mos", "rx"): {"ack"},
    ("mos", "tx"): {"write"},
    ("advertisement", "rx"): {"advertisement"},
}

# What the sources call a value, and where we have it; a function where it is more than a name.
NAMES: dict[str, Any] = {
    "voltage_v": "voltage",
    "current_a": "current",
    "power_w": "power",
    "remaining_ah": "remaining_capacity",
    "nominal_ah": "nominal_capacity",
    "learned_capacity_ah": "full_capacity",
    "cycles": "cycles",
    "soc_percent": "soc",
    "cell_count": "cell_count",
    "ntc_count": "probe_count",
    "protection_mask": "alarm_mask",
    "charge_fet": "charging_enabled",
    "discharge_fet": "discharging_enabled",
    "fet_byte": "switch_byte",
    "sw_version": "sw_version",
    "production_date": "manufacturing_date",
    "temperatures_c": lambda values: list(values["temperatures"].values()),
    "temperatures_raw": lambda values: [round(value * 10 + 2731) for value in values["temperatures"].values()],
    "ntc_raw": lambda values: [round(value * 10 + 2731) for value in values["temperatures"].values()],
    "temperature_1_c": lambda values: values["temperatures"]["temperature_1"],
    "temperature_mean_c": lambda values: sum(values["temperatures"].values()) / len(values["temperatures"]),
    "balance_mask": lambda values: sum(1 << number - 1 for number in values["balancing_cells"]),
    "cells_v": "cell_voltages",
    "cell_1_v": lambda values: values["cell_voltages"][0],
    "delta_v": "cell_voltage_delta",
    "average_v": "cell_voltage_mean",
    "min_cell": "cell_min_number",
    "max_cell": "cell_max_number",
    "hw_version": "model",
    "u16": "raw",
}
SAME = (
    *("register", "status", "index", "count", "values", "text", "password", "old_password", "new_password"),
    *("new_name", "command", "random", "result", "short_circuit", "charge_overcurrent", "discharge_overcurrent"),
    *("cell_overvoltage", "cell_undervoltage", "charge_overtemperature", "charge_undertemperature"),
    *("discharge_overtemperature", "discharge_undertemperature", "pack_overvoltage", "pack_undervoltage", "mac"),
)
ELSEWHERE = {"local_name", "service_uuids", "address_prefix", "meaning", "data_length", "protection_text"}
MEANINGS = {
    "enter factory mode": ("command", "open_parameters"),
    "exit factory mode": ("command", "close_parameters"),
    "exit factory mode without writing to NVM": ("command", "close_parameters"),
    "close charge MOS": ("value", False),
    "re-estimate capacity from voltage": ("value", "estimate_capacity"),
}
# The source's arithmetic is off by one degree: 0x0B98 is 2968, and it says itself that 2731 is zero.
ERRATA = {("temperature_1_c", "24.7"): 23.7}
# Sources that take 273.15 for zero are half a step off.
TOLERANCE = 0.0501


def records(path: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    lines = path.read_text().splitlines()
    for line, result in zip(lines, decode_lines("jbd", iter(lines)), strict=True):
        yield json.loads(line), result


def every(kind: str) -> Iterator[dict[str, Any]]:
    for path in FILES:
        for line in path.read_text().splitlines():
            if (record := json.loads(line))["type"] == kind:
                yield record


def found_in(values: dict[str, Any], name: str) -> Any:
    place = name if name in SAME else NAMES[name]
    return place(values) if callable(place) else values[place]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_record_is_what_its_source_says(path) -> None:
    for record, result in records(path):
        where = f"line {result['n']}"
        assert result["kind"] in KINDS[record["type"], record["direction"]], (where, result)
        for name, stated in ((record.get("expected") or {}) | (record.get("derived") or {})).items():
            if name in ELSEWHERE or (record["type"], name) == ("basic_info", "status"):
                continue
            values, expected = result["values"], ERRATA.get((name, str(stated)), stated)
            if name == "mac_in_manufacturer_data":
                assert values["address_order"] == expected, where
                continue
            if name.endswith("_switch"):
                assert values[name] is (expected == "on"), where
                continue
            found = found_in(values, name)
            tolerance = TOLERANCE if name.startswith("temperature") else 1e-9
            exact = isinstance(expected, (str, bool))
            assert found == expected if exact else found == pytest.approx(expected, abs=tolerance), (where, name)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_the_sources_say_in_words(path) -> None:
    for record, result in records(path):
        expected = record.get("expected") or {}
        where = f"line {result['n']}"
        if meaning := expected.get("meaning"):
            key, value = MEANINGS[meaning]
            assert result["values"][key] == value, where
        if expected.get("protection_text") == "Mosfet Software Lock":
            assert result["values"]["alarms"] == ["software_lock"], where
            assert result["values"]["charge_lock"] is True, where
            assert result["values"]["discharge_lock"] is False, where
        if "data_length" in expected:
            reply = decode_reply(bytes.fromhex(record["hex"]))
            assert (len(reply.data), reply.status) == (expected["data_length"], expected["status"]), where


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_known_advertisements_are_recognized_and_unknown_ones_are_not(path) -> None:
    for record, result in records(path):
        if record["type"] != "advertisement":
            continue
        reported, values = record["expected"], result["values"]
        if "mac_in_manufacturer_data" in reported:
            assert values["address"].startswith(tuple(reported["address_prefix"])), result["n"]
        # All of them are JBD packs, known by name, address or manufacturer data.
        assert values["recognised"] is True, result["n"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_fragments_and_single_bytes_make_the_same_message(path) -> None:
    for record, _ in records(path):
        if record["type"] == "advertisement" or record["direction"] == "tx":
            continue
        whole = bytes.fromhex(record["hex"])
        expected = decode_module_message(whole) if whole[0] == 0xFF else decode_reply(whole)
        fragments = [bytes.fromhex(part) for part in record.get("fragments", [record["hex"]])]
        assert b"".join(fragments) == whole
        ways = [fragments, [b"\x00", *fragments], [part for part in fragments for _ in range(2)]]
        if whole[0] != 0xFF:
            ways.append([b"\x00" + whole])
            ways.append([whole[place : place + 1] for place in range(len(whole))])
        for parts in ways:
            reassembler = Reassembler()
            messages = [message for part in parts for message in reassembler.feed(part, 0.0)]
            assert messages[:1] == [expected]
            assert all(message == expected for message in messages)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_we_would_say_the_same_bytes(path) -> None:
    for record, result in records(path):
        if record["type"] == "advertisement":
            continue
        whole = bytes.fromhex(record["hex"])
        if whole[0] == 0xFF:
            message = decode_module_message(whole)
            again = module_request(message.command, message.data)
        elif record["direction"] == "tx":
            asked = decode_request(whole)
            again = (write_request if asked.write else read_request)(asked.register, asked.data)
        else:
            reply = decode_reply(whole)
            again = answer(reply.register, reply.data, reply.status)
        assert again == whole, result["n"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_corrupt_or_truncated_record_is_rejected(path) -> None:
    for record, _ in records(path):
        if record["type"] == "advertisement":
            continue
        whole = bytes.fromhex(record["hex"])
        broken = bytearray(whole)
        broken[len(whole) // 2] ^= 0x10
        lines = [json.dumps(record | {"hex": data.hex(), "fragments": [data.hex()]}) for data in (broken, whole[:-1])]
        for line in lines:
            (alone,) = decode_lines("jbd", iter([json.dumps({"hex": json.loads(line)["hex"], **_way(record)})]))
            assert alone["kind"] == "rejected"
            (joined,) = decode_lines("jbd", iter([line]))
            assert joined["kind"] == "notification"
            assert joined["frames"] == [] or len(whole) < 12


def _way(record: dict[str, Any]) -> dict[str, Any]:
    return {"direction": record["direction"]}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_registers_written_as_they_were_read_are_the_same_bytes(path) -> None:
    for record, result in records(path):
        if result["kind"] != "settings" or result["values"]["register"] not in BY_REGISTER:
            continue
        data = decode_reply(bytes.fromhex(record["hex"])).data
        for row in BY_REGISTER[result["values"]["register"]]:
            if not row.coding.is_shunt:
                assert row.put(data, row.value(data)) == data, (result["n"], row.key)


def test_every_password_of_the_dialogues_is_mixed_like_the_vendor_s_app_does() -> None:
    random, address, replayed = None, None, []
    for record in every("auth"):
        data = bytes.fromhex(record["hex"])
        if data[0] != 0xFF:
            continue
        message, reported = decode_module_message(data), record["expected"]
        address = reported.get("mac", address)
        match message:
            case ModuleMessage(0x17, answered) if record["direction"] == "rx":
                random = answered[0]
                assert reported["random"] == random
            case ModuleMessage(0x18, encrypted) if record["direction"] == "tx":
                assert reported["random"] == random
                assert user_password(reported["password"], address, random) == encrypted
                assert cipher(reported["password"].encode(), address, random) == encrypted
                assert decipher(encrypted, address, random) == reported["password"].encode()
                replayed.append(reported["password"])
            case ModuleMessage(0x1D, encrypted) if record["direction"] == "tx":
                assert vendor_password(address, random) == encrypted
                replayed.append("vendor")
    assert replayed.count("vendor") == 2
    assert len(replayed) >= 6


ANOTHER_MAKER = FOLDER.parent / "second_look" / "jbd_daren_tail.jsonl"


@pytest.mark.skipif(not ANOTHER_MAKER.exists(), reason="no such capture at hand")
def test_a_board_of_another_maker_decodes_as_stated() -> None:
    lines = ANOTHER_MAKER.read_text().splitlines()
    reading, model = decode_lines("jbd", iter(lines))
    stated = json.loads(lines[0])["expected"]
    assert {key: reading["values"][key] for key in stated} == stated
    assert "heating" not in reading["values"]
    assert "humidity" not in reading["values"]
    assert json.loads(lines[1])["expected"].items() <= model["values"].items()
