"""JBD parameters: register contents into values, and values into register writes."""

from collections.abc import Mapping
from typing import Final

from ..errors import FrameError
from ..settings import Settings, SettingValue
from .decode import decode_date
from .frames import Command, write_request
from .parameters import (
    BY_KEY,
    BY_REGISTER,
    COARSE_UNITS,
    FINER_POINTS,
    FIRST_TEXT,
    FUNCTION_WORD,
    OF_FRONT_END,
    PRODUCTION_DATE,
)

ENTER_CODE: Final = b"\x56\x78"
EXIT_KEEPING: Final = b"\x28\x28"
"""Makes what was written last, and clears the counters."""
EXIT: Final = b"\x00\x00"

CHARGE_SWITCH: Final = "charge_switch"
DISCHARGE_SWITCH: Final = "discharge_switch"
LOCKS: Final = {CHARGE_SWITCH: "charge_lock", DISCHARGE_SWITCH: "discharge_lock"}
"""What a reading shows of the switches, which one command sets, always both."""
REMAINING_CAPACITY: Final = "remaining_capacity_calibration"
COMMANDED: Final = "_commanded"
"""After the key of a lock: what it was last set to, while that cannot be seen."""
TI_FRONT_END: Final = 0
_FIRST_FINER_VERSION: Final = 2

type Registers = Mapping[int, bytes]
"""Contents by number."""


def registers_of(sw_version: str) -> tuple[int, ...]:
    """Return the registers that a board of this software may have, all of them safe to ask for."""
    major = sw_version.partition(".")[0]
    finer = major.isdecimal() and int(major) >= _FIRST_FINER_VERSION
    return tuple(number for number in BY_REGISTER if finer or number not in FINER_POINTS)


def is_coarse(registers: Registers) -> bool:
    """Return whether the function word says that capacities and currents are in steps of 0.1."""
    return bool(int.from_bytes(registers.get(FUNCTION_WORD, b"")) & COARSE_UNITS)


def decode_register(
    register: int, data: bytes, *, coarse: bool = False, front_end: int = TI_FRONT_END
) -> dict[str, SettingValue]:
    """Return the parameters that a register holds; those of another front end than TI's cannot be decoded.

    Raises FrameError: `unknown_register`, `length`.
    """
    if register == PRODUCTION_DATE and len(data) == 2:
        return {"manufacturing_date": decode_date(int.from_bytes(data))}
    if register not in BY_REGISTER:
        raise FrameError("unknown_register")
    if register >= FIRST_TEXT:
        if not data or data[0] > len(data) - 1:
            raise FrameError("length")
    elif len(data) != 2:
        raise FrameError("length")
    reported = [row for row in BY_REGISTER[register] if front_end == TI_FRONT_END or row.key not in OF_FRONT_END]
    return {row.key: row.value(data, coarse=coarse) for row in reported}


def decode_settings(registers: Registers, variant: str, now: float, *, front_end: int = TI_FRONT_END) -> Settings:
    """Return the parameters of all registers that were read; `now` is the monotonic time of the oldest.

    Raises FrameError (`implausible_settings`) if they cannot be those of a board.
    """
    coarse = is_coarse(registers)
    values: dict[str, SettingValue] = {}
    for register, data in registers.items():
        if register in FINER_POINTS and not any(data):
            continue  # a board that does not use them
        values |= decode_register(register, data, coarse=coarse, front_end=front_end)
    cells = values.get("cell_count", 1)
    if not isinstance(cells, int) or not 0 < cells <= 32:
        raise FrameError("implausible_settings")
    return Settings(measured_at=now, variant=variant, values=values)


def encode_register(key: str, old: bytes, value: SettingValue | None, *, coarse: bool = False) -> tuple[int, bytes]:
    """Return the register of a parameter and the data that write it, where `old` is what the register holds.

    Raises ValueError if there is no such parameter or the value cannot be written.
    """
    row = BY_KEY.get(key)
    if row is None or row.coding.is_shunt:
        raise ValueError(f"there is no parameter {key}")
    return row.register, row.put(old, value, coarse=coarse)


def encode_remaining_capacity(value: SettingValue | None) -> bytes:
    """Return the data that set the remaining capacity in Ah, always in steps of 0.01. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{REMAINING_CAPACITY} is a number")  # noqa: TRY004
    try:
        return round(value * 100).to_bytes(2)
    except ValueError, OverflowError:
        raise ValueError(f"{value} does not fit into {REMAINING_CAPACITY}") from None


def encode_switches(*, charge: bool, discharge: bool) -> bytes:
    """Return the data of the command that releases or locks both switches: a set bit locks."""
    return bytes((0, (not charge) | (not discharge) << 1))


def factory_exit(*, keeping: bool) -> bytes:
    """Return the frame that closes them; `keeping` makes writes last, and clears what the board has counted."""
    return write_request(Command.FACTORY_EXIT, EXIT_KEEPING if keeping else EXIT)
