"""script/decode and script/encode for Daly: any record in, one object out, nothing raised."""

import itertools
import json
import re

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smart_bms.bms import encode, records
from custom_components.smart_bms.bms.daly.frames import Dialect, write_request
from custom_components.smart_bms.bms.records import decode_lines, main
from tests.support.daly_telegrams import a5, block, d2_status, p81_live, p81_state, reply, sealed
from tests.support.record_lines import record

D2_LIVE = reply(0xD2, block(0, 62, d2_status()))
P81_LIVE = reply(0x51, block(0, 65, p81_live()))
P81_STATE = reply(0x51, block(0x41, 62, p81_state()))
TWO_CELLS = {0: 3300, 1: 3310}


def decode(*lines: str) -> list[dict]:
    return list(decode_lines("daly", iter(lines)))


def one(data: bytes | str, **more) -> dict:
    (result,) = decode(record(data, **more))
    return result


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (D2_LIVE, "reading", None),
        (P81_LIVE, "reading", None),
        (P81_STATE, "reading", None),
        (reply(0xD2, block(0, 80, d2_status())), "reading", None),
        (reply(0xD2, block(0, 62, d2_status(r31=0))), "rejected", "layout_unknown"),
        (reply(0xD2, block(0x80, 41, {0x80: 1000})), "settings", None),
        (reply(0xD2, block(0xA9, 32, {})), "identity", None),
        (reply(0xD2, block(0x3E, 9, {})), "reading", None),
        (reply(0xD2, (0x3132, 0x3334, 0x3536)), "identity", None),
        (reply(0xD2, (0, 0, 0)), "rejected", "layout_unknown"),
        (reply(0xD2, (1,)), "rejected", "layout_unknown"),
        (reply(0x51, block(0xA4, 10, {0xA9: 1})), "reading", None),
        (reply(0x51, block(0x178, 74, {})), "identity", None),
        (reply(0x51, block(0x100, 98, {})), "settings", None),
        (reply(0x51, block(0, 64, p81_live())), "reading", None),
        (reply(0x51, (0,) * 64), "rejected", "layout_unknown"),
        (reply(0xD2, block(0, 62, d2_status(r2A=2000))), "rejected", "implausible_soc"),
        (reply(0xD2, block(0, 62, d2_status((0, 0, 0, 0)))), "rejected", "no_cells"),
        (a5(0x90, "0212000075300200"), "reading", None),
        (a5(0x90, "0212000075301200"), "rejected", "implausible_soc"),
        (a5(0x90, "0212000075300200")[:12], "rejected", "length"),
        (a5(0x90, "00", 0x80), "command", None),
        (a5(0xD8, "00"), "ignored", "unknown_type"),
        (D2_LIVE + P81_LIVE, "notification", None),
        (bytes(3) + D2_LIVE, "reading", None),
        (D2_LIVE + b"\0\0\0", "reading", None),
        (D2_LIVE[:-1] + b"\0", "rejected", "checksum"),
        (b"char1_ntf_data", "ignored", "module_text"),
        (b"", "ignored", "module_text"),
        (b"\x01\x02\x03\x04\xff", "rejected", "header"),
        (bytes.fromhex("d2030000003ed7b9"), "command", None),
        (bytes.fromhex("81060121000106 3c".replace(" ", "")), "write", None),
        (bytes.fromhex("51100f05aaaa2193"), "ack", None),
        (sealed(b"\xd2\x83\x02"), "ack", None),
    ],
    ids=itertools.count(),
)
def test_messages(data, kind, reason) -> None:
    result = one(data)
    assert (result["n"], result["kind"], result.get("reason")) == (1, kind, reason)


@pytest.mark.parametrize(
    ("data", "variant", "parameter", "value", "register"),
    [
        ("d20600a500014b8a", "D2", "charge_switch", True, 0xA5),
        (sealed(bytes.fromhex("d206008c0e42")), "D2", "cell_overvoltage", 3.65, 0x8C),
        (sealed(bytes.fromhex("d2060094733c")), "D2", "max_charge_current", 50.0, 0x94),
        (sealed(bytes.fromhex("d206008affff")), "D2", "sleep_time", 65535, 0x8A),
        (sealed(bytes.fromhex("d20600f00001")), "D2", "restart", 1, 0xF0),
        (sealed(bytes.fromhex("d20600f30001")), "D2", "factory_reset", 1, 0xF3),
        (sealed(bytes.fromhex("d206007b0001")), "D2", "unknown", 1, 0x7B),
        ("810601210001063c", "81", "charge_switch", True, 0x121),
        (sealed(bytes.fromhex("810601150168")), "81", "sleep_time", 3600, 0x115),
        (sealed(bytes.fromhex("8106014e0028")), "81", "charge_undertemperature_warning", 0, 0x14E),
        (a5(0xD9, "01", 0x80), "A5", "discharge_switch", True, 0xD9),
        (a5(0xDA, "00", 0x40), "A5", "charge_switch", False, 0xDA),
        ("a540210815030b0c392c006406", "A5", "soc_calibration", 10.0, 0x21),
    ],
)
def test_writes(data, variant, parameter, value, register) -> None:
    result = one(data)
    assert (result["kind"], result["variant"]) == ("write", variant)
    values = result["values"]
    assert (values["parameter"], values["value"], values["register"]) == (parameter, value, register)


def test_a_write_of_several_registers_has_a_count_before_its_values() -> None:
    # Reference 3: count, then data directly. The vectors are printed there.
    values = one("811001400002743073f02ca9")["values"]
    assert values["register"] == 0x140
    assert values["raw"] == [0x7430, 0x73F0]
    assert values["values"] == {"charge_overcurrent_warning": 25.6, "max_charge_current": 32.0}
    values = one(sealed(bytes.fromhex("d21000d40003180b07090034")))["values"]
    assert (values["parameter"], values["value"]) == ("clock", "2024-11-07 09:00:52")
    values = one(sealed(bytes.fromhex("8110010900020004ca90")))["values"]
    assert (values["parameter"], values["value"]) == ("design_capacity", 314.0)


def test_the_word_that_several_registers_were_taken_names_no_value() -> None:
    result = one("5110012300037c6e", direction="rx", type="write_ack")
    assert result["kind"] == "ack"
    assert result["values"]["register"] == 0x123
    assert "value" not in result["values"] or result["values"]["value"] in (3, None)


def test_the_clock_of_a_write_is_shown() -> None:
    values = one("a540210815030b0c392c006406")["values"]
    assert values["clock"] == "2021-03-11 12:57:44"


def test_a_direction_tells_a_write_from_the_word_that_it_was_taken() -> None:
    frame = "d20600a500014b8a"
    assert one(frame, direction="tx")["kind"] == "write"
    assert one(frame, direction="rx")["kind"] == "ack"
    assert one(frame, direction="rx", type="write_request")["kind"] == "write"
    assert one(frame, type="write_ack")["kind"] == "ack"
    assert one(a5(0xD9, "01"), type="write_ack")["kind"] == "ack"
    assert one(a5(0xD9, "01"), type="write_request")["kind"] == "write"
    assert one(a5(0x21, "01"))["values"]["result"] == "done"
    assert one(a5(0x21, "00"))["values"]["result"] == "not_done"
    assert one("51100f05aaaa2193")["values"]["result"] == "refused"
    assert one(sealed(b"\xd2\x83\x02"))["values"] == {"result": "exception", "function": 3, "status": 2}


def test_the_question_before_tells_what_an_answer_holds() -> None:
    ask = sealed(bytes.fromhex("d20300cf0001"))
    ask_blocks = [sealed(bytes.fromhex("d2030000003e")), sealed(bytes.fromhex("d2030080003e"))]
    _, answer = decode(record(ask), record(reply(0xD2, (1,))))
    assert (answer["kind"], answer["values"]["balance_switch"]) == ("settings", True)
    data = reply(0xD2, block(0x80, 62, {0x80: 1000, 0x8C: 3600}))
    *_, status, settings = decode(*map(record, ask_blocks), record(D2_LIVE), record(data))
    assert (status["kind"], settings["kind"]) == ("reading", "settings")
    assert settings["values"]["design_capacity"] == 100.0
    # Unanswered questions before it are passed over.
    *_, answer = decode(record(ask_blocks[0]), record(ask), record(reply(0xD2, (1,))))
    assert answer["values"]["balance_switch"] is True


def test_a_record_may_name_its_question() -> None:
    data = reply(0xD2, (1,))
    assert one(data, register=0xCF)["values"]["balance_switch"] is True
    assert one(data, request="d20300cf0001a796")["values"]["balance_switch"] is True
    assert one(data, register=0xD7)["values"] == {"register": 0xD7, "count": 1, "raw": [1]}
    assert one(reply(0xD2, (0xFFFF, 5)), register=0xD7)["values"]["raw"] == [None, 5]
    assert one(data, request=a5(0x90, "00", 0x80).hex())["reason"] == "layout_unknown"
    assert one(data, request="zz")["kind"] == "rejected"
    assert one(data, request="d203")["kind"] == "rejected"
    assert one(data, register=0)["reason"] == "length"
    assert one(reply(0x51, (0xFFFF,)), register=0xCF)["kind"] == "registers"


@pytest.mark.parametrize("hints", [{"register": "0"}, {"register": -1}, {"register": 10**30}, {"cmd": 7}, {"type": 5}])
def test_hints_may_be_anything(hints) -> None:
    assert one(D2_LIVE, **hints)["kind"] in ("reading", "settings", "registers", "rejected")


def test_extra_registers() -> None:
    values = one(reply(0xD2, block(0x3E, 9, {0x40: 30500, 0x42: 55})), register=0x3E)["values"]
    assert values == {"balance_current": 0.5, "temperatures": {"mosfet": 15.0}}
    secrets = reply(0xD2, (0x3132, 0x3334, 0x3536, 0x1408, 0x0F00))
    assert one(secrets, register=0xC9)["values"] == {
        "password": "123456",
        "default_password": True,
        "manufacturing_date": "2020-08-15",
    }
    assert "manufacturing_date" not in one(secrets[:2] + b"", register=0xC9).get("values", {})
    assert one(reply(0x51, (0xFFFF,) * 10), register=0xA4)["values"] == {}


def test_one_frame_of_cells_says_which_they_are() -> None:
    status, first, last = decode(
        record(a5(0x94, "0500000000000000")), record(a5(0x95, "010ce40ce50ce600")), record(a5(0x95, "020ce70ce80d4800"))
    )
    assert status["values"]["stated_cells"] == 5
    assert first["values"] == {
        "command": 0x95,
        "frame": 1,
        "cell_numbers": [1, 2, 3],
        "cell_voltages": [3.3, 3.301, 3.302],
    }
    assert last["values"]["cell_numbers"] == [4, 5]
    assert last["values"]["cell_voltages"] == [3.303, 3.304]


def test_a_burst_of_cells_says_nothing_that_was_not_sent() -> None:
    burst = a5(0x95, "010ce40ce50ce600") + a5(0x95, "020ce70ce80d4800")
    alone = one(burst)["values"]
    assert alone["cell_voltages"] == [3.3, 3.301, 3.302, 3.303, 3.304, 3.4]
    _, known = decode(record(a5(0x94, "0500000000000000")), record(burst))
    assert known["values"]["cell_voltages"] == [3.3, 3.301, 3.302, 3.303, 3.304]
    assert not {"cycles", "probe_count"} & known["values"].keys()


def test_stale_bytes_are_no_temperatures_once_the_sensors_are_known() -> None:
    _, known = decode(record(a5(0x94, "0801000000000132")), record(a5(0x96, "013d000000000032")))
    assert known["values"]["temperatures"] == {"temperature_1": 21.0}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            "0cf30a0cec010003",
            {
                "cell_voltage_max": 3.315,
                "cell_max_number": 10,
                "cell_voltage_min": 3.308,
                "cell_min_number": 1,
                "cell_voltage_delta": 0.007,
            },
        ),
    ],
)
def test_extremes_of_cells(data, expected) -> None:
    assert {key: pytest.approx(value) for key, value in expected.items()} | {"command": 0x91} == one(a5(0x91, data))[
        "values"
    ]


def test_extremes_of_temperatures() -> None:
    assert one(a5(0x92, "3d013e0200000000"))["values"] == {
        "command": 0x92,
        "temperature_max": 21,
        "temperature_max_probe": 1,
        "temperature_min": 22,
        "temperature_min_probe": 2,
    }
    nothing = one(a5(0x92, "0000000000000000"))["values"]
    assert (nothing["temperature_max"], nothing["temperature_min"]) == (None, None)


def test_the_current_of_an_old_board_is_positive_while_charging() -> None:
    values = one(a5(0x90, "0212000074f50200"))["values"]
    assert (values["current_raw_sign"], values["current"], values["power"]) == (-5.9, 5.9, 312.7)
    assert "current" not in one(a5(0x90, "0212000000000200"))["values"]


def test_texts_and_counts_of_a5() -> None:
    first, second = a5(0x63, "01444c2d424d532d"), a5(0x63, "025233322d303145")
    assert one(first + second)["values"]["hw_version"] == "DL-BMS-R32-01E"
    assert one(first)["values"]["text"] == "DL-BMS-"
    assert one("3230323230383130", cmd="54")["values"]["manufacturing_date"] == "20220810"
    assert one("010e000001000000", cmd="51")["values"] == {"command": 0x51, "cell_count": 14, "probe_count": 1}
    assert one("3230323230383130", cmd="zz")["kind"] == "rejected"
    assert one(a5(0x62, b"\x01\xff\xff\xff\xff\xff\xff\xff"))["values"]["sw_version"] == ""


@pytest.mark.parametrize("command", [0x00, 0x10, 0x19, 0x1F])
def test_what_resets_or_sets_an_old_board_is_not_called_a_read(command) -> None:
    # Reference 7.5.
    result = one(a5(command, "00", 0x40))
    assert not str(result["values"].get("command", "")).startswith("read")


def test_readings_that_contradict_themselves_are_marked() -> None:
    assert one(reply(0xD2, block(0, 62, d2_status(r28=200))))["values"]["inconsistent"] is True
    assert "inconsistent" not in one(D2_LIVE)["values"]


def test_blocks_that_are_too_short() -> None:
    assert one(reply(0xD2, (0,) * 8), register=0)["reason"] == "length"
    assert one(reply(0x51, (0,) * 8), register=0)["reason"] == "length"
    assert one(reply(0x51, (0,) * 8), register=0x41)["kind"] == "registers"
    assert one(sealed(b"\xd2\x03\x00"), register=0)["reason"] == "length"


def test_module_texts_are_told_from_broken_frames() -> None:
    assert one(b"9600")["reason"] == "module_text"
    assert one(b"\x00\xff", char="ff05")["reason"] == "module_text"
    assert one(b"\x00\xff", type="noise")["reason"] == "module_text"
    assert one(b"9600", type="read_response")["reason"] == "header"
    assert one(b"\x00\xff")["reason"] == "header"


def test_fragments_and_logs() -> None:
    (result,) = decode(json.dumps({"fragments": [D2_LIVE[:50].hex(), D2_LIVE[50:].hex() + P81_LIVE.hex()]}))
    assert [frame["kind"] for frame in result["frames"]] == ["reading", "reading"]
    results = decode(
        "12:00:01 d2030000003ed7b9",
        f"12:00:02 {D2_LIVE[:100].hex()}",
        f"12:00:03 {D2_LIVE[100:].hex()}",
        (a5(0x95, "010ce40ce50ce600") + a5(0x90, "0212000075301200")).hex(),
        "68656c6c6f20776f726c64",
    )
    assert [result["kind"] for result in results] == ["command", "ignored", "reading", "notification", "ignored"]
    assert [frame["kind"] for frame in results[3]["frames"]] == ["reading", "rejected"]


def test_the_outcome_of_a_write() -> None:
    before, after = (reply(0xD2, block(0x80, 41, {0x8C: value})).hex() for value in (3600, 3650))
    write = sealed(bytes.fromhex("d206008c0e42")).hex()
    exchange = {"tx": write, "settings_before": before, "settings_after": after, "ack": write}
    for changes, outcome in (({}, "confirmed"), ({"settings_after": before}, "refused")):
        (result,) = decode(json.dumps(exchange | changes))
        assert (result["kind"], result["outcome"]) == ("write", outcome)


def test_advertisements() -> None:
    def reported(data: str, **more) -> dict:
        return one(data, type="advertisement", **more)

    known = reported("020316401712011197444c", local_name="BT270-2")["values"]
    assert known == {"recognised": True, "company_id": 0x302, "manufacturer_payload": "16401712011197444c"}
    assert reported("", local_name="DL-40D63C3223A2\0\0")["values"] == {"recognised": True}
    assert reported("4c000215")["values"]["recognised"] is False
    assert reported("02")["reason"] == "length"
    assert reported("4c000215", expected={"local_name": "JHB-501812018FC1"})["values"]["recognised"] is True
    assert reported("4c000215", local_name=None, address=7, service_uuids=[1])["values"]["recognised"] is False
    assert reported("4c000215", expected=[1], service_uuids="x")["kind"] == "advertisement"


def test_secrets_can_be_left_out(tmp_path, capsys) -> None:
    log = tmp_path / "log.jsonl"
    secret = (0x3737, 0x3733, 0x3333)
    log.write_text(
        "\n".join(
            [
                record(reply(0xD2, (*secret, 0x1408, 0x0F00)), register=0xC9),
                record(reply(0x51, secret), register=0x126),
                record(reply(0x51, block(0x100, 98, dict(enumerate(secret, 0x126)))), register=0x100),
                record(reply(0xD2, (0x2020, *secret)), register=0xC8),
            ]
        )
    )
    assert main(["daly", "--redact", str(log)]) == 0
    shown = capsys.readouterr().out
    assert "777333" not in shown
    assert not re.search(rf"{secret[0]}\D+{secret[1]}\D+{secret[2]}", shown)


@given(
    st.binary(max_size=80),
    st.sampled_from(
        [b"", b"\xd2\x03", b"\x51\x03", b"\xd2\x10", b"\x51\x06", b"\x81", b"\xa5\x01\x95\x08", b"\xa5\x40"]
    ),
    st.sampled_from(
        [{}, {"register": 0}, {"register": 0x80}, {"cmd": "97"}, {"type": "write_ack"}, {"direction": "rx"}]
    ),
)
@hypothesis_settings(max_examples=200, deadline=None)
def test_whatever_a_record_holds_it_becomes_one_object(data, head, hints) -> None:
    body = head + data
    results = decode(
        record(a5(0x94, "0801000000000132")),
        record(body, **hints),
        record(sealed(body), **hints),
        record(a5(data[0] if data else 0x90, data[1:9], head[1] if len(head) > 1 else 1), **hints),
        json.dumps({"fragments": [body.hex(), sealed(body).hex()]}),
        body.hex(),
    )
    assert all("kind" in result for result in results)
    json.dumps(results)


# script/encode.


@pytest.mark.parametrize(
    ("variant", "change", "expected"),
    [
        ("D2", "charge_switch=on", "d20600a500014b8a"),
        ("D2", "charge_switch=False", sealed(bytes.fromhex("d20600a50000")).hex()),
        ("D2", "cell_overvoltage=3.65", sealed(bytes.fromhex("d206008c0e42")).hex()),
        ("81", "discharge_switch=1", "810601220001f63c"),
        ("81", "sleep_time=65535", sealed(bytes.fromhex("810601151999")).hex()),
        ("A5", "discharge_switch=true", a5(0xD9, "01", 0x80).hex()),
        ("A5", "charge_switch=0", a5(0xDA, "00", 0x80).hex()),
    ],
)
def test_writes_as_bytes(variant, change, expected, capsys) -> None:
    assert encode.main(["daly", variant, change]) == 0
    assert capsys.readouterr().out.strip() == expected
    result = one(expected)
    assert result["values"]["parameter"] == change.partition("=")[0]


def test_the_state_of_charge_of_a5_sets_the_clock_to_now(capsys) -> None:
    assert encode.main(["daly", "A5", "soc_calibration=55.5"]) == 0
    values = one(capsys.readouterr().out.strip())["values"]
    assert values["value"] == 55.5
    assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", values["clock"])


@pytest.mark.parametrize(
    ("variant", "change"),
    [
        ("D3", "charge_switch=on"),
        ("D2", "charge_switch"),
        ("D2", "charge_switch=maybe"),
        ("D2", "cell_overvoltage=much"),
        ("D2", "cell_overvoltage=nan"),
        ("D2", "cell_overvoltage=inf"),
        ("D2", "cell_overvoltage=1e308"),
        ("D2", "cell_overvoltage=99"),
        ("D2", "max_charge_current=-50"),
        ("D2", "nothing=1"),
        ("D2", "battery_type=lead"),
        ("81", "design_capacity=100"),
        ("A5", "cell_overvoltage=3.6"),
        ("A5", "soc_calibration=101"),
        ("A5", "soc_calibration=inf"),
    ],
)
def test_what_cannot_be_encoded_is_refused_in_words(variant, change, capsys) -> None:
    assert encode.main(["daly", variant, change]) == 1
    assert capsys.readouterr().err.startswith(change)


@pytest.mark.parametrize(("variant", "register"), [("D2", 0xC9), ("81", 0x126)])
def test_a_write_of_the_password_is_named_one_and_can_be_left_out(variant, register) -> None:
    frame = write_request(Dialect(variant), register, (0x3132, 0x3334, 0x3536))
    (result,) = decode_lines("daly", iter([json.dumps({"hex": frame.hex(), "direction": "tx"})]))
    assert result["values"]["password"] == "123456"
    assert "123456" not in str(records._redact(result))
