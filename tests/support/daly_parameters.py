"""What real Daly boards hold: register, parameter, content and value."""

from collections.abc import Callable
from typing import Any

NEVER = 65535
"""Seconds of sleep time."""

type Row = tuple[int, str, str, Any, Any]
"""Register, parameter, coding, and the values of two boards."""

# Codings, as the reference has them: raw from value.
CODINGS: dict[str, Callable[[Any], int]] = {
    "mV": lambda value: round(value * 1000),
    "0.1V": lambda value: round(value * 10),
    "charge": lambda value: 30000 - round(value * 10),
    "discharge": lambda value: 30000 + round(value * 10),
    "+40": lambda value: value + 40,
    "plain": int,
    "0.1": lambda value: round(value * 10),
    "ms": lambda value: round(value * 1000),
    "10s": lambda value: NEVER if value == NEVER else value // 10,
}


# Reference 4.4 and 4.5 with the values of 9.2 (16S LFP, 13S NMC).
D2_ROWS: list[Row] = [
    (0x80, "design_capacity", "0.1", 230.0, 31.0),
    (0x81, "nominal_cell_voltage", "mV", 3.2, 3.7),
    (0x8A, "sleep_time", "plain", 3600, 3600),
    (0x8B, "cell_overvoltage_warning", "mV", 3.5, 4.15),
    (0x8C, "cell_overvoltage", "mV", 3.6, 4.25),
    (0x8D, "cell_undervoltage_warning", "mV", 2.6, 2.8),
    (0x8E, "cell_undervoltage", "mV", 2.5, 2.7),
    (0x8F, "pack_overvoltage_warning", "0.1V", 55.9, 53.3),
    (0x90, "pack_overvoltage", "0.1V", 57.5, 54.6),
    (0x91, "pack_undervoltage_warning", "0.1V", 42.6, 37.0),
    (0x92, "pack_undervoltage", "0.1V", 41.0, 35.7),
    (0x93, "charge_overcurrent_warning", "charge", 160.0, 48.0),
    (0x94, "max_charge_current", "charge", 200.0, 60.0),
    (0x95, "discharge_overcurrent_warning", "discharge", 160.0, 48.0),
    (0x96, "max_discharge_current", "discharge", 200.0, 60.0),
    (0x97, "charge_overtemperature_warning", "+40", 60, 60),
    (0x98, "charge_overtemperature", "+40", 65, 65),
    (0x99, "charge_undertemperature_warning", "+40", -30, -30),
    (0x9A, "charge_undertemperature", "+40", -35, -35),
    (0x9B, "discharge_overtemperature_warning", "+40", 65, 65),
    (0x9C, "discharge_overtemperature", "+40", 70, 70),
    (0x9D, "discharge_undertemperature_warning", "+40", -30, -30),
    (0x9E, "discharge_undertemperature", "+40", -35, -35),
    (0x9F, "cell_imbalance_warning", "mV", 0.5, 0.5),
    (0xA0, "cell_imbalance", "mV", 0.8, 0.8),
    (0xA1, "temperature_imbalance_warning", "plain", 10, 10),
    (0xA2, "temperature_imbalance", "plain", 15, 15),
    (0xA3, "balance_start_voltage", "mV", 3.4, 3.9),
    (0xA4, "balance_trigger", "mV", 0.02, 0.05),
    (0xA5, "charge_switch", "plain", True, True),
    (0xA6, "discharge_switch", "plain", True, False),
    (0xA7, "soc_calibration", "0.1", 8.7, 50.0),
    (0xA8, "register_0xa8", "plain", 87, 87),
    (0xCF, "balance_switch", "plain", True, False),
]
D2_LFP = {key: lfp for _, key, _, lfp, _ in D2_ROWS}
D2_NMC = {key: nmc for _, key, _, _, nmc in D2_ROWS}


# Reference 5.4: warning, protection, release, delay; with the values of the storage board and of the 4S K.
type _Group = tuple[int, str, str, tuple[float, ...], tuple[float, ...]]
"""First register, parameter, coding, and the values of two boards."""

P81_FOURS: list[_Group] = [
    (0x130, "cell_overvoltage", "mV", (3.45, 3.55, 3.4, 5.0), (3.6, 3.7, 3.6, 1.0)),
    (0x134, "cell_undervoltage", "mV", (2.8, 2.7, 2.9, 5.0), (2.3, 2.2, 2.3, 1.0)),
    (0x138, "pack_overvoltage", "0.1V", (55.2, 56.2, 54.2, 1.0), (14.3, 14.7, 14.3, 1.0)),
    (0x13C, "pack_undervoltage", "0.1V", (45.6, 44.0, 45.0, 1.0), (9.4, 9.0, 9.4, 1.0)),
    (0x14A, "charge_overtemperature", "+40", (50, 55, 50, 1.0), (60, 65, 60, 1.0)),
    (0x14E, "charge_undertemperature", "+40", (5, 0, 5, 1.0), (-30, -35, -30, 1.0)),
    (0x152, "discharge_overtemperature", "+40", (50, 55, 50, 1.0), (65, 70, 65, 1.0)),
    (0x156, "discharge_undertemperature", "+40", (-15, 0, -15, 1.0), (-30, -35, -30, 1.0)),
    (0x15A, "cell_imbalance", "mV", (0.45, 0.5, 0.45, 1.0), (0.5, 0.8, 0.5, 1.0)),
    (0x15E, "temperature_imbalance", "plain", (10, 15, 12, 1.0), (10, 15, 12, 1.0)),
    (0x162, "soc_low", "0.1", (10.0, 5.0, 10.0, 1.0), (10.0, 5.0, 10.0, 1.0)),
    (0x166, "mosfet_overtemperature", "+40", (95, 100, 65, 1.0), (95, 100, 65, 1.0)),
]


# L1, L2, delay, L3, delay.
P81_FIVES: list[_Group] = [
    (0x140, "charge", "charge", (160.0, 200.0, 1.0, 300.0, 1.0), (120.0, 150.0, 2.0, 200.0, 1.0)),
    (0x145, "discharge", "discharge", (160.0, 200.0, 1.0, 300.0, 1.0), (120.0, 150.0, 2.0, 200.0, 1.0)),
]


# Reference 5.5: threshold, release, delay, every three registers.
P81_SECONDS: list[tuple[str, str, tuple[float, float, float]]] = [
    ("cell_overvoltage", "mV", (3.8, 3.65, 1.0)),
    ("cell_undervoltage", "mV", (2.6, 2.8, 1.0)),
    ("pack_overvoltage", "0.1V", (60.0, 59.0, 1.0)),
    ("pack_undervoltage", "0.1V", (42.4, 43.4, 1.0)),
    ("charge_overtemperature", "+40", (75, 65, 1.0)),
    ("charge_undertemperature", "+40", (-5, 0, 1.0)),
    ("discharge_overtemperature", "+40", (75, 65, 1.0)),
    ("discharge_undertemperature", "+40", (-25, -20, 1.0)),
    ("cell_imbalance", "mV", (1.0, 0.8, 1.0)),
    ("temperature_imbalance", "plain", (20, 15, 1.0)),
    ("soc_low", "0.1", (3.0, 5.0, 1.0)),
    ("mosfet_overtemperature", "+40", (105, 75, 1.0)),
]


P81_SINGLES: list[Row] = [
    (0x101, "cell_count", "plain", 16, 4),
    (0x114, "nominal_cell_voltage", "mV", 3.2, 3.2),
    (0x115, "sleep_time", "10s", NEVER, 3600),
    (0x116, "soc_calibration", "0.1", 83.4, 11.2),
    (0x117, "max_balance_current", "mV", 1.0, 1.0),
    (0x119, "balance_switch", "plain", True, False),
    (0x11A, "balance_start_voltage", "mV", 3.4, 3.4),
    (0x11B, "balance_trigger", "mV", 0.02, 0.02),
    (0x121, "charge_switch", "plain", True, True),
    (0x122, "discharge_switch", "plain", True, False),
    (0x12E, "forced_closure_time", "plain", 0, 300),
    (0x16E, "short_circuit_current", "plain", 2000, 1000),
]


def _p81_rows() -> list[Row]:
    rows: list[Row] = list(P81_SINGLES)
    names: tuple[str, ...]
    for start, key, coding, storage, small in P81_FOURS:
        names = (f"{key}_warning", key, f"{key}_release", f"{key}_delay")
        rows += [
            (start + place, name, coding if place < 3 else "ms", storage[place], small[place])
            for place, name in enumerate(names)
        ]
    for start, way, coding, storage, small in P81_FIVES:
        limit = f"max_{way}_current"
        names = (f"{way}_overcurrent_warning", limit, f"{way}_overcurrent_delay")
        names += (f"{way}_overcurrent_2", f"{way}_overcurrent_2_delay")
        rows += [
            (start + place, name, "ms" if place in (2, 4) else coding, storage[place], small[place])
            for place, name in enumerate(names)
        ]
    for number, (key, coding, values) in enumerate(P81_SECONDS):
        names = (f"{key}_2", f"{key}_2_release", f"{key}_2_delay")
        rows += [
            (0x1C3 + 3 * number + place, name, coding if place < 2 else "ms", values[place], values[place])
            for place, name in enumerate(names)
        ]
    return rows


P81_ROWS = _p81_rows()
P81_STORAGE = {key: storage for _, key, _, storage, _ in P81_ROWS}
P81_K = {key: small for _, key, _, _, small in P81_ROWS if not key.endswith(("_2", "_2_release", "_2_delay"))}
