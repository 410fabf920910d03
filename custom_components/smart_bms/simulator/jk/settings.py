"""How a JK board takes writes: where each register lands, what the board refuses, and what a write does to it.

Register numbers and places are written down here a second time on purpose, as in `peripheral.py`.
"""

from dataclasses import dataclass, field
from itertools import pairwise
import struct
from typing import Final

from ..board import Board

# Of the settings frame: where a register is kept, and how.
_JK02: Final = {0x01 + place: (6 + 4 * place, "I") for place in range(0x20)}
_JK02_32S: Final = _JK02 | {
    0x21: (134, "I"),
    0x22: (138, "I"),
    0x24: (270, "I"),
    0x25: (274, "I"),
    0x37: (284, "b"),
    0x38: (285, "b"),
    0x39: (286, "B"),
    0x3A: (296, "b"),
    0x3B: (297, "b"),
}
_JK02_24S: Final = _JK02 | {0x25: (134, "I"), 0x26: (138, "I")}
_JK04: Final = {
    0x1C: (34, "H"),
    0x20: (38, "f"),
    0x44: (74, "f"),
    0x58: (98, "f"),
    0x64: (106, "f"),
    0x68: (110, "f"),
    0x6C: (114, "B"),
}
SETTINGS_PLACES: Final = {"JK02_32S": _JK02_32S, "JK02_24S": _JK02_24S, "JK04": _JK04}

SWITCH_WORD: Final = 282
SWITCHES: Final = range(0x27, 0x37)

# Of the device info.
INFO_PLACES: Final = {
    0x9F: (102, "13s"),
    0xA5: (184, "B"),
    0xA6: (185, "B"),
    0xA8: (218, "B"),
    0xA9: (234, "B"),
    0xAA: (235, "B"),
    0xAB: (236, "B"),
    0xB3: (266, "B"),
    0xB4: (267, "B"),
    0xB5: (269, "B"),
    0xB6: (270, "B"),
    0xB7: (278, "B"),
}
_SHORT_ON_THE_WAY: Final = frozenset((0xA5, 0xA6, 0xA8, 0xA9, 0xAA, 0xAB, 0xB6))
"""Two bytes in the write, one in the frame."""

# Falling from each to the next; the board takes nothing that breaks it.
_ORDERS: Final = (("I", (18, 22, 14, 10, 46)), ("i", (82, 86, 102, 98)), ("i", (90, 94)))

# What the board acts upon; all else is just kept.
_LIMITS_JK02: Final = {
    10: ("I", 1000, "cell_undervoltage"),
    14: ("I", 1000, "cell_undervoltage_release"),
    18: ("I", 1000, "cell_overvoltage"),
    22: ("I", 1000, "cell_overvoltage_release"),
    26: ("I", 1000, "balance_trigger"),
    46: ("I", 1000, "power_off"),
    50: ("I", 1000, "charge_current"),
    54: ("I", 1, "charge_overcurrent_delay"),
    58: ("I", 1, "charge_overcurrent_release"),
    62: ("I", 1000, "discharge_current"),
    66: ("I", 1, "discharge_overcurrent_delay"),
    70: ("I", 1, "discharge_overcurrent_release"),
    78: ("I", 1000, "balance_current"),
    82: ("i", 10, "charge_overtemperature"),
    86: ("i", 10, "charge_overtemperature_release"),
    90: ("i", 10, "discharge_overtemperature"),
    94: ("i", 10, "discharge_overtemperature_release"),
    98: ("i", 10, "charge_undertemperature"),
    102: ("i", 10, "charge_undertemperature_release"),
    106: ("i", 10, "mosfet_overtemperature"),
    110: ("i", 10, "mosfet_overtemperature_release"),
    138: ("I", 1000, "balance_start"),
}
_LIMITS_JK02_32S: Final = _LIMITS_JK02 | {
    296: ("b", 1, "discharge_undertemperature"),
    297: ("b", 1, "discharge_undertemperature_release"),
}
_LIMITS_JK04: Final = {
    38: ("f", 1, "cell_undervoltage"),
    98: ("f", 1, "balance_start"),
    106: ("f", 1, "balance_trigger"),
    110: ("f", 1, "balance_current"),
}
ACTED_UPON: Final = {"JK02_32S": _LIMITS_JK02_32S, "JK02_24S": _LIMITS_JK02, "JK04": _LIMITS_JK04}
_SWITCHES_JK02: Final = {118: "charge_switch", 122: "discharge_switch", 126: "balance_switch"}
_SWITCHES_JK04: Final = {114: "balance_switch"}

# One-touch presets of the board; UVP, UVPR, OVP, OVPR, power-off in mV.
PRESETS: Final = {
    0x68: (2900, 3200, 4200, 4100, 2800),
    0x69: (2700, 2900, 3600, 3500, 2600),
    0x6A: (1800, 2000, 2700, 2400, 1700),
}
_FACTORY_RESET: Final = 0x9D


@dataclass(slots=True)
class Memory:
    """What was written and no part of the board acts upon, by its place in the frame."""

    settings: dict[int, bytes] = field(default_factory=dict)
    info: dict[int, bytes] = field(default_factory=dict)


def overlay(body: bytearray, kept: dict[int, bytes]) -> bytearray:
    """Put what was written over what the board would say by itself."""
    for place, data in kept.items():
        body[place : place + len(data)] = data
    return body


def in_order(body: bytearray) -> bool:
    """Return whether a settings frame breaks none of the orders that the board guards."""
    for code, places in _ORDERS:
        values = [struct.unpack_from("<" + code, body, place)[0] for place in places]
        if any(higher <= lower for higher, lower in pairwise(values)):
            return False
    return True


def written(layout: str, body: bytearray, register: int, payload: bytes) -> bytearray | None:
    """Return the settings frame after a write; None if there is no such register or the value does not fit."""
    after = bytearray(body)
    if layout == "JK02_32S" and register in SWITCHES:
        if len(payload) != 4:
            return None
        word = struct.unpack_from("<H", after, SWITCH_WORD)[0] & ~(1 << register - 0x27)
        struct.pack_into("<H", after, SWITCH_WORD, word | (payload[0] & 1) << register - 0x27)
        return after
    if register in PRESETS or register == _FACTORY_RESET:
        uvp, uvpr, ovp, ovpr, off = PRESETS.get(register, PRESETS[0x68])
        struct.pack_into("<IIII", after, 10, uvp, uvpr, ovp, ovpr)
        struct.pack_into("<I", after, 46, off)
        return after
    if register not in SETTINGS_PLACES[layout]:
        return None
    place, code = SETTINGS_PLACES[layout][register]
    if len(payload) != struct.calcsize("<" + code):
        return None
    after[place : place + len(payload)] = payload
    return after if layout == "JK04" or in_order(after) or not in_order(body) else None


def adopt(layout: str, memory: Memory, board: Board, before: bytearray, after: bytearray) -> None:
    """Let the board act upon what changed, and keep what it does not know."""
    switches = _SWITCHES_JK04 if layout == "JK04" else _SWITCHES_JK02
    acted_upon = set(switches)
    for place, (code, divisor, name) in ACTED_UPON[layout].items():
        setattr(board.limits, name, struct.unpack_from("<" + code, after, place)[0] / divisor)
        acted_upon.update(range(place, place + struct.calcsize("<" + code)))
    for place, name in switches.items():
        setattr(board, name, bool(after[place]))
    for place in range(6, 298):
        if before[place] != after[place] and place not in acted_upon:
            memory.settings[place] = bytes((after[place],))


def info_written(register: int, payload: bytes) -> tuple[int, bytes] | None:
    """Return place and bytes of a write that lands in the device info."""
    if register not in INFO_PLACES:
        return None
    place, code = INFO_PLACES[register]
    length = 2 if register in _SHORT_ON_THE_WAY else struct.calcsize(code)
    return (place, payload[: struct.calcsize(code)]) if len(payload) == length else None
