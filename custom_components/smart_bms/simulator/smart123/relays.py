r"""When a 123\SmartBMS lets current flow: the decision tables of the vendor's manual.

Voltages and temperatures are counts, never fractions: where the tables ask for equality, it has to be one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Relays(NamedTuple):
    """True: allowed."""

    charge: bool
    load: bool


class Lamps(NamedTuple):
    """The alarm lamps, in the order of their bits."""

    communication: bool = False
    voltage_low: bool = False
    voltage_high: bool = False
    temperature_low: bool = False
    temperature_high: bool = False


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where the tables draw their lines. Restarts in % SoC."""

    v_min: int
    v_max: int
    bypass: int
    t_min_charge: int
    t_min_load: int
    t_max: int
    charge_restart: int
    load_restart: int
    critical: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """What is measured of the whole pack at one moment."""

    voltages: Sequence[int]
    temperatures: Sequence[int]
    soc: int
    communicates: bool

    @property
    def valid(self) -> bool:
        """There is something to judge by; "every cell" is no comfort without cells."""
        return self.communicates and bool(self.voltages)


def decide(sample: Sample, limits: Thresholds, before: Relays) -> Relays:
    """Return the relays after a measurement of the pack. What forbids goes first, what neither forbids nor allows keeps."""
    if not sample.valid:
        return Relays(charge=False, load=False)
    lowest, highest = min(sample.voltages), max(sample.voltages)
    coldest, hottest = min(sample.temperatures), max(sample.temperatures)
    empty, full = lowest <= limits.v_min, highest >= limits.v_max
    fit, restart = not full, not empty
    if not limits.critical:
        full = full or lowest >= limits.bypass
        fit = highest < limits.bypass and sample.soc < limits.charge_restart
        restart = restart and sample.soc >= limits.load_restart
    cool, hot = hottest < limits.t_max, hottest > limits.t_max

    def relay(*, on: bool, off: bool, t_min: int, kept: bool) -> bool:
        if off or coldest < t_min or hot:
            return False
        return kept or (on and coldest > t_min and cool)

    return Relays(
        charge=relay(on=fit, off=full, t_min=limits.t_min_charge, kept=before.charge),
        load=relay(on=restart, off=empty, t_min=limits.t_min_load, kept=before.load),
    )


def lamps(sample: Sample, limits: Thresholds) -> Lamps:
    """Return what is wrong; without communication nothing else is known."""
    if not sample.valid:
        return Lamps(communication=True)
    return Lamps(
        voltage_low=min(sample.voltages) <= limits.v_min,
        voltage_high=max(sample.voltages) >= limits.v_max,
        temperature_low=min(sample.temperatures) < max(limits.t_min_charge, limits.t_min_load),
        temperature_high=max(sample.temperatures) > limits.t_max,
    )


def is_full(voltages: Sequence[int], pack_voltage: int, limits: Thresholds) -> bool:
    """Return whether the state of charge is 100 % now: every cell is at the bypass voltage, in critical mode the mean."""
    if limits.critical:
        return pack_voltage >= len(voltages) * limits.bypass
    return min(voltages) >= limits.bypass
