"""Chemistry presets as the manuals print them: what the vendor's app loads with one touch.

The BMS manual contradicts itself; these are the values of its appendix I. In the manual of the B5A25S the heads of the two
columns are swapped, as 3.65 V under "Li-ion" shows, and its LFP column has the power-off voltage at the cell undervoltage limit,
which the board itself refuses: it is set a millivolt below.
Limits of the power stage are printed there too, but cannot be changed.
"""

from collections.abc import Mapping
import re
from typing import Final

from ..settings import SettingValue
from .layouts import Variant

type Preset = dict[str, SettingValue]

_TIMES: Final[Preset] = {
    "charge_overcurrent_delay": 30,
    "charge_overcurrent_release": 60,
    "discharge_overcurrent_delay": 30,
    "discharge_overcurrent_release": 60,
    "short_circuit_release": 60,
}


def _voltages(off: float, low: float, low_release: float, high_release: float, high: float) -> Preset:
    return {
        "power_off_voltage": off,
        "cell_undervoltage": low,
        "cell_undervoltage_release": low_release,
        "cell_overvoltage_release": high_release,
        "cell_overvoltage": high,
        "balance_trigger": 0.01,
    }


def _temperatures(cold: float, cold_release: float, hot_release: float, hot: float) -> Preset:
    return {
        "charge_undertemperature": cold,
        "charge_undertemperature_release": cold_release,
        "charge_overtemperature_release": hot_release,
        "charge_overtemperature": hot,
        "discharge_overtemperature_release": hot_release,
        "discharge_overtemperature": hot,
    }


_SERIES: Final[Mapping[str, Preset]] = {
    "nmc": _voltages(2.8, 2.9, 3.2, 4.1, 4.2) | _TIMES | _temperatures(-20, -10, 55, 60),
    "lfp": _voltages(2.6, 2.7, 2.9, 3.5, 3.6) | _TIMES | _temperatures(0, 5, 55, 60),
    "lto": _voltages(1.7, 1.8, 2.0, 2.4, 2.7) | _TIMES | _temperatures(-20, -10, 55, 60),
}

_CURRENTS: Final[Preset] = {"max_charge_current": 100.0, "max_discharge_current": 400.0, "max_balance_current": 5.0}
_CONTACTOR: Final[Preset] = _CURRENTS | _TIMES | _temperatures(-20, -10, 60, 70)
_CONTACTOR_SERIES: Final[Mapping[str, Preset]] = {
    "nmc": _voltages(2.799, 2.8, 3.2, 4.1, 4.2) | _CONTACTOR,
    "lfp": _voltages(2.499, 2.5, 2.65, 3.6, 3.65) | _CONTACTOR,
}
_CONTACTOR_MODELS: Final = re.compile(r"JK-B\d+A(?:25S|\d+S-RP)")
"""One board with either balancer, and whatever is sold for a relay."""

# An active balancer has hardly any of that, and no manual gives a power-off voltage for one.
_BALANCER: Final[Mapping[str, Preset]] = {chemistry: {"balance_trigger": 0.01} for chemistry in _SERIES}


def presets_for(model: str, variant: Variant) -> Mapping[str, Mapping[str, SettingValue]]:
    """Return the presets for a model, by chemistry: `lfp`, `nmc`, `lto`."""
    if variant is Variant.JK04:
        return _BALANCER
    return _CONTACTOR_SERIES if is_contactor(model) else _SERIES


def is_contactor(model: str) -> bool:
    """Return whether a board switches a contactor, and measures with the shunt that belongs to it."""
    return _CONTACTOR_MODELS.match(model.replace("_", "-").upper()) is not None
