"""Records of the stream: lines into counts. They carry no checksum, so every field is looked at."""

from dataclasses import dataclass
from typing import Final

from ..errors import FrameError
from .frames import RECORD_TAGS, number

type Counts = dict[str, int | None]
"""Counts by name; None is what the pack says it does not have."""


@dataclass(frozen=True, slots=True)
class _Layout:
    """Names of the fields of a record, in order."""

    fields: tuple[str, ...]
    needed: int
    """How many of them every firmware sends."""
    signed: frozenset[str] = frozenset()


_CURRENTS: Final = frozenset({"current_in", "current", "current_out"})
LAYOUTS: Final = {
    "U": _Layout(("voltage", "current_in", "current", "current_out"), 4, _CURRENTS),
    "V": _Layout(("lowest", "lowest_number", "highest", "highest_number", "balance_voltage"), 5),
    "T": _Layout(("coldest", "coldest_number", "hottest", "hottest_number", "log_index"), 4),
    "C": _Layout(("cell_number", "cell_count", "cell_voltage", "cell_temperature", "status", "status_2"), 5),
    "E": _Layout(("energy_collected_today", "stored_energy", "energy_consumed_today", "soc"), 4),
    "M": _Layout(("energy_collected_total", "energy_consumed_total", "clock_hour", "clock_minute"), 3),
    "H": _Layout(
        (
            *("soh", "measured_capacity", "measured_charge_capacity"),
            *("charge_efficiency", "charge_cycles", "discharge_cycles"),
        ),
        6,
    ),
    "B": _Layout(
        ("energy_charged_total", "energy_discharged_total", "energy_charged_today", "energy_discharged_today"), 4
    ),
}
"""By letter. Fields beyond those needed are told by generation 3 only; more than these are passed over."""


def is_record(line: str) -> bool:
    """Return whether a line is meant to be a record that we know."""
    return line[:1] in RECORD_TAGS and line[1:2] == "_"


def decode_record(line: str) -> tuple[str, Counts]:
    """Return the letter of a record and its counts. Raises FrameError."""
    tag, *fields = line.split("_")
    layout = LAYOUTS.get(tag)
    if layout is None:
        raise FrameError("unknown_type")
    if len(fields) < layout.needed:
        raise FrameError("length")
    if tag == "M":
        # The clock is one field of two numbers; without it the totals still count.
        fields = [*fields[:2], *fields[2].partition(":")[::2]]
        fields[3] = fields[3] or "X"
    counts: Counts = {}
    for name, field in zip(layout.fields, fields, strict=False):
        if field[:1] in "+-" and name not in layout.signed:
            raise FrameError("not_a_number")
        counts[name] = number(field)
    return tag, counts
