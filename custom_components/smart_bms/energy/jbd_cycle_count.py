"""Cycle count: how a JBD board counts cycles, after its manual: one for every cycle capacity that was discharged."""

from .jbd_events import EFFECTS, JbdEvent, JbdEventEffect, JbdStoredQuantity


class JbdCycleCount:
    """Follows what has been discharged since the last cycle."""

    def __init__(self, cycle_capacity: float | None) -> None:
        """Begin in the middle of a cycle of so many Ah; how far it is nobody knows."""
        self.cycle_capacity = cycle_capacity
        self.discharged = 0.0
        """Ah since the last cycle, as far as they were seen."""
        self.certain = False
        """Nothing is missing in it."""

    def update(self, charge: float) -> int:
        """Take what flowed in Ah, positive while charging; return how many cycles that completes.

        Charging in between takes nothing back, and what is left over counts for the next cycle.
        """
        if charge >= 0:
            return 0
        self.discharged -= charge
        if not self.cycle_capacity:
            return 0
        completed = int(self.discharged // self.cycle_capacity)
        self.discharged -= completed * self.cycle_capacity
        return completed

    def start_new_cycle(self) -> None:
        """Take that the board has just counted one: a new cycle begins now."""
        self.discharged, self.certain = 0.0, True

    def handle_event(self, event: JbdEvent) -> None:
        """Take that something happened to the board."""
        if EFFECTS[JbdStoredQuantity.DISCHARGED][event] is JbdEventEffect.CLEAR:
            self.start_new_cycle()
        else:
            self.certain = False

    @property
    def progress(self) -> float | None:
        """Share of the running cycle, 0 to 1; None if that is not certain."""
        if not self.certain or not self.cycle_capacity:
            return None
        return self.discharged / self.cycle_capacity
