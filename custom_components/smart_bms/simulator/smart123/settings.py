r"""What can be set on a 123\SmartBMS, in the counts it stores, and at which addresses.

Written down here a second time on purpose: an error in the decoder's tables must not hide in the simulator.
"""

from dataclasses import dataclass
from typing import Final, Self

from ..battery import Battery, Chemistry

VOLTAGE_UNIT: Final = 0.005
_TEMPERATURE_UNIT: Final = 0.857
_TEMPERATURE_ZERO: Final = 232.1

_V_MIN: Final = {Chemistry.LFP: 560, Chemistry.NMC: 680, Chemistry.LTO: 400}
_V_LOW: Final = {Chemistry.LFP: 590, Chemistry.NMC: 700, Chemistry.LTO: 420}
_V_NOMINAL: Final = {Chemistry.LFP: 640, Chemistry.NMC: 740, Chemistry.LTO: 460}
_BALANCE: Final = {Chemistry.LFP: 700, Chemistry.NMC: 800, Chemistry.LTO: 500}
_V_MAX: Final = {Chemistry.LFP: 730, Chemistry.NMC: 830, Chemistry.LTO: 560}
_CODE: Final = {Chemistry.LFP: 1, Chemistry.NMC: 3, Chemistry.LTO: 2}


def voltage_counts(volts: float) -> int:
    """Return a voltage as the BMS counts it."""
    return round(volts / VOLTAGE_UNIT)


def temperature_counts(celsius: float) -> int:
    """Return a temperature as the BMS counts it; the vendor's documents have another zero than its software."""
    return max(0, round((celsius + _TEMPERATURE_ZERO) / _TEMPERATURE_UNIT))


@dataclass(slots=True)
class Settings:
    """Raw counts: voltages in 5 mV, temperatures as `temperature_counts` has them."""

    v_min: int
    v_low: int
    v_nominal: int
    balance: int
    v_max: int
    chemistry: int
    """0 other, 1 LFP, 2 LTO, 3 NMC, 4 NCA."""
    capacity: int
    """0.1 kWh."""
    t_min_charge: int = temperature_counts(0)
    t_min_discharge: int = temperature_counts(-20)
    t_max: int = temperature_counts(50)
    charge_restart: int = 90
    """% SoC."""
    discharge_restart: int = 20
    v_min_hysteresis: int = 10
    """10 mV; what exactly it does is not public, so it does nothing here. So the delays."""
    v_max_hysteresis: int = 5
    solar_peak: int = 500
    """10 W."""
    inverter_peak: int = 300
    pin: str = "1234"
    sensor_type: int = 0
    """0, 1, 2, 11: 125, 250, 500, 1000 A."""
    critical: int = 0
    charge_forced_off: int = 0
    discharge_forced_off: int = 0
    use_measured_capacity: int = 0
    charge_restart_delay: int = 0
    """5 s."""
    discharge_restart_delay: int = 0
    charge_pause_delay: int = 5
    """2 s."""
    discharge_pause_delay: int = 5
    soc_voltage_correction: int = 1
    tail_current: int = 25
    """0.2 A."""
    invert_charge_sensor: int = 0
    invert_discharge_sensor: int = 0
    relay1_function: int = 1
    """1 allowed to charge, 2 allowed to discharge, 3 main relay, 4 pre-alarm."""
    relay1_inverted: int = 0
    relay1_force: int = 0
    """0 none, 1 keep off, 2 keep on."""
    relay2_function: int = 2
    relay2_inverted: int = 0
    relay2_force: int = 0

    @classmethod
    def for_battery(cls, battery: Battery) -> Self:
        """Return what somebody who knows the cells would have set."""
        chemistry = battery.chemistry
        nominal = _V_NOMINAL[chemistry] * VOLTAGE_UNIT
        return cls(
            v_min=_V_MIN[chemistry],
            v_low=_V_LOW[chemistry],
            v_nominal=_V_NOMINAL[chemistry],
            balance=_BALANCE[chemistry],
            v_max=_V_MAX[chemistry],
            chemistry=_CODE[chemistry],
            capacity=max(1, round(len(battery.cells) * battery.capacity * nominal / 100)),
        )

    def takes(self, address: int, value: int) -> bool:
        """Return whether a byte may be written there."""
        place = _PLACES.get(address)
        return place is not None and value <= place.highest

    def write(self, address: int, value: int) -> bool:
        """Take one byte, which counts at once even if it is half a number; return whether it was taken."""
        if not self.takes(address, value):
            return False
        place = _PLACES[address]
        kept: int = getattr(self, place.name) & ~(0xFF << place.shift)
        setattr(self, place.name, kept | value << place.shift)
        return True


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a byte goes."""

    name: str
    shift: int = 0
    highest: int = 0xFF


_WORDS: Final = {
    0x010: "solar_peak",
    0x020: "inverter_peak",
    0x030: "capacity",
    0x040: "v_min",
    0x044: "v_low",
    0x046: "v_nominal",
    0x050: "v_max",
    0x060: "t_min_charge",
    0x062: "t_min_discharge",
    0x070: "t_max",
    0x082: "charge_restart_delay",
    0x084: "discharge_restart_delay",
}
_BYTES: Final = {
    0x015: _Place("chemistry", highest=4),
    0x016: _Place("sensor_type", highest=11),
    0x017: _Place("critical", highest=1),
    0x019: _Place("charge_forced_off", highest=1),
    0x01A: _Place("discharge_forced_off", highest=1),
    0x042: _Place("v_min_hysteresis"),
    0x052: _Place("v_max_hysteresis"),
    0x086: _Place("charge_pause_delay"),
    0x087: _Place("discharge_pause_delay"),
    0x08B: _Place("use_measured_capacity", highest=1),
    0x08D: _Place("soc_voltage_correction", highest=1),
    0x08E: _Place("invert_charge_sensor", highest=1),
    0x08F: _Place("invert_discharge_sensor", highest=1),
    0x092: _Place("tail_current"),
    0x340: _Place("relay1_function", highest=4),
    0x341: _Place("relay1_inverted", highest=1),
    0x342: _Place("relay1_force", highest=2),
    0x360: _Place("relay2_function", highest=4),
    0x361: _Place("relay2_inverted", highest=1),
    0x362: _Place("relay2_force", highest=2),
}
_PLACES: Final = (
    {address: _Place(name, 8) for address, name in _WORDS.items()}
    | {address + 1: _Place(name) for address, name in _WORDS.items()}
    | _BYTES
)
