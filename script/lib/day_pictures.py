"""Draws a simulated day of a JK, a JBD and a bank with steered equipment:  day_pictures.py FOLDER."""

from dataclasses import replace
from pathlib import Path
import sys
from typing import Any, Final

import matplotlib as mpl

mpl.use("Agg")
from matplotlib import pyplot as plt

from tests.support.steered_day import DAY, KINDS, House, Site, site_of

_SEEDS: Final = {"jk": 5, "jbd": 1, "bank": 3}
"""Days on which much happens."""
_NAMES: Final = {"jk": "a JK", "jbd": "a JBD", "bank": "a bank of a JK and a JBD"}
_EVERY: Final = 60.0
"""s between two points."""


def lived(kind: str, *, steered: bool) -> Site:
    """Return a day that was lived."""
    house = replace(House.of(_SEEDS[kind]), temperature=20.0, ambient=19.0, minimum_current=2.0, soc=0.55)
    house = replace(house, peak=house.capacity * 52 * 0.45 * len(KINDS[kind]), base=house.capacity * 52 * 0.03)
    site = site_of(kind, house, steered=steered)
    site.run(DAY, keep_every=_EVERY)
    return site


def draw(kind: str, path: Path) -> None:
    """Draw the day of one kind of battery."""
    steered, naive = lived(kind, steered=True), lived(kind, steered=False)
    hours = [moment.hour for moment in steered.moments]
    figure, (currents, volts, soc) = plt.subplots(3, 1, figsize=(9, 7.5), sharex=True, height_ratios=(3, 2, 2))

    def values(name: str) -> list[Any]:
        return [getattr(moment, name) for moment in steered.moments]

    currents.plot(hours, values("charge_current"), color="tab:green", label="charge current limit")
    discharge = [None if value is None else -value for value in values("discharge_current")]
    currents.plot(hours, discharge, color="tab:orange", label="discharge current limit")
    currents.fill_between(hours, values("current"), color="tab:blue", alpha=0.45, step="mid", label="current")
    currents.set_ylabel("A, positive while charging")
    volts.plot(hours, values("charge_voltage"), color="tab:green", label="charge voltage limit")
    volts.plot(hours, values("voltage"), color="tab:blue", label="voltage")
    volts.set_ylabel("V")
    soc.plot(hours, values("soc"), color="tab:blue", label="state of charge, steered")
    other = [moment.soc for moment in naive.moments]
    soc.plot(
        hours, other, color="tab:red", linestyle="--", label=f"full currents: {len(naive.trips)} protections tripped"
    )
    soc.set_ylabel("%")
    soc.set_xlabel("hour of the day")
    soc.set_xlim(0, 24)
    soc.set_xticks(range(0, 25, 3))
    for axes in (currents, volts, soc):
        axes.grid(alpha=0.3)
        axes.legend(loc="best", fontsize=8)
    trips = len(steered.trips)
    figure.suptitle(
        f"A simulated day of {_NAMES[kind]}: {steered.count} writes, {trips} protections tripped", fontsize=11
    )
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    print(f"{path}: steered {steered.trips} {steered.count} writes, full currents {naive.trips}")


def main(folder: Path) -> None:
    """Draw all days."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        draw(kind, folder / f"day_{kind}.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
