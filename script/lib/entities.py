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

Which entities of a new pack or bank are on, which ones you can enable under *Settings > Devices & services > Entities*, and why. Generated from
the registry of simulated packs; which entities a pack has depends on its model, so yours may have fewer.

- **On**: what most people need, kept small enough to read on one page.
- **Off**: entities that exist but are disabled. Enable one on its own page (*Settings > Entity > Enabled*).
- **With control**: entities that change the pack. They are enabled once *Allow control* is on in the pack's options; those whose changes need
  confirmation (all parameters of JBD) once *Dangerous changes without asking* is on too. An entity that could only refuse stays off.
  Turning the option off again disables nothing: the entity then refuses, and says which option would allow the change.
  *Experimental writes* adds the entities of parameters whose writing has not been proven.

These are defaults for new entities. An entity that Home Assistant already knows stays as it is, and one that you disabled yourself is never
enabled for you.
"""

WHY: Final[Sequence[tuple[str, str]]] = (
    ("binary_sensor.alarm_*", "*Problem* lists the active alarms, and *Protection event* reports each of them"),
    ("binary_sensor.cell_balancing_*", "one for each cell; *Balancing* shows whether any cell is balanced"),
    (
        "binary_sensor.*_enabled",
        "the raw state of the BMS; *Charging allowed* and *Discharging allowed* show what its rules allow, and why",
    ),
    (
        "binary_sensor.*_relay_closed",
        "the raw state of the BMS; *Charging allowed* and *Discharging allowed* show what its rules allow, and why",
    ),
    ("binary_sensor.*_connected", "most BMS never set it"),
    ("binary_sensor.balance_expected", "details of the protections, for finding the cause of something"),
    ("binary_sensor.disagreement", "details of the protections, for finding the cause of something"),
    ("sensor.protection_*", "details of the protections, for finding the cause of something"),
    ("sensor.time_to_protection", "details of the protections, for finding the cause of something"),
    ("sensor.cell_voltage_m*", "follows from the voltages of the cells and their difference"),
    ("sensor.cell_m*_number", "follows from the voltages of the cells and their difference"),
    ("sensor.coldest_cell", "lowest and highest temperature are shown"),
    ("sensor.hottest_cell", "lowest and highest temperature are shown"),
    ("sensor.cell_temperature_*", "lowest and highest temperature are shown"),
    ("sensor.cell_resistance_*", "cell health: changes over months, or is known only after days"),
    ("sensor.cell_*_internal_resistance", "cell health: changes over months, or is known only after days"),
    ("sensor.cell_consistency", "cell health: changes over months, or is known only after days"),
    ("sensor.internal_resistance", "cell health: changes over months, or is known only after days"),
    ("sensor.imbalance*", "cell health: changes over months, or is known only after days"),
    ("sensor.learnt_capacity", "cell health: changes over months, or is known only after days"),
    ("sensor.self_discharge", "cell health: changes over months, or is known only after days"),
    ("sensor.measured_*", "cell health: changes over months, or is known only after days"),
    ("sensor.charge_efficiency", "cell health: changes over months, or is known only after days"),
    ("sensor.cycle_progress", "cell health: changes over months, or is known only after days"),
    ("sensor.time_since_full", "details of the state of charge"),
    ("sensor.soc_drift", "details of the state of charge"),
    ("sensor.counted_soc", "details of the state of charge"),
    ("sensor.energy_*", "a second count: *Energy charged* and *Energy discharged* are for the energy dashboard"),
    (
        "sensor.charge*_total",
        "a second count: *Energy charged* and *Energy discharged* are for the energy dashboard",
    ),
    (
        "sensor.discharged_total",
        "a second count: *Energy charged* and *Energy discharged* are for the energy dashboard",
    ),
    ("sensor.charge_in", "a second count: *Energy charged* and *Energy discharged* are for the energy dashboard"),
    ("sensor.charge_out", "a second count: *Energy charged* and *Energy discharged* are for the energy dashboard"),
    (
        "sensor.throughput*",
        "a second count: *Energy charged* and *Energy discharged* are for the energy dashboard",
    ),
    ("sensor.*since_*", "a second count: *Energy charged* and *Energy discharged* are for the energy dashboard"),
    ("sensor.equivalent_full_cycles", "a second count: *Cycles* is the count of the pack"),
    ("sensor.discharge_cycles", "a second count: *Cycles* is the count of the pack"),
    ("sensor.trips_*", "a counter that stands still in a healthy pack"),
    ("sensor.connected_through", "details of the connection"),
    ("sensor.data_age", "details of the connection"),
    ("sensor.signal_strength", "details of the connection"),
    ("sensor.*_frames", "details of the connection"),
    ("sensor.frames_*", "details of the connection"),
    ("sensor.connection_quality", "details of the connection"),
    ("sensor.clock_offset", "details of the BMS"),
    ("sensor.design_capacity", "never changes"),
    ("sensor.manufacturing_date", "never changes"),
    ("sensor.runtime", "details of the BMS"),
    ("sensor.heater_current", "details of the BMS"),
    ("sensor.balance_voltage", "details of the BMS"),
    ("sensor.parameter_*", "a threshold of the BMS, which hardly ever changes"),
    ("sensor.power_discharging", "the same power with the other sign, for dashboards that want it so"),
    ("sensor.time_to_chosen_soc", "goes with *Chosen state of charge*"),
    ("sensor.*charging_limited_*", "minutes of today by reason: for finding out why charging was slow"),
    ("number.chosen_soc", "goes with *Time to chosen charge*"),
    ("number.full_every", "only with a target state of charge"),
    ("switch.*discharge_switch", "cuts off the house: not to be touched by accident"),
    ("switch.*", "rarely changed; the action *set_parameters* can change it too"),
    ("number.*", "rarely changed; the action *set_parameters* can change it too"),
    ("select.*", "rarely changed; the action *set_parameters* can change it too"),
    ("button.parameter_*", "rarely changed; the action *set_parameters* can change it too"),
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
