"""The short form of script/faults: every family comes through what happens in houses, in virtual time."""

import pytest

from custom_components.smart_bms.bms.reading import Reading
from script.lib import faults

FAULTS = {fault.name: fault for fault in faults.FAULTS}
FAMILIES = {pack.family: place for place, pack in enumerate(faults.all_packs())}
EVERYDAY = (
    "loss 30%",
    "corruption 10%",
    "reordering 10%",
    "latency 1.5 s",
    "link lost once",
    "connection refused",
    "connection never answered",
    "no free slot",
    "proxy restarts",
    "pack off and on",
    "silent link",
    "frozen pack",
)
NO_CHECKSUM = {("smart123", "corruption 10%"), ("smart123", "reordering 10%")}
"""Records of a 123 have no checksum: now and then a broken one passes for one reading."""


@pytest.mark.parametrize("name", EVERYDAY)
@pytest.mark.parametrize("family", FAMILIES)
def test_a_pack_comes_through(family, name) -> None:
    fault = FAULTS[name]
    outcome = faults.worst(fault, FAMILIES[family], range(1))
    assert outcome.recovery is not None
    assert outcome.recovery <= faults.budget_of(fault, family)
    assert outcome.oldest <= faults.OLDEST + faults.LOOK
    assert outcome.false == [] or (family, name) in NO_CHECKSUM
    assert outcome.lines == 0


def test_what_is_false_is_found() -> None:
    pack = faults.all_packs()[FAMILIES["jk"]]
    battery = pack.board.battery
    cells = tuple(cell.voltage for cell in battery.cells)
    right = Reading(measured_at=0.0, voltage=battery.voltage, current=faults.CURRENT, soc=60, cell_voltages=cells)
    assert faults.wrong_values(right, pack) == []
    wrong = Reading(measured_at=0.0, voltage=12.0, current=2818.0, soc=10, cell_voltages=(0.1, *cells[1:]))
    assert len(faults.wrong_values(wrong, pack)) == 4
