"""Values from a file: checked before they are used, part by part. Pure Python.

Files come back broken, edited by hand, or from another version. A value of the wrong type must be found when it is loaded, not
when a reading is taken.
"""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Any, Final

type Check = Callable[[Any], object]
"""Raises one of `BROKEN` if a part cannot be used."""
type Checks = Mapping[str, Check | Checks]
"""By name of the part; a part may have parts of its own."""

BROKEN: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
EVERY: Final = "*"
"""As the name of a part in a table of checks: all that it does not name."""
WHOLE: Final = "everything"
"""As the name of a part."""


def sort_out(kept: object, checks: Checks, path: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parts that can be used, and those that cannot by their path, such as `health.trend`.

    What has no check is passed on; what is missing stays missing.
    """
    if not isinstance(kept, Mapping):
        return {}, {path or WHOLE: kept}
    good: dict[str, Any] = {}
    bad: dict[str, Any] = {}
    for key, value in kept.items():
        check, where = checks.get(key, checks.get(EVERY)), f"{path}.{key}" if path else str(key)
        if isinstance(check, Mapping):
            good[key], worse = sort_out(value, check, where)
            bad |= worse
            continue
        try:
            if check is not None:
                check(value)
        except BROKEN:
            bad[where] = value
        else:
            good[key] = value
    return good, bad


def number(value: object) -> float:
    """Return a finite number. Raises TypeError or ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError("not a number")
    if not isfinite(value):
        raise ValueError("not finite")
    return float(value)


def whole(value: object) -> int:
    """Return a whole number. Raises TypeError or ValueError."""
    found = number(value)
    if found != int(found):
        raise ValueError("not whole")
    return int(found)


def flag(value: object) -> bool:
    """Return a yes or no. Raises TypeError."""
    if not isinstance(value, bool):
        raise TypeError("neither yes nor no")
    return value


def text(value: object) -> str:
    """Return a text. Raises TypeError."""
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value


def optional[T](check: Callable[[Any], T], value: object) -> T | None:
    """Return a value that may be missing. Raises what the check raises."""
    return None if value is None else check(value)
