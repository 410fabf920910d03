"""Daly parameters: blocks of registers, or answers of A5, into values; values into writes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from ..settings import Proof, SettingValue
from .frames import Dialect, a5_request, write_request
from .parameters import BY_KEY, PARAMETERS, Parameter

type Blocks = Mapping[int, bytes]
"""Content of registers by the number of the first, or the data of commands of A5."""

A5_SWITCHES: Final = {"discharge_switch": 0xD9, "charge_switch": 0xDA}
A5_SOC: Final = 0x21
SOC: Final = "soc_calibration"
_CELL_COUNTS: Final = tuple(f"cell_count_{board}" for board in (1, 2, 3))


def decode_settings(dialect: Dialect, blocks: Blocks) -> dict[str, SettingValue]:
    """Return the parameters that the blocks hold, by key; those of a D2 board with the sum of its cells."""
    values: dict[str, SettingValue] = {}
    for row in PARAMETERS[dialect]:
        data = _bytes_of(row, dialect, blocks)
        if data is not None and (value := row.value(data)) is not None:
            values[row.key] = value
    counts = [values.pop(key) for key in _CELL_COUNTS if key in values]
    if counts:
        values["cell_count"] = sum(count for count in counts if isinstance(count, int))
    if not any(values.get(key, True) for key in ("max_charge_current", "max_discharge_current")):
        # A balancer without switches: what it holds for a pack means nothing.
        values = {key: value for key, value in values.items() if not key.startswith("pack_") and "current" not in key}
    return values


def _bytes_of(row: Parameter, dialect: Dialect, blocks: Blocks) -> bytes | None:
    if dialect is Dialect.A5:
        data = blocks.get(row.number, b"")[row.offset : row.offset + row.size]
        return data if len(data) == row.size else None
    for first, content in blocks.items():
        start = 2 * (row.number - first)
        if start >= 0 and len(content) >= start + row.size:
            return content[start : start + row.size]
    return None


def encode_write(dialect: Dialect, key: str, value: SettingValue | None) -> tuple[int, tuple[int, ...]]:
    """Return the register of D2 or 81 that a parameter is written to, and what is written.

    Raises ValueError if there is no such parameter or the value cannot be written.
    """
    row = BY_KEY[dialect].get(key)
    if row is None or row.proof is Proof.READ_ONLY:
        raise ValueError(f"{dialect} has no parameter {key} that could be written")
    return row.number, (row.encode(value),)


def write_frame(dialect: Dialect, key: str, value: SettingValue | None, *, host: int, now: datetime) -> bytes:
    """Return the frame that writes a parameter.

    A5 sets the clock together with the state of charge: `now` is the local time. Raises ValueError.
    """
    if dialect is not Dialect.A5:
        register, values = encode_write(dialect, key, value)
        return write_request(dialect, register, values)
    if key in A5_SWITCHES:
        if not isinstance(value, bool):
            raise ValueError(f"{key} is true or false")
        return a5_request(host, A5_SWITCHES[key], bytes((value, *bytes(7))))
    if key == SOC:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 100:
            raise ValueError(f"{key} is a number from 0 to 100")
        clock = bytes((now.year % 100, now.month, now.day, now.hour, now.minute, now.second))
        return a5_request(host, A5_SOC, clock + round(value * 10).to_bytes(2))
    raise ValueError(f"{dialect} has no parameter {key} that could be written")
