"""Cycle count of a JBD board, after its manual: one cycle for every cycle capacity that was discharged."""

from .jbd_events import EFFECTS, JbdEvent, JbdEventEffect, JbdStoredQuantity


class JbdCycleCount:
    """Progress of the running cycle."""

    def __init__(self, cycle_capacity: float | None) -> None:
        """`cycle_capacity`: Ah of a cycle, None if unknown. The progress of the first one is unknown."""
        self.cycle_capacity = cycle_capacity
        self.discharged = 0.0
        """Ah since the last cycle, without those during gaps."""
        self.certain = False
        """Whether that is complete."""

    def update(self, charge: float) -> int:
        """Add a charge in Ah, positive while charging; return how many cycles that completes.

        Charging in between subtracts nothing, and the remainder counts for the next cycle.
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
        """Begin a new cycle: the board has just counted one."""
        self.discharged, self.certain = 0.0, True

    def handle_event(self, event: JbdEvent) -> None:
        """Apply an event of the board."""
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
