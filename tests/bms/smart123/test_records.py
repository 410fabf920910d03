"""script/decode and script/encode."""

import json

import pytest

from custom_components.smart_bms.bms import encode, records
from custom_components.smart_bms.bms.records import decode_lines
from custom_components.smart_bms.simulator.smart123 import frame58 as smart123_frame
from custom_components.smart_bms.simulator.smart123.labels import BRIDGE, OLD_FIRMWARE_BRIDGE
from tests.support.packs import smart123_pack
from tests.support.smart123_messages import sealed


def decoded(*lines: dict) -> list[dict]:
    return list(decode_lines("smart123", (json.dumps(line) for line in lines)))


def answers(query: str, body: str) -> dict:
    return decoded({"text": f"{query}@\r", "direction": "tx"}, {"text": sealed(body) + "\r"})[1]


def test_answers_are_understood_by_the_query_before_them() -> None:
    assert answers("V", "33B_03_05_03_2BC")["values"] == {"sw_version": "3.3.11", "balance_start_voltage": 3.5}
    reported = answers("S1", "0001_0002_001A_31323334")
    assert reported["kind"] == "settings"
    assert reported["values"]["password"] == "31323334"
    assert reported["values"]["battery_capacity"] == 2600
    assert answers("S2", "0230_02D0_010F_0149_5A_14")["values"]["cell_overvoltage"] == 3.6
    assert answers("TS", "64")["values"] == {"device_time": 100}
    assert answers("L3", "64_1_230_03")["values"] == {"time": 100, "type": 1, "value": 560, "cell": 3}
    assert answers("L3", "0_0_0_0")["values"] == {}
    assert answers("HD", "A7_" + "32" * 12)["values"]["newest_hour"] == 167
    assert answers("S3", "07")["kind"] == "ignored"
    assert answers("H0", "FF_00")["reason"] == "length"


def test_the_pin_is_left_out_if_asked_for(capsys, tmp_path) -> None:
    file = tmp_path / "capture.jsonl"
    lines = [
        {"text": "PW1234!\r", "direction": "tx"},
        {"text": "S1@\r", "direction": "tx"},
        {"text": sealed("0001_0002_001A_31323334") + "\r"},
    ]
    file.write_text("\n".join(map(json.dumps, lines)))
    assert records.main(["--redact", "smart123", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "1234" not in shown
    assert "31323334" not in shown


def test_text_and_frames_in_pieces() -> None:
    line = b"C_01_04_2BC_12C_03_30\r".hex()
    (found,) = decoded({"fragments": [line[:8], line[8:]]})
    assert found["frames"][0]["values"]["cell_voltage"] == 3.5
    pack = smart123_pack(BRIDGE)
    pack.advance(2.0)
    frame = smart123_frame.frame(pack.board, 1, 1).hex()
    (found,) = decoded({"fragments": [frame[:40], frame[40:] + frame]})
    assert [item["kind"] for item in found["frames"]] == ["reading", "reading"]
    recorded = decoded(
        {"notification": frame[:40]}, {"notification": frame[40:]}, {"sent": b"V@\r".hex()}, {"state": 1}
    )
    assert [item["kind"] for item in recorded] == ["ignored", "reading", "command", "ignored"]
    both = decoded({"notification": b"OK\rOK\r".hex()})[0]
    assert [item["kind"] for item in both["frames"]] == ["ack", "ack"]


def test_what_the_last_bytes_of_a_frame_are_one_frame_does_not_tell() -> None:
    pack = smart123_pack(OLD_FIRMWARE_BRIDGE)
    pack.advance(2.0)
    frame = bytearray(smart123_frame.frame(pack.board, 1, 0))
    reported = {}
    for first, second in ((1, 19), (19, 19), (50, 19), (19, 50), (24, 60), (70, 70), (25, 97), (26, 99), (25, 130)):
        frame[47:49] = bytes((first, second))
        frame[57] = sum(frame[:57]) & 0xFF
        values = decoded({"hex": frame.hex()})[0]["values"]
        reported[first, second] = {
            key: values[key]
            for key in ("device_time", "device_time_either", "kv_key", "soh", "charge_efficiency")
            if key in values
        }
    assert reported == {
        (1, 19): {"device_time_either": ["01:19", "19:01"]},
        (19, 19): {"device_time": "19:19"},
        (50, 19): {"device_time": "19:50"},
        (19, 50): {"device_time": "19:50"},
        (24, 60): {},
        (70, 70): {},
        (25, 97): {"kv_key": 0, "soh": 97},
        (26, 99): {"kv_key": 1, "charge_efficiency": 99},
        (25, 130): {"kv_key": 0},
    }


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"text": "Z_01_02\r"}, "unknown_type"),
        ({"text": "C_01_04\r"}, "length"),
        ({"text": "C_0Q_04_2BC_12C_03\r"}, "not_a_number"),
        ({"text": "hello\r"}, "checksum"),
        ({"hex": "ff" * 20}, "length"),
        ({"hex": "ff" * 58}, "checksum"),
        ({"text": 5}, "not_hex"),
        ({"text": "ü"}, "not_hex"),
        ({"hex_mask": "0"}, "not_hex"),
    ],
)
def test_what_is_none_is_rejected(record, reason) -> None:
    (found,) = decoded(record)
    assert found["kind"] == "rejected"
    assert found["reason"] == reason


def test_a_line_without_anything_is_incomplete() -> None:
    assert decoded({"text": "\r\r"})[0]["kind"] == "ignored"
    assert decoded({"text": "U"})[0]["kind"] == "rejected"


def test_formulas_and_scales_are_those_of_the_record() -> None:
    line = "T_111_01_124_02\r"
    for formula, coldest in (("app", 1.861), ("doc", -3.0), ("offset 273 (author calibration)", 0.0), (None, 1.861)):
        values = decoded({"text": line, "temp_formula": formula})[0]["values"]
        assert values["temperature_lowest"] == pytest.approx(coldest)
    line = "U_0AF0_+0014_+0014_+000A\r"
    assert "current" not in decoded({"text": line})[0]["values"]
    assert decoded({"text": line, "current_scale": 0.125})[0]["values"]["current"] == 2.5
    assert decoded({"text": line, "transport": "nus_ascii"})[0]["values"]["current"] == 1.0


def test_the_clock_of_a_record_is_shown() -> None:
    assert decoded({"text": "M_1_2_17:03\r"})[0]["values"]["device_time"] == "23:03"
    assert "device_time" not in decoded({"text": "M_1_2_18:03\r"})[0]["values"]


def test_advertisements_whole_or_their_manufacturer_data_alone() -> None:
    whole = "02010607ff1a0900060d020d093132335c536d617274424d5311079ecadc240ee5a9e093f3a3b50100406e"
    for record in (
        {"type": "advertisement", "hex": whole},
        {"kind": "advertisement", "hex": whole},
        {"type": "advertisement", "hex": "1a0900060d02"},
        {"type": "advertisement", "hex": "1a0900060d02", "service_uuids": ["x"], "local_name": "n"},
    ):
        values = decoded(record)[0]["values"]
        assert values["recognised"]
        assert values["serial_number"] == "03330"
    other = decoded({"type": "advertisement", "hex": "1a0900050d02"})[0]["values"]
    assert not other["recognised"]
    assert other["device_type"] == 5
    assert decoded({"type": "advertisement", "hex": "1a"})[0]["kind"] == "rejected"


def test_writes_name_their_parameter_and_what_came_of_them() -> None:
    reported = decoded({"text": "01-017!\r"})[0]
    assert reported["values"] == {"address": 0x17, "raw": 1, "parameter": "critical_mode", "value": True}
    assert decoded({"text": "02-050!\r"})[0]["values"]["part"] == "high"
    assert decoded({"text": "01-FFF!\r"})[0]["values"] == {"address": 0xFFF, "raw": 1}
    before, after = (sealed(f"00_{value}").encode().hex() for value in ("00", "01"))
    results = decoded(
        {"text": "S3@\r", "direction": "tx"},
        {"tx": b"01-017!\r".hex(), "settings_before": before, "settings_after": after},
    )
    assert results[1]["outcome"] == "confirmed"


def test_encode_prints_what_decode_understands(capsys) -> None:
    assert encode.main(["smart123", "gen3", "cell_overvoltage=3.60", "critical_mode=on", "chemistry=lfp"]) == 0
    lines = capsys.readouterr().out.split()
    assert bytes.fromhex(lines[0]) == b"02-050!\rD0-051!\r"
    assert bytes.fromhex(lines[1]) == b"01-017!\r"
    assert bytes.fromhex(lines[2]) == b"01-015!\r"


@pytest.mark.parametrize(
    ("variant", "change"),
    [
        ("gen2", "cell_overvoltage=3.6"),
        ("gen3", "charge_restart_soc=90"),
        ("gen3", "nothing=1"),
        ("gen3", "cell_overvoltage"),
        ("gen3", "critical_mode=perhaps"),
        ("gen3", "cell_overvoltage=high"),
    ],
)
def test_what_cannot_be_encoded_is_said(variant, change, capsys) -> None:
    assert encode.main(["smart123", variant, change]) == 1
    assert capsys.readouterr().err.startswith(change.partition("=")[0])


def test_other_advertisements_have_no_serial_number() -> None:
    values = decoded({"type": "advertisement", "hex": "4c00021512345678"})[0]["values"]
    assert values == {"recognised": False, "company_id": 0x4C, "manufacturer_payload": "021512345678"}


def test_of_a_frame_with_digits_that_nobody_could_read_only_the_others_tell_something() -> None:
    pack = smart123_pack(BRIDGE)
    pack.advance(2.0)
    frame = smart123_frame.frame(pack.board, 1, 1)
    whole = decoded({"hex": frame.hex()})[0]["values"]

    def read(*places: int, digits: str = "??") -> dict:
        hidden = [digits if place in places else f"{byte:02x}" for place, byte in enumerate(frame)]
        return decoded({"hex_mask": " ".join(hidden)})[0]

    assert read()["values"] == whole  # all is known: a frame like any other
    assert read(57)["values"] == whole
    known = whole | {"checksum": frame[57]}
    for places, lost in {
        (3,): {"current_in"},
        (9,): {"current"},
        (0,): {"voltage"},
        (24,): {"cell_number"},
        (25,): {"cell_count"},
        (24, 26, 28): {"cell_number", "cell_voltage", "cell_temperature"},
        (48,): {"kv_value", "soh", "charge_efficiency", "device_time", "device_time_either"},
        (51,): {"cell_undervoltage"},
    }.items():
        assert read(*places)["values"] == {key: known[key] for key in known.keys() - lost}, places
    assert "soc" not in read(40, digits=f"{frame[40] >> 4:x}?")["values"]
    broken = frame[:6] + b"A" + frame[7:]
    mask = broken.hex()[:-1] + "?"
    assert decoded({"hex_mask": mask})[0] == {"n": 1, "kind": "rejected", "reason": "layout_unknown"}
    assert decoded({"hex_mask": mask[2:]})[0] == {"n": 1, "kind": "rejected", "reason": "length"}
    assert decoded({"hex_mask": broken.hex()})[0]["kind"] == "rejected"


def test_a_scale_that_cannot_be_is_none() -> None:
    line = "U_0AF0_+0014_+0014_+000A\r"
    for scale in (1e9, float("nan"), float("-inf"), 10**400, True):
        assert decoded({"text": line, "current_scale": scale})[0]["kind"] == "reading"
    assert "current" not in decoded({"text": line, "current_scale": 10**400})[0]["values"]
    assert decoded({"text": "T_111_01_124_02\r", "temp_formula": "offset 99999"}) == decoded(
        {"text": "T_111_01_124_02\r"}
    )


def test_two_neighboring_frames_tell_the_cycles() -> None:
    pack = smart123_pack(BRIDGE)
    pack.advance(2.0)
    both = b""
    for key, value in ((8, 1), (9, 44)):
        frame = bytearray(smart123_frame.frame(pack.board, 1, 1))
        frame[47:49] = bytes((25 + key, value))
        frame[57] = sum(frame[:57]) & 0xFF
        both += frame
    assert decoded({"hex": both.hex()})[0]["values"]["cycles"] == 300


def test_a_percentage_that_is_not_known_has_no_value() -> None:
    values = decoded({"text": "H_FF_08E8_08FC_FF_0005E9_0005DE\r"})[0]["values"]
    assert "soh" not in values
    assert "charge_efficiency" not in values
    assert values["cycles"] == 15.13


def test_a_command_of_one_byte_and_lines_that_come_together() -> None:
    assert decoded({"hex": "01", "direction": "tx"})[0]["values"] == {"command": "data_mode"}
    several = decoded({"text": "OK\rT_111_01_124_02\r"})[0]
    assert several["kind"] == "notification"
    assert [item["kind"] for item in several["frames"]] == ["ack", "reading"]
    broken = decoded({"text": "Z_01\rOK\r"})[0]
    assert (broken["kind"], broken["reason"]) == ("rejected", "unknown_type")
    assert [item["kind"] for item in broken["frames"]] == ["rejected", "ack"]


def test_what_two_frames_tell_in_two_parts_is_joined() -> None:
    pack = smart123_pack(OLD_FIRMWARE_BRIDGE)
    pack.advance(2.0)
    frames = []
    for key, value in ((4, 0x02), (5, 0x94), (8, 0x01), (9, 0x02)):
        frame = bytearray(smart123_frame.frame(pack.board, 1, 0))
        frame[47:49] = bytes((25 + key, value))
        frame[57] = sum(frame[:57]) & 0xFF
        frames.append(bytes(frame))
    assert decoded({"hex": b"".join(frames).hex()})[0]["values"] == {"nominal_cell_voltage": 3.3, "cycles": 258}
    assert decoded({"hex": b"".join(frames[:2]).hex()})[0]["values"] == {"nominal_cell_voltage": 3.3}
