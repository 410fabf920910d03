"""What the three dialects of Daly have in common: offsets, sentinels, plausible values."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

UNSUPPORTED: Final = 0xFFFF
_NO_TEMPERATURE: Final = frozenset({0, 0xFF, UNSUPPORTED})
"""A real −40 °C cannot be told from a missing sensor."""
_TEMPERATURE_OFFSET: Final = 40
CURRENT_OFFSET: Final = 30_000
STATES: Final = {0: "idle", 1: "charging", 2: "discharging"}
_ON: Final = {0: False, 1: True}
_TEXT_PADDING: Final = "\0 "


def temperature(raw: int) -> int | None:
    """Return °C, None without a sensor."""
    return None if raw in _NO_TEMPERATURE else raw - _TEMPERATURE_OFFSET


def probes(raws: Iterable[int]) -> Iterator[tuple[str, float]]:
    """Yield the temperatures of the sensors that are there."""
    for number, raw in enumerate(raws, 1):
        if (value := temperature(raw)) is not None:
            yield f"temperature_{number}", float(value)


def current(raw: int) -> float | None:
    """Return A as the wire has it, positive above the offset; None if the board does not measure it."""
    if raw in (0, UNSUPPORTED):
        return None
    return (raw - CURRENT_OFFSET) / 10


def milliamperes(raw: int) -> float | None:
    """Return the current of the balancer in A, None without one that measures it."""
    return None if raw in (0, UNSUPPORTED) else (raw - CURRENT_OFFSET) / 1000


def tenths(raw: int) -> float | None:
    """Return a tenth of the raw value, None if the board does not know it."""
    return None if raw == UNSUPPORTED else raw / 10


def soc(raw: int) -> float | None:
    """Return %, None if the board does not know it."""
    return tenths(raw)


def plain(raw: int) -> int | None:
    """Return the raw value, None if the board does not know it."""
    return None if raw == UNSUPPORTED else raw


def switch(raw: int) -> bool | None:
    """Return on or off; anything else is unknown."""
    return _ON.get(raw)


def cells(raws: Iterable[int]) -> tuple[float, ...]:
    """Return V."""
    return tuple([raw / 1000 for raw in raws])


def completed(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values with what follows from them: power, the range of the cells."""
    if values.get("voltage") is not None and values.get("current") is not None:
        # The boards' own number has no sign.
        values["power"] = round(values["voltage"] * values["current"], 2)
    if volts := values.get("cell_voltages"):
        values["cell_range"] = (min(volts), max(volts))
    return values


def text(data: bytes) -> str:
    """Return what a field of text says, without its padding and without what is not text."""
    if data.strip(b"\xff") == b"":
        return ""
    said = data.decode("ascii", "ignore").split("\0")[0]
    return "".join(filter(str.isprintable, said)).strip(_TEXT_PADDING)


def texts(data: bytes, size: int, count: int) -> list[str]:
    """Return the texts of a row of fields of equal size."""
    return [text(data[place * size : (place + 1) * size]) for place in range(count)]
