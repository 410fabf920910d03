"""JBD counters: what a JBD board did to its own counts: cycle, restarts, estimates and jumps of the state of charge.

Only what its answers show: a supply that returned by its count of restarts, a write by counters that were cleared.
"""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from ..bms.reading import FULL_SOC, Reading
from ..bms.stored_values import flag, number, optional, whole
from ..protection.quantities import number as number_in
from .energy_counter import EnergyCounter
from .energy_statistics import EMPTY_SOC
from .energy_totals import EnergyTotals
from .jbd_cycle_count import JbdCycleCount
from .jbd_events import JbdEvent, detect_event
from .jbd_remaining_charge import JbdRemainingCharge, SocJumpCause, explain_jump
from .jbd_voltage_soc import soc_voltage_points

_MAX_JUMPS: Final = 10
"""Jumps that are stored; the oldest is dropped."""
CYCLE_CAPACITY: Final = "cycle_capacity"
"""Parameter: discharged Ah that count as a cycle."""


class SocJump(NamedTuple):
    """A state of charge that changed by more than 5 % between two readings."""

    at: float
    """Time of day in s since 1970."""
    before: float
    after: float
    """Both in %."""
    cause: SocJumpCause


class JbdCounters:
    """Model of the counters of one board."""

    def __init__(self, counter: EnergyCounter) -> None:
        """`counter`: of the pack; updated before this with each reading."""
        self.cycle = JbdCycleCount(None)
        self.jumps: deque[SocJump] = deque(maxlen=_MAX_JUMPS)
        self.remaining: JbdRemainingCharge | None = None
        self._counter = counter
        self._totals: EnergyTotals | None = None
        self._counters: dict[str, int] = {}
        self._cycles: float | None = None
        self._soc: float | None = None
        self._gaps = counter.all_gaps

    def update(self, reading: Reading, settings: Mapping[str, object] | None, at: float) -> JbdEvent | None:
        """Update with a reading, and the parameters if they are known; return the event that happened to the board.

        `at`: time of day of the reading in s since 1970.
        """
        event = detect_event(self._counters, reading.counters) if reading.counters and self._counters else None
        if reading.counters:
            self._counters = dict(reading.counters)
        unseen = self._counter.all_gaps != self._gaps
        self._gaps = self._counter.all_gaps
        self._update_cycle(reading, settings)
        for happened in (JbdEvent.UNSEEN if unseen else None, event):
            if happened is not None:
                self.cycle.handle_event(happened)
        self._update_charge(reading, settings, event)
        self._update_jumps(reading, at, forgot=event is not None, unseen=unseen)
        return event

    def _update_cycle(self, reading: Reading, settings: Mapping[str, object] | None) -> None:
        total = self._counter.total
        if settings is not None:
            self.cycle.cycle_capacity = number_in(settings.get(CYCLE_CAPACITY))
        if self._totals is not None:
            self.cycle.update(-(total.charge_out - self._totals.charge_out))
        self._totals = total.copy()
        if reading.cycles is not None and self._cycles is not None and reading.cycles == self._cycles + 1:
            self.cycle.start_new_cycle()
        self._cycles = reading.cycles if reading.cycles is not None else self._cycles

    def _update_charge(self, reading: Reading, settings: Mapping[str, object] | None, event: JbdEvent | None) -> None:
        soc, capacity, remaining = reading.soc, reading.full_capacity, reading.remaining_capacity
        if not capacity or remaining is None or settings is None:
            return
        if self.remaining is None:
            self.remaining = JbdRemainingCharge(capacity, soc_voltage_points(settings), remaining)
        self.remaining.capacity, self.remaining.points = capacity, soc_voltage_points(settings)
        if event is not None:
            self.remaining.handle_event(event, reading.cell_voltage_mean)
        full = None if soc is None else soc >= FULL_SOC
        self.remaining.update(0.0, full=full, empty=None if soc is None else soc <= EMPTY_SOC)
        self.remaining.set_reported(remaining)

    def _update_jumps(self, reading: Reading, at: float, *, forgot: bool, unseen: bool) -> None:
        before, soc = self._soc, reading.soc
        if soc is None:
            return
        self._soc = soc
        if before is None:
            return
        full, empty = soc >= FULL_SOC, soc <= EMPTY_SOC
        cause = explain_jump(before, soc, full=full, empty=empty, forgot=forgot, unseen=unseen)
        if cause is not None:
            self.jumps.append(SocJump(at, before, soc, cause))

    def shift_references(self, by: EnergyTotals) -> None:
        """Shift the reference totals: the counter was raised by this much, without any flow."""
        if self._totals is not None:
            self._totals.add(by)

    @property
    def estimated(self) -> bool:
        """Whether the state of charge is estimated from the voltage, as the pack was neither full nor empty since."""
        return self.remaining is not None and self.remaining.estimated

    def dump(self) -> dict[str, Any]:
        """Return what is stored over a restart."""
        return {
            "discharged": self.cycle.discharged,
            "certain": self.cycle.certain,
            "counters": self._counters,
            "cycles": self._cycles,
            "estimated": self.estimated,
            "jumps": [list(jump) for jump in self.jumps],
        }

    def restore(self, stored: Mapping[str, Any]) -> None:
        """Restore what `dump` returned; what happened since is unseen. Raises one of BROKEN if it is invalid."""
        counters = {str(key): whole(count) for key, count in stored["counters"].items()}
        cycles, estimated = optional(number, stored["cycles"]), flag(stored["estimated"])
        jumps = [
            SocJump(number(at), number(before), number(after), SocJumpCause(cause))
            for at, before, after, cause in stored["jumps"]
        ]
        self.cycle.discharged, self.cycle.certain = number(stored["discharged"]), flag(stored["certain"])
        self.cycle.handle_event(JbdEvent.UNSEEN)
        self._counters, self._cycles = counters, cycles
        self.jumps.extend(jumps)
        if estimated:
            self.remaining = JbdRemainingCharge(0.0, ())
            self.remaining.estimated = True
