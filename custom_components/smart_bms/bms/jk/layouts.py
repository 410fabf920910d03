"""The three layouts of JK runtime frames (type 0x02), as tables.

There is no layout byte in the frame; `decode.py` decides. Offsets count from the first header byte. The bit of a row is
its place in the field bitmap that JK02_32S frames carry at 287: what the vendor app shows for this unit. Every row was
checked against frames of real packs, except those marked "unproven": vendor field list or inference only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
import struct
from typing import Final

from ..errors import FrameError
from ..fields import Field, FieldTable, Rows, Unpacked


class Variant(StrEnum):
    """Protocol generation."""

    JK04 = "JK04"
    JK02_24S = "JK02_24S"
    JK02_32S = "JK02_32S"


ABSENT_PROBE: Final = -200.0
"""°C that stands for a probe that is not fitted."""

_INDISPENSABLE: Final = {"voltage", "current", "soc"}
FIELD_BITMAP: Final = slice(287, 299)

CHARGE_STAGES: Final = ("bulk", "absorption", "float")
_CHEMISTRIES: Final = ("lfp", "nmc", "lto")


@lru_cache(maxsize=8)
def _chemistry(code: int) -> tuple[str]:
    return (_CHEMISTRIES[code] if code < len(_CHEMISTRIES) else "unknown",)


@lru_cache(maxsize=8)
def _outputs(switches: int) -> tuple[bool, ...]:
    return tuple(bool(switches >> bit & 1) for bit in range(3))


_DERIVED: Final = {
    "chemistry_code": (("chemistry",), _chemistry),
    "output_switches": (("buzzer", "dry_contact_1", "dry_contact_2"), _outputs),
}
"""What the details of a reading say in words, and the row that it follows from."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where a JK02 runtime frame keeps its values."""

    variant: Variant
    slots: int
    cells: Field
    """Array of u16 mV, one a slot."""
    mask: Field
    """Enabled cells, bit 0 is cell 1; behind it, after average and difference, the indices of highest and lowest cell."""
    resistances: Field
    """Array of u16 mΩ, one a slot."""
    core: tuple[Field, ...]
    """Values of the common vocabulary."""
    probes: tuple[Field, ...]
    """Temperatures, in the order of the bits of the sensor mask."""
    details: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class DecodePlan:
    """The rows of a layout that one pack has, ready to read."""

    layout: Layout
    unpack: Callable[[bytes], Unpacked]
    """All values of a frame; the cells come first."""
    mask: int
    """Place of the mask among them."""
    resistances: int
    """Place of the first resistance."""
    core: Rows
    probes: Rows
    details: Rows
    probe_bits: Mapping[str, int]


LAYOUT_32S: Final = Layout(
    variant=Variant.JK02_32S,
    slots=32,
    cells=Field("cells", 6, "32H"),
    mask=Field("mask", 70, "I"),
    resistances=Field("resistances", 80, "32H"),
    core=(
        Field("voltage", 150, "I", 1000, bit=10),
        Field("power", 154, "I", 1000, bit=11),
        Field("current", 158, "i", 1000, bit=12),
        Field("alarm_mask", 166, "I", bit=15),
        Field("balance_current", 170, "h", 1000, bit=16),
        Field("balance_state", 172, "B", bit=17),
        Field("soc", 173, "B", bit=18),
        # The counter dips below zero when the pack is run past empty.
        Field("remaining_capacity", 174, "i", 1000, bit=19),
        Field("full_capacity", 178, "I", 1000, bit=20),
        Field("cycles", 182, "I", bit=21),
        Field("throughput", 186, "I", 1000, bit=22),
        # The bitmap never lists SOH although every firmware fills it.
        Field("soh", 190, "B"),
        Field("precharging", 191, "?", bit=24, base=False),
        Field("runtime", 194, "I", bit=26),
        Field("charging_enabled", 198, "?", bit=27),
        Field("discharging_enabled", 199, "?", bit=28),
        Field("heating", 215, "?", bit=37),
        Field("charge_stage", 280, "B", bit=71, base=False),
    ),
    probes=(
        Field("mosfet", 144, "h", 10, bit=8),
        Field("temperature_1", 162, "h", 10, bit=13),
        Field("temperature_2", 164, "h", 10, bit=14),
        # Without its bit this slot repeats the MOSFET temperature.
        Field("temperature_3", 254, "h", 10, bit=59, base=False),
        Field("temperature_4", 256, "h", 10, bit=60, base=False),
        Field("temperature_5", 258, "h", 10, bit=61, base=False),
    ),
    details=(
        Field("wire_resistance_warning_mask", 146, "I", bit=9),
        Field("user_alarm", 192, "H", bit=25, base=False),  # unproven
        Field("user_alarm_2", 200, "H", bit=29, base=False),  # unproven
        Field("discharge_overcurrent_release_time", 202, "H", bit=30),
        Field("discharge_short_circuit_release_time", 204, "H", bit=31),
        Field("charge_overcurrent_release_time", 206, "H", bit=32),
        Field("charge_short_circuit_release_time", 208, "H", bit=33),
        Field("undervoltage_release_time", 210, "H", bit=34),
        Field("overvoltage_release_time", 212, "H", bit=35),
        Field("temperature_sensor_mask", 214, "B"),
        Field("emergency_time", 218, "H", bit=40, base=False),
        Field("discharge_current_correction", 220, "H", bit=41, base=False),  # unproven
        Field("charge_shunt_voltage", 222, "H", 1000, bit=42, base=False),  # unproven
        Field("discharge_shunt_voltage", 224, "H", 1000, bit=43, base=False),  # unproven
        Field("voltage_correction", 226, "f", bit=44, base=False),  # unproven
        Field("balancer_charge_pwm", 230, "H", bit=45, base=False),  # unproven
        Field("balancer_discharge_pwm", 232, "H", bit=46, base=False),  # unproven
        Field("voltage_2", 234, "H", 100, bit=47, base=False),
        Field("heater_current", 236, "h", 1000, bit=48, base=False),
        Field("acc_input", 239, "?", bit=50, base=False),  # unproven
        Field("special_charger_state", 240, "B", bit=51, base=False),  # unproven
        Field("startup_flag", 241, "B", bit=52, base=False),  # unproven
        Field("c_minus_voltage", 242, "B", bit=53, base=False),  # unproven
        Field("mcu_id", 243, "B", bit=54, base=False),  # unproven
        Field("charger_plugged", 245, "?", bit=56, base=False),
        Field("time_since_boot", 246, "I", 10, bit=57, base=False),
        Field("brownout_time", 250, "I", 10, bit=58, base=False),  # unproven
        Field("charge_current_correction", 260, "H", bit=62, base=False),  # unproven
        Field("clock", 262, "I", bit=63, base=False),
        Field("detail_log_count", 266, "I", bit=64, base=False),
        Field("time_to_sleep", 270, "I", bit=65, base=False),
        Field("pcl_module_state", 274, "B", bit=66, base=False),  # unproven
        Field("chemistry_code", 275, "B", bit=67, base=False),
        Field("charge_stage_time", 278, "H", bit=70, base=False),
        Field("output_switches", 281, "B", bit=72, base=False),
    ),
)

LAYOUT_24S: Final = Layout(
    variant=Variant.JK02_24S,
    slots=24,
    cells=Field("cells", 6, "24H"),
    mask=Field("mask", 54, "I"),
    resistances=Field("resistances", 64, "24H"),
    core=(
        Field("voltage", 118, "I", 1000),
        Field("power", 122, "I", 1000),
        Field("current", 126, "i", 1000),
        Field("alarm_mask", 136, "H"),
        Field("balance_current", 138, "h", 1000),
        Field("balance_state", 140, "B"),
        Field("soc", 141, "B"),
        Field("remaining_capacity", 142, "i", 1000),
        Field("full_capacity", 146, "I", 1000),
        Field("cycles", 150, "I"),
        Field("throughput", 154, "I", 1000),
        Field("soh", 158, "B"),
        Field("runtime", 162, "I"),
        Field("charging_enabled", 166, "?"),
        Field("discharging_enabled", 167, "?"),
        Field("heating", 183, "?"),
    ),
    probes=(
        Field("mosfet", 134, "h", 10),
        Field("temperature_1", 130, "h", 10),
        Field("temperature_2", 132, "h", 10),
    ),
    details=(
        Field("wire_resistance_warning_mask", 114, "I"),  # unproven
        Field("precharge_state", 159, "B"),  # unproven
        Field("user_alarm", 160, "H"),  # unproven
        Field("discharge_overcurrent_release_time", 170, "H"),  # unproven, as the five below
        Field("discharge_short_circuit_release_time", 172, "H"),
        Field("charge_overcurrent_release_time", 174, "H"),
        Field("charge_short_circuit_release_time", 176, "H"),
        Field("undervoltage_release_time", 178, "H"),
        Field("overvoltage_release_time", 180, "H"),
        Field("temperature_sensor_mask", 182, "B"),
        Field("emergency_time", 186, "H"),  # unproven
        Field("discharge_current_correction", 188, "H"),  # unproven
        Field("voltage_correction", 194, "f"),  # unproven
        Field("balancer_charge_pwm", 198, "H"),  # unproven
        Field("balancer_discharge_pwm", 200, "H"),  # unproven
        Field("time_since_boot", 214, "I", 10),  # unproven
    ),
)

LAYOUTS: Final = {layout.variant: layout for layout in (LAYOUT_32S, LAYOUT_24S)}

JK04_SLOTS: Final = 24
JK04_VOLTAGES: Final = struct.Struct(f"<6x{JK04_SLOTS}f")
JK04_RESISTANCES: Final = struct.Struct(f"<102x{JK04_SLOTS}f")
JK04_MASK_OFFSET: Final = 214
JK04_FIELDS: Final = FieldTable(
    (
        Field("balance_state", 220, "B"),
        Field("balance_current", 222, "f"),
        Field("runtime", 286, "I"),
    )
)


@lru_cache(maxsize=32)
def plan_for(variant: Variant, bitmap: bytes) -> DecodePlan:
    """Return the rows that a pack with this field bitmap has; an all-zero bitmap means firmware without one.

    Raises FrameError (`spliced`) if no pack can have such a bitmap.
    """
    layout = LAYOUTS[variant]
    bits = int.from_bytes(bitmap, "little") if variant is Variant.JK02_32S else 0

    def has(row: Field) -> bool:
        if row.bit is None or not bits:
            return row.base
        return bool(bits >> row.bit & 1)

    table = FieldTable(
        *(filter(has, rows) for rows in (layout.core, layout.probes, layout.details)),
        arrays=(layout.cells, layout.mask, layout.resistances),
        derived=_DERIVED,
    )
    core, probes, details = table.groups
    if not core.keys >= _INDISPENSABLE:
        # No pack hides these: the bitmap is made of something else, the tail of another frame most likely.
        raise FrameError("spliced")
    return DecodePlan(
        layout=layout,
        unpack=table.unpack,
        mask=table.starts["mask"],
        resistances=table.starts["resistances"],
        core=core,
        probes=probes,
        details=details,
        probe_bits={row.key: 1 << place for place, row in enumerate(layout.probes)},
    )
