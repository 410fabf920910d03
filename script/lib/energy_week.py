"""Prints how right the energy counters are after a simulated week with gaps, restarts and crashes."""

import sys

from tests.support.energy_week import lived


def main() -> None:
    """Print it."""
    days = float(sys.argv[1]) if len(sys.argv) > 1 else 7.0
    print(f"Energy after {days:g} simulated days (kWh, error against what truly flowed)")
    print(
        f"{'family':7} {'gaps':>5} {'restarts':>9} {'crashes':>8} {'charged':>9} {'error':>8} {'discharged':>11} {'error':>8} {'bridged':>8}"
    )
    for outcome in lived(days):
        charged, discharged = outcome.errors
        bridged = (outcome.bridged.charged + outcome.bridged.discharged) / 1000
        print(
            f"{outcome.family:7} {outcome.events['gaps']:5} {outcome.events['restarts']:9} {outcome.events['crashes']:8}"
            f" {outcome.counted.charged / 1000:9.2f} {charged:+7.3f} % {outcome.counted.discharged / 1000:10.2f}"
            f" {discharged:+7.3f} % {bridged:8.2f}"
        )


if __name__ == "__main__":
    main()
