"""Daly measurements into the values of a Reading, one function for each dialect.

The sign of the current is the wire's: which way it goes differs from generation to generation (`sign.py`).
"""

from collections.abc import Mapping
from itertools import takewhile
from typing import Any, Final

from ..errors import FrameError
from ..reading import Detail
from .alarms import D2_OPENED_BY_COMMAND, d2_alarms, p81_alarms, p81_states
from .common import (
    STATES,
    UNSUPPORTED,
    cells,
    completed,
    current,
    milliamperes,
    plain,
    probes,
    soc,
    switch,
    temperature,
    tenths,
)

D2_LIVE: Final = (0x0000, 62)
D2_MORE: Final = (0x003E, 9)
D2_MORE_CELLS: Final = (0x003E, 25)
"""With the cells from the 33rd on."""
P81_LIVE: Final = (0x0000, 65)
P81_LIVE_SHORT: Final = (0x0000, 64)
P81_STATE: Final = (0x0041, 62)
P81_UPTIME: Final = (0x00A4, 10)

_D2_CELLS: Final = 32
_MAX_CELLS: Final = 48
_P81_CELLS: Final = 48
_PROBES: Final = 8
_UNKNOWN_LONG: Final = 0xFFFF_FFFF

type RegisterValues = tuple[int, ...]
type Values = dict[str, Any]


def _must_have(words: RegisterValues, count: int) -> None:
    if len(words) < count:
        raise FrameError("length")


def _must_be_there(*words: int) -> None:
    """Raise FrameError for a block that the board does not have and answers with unsupported values."""
    if set(words) == {UNSUPPORTED}:
        raise FrameError("unsupported")


def decode_d2(words: RegisterValues, more: RegisterValues = ()) -> Values:
    """Return the values in the registers from 0x0000 on, and in those from 0x003E on if the board has them.

    Raises FrameError.
    """
    _must_have(words, D2_LIVE[1])
    _must_be_there(words[0x28], words[0x31])
    more = more or words[D2_LIVE[1] :]
    count, sensors = min(words[0x31], _D2_CELLS), min(words[0x32], _PROBES)
    volts = words[:count]
    if words[0x31] > _D2_CELLS and len(more) >= D2_MORE_CELLS[1]:
        volts += more[9 : 9 + min(words[0x31], _MAX_CELLS) - _D2_CELLS]
    alarms = words[0x3A:0x3E]
    details: dict[str, Detail] = {
        "state": STATES.get(words[0x2F], f"unknown_{words[0x2F]}"),
        "stated_cells": words[0x31],
        "probe_count": words[0x32],
        "opened_by_command": bool(alarms[3] >> D2_OPENED_BY_COMMAND - 48 & 1),
    }
    if (delta := plain(words[0x38])) is not None:
        details["stated_cell_delta"] = delta / 1000
    values: Values = {
        "voltage": words[0x28] / 10,
        "current": current(words[0x29]),
        "soc": soc(words[0x2A]),
        "remaining_capacity": tenths(words[0x30]),
        "cycles": plain(words[0x33]),
        "cell_voltages": cells(volts),
        "temperatures": dict(probes(words[0x20 : 0x20 + sensors])),
        "balancing": bool(words[0x34]) if words[0x34] <= 2 else None,
        "charging_enabled": switch(words[0x35]),
        "discharging_enabled": switch(words[0x36]),
        "alarms": d2_alarms(alarms),
        "alarm_mask": int.from_bytes(b"".join(word.to_bytes(2) for word in alarms)),
        "details": details,
    }
    if len(more) >= D2_MORE[1]:
        _add_more_of_d2(more, values, details)
    return completed(values)


def _add_more_of_d2(more: RegisterValues, values: Values, details: dict[str, Detail]) -> None:
    # One source has masks of the balancer here, the vendor's sheet a mileage: never seen but zero.
    if mask := more[0] | more[1] << 16:
        details["balance_mask"] = mask
    values["balance_current"] = milliamperes(more[2])
    for key, raw in (("mosfet", more[4]), ("board", more[5])):
        if (value := temperature(raw)) is not None:
            values["temperatures"][key] = float(value)


def decode_p81(words: RegisterValues) -> Values:
    """Return the values in the first block, which holds cells, temperatures and the pack. Raises FrameError."""
    _must_have(words, P81_LIVE_SHORT[1])
    _must_be_there(words[0x38], words[0x3C])
    count, sensors = min(words[0x3C], _P81_CELLS), min(words[0x3D], _PROBES)
    return completed(
        {
            "voltage": words[0x38] / 10,
            "current": current(words[0x39]),
            "soc": soc(words[0x3A]),
            "cell_voltages": cells(words[:count]),
            "temperatures": dict(probes(words[0x30 : 0x30 + sensors])),
            "details": {
                "stated_cells": words[0x3C],
                "probe_count": words[0x3D],
                "heartbeat": words[0x3B],
                # A sensor that is set up and not plugged in: the board says so in an alarm of its own.
                "probes_missing": sum(temperature(raw) is None for raw in words[0x30 : 0x30 + sensors]),
            },
        }
    )


def decode_p81_state(words: RegisterValues) -> Values:
    """Return the values in the second block, from 0x0041 on. Raises FrameError."""
    _must_have(words, P81_STATE[1])

    def at(register: int) -> int:
        return words[register - P81_STATE[0]]

    faults = words[0x6D - P81_STATE[0] : 0x74 - P81_STATE[0]]
    details: dict[str, Detail] = {
        "state": STATES.get(at(0x48), f"unknown_{at(0x48)}"),
        "balance_state": at(0x4D),
        **p81_states(faults),
    }
    if (delta := plain(at(0x42))) is not None:
        details["stated_cell_delta"] = delta / 1000
    if at(0x59) not in (0, 0xFFFF):
        details["energy"] = at(0x59)
    # Which bit is which cell two sources see differently.
    if mask := at(0x4F) | at(0x50) << 16 | at(0x51) << 32:
        details["balance_mask"] = mask
    values: Values = {
        "remaining_capacity": tenths(at(0x4B)),
        "cycles": plain(at(0x4C)),
        "balancing": bool(at(0x4D)) if at(0x4D) <= 2 else None,
        "balance_current": milliamperes(at(0x4E)),
        "charging_enabled": switch(at(0x52)),
        "discharging_enabled": switch(at(0x53)),
        "precharging": switch(at(0x54)),
        "heating": switch(at(0x55)),
        "temperatures": {},
        "alarms": p81_alarms(faults),
        "alarm_mask": int.from_bytes(b"".join(word.to_bytes(2) for word in faults)),
        "details": details,
    }
    for key, raw in (("mosfet", at(0x5A)), ("board", at(0x5B))):
        if (value := temperature(raw)) is not None:
            values["temperatures"][key] = float(value)
    return values


def decode_p81_uptime(words: RegisterValues) -> int | None:
    """Return the seconds that the board has been on in its life, None if it does not count them."""
    _must_have(words, P81_UPTIME[1])
    total = words[5] << 16 | words[6]
    return None if total == _UNKNOWN_LONG else total


def joined(first: Values, second: Values) -> Values:
    """Return the values of two blocks of one poll."""
    values = first | second
    for key in ("temperatures", "details"):
        values[key] = {**first.get(key, {}), **second.get(key, {})}
    return values


# A5: each command has eight bytes of its own; several frames of one command are numbered from 1.

_A5_CELLS: Final = 48
_A5_PROBES: Final = 16
_MOSFET_RANGE: Final = range(-30, 121)


def decode_a5(answers: Mapping[int, list[bytes]], *, mosfet: bool = False) -> Values:
    """Return the values in the answers to 0x90 and the following, as far as they are there.

    `mosfet`: the last byte of 0x94 is the temperature of the power stage, and not left over from another answer.
    Raises FrameError.
    """
    values: Values = {"temperatures": {}}
    details: dict[str, Detail] = {}
    if data := _only(answers, 0x90):
        values |= {
            "voltage": int.from_bytes(data[:2]) / 10,
            "current": current(int.from_bytes(data[4:6])),
            "soc": soc(int.from_bytes(data[6:8])),
        }
    if data := _only(answers, 0x93):
        details |= {"state": STATES.get(data[0], f"unknown_{data[0]}"), "heartbeat": data[3]}
        values |= {
            "charging_enabled": switch(data[1]),
            "discharging_enabled": switch(data[2]),
            "remaining_capacity": int.from_bytes(data[4:8]) / 1000,
        }
    count = sensors = None
    if data := _only(answers, 0x94):
        count, sensors = data[0], data[1]
        details |= {"stated_cells": count, "probe_count": sensors}
        for key, raw in (("charger_connected", data[2]), ("load_connected", data[3])):
            if (connected := switch(raw)) is not None:
                details[key] = connected
        values["cycles"] = plain(int.from_bytes(data[5:7]))
        if mosfet and (raw := data[7] - 40) in _MOSFET_RANGE:
            values["temperatures"]["mosfet"] = float(raw)
    if 0x95 in answers:
        values["cell_voltages"] = cells(_a5_cells(answers[0x95], count))
    if 0x96 in answers:
        values["temperatures"] |= dict(probes(_a5_probes(answers[0x96], sensors)))
    if data := _only(answers, 0x97):
        _add_a5_balancing(data, count or _A5_CELLS, values)
    if data := _only(answers, 0x98):
        words = (*(data[place] | data[place + 1] << 8 for place in (0, 2, 4)), data[6])
        values |= {
            "alarms": d2_alarms(words),
            "alarm_mask": int.from_bytes(b"".join(word.to_bytes(2) for word in words)),
        }
        details["opened_by_command"] = bool(data[6] >> D2_OPENED_BY_COMMAND - 48 & 1)
        if data[7]:
            details["fault_code"] = data[7]
    return completed(values | {"details": details})


def _only(answers: Mapping[int, list[bytes]], command: int) -> bytes | None:
    return answers[command][-1] if answers.get(command) else None


def a5_frames_needed(count: int, size: int) -> int:
    """Return how many frames hold so many values."""
    return -(-count // size)


def _numbered(frames: list[bytes], size: int, item: int) -> dict[int, bytes]:
    """Return the items by number from 1; frames count from 1, but a board that has a frame 0 counts from there."""
    first = 0 if any(frame[0] == 0 for frame in frames) else 1
    found: dict[int, bytes] = {}
    for frame in frames:
        for place in range(size):
            data = frame[1 + place * item : 1 + (place + 1) * item]
            if frame[0] != 0xFF:
                found[(frame[0] - first) * size + place + 1] = data
    return found


def _a5_cells(frames: list[bytes], count: int | None) -> list[int]:
    found = {number: int.from_bytes(data) for number, data in _numbered(frames, 3, 2).items()}
    # What lies beyond the last cell is left over from other cells.
    if count is None:
        return [*takewhile(bool, (found.get(number, 0) for number in range(1, _A5_CELLS + 1)))]
    wanted = range(1, min(count, _A5_CELLS) + 1)
    if any(number not in found for number in wanted):
        raise FrameError("incomplete")
    return [found[number] for number in wanted]


def _a5_probes(frames: list[bytes], count: int | None) -> list[int]:
    found = {number: data[0] for number, data in _numbered(frames, 7, 1).items()}
    wanted = min(count if count is not None else len(found), _A5_PROBES)
    return [found.get(number, 0) for number in range(1, wanted + 1)]


def _add_a5_balancing(data: bytes, count: int, values: Values) -> None:
    mask = int.from_bytes(data[:6], "little")
    values["balancing"] = mask > 0
    # One board has a flag and the number of a cell here instead of the mask.
    ambiguous = data[0] <= 1 and 0 < data[1] <= count and not any(data[2:6])
    if not mask:
        values["balancing_cells"] = ()
    elif not ambiguous and mask < 1 << count:
        values["balancing_cells"] = tuple(bit + 1 for bit in range(count) if mask >> bit & 1)
