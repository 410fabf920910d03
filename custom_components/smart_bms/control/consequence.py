"""Consequence: limits that would make the pack act at this very moment."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import gt, le, lt
from typing import Final

from ..bms.reading import Reading
from ..bms.settings import Catalogue, SettingValue
from .findings import Finding, shown, words

type Present = Callable[[Reading], float | None]


@dataclass(frozen=True, slots=True)
class _Rule:
    """`trips` compares what is present with the limit."""

    key: str
    code: str
    present: Present
    trips: Callable[[float, float], bool]


def _temperatures(reading: Reading) -> list[float]:
    probes = [value for key, value in reading.temperatures.items() if key != "mosfet"]
    return probes + [value for value in reading.cell_temperatures if value is not None]


def _hottest(reading: Reading) -> float | None:
    return max(_temperatures(reading), default=None)


def _coldest(reading: Reading) -> float | None:
    return min(_temperatures(reading), default=None)


def _while_charging(present: Present) -> Present:
    return lambda reading: present(reading) if (reading.current or 0.0) > 0 else None


def _discharge(reading: Reading) -> float | None:
    return None if reading.current is None else -reading.current


_RULES: Final = (
    _Rule("cell_overvoltage", "would_stop_charging", lambda reading: reading.cell_voltage_max, gt),
    _Rule("cell_undervoltage", "would_stop_discharging", lambda reading: reading.cell_voltage_min, lt),
    _Rule("power_off_voltage", "would_power_off", lambda reading: reading.cell_voltage_min, le),
    _Rule("pack_overvoltage", "would_stop_charging", lambda reading: reading.voltage, gt),
    _Rule("pack_undervoltage", "would_stop_discharging", lambda reading: reading.voltage, lt),
    _Rule("max_charge_current", "would_stop_charging", lambda reading: reading.current, gt),
    _Rule("max_discharge_current", "would_stop_discharging", _discharge, gt),
    _Rule("charge_overtemperature", "would_stop_charging", _while_charging(_hottest), gt),
    _Rule("charge_undertemperature", "would_stop_charging", _while_charging(_coldest), lt),
    _Rule("discharge_overtemperature", "would_stop_discharging", _hottest, gt),
    _Rule("cell_overtemperature", "would_stop_discharging", _hottest, gt),
    _Rule("discharge_undertemperature", "would_stop_discharging", _coldest, lt),
)


def consequence_findings(
    catalogue: Catalogue,
    changes: Mapping[str, SettingValue],
    current: Mapping[str, SettingValue],
    reading: Reading,
) -> Iterator[Finding]:
    """Yield each change that would trip a protection now which the present value does not trip."""
    for rule in _RULES:
        limit, old = changes.get(rule.key), current.get(rule.key)
        present = rule.present(reading)
        if present is None or not isinstance(limit, (int, float)) or not rule.trips(present, limit):
            continue
        if isinstance(old, (int, float)) and rule.trips(present, old):
            continue
        setting = catalogue.settings[rule.key]
        yield Finding(
            code=rule.code,
            parameters=(rule.key,),
            details={
                "parameter": words(rule.key),
                "value": shown(limit, setting),
                "present": shown(round(present, 3), setting),
            },
        )
