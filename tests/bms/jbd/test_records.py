"""script/decode and script/encode: any JBD record in, one object out, nothing raised."""

import itertools
import json

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smart_bms.bms import encode
from custom_components.smart_bms.bms.jbd.frames import Command, module_request, read_request, write_request
from custom_components.smart_bms.bms.jbd.parameters import BY_REGISTER, REGISTERS
from custom_components.smart_bms.bms.jbd.records import encode_text
from custom_components.smart_bms.bms.records import decode_lines, main
from custom_components.smart_bms.bms.settings import SettingKind
from custom_components.smart_bms.simulator.jbd.labels import LEGACY, WATTCYCLE
from tests.support.jbd_messages import BASIC, CELLS, answer, basic, tail
from tests.support.notifications import cut
from tests.support.packs import jbd_pack
from tests.support.record_lines import record

ADDRESS = "a4:c1:37:04:2d:be"
RANDOM = module_request(0x17, b"\x62")
PASSWORD = bytes.fromhex("ffaa1806f65369967ff0d5")
NEWEST = answer(0x03, jbd_pack(WATTCYCLE).firmware.basic_info())


def decode(*lines: str) -> list[dict]:
    return list(decode_lines("jbd", iter(lines)))


def one(data: bytes, **more) -> dict:
    (result,) = decode(record(data, **more))
    return {key: value for key, value in result.items() if key != "n"}


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (BASIC, "reading", None),
        (CELLS, "reading", None),
        (answer(0x05, b"JBD"), "identity", None),
        (answer(0xAA, bytes(24)), "counters", None),
        (answer(0x00, bytes(2)), "identity", None),
        (answer(0x24, b"\x0e\x42"), "settings", None),
        (answer(0xE1), "ack", None),
        (answer(0x24, status=0x81), "ack", None),
        (answer(0x0A, b"\x01"), "ack", None),
        (answer(0xFA, b"\x00\x01\x02"), "ack", None),
        (read_request(0x03), "command", None),
        (write_request(0x24, b"\x0e\x42"), "write", None),
        (RANDOM, "auth", None),
        (b"\x00" + BASIC, "reading", None),
        (b"\x00" + BASIC + CELLS, "notification", None),
        (BASIC + CELLS, "notification", None),
        (BASIC + b"\x01\x02\x03\x04", "reading", None),
        (BASIC[:-1], "rejected", "length"),
        (BASIC[:-3] + b"\x00\x00\x77", "rejected", "checksum"),
        (RANDOM[:-1], "rejected", "length"),
        (RANDOM[:-1] + b"\x00", "rejected", "checksum"),
        (b"\x01\x02\x03\x04", "rejected", "header"),
        (b"", "rejected", "header"),
        (answer(0x03, basic()[:20]), "rejected", "length"),
        (answer(0x03, basic(soc=101)), "rejected", "implausible_soc"),
        (answer(0x03, basic(probes=(65535,))), "rejected", "implausible_temperature"),
        (answer(0x04, b"\x0d"), "rejected", "length"),
        (answer(0xAA, bytes(20)), "rejected", "length"),
        (answer(0x24, b"\x0e"), "rejected", "length"),
        (answer(0xFA, b"\x00"), "rejected", "length"),
        (answer(0xFA, b"\x00\x01\x02\x03"), "rejected", "length"),
        (answer(0x06, bytes(6)), "ignored", "unknown_register"),
        (write_request(0x48, bytes(2)), "ignored", "unknown_register"),
        (write_request(0xE1, b"\x00\x04"), "rejected", "length"),
        (write_request(0xE1, b"\x00"), "rejected", "length"),
        (write_request(0xE0, b"\x00"), "rejected", "length"),
        (write_request(0x0A, b"\x00"), "rejected", "length"),
        (write_request(0x06, bytes(6)), "rejected", "length"),
        (write_request(0x07, bytes(13)), "rejected", "length"),
        (write_request(0x24, b""), "rejected", "length"),
        (write_request(0xA0, b""), "rejected", "length"),
    ],
    ids=itertools.count(),
)
def test_messages(data, kind, reason) -> None:
    result = one(data)
    assert (result["kind"], result.get("reason")) == (kind, reason)


def test_a_direction_decides_what_bytes_cannot() -> None:
    legacy = answer(0xA5, status=0x80)
    assert one(legacy, direction="rx")["values"]["result"] == "unknown_register"
    assert one(legacy)["kind"] == "command"
    assert one(BASIC, direction="tx") == {"kind": "rejected", "reason": "header"}


def test_basic_information_has_the_documented_keys() -> None:
    values = one(answer(0x03, basic(tail(humidity=40), protections=0x9001, switches=2)))["values"]
    expected = {
        "voltage": 13.3,
        "soc": 60.0,
        "cell_count": 4,
        "stated_cells": 4,
        "temperatures": {"temperature_1": 25.0, "temperature_2": 22.0},
        "alarms": ["cell_overvoltage", "software_lock", "unnamed_protection"],
        "alarm_mask": 0x9001,
        "protection_bits": [0, 12, 15],
        "unnamed_protection_bits": [15],
        "charging_enabled": False,
        "discharging_enabled": True,
        "manufacturing_date": "2022-03-28",
        "sw_version": "8.0",
        "humidity": 40,
        "full_capacity": 90.0,
        "design_capacity": 100.0,
    }
    assert {key: values[key] for key in expected} == expected
    assert "protection_bits" not in one(BASIC)["values"]


def test_the_tail_tells_the_variant_of_what_follows() -> None:
    first, basic_info, last = decode(record(CELLS), record(NEWEST), record(CELLS))
    assert "variant" not in first
    assert basic_info["variant"] == last["variant"] == "2.5"
    assert decode(record(BASIC), record(RANDOM))[1]["variant"] == "extended"


@pytest.mark.parametrize(
    ("data", "kind", "values"),
    [
        (jbd_pack(LEGACY, cells=13).firmware.basic_info(), "reading", {"cell_count": 13}),
        (bytes.fromhex("1039103a"), "reading", {"cell_voltages": [4.153, 4.154]}),
        (b"LH-SP15S001-P13S-30A", "identity", {"model": "LH-SP15S001-P13S-30A"}),
        (b"LH-SP15S\0\0\0\0", "identity", {"model": "LH-SP15S"}),
        (b"LH-SP15S\0", "identity", {"model": "LH-SP15S"}),
    ],
)
def test_the_oldest_firmware_is_known_by_what_its_answers_look_like(data, kind, values) -> None:
    result = one(answer(0xA5, data))
    assert result["variant"] == "legacy"
    assert result["kind"] == kind
    assert {key: result["values"][key] for key in values} == values


def test_what_is_once_the_oldest_stays_the_oldest() -> None:
    results = decode(record(answer(0xA5, b"LH-SP15S001")), record(answer(0xA5, basic())), record(CELLS))
    assert [result["variant"] for result in results] == ["legacy"] * 3


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (0x80, "unknown_register"),
        (0x81, "not_now"),
        (0x82, "wrong_checksum"),
        (0x83, "wrong_password"),
        (0x84, "password_not_changed"),
        (0x99, "unknown_status"),
    ],
)
def test_a_refusal_says_why(status, name) -> None:
    assert one(answer(0x24, status=status))["values"] == {"register": 0x24, "status": status, "result": name}


@pytest.mark.parametrize(
    ("data", "values"),
    [
        (answer(0xE1), {"register": 0xE1, "status": 0, "result": "done"}),
        (answer(0x05, b"SP04\0\0"), {"model": "SP04"}),
        (answer(0x05, b"SP\xff"), {"model": "SP\ufffd"}),
        (answer(0x00, b"\x00\x03"), {"front_end": 3}),
        (answer(0x04, bytes(2)), {"cell_voltages": [0.0], "cell_count": 1}),
        (answer(0x24, b"\x0e\x42"), {"register": 0x24, "raw": 3650, "cell_overvoltage": 3.65}),
        (answer(0x15, b"\x2c\x7c"), {"register": 0x15, "raw": 0x2C7C, "manufacturing_date": "2022-03-28"}),
        (answer(0xA2, b"\x00"), {"register": 0xA2, "barcode": ""}),
        (answer(0xA0, b"\x05DGJBD"), {"register": 0xA0, "manufacturer_name": "DGJBD"}),
        (answer(0xFA, bytes.fromhex("0001020fa01036")), {"index": 1, "count": 2, "values": [4000, 4150]}),
        (answer(0xFA, bytes((0, 56, 16, 5)) + b"DGJBD" + bytes(26)), {"index": 56, "text": "DGJBD"}),
        (answer(0xFA, bytes((0, 158, 12, 4)) + b"SP04" + bytes(19)), {"text": "SP04"}),
        (answer(0xFA, bytes((0, 176, 8, 255)) + b"HW" + bytes(13)), {"text": "HW" + "\0" * 13}),
    ],
    ids=itertools.count(),
)
def test_answers(data, values) -> None:
    found = one(data)["values"]
    assert {key: found[key] for key in values} == values


@pytest.mark.parametrize(
    ("data", "values"),
    [
        (read_request(0x03), {"command": "read_basic_info", "register": 3}),
        (read_request(0x04), {"command": "read_cell_voltages", "register": 4}),
        (read_request(0x05), {"command": "read_model", "register": 5}),
        (read_request(0xAA), {"command": "read_counters", "register": 0xAA}),
        (read_request(0x00), {"command": "read_front_end", "register": 0}),
        (read_request(0x24), {"command": "read_register", "register": 0x24}),
        (read_request(0xFA, b"\x00\x75\x04"), {"command": "read_parameters", "index": 117, "count": 4}),
        (read_request(0xFA), {"command": "read_parameters", "register": 0xFA}),
        (write_request(0x00, b"\x56\x78"), {"command": "open_parameters", "register": 0}),
        (write_request(0x01, b"\x00\x00"), {"command": "close_parameters", "register": 1}),
        (write_request(0x01, b"\x28\x28"), {"command": "close_parameters_keeping", "register": 1}),
        (write_request(0x09, b"\x06J1B2D4"), {"command": "unlock", "register": 9}),
    ],
    ids=itertools.count(),
)
def test_commands(data, values) -> None:
    result = one(data)
    assert result["kind"] == "command"
    assert {key: result["values"][key] for key in values} == values


@pytest.mark.parametrize(
    ("data", "values"),
    [
        (write_request(0x24, b"\x0e\x42"), {"parameter": "cell_overvoltage", "value": 3.65, "raw": 3650, "length": 2}),
        (write_request(0x29, b"\xd8\xf0"), {"parameter": "max_discharge_current", "value": 100.0}),
        (write_request(0x15, b"\x2c\x7c"), {"parameter": "manufacturing_date", "value": "2022-03-28"}),
        (write_request(0xA2, b"\x02AB"), {"parameter": "barcode", "value": "AB"}),
        (write_request(0x3E, b"\x0a\x1e"), {"parameter": "register_0x3E", "charge_overcurrent_release": 30}),
        (write_request(0xE1, b"\x00\x01"), {"charge_switch": False, "discharge_switch": True}),
        (write_request(0xE1, b"\xaa\x02"), {"charge_switch": True, "discharge_switch": False}),
        (write_request(0xE1, b"\x00\x03"), {"charge_switch": False, "discharge_switch": False}),
        (write_request(0xE1, b"\x00\x00"), {"charge_switch": True, "discharge_switch": True}),
        (write_request(0xFB, b"\x01\x01"), {"parameter": "charge_switch", "value": False}),
        (write_request(0xFB, b"\x00\x00"), {"parameter": "discharge_switch", "value": True}),
        (write_request(0xFB, b"\x0a\x01"), {"charge_switch": False, "discharge_switch": False}),
        (write_request(0xE0, b"\x17\x70"), {"parameter": "remaining_capacity_calibration", "value": 60.0}),
        (write_request(0x06, b"\x06\x07\x06\x05\x08\x02\x08"), {"parameter": "login", "password": "765828"}),
        (
            write_request(0x07, b"\x0c\x07\x06\x05\x08\x02\x08\x01\x02\x03\x04\x05\x06"),
            {"old_password": "765828", "new_password": "123456"},
        ),
        (write_request(0x0A, b"\x01\x00"), {"parameter": "control", "value": "estimate_capacity"}),
        (write_request(0x0A, b"\x06\x00"), {"value": "power_down"}),
        (write_request(0x0A, b"\x0c\x00"), {"value": "heat"}),
        (write_request(0x0A, b"\x63\x00"), {"value": "unknown_99"}),
        (write_request(0x0A, b"\x18\x81"), {"value": "factory_reset"}),
    ],
    ids=itertools.count(),
)
def test_writes(data, values) -> None:
    result = one(data)
    assert result["kind"] == "write"
    assert {key: result["values"].get(key) for key in values} == values


# The module.


@pytest.mark.parametrize(
    ("data", "values"),
    [
        (module_request(0x15, b"000000"), {"command": 0x15, "command_name": "app_key"}),
        (module_request(0x15, b"\x00"), {"command_name": "app_key", "result": "ACK"}),
        (module_request(0x15, b"\x01"), {"result": "NACK"}),
        (module_request(0x15, b"\x02"), {"result": "ACK"}),
        (module_request(0x17), {"command_name": "random"}),
        (RANDOM, {"random": 0x62}),
        (module_request(0x18, b"\x01"), {"command_name": "password", "result": "NACK"}),
        (PASSWORD, {"encrypted": "f65369967ff0"}),
        (module_request(0x16, b"123123"), {"command_name": "change_password", "new_password": "123123"}),
        (module_request(0x16, b"\x00"), {"result": "ACK"}),
        (module_request(0x1D, b"\x00"), {"command_name": "vendor_password", "result": "ACK"}),
        (module_request(0x07, b"XYZ"), {"command_name": "rename", "new_name": "XYZ"}),
        (module_request(0x07, b"X"), {"new_name": "X"}),
        (module_request(0x07), {"result": "accepted"}),
        (module_request(0x99, b"\x01\x02"), {"command": 0x99, "command_name": "unknown"}),
        (module_request(0x18), {"command_name": "password"}),
    ],
    ids=itertools.count(),
)
def test_words_of_the_module(data, values) -> None:
    result = one(data)
    assert result["kind"] == "auth"
    assert {key: result["values"].get(key) for key in values} == values


def test_a_password_is_shown_in_clear_where_address_and_random_are_known() -> None:
    assert "password" not in one(PASSWORD)["values"]
    assert "password" not in one(PASSWORD, address=ADDRESS)["values"]
    assert "password" not in one(PASSWORD, random=0x62)["values"]
    assert "password" not in one(PASSWORD, address="hidden", random=0x62)["values"]
    assert one(PASSWORD, expected={"mac": ADDRESS, "random": 0x62})["values"]["password"] == "000000"
    remembered = decode(record(RANDOM), record(PASSWORD, mac=ADDRESS))[1]
    assert remembered["values"] == {
        "command": 0x18,
        "command_name": "password",
        "encrypted": "f65369967ff0",
        "mac": ADDRESS,
        "random": 0x62,
        "password": "000000",
    }


@pytest.mark.parametrize("hints", [{"mac": 5}, {"mac": ADDRESS, "random": "x"}, {"mac": ADDRESS, "random": None}])
def test_hints_that_are_none_are_passed_over(hints) -> None:
    assert "password" not in one(PASSWORD, **hints)["values"]


@pytest.mark.parametrize("random", [-1, 256, 10**30])
def test_a_random_byte_that_is_none_harms_nobody(random) -> None:
    assert one(PASSWORD, mac=ADDRESS, random=random)["kind"] == "auth"


def test_the_password_of_the_vendor_is_never_shown() -> None:
    data = bytes.fromhex("ffaa1d0f4fe4d4c7ba2fd8c582a1849391939472")
    assert "password" not in one(data, mac=ADDRESS, random=0x61)["values"]


# Logs.


def test_a_log_is_put_together() -> None:
    parts = [part.hex(" ") for part in [*cut(BASIC[:40]), BASIC[40:]] if len(part) >= 5]
    results = decode(
        "12:00:00 connected",
        f"12:00:01 > {read_request(0x03).hex(' ')}",
        *(f"12:00:02 < {part}" for part in parts),
        f"12:00:03 < {RANDOM.hex(' ')}",
        f"12:00:04 < {(CELLS + answer(0xE1)).hex(' ')}",
    )
    assert [result["kind"] for result in results] == [
        *("ignored", "command", "ignored", "ignored", "reading", "auth", "notification"),
    ]


def test_a_request_in_a_log_ends_the_answer_to_the_one_before() -> None:
    results = decode(BASIC[:20].hex(), read_request(0x05).hex(), answer(0x05, b"SP04S").hex())
    assert [result["kind"] for result in results] == ["ignored", "command", "identity"]


def test_a_broken_answer_in_a_log_is_rejected() -> None:
    results = decode(answer(0x04, b"\x0d").hex(), RANDOM.hex())
    assert [(result["kind"], result.get("reason")) for result in results] == [("rejected", "length"), ("auth", None)]


def test_fragments_of_a_session() -> None:
    (result,) = decode(json.dumps({"fragments": [part.hex() for part in [*cut(BASIC), RANDOM, *cut(CELLS)]]}))
    assert [frame["kind"] for frame in result["frames"]] == ["reading", "auth", "reading"]
    (whole,) = decode(json.dumps({"hex": BASIC.hex(), "fragments": [part.hex() for part in cut(BASIC)]}))
    assert whole["kind"] == "reading"


# Exchanges.


@pytest.mark.parametrize(
    ("sent", "before", "after", "outcome"),
    [
        ((0x24, "0e42"), "0e10", "0e42", "confirmed"),
        ((0x24, "0e42"), "0e10", "0e10", "refused"),
        ((0x24, "0e42"), "0e10", "0e38", "different"),
        ((0x3E, "0a1e"), "0202", "0a1e", "confirmed"),
        ((0x2D, "0006"), "0002", "0006", "confirmed"),
        ((0x2D, "0006"), "0002", "0002", "refused"),
        ((0xA2, "024142"), "00", "024142", "confirmed"),
    ],
)
def test_an_exchange_is_judged_by_what_was_read_back(sent, before, after, outcome) -> None:
    register, data = sent
    exchange = {
        "tx": write_request(register, bytes.fromhex(data)).hex(),
        "ack": answer(register).hex(),
        "settings_before": answer(register, bytes.fromhex(before)).hex(),
        "settings_after": answer(register, bytes.fromhex(after)).hex(),
    }
    (result,) = decode(json.dumps(exchange))
    assert [frame["kind"] for frame in result["frames"]] == ["ack", "settings", "settings"]
    assert result["outcome"] == outcome


def test_an_exchange_without_what_was_read_back_proves_nothing() -> None:
    exchange = {"tx": write_request(0x24, b"\x0e\x42").hex(), "settings_after": answer(0x25, b"\x0e\x42").hex()}
    assert decode(json.dumps(exchange))[0]["outcome"] == "unknown"


# Advertisements.


@pytest.mark.parametrize(
    ("data", "hints", "expected"),
    [
        ("52182837c2a5", {}, {"recognised": True, "address": "A5:C2:37:28:18:52", "address_order": "reversed"}),
        ("a4c138991554", {}, {"recognised": True, "address": "A4:C1:38:99:15:54", "address_order": "forward"}),
        ("a4c1389915540102", {}, {"address_order": "forward", "company_id": 49572}),
        ("007b02ffff7d", {}, {"recognised": False, "manufacturer_payload": "02ffff7d", "company_id": 0x7B00}),
        ("", {"local_name": "JBD-1"}, {"recognised": True}),
        ("", {"address": "A5:C2:37:00:00:01"}, {"recognised": True}),
        ("", {"expected": {"local_name": "My pack", "address_prefix": ["A4:C1:37"]}}, {"recognised": True}),
        ("", {"local_name": None, "address_prefix": []}, {"recognised": False}),
        ("52182837c2a5", {"service_uuids": ["0000180f-0000-1000-8000-00805f9b34fb"]}, {"recognised": False}),
        ("52182837c2a5", {"service_uuids": "?", "expected": 5}, {"recognised": True}),
    ],
)
def test_advertisements(data, hints, expected) -> None:
    result = one(bytes.fromhex(data), type="advertisement", **hints)
    assert result["kind"] == "advertisement"
    assert {key: result["values"].get(key) for key in expected} == expected
    assert ("address" in result["values"]) is (
        "address" in expected or "address_order" in expected or data == "52182837c2a5"
    )


def test_half_a_company_id_is_refused() -> None:
    assert one(b"\x52", type="advertisement") == {"kind": "rejected", "reason": "length"}


# Whatever comes.

HINTS = st.fixed_dictionaries(
    {},
    optional={
        "direction": st.sampled_from(["rx", "tx", None, 5]),
        "mac": st.one_of(st.none(), st.integers(), st.just(ADDRESS)),
        "random": st.one_of(st.none(), st.integers(), st.text(max_size=3)),
        "expected": st.one_of(st.none(), st.dictionaries(st.sampled_from(["mac", "local_name"]), st.integers())),
        "type": st.sampled_from(["auth", "advertisement"]),
    },
)
REGISTER = st.sampled_from([*BY_REGISTER, *Command, 0x15, 0xA5])


@given(st.binary(max_size=120), HINTS)
@hypothesis_settings(max_examples=200, deadline=None)
def test_any_bytes_give_one_result(data, hints) -> None:
    assert "kind" in one(data, **hints)


@given(REGISTER, st.binary(max_size=80), st.sampled_from([0, 0x80]), HINTS)
@hypothesis_settings(max_examples=300, deadline=None)
def test_any_answer_gives_one_result(register, data, status, hints) -> None:
    assert "kind" in one(answer(register, data, status), **hints)


@given(REGISTER, st.binary(max_size=80), st.booleans(), HINTS)
@hypothesis_settings(max_examples=300, deadline=None)
def test_any_request_gives_one_result(register, data, write, hints) -> None:
    assert "kind" in one((write_request if write else read_request)(register, data), **hints)


@given(st.integers(0, 255), st.binary(max_size=80), HINTS)
@hypothesis_settings(max_examples=200, deadline=None)
def test_any_word_of_the_module_gives_one_result(command, data, hints) -> None:
    assert "kind" in one(module_request(command, data), **hints)


def test_what_is_personal_is_left_out(tmp_path, capsys) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(
        "\n".join(
            [
                record(PASSWORD, mac=ADDRESS, random=0x62),
                record(module_request(0x16, b"123123")),
                record(module_request(0x07, b"Garage")),
                record(write_request(0x06, bytes.fromhex("06070605080208"))),
                record(write_request(0x07, bytes.fromhex("0c070605080208010203040506"))),
                record(write_request(0xA2, b"\x06Garage")),
                record(answer(0xA2, b"\x06Garage")),
                record(bytes.fromhex("52182837c2a5"), type="advertisement"),
            ]
        )
    )
    assert main(["jbd", "--redact", str(log)]) == 0
    shown = capsys.readouterr().out
    for secret in ("000000", "f65369967ff0", ADDRESS, "123123", "Garage", "765828", "123456", "28:18:52"):
        assert secret not in shown, secret
    assert b"Garage".hex() not in shown
    assert str(int.from_bytes(b"\x06Garage")) not in shown


# script/encode.


@pytest.mark.parametrize("row", [row for row in REGISTERS if not row.coding.is_shunt], ids=lambda row: row.key)
def test_the_two_commands_are_inverse(row, capsys) -> None:
    value = {SettingKind.SWITCH: "on", SettingKind.TEXT: "shed"}.get(row.kind, "1")
    if row.coding.choice is not None:
        value = f"{row.coding.choice.ranges[0][1]}_{row.coding.choice.unit}"
    assert encode.main(["jbd", "classic", f"{row.key}={value}"]) == 0
    (result,) = decode(json.dumps({"hex": capsys.readouterr().out.strip()}))
    assert result["kind"] == "write"
    assert result["values"]["register"] == row.register
    values = result["values"]
    shown = values["value"] if values["parameter"] == row.key else values[row.key]
    assert shown == {"on": True, "1": 1}.get(value, value)


@pytest.mark.parametrize(
    ("parameter", "text", "expected"),
    [
        ("charge_switch", "off", "dd5ae1020001ff1c77"),
        ("charge_switch", "true", "dd5ae1020000ff1d77"),
        ("discharge_switch", "FALSE", "dd5ae1020002ff1b77"),
        ("cell_overvoltage", "3.65", "dd5a24020e42ff8a77"),
        ("max_discharge_current", "100", "dd5a2902d8f0fe0d77"),
        ("remaining_capacity_calibration", "60", "dd5ae0021770fe9777"),
        ("barcode", "", "dd5aa20100ff5d77"),
        ("balance_switch", "1", "dd5a2d020004ffcd77"),
    ],
)
def test_writes_have_the_right_bytes(parameter, text, expected) -> None:
    assert encode_text("classic", parameter, text).hex() == expected


@pytest.mark.parametrize(
    ("variant", "parameter", "text", "complaint"),
    [
        ("V19", "cell_overvoltage", "3.65", "classic"),
        ("classic", "cell_overvoltage", None, "takes a value"),
        ("classic", "cell_overvoltage", "high", "could not convert"),
        ("classic", "cell_overvoltage", "nan", "is a number"),
        ("classic", "cell_overvoltage", "1e308", "does not fit"),
        ("classic", "charge_switch", "maybe", "true or false"),
        ("classic", "balance_switch", "maybe", "true or false"),
        ("classic", "remaining_capacity_calibration", "lots", "could not convert"),
        ("classic", "remaining_capacity_calibration", "inf", "does not fit"),
        ("classic", "shunt_resistance", "1", "no parameter"),
        ("classic", "nonsense", "1", "no parameter"),
        ("classic", "barcode", "ü", "plain"),
        ("classic", "short_circuit_delay", "71_us", "70_us"),
    ],
)
def test_the_command_says_what_is_wrong(variant, parameter, text, complaint, capsys) -> None:
    change = parameter if text is None else f"{parameter}={text}"
    assert encode.main(["jbd", variant, change]) == 1
    assert complaint in capsys.readouterr().err
