"""Compares mirror and firmware for longer than the tests do:  second_opinion.py LIVES [SEED]."""

from collections.abc import Callable
from functools import partial
import random
import sys
import time

from tests.support import jk_profiles, smart123_profiles
from tests.support.rule_books import FAMILIES

type Compare = Callable[[bytes], int]

MAX_SEGMENTS = 40
BYTES_OF_A_123 = 5


def run(name: str, compare: Compare, segment: int, lives: int, seed: int) -> None:
    """Let a family live so many lives; print what it came to. Raises AssertionError at the first difference."""
    chance = random.Random(f"{seed} {name}")
    began, samples = time.perf_counter(), 0
    for number in range(lives):
        data = chance.randbytes(1 + segment * chance.randint(1, MAX_SEGMENTS))
        try:
            samples += compare(data)
        except AssertionError:
            print(f"{name}: life {number} differs: {data.hex()}")
            raise
    print(f"{name:9} {lives:9,} lives, {samples:11,} samples, no difference, {time.perf_counter() - began:6.0f} s")


def main(lives: int, seed: int) -> None:
    """Compare every family."""
    print(f"seed {seed}")
    for name, family in FAMILIES.items():
        run(name, partial(jk_profiles.compare, family), jk_profiles.BYTES_OF_A_SEGMENT, lives, seed)
    run("smart123", smart123_profiles.compare, BYTES_OF_A_123, lives, seed)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 32))
