"""The limits of a JK board as its settings tell them."""

from collections.abc import Iterator, Mapping
from typing import Final, override

from ..board import Limits
from .settings import ACTED_UPON

_KEYS: Final = {
    "charge_current": "max_charge_current",
    "discharge_current": "max_discharge_current",
    "power_off": "power_off_voltage",
}
_ATTRIBUTES: Final = {"power_off": "power_off_voltage"}


class JkLimits(Mapping[str, float]):
    """The limits by the names of the settings, rounded as they are told."""

    def __init__(self, layout: str, limits: Limits) -> None:
        """The limits are read from what the board acts upon."""
        self._limits = limits
        self._places = {
            _KEYS.get(name, name): (_ATTRIBUTES.get(name, name), divisor)
            for _, divisor, name in ACTED_UPON[layout].values()
        }

    @override
    def __getitem__(self, key: str) -> float:
        attribute, divisor = self._places[key]
        value: float = getattr(self._limits, attribute)
        return round(value * divisor) / divisor

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    @override
    def __len__(self) -> int:
        return len(self._places)
