"""The packs of the demo: three layouts, each in a state worth looking at."""

from custom_components.smart_bms.simulator.battery import Battery, Chemistry, household
from custom_components.smart_bms.simulator.firmware import Board, Limits
from custom_components.smart_bms.simulator.jk import JkPeripheral
from custom_components.smart_bms.simulator.jk_labels import B5A24S, BD6A24S10P, PB2A16S20P


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
    return JkPeripheral("C8:47:8C:30:7B:02", "JK-BD6A24S10P", BD6A24S10P, Board(battery))


def balancing() -> JkPeripheral:
    """Return an active balancer at work on an uneven pack: JK04."""
    battery = Battery(cells=14, capacity=60, chemistry=Chemistry.NMC, soc=0.86, spread=0.02, seed=5, temperature=21)
    limits = Limits(balance_trigger=0.005, balance_start=3.0, balance_current=4.5)
    return JkPeripheral("3C:A5:09:44:1D:03", "JK-B5A24S", B5A24S, Board(battery, limits))


def all_packs() -> list[JkPeripheral]:
    """Return the packs of the demo."""
    return [loaded(), cold(), balancing()]
