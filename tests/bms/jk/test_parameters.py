"""Parameters become bytes, and bytes become the same parameters again."""

import json
import math

from hypothesis import given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smart_bms.bms import encode
from custom_components.smart_bms.bms.jk.frames import PAYLOAD_LENGTH
from custom_components.smart_bms.bms.jk.layouts import Variant
from custom_components.smart_bms.bms.jk.parameters import BY_KEY, REGISTERS, WireType, shortest
from custom_components.smart_bms.bms.jk.records import encode_text
from custom_components.smart_bms.bms.jk.settings import decode_write, encode_write
from custom_components.smart_bms.bms.records import decode_lines
from custom_components.smart_bms.bms.settings import SettingKind
from tests.support.captures import CAPTURES
from tests.support.packs import changed, sealed, settings

EXCHANGES = CAPTURES / "jk" / "write_exchanges.jsonl"
WRITABLE = [(variant, row) for variant in Variant for row in REGISTERS[variant]]

WIDTHS = {"B": (0, 2**8), "b": (-(2**7), 2**7), "H": (0, 2**16), "I": (0, 2**32), "i": (-(2**31), 2**31)}


def values_of(row):
    """Return a strategy for all values that a parameter can have on the wire."""
    match row.kind:
        case SettingKind.COMMAND:
            return st.none()
        case SettingKind.SWITCH:
            return st.booleans()
        case SettingKind.CHOICE:
            return st.integers(0, 2**16 - 1).map(row.value)
        case SettingKind.TEXT:
            return st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=PAYLOAD_LENGTH)
        case _ if row.wire_type is WireType.FLOAT:
            return st.floats(width=32, allow_nan=False, allow_infinity=False).map(shortest)
        case _:
            low, high = WIDTHS[row.wire_type.written]
            return st.integers(low, high - 1).map(row.value)


@pytest.mark.parametrize(("variant", "row"), WRITABLE, ids=lambda item: getattr(item, "key", str(item)))
@hypothesis_settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_what_is_encoded_is_decoded_again(variant, row, data) -> None:
    value = data.draw(values_of(row))
    frame = encode_write(row.key, value, variant)
    length = frame[5]
    assert frame[4] == row.number
    assert frame[6 + length : 19] == bytes(13 - length)
    assert sum(frame[:19]) & 0xFF == frame[19]
    key, decoded = decode_write(frame[4], frame[6 : 6 + length], variant)
    assert (key, decoded) == (row.key, value)


@pytest.mark.parametrize(("variant", "row"), WRITABLE, ids=lambda item: getattr(item, "key", str(item)))
def test_the_two_commands_are_inverse(variant, row, capsys) -> None:
    text = {SettingKind.COMMAND: "", SettingKind.SWITCH: "=true", SettingKind.TEXT: "=shed"}.get(row.kind, "=1")
    assert encode.main(["jk", variant, f"{row.key}{text}"]) == 0
    (result,) = decode_lines("jk", iter([json.dumps({"hex": capsys.readouterr().out.strip(), "variant": variant})]))
    assert result["kind"] == "write"
    assert result["values"]["parameter"] == row.key
    shown = result["values"]["value"]
    again = row.key if shown is None else f"{row.key}={shown}"
    assert encode.main(["jk", variant, again]) == 0
    assert json.dumps(result["values"]["register"]) == str(row.number)


@pytest.mark.parametrize(
    ("variant", "key", "value"),
    [
        ("JK02_32S", "cell_overvoltage", None),
        ("JK02_32S", "cell_overvoltage", "3.6"),
        ("JK02_32S", "cell_overvoltage", True),
        ("JK02_32S", "cell_overvoltage", math.nan),
        ("JK02_32S", "cell_overvoltage", math.inf),
        ("JK02_32S", "cell_overvoltage", -1),
        ("JK02_32S", "smart_sleep_delay", 256),
        ("JK02_32S", "charge_switch", 1),
        ("JK02_32S", "port_mode", "wifi"),
        ("JK02_32S", "uart1_protocol", "unknown_65536"),
        ("JK02_32S", "user_data", "x" * 14),
        ("JK02_32S", "user_data", "ü"),
        ("JK02_32S", "factory_reset", 1),
        ("JK02_32S", "nonsense", 1),
        ("JK02_24S", "heating_switch", True),
        ("JK04", "cell_overvoltage", 3.6),
        ("JK04", "balance_trigger", 1e300),
    ],
)
def test_what_has_no_bytes_is_refused(variant, key, value) -> None:
    with pytest.raises(ValueError):
        encode_write(key, value, Variant(variant))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["JK02_32S", "charge_switch=maybe"], "true or false"),
        (["JK02_32S", "cell_overvoltage=high"], "could not convert"),
        (["JK02_32S", "cell_overvoltage"], "is a number"),
        (["JK05", "cell_overvoltage=3"], "JK02_24S"),
    ],
)
def test_the_command_says_what_is_wrong(arguments, complaint, capsys) -> None:
    assert encode.main(["jk", *arguments]) == 1
    assert complaint in capsys.readouterr().err


def test_floats_are_shown_with_as_few_digits_as_the_wire_needs() -> None:
    assert shortest(3.299999952316284) == 3.3
    assert shortest(2.9762232303619385) == 2.9762232
    assert shortest(10.406075477600098) == 10.4060755
    assert encode_text("JK04", "balance_trigger", "0.108")[6:10].hex() == "1b2fdd3d"


@pytest.mark.captures
@pytest.mark.skipif(not EXCHANGES.exists(), reason="no captures of real packs at hand")
def test_captured_writes_are_reproduced_and_judged() -> None:
    lines = EXCHANGES.read_text().splitlines()
    judged = 0
    for line, result in zip(lines, decode_lines("jk", iter(lines)), strict=True):
        record = json.loads(line)
        sent = bytes.fromhex(record["tx"])
        values = result["values"]
        ours = encode_write(values["parameter"], values["value"], Variant(result["variant"]))
        assert ours[: 6 + sent[5]] == sent[: 6 + sent[5]]
        if record["settings_after"]:
            assert result["outcome"] == "confirmed"
            judged += 1
    assert judged == 7


@pytest.mark.parametrize(
    ("after", "outcome"), [(3650, "confirmed"), (3600, "refused"), (3640, "different"), (None, "unknown")]
)
def test_an_exchange_is_judged_by_what_was_read_back(after, outcome) -> None:
    before = settings()
    frame = sealed(bytes(300), 0x01) if after is None else changed(before, 18, after.to_bytes(4, "little"))
    record = {
        "tx": encode_write("cell_overvoltage", 3.65, Variant.JK02_32S).hex(),
        "settings_before": before.hex(),
        "settings_after": frame.hex(),
        "variant": "JK02_32S",
    }
    (result,) = decode_lines("jk", iter([json.dumps(record)]))
    assert result["outcome"] == outcome


def test_a_write_that_cannot_be_decoded_is_not_judged() -> None:
    record = {"tx": "00", "settings_after": settings().hex()}
    (result,) = decode_lines("jk", iter([json.dumps(record)]))
    assert "outcome" not in result


def test_every_row_is_found_by_its_key() -> None:
    for variant in Variant:
        assert len(BY_KEY[variant]) == len(REGISTERS[variant])
