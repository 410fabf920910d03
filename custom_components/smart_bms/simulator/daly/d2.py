"""The register map behind D2."""

import struct
from typing import Final

from .firmware import DalyFirmware, Taken
from .modbus import RESTART, block, text
from .settings import ZERO_CURRENT

EXTENDED: Final = range(0x3E, 0x47)
SETTINGS: Final = range(0x80, 0xA9)
_BALANCER: Final = 0xCF
CLOCK: Final = range(0xD4, 0xD7)

# Level 1, level 2.
_THRESHOLDS: Final = {
    0x8B: "cell_high",
    0x8D: "cell_low",
    0x8F: "pack_high",
    0x91: "pack_low",
    0x93: "charge_current",
    0x95: "discharge_current",
    0x97: "charge_hot",
    0x99: "charge_cold",
    0x9B: "discharge_hot",
    0x9D: "discharge_cold",
    0x9F: "cell_spread",
    0xA1: "temperature_spread",
}
_NAMES: Final = {
    0x80: "capacity",
    0x8A: "sleep",
    **{first + level - 1: f"{group}.{level}" for first, group in _THRESHOLDS.items() for level in (1, 2)},
    0xA3: "balance_start",
    0xA4: "balance_spread",
    0xA5: "charge_switch",
    0xA6: "discharge_switch",
    0xA7: "soc",
    _BALANCER: "balance_switch",
}


def image(firmware: DalyFirmware) -> dict[int, int]:
    """Return all registers that there are; others read FFFF."""
    label, board = firmware.label, firmware.board
    cells, probes = firmware.cells, firmware.probes
    slots = (cells + [0] * 48)[:48]
    temperatures = (probes + list(label.leftovers) + [0] * 8)[:8]
    return (
        block(0x00, *slots[:32])
        | block(0x20, *temperatures)
        | block(0x28, firmware.voltage, ZERO_CURRENT + firmware.current, firmware.settings["soc"])
        | block(0x2B, max(cells), min(cells), max(probes, default=0), min(probes, default=0), firmware.state)
        | block(0x30, round(firmware.remaining * 10), len(cells), label.ntcs, board.cycles)
        | block(0x34, firmware.balance_current > 0, firmware.charge_mos, firmware.discharge_mos)
        | block(0x37, round(sum(cells) / len(cells)), max(cells) - min(cells), firmware.power)
        | firmware.alarm_words
        | block(0x3E, 0, 0, ZERO_CURRENT + firmware.balance_current if label.supports_balance_current else 0, 0)
        | block(0x42, firmware.mos_temperature if label.supports_mos_temperature else 0)
        | block(0x47, *slots[32:])
        | _settings(firmware)
        | text(0xA9, label.software, 8)
        | text(0xB1, label.hardware, 8)
        | text(0xB9, label.machine_code, 16)
        | text(0xC9, label.password, 3)
        | block(0xCC, 0x1803, 0x0B00)
        | block(CLOCK.start, *struct.unpack(">3H", firmware.clock_bytes), 0)
        | firmware.registers["D2"]
    )


def _settings(firmware: DalyFirmware) -> dict[int, int]:
    label, settings = firmware.label, firmware.settings
    named = {register: settings[name] for register, name in _NAMES.items()}
    if not label.supports_balancer:
        del named[_BALANCER]
    return (
        named
        | block(0x81, firmware.nominal_voltage, 1, len(firmware.cells), 0, 0, label.ntcs, 0, 0, label.battery_type)
        | block(0xA8, 87)
    )


def write(firmware: DalyFirmware, start: int, values: tuple[int, ...]) -> Taken:
    """Write registers in a row."""
    if start == RESTART:
        firmware.restart()
        return Taken.RESTART
    words = dict(enumerate(values, start))
    taken = Taken.WITHOUT_EFFECT
    if clock := {register - CLOCK.start: word for register, word in words.items() if register in CLOCK}:
        firmware.set_clock_words(clock)
        taken = Taken.KEPT
    for register, word in words.items():
        if register == _BALANCER and not firmware.label.supports_balancer:
            continue
        if name := _NAMES.get(register):
            firmware.settings[name] = word
            firmware.settings.follow(name)
        elif register in SETTINGS:
            firmware.registers["D2"][register] = word
        else:
            continue
        taken = Taken.KEPT
    return taken
