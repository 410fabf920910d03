"""State of charge confidence: its expected error by now, and a second state of charge by our own count.

A board counts charge, and small errors add up until the pack is full again. What is expected: 1 % of the charge that
went through since, and 0.1 % of the capacity per day for what the board itself and the cells lose unmeasured. Our
judgment.
"""

from typing import Final

_ERROR_PER_THROUGHPUT: Final = 0.01
"""Share of the throughput."""
_ERROR_PER_DAY: Final = 0.1
"""%."""
FULL_CHARGE_ADVISED_FROM: Final = 10.0
"""% of expected error from which on a full charge is advised. Our judgment."""


def expected_drift(throughput: float, capacity: float, days: float) -> float:
    """Return the expected error of a state of charge in %.

    `throughput` in both directions and `capacity` in Ah, `days` since full.
    """
    return 100 * _ERROR_PER_THROUGHPUT * throughput / capacity + _ERROR_PER_DAY * days


def counted_soc(net_out: float, capacity: float) -> float:
    """Return the state of charge in %, 0 to 100, of a pack that was full, `net_out` Ah later; `capacity` in Ah."""
    return min(100.0, max(0.0, 100 * (1 - net_out / capacity)))
