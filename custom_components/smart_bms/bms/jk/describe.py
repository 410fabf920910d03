"""JK messages in words: what a frame of the pack or a command to it says, for `script/decode`."""

from contextlib import suppress
from typing import Any, Final

from ..errors import FrameError
from ..reading import Identity, reading_values
from ..settings import SettingValue
from ..trust import check
from .decode import decode_reading, detect_variant
from .event_log import decode_log
from .frames import (
    COMMAND_LENGTH,
    PAYLOAD_LENGTH,
    READY_HEADER,
    RESPONSE_HEADER,
    RESPONSE_LENGTH,
    TYPE_OFFSET,
    Command,
    FrameType,
    checksum,
    is_spliced,
)
from .identity import decode_identity
from .layouts import Variant
from .settings import decode_settings, decode_write, detect_settings_variant

type Result = dict[str, Any]

_COMMANDS: Final = {int(command): command.name.lower() for command in Command}
_LENGTH_OFFSET: Final = 5
_PAYLOAD_OFFSET: Final = 6


def layout_of(frame: bytes, known: Variant | None) -> Variant | None:
    """Return the layout of a whole frame by its content, `known` where it has none of its own. Raises FrameError."""
    match frame[TYPE_OFFSET]:
        case FrameType.CELL_INFO:
            return detect_variant(frame, known)
        case FrameType.SETTINGS:
            return detect_settings_variant(frame, known)
        case FrameType.DEVICE_INFO:
            return Variant(decode_identity(frame).variant)
        case _:
            return known


def answer(frame: bytes, variant: Variant | None) -> Result:
    """Return what a whole frame of this layout says. Raises FrameError, also if its values are not possible."""
    described: Result = {"kind": "ignored", "variant": variant}
    match frame[TYPE_OFFSET]:
        case FrameType.CELL_INFO if variant is not None:
            reading = decode_reading(frame, variant, 0.0)
            check(reading)
            return described | {"kind": "reading", "values": reading_values(reading)}
        case FrameType.SETTINGS if variant is not None:
            settings = decode_settings(frame, variant, 0.0)
            return described | {"kind": "settings", "values": dict(settings.values)}
        case FrameType.DEVICE_INFO:
            return described | {"kind": "identity", "values": _identity_values(decode_identity(frame))}
        case FrameType.SYSTEM_LOG:
            count, entries = decode_log(frame)
            listed = [{"runtime": entry.runtime, "event": entry.event} for entry in entries]
            return described | {"kind": "log", "values": {"count": count, "entries": listed}}
        case FrameType.READY:
            return described | {"kind": "ack"}
        case _:
            return described | {"reason": "unknown_type"}


def command(data: bytes, variant: Variant | None) -> Result:
    """Return what a command to the pack says; `variant` is its layout, if known. Raises FrameError."""
    if len(data) != COMMAND_LENGTH:
        raise FrameError("length")
    if checksum(data[:-1]) != data[-1]:
        raise FrameError("checksum")
    number, length = data[TYPE_OFFSET], data[_LENGTH_OFFSET]
    if number in _COMMANDS:
        return {"kind": "command", "variant": variant, "values": {"command": _COMMANDS[number]}}
    if length > PAYLOAD_LENGTH:
        raise FrameError("length")
    payload = data[_PAYLOAD_OFFSET : _PAYLOAD_OFFSET + length]
    parameter, value = decode_write(number, payload, variant) if variant else _decode_anywhere(number, payload)
    values = {
        "parameter": parameter,
        "value": value,
        "register": number,
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


def _identity_values(identity: Identity) -> Result:
    keys = ("model", "hw_version", "sw_version", "name", "serial_number", "manufacturing_date")
    values: Result = {key: getattr(identity, key) for key in keys}
    values |= {key: getattr(identity, key) for key in ("max_cells", "power_on_count", "runtime")}
    values |= {key: list(detail) if isinstance(detail, tuple) else detail for key, detail in identity.details.items()}
    return {key: value for key, value in values.items() if value is not None and value != ""}


def what_is_wrong(data: bytes) -> str:
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
