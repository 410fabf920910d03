"""script/decode: any record in, one object out, nothing raised."""

import io
import itertools
import json
from pathlib import Path
import subprocess
import sys

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smart_bms.bms.jk.frames import encode_command
from custom_components.smart_bms.bms.records import decode_lines, main
from tests.support import daly_telegrams as daly, jbd_wire as jbd
from tests.support.packs import CHATTER, READY, cell_info, changed, device_info, log_frame, sealed, settings
from tests.support.record_lines import record

FRAME = cell_info()
ADVERTISED = {"type": "advertisement", "local_name": "Bob"}
PACKAGE = Path(__file__).parents[2] / "custom_components" / "smart_bms"


def decode(*lines: str) -> list[dict]:
    return list(decode_lines("jk", iter(lines)))


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (FRAME, "reading", None),
        (device_info(), "identity", None),
        (settings(), "settings", None),
        (log_frame(1, (60, 1)), "log", None),
        (READY, "ack", None),
        (CHATTER + FRAME + CHATTER, "reading", None),
        (FRAME[:299], "rejected", "length"),
        (b"\0" + READY[:10], "rejected", "length"),
        (FRAME[:150] + b"\xff" + FRAME[151:], "rejected", "checksum"),
        (FRAME + FRAME, "notification", None),
        (FRAME + READY, "reading", None),
        (b"\x01\x02\x03\x04", "rejected", "header"),
        (sealed(bytes(300), 0x02), "rejected", "layout_unknown"),
        (sealed(b"\xff" * 300, 0x02), "rejected", "layout_unknown"),
        (sealed(bytes(300), 0x01), "rejected", "implausible_settings"),
        (sealed(bytes(300), 0x03), "rejected", "implausible_identity"),
        (sealed(bytes(300), 0x09), "ignored", "unknown_type"),
        (bytes.fromhex("aa5590eb97000000000000000000000000000011"), "command", None),
        (bytes.fromhex("aa5590eb06040300000000000000000000000087"), "write", None),
        (bytes.fromhex("aa5590eb06040300000000000000000000000088"), "rejected", "checksum"),
        (bytes.fromhex("aa5590eb0604030000"), "rejected", "length"),
        (bytes.fromhex("aa5590eb060f0300000000000000000000000092"), "rejected", "length"),
        (bytes.fromhex("aa5590ebf000000000000000000000000000006a"), "rejected", "unknown_register"),
    ],
    ids=itertools.count(),
)
def test_messages(data, kind, reason) -> None:
    (result,) = decode(record(data))
    assert (result["n"], result["kind"], result.get("reason")) == (1, kind, reason)


def test_a_reading_has_the_documented_keys() -> None:
    (result,) = decode(record(FRAME))
    assert result["variant"] == "JK02_32S"
    assert result["values"]["cell_count"] == 8
    assert result["values"]["alarms"] == []
    assert "cell_temperatures" not in result["values"]
    assert result["values"]["temperatures"]["mosfet"] > 20


def test_a_write_has_parameter_and_value() -> None:
    (result,) = decode(record(bytes.fromhex("aa5590eb06040300000000000000000000000087"), variant="JK02_24S"))
    assert result["variant"] == "JK02_24S"
    assert result["values"] == {"parameter": "balance_trigger", "value": 0.003, "register": 6, "length": 4, "raw": 3}


def test_what_the_pack_said_earlier_decides_what_a_write_means() -> None:
    write = bytes.fromhex("aa5590eb2604b004000000000000000000000058")
    _, later = decode(record(device_info("JK02_24S")), record(write))
    assert later["values"]["parameter"] == "balance_start_voltage"
    (alone,) = decode(record(write))
    assert (alone["kind"], alone["reason"]) == ("rejected", "layout_unknown")


@pytest.mark.parametrize(
    "text",
    [
        FRAME.hex(),
        FRAME.hex().upper(),
        FRAME.hex(" "),
        FRAME.hex(":"),
        FRAME.hex("."),
        "0x" + FRAME.hex(),
        f"[12:34:56.789] notify: {FRAME.hex('.')} (300)",
        f"2026-11-20 12:34:56 RX <- {FRAME.hex(' ')}",
        f"[C8:47:80:12:34:56] 0000ffe1-0000-1000-8000-00805f9b34fb handle 0x0012 1763642096.5: {FRAME.hex()}",
        "0x" + FRAME.hex(" ").replace(" ", ", 0x"),
        "0x" + FRAME.hex(" ").replace(" ", " 0x"),
        FRAME.hex(" ").replace(" ", "  "),
        FRAME.hex(" ").replace(" ", ","),
    ],
)
def test_lines_of_logs(text) -> None:
    (result,) = decode(text)
    assert result["kind"] == "reading"


def test_a_log_of_notifications_is_put_together() -> None:
    results = decode(
        "connected to C8:47:80:12:34:56",
        f"12:00:01 {FRAME[:128].hex()}",
        "",
        f"12:00:02 {FRAME[128:].hex()}",
        (FRAME + READY).hex(),
        "aa5590eb97000000000000000000000000000011",
    )
    assert [(result["n"], result["kind"]) for result in results] == [
        (1, "ignored"),
        (2, "ignored"),
        (4, "reading"),
        (5, "notification"),
        (6, "command"),
    ]
    assert [frame["kind"] for frame in results[3]["frames"]] == ["reading", "ack"]


def test_a_sequence_gives_its_frames_in_order() -> None:
    hot = changed(FRAME, 144, b"\xff\x7f")
    fragments = [part.hex() for part in (device_info(), READY, FRAME[:100], FRAME[100:], hot)]
    (result,) = decode(json.dumps({"fragments": fragments}))
    assert [frame["kind"] for frame in result["frames"]] == ["identity", "ack", "reading", "rejected"]
    assert result["frames"][3]["reason"] == "implausible_temperature"


def test_an_exchange_gives_the_write_and_its_answers() -> None:
    tx = "aa5590eb06040300000000000000000000000087"
    (result,) = decode(json.dumps({"tx": tx, "ack": READY.hex(), "settings_after": settings().hex()}))
    assert result["kind"] == "write"
    assert [frame["kind"] for frame in result["frames"]] == ["ack", "settings"]


def test_advertisements() -> None:
    ours, odd, short = decode(
        record(bytes.fromhex("650b88a0c847800fd5c5"), type="advertisement"),
        record(bytes.fromhex("4c0002"), type="advertisement"),
        record(b"\x01", type="advertisement"),
    )
    assert ours["values"] == {
        "company_id": 2917,
        "manufacturer_payload": "88a0c847800fd5c5",
        "recognised": True,
        "address": "C8:47:80:0F:D5:C5",
    }
    assert odd["values"]["recognised"] is False
    assert short["kind"] == "rejected"


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("{not json", "rejected", "not_json"),
        ('{"a":' * 100_000, "rejected", "not_json"),
        ('{"hex": "aa", "variant": []}', "rejected", "header"),
        ('{"hex": "650b88a0", "type": "advertisement", "expected": [1]}', "advertisement", None),
        ("C8:47:80:12:34:56", "ignored", "no_bytes"),
        ("0000ffe1-0000-1000-8000-00805f9b34fb", "ignored", "no_bytes"),
        ("2026-11-20 12:34:56 started", "ignored", "no_bytes"),
        ('{"hex": "zz"}', "rejected", "not_hex"),
        ('{"hex": 7}', "rejected", "not_hex"),
        ('{"fragments": [1]}', "rejected", "not_hex"),
        ('{"type": "gatt"}', "ignored", "no_bytes"),
        ("just words", "ignored", "no_bytes"),
    ],
)
def test_lines_that_are_no_records(text, kind, reason) -> None:
    (result,) = decode(text)
    assert (result["kind"], result.get("reason")) == (kind, reason)


@given(st.text(max_size=80) | st.binary(max_size=700).map(bytes.hex) | st.binary(max_size=320).map(record))
@hypothesis_settings(max_examples=200, deadline=None)
def test_nothing_raises(line) -> None:
    for result in decode(line):
        json.dumps(result)


def test_the_command_prints_one_object_per_record(tmp_path, capsys) -> None:
    file = tmp_path / "log.txt"
    file.write_text(record(device_info(name="Shed")) + "\n" + FRAME.hex() + "\n")
    assert main(["jk", str(file)]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["values"]["name"] == "Shed"
    assert second["kind"] == "reading"


def test_redacted_output_does_not_tell_whose_pack_it_is(tmp_path, capsys) -> None:
    file = tmp_path / "log.jsonl"
    secret = encode_command(0x9F, b"My street 7")
    advertisement = record(bytes.fromhex("650b88a0c847800fd5c5"), type="advertisement")
    sequence = json.dumps({"fragments": [device_info(name="Shed").hex()]})
    file.write_text(f"{sequence}\n{record(secret)}\n{advertisement}\n")
    assert main(["--redact", "jk", str(file)]) == 0
    out = capsys.readouterr().out
    assert "Shed" not in out
    assert "SIM80000001" not in out
    assert "My street 7" not in out
    assert str(int.from_bytes(b"My street 7", "little")) not in out
    assert "0F:D5:C5" not in out
    assert "0fd5c5" not in out
    assert "JK_PB2A16S20P" in out


def test_the_command_reads_standard_input(monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"\xff\n" + FRAME.hex().encode())))
    assert main(["jk", "-"]) == 0
    assert '"kind": "reading"' in capsys.readouterr().out


def test_a_text_that_is_no_text_and_lines_within_texts_end_nothing(tmp_path, capsys) -> None:
    file = tmp_path / "capture.jsonl"
    # A line separator within a string is no end of a line in JSON; half a surrogate cannot be printed.
    names = ["a\u2028b", "\ud800", "\x1c\x85"]
    lines = [json.dumps({"type": "advertisement", "hex": "1a09", "local_name": name}) for name in names]
    lines[0] = json.dumps(json.loads(lines[0]), ensure_ascii=False)
    file.write_text("\r\n".join(lines), encoding="utf-8")
    assert main(["smart123", str(file)]) == 0
    results = list(map(json.loads, capsys.readouterr().out.strip().split("\n")))
    assert [result["n"] for result in results] == [1, 2, 3]
    assert [result["values"]["local_name"] for result in results[:2]] == names[:2]


def test_what_is_personal_is_left_out_however_deep_it_lies(tmp_path, capsys) -> None:
    file = tmp_path / "log.jsonl"
    answer = daly.sealed(b"\xd2\x10" + (0xC9).to_bytes(2) + (3).to_bytes(2) + b"914826")
    file.write_text("\n".join((record(answer), json.dumps({"fragments": [answer.hex()]}))))
    assert main(["--redact", "daly", str(file)]) == 0
    assert "914826" not in capsys.readouterr().out
    words = b"\x0cBob's garage".ljust(32, b"\0")
    file.write_text("\n".join((record(jbd.reply(0xFA, b"\0\x58\x10" + words)), record(b"\x1a\x09", **ADVERTISED))))
    assert main(["--redact", "jbd", str(file)]) == 0
    assert main(["--redact", "smart123", str(file)]) == 0
    out = capsys.readouterr().out
    assert '"index": 88' in out
    assert "Bob" not in out
    assert str(int.from_bytes(b"Bo")) not in out


def test_without_user_data_a_write_is_shown_in_full(tmp_path, capsys) -> None:
    file = tmp_path / "log.jsonl"
    file.write_text(record(encode_command(0x04, (3650).to_bytes(4, "little")), variant="JK02_32S"))
    assert main(["--redact", "jk", str(file)]) == 0
    assert json.loads(capsys.readouterr().out)["values"]["value"] == 3.65


def test_a_file_that_is_not_there_is_an_error_in_words(tmp_path, capsys) -> None:
    assert main(["jk", str(tmp_path / "none")]) == 1
    assert "No such file" in capsys.readouterr().err


def test_the_tools_need_neither_home_assistant_nor_bluetooth() -> None:
    """They run on a bare Python with one small library."""
    code = (
        "import sys\n"
        "for name in ('bleak', 'bleak_retry_connector', 'homeassistant', 'habluetooth', 'probatio'):\n"
        "    sys.modules[name] = None\n"
        "import types\n"
        "package = types.ModuleType('custom_components.smart_bms')\n"
        f"package.__path__ = [{str(PACKAGE)!r}]\n"
        "sys.modules['custom_components.smart_bms'] = package\n"
        "import custom_components.smart_bms.bms.records, custom_components.smart_bms.bms.encode\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PACKAGE.parents[1], timeout=60)
