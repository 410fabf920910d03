"""What a reading says about the quantities that rules look at."""

from typing import Final

from ..bms.alarm import Alarm
from ..bms.reading import Reading
from .rules import Quantity

_DIGITS: Final = 3
"""As fine as any pack's wire: what is equal there must be equal here."""
_NO_PROBES: Final = frozenset({"mosfet", "board"})

type Measured = dict[Quantity, float | None]


def measure(reading: Reading) -> Measured:
    """Return every quantity in its unit; None is what the reading does not say."""
    cells, current = reading.cell_range, reading.current
    lowest, highest = cells or (None, None)
    amperes = None if current is None else round(current, _DIGITS)
    voltage = reading.voltage
    soc = reading.soc
    temperatures = reading.temperatures
    probes = [value for key, value in temperatures.items() if key not in _NO_PROBES]
    hottest, coldest = (max(probes), min(probes)) if probes else (None, None)
    return {
        Quantity.CELL_HIGHEST: highest,
        Quantity.CELL_LOWEST: lowest,
        Quantity.CELL_SPREAD: None if highest is None or lowest is None else round(highest - lowest, _DIGITS),
        Quantity.PACK_VOLTAGE: None if voltage is None else round(voltage, _DIGITS),
        Quantity.CHARGE_CURRENT: amperes,
        Quantity.DISCHARGE_CURRENT: None if amperes is None else -amperes,
        Quantity.HOTTEST: hottest,
        Quantity.COLDEST: coldest,
        Quantity.TEMPERATURE_SPREAD: None if hottest is None or coldest is None else round(hottest - coldest, _DIGITS),
        Quantity.POWER_STAGE: temperatures.get("mosfet"),
        # More than all is a value that nobody knows.
        Quantity.SOC: soc if soc is not None and 0 <= soc <= 100 else None,
    }


def sensor_fails(reading: Reading) -> bool:
    """Tell whether the pack misses a temperature sensor that it should have."""
    return reading.alarms is not None and Alarm.TEMPERATURE_SENSOR_FAULT in reading.alarms


def number(value: object) -> float | None:
    """Return a parameter as a number as fine as the wire, None if it is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return round(float(value), _DIGITS)
