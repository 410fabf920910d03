r"""123\SmartBMS messages in words: what a record of the stream or a frame says, for `script/decode`."""

from collections.abc import Callable
import re
from typing import Any, Final

from ..errors import FrameError
from . import frame58
from .alarms import CHARGE_ALLOWED, CHARGE_RELAY, DISCHARGE_ALLOWED, LOAD_RELAY, NOT_CALIBRATED, alarms
from .decode import Counts
from .generation import Variant
from .parameters import BY_KEY
from .scales import FRAME_AMPERE, Formula, celsius, volts

type Result = dict[str, Any]

_OFFSET: Final = re.compile(r"offset\s+(\d{1,4})\b")
_NUMBERS: Final = {
    "lowest_number": "cell_min_number",
    "highest_number": "cell_max_number",
    "coldest_number": "coldest_cell",
    "hottest_number": "hottest_cell",
}
_VOLTS: Final = {
    "voltage": "voltage",
    "lowest": "cell_voltage_min",
    "highest": "cell_voltage_max",
    "balance_voltage": "balance_voltage",
    "cell_voltage": "cell_voltage",
}
_TEMPERATURES: Final = {
    "coldest": "temperature_lowest",
    "hottest": "temperature_highest",
    "cell_temperature": "cell_temperature",
}
_CURRENTS: Final = ("current", "current_in", "current_out")
_HUNDREDTHS: Final = {"charge_cycles": "cycles", "discharge_cycles": "discharge_cycles"}
_PERCENT: Final = frozenset({"soc", "soh", "charge_efficiency"})


def reading(variant: Variant, values: Result) -> Result:
    """Return the result for values of a reading."""
    return {"kind": "reading", "variant": variant.value, "values": values}


def temperature_formula(hints: Result) -> Callable[[int], float]:
    """Return how counts become °C: as the record says, or as the vendor's app has it."""
    stated = str(hints.get("temp_formula", ""))
    if found := _OFFSET.match(stated):
        offset = int(found[1])
        return lambda count: float(count - offset)
    formula = Formula.DOCUMENT if stated.startswith("doc") else Formula.APP
    return lambda count: celsius(count, formula)


def values_of(counts: Counts, ampere: float | None, temperature: Callable[[int], float]) -> Result:
    """Return what counts mean; what the unit does not have, or nobody can tell, has no key."""
    values: Result = {}
    for name, count in counts.items():
        if count is None or name in ("clock_hour", "clock_minute"):
            continue
        if name in _VOLTS:
            values[_VOLTS[name]] = volts(count)
        elif name in _TEMPERATURES:
            values[_TEMPERATURES[name]] = temperature(count)
        elif name in _CURRENTS:
            if count == 0 or ampere is not None:
                values[name] = round(count * (ampere or 0.0), 3)
        elif name in _HUNDREDTHS:
            values[_HUNDREDTHS[name]] = count / 100
        elif name not in _PERCENT or count <= 100:
            values[_NUMBERS.get(name, name)] = count
    hour, minute = counts.get("clock_hour"), counts.get("clock_minute")
    if hour is not None and minute is not None and hour < 24 and minute < 60:
        values["device_time"] = f"{hour:02d}:{minute:02d}"
    place, cells = values.get("cell_number"), values.get("cell_count")
    if place is not None and cells is not None and not 1 <= place <= cells:
        # A slot of the rotation without a cell.
        for key in ("cell_voltage", "cell_temperature"):
            values.pop(key, None)
        values["cell_ignored"] = True
    return values | _flags(counts)


def _flags(counts: Counts) -> Result:
    status, more = counts.get("status"), counts.get("status_2")
    if status is None:
        return {}
    values: Result = {
        "charging_enabled": bool(status & CHARGE_ALLOWED),
        "discharging_enabled": bool(status & DISCHARGE_ALLOWED),
        "soc_calibrated": not status & NOT_CALIBRATED,
        "alarms": list(alarms(status, more)),
        "alarm_mask": status | (more or 0) << 8,
    }
    if more is not None:
        values |= {"charge_relay_closed": bool(more & CHARGE_RELAY), "load_relay_closed": bool(more & LOAD_RELAY)}
    return values


def frame(frame: bytes, hints: Result) -> Result:
    """Return all that one frame says; whether its last bytes are key and value, or a clock, one frame does not tell."""
    return _described(_counts(frame), frame58.decode_settings(frame), hints) | _last_bytes(frame[47], frame[48])


def _counts(frame: bytes) -> Counts:
    return {name: count for part in frame58.decode_frame(frame).values() for name, count in part.items()}


def _described(counts: Counts, settings: dict[str, int], hints: Result) -> Result:
    values = values_of(counts, FRAME_AMPERE, temperature_formula(hints))
    return values | {key: BY_KEY[key].value(count, Formula.APP) for key, count in settings.items()}


def _last_bytes(first: int, second: int) -> Result:
    if frame58.KEY_BASE <= first < frame58.KEY_BASE + 19:
        key = first - frame58.KEY_BASE
        named = {name: second for at, name in ((0, "soh"), (1, "charge_efficiency")) if key == at and second <= 100}
        return {"kv_key": key, "kv_value": second} | named
    orders = [(hour, minute) for hour, minute in ((first, second), (second, first)) if hour < 24 and minute < 60]
    times = [f"{hour:02d}:{minute:02d}" for hour, minute in dict.fromkeys(orders)]
    if len(times) == 1:
        return {"device_time": times[0]}
    return {"device_time_either": times} if times else {}


def joined_keys(frames: list[bytes]) -> Result:
    """Return what neighboring frames tell in two parts."""
    pairs = {frame[47] - frame58.KEY_BASE: frame[48] for frame in frames}
    values: Result = {}
    for name, high, low in (
        ("low_cell_voltage", 2, 3),
        ("nominal_cell_voltage", 4, 5),
        ("full_cell_voltage", 17, 18),
    ):
        if high in pairs and low in pairs:
            values[name] = volts(pairs[high] << 8 | pairs[low])
    if 8 in pairs and 9 in pairs:
        values["cycles"] = pairs[8] << 8 | pairs[9]
    return values


def masked_frame(data: bytes, unknown: bytes, hints: Result) -> Result:
    """Return what a frame says of which the bits set in `unknown` are not known: only what they do not bear on.

    Raises FrameError.
    """
    if len(data) != frame58.LENGTH:
        raise FrameError("length")
    low, high = _filled(data, unknown, 0x00), _filled(data, unknown, 0xFF)
    if any(low[place] not in frame58.SIGNS for place in frame58.SIGN_PLACES):
        raise FrameError("layout_unknown")
    counts, settings = _same(_counts(low), _counts(high)), _same(*map(frame58.decode_settings, (low, high)))
    last = _same(_last_bytes(low[47], low[48]), _last_bytes(high[47], high[48]))
    return _described(counts, settings, hints) | last | ({} if unknown[-1] else {"checksum": data[-1]})


def _filled(data: bytes, unknown: bytes, bits: int) -> bytes:
    """Return a frame with something in place of what is not known; a sign that is not known tells no more than none."""
    frame = bytearray(byte | mask & bits for byte, mask in zip(data, unknown, strict=True))
    for place in frame58.SIGN_PLACES:
        if unknown[place]:
            frame[place] = frame58.NOT_FITTED
    return bytes(frame)


def _same[Value](one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    return {key: value for key, value in one.items() if key in other and other[key] == value}


def written(address: int, byte: int) -> Result:
    """Return which parameter an address is part of; its value if one byte is all of it."""
    for parameter in BY_KEY.values():
        if address not in parameter.addresses:
            continue
        part = {"parameter": parameter.key, "part": ("high", "low")[parameter.addresses.index(address)]}
        if len(parameter.addresses) > 1:
            return part
        return {"parameter": parameter.key, "value": parameter.value(byte, Formula.APP)}
    return {}
