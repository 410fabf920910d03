"""Record accumulator: what the records of a pack add up to. Each kind of record has its own age; what is too old is left out."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from ..errors import FrameError
from ..reading import Detail, Extremes, Reading
from .alarms import (
    CHARGE_ALLOWED,
    CHARGE_RELAY,
    COMMUNICATION_FAULT,
    DISCHARGE_ALLOWED,
    LOAD_RELAY,
    NOT_CALIBRATED,
    alarms,
)
from .bit_error_filter import Debounce, MajorityVote
from .cells import Cells
from .decode import Counts
from .scales import Scales, celsius, volts

FRESH: Final = 20.0
"""Seconds after which the vendor's worker takes a silent pack for gone; no record that measures may be older."""
_FRESH_METERS: Final = 60.0
"""For what moves slowly and, as it seems, comes more rarely."""
_METERS: Final = frozenset("MHB")
_FRESH_EXTREMES: Final = 3.0
_PATIENCE: Final = 5.0
"""Seconds that a first reading waits for flags that two samples agree on."""
_MINUTES_OF_DAY: Final = 24 * 60
_UNKNOWN_PERCENT: Final = 100
"""More than that means "not known"."""

_STEPS: Final = {
    **dict.fromkeys(("current", "current_in", "current_out"), 400),
    **dict.fromkeys(("lowest", "highest"), 40),
    **dict.fromkeys(("coldest", "hottest"), 20),
    "stored_energy": 50,
    "soc": 1,
    "soh": 1,
    "charge_efficiency": 5,
    "charge_cycles": 10,
    "discharge_cycles": 10,
    "cycles": 1,
    "measured_capacity": 50,
    "measured_charge_capacity": 50,
    "balance_voltage": 0,
    "clock_offset": 1,
}
"""How far these counts may move between two records before the next one has to confirm it."""
_RISING: Final = {
    **{f"energy_{flow}_today": 20 for flow in ("collected", "consumed", "charged", "discharged")},
    **{f"energy_{flow}_total": 0 for flow in ("collected", "consumed", "charged", "discharged")},
}
"""Of meters, which only rise."""

_DIVISORS: Final = {"charge_cycles": 100, "discharge_cycles": 100}
_PERCENT: Final = frozenset({"soh", "charge_efficiency", "soc"})
_OWN_PLACE: Final = {"soc": "soc", "soh": "soh", "charge_cycles": "cycles", "cycles": "cycles"}
"""Of what the vocabulary of readings has itself; the rest are details under their own name."""


class RecordAccumulator:
    """Collects the records of one session and makes readings of them."""

    def __init__(self, scales: Callable[[], Scales], clock: Callable[[], datetime]) -> None:
        """`scales` returns how counts are read now, `clock` the local time."""
        self.cells = Cells()
        self._scales = scales
        self._clock = clock
        self._votes = MajorityVote()
        self._votes_2 = MajorityVote()
        self._records: dict[str, tuple[Counts, float]] = {}
        self._debounces: dict[str, Debounce] = {}
        self._began_at: float | None = None

    def update(self, tag: str, counts: Counts, now: float) -> None:
        """Add the counts of a record. Raises FrameError if a part of it must not be shown."""
        if self._began_at is None:
            self._began_at = now
        self._records[tag] = (counts, now)
        for name, count in counts.items():
            if name in _STEPS or name in _RISING:
                self._debounce(name, count)
        if tag == "C":
            self._update_cell(counts, now)
        elif "clock_hour" in counts:
            self.set_clock(counts["clock_hour"], counts.get("clock_minute"))

    def _debounce(self, name: str, count: int | None) -> None:
        if name in _PERCENT and count is not None and count > _UNKNOWN_PERCENT:
            count = None
        if name not in self._debounces:
            rising = name in _RISING
            self._debounces[name] = Debounce(_RISING[name] if rising else _STEPS[name], rising=rising)
        self._debounces[name].update(count)

    def _update_cell(self, counts: Counts, now: float) -> None:
        status, status_2 = counts.get("status"), counts.get("status_2")
        if status is not None:
            self._votes.update(status & 0xFF)
        if status_2 is not None:
            self._votes_2.update(status_2 & 0xFF)
        if status is not None and status & COMMUNICATION_FAULT:
            return  # voltage and temperature of such a record mean nothing
        voltages = self._between("V", "lowest", "highest", now)
        self.cells.update(counts, voltages, now, self._between("T", "coldest", "hottest", now))

    def _between(self, tag: str, low: str, high: str, now: float) -> tuple[int, int] | None:
        """Return both extremes of a kind, if they are fresh and believed."""
        if not self._counts(tag, now, _FRESH_EXTREMES):
            return None
        one, other = self._debounced(low, tag, now), self._debounced(high, tag, now)
        return None if one is None or other is None or one > other else (one, other)

    def set_clock(self, hour: int | None, minute: int | None) -> None:
        """Update the pack's clock; how far it is off is in minutes, to the nearest day: nobody knows its date."""
        if hour is None or minute is None or hour >= 24 or minute >= 60:
            self._debounce("clock_offset", None)
            return
        local = self._clock()
        apart = hour * 60 + minute - (local.hour * 60 + local.minute)
        offset = (apart + _MINUTES_OF_DAY // 2) % _MINUTES_OF_DAY - _MINUTES_OF_DAY // 2
        self._debounce("clock_offset", offset)

    def _counts(self, tag: str, now: float, fresh: float) -> Mapping[str, int | None]:
        counts, at = self._records.get(tag, ({}, now))
        return counts if now - at <= fresh else {}

    def measured(self, now: float) -> tuple[int | None, int | None, int | None]:
        """Return the counts of pack voltage, current and stored energy."""
        totals = self._counts("U", now, _FRESH_EXTREMES)
        return (
            totals.get("voltage"),
            self._debounced("current", "U", now),
            self._debounced("stored_energy", "E", now),
        )

    def reading(self, now: float) -> Reading | None:
        """Return what is known at monotonic time `now`; None while that is too little to be shown."""
        flags = self._votes.flags
        if flags is not None and flags & COMMUNICATION_FAULT:
            # The pack does not hear its cells: nothing that it says of them counts (vendor).
            self.cells.clear()
            return Reading(
                measured_at=now,
                charging_enabled=bool(flags & CHARGE_ALLOWED),
                discharging_enabled=bool(flags & DISCHARGE_ALLOWED),
                alarms=alarms(flags, None),
                alarm_mask=flags,
            )
        waited = 0.0 if self._began_at is None else now - self._began_at
        totals = self._counts("U", now, FRESH)
        if totals.get("voltage") is None or self.cells.count is None:
            return None
        if waited < _PATIENCE and (flags is None or self._debounced("soc", "E", now) is None):
            return None
        # Full is when all cells balance; one that goes on to the limit is a fault.
        values: dict[str, Any] = {"measured_at": now, "overvoltage_ends_charge": False}
        details: dict[str, Detail] = {}
        self._add_totals(totals, now, values, details)
        self._add_extremes(now, values, details)
        self._add_cells(now, values, details)
        self._add_flags(now, flags, values, details)
        self._add_debounced(now, values, details)
        if (offset := self._debounced("clock_offset", "M", now)) is not None:
            details["clock_offset"] = offset
        return Reading.of(values | {"details": details})

    @staticmethod
    def silence(now: float) -> Reading:
        """Return a reading that only says that the cells are not heard: what the relays do is not known."""
        return Reading(measured_at=now, alarms=alarms(COMMUNICATION_FAULT, None))

    def _add_totals(
        self, counts: Mapping[str, int | None], now: float, values: dict[str, Any], details: dict[str, Detail]
    ) -> None:
        scales = self._scales()
        voltage = volts(counts["voltage"] or 0)
        values["voltage"] = voltage
        for name, power, place in (
            ("current", "power", values),
            ("current_in", "power_in", details),
            ("current_out", "power_out", details),
        ):
            count = self._debounced(name, "U", now)
            current = None if count is None else scales.amperes(count)
            if current is not None:
                place[name] = current
                place[power] = round(current * voltage, 1)

    def _add_extremes(self, now: float, values: dict[str, Any], details: dict[str, Detail]) -> None:
        count, numbers = self.cells.count or 0, self._counts("V", now, FRESH)
        lowest, highest = (self._debounced(name, "V", now) for name in ("lowest", "highest"))
        low_number, high_number = numbers.get("lowest_number") or 0, numbers.get("highest_number") or 0
        numbered = 1 <= low_number <= count and 1 <= high_number <= count
        if numbered and lowest is not None and highest is not None and lowest <= highest:
            values["extremes"] = Extremes(volts(lowest), low_number, volts(highest), high_number)
        coldest, hottest = (self._debounced(name, "T", now) for name in ("coldest", "hottest"))
        values["temperatures"] = {}
        if coldest is None or hottest is None or coldest > hottest:
            return
        formula, numbers = self._scales().formula, self._counts("T", now, FRESH)
        values["temperatures"] = {"lowest": celsius(coldest, formula), "highest": celsius(hottest, formula)}
        for name in ("coldest", "hottest"):
            if 1 <= (numbers.get(f"{name}_number") or 0) <= count:
                details[f"{name}_cell"] = numbers[f"{name}_number"] or 0

    def _add_cells(self, now: float, values: dict[str, Any], details: dict[str, Detail]) -> None:
        known = self.cells.known(now)
        formula = self._scales().formula
        values["cell_voltages"] = tuple(volts(cell.voltage) if cell else None for cell in known)
        values["cell_times"] = tuple(cell.at if cell else None for cell in known)
        if any(cell and cell.temperature is not None for cell in known):
            values["cell_temperatures"] = tuple(
                celsius(cell.temperature, formula) if cell and cell.temperature is not None else None for cell in known
            )
        balance = self._debounced("balance_voltage", "V", now)
        if not balance:
            return
        details["balance_voltage"] = volts(balance)
        # There are no flags for it: a board burns what its cell has above the balance voltage.
        balancing = tuple(number for number, cell in enumerate(known, 1) if cell and cell.voltage >= balance)
        extremes: Extremes | None = values.get("extremes")
        values["balancing_cells"] = balancing
        values["balancing"] = bool(balancing) or (extremes is not None and extremes.highest >= volts(balance))

    def _add_flags(self, now: float, flags: int | None, values: dict[str, Any], details: dict[str, Detail]) -> None:
        if flags is None or not self._counts("C", now, FRESH):
            return
        more = self._votes_2.flags
        values["charging_enabled"] = bool(flags & CHARGE_ALLOWED)
        values["discharging_enabled"] = bool(flags & DISCHARGE_ALLOWED)
        values["alarms"] = alarms(flags, more)
        values["alarm_mask"] = flags | (more or 0) << 8
        details["soc_calibrated"] = not flags & NOT_CALIBRATED
        if more is not None:
            details["charge_relay_closed"] = bool(more & CHARGE_RELAY)
            details["load_relay_closed"] = bool(more & LOAD_RELAY)

    def _add_debounced(self, now: float, values: dict[str, Any], details: dict[str, Detail]) -> None:
        for tag in "EMHB":
            for name in self._counts(tag, now, _FRESH_METERS if tag in _METERS else FRESH):
                value = self._debounced(name, tag, now)
                if value is None:
                    continue
                shown = value / _DIVISORS[name] if name in _DIVISORS else value
                if name == "stored_energy":
                    values["stated_energy"] = float(shown)
                elif name in _OWN_PLACE:
                    values[_OWN_PLACE[name]] = shown
                else:
                    details[name] = shown

    def _debounced(self, name: str, tag: str, now: float) -> int | None:
        fresh = _FRESH_METERS if tag in _METERS else FRESH
        steady = self._debounces.get(name)
        return steady.value if steady is not None and self._counts(tag, now, fresh) else None


def refused(accumulator: RecordAccumulator, tag: str, counts: Counts, now: float) -> str | None:
    """Add a record; return why a part of it must not be shown, if there is a reason."""
    try:
        accumulator.update(tag, counts, now)
    except FrameError as error:
        return error.reason
    return None
