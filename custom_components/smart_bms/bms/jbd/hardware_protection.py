"""JBD hardware protection: the packed words 0x38 and 0x39 of boards with a TI front end.

Thresholds are millivolts across the shunt, as the front end's data sheet lists them; bit 7 of the first byte selects the
upper of its two ranges, which is not exactly the double of the lower.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

SHORT_CIRCUIT_WORD: Final = 0x38
HARDWARE_WORD: Final = 0x39
UPPER_RANGE: Final = 0x8000

_SHORT_CIRCUIT_MILLIVOLTS: Final = (
    (22, 33, 44, 56, 67, 78, 89, 100),
    (44, 67, 89, 111, 133, 155, 178, 200),
)
_SECOND_OVERCURRENT_MILLIVOLTS: Final = (
    (8, 11, 14, 17, 19, 22, 25, 28, 31, 33, 36, 39, 42, 44, 47, 50),
    (17, 22, 28, 33, 39, 44, 50, 56, 61, 67, 72, 78, 83, 89, 94, 100),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """A few bits of a word that select from a list."""

    key: str
    register: int
    shift: int
    width: int
    ranges: tuple[tuple[int, ...], ...]
    """What the codes stand for, by range; one entry if the range does not matter."""
    unit: str
    """As a key."""

    def _texts(self, word: int) -> tuple[str, ...]:
        values = self.ranges[word & UPPER_RANGE > 0 if len(self.ranges) > 1 else 0]
        return tuple(f"{value}_{self.unit}" for value in values)

    def value(self, word: int) -> str:
        """Return what the word says."""
        return self._texts(word)[word >> self.shift & (1 << self.width) - 1]

    def put(self, word: int, value: str) -> int:
        """Return the word with another choice, its range as it is. Raises ValueError if that has no such choice."""
        texts = self._texts(word)
        if value not in texts:
            raise ValueError(f"{self.key} is one of {', '.join(texts)}")
        mask = (1 << self.width) - 1 << self.shift
        return word & ~mask | texts.index(value) << self.shift

    def options(self) -> tuple[str, ...]:
        """Return all that any range offers, in order."""
        values = sorted({value for listed in self.ranges for value in listed})
        return tuple(f"{value}_{self.unit}" for value in values)


CHOICES: Final = (
    Choice("short_circuit_delay", SHORT_CIRCUIT_WORD, 11, 2, ((70, 100, 200, 400),), "us"),
    Choice("short_circuit_threshold", SHORT_CIRCUIT_WORD, 8, 3, _SHORT_CIRCUIT_MILLIVOLTS, "mv"),
    Choice(
        "discharge_overcurrent_2_delay",
        SHORT_CIRCUIT_WORD,
        4,
        3,
        ((8, 20, 40, 80, 160, 320, 640, 1280),),
        "ms",
    ),
    Choice("discharge_overcurrent_2_threshold", SHORT_CIRCUIT_WORD, 0, 4, _SECOND_OVERCURRENT_MILLIVOLTS, "mv"),
    Choice("hardware_cell_undervoltage_delay", HARDWARE_WORD, 14, 2, ((1, 4, 8, 16),), "s"),
    Choice("hardware_cell_overvoltage_delay", HARDWARE_WORD, 12, 2, ((1, 2, 4, 8),), "s"),
)

BY_KEY: Final[Mapping[str, Choice]] = {choice.key: choice for choice in CHOICES}
