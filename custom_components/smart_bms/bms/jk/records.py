"""JK for `script/decode`: any recorded message into one result."""

from contextlib import suppress
from typing import Any, Final

from ..advertisement import Advertisement
from ..errors import FrameError
from ..reading import Identity, reading_values
from ..settings import SettingKind, SettingValue, judge
from ..trust import check
from .advertisement import COMPANY, COMPANY_PREFIX, SERVICE, is_jk
from .decode import decode_reading, detect_variant
from .event_log import decode_log
from .frames import (
    COMMAND_HEADER,
    COMMAND_LENGTH,
    PAYLOAD_LENGTH,
    READY_HEADER,
    RESPONSE_HEADER,
    RESPONSE_LENGTH,
    TYPE_OFFSET,
    Command,
    FrameType,
    Reassembler,
    checksum,
    is_spliced,
)
from .identity import decode_identity
from .layouts import Variant
from .parameters import BY_KEY, UNKNOWN
from .settings import decode_settings, decode_write, detect_settings_variant, encode_write

type Result = dict[str, Any]

_COMMANDS: Final = {int(command): command.name.lower() for command in Command}
_TRUTHS: Final = {"true": True, "on": True, "1": True, "false": False, "off": False, "0": False}
_LENGTH_OFFSET: Final = 5
_PAYLOAD_OFFSET: Final = 6
_ADDRESS_LENGTH: Final = 6
_MIN_FIELD: Final = 2


class JkRecords:
    """Decodes the records of one file."""

    takes_text = False

    def __init__(self) -> None:
        """Know nothing of the pack."""
        self._variant: Variant | None = None
        self._log = Reassembler()

    def message(self, data: bytes, hints: Result) -> Result:
        """Decode one whole message, from or to the pack."""
        stated = hints.get("variant")
        variant = Variant(stated) if isinstance(stated, str) and stated in set(Variant) else self._variant
        try:
            if data.startswith(COMMAND_HEADER) and not data.startswith(READY_HEADER):
                return self._command(data, variant)
            frames = Reassembler().feed(data, 0.0)
            if not frames:
                raise FrameError(_what_is_wrong(data))
            # A ready frame may be glued to the frame it announces.
            told = [frame for frame in frames if frame[TYPE_OFFSET] != FrameType.READY] or frames
            if len(told) > 1:
                return {"kind": "notification", "frames": [self._result(frame) for frame in frames]}
            return self._frame(told[0], variant)
        except FrameError as error:
            return {"kind": "rejected", "variant": variant, "reason": error.reason}

    def notifications(self, fragments: list[bytes]) -> list[Result]:
        """Decode the frames in a sequence of notifications, in order."""
        self._variant = None
        reassembler = Reassembler()
        return [self._result(frame) for fragment in fragments for frame in reassembler.feed(fragment, 0.0)]

    def notification(self, data: bytes) -> list[Result]:
        """Decode the frames that one more notification of a log completes."""
        if data.startswith(COMMAND_HEADER) and not data.startswith(READY_HEADER):
            return [self.message(data, {})]
        return [self._result(frame) for frame in self._log.feed(data, 0.0)]

    def verdict(self, write: Result, before: Result, after: Result) -> str:
        """Say what a write turned out to be, from the decoded settings before and after it."""
        key = write["values"]["parameter"]
        variant = Variant(after.get("variant") or write["variant"])
        old, found = (part.get("values", {}).get(key) for part in (before, after))

        def same(one: SettingValue | None, other: SettingValue | None) -> bool:
            try:
                return encode_write(key, one, variant) == encode_write(key, other, variant)
            except ValueError:
                return False

        return judge(same, old=old, wanted=write["values"]["value"], found=found)

    def advertisement(self, data: bytes, hints: Result) -> Result:
        """Decode manufacturer data as it is on the air: company id, then payload."""
        if len(data) < _MIN_FIELD:
            return {"kind": "rejected", "reason": "length"}
        company, payload = int.from_bytes(data[:2], "little"), data[2:]
        name = str(hints.get("local_name") or "")
        advertisement = Advertisement(name=name, manufacturer_data={company: payload}, service_uuids=(SERVICE,))
        values: Result = {
            "company_id": company,
            "manufacturer_payload": payload.hex(),
            "recognised": is_jk(advertisement),
        }
        address = payload.removeprefix(COMPANY_PREFIX)
        if company == COMPANY and payload.startswith(COMPANY_PREFIX) and len(address) == _ADDRESS_LENGTH:
            values["address"] = address.hex(":").upper()
        return {"kind": "advertisement", "values": values}

    def _result(self, frame: bytes) -> Result:
        try:
            return self._frame(frame, self._variant)
        except FrameError as error:
            return {"kind": "rejected", "variant": self._variant, "reason": error.reason}

    def _frame(self, frame: bytes, variant: Variant | None) -> Result:
        match frame[TYPE_OFFSET]:
            case FrameType.CELL_INFO:
                self._variant = variant = detect_variant(frame, variant)
                reading = decode_reading(frame, variant, 0.0)
                check(reading)
                return {"kind": "reading", "variant": variant, "values": reading_values(reading)}
            case FrameType.SETTINGS:
                variant = detect_settings_variant(frame, variant)
                settings = decode_settings(frame, variant, 0.0)
                return {"kind": "settings", "variant": variant, "values": dict(settings.values)}
            case FrameType.DEVICE_INFO:
                identity = decode_identity(frame)
                self._variant = Variant(identity.variant)
                return {"kind": "identity", "variant": identity.variant, "values": _identity_values(identity)}
            case FrameType.SYSTEM_LOG:
                count, entries = decode_log(frame)
                listed = [{"runtime": entry.runtime, "event": entry.event} for entry in entries]
                return {"kind": "log", "variant": variant, "values": {"count": count, "entries": listed}}
            case FrameType.READY:
                return {"kind": "ack", "variant": variant}
            case _:
                return {"kind": "ignored", "variant": variant, "reason": "unknown_type"}

    def _command(self, data: bytes, variant: Variant | None) -> Result:
        if len(data) != COMMAND_LENGTH:
            raise FrameError("length")
        if checksum(data[:-1]) != data[-1]:
            raise FrameError("checksum")
        command, length = data[TYPE_OFFSET], data[_LENGTH_OFFSET]
        if command in _COMMANDS:
            return {"kind": "command", "variant": variant, "values": {"command": _COMMANDS[command]}}
        if length > PAYLOAD_LENGTH:
            raise FrameError("length")
        payload = data[_PAYLOAD_OFFSET : _PAYLOAD_OFFSET + length]
        parameter, value = decode_write(command, payload, variant) if variant else _decode_anywhere(command, payload)
        values = {
            "parameter": parameter,
            "value": value,
            "register": command,
            "length": length,
            "raw": int.from_bytes(payload, "little"),
        }
        return {"kind": "write", "variant": variant, "values": values}


def _decode_anywhere(register: int, payload: bytes) -> tuple[str, SettingValue | None]:
    """Decode a write to a pack whose layout is not known, if all layouts agree on what it means."""
    meanings = []
    for variant in Variant:
        with suppress(FrameError):
            meanings.append(decode_write(register, payload, variant))
    if not meanings:
        raise FrameError("unknown_register")
    if any(meaning != meanings[0] for meaning in meanings):
        raise FrameError("layout_unknown")
    return meanings[0]


def encode_text(variant: str, parameter: str, text: str | None) -> bytes:
    """Return the write of a parameter whose value is given as text; a command has none.

    Raises ValueError if there is no such variant or parameter, or the value does not fit.
    """
    if variant not in set(Variant):
        raise ValueError(f"there is no variant {variant}; choose one of {', '.join(Variant)}")
    layout = Variant(variant)
    row = BY_KEY[layout].get(parameter)
    kind = row.kind if row else None
    value: SettingValue | None = text
    if text is not None and kind is SettingKind.NUMBER:
        value = float(text)
    elif text is not None and kind is SettingKind.SWITCH:
        if text.lower() not in _TRUTHS:
            raise ValueError(f"{parameter} is true or false")
        value = _TRUTHS[text.lower()]
    elif text is not None and kind is SettingKind.CHOICE and text.isdecimal():
        value = f"{UNKNOWN}{text}"
    return encode_write(parameter, value, layout)


def _identity_values(identity: Identity) -> Result:
    keys = ("model", "hw_version", "sw_version", "name", "serial_number", "manufacturing_date")
    values: Result = {key: getattr(identity, key) for key in keys}
    values |= {key: getattr(identity, key) for key in ("max_cells", "power_on_count", "runtime")}
    values |= {key: list(detail) if isinstance(detail, tuple) else detail for key, detail in identity.details.items()}
    return {key: value for key, value in values.items() if value is not None and value != ""}


def _what_is_wrong(data: bytes) -> str:
    """Say why no frame came out of these bytes."""
    start = data.find(RESPONSE_HEADER)
    length = RESPONSE_LENGTH
    if start < 0:
        start, length = data.find(READY_HEADER), COMMAND_LENGTH
    if start < 0:
        return "header"
    if len(data) - start < length:
        return "length"
    return "spliced" if is_spliced(data[start : start + length]) else "checksum"
