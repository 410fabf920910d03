"""The register map behind 81, whose replies are addressed 51."""

import struct
from typing import Final

from .firmware import DalyFirmware, Taken
from .modbus import RESTART, block, long, text
from .settings import NEVER, ZERO_CURRENT

_MISSING: Final = 0x00FF
"""A temperature that nobody measures."""
_CAPACITY: Final = range(0x109, 0x10B)
_SLEEP: Final = 0x115
_MAX_SLEEP: Final = 6553
"""Units of 10 s that stand for never."""
_CLOCK: Final = range(0x123, 0x126)
_FORCED_CLOSURE: Final = 0x12E
SETTINGS: Final = (range(0x100, 0x178), range(0x1C3, 0x22B))
"""Where a write is kept, with a meaning or without."""

_FOUR: Final = ("1", "2", "release", "delay")
_FIVE: Final = ("1", "2", "delay", "3", "3_delay")
_SECOND: Final = ("3", "3_release", "3_delay")
_GROUPS: Final = {
    0x130: ("cell_high", _FOUR),
    0x134: ("cell_low", _FOUR),
    0x138: ("pack_high", _FOUR),
    0x13C: ("pack_low", _FOUR),
    0x140: ("charge_current", _FIVE),
    0x145: ("discharge_current", _FIVE),
    0x14A: ("charge_hot", _FOUR),
    0x14E: ("charge_cold", _FOUR),
    0x152: ("discharge_hot", _FOUR),
    0x156: ("discharge_cold", _FOUR),
    0x15A: ("cell_spread", _FOUR),
    0x15E: ("temperature_spread", _FOUR),
    0x162: ("soc_low", _FOUR),
    0x166: ("mos_hot", _FOUR),
    0x16A: ("board_hot", _FOUR),
    0x1C3: ("cell_high", _SECOND),
    0x1C6: ("cell_low", _SECOND),
    0x1C9: ("pack_high", _SECOND),
    0x1CC: ("pack_low", _SECOND),
    0x1CF: ("charge_hot", _SECOND),
    0x1D2: ("charge_cold", _SECOND),
    0x1D5: ("discharge_hot", _SECOND),
    0x1D8: ("discharge_cold", _SECOND),
    0x1DB: ("cell_spread", _SECOND),
    0x1DE: ("temperature_spread", _SECOND),
    0x1E1: ("soc_low", _SECOND),
    0x1E4: ("mos_hot", _SECOND),
    0x1E7: ("board_hot", _SECOND),
}
_NAMES: Final = {
    0x116: "soc",
    0x117: "balance_current",
    0x119: "balance_switch",
    0x11A: "balance_start",
    0x11B: "balance_spread",
    0x121: "charge_switch",
    0x122: "discharge_switch",
    **{
        register: f"{group}.{part}"
        for start, (group, parts) in _GROUPS.items()
        for register, part in enumerate(parts, start)
    },
}


def image(firmware: DalyFirmware) -> dict[int, int]:
    """Return all registers that there are; others read FFFF."""
    return _live(firmware) | _settings(firmware) | _identity(firmware) | firmware.registers["81"]


def _live(firmware: DalyFirmware) -> dict[int, int]:
    label, board = firmware.label, firmware.board
    cells, probes, soc = firmware.cells, firmware.probes, firmware.settings["soc"]
    current = ZERO_CURRENT + firmware.current
    high, low = max(cells), min(cells)
    hot, cold = max(probes, default=_MISSING), min(probes, default=_MISSING)
    temperatures = (probes + [0 if probes else _MISSING] * 8)[:8]
    balance = firmware.balance_current
    clock = struct.unpack(">3H", firmware.clock_bytes)
    fault_words = struct.unpack(">4H", firmware.alarm_bytes) if label.storage else (0, 0, 0, 0)
    live = (
        block(0x00, *(cells + [0] * 48)[:48])
        | block(0x30, *temperatures)
        | block(0x38, firmware.voltage, current, soc, int(board.runtime) & 0xFF, len(cells), label.ntcs)
        | block(0x3E, high, cells.index(high) + 1, low, cells.index(low) + 1, high - low)
        | block(0x43, hot, probes.index(hot) + 1 if probes else 0, cold, probes.index(cold) + 1 if probes else 0)
        | block(0x47, hot - cold, firmware.state, 0, 0, round(firmware.remaining * 10), board.cycles)
        | block(0x4D, 2 if balance else 0, ZERO_CURRENT + balance if label.supports_balance_current else 0, 0, 0, 0)
        | block(0x52, firmware.charge_mos, firmware.discharge_mos, 0, board.heater, 0)
        | block(0x57, round(sum(cells) / len(cells)), firmware.power, 0)
        | block(0x5A, firmware.mos_temperature if label.supports_mos_temperature else _MISSING, _MISSING, 0, 0)
        | block(0x5F, 0, ZERO_CURRENT, *clock, 0, 0, *fault_words)
        | block(0x6A, current, 0x11, max(0, soc - 1))
        | firmware.fault_codes
        | block(0x7C, 0xFF, 0xFFFF, 2)
    )
    if label.storage:
        live |= block(0xA5, 2, 1500, 1500, 0xC010) | long(0xA9, int(board.runtime)) | long(0xAB, firmware.uptime)
    return live


def _settings(firmware: DalyFirmware) -> dict[int, int]:
    label, settings = firmware.label, firmware.settings
    capacity, throughput = settings["capacity"] * 100, round(firmware.throughput * 1000)
    sleep = settings["sleep"]
    named = {register: settings[name] for register, name in _NAMES.items()}
    return (
        block(0x100, 1, len(firmware.cells), 1, len(firmware.cells), 0, 0, label.ntcs, 0, 0)
        | long(_CAPACITY.start, capacity)
        | long(0x10B, capacity)
        | long(0x10D, throughput)
        | long(0x10F, throughput)
        | block(0x111, 40, 45, 0, firmware.nominal_voltage, sleep if sleep == NEVER else sleep // 10)
        | block(0x118, 3)
        | block(0x11C, 20, 50, 50, 20, 0x55)
        | block(_CLOCK.start, *struct.unpack(">3H", firmware.clock_bytes))
        | text(0x126, label.password, 3)
        | block(0x129, 0x1A03, 0x1A00, 1, 10, 2, 0xFFFF if label.storage else firmware.forced_closure, 0)
        | block(0x16E, 2000, 300, 1, 1, 0)
        | block(0x176, 1, 1)
        | named
        | block(0x1F5, 85, 20, 0, 0, 0, 0, 3550)
        | block(0x226, 0, 2800, 5000, 3500, 5000)
    )


def _identity(firmware: DalyFirmware) -> dict[int, int]:
    label = firmware.label
    return (
        text(0x178, label.software, 7)
        | text(0x17F, label.hardware, 7)
        | text(0x186, label.platform, 7)
        | text(0x18D, firmware.serial_number, 7)
        | text(0x194, "", 5)
        | text(0x199, "    20260326", 34)
    )


def write(firmware: DalyFirmware, start: int, values: tuple[int, ...]) -> Taken:
    """Write registers in a row; nothing is derived from them."""
    if start == RESTART:
        firmware.restart()
        return Taken.RESTART
    words = dict(enumerate(values, start))
    if not all(any(register in settings for settings in SETTINGS) for register in words):
        return Taken.REFUSED
    settings = firmware.settings
    if clock := {register - _CLOCK.start: word for register, word in words.items() if register in _CLOCK}:
        firmware.set_clock_words(clock)
    if any(register in _CAPACITY for register in words):
        before = long(_CAPACITY.start, settings["capacity"] * 100)
        high, low = (words.get(register, before[register]) for register in _CAPACITY)
        settings["capacity"] = round((high << 16 | low) / 100)
    for register, word in words.items():
        if name := _NAMES.get(register):
            settings[name] = word
        elif register == _SLEEP:
            settings["sleep"] = word * 10 if word < _MAX_SLEEP else NEVER
        elif register == _FORCED_CLOSURE:
            if word and not firmware.label.storage:
                firmware.force_closure()
        elif register not in (*_CLOCK, *_CAPACITY):
            firmware.registers["81"][register] = word
    return Taken.KEPT
