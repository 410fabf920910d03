"""What a reading says about the quantities that rules look at."""

from collections.abc import Mapping
import math
from typing import Final

from ..bms.alarm import Alarm
from ..bms.reading import Reading
from .rules import ProtectedQuantity

_DIGITS: Final = 3
"""As fine as any pack's wire: what is equal there must be equal here."""
_NO_PROBES: Final = frozenset({"mosfet", "board"})

type Measured = dict[ProtectedQuantity, float | None]


def measure(reading: Reading) -> Measured:
    """Return every quantity in its unit; None is what the reading does not say."""
    cells, current = reading.cell_range, reading.current
    lowest, highest = cells or (None, None)
    amperes = None if current is None else round(current, _DIGITS)
    voltage = reading.voltage
    soc = reading.soc
    temperatures = reading.temperatures
    stage = temperatures.get("mosfet")
    probes = probes_of(temperatures)
    hottest, coldest = (max(probes), min(probes)) if probes and all(map(math.isfinite, probes)) else (None, None)
    measured = {
        ProtectedQuantity.CELL_HIGHEST: highest,
        ProtectedQuantity.CELL_LOWEST: lowest,
        ProtectedQuantity.CELL_SPREAD: None if highest is None or lowest is None else round(highest - lowest, _DIGITS),
        ProtectedQuantity.PACK_VOLTAGE: None if voltage is None else round(voltage, _DIGITS),
        ProtectedQuantity.CHARGE_CURRENT: amperes,
        ProtectedQuantity.DISCHARGE_CURRENT: None if amperes is None else -amperes,
        ProtectedQuantity.HOTTEST: hottest,
        ProtectedQuantity.COLDEST: coldest,
        ProtectedQuantity.TEMPERATURE_SPREAD: None
        if hottest is None or coldest is None
        else round(hottest - coldest, _DIGITS),
        ProtectedQuantity.POWER_STAGE: stage,
        # More than all is a value that nobody knows.
        ProtectedQuantity.SOC: soc if soc is not None and 0 <= soc <= 100 else None,
    }
    # No decoder makes such numbers; if one ever does, nothing may follow from them.
    if math.isfinite((highest or 0.0) + (lowest or 0.0) + (voltage or 0.0) + (current or 0.0) + (stage or 0.0)):
        return measured
    return {key: value if value is None or math.isfinite(value) else None for key, value in measured.items()}


def probes_of(temperatures: Mapping[str, float]) -> list[float]:
    """Return what the battery's own probes say."""
    return [value for key, value in temperatures.items() if key not in _NO_PROBES]


def probe_at(temperatures: Mapping[str, float], value: float | None) -> str | None:
    """Return the name of the first of the battery's own probes that shows this value."""
    return next((key for key, shown in temperatures.items() if key not in _NO_PROBES and shown == value), None)


CELLS: Final = frozenset({ProtectedQuantity.CELL_HIGHEST, ProtectedQuantity.CELL_LOWEST, ProtectedQuantity.CELL_SPREAD})
PROBES: Final = frozenset({ProtectedQuantity.HOTTEST, ProtectedQuantity.COLDEST, ProtectedQuantity.TEMPERATURE_SPREAD})
NOTHING_MISSING: Final[frozenset[ProtectedQuantity]] = frozenset()
"""Every part of every quantity is known."""


class PartialQuantities:
    """Remembers how many cells and probes a pack has shown: of fewer, the highest need not be the highest."""

    def __init__(self) -> None:
        """Initialize."""
        self._cells = 0
        self._probes = 0

    def update(self, reading: Reading) -> frozenset[ProtectedQuantity]:
        """Return the quantities of which only a part is known: it may prove that something is wrong, never that all is well."""
        missing = _withheld(reading.implausible) if reading.implausible else NOTHING_MISSING
        if reading.extremes is None:
            unheard = reading.cell_voltages.count(None)
            known = len(reading.cell_voltages) - unheard
            self._cells = max(self._cells, known)
            if 0 < known < self._cells or (unheard and reading.cell_times):
                missing |= CELLS
        probes = len(probes_of(reading.temperatures))
        self._probes = max(self._probes, probes)
        if probes > 0 and (probes < self._probes or sensor_fails(reading)):
            missing |= PROBES
        return missing


def _withheld(names: tuple[str, ...]) -> frozenset[ProtectedQuantity]:
    """Return the quantities of which a part was sent but is implausible."""
    missing: frozenset[ProtectedQuantity] = NOTHING_MISSING
    for name in names:
        if name.startswith("cell_voltage"):
            missing |= CELLS
        elif name == "temperature_mosfet":
            missing |= {ProtectedQuantity.POWER_STAGE}
        elif name.startswith("temperature") and name != "temperature_board":
            missing |= PROBES
    return missing


def sensor_fails(reading: Reading) -> bool:
    """Return whether the pack misses a temperature sensor that it should have."""
    return reading.alarms is not None and Alarm.TEMPERATURE_SENSOR_FAULT in reading.alarms


def number(value: object) -> float | None:
    """Return a parameter as a number as fine as the wire, None if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return round(float(value), _DIGITS) if math.isfinite(value) else None
