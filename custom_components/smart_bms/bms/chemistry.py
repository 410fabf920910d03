"""Chemistry of cells, as far as packs tell, and the voltages that go with it."""

from collections.abc import Mapping
from typing import Final

_ALIKE: Final = {"nca": "nmc"}
STATED: Final = ("battery_type", "chemistry")
"""Keys of parameters and details that name it."""

CHARGE_VOLTAGES: Final = {"lto": (2.3, 2.85), "lfp": (3.3, 3.65), "nmc": (3.8, 4.25)}
"""V per cell: between which voltages a charge ends that is worth the name and does no harm."""
_ANY: Final = (2.3, 4.25)
_MAX_LIMIT: Final = ((3.1, "lto"), (3.95, "lfp"))
"""V: overvoltage limits up to which cells are of a chemistry."""


def named(*reported: Mapping[str, object]) -> str | None:
    """Return the chemistry that a pack names among its values: `lfp`, `nmc`, `nca` or `lto`; None if it does not."""
    for values in reported:
        for key in STATED:
            chemistry = values.get(key)
            if isinstance(chemistry, str) and _ALIKE.get(chemistry, chemistry) in CHARGE_VOLTAGES:
                return chemistry
    return None


def stated(*reported: Mapping[str, object]) -> str | None:
    """Return the same, with `nmc` for what is like it."""
    chemistry = named(*reported)
    return None if chemistry is None else _ALIKE.get(chemistry, chemistry)


def charge_voltages(chemistry: str | None, overvoltage: float | None) -> tuple[float, float]:
    """Return between which V per cell a pack may be charged to: by its chemistry, else by its own overvoltage limit in V."""
    if chemistry is None and overvoltage:
        chemistry = next((name for highest, name in _MAX_LIMIT if overvoltage <= highest), "nmc")
    return _ANY if chemistry is None else CHARGE_VOLTAGES[chemistry]
