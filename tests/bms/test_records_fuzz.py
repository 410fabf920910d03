"""script/decode never ends early: whatever a record holds, it becomes one object, and the next record follows."""

import json
import random
from typing import Any

from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st
import pytest

from custom_components.smart_bms.bms import records as records_module
from custom_components.smart_bms.bms.jk.frames import encode_command
from custom_components.smart_bms.bms.records import FAMILIES, decode_lines
from custom_components.smart_bms.bms.smart123.frames import checksum
from custom_components.smart_bms.simulator.smart123 import frame58 as smart123_frame
from custom_components.smart_bms.simulator.smart123.labels import BRIDGE
from tests.support import daly_telegrams as daly, jbd_wire as jbd
from tests.support.packs import cell_info, device_info, sealed, settings, smart123_pack

KINDS = {
    *("reading", "identity", "settings", "log", "counters", "registers", "auth", "ack", "command", "write"),
    *("advertisement", "notification", "rejected", "ignored"),
}
"""As docs/decode.md lists them."""


def frame58() -> bytes:
    pack = smart123_pack(BRIDGE)
    pack.advance(2.0)
    return smart123_frame.frame(pack.board, 1, 1)


FRAME58 = frame58()
JK_FRAMES = [build(variant) for build in (cell_info, settings, device_info) for variant in ("JK02_32S", "JK02_24S")]


def altered(frame: bytes) -> st.SearchStrategy[bytearray]:
    """Some bytes of a frame changed."""
    places = st.dictionaries(st.integers(0, len(frame) - 1), st.integers(0, 255), max_size=6)

    def change(changes: dict[int, int]) -> bytearray:
        data = bytearray(frame)
        for place, byte in changes.items():
            data[place] = byte
        return data

    return places.map(change)


def resealed58(data: bytearray) -> bytes:
    data[57] = sum(data[:57]) & 0xFF
    return bytes(data)


words = st.lists(st.integers(0, 0xFFFF), max_size=100)
jk_messages = st.one_of(
    st.sampled_from(JK_FRAMES).flatmap(altered).map(lambda data: sealed(data, data[4], data[5])),
    st.builds(lambda seed, kind: sealed(random.Random(seed).randbytes(300), kind), st.integers(), st.integers(0, 9)),
    st.builds(encode_command, st.integers(0, 255), st.binary(max_size=13)),
)
jbd_messages = st.one_of(
    st.builds(jbd.reply, st.integers(0, 255), st.binary(max_size=80), st.sampled_from((0, 0, 0x80, 7))),
    st.builds(jbd.request, st.integers(0, 255), st.binary(max_size=20), write=st.booleans()),
    st.builds(jbd.module, st.integers(0, 255), st.binary(max_size=20)),
)
daly_messages = st.one_of(
    st.builds(daly.a5, st.integers(0, 255), st.binary(min_size=8, max_size=8), st.sampled_from((1, 0x40, 0x80))),
    st.builds(daly.reply, st.sampled_from((0xD2, 0x51)), words),
    st.builds(daly.sealed, st.binary(min_size=2, max_size=20).map(lambda data: b"\xd2" + data)),
    st.builds(
        lambda head, place, data: daly.sealed(head + place.to_bytes(2) + data),
        st.sampled_from((b"\xd2\x03", b"\x81\x03", b"\xd2\x06", b"\x51\x06", b"\xd2\x10", b"\x81\x10")),
        st.integers(0, 0x1FF),
        st.binary(max_size=12) | words.map(lambda listed: daly.packed((len(listed), *listed))),
    ),
)
fields = st.from_regex(r"[+-]?[0-9A-FX:]{0,9}", fullmatch=True)
bodies = st.builds(
    "_".join,
    st.lists(st.sampled_from("UVTCEMHBL") | st.sampled_from(("V", "S1", "S2", "TS", "L3", "H0", "HD")) | fields),
)
smart123_texts = st.one_of(
    st.sampled_from(("U_0AF0_+0014_-0014_+000A", "T_111_01_124_02", "C_01_04_2BC_12C_03_30", "M_1_2_17:03")),
    st.sampled_from(("33B_03_05_03_2BC_39", "0001_0002_001A_31323334_2A")),
    bodies,
    bodies.map(lambda body: f"{body}_{checksum(body):02X}"),
    st.sampled_from(("V@", "S1@", "S2@", "L3@", "HD@", "TS@", "PW1234!", "02-050!", "OK", "D!", "$")),
).map(lambda text: text + "\r")
smart123_messages = smart123_texts.map(str.encode) | altered(FRAME58).map(resealed58)
MESSAGES = {"jk": jk_messages, "jbd": jbd_messages, "daly": daly_messages, "smart123": smart123_messages}

odd = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from((10**400, -1, 1e308, float("inf"), float("nan")))
    | st.floats()
    | st.text(max_size=8)
    | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
PLAUSIBLE: dict[str, st.SearchStrategy[Any]] = {
    "direction": st.sampled_from(("tx", "rx")),
    "type": st.sampled_from(("advertisement", "gatt", "at", "read_response", "write_request", "write_ack", "noise")),
    "kind": st.just("advertisement"),
    "cmd": st.sampled_from(("90", "0x95", "zz", "-5", "99999")),
    "register": st.integers(-1, 0x1FF),
    "request": daly_messages.map(bytes.hex),
    "char": st.just("fff1"),
    "variant": st.sampled_from(("JK02_32S", "JK04", "D2", "gen3", "nothing")),
    "transport": st.sampled_from(("nus_ascii", "frame58")),
    "current_scale": st.floats() | st.just(10**400),
    "temp_formula": st.sampled_from(("app", "doc", "offset 276", "offset " + "9" * 400, "offset " + "9" * 5000)),
    "query": st.sampled_from(("V", "S1", "S2", "S3", "TS", "L3", "HD", "H0")),
    "mac": st.sampled_from(("A5:C2:37:28:18:52", "A5", "")),
    "address": st.sampled_from(("A5:C2:37:28:18:52", "A5", "")),
    "random": st.integers(-1, 300),
    "expected": st.dictionaries(st.sampled_from(("local_name", "service_uuids", "mac", "random")), odd),
    "local_name": st.text(max_size=8),
    "service_uuids": st.lists(st.text(max_size=8), max_size=2),
    "address_prefix": st.lists(st.text(max_size=8), max_size=2),
}
COMMON = ("direction", "type", "kind", "expected", "local_name", "service_uuids", "address")
HINTS = {
    "jk": (*COMMON, "variant"),
    "jbd": (*COMMON, "mac", "random", "address_prefix"),
    "daly": (*COMMON, "cmd", "register", "request", "char"),
    "smart123": (*COMMON, *("transport", "current_scale", "temp_formula", "query") * 2),
}


def hints(family: str) -> st.SearchStrategy[dict[str, Any]]:
    """What a record says besides its bytes: mostly sensible, sometimes nonsense."""
    return st.lists(st.sampled_from(HINTS[family]), max_size=4, unique=False).flatmap(
        lambda chosen: st.fixed_dictionaries({key: PLAUSIBLE[key] | odd for key in chosen})
    )


def hexed(messages: st.SearchStrategy[bytes]) -> st.SearchStrategy[str]:
    return (messages | st.binary(max_size=70)).map(bytes.hex)


def masked(digits: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Digits of which some are not known."""

    def hide(text: str, places: list[int]) -> str:
        return "".join("?" if place in places else digit for place, digit in enumerate(text))

    return st.builds(hide, digits, st.lists(st.integers(0, 130), max_size=12))


def line(family: str) -> st.SearchStrategy[str]:
    """All kinds of records, made of messages whose checksums fit, of broken ones, and of nonsense."""
    digits = hexed(MESSAGES[family])
    value = digits | odd
    shapes = st.one_of(
        st.fixed_dictionaries({"hex": value}),
        st.fixed_dictionaries({"hex_mask": masked(digits) | value}),
        st.fixed_dictionaries({"text": smart123_texts | odd}),
        st.fixed_dictionaries({"fragments": st.lists(digits, max_size=4) | odd}, optional={"hex": value}),
        st.fixed_dictionaries(
            {"tx": value}, optional={"ack": value, "settings_before": value, "settings_after": value}
        ),
        st.fixed_dictionaries({"sent": value}),
        st.fixed_dictionaries({"notification": value}),
        st.just({}),
    )
    return st.one_of(
        st.builds(lambda shape, more: json.dumps(more | shape), shapes, hints(family)),
        digits,
        st.text(max_size=60),
    )


def tried(family: str, lines: list[str]) -> None:
    """Decode records, one among others; each must become one object that is not a bug of ours."""
    around = '{"type": "gatt"}'
    listed = [around, *lines, around]
    results = list(decode_lines(family, iter(listed)))
    assert [result["n"] for result in results] == [n for n, line in enumerate(listed, 1) if line.strip()]
    for result in results:
        assert result["kind"] in KINDS
        assert result["kind"] not in ("rejected", "ignored") or result["reason"], lines
        assert result.get("reason") != "not_understood", lines
        json.dumps(result, allow_nan=False)


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_whatever_records_hold_each_becomes_one_object(family, data) -> None:
    tried(family, data.draw(st.lists(line(family), min_size=1, max_size=3)))


NUMBER = 10**400
RECORD = {"text": "U_0AF0_+0014_+0014_+000A\r"}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "record",
    [
        {"hex_mask": None},
        {"hex_mask": "??"},
        {"hex_mask": "00 63 ??"},
        {"hex_mask": FRAME58.hex()[:-2] + "?"},
        {"hex": FRAME58.hex(), "hex_mask": "??"},
        {"hex": FRAME58.hex(), "unknown": "??"},
        {"tx": FRAME58.hex(), "hex_mask": "??"},
        {"sent": FRAME58.hex(), "hex_mask": "??"},
        {"hex_mask": "??0b88a0", "type": "advertisement"},
        RECORD | {"current_scale": NUMBER},
        RECORD | {"current_scale": float("inf")},
        RECORD | {"current_scale": float("nan")},
        {"text": "T_111_01_124_02\r", "temp_formula": f"offset {NUMBER}"},
        {"tx": encode_command(0x04, b"\x10\x0e\0\0").hex(), "settings_after": "00"},
    ],
    ids=str,
)
def test_what_ended_it_once(family, record) -> None:
    tried(family, [json.dumps(record)])


def test_a_bug_of_ours_takes_no_other_record_with_it(monkeypatch) -> None:
    class Broken:
        takes_text = False

        def message(self, data: bytes, hints: dict[str, Any]) -> dict[str, Any]:
            raise KeyError(data)

    monkeypatch.setitem(records_module.FAMILIES, "jk", Broken)
    first, second = decode_lines("jk", ['{"hex": "00"}', '{"type": "gatt"}'])
    assert first == {"n": 1, "kind": "rejected", "reason": "not_understood"}
    assert second["kind"] == "ignored"
