"""The limits of a JBD board as its registers tell them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Final, override

from .settings import ZERO_CELSIUS, Registers

type _Decode = Callable[[int, float], float]
"""From a word, and the A that a step of a current stands for."""


def _celsius(word: int, _: float) -> float:
    return (word - ZERO_CELSIUS) / 10


def _centivolt(word: int, _: float) -> float:
    return word / 100


def _millivolt(word: int, _: float) -> float:
    return word / 1000


def _charge(word: int, unit: float) -> float:
    return (word - (word >> 15 << 16)) * unit


def _discharge(word: int, unit: float) -> float:
    return -_charge(word, unit)


def _high(word: int, _: float) -> float:
    return word >> 8


def _low(word: int, _: float) -> float:
    return word & 0xFF


# Each is followed by its release.
_RELEASED: Final[dict[int, tuple[str, _Decode]]] = {
    0x18: ("charge_overtemperature", _celsius),
    0x1A: ("charge_undertemperature", _celsius),
    0x1C: ("discharge_overtemperature", _celsius),
    0x1E: ("discharge_undertemperature", _celsius),
    0x20: ("pack_overvoltage", _centivolt),
    0x22: ("pack_undervoltage", _centivolt),
    0x24: ("cell_overvoltage", _millivolt),
    0x26: ("cell_undervoltage", _millivolt),
}
_SECONDS: Final = {
    0x3A: ("charge_undertemperature_delay", "charge_overtemperature_delay"),
    0x3B: ("discharge_undertemperature_delay", "discharge_overtemperature_delay"),
    0x3C: ("pack_undervoltage_delay", "pack_overvoltage_delay"),
    0x3D: ("cell_undervoltage_delay", "cell_overvoltage_delay"),
    0x3E: ("charge_overcurrent_delay", "charge_overcurrent_release"),
    0x3F: ("discharge_overcurrent_delay", "discharge_overcurrent_release"),
}
_PLACES: Final[dict[str, tuple[int, _Decode]]] = {
    **{name: (register, decode) for register, (name, decode) in _RELEASED.items()},
    **{f"{name}_release": (register + 1, decode) for register, (name, decode) in _RELEASED.items()},
    **{high: (register, _high) for register, (high, _) in _SECONDS.items()},
    **{low: (register, _low) for register, (_, low) in _SECONDS.items()},
    "hardware_cell_overvoltage": (0x36, _millivolt),
    "hardware_cell_undervoltage": (0x37, _millivolt),
    "max_charge_current": (0x28, _charge),
    "max_discharge_current": (0x29, _discharge),
}


class JbdLimits(Mapping[str, float]):
    """The limits by the names of the settings, in V, A, °C and s."""

    def __init__(self, registers: Registers) -> None:
        """`registers` are those that the limits are read from."""
        self._registers = registers

    @override
    def __getitem__(self, key: str) -> float:
        register, decode = _PLACES[key]
        return decode(self._registers.word(register), self._registers.unit)

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    @override
    def __len__(self) -> int:
        return len(_PLACES)
