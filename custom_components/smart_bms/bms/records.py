"""Decodes recorded traffic: `script/decode FAMILY FILE…`, the tool for bug reports and for checks.

Input is one record per line: a JSON object (`hex`, `fragments`, `tx` …), plain hex, or a line of a notification log.
Output is one JSON object per record, in the same order; docs/decode.md describes both.
"""

import argparse
from collections.abc import Callable, Iterator
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
    """Its messages are text, and may be recorded as that."""

    def message(self, data: bytes, hints: Result) -> Result:
        """Decode one whole message, from or to the pack."""

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
    *("password", "old_password", "new_password", "new_name", "login", "encrypted"),
)


def decode_lines(family: str, lines: Iterator[str]) -> Iterator[Result]:
    """Yield one result per line that is not blank. Never raises for what a line holds."""
    records: Records = FAMILIES[family]()
    for number, line in enumerate(lines, 1):
        if text := line.strip():
            yield {"n": number, **_decode_line(records, text)}


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
        if "tx" in record or "sent" in record:
            return _decode_exchange(records, record) if "tx" in record else _decode_sent(records, record)
        if "notification" in record:
            return _decode_notification(records, record)
        data = _bytes_of(records, record)
    except TypeError, ValueError:
        return {"kind": "rejected", "reason": "not_hex"}
    if data is None:
        return {"kind": "ignored", "reason": "no_bytes"}
    decode = records.advertisement if record.get("type") == "advertisement" else records.message
    return decode(data, record)


def _bytes_of(records: Records, record: Result) -> bytes | None:
    """Return the message of a record; digits that nobody could read count as zero, the family knows which."""
    if "hex" in record:
        return bytes.fromhex(record["hex"])
    if "hex_mask" in record:
        return bytes.fromhex(record["hex_mask"].replace("?", "0"))
    return str.encode(record["text"], "ascii") if "text" in record and records.takes_text else None


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


def _redact(result: Result) -> Result:
    hidden = {*_PERSONAL, *(("value", "raw") if result.get("values", {}).get("parameter") in _PERSONAL else ())}
    values = {key: value for key, value in result.get("values", {}).items() if key not in hidden}
    redacted = result | ({"values": values} if "values" in result else {})
    if "frames" in result:
        redacted["frames"] = [_redact(frame) for frame in result["frames"]]
    return redacted


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
            text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            sys.stderr.write(f"{name}: {error.strerror}\n")
            return 1
        for result in decode_lines(options.family, iter(text.splitlines())):
            shown = _redact(result) if options.redact else result
            sys.stdout.write(json.dumps(shown, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # whoever reads our output may stop when they have seen enough
    sys.exit(main())
