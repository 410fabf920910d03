"""JBD replies into readings: basic information (0x03), cell voltages (0x04), protection counters (0xAA).

Offsets, units and bits as the vendor documents V4 to V13 and all captures have them. Where those disagree (the tail of
newer firmware, above all) the comment says what was settled on.
"""

from functools import lru_cache
import struct
from typing import Any, Final

from ..alarm import Alarm
from ..errors import FrameError
from ..reading import Detail, Reading
from .alarms import SOFTWARE_LOCK, alarms, unnamed_bits

_FIXED: Final = struct.Struct(">HhHHHHHHHBBBBB")
_ZERO_CELSIUS: Final = 2731
_COARSE_BIT: Final = 0x80
_PRECHARGE_BIT: Final = 0x04
_HEATER_BIT: Final = 0x08
_CHARGE_BIT: Final = 0x01
_DISCHARGE_BIT: Final = 0x02
_NO_PACK: Final = frozenset({3.6, 0.0})
"""V that a board without cells reports for each of them, beside a pack voltage of nothing."""
_MAX_BALANCE_CURRENT: Final = 5000
_IN_UNITS: Final = frozenset({"current", "power", "remaining_capacity", "full_capacity", "design_capacity"})
_TAIL_LENGTHS: Final = (9, 16)
"""Of boards of this maker; others that speak the language append what they like."""
_PROTOCOL_VERSION_PLACE: Final = 11
_LEARNED_SHARE: Final = (0.2, 2.0)
"""Of the nominal capacity, that a board can have learned."""
_SAME_SHARE: Final = 0.01
"""Of the nominal capacity, by which both places of the remaining one may differ."""
_CONTRADICTIONS: Final = (0x0003, 0x000C, 0x0300)
"""Warnings that no pack has at once: voltage of a cell high and low, of the pack, current in both directions."""
_RELIEVED_FROM: Final = 1.0
"""A; boards are said to do it from about 2 A."""
_FIRST_YEAR: Final = 2000

COUNTERS: Final = (
    Alarm.SHORT_CIRCUIT,
    Alarm.CHARGE_OVERCURRENT,
    Alarm.DISCHARGE_OVERCURRENT,
    Alarm.CELL_OVERVOLTAGE,
    Alarm.CELL_UNDERVOLTAGE,
    Alarm.CHARGE_OVERTEMPERATURE,
    Alarm.CHARGE_UNDERTEMPERATURE,
    Alarm.DISCHARGE_OVERTEMPERATURE,
    Alarm.DISCHARGE_UNDERTEMPERATURE,
    Alarm.PACK_OVERVOLTAGE,
    Alarm.PACK_UNDERVOLTAGE,
)
RESTARTS: Final = "restarts"

# Which protections keep a switch open; a short circuit and a front end in trouble count for both.
_CHARGE_OPENERS: Final = 0x0D35
_DISCHARGE_OPENERS: Final = 0x0ECA


@lru_cache(maxsize=64)
def _numbers(mask: int) -> tuple[int, ...]:
    """Return the cells whose bits are set; bit 0 is cell 1."""
    return tuple(bit + 1 for bit in range(mask.bit_length()) if mask >> bit & 1)


@lru_cache(maxsize=16)
def decode_date(packed: int) -> str:
    """Return a production date as YYYY-MM-DD, empty if it was never set."""
    year, month, day = _FIRST_YEAR + (packed >> 9), packed >> 5 & 0x0F, packed & 0x1F
    return f"{year}-{month:02}-{day:02}" if 0 < month <= 12 and day else ""


@lru_cache(maxsize=16)
def decode_version(packed: int) -> str:
    """Return a software version: two nibbles, the second of which may exceed nine."""
    return f"{packed >> 4}.{packed & 0x0F}"


def _lock_of(protections: int, *, closed: bool, openers: int, against: float) -> bool | None:
    """Return whether a switch is locked by a command; None if that cannot be seen now.

    Another protection that keeps it open hides a lock, and so does a current `against` its direction (in A): newer boards
    close a locked switch then, to spare its body diode.
    """
    if not protections & SOFTWARE_LOCK:
        return False
    if closed:
        return None if against >= _RELIEVED_FROM else False
    return None if protections & openers else True


def decode_basic(data: bytes, *, coarse: bool | None = False) -> dict[str, Any]:
    """Return the values of a Reading that basic information holds, without its time.

    `coarse`: the board's function bits say that currents and capacities are in steps of 0.1 instead of 0.01; while that is
    not known (None) there are neither. Raises FrameError (`length`).
    """
    if len(data) < _FIXED.size or len(data) < _FIXED.size + 2 * data[22]:
        raise FrameError("length")
    (
        voltage,
        current,
        remaining,
        nominal,
        cycles,
        date,
        balance_low,
        balance_high,
        protections,
        version,
        soc,
        switches,
        cells,
        probes,
    ) = _FIXED.unpack_from(data)
    coarse = True if switches & _COARSE_BIT else coarse
    # For what only asks how much there may be, the most there may be.
    unit = 100 if coarse is False else 10
    tail = data[_FIXED.size + 2 * probes :]
    raw_temperatures = struct.unpack_from(f">{probes}H", data, _FIXED.size)
    balancing = balance_low | balance_high << 16
    details: dict[str, Detail] = {
        "stated_cells": cells,
        "probe_count": probes,
        "manufacturing_date": decode_date(date),
        "sw_version": decode_version(version),
        "switch_byte": switches,
    }
    if coarse is not None:
        details |= {"nominal_capacity": nominal / unit, "coarse_units": coarse}
    if unnamed := unnamed_bits(protections):
        details["unnamed_protection_bits"] = unnamed
    values: dict[str, Any] = {
        "voltage": voltage / 100,
        "current": current / unit,
        "power": round(voltage * current / (100 * unit), 2),
        "soc": float(soc),
        "remaining_capacity": remaining / unit,
        # Without a tail it behaves like what the board has learned (109.91 Ah on a pack of 100 Ah).
        "full_capacity": nominal / unit,
        "cycles": cycles,
        "temperatures": {
            f"temperature_{number}": (raw - _ZERO_CELSIUS) / 10 for number, raw in enumerate(raw_temperatures, 1) if raw
        },
        "balancing": balancing > 0,
        "balancing_cells": _numbers(balancing),
        "charging_enabled": bool(switches & _CHARGE_BIT),
        "discharging_enabled": bool(switches & _DISCHARGE_BIT),
        "alarm_mask": protections,
        "details": details,
    }
    warnings = _decode_tail(tail, unit, values, details) if _is_known(tail, remaining, nominal) else 0
    locks = {
        "charge_lock": _lock_of(
            protections, closed=values["charging_enabled"], openers=_CHARGE_OPENERS, against=-values["current"]
        ),
        "discharge_lock": _lock_of(
            protections, closed=values["discharging_enabled"], openers=_DISCHARGE_OPENERS, against=values["current"]
        ),
    }
    if coarse is None:
        values = {key: value for key, value in values.items() if key not in _IN_UNITS}
    if protections & SOFTWARE_LOCK and not any(locks.values()) and None not in locks.values():
        # One of them is locked: a current too small to tell is sparing a body diode.
        locks = {}
    details |= {key: lock for key, lock in locks.items() if lock is not None}
    values["alarms"] = alarms(protections, warnings)
    return values


def _is_known(tail: bytes, remaining: int, nominal: int) -> bool:
    """Return whether this is what newer firmware appends: it says the remaining capacity once more (all captures)."""
    if len(tail) not in _TAIL_LENGTHS:
        return False
    warnings, learned, again = struct.unpack_from(">3H", tail, 1)
    low, high = _LEARNED_SHARE
    return (
        abs(again - remaining) <= _SAME_SHARE * nominal
        and low * nominal <= learned <= high * nominal
        and not any(warnings & both == both for both in _CONTRADICTIONS)
    )


def _decode_tail(tail: bytes, unit: int, values: dict[str, Any], details: dict[str, Detail]) -> int:
    """Add what newer firmware appends; return the warning bits."""
    switches = details["switch_byte"]
    bits = switches if isinstance(switches, int) else 0
    # The documents of firmware with a tail define this bit, those of older firmware do not; other makers use it otherwise.
    values["heating"] = bool(bits & _HEATER_BIT)
    if tail[0]:
        details["humidity"] = tail[0]
    details["warning_mask"] = warnings = int.from_bytes(tail[1:3])
    values["design_capacity"] = values["full_capacity"]
    values["full_capacity"] = int.from_bytes(tail[3:5]) / unit
    # The two bytes after it are the remaining capacity once more, not a current as some clients have it.
    balance = int.from_bytes(tail[7:9], signed=True)
    if abs(balance) <= _MAX_BALANCE_CURRENT:
        values["balance_current"] = balance / 1000
    if len(tail) > _PROTOCOL_VERSION_PLACE:
        details["protocol_version"] = tail[_PROTOCOL_VERSION_PLACE] / 10
        values["precharging"] = bool(bits & _PRECHARGE_BIT)
    return warnings


def decode_cells(data: bytes) -> tuple[float, ...]:
    """Return cell voltages in V; a zero is a real reading: an open wire, a missing cell. Raises FrameError (`length`)."""
    if not data or len(data) % 2:
        raise FrameError("length")
    raw = struct.unpack(f">{len(data) // 2}H", data)
    return tuple([millivolts / 1000 for millivolts in raw])


def decode_counters(data: bytes) -> dict[str, int]:
    """Return how often each protection has tripped, by alarm, and `restarts` where told. Raises FrameError (`length`)."""
    if len(data) not in (2 * len(COUNTERS), 2 * len(COUNTERS) + 2):
        raise FrameError("length")
    counts = struct.unpack(f">{len(data) // 2}H", data)
    return dict(zip((*COUNTERS, RESTARTS), counts, strict=False))


def reading_of(basic: dict[str, Any], cells: tuple[float, ...], counters: dict[str, int], now: float) -> Reading:
    """Return the reading that the answers to one poll make; `now` is the monotonic time of the older one.

    Raises FrameError (`no_cells`) if no pack is connected to the board.
    """
    if _NO_PACK.issuperset(cells) and basic["voltage"] <= sum(cells) / 2:
        raise FrameError("no_cells")
    values = basic | {"measured_at": now, "cell_voltages": cells}
    if counters:
        values["counters"] = counters
    if cells:
        values["cell_range"] = (min(cells), max(cells))
    return Reading.of(values)
