r"""123\SmartBMS for `script/decode` and `script/encode`: any recorded line or frame into one result, and values into writes."""

import re
from typing import Any, Final

from ..advertisement import Advertisement
from ..errors import FrameError
from ..read_back import judge_write
from ..settings import SettingKind, SettingValue
from . import describe, frame58
from .advertisement import device_type, is_smart123, serial_number
from .decode import decode_record, is_record
from .frames import COMMAND_ANSWERS, Reassembler, command, number, query_fields
from .generation import Generation, Variant
from .identity import version_of
from .memory import HISTORY, LOG, TIME, decode_block, decode_entry
from .parameters import BY_KEY, VERSION, Parameter
from .privacy import HOLDS_PIN
from .scales import Formula
from .settings import decode_answer
from .two_byte_write import write_command

type Result = dict[str, Any]

_TRUTHS: Final = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
_WRITE: Final = re.compile(r"([0-9A-F]{2})-([0-9A-F]{3})!", re.IGNORECASE)
_PIN: Final = re.compile(r"PW(.*)!")
_MAX_AMPERE: Final = 100
"""A per count: beyond any unit, and no number that breaks a sum."""
_AD_NAMES: Final = {0x08, 0x09}
_AD_SERVICES: Final = {0x06, 0x07}
_AD_VENDOR: Final = 0xFF


class Smart123Records:
    """Decodes the records of one file."""

    takes_text = True

    def __init__(self) -> None:
        """Initialize."""
        self._lines = Reassembler()
        self._frames = frame58.Reassembler()
        self._query = ""
        self._generation = Generation({}, "auto", None, newer_module=False, needed=1)

    def message(self, data: bytes, hints: Result) -> Result:
        """Decode one whole message, from or to the pack: a frame, or lines of text."""
        if hints.get("kind") == "advertisement":
            return self.advertisement(data, hints)
        if isinstance(unknown := hints.get("unknown"), bytes):
            try:
                return describe.reading(Variant.FRAME, describe.masked_frame(data, unknown, hints))
            except FrameError as error:
                return {"kind": "rejected", "reason": error.reason}
        if hints.get("transport") == "nus_ascii":
            self._generation.heard_newer_answer()  # the module is proof enough
        if data == b"\x01" and hints.get("direction") == "tx":
            return {"kind": "command", "values": {"command": "data_mode"}}
        return self._text(data.decode("ascii"), hints) if _is_text(data) else self._whole_frames(data, hints)

    @staticmethod
    def _whole_frames(data: bytes, hints: Result) -> Result:
        frames = frame58.Reassembler().feed(data)
        if not frames:
            return {"kind": "rejected", "reason": "length" if len(data) < frame58.LENGTH else "checksum"}
        found = [describe.reading(Variant.FRAME, describe.frame(frame, hints)) for frame in frames]
        if len(found) == 1:
            return found[0]
        return {"kind": "notification", "frames": found, "values": describe.joined_keys(frames)}

    def notifications(self, fragments: list[bytes]) -> list[Result]:
        """Decode what a sequence of notifications holds, in order."""
        self._lines, self._frames = Reassembler(), frame58.Reassembler()
        return [result for fragment in fragments for result in self.notification(fragment)]

    def notification(self, data: bytes) -> list[Result]:
        """Decode what one more notification of a log completes."""
        frames = [describe.reading(Variant.FRAME, describe.frame(frame, {})) for frame in self._frames.feed(data)]
        if frames:
            self._lines = Reassembler()
            return frames
        return [self._line(line, {}) for line in self._lines.feed(data)]

    def verdict(self, write: Result, before: Result, after: Result) -> str:
        """Say what a write turned out to be, from the decoded parameters before and after it."""
        key, wanted = write["values"].get("parameter"), write["values"].get("value")
        old, found = (part.get("values", {}).get(key) for part in (before, after))
        return judge_write(lambda one, other: one == other, old=old, wanted=wanted, found=found)

    def advertisement(self, data: bytes, hints: Result) -> Result:
        """Decode an advertisement as it is sent, or manufacturer data alone: company id, then payload."""
        try:
            advertisement = _fields_of(data)
        except IndexError:
            advertisement = None
        if advertisement is None:
            if len(data) < 2:
                return {"kind": "rejected", "reason": "length"}
            reported = {**(hints["expected"] if isinstance(hints.get("expected"), dict) else {}), **hints}
            services = reported.get("service_uuids")
            advertisement = Advertisement(
                name=str(reported.get("local_name") or ""),
                manufacturer_data={int.from_bytes(data[:2], "little"): data[2:]},
                service_uuids=tuple(map(str, services)) if isinstance(services, list) else (),
            )
        values: Result = {"recognised": is_smart123(advertisement)}
        if advertisement.name:
            values["local_name"] = advertisement.name
        if advertisement.service_uuids:
            values["service_uuids"] = list(advertisement.service_uuids)
        for company, payload in advertisement.manufacturer_data.items():
            values |= {"company_id": company, "manufacturer_payload": payload.hex()}
        if (kind := device_type(advertisement)) is not None:
            values |= {"device_type": kind, "serial_number": serial_number(advertisement)}
        return {"kind": "advertisement", "values": values}

    # Text.

    def _text(self, text: str, hints: Result) -> Result:
        lines = Reassembler().feed(text.encode("ascii") + b"\r")
        found = [self._line(line, hints) for line in lines]
        if not found:
            return {"kind": "ignored", "reason": "incomplete"}
        if len(found) == 1:
            return found[0]
        if found[0]["kind"] == "rejected":
            # What goes with a broken beginning is looked at in a stream, not here.
            return {**found[0], "frames": found}
        return {"kind": "notification", "frames": found}

    def _line(self, line: str, hints: Result) -> Result:
        if hints.get("direction") == "tx" or line[-1:] in "@!$":
            return self._sent(line)
        try:
            if line in COMMAND_ANSWERS:
                return {"kind": "ack", "values": {"result": line}}
            if is_record(line):
                return self._record(line, hints)
            if line[:1].isalpha() and line[1:2] == "_":
                raise FrameError("unknown_type")
            return self._answer(line, hints)
        except FrameError as error:
            return {"kind": "rejected", "reason": error.reason}

    def _sent(self, line: str) -> Result:
        """Explain what goes to the unit."""
        self._query = line.removesuffix("@") if line.endswith("@") else self._query
        if found := _WRITE.fullmatch(line):
            address, byte = int(found[2], 16), int(found[1], 16)
            return {"kind": "write", "values": {"address": address, "raw": byte} | describe.written(address, byte)}
        if found := _PIN.fullmatch(line):
            return {"kind": "command", "values": {"command": "PW", "password": found[1]}}
        return {"kind": "command", "values": {"command": line.rstrip("@!") or line}}

    def _record(self, line: str, hints: Result) -> Result:
        tag, counts = decode_record(line)
        self._generation.heard_record(line)
        stated = hints.get("current_scale")
        ampere = self._generation.ampere
        if isinstance(stated, (int, float)) and abs(stated) <= _MAX_AMPERE:
            ampere = float(stated)
        return describe.reading(
            self._generation.variant,
            {"record": tag} | describe.values_of(counts, ampere, describe.temperature_formula(hints)),
        )

    def _answer(self, line: str, hints: Result) -> Result:
        fields = query_fields(line)
        query = str(hints.get("query") or self._query)
        formula = Formula.DOCUMENT if hints.get("temp_formula") == "doc" else Formula.APP
        if query == VERSION:
            self._generation.heard_version(fields[0])
            values: Result = {"sw_version": version_of(fields[0])} | decode_answer(VERSION, fields, formula)
            return {"kind": "identity", "variant": self._generation.variant.value, "values": values}
        if query == TIME:
            return {"kind": "log", "values": {"device_time": number(fields[0])}}
        if query in LOG:
            entry = decode_entry(fields)
            named = dict(zip(("time", "type", "value", "cell"), entry, strict=True)) if entry else {}
            return {"kind": "log", "values": named}
        if query in HISTORY:
            newest, block = decode_block(fields)
            return {"kind": "log", "values": {"newest_hour": newest, "soc": block}}
        values = dict(decode_answer(query, fields, formula))
        if query == HOLDS_PIN and len(fields) > 3:
            values["password"] = fields[3]
        if not values:
            return {"kind": "ignored", "reason": "unknown_type"}
        return {"kind": "settings", "variant": self._generation.variant.value, "values": values}


def _is_text(data: bytes) -> bool:
    return data.isascii() and data.decode("ascii").replace("\r", "").replace("\n", "").isprintable()


def _fields_of(data: bytes) -> Advertisement | None:
    """Return an advertisement from its fields of length, type and content; None if these bytes are none."""
    name, services, vendor = "", list[str](), dict[int, bytes]()
    place = 0
    while place < len(data):
        length = data[place]
        kind, content = data[place + 1], data[place + 2 : place + 1 + length]
        if not length or len(content) != length - 1:
            return None
        if kind in _AD_NAMES:
            name = content.decode(errors="replace")
        elif kind in _AD_SERVICES and len(content) == 16:
            digits = content[::-1].hex()
            services.append("-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])))
        elif kind == _AD_VENDOR and len(content) >= 2:
            vendor[int.from_bytes(content[:2], "little")] = content[2:]
        place += 1 + length
    return Advertisement(name=name, manufacturer_data=vendor, service_uuids=tuple(services)) if place else None


def encode_text(variant: str, parameter: str, text: str | None) -> bytes:
    """Return the writes of a parameter whose value is given as text, high byte first. Raises ValueError."""
    if variant != Variant.GENERATION_3:
        raise ValueError(f"addresses are known for {Variant.GENERATION_3} only")
    row = BY_KEY.get(parameter)
    if row is None or not row.addresses:
        raise ValueError(f"there is no parameter {parameter} that could be written")
    if text is None:
        raise ValueError(f"{parameter} takes a value")
    count = row.count(_value(row, text), Formula.APP)
    data = count.to_bytes(len(row.addresses))
    return b"".join(command(write_command(address, byte)) for address, byte in zip(row.addresses, data, strict=True))


def _value(row: Parameter, text: str) -> SettingValue:
    if row.kind is SettingKind.SWITCH:
        if text.lower() not in _TRUTHS:
            raise ValueError(f"{row.key} is true or false")
        return _TRUTHS[text.lower()]
    return float(text) if row.kind is SettingKind.NUMBER else text
