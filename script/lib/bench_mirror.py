"""What the mirror costs beside decoding: rules, trends, limits, verdicts and the nearest protection of every reading."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
import gc
import statistics
import time

from custom_components.smart_bms.bms.pack_state import PackState
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.protection.engine import ProtectionEngine
from custom_components.smart_bms.protection.limit_options import LimitOptions
from custom_components.smart_bms.simulator.jk.labels import PB2A16S20P
from custom_components.smart_bms.simulator.smart123.labels import GEN3_NUS
from script.lib import bench, bench_polled, bench_stream
from tests.support.rule_books import DALY_81, DALY_D2, JBD_REAL, JK_LFP, SMART123_SETTINGS

ROUNDS = 15

type Run = Callable[[], object]
type Case = tuple[str, str, str, Mapping[str, float], int, Run]
"""Name, family, variant, parameters, readings of a run, and the run that decodes them."""


def of_sixteen(limits: Mapping[str, float]) -> dict[str, float]:
    """Return the limits of a pack of four cells as one of sixteen has them."""
    return {
        key: value * 4 if key.startswith("pack_") and "delay" not in key else value for key, value in limits.items()
    }


@contextmanager
def collected() -> Iterator[list[Reading]]:
    """Collect what the decoders hand over."""
    readings: list[Reading] = []
    take = PackState.reading

    def reading(self: PackState, reading: Reading) -> bool:
        readings.append(reading)
        return take(self, reading)

    PackState.reading = reading  # type: ignore[method-assign]
    try:
        yield readings
    finally:
        PackState.reading = take  # type: ignore[method-assign]


def cases() -> Iterator[Case]:
    """Yield what is decoded."""
    frames = bench.runtime_frames(PB2A16S20P, bench.FRAMES)
    yield "JK", "jk", "JK02_32S", JK_LFP, len(frames), lambda: bench.ours(PB2A16S20P)(frames)
    names = {
        "JBD": ("jbd", "extended", JBD_REAL),
        "Daly D2": ("daly", "D2", DALY_D2),
        "Daly 81": ("daly", "81", DALY_81),
    }
    for name, polls, ours, _ in bench_polled.cases():
        family, variant, limits = names[name]
        yield name, family, variant, of_sixteen(limits), len(polls), partial(ours, polls)
    reported = bench_stream.seconds_of(GEN3_NUS, bench_stream.CELLS)
    settings = SMART123_SETTINGS | {"discharge_undertemperature": -10.0, "low_cell_voltage": 2.9}
    yield "123 gen3", "smart123", "gen3", settings, len(reported), partial(bench_stream.our_records, reported)


def timed(run: Run) -> float:
    """Return the time of a run in s."""
    gc.collect()
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def mirrored(family: str, variant: str, limits: Mapping[str, float], readings: list[Reading]) -> float:
    """Return the time in s per reading to show readings to the mirror and ask what entities ask.

    Only the second half counts: right after a start, currents recover for a minute or two.
    """
    protection_engine = ProtectionEngine(family, variant, LimitOptions())
    mirror, half = protection_engine.mirror, len(readings) // 2

    def run(some: list[Reading]) -> None:
        for reading in some:
            protection_engine.update(reading, limits)
            _ = mirror.charge, mirror.discharge, mirror.nearest, protection_engine.state, protection_engine.balance

    run(readings[:half])
    return timed(partial(run, readings[half:])) / (len(readings) - half)


def main() -> None:
    """Print it."""
    print(f"\nMirror per reading (rules, trends, limits, verdicts, nearest; median of {ROUNDS})")
    print(f"{'family':10} {'decode':>10} {'mirror':>10} {'ratio':>7} {'near a limit':>14} {'ratio':>7}")
    for name, family, variant, limits, count, decode in cases():
        with collected() as readings:
            decode()
        near = {**limits, "cell_overvoltage": 3.4}
        rounds = [
            (
                timed(decode) / count,
                mirrored(family, variant, limits, readings),
                mirrored(family, variant, near, readings),
            )
            for _ in range(ROUNDS)
        ]
        mine, theirs, close = (statistics.median(column) * 1e6 for column in zip(*rounds, strict=True))
        ratio, close_ratio = (statistics.median(row[column] / row[0] for row in rounds) for column in (1, 2))
        print(f"{name:10} {mine:7.1f} µs {theirs:7.1f} µs {ratio:7.2f} {close:11.1f} µs {close_ratio:7.2f}")


if __name__ == "__main__":
    main()
