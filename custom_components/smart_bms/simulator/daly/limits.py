"""The limits of a Daly board as it tells them in the dialects that it speaks."""

from collections.abc import Iterator, Mapping
from typing import Final, override

from .settings import ZERO_CURRENT, Settings

# Group of the settings, name of the protection, raw units in V, A, °C or %, raw value of zero.
_BASIC: Final = (
    ("cell_high", "cell_overvoltage", 1000, 0),
    ("cell_low", "cell_undervoltage", 1000, 0),
    ("pack_high", "pack_overvoltage", 10, 0),
    ("pack_low", "pack_undervoltage", 10, 0),
    ("charge_current", "charge_overcurrent", 10, ZERO_CURRENT),
    ("discharge_current", "discharge_overcurrent", 10, ZERO_CURRENT),
    ("charge_hot", "charge_overtemperature", 1, 40),
    ("charge_cold", "charge_undertemperature", 1, 40),
    ("discharge_hot", "discharge_overtemperature", 1, 40),
    ("discharge_cold", "discharge_undertemperature", 1, 40),
    ("cell_spread", "cell_imbalance", 1000, 0),
    ("temperature_spread", "temperature_imbalance", 1, 0),
)
_SOC_LOW: Final = ("soc_low", "soc_low", 10, 0)
_SOC_HIGH: Final = ("soc_high", "soc_high", 10, 0)
_POWER_STAGE: Final = ("mos_hot", "mosfet_overtemperature", 1, 40)
_GROUPS: Final = {
    "D2": _BASIC,
    "81": (*_BASIC, _SOC_LOW, _POWER_STAGE),
    "A5": (*_BASIC, _SOC_LOW, _SOC_HIGH),
}
_LEVELS: Final = {"1": "_warning", "2": ""}
_TOLD_BY_81: Final = _LEVELS | {"release": "_release"}
_CURRENTS: Final = {"charge_overcurrent": "max_charge_current", "discharge_overcurrent": "max_discharge_current"}


def _places(dialect: str) -> Iterator[tuple[str, tuple[str, float, int]]]:
    """Yield each key with its name among the settings, raw units in one of its own, raw value of zero."""
    full = dialect == "81"
    for group, name, scale, zero in _GROUPS[dialect]:
        for part, ending in (_TOLD_BY_81 if full and name not in _CURRENTS else _LEVELS).items():
            key = _CURRENTS.get(name, name) if part == "2" else name + ending
            yield key, (f"{group}.{part}", scale, zero)
        if full:
            yield f"{name}_delay", (f"{group}.delay", 1000, 0)
            if name == "soc_low":
                continue  # opens no switch
            yield f"{name}_2", (f"{group}.3", scale, zero)
            yield f"{name}_2_delay", (f"{group}.3_delay", 1000, 0)
            if name not in _CURRENTS:
                yield f"{name}_2_release", (f"{group}.3_release", scale, zero)


_PLACES: Final = {dialect: dict(_places(dialect)) for dialect in _GROUPS}


class DalyLimits(Mapping[str, float]):
    """The limits by the names of the settings, in V, A, °C, % and s."""

    def __init__(self, settings: Settings, dialects: frozenset[str]) -> None:
        """`settings` are those of the board. What one dialect tells is there, whatever the board is asked in."""
        self._settings = settings
        self._places = {key: place for dialect in sorted(dialects) for key, place in _PLACES[dialect].items()}

    @override
    def __getitem__(self, key: str) -> float:
        name, scale, zero = self._places[key]
        raw = self._settings[name] - zero
        # Boards have been seen with a current on the wrong side of zero; its place says which one is meant.
        return (abs(raw) if zero == ZERO_CURRENT else raw) / scale

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    @override
    def __len__(self) -> int:
        return len(self._places)
