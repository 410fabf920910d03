"""JK frames into readings.

Which of the three layouts a frame has is not written in it: `detect_variant` looks at the content (the mask of enabled
cells must agree with the cells that read something), `variant_of` at the identity.
"""

from functools import lru_cache
import math
import struct
from typing import Any, Final

from ..errors import FrameError
from ..reading import Reading
from .alarms import alarms
from .layouts import (
    ABSENT_PROBE,
    CHARGE_STAGES,
    FIELD_BITMAP,
    JK04_FIELDS,
    JK04_MASK_OFFSET,
    JK04_RESISTANCES,
    JK04_VOLTAGES,
    LAYOUT_24S,
    LAYOUT_32S,
    DecodePlan,
    Layout,
    Variant,
    plan_for,
)

_CHARGING_LOWEST: Final = 1
_DISCHARGING_HIGHEST: Final = 2
_BALANCING: Final[dict[int | None, bool]] = {0: False, _CHARGING_LOWEST: True, _DISCHARGING_HIGHEST: True}
_FIRST_32S_MAJOR: Final = 11
_MAX_CELL: Final = 5.0
_BASIC_FIELDS: Final = 0xFE
"""First byte of every field bitmap seen: bit 0 is not used, fields 1 to 7 every pack has."""
_ALL_PROBES: Final = 0xFF
_INDICES: Final = 8
"""From the mask of cells to the index of the highest one; that of the lowest follows."""


def variant_of(model: str, sw_version: str) -> Variant:
    """Return the layout that a pack of this model and software uses.

    The hardware version says nothing: a unit with hardware 10.XW and software 11.21 speaks 32S. Versions are text
    such as `11.288H`; only the digits before the first dot count.
    """
    name = model.replace("_", "-").upper()
    rated = name.endswith("P")
    major = sw_version.partition(".")[0].strip().lstrip("Vv")
    if name.startswith("JK-B5A24S") and not rated:
        return Variant.JK04
    if not rated and major == "3":
        return Variant.JK04
    if major.isdecimal() and int(major) >= _FIRST_32S_MAJOR:
        return Variant.JK02_32S
    return Variant.JK02_24S


def detect_variant(frame: bytes, expected: Variant | None = None) -> Variant:
    """Return the layout of a 0x02 frame by its content; `expected` decides what the content leaves open.

    Raises FrameError (`layout_unknown`) if neither tells.
    """
    # A cell whose wire is off reads zero and keeps its bit; only if no layout fits to the letter is that allowed for.
    for strict in (True, False):
        fits = [layout.variant for layout in (LAYOUT_32S, LAYOUT_24S) if _mask_fits(frame, layout, strict=strict)]
        if _jk04_mask_fits(frame):
            fits.append(Variant.JK04)
        if fits:
            return expected if expected in fits else fits[0]
    bitmap = frame[FIELD_BITMAP.start]
    if expected is Variant.JK02_24S and bitmap:
        return Variant.JK02_32S
    if expected is not None:
        return expected
    if bitmap == _BASIC_FIELDS:
        return Variant.JK02_32S
    raise FrameError("layout_unknown")


def _mask_fits(frame: bytes, layout: Layout, *, strict: bool) -> bool:
    raw = struct.unpack_from("<" + layout.cells.code, frame, layout.cells.offset)
    (mask,) = struct.unpack_from("<" + layout.mask.code, frame, layout.mask.offset)
    present = _present(raw)
    if strict and mask != present:
        return False
    return present > 0 and present & ~mask == 0 and mask < 1 << layout.slots and max(raw) <= _MAX_CELL * 1000


def _jk04_mask_fits(frame: bytes) -> bool:
    cells = JK04_VOLTAGES.unpack_from(frame)
    mask = int.from_bytes(frame[JK04_MASK_OFFSET : JK04_MASK_OFFSET + 4], "little")
    return mask > 0 and _present(cells) & ~mask == 0 and any(cells) and all(0 <= cell <= _MAX_CELL for cell in cells)


def _present(values: tuple[float, ...]) -> int:
    """Return the mask of numbers that are not zero."""
    return sum(1 << place for place, value in enumerate(values) if value and math.isfinite(value))


def decode_reading(frame: bytes, variant: Variant, now: float) -> Reading:
    """Return the reading in a whole, checksum-valid 0x02 frame that was complete at monotonic time `now`.

    A cell whose float is no number stays one: `trust` takes it away. Raises FrameError: `spliced` if no pack can have such a
    bitmap of fields.
    """
    if variant is Variant.JK04:
        return _decode_jk04(frame, now)
    plan = plan_for(variant, frame[FIELD_BITMAP])
    layout = plan.layout
    unpacked = plan.unpack(frame)
    values = plan.core.read(unpacked)

    slots, mask = layout.slots, unpacked[plan.mask]
    count = _contiguous(mask)
    raw_cells = unpacked[:slots]
    if count is None or count > slots or any(raw_cells[count:]):
        present = (mask | _present(raw_cells)) & ((1 << slots) - 1)
        cells = _scatter(raw_cells, present)
        resistances = _scatter(unpacked[plan.resistances : plan.resistances + slots], present)
    else:
        volts = [raw / 1000 for raw in raw_cells[:count]]
        if volts:
            values["cell_range"] = (min(volts), max(volts))  # here without gaps for sure: nobody need look for them
        cells = tuple(volts)
        resistances = _ohms(unpacked[plan.resistances : plan.resistances + count])

    state = values.pop("balance_state", None)
    # The wire value has no sign.
    if values.get("power") and values["current"] < 0:
        values["power"] = -values["power"]
    if not values["soh"]:
        del values["soh"]  # never computed yet
    if (stage := values.get("charge_stage")) is not None:
        values["charge_stage"] = CHARGE_STAGES[stage] if stage < len(CHARGE_STAGES) else None
    values["measured_at"] = now
    values["cell_voltages"] = cells
    values["cell_resistances"] = resistances
    values["details"] = details = plan.details.record(unpacked)
    values["temperatures"] = _temperatures(plan.probes.read(unpacked), details["temperature_sensor_mask"], plan)
    values["balancing"] = _BALANCING.get(state)
    values["balancing_cells"] = _balancing_cells(state, frame, layout.mask.offset + _INDICES, len(cells))
    values["alarms"] = alarms(values.get("alarm_mask", 0))
    return Reading.of(values)


def _decode_jk04(frame: bytes, now: float) -> Reading:
    voltages = JK04_VOLTAGES.unpack_from(frame)
    mask = int.from_bytes(frame[JK04_MASK_OFFSET : JK04_MASK_OFFSET + 4], "little")
    present = (mask | _present(voltages)) & ((1 << len(voltages)) - 1)
    cells = tuple(None if cell is None else round(cell, 4) for cell in _scatter(voltages, present, 1))
    resistances = tuple(
        None if value is None or not math.isfinite(value) else round(value, 4)
        for value in _scatter(JK04_RESISTANCES.unpack_from(frame), present, 1)
    )
    values: dict[str, Any] = JK04_FIELDS.read(frame)
    state = values.pop("balance_state")
    return Reading(
        measured_at=now,
        # This family of balancers does not measure the pack; its voltage is the sum of its cells.
        voltage=round(sum(cell for cell in cells if cell), 3) if cells and all(map(math.isfinite, voltages)) else None,
        cell_voltages=cells,
        cell_resistances=resistances,
        balancing=_BALANCING.get(state),
        balancing_cells=_balancing_cells(state, frame, JK04_MASK_OFFSET + 4, len(cells)),
        **values,
    )


@lru_cache(maxsize=32)
def _ohms(milliohms: tuple[int, ...]) -> tuple[float, ...]:
    """Return the resistances of the balance leads, which hardly ever change."""
    return tuple([raw / 1000 for raw in milliohms])


@lru_cache(maxsize=8)
def _contiguous(mask: int) -> int | None:
    """Return the number of cells if the mask enables cells 1 to n without a gap."""
    return mask.bit_length() if mask & (mask + 1) == 0 else None


def _scatter(raw: tuple[float, ...], present: int, divisor: int = 1000) -> tuple[float | None, ...]:
    return tuple(
        value / divisor if present >> place & 1 else None for place, value in enumerate(raw[: present.bit_length()])
    )


def _temperatures(probes: dict[str, float], sensor_mask: Any, plan: DecodePlan) -> dict[str, float]:
    if sensor_mask == _ALL_PROBES and ABSENT_PROBE not in probes.values():
        return probes
    # Many firmwares leave the mask at all ones or never fill it; only a mask with gaps says something.
    fitted = sensor_mask or _ALL_PROBES
    bits = plan.probe_bits
    return {key: value for key, value in probes.items() if value != ABSENT_PROBE and fitted & bits[key]}


def _balancing_cells(state: int | None, frame: bytes, indices: int, count: int) -> tuple[int, ...] | None:
    """Return the cell that the balancer works on; at `indices` the frame names the highest and the lowest, from 0."""
    if state not in _BALANCING:
        return None
    if state == 0:
        return ()
    number = frame[indices if state == _DISCHARGING_HIGHEST else indices + 1] + 1
    return (number,) if number <= count else ()
