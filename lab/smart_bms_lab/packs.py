"""The packs of the demo, each in a state worth looking at, and where they stand."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from custom_components.smart_bms.simulator.battery import Battery, Chemistry, Profile, household
from custom_components.smart_bms.simulator.board import Board, Limits
from custom_components.smart_bms.simulator.daly.labels import ESS_81
from custom_components.smart_bms.simulator.daly.peripheral import DalyPeripheral
from custom_components.smart_bms.simulator.jbd.labels import DP16S020, SP04S034
from custom_components.smart_bms.simulator.jbd.peripheral import JbdPeripheral
from custom_components.smart_bms.simulator.jk.labels import B5A24S, BD6A24S10P, PB2A16S20P
from custom_components.smart_bms.simulator.jk.peripheral import JkPeripheral
from custom_components.smart_bms.simulator.peripheral import Peripheral
from custom_components.smart_bms.simulator.smart123.board import Smart123Board
from custom_components.smart_bms.simulator.smart123.labels import GEN3_NUS
from custom_components.smart_bms.simulator.smart123.peripheral import Smart123Peripheral

from .inverter import Inverter

_OWN: Final[dict[str, Any]] = {"password": "4711", "settings_password": "081547"}
"""Passwords that are not the factory's."""
_JK_32S: Final = replace(PB2A16S20P, **_OWN)
HOME_STORAGE: Final = {"C8:47:80:12:5A:01": 314.0, "40:17:10:01:5C:06": 280.0}
"""Packs that are wired in parallel, and their capacities in Ah."""
_HOUSE: Final = household(seed=7, base=-16, peak=-100, charge=70)
AREAS: Final = {
    "C8:47:80:12:5A:01": "Cellar",
    "40:17:10:01:5C:06": "Cellar",
    "C8:47:8C:30:7B:02": "Shed",
    "A5:C2:37:28:18:04": "Caravan",
    "D4:11:09:00:0D:02": "Cabin",
    "C8:47:80:12:5A:08": "Garage",
}
"""Where the packs stand that are set up from the start."""
ICONS: Final = {
    "Cellar": "mdi:home-battery",
    "Shed": "mdi:barn",
    "Caravan": "mdi:caravan",
    "Cabin": "mdi:pine-tree",
    "Garage": "mdi:garage",
}
"""Of the areas."""


def _share(address: str, house: Profile) -> Profile:
    """Return what a pack of the home storage carries: packs in parallel share a current by their capacities."""
    share = HOME_STORAGE[address] / sum(HOME_STORAGE.values())
    return lambda now: house(now) * share


class InverterProfile:
    """The current of the house through an inverter, which lets only as much pass as it is set to."""

    def __init__(self, inverter: Inverter, voltage: float = 53.0) -> None:
        """`voltage`: V at which power and current are converted."""
        self._inverter, self._voltage = inverter, voltage
        self._now, self._current = 0.0, 0.0

    def __call__(self, now: float) -> float:
        """Return the current in A at a time in s; both packs ask for the same moments."""
        if now > self._now:
            wanted = _HOUSE(now) * self._voltage
            sun, load = (wanted, 0.0) if wanted > 0 else (0.0, -wanted)
            self._current = self._inverter.step(now - self._now, sun, load, self._voltage)
            self._now = now
        return self._current


def _home_battery(address: str, seed: int, house: Profile) -> Battery:
    """Return a battery of the home storage: on one wire all have one voltage, and so one state of charge."""
    profile, capacity = _share(address, house), HOME_STORAGE[address]
    return Battery(cells=16, capacity=capacity, soc=0.68, profile=profile, seed=seed, temperature=21)


def loaded(house: Profile = _HOUSE) -> JkPeripheral:
    """Return a house battery under the loads of a house: JK02_32S."""
    address = "C8:47:80:12:5A:01"
    return JkPeripheral(
        address, "House battery", _JK_32S, Board(_home_battery(address, 7, house), Limits(balance_start=3.4))
    )


def cold() -> JkPeripheral:
    """Return a pack in an unheated shed, too cold to be charged, with the passwords of the factory: JK02_24S."""
    battery = Battery(
        cells=8,
        capacity=100,
        soc=0.48,
        profile=household(seed=3, base=-1.5, peak=-8, charge=10),
        seed=3,
        temperature=-4,
    )
    pack = JkPeripheral("C8:47:8C:30:7B:02", "JK-BD6A24S10P", BD6A24S10P, Board(battery))
    # Somebody has tried: such a protection trips only while charging.
    pack.board.latches["charge_undertemperature"].tripped = True
    return pack


def balancing() -> JkPeripheral:
    """Return an active balancer at work on an uneven pack: JK04."""
    battery = Battery(cells=14, capacity=60, chemistry=Chemistry.NMC, soc=0.86, spread=0.02, seed=5, temperature=21)
    limits = Limits(balance_trigger=0.005, balance_start=3.0, balance_current=4.5)
    return JkPeripheral("3C:A5:09:44:1D:03", "JK-B5A24S", replace(B5A24S, **_OWN), Board(battery, limits))


def full() -> JbdPeripheral:
    """Return the battery of a caravan in the sun, nearly full: JBD, four cells."""
    battery = Battery(
        cells=4,
        capacity=280,
        soc=0.985,
        spread=0.006,
        profile=household(seed=11, base=3, peak=-6, charge=12),
        seed=11,
        temperature=27,
    )
    board = Board(battery, Limits(cell_overvoltage=3.65, balance_trigger=0.03, balance_start=3.35))
    return JbdPeripheral("A5:C2:37:28:18:04", "Caravan", SP04S034, board)


def locked() -> JbdPeripheral:
    """Return a pack whose Bluetooth module asks for a password, which is 123456: JBD, sixteen cells."""
    battery = Battery(cells=16, capacity=100, soc=0.55, seed=13, temperature=19)
    board = Board(battery, Limits(balance_trigger=0.03))
    return JbdPeripheral("A4:C1:37:04:2D:05", DP16S020.name, DP16S020, board)


def storage(house: Profile = _HOUSE) -> DalyPeripheral:
    """Return the other pack of the home storage, that feeds the house: Daly, dialect 81, sixteen cells."""
    address = "40:17:10:01:5C:06"
    label = replace(ESS_81, password="081547")  # noqa: S106
    return DalyPeripheral(
        address, "DL-401710015C06", label, Board(_home_battery(address, 17, house), Limits(balance_start=3.4))
    )


def offgrid() -> Smart123Peripheral:
    r"""Return the battery of a house off the grid, with sensors for sun and load: 123\SmartBMS, sixteen cells, PIN 1234."""
    battery = Battery(
        cells=16,
        capacity=400,
        soc=0.66,
        spread=0.01,
        profile=household(seed=19, base=-6, peak=-30, charge=45),
        seed=19,
        temperature=18,
    )
    board = Smart123Board(battery, load=household(seed=20, base=14, peak=40, charge=0))
    label = replace(GEN3_NUS, sensors=2)
    return Smart123Peripheral("D4:11:09:00:0D:02", "123\\SmartBMS", label, board)


def solar(charger: Callable[[], float]) -> JkPeripheral:
    """Return a battery that is being charged full, one cell ahead of the others: JK02_32S.

    `charger` returns the current in A that the charger is set to; it holds its voltage when that is reached.
    """
    battery = Battery(cells=8, capacity=50, soc=0.93, spread=0.004, seed=23, temperature=21)
    battery.cells[4].soc += 0.012

    def current(_: float) -> float:
        return min(charger(), max(0.0, (8 * 3.5 - battery.voltage) / 0.01))

    battery.profile = current
    board = Board(battery, Limits(charge_current=50, discharge_current=80, balance_start=3.4, balance_current=1))
    return JkPeripheral("C8:47:80:12:5A:08", "Solar storage", _JK_32S, board)


def all_packs(charger: Callable[[], float] = lambda: 0.0, inverter: Inverter | None = None) -> list[Peripheral]:
    """Return the packs of the demo.

    `charger` tells what the charger of one of them is set to; `inverter` lets pass what goes in and out of the home storage.
    """
    house = _HOUSE if inverter is None else InverterProfile(inverter)
    return [loaded(house), cold(), full(), storage(house), offgrid(), balancing(), locked(), solar(charger)]
