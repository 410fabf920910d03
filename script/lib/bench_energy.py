"""What counting and cell health cost beside decoding: energy, ledger, resistance, capacity, imbalance of every reading."""

from functools import partial
import statistics

from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.energy.energy_counter import EnergyCounter
from custom_components.smart_bms.energy.energy_statistics import EnergyStatistics
from custom_components.smart_bms.energy.health import PackHealth
from script.lib.bench_mirror import ROUNDS, cases, collected, timed


def counted(readings: list[Reading]) -> None:
    """Count them all."""
    counter = EnergyCounter(10.0)
    ledger, health = EnergyStatistics(counter), PackHealth(counter)
    for reading in readings:
        counter.update(reading)
        ledger.update(reading)
        health.update(reading, 0.0)


def main() -> None:
    """Print it."""
    print(f"\nEnergy and cell health per reading (median of {ROUNDS})")
    print(f"{'family':10} {'decode':>10} {'energy':>10} {'ratio':>7}")
    for name, *_, count, decode in cases():
        with collected() as readings:
            decode()
        rounds = [(timed(decode) / count, timed(partial(counted, readings)) / len(readings)) for _ in range(ROUNDS)]
        mine, theirs = (statistics.median(column) * 1e6 for column in zip(*rounds, strict=True))
        ratio = statistics.median(other / one for one, other in rounds)
        print(f"{name:10} {mine:7.1f} µs {theirs:7.1f} µs {ratio:7.2f}")


if __name__ == "__main__":
    main()
