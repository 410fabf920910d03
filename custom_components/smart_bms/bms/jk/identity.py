"""JK device info (frame 0x03): who the pack is and which commands it takes.

The frame carries both passwords of the pack in clear text, to any client that connects. They are never decoded, and
`privacy.shown` blanks them wherever a raw frame is kept.
"""

from typing import Any, Final

from ..errors import FrameError
from ..fields import Field, FieldTable
from ..reading import Detail, Identity
from .decode import variant_of
from .layouts import Variant

_TEXTS: Final = {
    "model": (6, 15),
    "hw_version": (22, 8),
    "sw_version": (30, 8),
    "name": (46, 16),
    "manufacturing_date": (78, 8),
    "serial_number": (86, 16),
}
_USER_TEXTS: Final = {"user_data": (102, 16), "user_data_2": (134, 16)}
_SECRETS: Final = ((62, 16), (118, 16))
_FACTORY_PASSWORDS: Final = (b"1234", b"123456")
"""Of the connection and of the settings."""
_SEPARATE_CODE_OFFSET: Final = 97
_LONG_SERIAL_MAJOR: Final = 19

_NUMBERS: Final = FieldTable(
    (
        Field("max_cells", 21, "B"),
        Field("runtime", 38, "I"),
        Field("power_on_count", 42, "I"),
    )
)
# Filled by firmware that lists its commands at 150; 24S and JK04 leave all of it zero.
_COMMANDS: Final = slice(150, 182)
_DETAILS: Final = FieldTable(
    (
        Field("agency_id", 182, "H"),  # unproven
        Field("uart1_protocol", 184, "B"),
        Field("can_protocol", 185, "B"),
        Field("uart2_protocol", 218, "B"),
        Field("buzzer_trigger", 234, "B"),
        Field("dry_contact_1_trigger", 235, "B"),
        Field("dry_contact_2_trigger", 236, "B"),
        Field("uart_library_version", 237, "B"),  # unproven
        Field("buzzer_trigger_value", 238, "i"),
        Field("buzzer_release_value", 242, "i"),
        Field("dry_contact_1_trigger_value", 246, "i"),
        Field("dry_contact_1_release_value", 250, "i"),
        Field("dry_contact_2_trigger_value", 254, "i"),
        Field("dry_contact_2_release_value", 258, "i"),
        Field("data_storage_period", 262, "I"),
        Field("requested_charge_time", 266, "B", 10),
        Field("requested_float_time", 267, "B", 10),
        Field("can_library_version", 268, "B"),  # unproven
        Field("emergency_duration", 269, "B"),
        Field("uart3_protocol", 270, "B"),
        Field("rebulk_soc", 278, "B"),
        Field("protocol_version", 298, "B"),  # unproven
    )
)
_OFFERS: Final = {
    "commands": _COMMANDS,
    "uart1_protocols": slice(186, 190),
    "can_protocols": slice(202, 206),
    "uart2_protocols": slice(219, 223),
    "uart3_protocols": slice(271, 278),
}
"""Bit k of the field stands for number k."""
_OPTIONS: Final = (190, 12)
_MAX_CELLS: Final = 32


def _text(frame: bytes, place: tuple[int, int]) -> str:
    """Return a zero-terminated text; what stands behind the first zero is left over from longer ones."""
    offset, length = place
    return frame[offset : offset + length].split(b"\0")[0].decode("utf-8", "replace").strip()


def _numbers(field: bytes) -> tuple[int, ...]:
    bits = int.from_bytes(field, "little")
    return tuple(number for number in range(len(field) * 8) if bits >> number & 1)


def decode_identity(frame: bytes) -> Identity:
    """Return the identity in a whole, checksum-valid 0x03 frame.

    Raises FrameError (`implausible_identity`) if it holds no readable model.
    """
    texts: dict[str, Any] = {key: _text(frame, place) for key, place in _TEXTS.items()}
    if not texts["model"] or not texts["model"].isascii() or not texts["model"].isprintable():
        raise FrameError("implausible_identity")
    numbers: dict[str, Any] = _NUMBERS.read(frame)
    variant = variant_of(texts["model"], texts["sw_version"])
    major = texts["sw_version"].partition(".")[0]
    if not (major.isdecimal() and int(major) >= _LONG_SERIAL_MAJOR):
        texts["serial_number"] = _text(frame, (86, _SEPARATE_CODE_OFFSET - 86))
    if not 0 < numbers["max_cells"] <= _MAX_CELLS:
        numbers["max_cells"] = None
    details: dict[str, Detail] = {}
    if variant is Variant.JK02_32S and any(frame[_COMMANDS]):
        details = dict(_DETAILS.read(frame))
        details |= {key: _numbers(frame[place]) for key, place in _OFFERS.items()}
        if options := _text(frame, _OPTIONS):
            details["hardware_options"] = options
    # Only compared: what the passwords are is nobody's business.
    passwords = [frame[offset : offset + length].split(b"\0")[0] for offset, length in _SECRETS]
    details["default_password"] = any(
        password == factory for password, factory in zip(passwords, _FACTORY_PASSWORDS, strict=True)
    )
    texts_of_the_user = {key: _text(frame, place) for key, place in _USER_TEXTS.items()}
    # The first can be written, and so is a parameter also while it is empty.
    details |= {key: text for key, text in texts_of_the_user.items() if text or key == "user_data"}
    return Identity(family="jk", variant=variant, **texts, **numbers, details=details)
