"""What a Daly board is set to, in raw units of its registers, which all three dialects share.

A threshold is called by its group and part: "cell_high.2" is the second level of the cell overvoltage. Parts are "1",
"2", "3" (levels), "release", "delay", "3_release" and "3_delay". Voltages of cells in mV, of packs in 0.1 V;
temperatures in °C above -40; currents in 0.1 A below (charge) or above (discharge) 30000; states of charge in 0.1 %;
delays in ms.
"""

from typing import Final

from ..board import Board

ZERO_CURRENT: Final = 30000
NEVER: Final = 0xFFFF
"""As a sleep time."""

SWITCHES: Final = frozenset({"charge_switch", "discharge_switch", "balance_switch"})

# What is kept among the limits of the board: the name there, raw units in one of its units, raw value of zero.
_LIMITS: Final = {
    "cell_high.2": ("cell_overvoltage", 1000, 0),
    "cell_high.release": ("cell_overvoltage_release", 1000, 0),
    "cell_low.2": ("cell_undervoltage", 1000, 0),
    "cell_low.release": ("cell_undervoltage_release", 1000, 0),
    "charge_current.2": ("charge_current", -10, ZERO_CURRENT),
    "charge_current.delay": ("charge_overcurrent_delay", 1000, 0),
    "discharge_current.2": ("discharge_current", 10, ZERO_CURRENT),
    "discharge_current.delay": ("discharge_overcurrent_delay", 1000, 0),
    "charge_hot.2": ("charge_overtemperature", 1, 40),
    "charge_hot.release": ("charge_overtemperature_release", 1, 40),
    "charge_cold.2": ("charge_undertemperature", 1, 40),
    "charge_cold.release": ("charge_undertemperature_release", 1, 40),
    "discharge_hot.2": ("discharge_overtemperature", 1, 40),
    "discharge_hot.release": ("discharge_overtemperature_release", 1, 40),
    "balance_start": ("balance_start", 1000, 0),
    "balance_spread": ("balance_trigger", 1000, 0),
    "balance_current": ("balance_current", 1000, 0),
}

# Level 1, level 2, release, level 3, its release. For groups of which nothing is kept there.
_PLAIN: Final = {
    "discharge_cold": (25, 20, 25, 15, 20),
    "cell_spread": (500, 800, 500, 1000, 800),
    "temperature_spread": (10, 15, 12, 20, 15),
    "soc_high": (1000, 1000, 1000, 1000, 1000),
    "soc_low": (100, 50, 100, 0, 50),
    "mos_hot": (130, 140, 105, 145, 115),
    "board_hot": (105, 110, 105, 115, 110),
}

# What a board makes of a second level: level 1 (and release), level 3 and its release, as distances from it.
_DISTANCES: Final = {
    "cell_high": (-50, 50, 0),
    "cell_low": (50, -50, 0),
    "pack_high": (-8, 4, -4),
    "pack_low": (8, -8, 0),
}
_CURRENTS: Final = ("charge_current", "discharge_current")
_TEMPERATURES: Final = {"charge_hot": -5, "charge_cold": 5, "discharge_hot": -5}
"""Distance of the first level from the second, as delivered."""


class Settings:
    """The board's parameters; those that all makes have in common live with the board."""

    def __init__(self, board: Board) -> None:
        """Initialize with what goes with the firmware's limits."""
        self._board = board
        cells = len(board.battery.cells)
        self._kept = {
            "sleep": 3600,
            "pack_high.2": round(board.limits.cell_overvoltage * cells * 10),
            "pack_low.2": round(board.limits.cell_undervoltage * cells * 10),
        }
        for group, values in _PLAIN.items():
            for part, value in zip(("1", "2", "release", "3", "3_release"), values, strict=True):
                self._kept[f"{group}.{part}"] = value
        for group, distance in _TEMPERATURES.items():
            level = self[f"{group}.2"]
            self._kept |= {
                f"{group}.1": level + distance,
                f"{group}.3": level - distance,
                f"{group}.3_release": level + distance,
            }
        for group in (*_DISTANCES, *_CURRENTS):
            self._kept |= {name: raw for name, raw in self._derived(group).items() if name not in _LIMITS}
        for group in (*_DISTANCES, *_TEMPERATURES, *_PLAIN):
            self._kept |= {f"{group}.delay": 1000, f"{group}.3_delay": 1000}
        self._kept |= dict.fromkeys((f"{group}.3_delay" for group in _CURRENTS), 1000)

    def __getitem__(self, name: str) -> int:
        """Return a parameter in raw units."""
        board = self._board
        if name in SWITCHES:
            return int(getattr(board, name))
        if name == "soc":
            return round(board.soc * 1000)
        if name == "capacity":
            return round(board.battery.capacity * 10)
        if name in _LIMITS:
            attribute, scale, zero = _LIMITS[name]
            value: float = getattr(board.limits, attribute)
            return min(round(value * scale) + zero, 0xFFFF)
        return self._kept[name]

    def __setitem__(self, name: str, raw: int) -> None:
        """Set a parameter. The board checks no range."""
        board = self._board
        if name in SWITCHES:
            setattr(board, name, bool(raw & 1))
        elif name == "soc":
            board.soc = raw / 1000
        elif name == "capacity":
            board.battery.capacity = raw / 10
        elif name in _LIMITS:
            attribute, scale, zero = _LIMITS[name]
            setattr(board.limits, attribute, (raw - zero) / scale)
        else:
            self._kept[name] = raw & 0xFFFF

    def follow(self, name: str) -> None:
        """Let the board move what hangs on a second level that was written through D2."""
        group, _, part = name.partition(".")
        if part == "2":
            for other, raw in self._derived(group).items():
                self[other] = raw

    def _derived(self, group: str) -> dict[str, int]:
        level = self[f"{group}.2"]
        if group in _CURRENTS:
            return {
                f"{group}.{part}": ZERO_CURRENT + round((level - ZERO_CURRENT) * share)
                for part, share in (("1", 0.8), ("3", 1.2))
            }
        if group == "temperature_spread":
            return {f"{group}.release": level - 1}
        if group not in _DISTANCES:
            return {}
        first, third, third_release = _DISTANCES[group]
        return {
            f"{group}.1": level + first,
            f"{group}.release": level + first,
            f"{group}.3": level + third,
            f"{group}.3_release": level + third_release,
        }
