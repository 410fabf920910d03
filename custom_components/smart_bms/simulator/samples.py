"""Samples: one simulated pack of each make, for those who want to try the integration before they buy or connect one."""

from collections.abc import Callable
from dataclasses import replace
import math
from typing import Final

from .battery import Battery, household
from .board import Board, Limits
from .daly.labels import ESS_81
from .daly.peripheral import DalyPeripheral
from .jbd.labels import SP04S034
from .jbd.peripheral import JbdPeripheral
from .jk.labels import PB2A16S20P
from .jk.peripheral import JkPeripheral
from .peripheral import Peripheral
from .smart123.board import Smart123Board
from .smart123.labels import BRIDGE, GEN2_BRSP, GEN3_NUS, Label
from .smart123.peripheral import Smart123Peripheral

_ADDRESS: Final = "02:53:49:4D:00:{:02X}"
"""Locally administered: no device is ever sold with it."""


def _battery(cells: int, capacity: float, seed: int) -> Battery:
    return Battery(cells=cells, capacity=capacity, soc=0.62, profile=household(seed=seed), seed=seed, temperature=21)


def _jk(address: str) -> Peripheral:
    return JkPeripheral(address, "JK", PB2A16S20P, Board(_battery(16, 314, 31), Limits(balance_start=3.4)))


def _jbd(address: str) -> Peripheral:
    return JbdPeripheral(address, "JBD", SP04S034, Board(_battery(4, 280, 32), Limits(balance_trigger=0.03)))


def _daly(address: str) -> Peripheral:
    return DalyPeripheral(address, "Daly", ESS_81, Board(_battery(16, 314, 33), Limits(balance_start=3.4)))


def _smart123(name: str, label: Label, cells: int, seed: int) -> Callable[[str], Peripheral]:
    def make(address: str) -> Peripheral:
        load = household(seed=seed + 1, base=12, peak=60, charge=0)
        board = Smart123Board(_battery(cells, 280, seed), load=load)
        # A week of days with sun and nights without.
        board.history.ring[:] = [
            round(65 + 25 * math.sin(hour / 12 * math.pi)) for hour in range(len(board.history.ring))
        ]
        return Smart123Peripheral(address, name, replace(label, pin=None), board)

    return make


SAMPLES: Final[dict[str, Callable[[str], Peripheral]]] = {
    "jk": _jk,
    "jbd": _jbd,
    "daly": _daly,
    "smart123": _smart123("123\\SmartBMS", replace(GEN3_NUS, sensors=2), 16, 34),
    "smart123_older": _smart123("123\\SmartBMS", GEN2_BRSP, 15, 35),
    "smart123_bridge": _smart123("Bridge", BRIDGE, 22, 36),
}
"""By key; each takes its address."""


def sample_address(key: str) -> str:
    """Return the address of a sample: always the same, so that there is one of each."""
    return _ADDRESS.format(list(SAMPLES).index(key) + 1)


def sample(key: str) -> Peripheral:
    """Return a sample in the state in which it always begins."""
    return SAMPLES[key](sample_address(key))
