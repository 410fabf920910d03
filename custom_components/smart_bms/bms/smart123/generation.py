"""Which generation a unit is of, and with it what one count of current is. A guess would be wrong by a factor of 2.5."""

from enum import StrEnum
from typing import Any, Final

from .scales import AMPERES, NEWER_AMPERE, OLDER_AMPERE, VOLT

_GENERATION: Final = "generation"
_SCALE: Final = "current_scale"
AUTO: Final = "auto"
CHOICES: Final = {"50_ma": NEWER_AMPERE, "125_ma": OLDER_AMPERE}
"""A per count, by what the owner may choose besides leaving it to us."""

_STEADY_FOR: Final = 600.0
"""Seconds of steady current after which the energy proves the scale."""
_STEADY_WITHIN: Final = 0.25
_MAX_GAP: Final = 5.0
_MIN_ENERGY: Final = 40
"""Wh; the counter has steps of 1, and the factor to be told apart is 2.5."""
_TOLERANCE: Final = 0.25
_SECONDS_PER_HOUR: Final = 3600.0


class Variant(StrEnum):
    """Protocol variant of a unit, as far as that is known."""

    GENERATION_2 = "gen2"
    GENERATION_3 = "gen3"
    RECORDS = "records"
    """Records of a unit whose generation is not known."""
    FRAME = "frame58"
    """The frame, of firmware before 3.3.6 or not known yet."""
    FRAME_KEYS = "frame58_keys"
    """The frame with keys and values."""


_BY_TYPE: Final = {2: Variant.GENERATION_2, 4: Variant.GENERATION_3, 6: Variant.GENERATION_3}
NEWER_RECORDS: Final = frozenset("HB")
_PARTS_OF_NEWER_C: Final = 7
_CHARACTERS_OF_NEWER_VERSION: Final = 3


class Generation:
    """Collects what proves the generation of a unit that sends records."""

    def __init__(
        self, learned: dict[str, Any], chosen: str, device_type: int | None, *, newer_module: bool, needed: int = 3
    ) -> None:
        """`learned` outlives the session, `chosen` is the owner's choice of scale; `newer_module` is proof by itself.

        So many records are `needed` as proof: a single one may be a broken one of another kind.
        """
        self._learned = learned
        self._needed = needed
        self._chosen = CHOICES.get(chosen)
        self._energy = EnergyProof()
        if (reported := _BY_TYPE.get(device_type if device_type is not None else -1)) is not None:
            self.variant = reported
        elif newer_module:
            self.variant = Variant.GENERATION_3
        else:
            self.variant = Variant(learned.get(_GENERATION, Variant.RECORDS))

    @property
    def is_newer(self) -> bool:
        """Return whether it surely is of generation 3."""
        return self.variant is Variant.GENERATION_3

    @property
    def ampere(self) -> float | None:
        """Return A per count, None while nothing proves it."""
        if self._chosen is not None:
            return self._chosen
        match self.variant:
            case Variant.GENERATION_3:
                return NEWER_AMPERE
            case Variant.GENERATION_2:
                return OLDER_AMPERE
        scale = self._learned.get(_SCALE)
        return scale if isinstance(scale, float) else None

    def heard_record(self, line: str) -> None:
        """Evaluate a record: some only generation 3 sends."""
        tag = line[0]
        if tag in NEWER_RECORDS or (tag == "C" and len(line.split("_")) >= _PARTS_OF_NEWER_C):
            self._needed -= 1
            if self._needed <= 0:
                self._prove()

    def heard_version(self, version: str) -> None:
        """Evaluate the version that a unit sends."""
        if len(version) >= _CHARACTERS_OF_NEWER_VERSION:
            self._prove()

    def heard_newer_answer(self) -> None:
        """A query was answered that only generation 3 knows."""
        self._prove()

    def _prove(self) -> None:
        if self.variant is Variant.RECORDS:
            self.variant = Variant.GENERATION_3
            self._learned[_GENERATION] = self.variant.value

    def measured(self, voltage: int | None, current: int | None, stored: int | None, now: float) -> None:
        """Take counts of one moment; energy that came or went in ten minutes of steady current proves the scale."""
        if self.ampere is None and (scale := self._energy.update(voltage, current, stored, now)) is not None:
            self._learned[_SCALE] = scale


class EnergyProof:
    """Compares what the pack counts as stored energy with what the current would have moved, at either scale."""

    def __init__(self) -> None:
        """Initialize."""
        self._began_at = 0.0
        self._last_at: float | None = None
        self._stored: int | None = None
        self._moved = 0.0
        """Wh at one A per count."""
        self._current = 0

    def update(self, voltage: int | None, current: int | None, stored: int | None, now: float) -> float | None:
        """Take counts of one moment; return A per count once that is proven."""
        if voltage is None or current is None or stored is None:
            return None
        steady = abs(current - self._current) <= _STEADY_WITHIN * abs(self._current)
        if self._last_at is None or self._stored is None or not steady or now - self._last_at > _MAX_GAP:
            self._began_at, self._last_at, self._stored = now, now, stored
            self._moved, self._current = 0.0, current
            return None
        self._moved += voltage * VOLT * current * (now - self._last_at) / _SECONDS_PER_HOUR
        self._last_at = now
        reported = stored - self._stored
        if not self._moved or now - self._began_at < _STEADY_FOR or abs(reported) < _MIN_ENERGY:
            return None
        return next((ampere for ampere in AMPERES if abs(reported / (self._moved * ampere) - 1) <= _TOLERANCE), None)
