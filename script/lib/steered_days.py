"""Lives random days twice, with the equipment steered and with full currents until the BMS cuts off:  steered_days.py [DAYS] [FIRST].

Prints the seeds, how often a protection of the simulated firmware tripped, and what being careful cost.
"""

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
import os
import sys
import time
from typing import Final

from tests.support.steered_day import DAY, KINDS, House, site_of

_COMPARED: Final = 10
"""Of so many days one is lived to its end without steering, to compare the energy; the others until the first trip."""
_HOUR: Final = 3600.0


@dataclass(frozen=True)
class Lived:
    """What came of one seed."""

    seed: int
    kind: str
    naive_trips: int
    trips: tuple[str, ...]
    writes: int
    energies: tuple[float, float, float, float] | None
    """kWh from the sun that nobody took and from the grid, steered; and the same without steering."""


def live(seed: int) -> Lived:
    """Live one day."""
    kind = tuple(KINDS)[seed % len(KINDS)]
    house = House.of(seed)
    naive = site_of(kind, house, steered=False)
    whole = seed % _COMPARED == 0
    while naive.now < DAY and (whole or not naive.trips):
        naive.run(_HOUR)
    if not naive.trips:
        return Lived(seed, kind, 0, (), 0, None)
    steered = site_of(kind, house)
    steered.run(DAY)
    energies = (
        (steered.inverter.unused, steered.inverter.grid, naive.inverter.unused, naive.inverter.grid) if whole else None
    )
    return Lived(seed, kind, len(naive.trips), tuple(steered.trips), steered.count, energies)


def main(days: int, first: int) -> int:
    """Print what came of so many days; return 1 if a protection tripped in one that was steered."""
    began, drawn, workers = time.monotonic(), 0, os.cpu_count() or 1
    lived: list[Lived] = []
    seed = first
    with ProcessPoolExecutor(workers) as pool:
        while len(lived) < days:
            batch = range(seed, seed + workers * 8)
            seed = batch.stop
            for day in pool.map(live, batch):
                drawn += 1
                if day.naive_trips and len(lived) < days:
                    lived.append(day)
    for kind in KINDS:
        found = [day for day in lived if day.kind == kind]
        trips = Counter(name for day in found for name in day.trips)
        most = max((day.writes for day in found), default=0)
        mean = sum(day.writes for day in found) / max(1, len(found))
        print(
            f"{kind:5} {len(found):5} days  trips {sum(trips.values())} {dict(trips) or ''}  writes {mean:.0f}, at most {most}"
        )
    tripped = [day for day in lived if day.trips]
    print(f"seeds {first} to {seed - 1}: {drawn} days drawn, {len(lived)} in which full currents tripped a protection")
    print(f"steered, a protection tripped on {len(tripped)} days: seeds {[day.seed for day in tripped]}")
    compared = [day.energies for day in lived if day.energies is not None]
    sums = [sum(column) / 1000 / max(1, len(compared)) for column in zip(*compared, strict=True)] or [0.0] * 4
    print(
        f"energy per day over {len(compared)} days, kWh: sun not used {sums[0]:.2f} (without steering {sums[2]:.2f}), from the grid {sums[1]:.2f} ({sums[3]:.2f})"
    )
    print(f"{time.monotonic() - began:.0f} s on {workers} cores")
    return 1 if tripped else 0


if __name__ == "__main__":
    sys.exit(main(*(int(text) for text in (sys.argv[1:] + ["100", "0"][len(sys.argv) - 1 :]))))
