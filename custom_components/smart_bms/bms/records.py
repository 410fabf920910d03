"""Decodes recorded traffic: `script/decode FAMILY FILE…`, the tool for bug reports and for checks.

Input is one record per line: a JSON object (`hex`, `fragments`, `tx` …), plain hex, or a line of a notification log.
Output is one JSON object per record, in the same order; docs/decode.md describes both.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator
import io
import json
from pathlib import Path
import re
import signal
import sys
from typing import Any, Final, Protocol

from .daly.records import DalyRecords
from .jbd.records import JbdRecords
from .jk.records import JkRecords
from .smart123.records import Smart123Records

# Bytes as logs print them: at least five, bare or all parted by the same sign. What follows a digit and a colon, dot or dash
# is the rest of a time, a date or a UUID.
_HEX_RUN: Final = re.compile(
    r"(?<![0-9A-Za-z])(?<![0-9A-Fa-f][:.-])(?:0x)?"
    r"((?:[0-9A-Fa-f]{2}(?P<sign>,? ?0x|, ?| {1,2}|[.:-]|))(?:[0-9A-Fa-f]{2}(?P=sign)){3,}[0-9A-Fa-f]{2})"
    r"(?![0-9A-Za-z]|-[0-9A-Fa-f])"
)
_SIGN: Final = re.compile(r"0x|[^0-9A-Fa-f]")
_ADDRESS: Final = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")

type Result = dict[str, Any]


class Records(Protocol):
    """Decodes the records of one file, in order; what an earlier record said of the pack helps with the later ones."""

    takes_text: bool
    """Its messages are text, and may be recorded as that; of a frame not every digit may be known."""

    def message(self, data: bytes, hints: Result) -> Result:
        """Decode one whole message, from or to the pack; `hints` is its record.

        Bits of a frame that nobody could read are set in `hints["unknown"]`, if it has bytes under that name.
        """

    def notifications(self, fragments: list[bytes]) -> list[Result]:
        """Decode the frames in a sequence of notifications, in order."""

    def notification(self, data: bytes) -> list[Result]:
        """Decode the frames that one more notification of a log completes."""

    def verdict(self, write: Result, before: Result, after: Result) -> str:
        """Say what a write turned out to be, from the decoded settings before and after it."""

    def advertisement(self, data: bytes, hints: Result) -> Result:
        """Decode the manufacturer data of an advertisement."""


FAMILIES: Final[dict[str, Callable[[], Records]]] = {
    "jk": JkRecords,
    "jbd": JbdRecords,
    "daly": DalyRecords,
    "smart123": Smart123Records,
}

_PERSONAL: Final = (
    *("serial_number", "name", "user_data", "user_data_2", "address", "manufacturer_payload", "barcode", "mac"),
    *("password", "old_password", "new_password", "new_name", "local_name", "login", "encrypted", "text"),
)


def decode_lines(family: str, lines: Iterable[str]) -> Iterator[Result]:
    """Yield one result per line that is not blank. Never raises for what a line holds."""
    records: Records = FAMILIES[family]()
    for number, line in enumerate(lines, 1):
        if text := line.strip():
            try:
                result = _decode_line(records, text)
            except Exception:  # noqa: BLE001  a bug of ours must not take the records that follow with it
                result = {"kind": "rejected", "reason": "not_understood"}
            yield {"n": number, **result}


def _decode_line(records: Records, text: str) -> Result:
    if text.startswith("{"):
        try:
            record = json.loads(text)
        except ValueError, RecursionError:
            return {"kind": "rejected", "reason": "not_json"}
        return _decode_record(records, record)
    # Times, handles and addresses stand before the bytes they belong to.
    runs = [match[1] for match in _HEX_RUN.finditer(text) if not _ADDRESS.fullmatch(match[1])]
    if not runs:
        return {"kind": "ignored", "reason": "no_bytes"}
    data = bytes.fromhex(_SIGN.sub("", runs[-1]))
    found = records.notification(data)
    if not found:
        return {"kind": "ignored", "reason": "incomplete"}
    return found[0] if len(found) == 1 else {"kind": "notification", "frames": found}


def _decode_record(records: Records, record: Result) -> Result:
    try:
        if "fragments" in record:
            frames = records.notifications(list(map(bytes.fromhex, record["fragments"])))
            whole = "hex" in record and len(frames) == 1
            return frames[0] if whole else {"kind": "notification", "frames": frames}
        for key, decode in _SHAPES.items():
            if key in record:
                return decode(records, record)
        data, unknown = _bytes_of(records, record)
    except TypeError, ValueError:
        return {"kind": "rejected", "reason": "not_hex"}
    if data is None:
        return {"kind": "ignored", "reason": "no_bytes"}
    is_advertisement = record.get("type") == "advertisement"
    if any(unknown):
        if is_advertisement or not records.takes_text:
            return {"kind": "rejected", "reason": "not_hex"}
        record = record | {"unknown": unknown}
    return (records.advertisement if is_advertisement else records.message)(data, record)


def _bytes_of(records: Records, record: Result) -> tuple[bytes | None, bytes]:
    """Return the message of a record, and the bits of it that nobody could read (they are zero in the message)."""
    if "hex" in record:
        return bytes.fromhex(record["hex"]), b""
    if "hex_mask" in record:
        low, high = (bytes.fromhex(str.replace(record["hex_mask"], "?", digit)) for digit in "0F")
        return low, bytes(one ^ other for one, other in zip(low, high, strict=True))
    return (str.encode(record["text"], "ascii") if "text" in record and records.takes_text else None), b""


def _decode_sent(records: Records, record: Result) -> Result:
    """A packet of a recording that went to the pack: a whole message."""
    return records.message(bytes.fromhex(record["sent"]), record | {"direction": "tx"})


def _decode_notification(records: Records, record: Result) -> Result:
    """A packet of a recording that came from the pack: whatever it completes."""
    found = records.notification(bytes.fromhex(record["notification"]))
    if not found:
        return {"kind": "ignored", "reason": "incomplete"}
    return found[0] if len(found) == 1 else {"kind": "notification", "frames": found}


def _decode_exchange(records: Records, record: Result) -> Result:
    """A write with what came back; the write is the result, the answers are its frames."""
    result = records.message(bytes.fromhex(record["tx"]), record)
    answers = {
        key: records.message(bytes.fromhex(record[key]), record)
        for key in ("ack", "settings_before", "settings_after")
        if record.get(key)
    }
    result |= {"frames": list(answers.values())}
    if result["kind"] == "write" and "settings_after" in answers:
        result["outcome"] = records.verdict(result, answers.get("settings_before", {}), answers["settings_after"])
    return result


_SHAPES: Final[dict[str, Callable[[Records, Result], Result]]] = {
    "tx": _decode_exchange,
    "sent": _decode_sent,
    "notification": _decode_notification,
}
"""What a record can be besides a message or a sequence, by the key that it has."""


def _redact(result: Result) -> Result:
    """Leave out what is personal, however deep it lies."""
    hidden = {
        *_PERSONAL,
        *(("value", "raw") if result.get("parameter") in _PERSONAL else ()),
        *(("values",) if "text" in result else ()),  # the same in numbers
    }
    return {key: _redacted(value) for key, value in result.items() if key not in hidden}


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return _redact(value)
    return [_redacted(item) for item in value] if isinstance(value, list) else value


def main(arguments: list[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="script/decode", description="Decode recorded traffic of a pack.")
    parser.add_argument("family", choices=sorted(FAMILIES))
    parser.add_argument("files", nargs="+", metavar="FILE", help="capture (JSON lines), hex lines or log; - is stdin")
    parser.add_argument(
        "--redact", action="store_true", help="leave out serial number, names, user data, address and passwords"
    )
    options = parser.parse_args(arguments)
    for name in options.files:
        try:
            data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        except OSError as error:
            sys.stderr.write(f"{name}: {error.strerror}\n")
            return 1
        # Signs that end a line for others, but not for JSON, may be part of a text.
        for result in decode_lines(options.family, io.StringIO(data.decode("utf-8", "replace"), newline=None)):
            shown = _redact(result) if options.redact else result
            line = json.dumps(shown, ensure_ascii=False)
            sys.stdout.write(line.encode(sys.stdout.encoding, "backslashreplace").decode(sys.stdout.encoding) + "\n")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever reads our output may stop when they have seen enough
    sys.exit(main())
