"""The packs of the demo, each in a state worth looking at."""

from collections.abc import Callable
from dataclasses import replace

from custom_components.smart_bms.simulator.battery import Battery, Chemistry, household
from custom_components.smart_bms.simulator.daly import DalyPeripheral
from custom_components.smart_bms.simulator.daly_labels import ESS_81
from custom_components.smart_bms.simulator.firmware import Board, Limits
from custom_components.smart_bms.simulator.jbd import JbdPeripheral
from custom_components.smart_bms.simulator.jbd_labels import DP16S020, SP04S034
from custom_components.smart_bms.simulator.jk import JkPeripheral
from custom_components.smart_bms.simulator.jk_labels import B5A24S, BD6A24S10P, PB2A16S20P
from custom_components.smart_bms.simulator.peripheral import Peripheral
from custom_components.smart_bms.simulator.smart123 import Smart123Peripheral
from custom_components.smart_bms.simulator.smart123_board import Smart123Board
from custom_components.smart_bms.simulator.smart123_labels import GEN3_NUS


def loaded() -> JkPeripheral:
    """Return a house battery under the loads of a house: JK02_32S."""
    battery = Battery(cells=16, capacity=314, soc=0.71, profile=household(seed=7), seed=7, temperature=24)
    return JkPeripheral("C8:47:80:12:5A:01", "House battery", PB2A16S20P, Board(battery, Limits(balance_start=3.4)))


def cold() -> JkPeripheral:
    """Return a pack in an unheated shed, too cold to be charged: JK02_24S."""
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
    return JkPeripheral("3C:A5:09:44:1D:03", "JK-B5A24S", B5A24S, Board(battery, limits))


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


def storage() -> DalyPeripheral:
    """Return a home storage that feeds the house: Daly, dialect 81, sixteen cells."""
    battery = Battery(
        cells=16,
        capacity=314,
        soc=0.42,
        profile=household(seed=17, base=-12, peak=-45, charge=20),
        seed=17,
        temperature=21,
    )
    return DalyPeripheral("40:17:10:01:5C:06", "DL-401710015C06", ESS_81, Board(battery, Limits(balance_start=3.4)))


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
    return JkPeripheral("C8:47:80:12:5A:08", "Solar storage", PB2A16S20P, board)


def all_packs(charger: Callable[[], float] = lambda: 0.0) -> list[Peripheral]:
    """Return the packs of the demo; `charger` tells what the charger of one of them is set to."""
    return [loaded(), cold(), full(), storage(), offgrid(), balancing(), locked(), solar(charger)]
