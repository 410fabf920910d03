"""How far a state of charge may be off by now, and a second one by our own count.

A board counts charge, and small errors add up until the pack is full again. What is expected: 1 % of the charge that went
through since, and 0.1 % of the capacity per day for what the board itself and the cells lose unseen.
"""

from typing import Final

_ERROR_PER_THROUGHPUT: Final = 0.01
_ERROR_PER_DAY: Final = 0.1
FULL_CHARGE_ADVISED_FROM: Final = 10.0
"""% from which on a full charge is advised."""


def expected_drift(throughput: float, capacity: float, days: float) -> float:
    """Return the expected error in % after so many Ah through a pack of a capacity in Ah, days after it was full."""
    return 100 * _ERROR_PER_THROUGHPUT * throughput / capacity + _ERROR_PER_DAY * days


def counted_soc(net_out: float, capacity: float) -> float:
    """Return the state of charge in % of a pack that was full, after so many Ah net were taken out."""
    return min(100.0, max(0.0, 100 * (1 - net_out / capacity)))
