"""Who a Daly pack is: the texts of its three dialects. The password beside them is only compared, never kept."""

import re
from typing import Final

from ..reading import Detail, Identity
from .common import text, texts
from .frames import Dialect

_DEFAULT_PASSWORD: Final = b"123456"
_DATE: Final = re.compile(r"20\d{6}$")
_P81_FIELD: Final = 14
_P81_SERIAL: Final = slice(0x18D - 0x178, 0x18D - 0x178 + 7)


def d2_texts(data: bytes) -> dict[str, str]:
    """Return software, hardware and date from the registers 0x00A9 to 0x00C8.

    Older boards leave the field of the hardware empty and have it in the next one.
    """
    software, hardware, code = text(data[:16]), text(data[16:32]), text(data[32:64])
    found = {"sw_version": software, "hw_version": hardware or ("" if _DATE.match(code) else code)}
    if _DATE.match(code):
        found["manufacturing_date"] = code
    return found


def p81_texts(data: bytes) -> dict[str, str]:
    """Return the texts from the registers 0x0178 on: fields of seven registers."""
    software, board, platform = texts(data, _P81_FIELD, 3)
    words = slice(2 * _P81_SERIAL.start, 2 * _P81_SERIAL.stop)
    found = {"sw_version": software, "hw_version": board, "platform": platform, "serial_number": text(data[words])}
    code = text(data[2 * (0x199 - 0x178) : 2 * (0x199 - 0x178) + 16].replace(b"\0", b" "))
    if _DATE.match(code):
        found["manufacturing_date"] = code
    return found


def a5_text(frames: list[bytes]) -> str:
    """Return a text that comes in numbered frames of seven characters."""
    parts = {frame[0]: frame[1:] for frame in frames}
    return text(b"".join(parts[number] for number in sorted(parts)))


def production_date(data: bytes) -> str:
    """Return the date in bytes YY MM DD as YYYY-MM-DD, empty if it was never set."""
    year, month, day = data[:3]
    return f"20{year:02}-{month:02}-{day:02}" if year and 0 < month <= 12 and 0 < day <= 31 else ""


def is_default_password(data: bytes) -> bool:
    """Return whether the parameter password is the factory's. What it is is nobody's business."""
    return data[:6] == _DEFAULT_PASSWORD


def identity_of(
    dialect: Dialect, reported: dict[str, str], *, cells: int | None, details: dict[str, Detail]
) -> Identity:
    """Return the identity of a board that sent these texts."""
    more: dict[str, Detail] = {"platform": reported["platform"]} if reported.get("platform") else {}
    return Identity(
        family="daly",
        variant=dialect,
        model=reported.get("hw_version", ""),
        hw_version=reported.get("hw_version", ""),
        sw_version=reported.get("sw_version", ""),
        serial_number=reported.get("serial_number", ""),
        manufacturing_date=reported.get("manufacturing_date", ""),
        max_cells=cells,
        details=more | details,
    )
