"""Renders docs/entities.md: which entities of a pack are on from the start, which are off, and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
import itertools
from pathlib import Path
import re
from typing import Final

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "entities.md"


class Start(StrEnum):
    """How an entity starts."""

    ON = "on"
    CONTROL = "control"
    """Off until control is allowed."""
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Row:
    """An entity of a pack or a bank, as Home Assistant's registry has it."""

    domain: str
    key: str
    """The end of its unique id."""
    name: str
    start: Start


HEAD = """\
# Entities

What a new pack or bank shows by itself, what waits in *Settings > Devices & services > Entities*, and why. Made from the registry of simulated packs;
which entities a pack has depends on its model, so yours may have fewer.

- **On** is what most look at, kept small enough to read on one page.
- **Off** entities are there, but disabled: enable one on its own page (*Settings > Entity > Enabled*). Nothing is measured less for it.
- **With control** is what can change the pack. It comes by itself once *Allow control* is on in the pack's options, and for changes that ask
  before they are made (all parameters of JBD) once *Dangerous changes without asking* is on too. An entity that could only refuse stays off.
  Withdrawing the permission disables nothing again: what is on then refuses, and says which option would allow it.
  *Experimental writes* adds the entities of parameters whose writing nobody has proven.

These are defaults for entities that are new. An entity that Home Assistant knows already stays as it is, and one that you disabled yourself is
never enabled for you.
"""

WHY: Final[Sequence[tuple[str, str]]] = (
    ("binary_sensor.alarm_*", "*Problem* names the active alarms, and *Protection event* tells of each"),
    ("binary_sensor.cell_balancing_*", "one for each cell; *Balancing* says that there is any"),
    ("binary_sensor.*_enabled", "the raw state of the board's switches; what is allowed, and why, says the mirror"),
    (
        "binary_sensor.*_relay_closed",
        "the raw state of the board's switches; what is allowed, and why, says the mirror",
    ),
    ("binary_sensor.*_connected", "most boards never set it"),
    ("binary_sensor.balance_expected", "particulars of the protections, for who looks for the cause of something"),
    ("binary_sensor.disagreement", "particulars of the protections, for who looks for the cause of something"),
    ("sensor.protection_*", "particulars of the protections, for who looks for the cause of something"),
    ("sensor.time_to_protection", "particulars of the protections, for who looks for the cause of something"),
    ("sensor.cell_voltage_m*", "follows from the voltages of the cells and their difference"),
    ("sensor.cell_m*_number", "follows from the voltages of the cells and their difference"),
    ("sensor.coldest_cell", "lowest and highest temperature are shown"),
    ("sensor.hottest_cell", "lowest and highest temperature are shown"),
    ("sensor.cell_temperature_*", "lowest and highest temperature are shown"),
    ("sensor.cell_resistance_*", "cell health: changes in months, or is known only after days"),
    ("sensor.cell_*_internal_resistance", "cell health: changes in months, or is known only after days"),
    ("sensor.cell_consistency", "cell health: changes in months, or is known only after days"),
    ("sensor.internal_resistance", "cell health: changes in months, or is known only after days"),
    ("sensor.imbalance*", "cell health: changes in months, or is known only after days"),
    ("sensor.learnt_capacity", "cell health: changes in months, or is known only after days"),
    ("sensor.self_discharge", "cell health: changes in months, or is known only after days"),
    ("sensor.measured_*", "cell health: changes in months, or is known only after days"),
    ("sensor.charge_efficiency", "cell health: changes in months, or is known only after days"),
    ("sensor.cycle_progress", "cell health: changes in months, or is known only after days"),
    ("sensor.time_since_full", "state of charge, looked at closely"),
    ("sensor.soc_drift", "state of charge, looked at closely"),
    ("sensor.counted_soc", "state of charge, looked at closely"),
    ("sensor.energy_*", "a second count: *Charged energy* and *Discharged energy* are those of the energy dashboard"),
    (
        "sensor.charge*_total",
        "a second count: *Charged energy* and *Discharged energy* are those of the energy dashboard",
    ),
    (
        "sensor.discharged_total",
        "a second count: *Charged energy* and *Discharged energy* are those of the energy dashboard",
    ),
    ("sensor.charge_in", "a second count: *Charged energy* and *Discharged energy* are those of the energy dashboard"),
    ("sensor.charge_out", "a second count: *Charged energy* and *Discharged energy* are those of the energy dashboard"),
    (
        "sensor.throughput*",
        "a second count: *Charged energy* and *Discharged energy* are those of the energy dashboard",
    ),
    ("sensor.*since_*", "a second count: *Charged energy* and *Discharged energy* are those of the energy dashboard"),
    ("sensor.equivalent_full_cycles", "a second count: *Cycles* are those of the pack"),
    ("sensor.discharge_cycles", "a second count: *Cycles* are those of the pack"),
    ("sensor.trips_*", "a counter that stands still in a healthy pack"),
    ("sensor.connected_through", "particulars of the connection"),
    ("sensor.data_age", "particulars of the connection"),
    ("sensor.signal_strength", "particulars of the connection"),
    ("sensor.*_frames", "particulars of the connection"),
    ("sensor.frames_*", "particulars of the connection"),
    ("sensor.clock_offset", "particulars of the board"),
    ("sensor.design_capacity", "never changes"),
    ("sensor.manufacturing_date", "never changes"),
    ("sensor.runtime", "particulars of the board"),
    ("sensor.heater_current", "particulars of the board"),
    ("sensor.balance_voltage", "particulars of the board"),
    ("sensor.parameter_*", "a threshold of the board, which hardly ever changes"),
    ("switch.*discharge_switch", "cuts off the house: not for a stray touch"),
    ("switch.*", "rarely changed; *set_parameters* knows it too"),
    ("number.*", "rarely changed; *set_parameters* knows it too"),
    ("select.*", "rarely changed; *set_parameters* knows it too"),
    ("button.parameter_*", "rarely changed; *set_parameters* knows it too"),
)
"""Why an entity is off, by the first pattern that its domain and key match."""


def reason(row: Row) -> str | None:
    """Return why an entity is off; None if nobody says that it should be."""
    named = f"{row.domain}.{row.key}"
    return next((why for pattern, why in WHY if fnmatchcase(named, pattern)), None)


def _grouped(names: Iterable[str]) -> Iterator[str]:
    """Yield names, those that differ by a number alone as one."""
    by_pattern: dict[str, list[str]] = {}
    for name in names:
        by_pattern.setdefault(re.sub(r"\d+", "#", name, count=1), []).append(name)
    for pattern, group in by_pattern.items():
        if len(group) < 3:
            yield from group
            continue
        numbers = sorted(int(found[0]) for name in group if (found := re.search(r"\d+", name)))
        yield pattern.replace("#", f"{numbers[0]} … {numbers[-1]}")


def _listed(rows: Iterable[Row]) -> str:
    return ", ".join(_grouped(row.name for row in rows))


def _numbers(rows: Sequence[Row]) -> str:
    counted = {start: sum(row.start is start for row in rows) for start in Start}
    return f"{counted[Start.ON]} on, {counted[Start.CONTROL]} more with control, {counted[Start.OFF]} off."


def _section(title: str, rows: Sequence[Row]) -> Iterator[str]:
    yield f"\n## {title}\n"
    yield _numbers(rows)
    for start, head in ((Start.ON, "On"), (Start.CONTROL, "With control")):
        chosen = [row for row in rows if row.start is start]
        if chosen:
            yield f"\n**{head}**\n"
        for domain, of_domain in itertools.groupby(chosen, lambda row: row.domain):
            yield f"- {domain.replace('_', ' ').capitalize()}: {_listed(of_domain)}"
    by_reason: dict[str, list[Row]] = {}
    for row in rows:
        if row.start is Start.OFF:
            by_reason.setdefault(reason(row) or "", []).append(row)
    if by_reason:
        yield "\n**Off**\n\n| entities | why |\n| --- | --- |"
    yield from (f"| {_listed(of_reason)} | {why} |" for why, of_reason in by_reason.items())


def document(families: Mapping[str, Sequence[Row]]) -> str:
    """Return the page, of rows by title; they are sorted by domain."""
    lines = [line for title, rows in families.items() for line in _section(title, rows)]
    return HEAD + "\n".join(lines) + "\n"
