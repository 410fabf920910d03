"""JK system log (frame 0x05): what the pack noted about itself, newest fifty entries."""

from dataclasses import dataclass
import struct
from typing import Final

from ..errors import FrameError

_COUNT: Final = struct.Struct("<I")
_COUNT_OFFSET: Final = 6
_ENTRY: Final = struct.Struct("<IB")
_ENTRIES_OFFSET: Final = 11
_MAX_ENTRIES: Final = 50
_FIRST_CELL_OVERVOLTAGE: Final = 0x64
_FIRST_CELL_UNDERVOLTAGE: Final = 0xC8
_CELLS: Final = 32
_UNKNOWN: Final = "unknown_"

_EVENTS: Final = dict(
    enumerate(
        (
            "boot",
            "shutdown",
            "app_charge_off",
            "app_charge_on",
            "app_discharge_off",
            "app_discharge_on",
            "remote_charge_off",
            "remote_charge_on",
            "remote_discharge_off",
            "remote_discharge_on",
            "mosfet_overtemperature",
            "mosfet_overtemperature_released",
            "current_sensor_fault",
            "current_sensor_fault_released",
            "internal_communication_fault",
            "internal_communication_fault_released",
            "cell_overvoltage",
            "cell_overvoltage_released",
            "pack_overvoltage",
            "pack_overvoltage_released",
            "charge_overcurrent",
            "charge_overcurrent_released",
            "charge_short_circuit",
            "charge_short_circuit_released",
            "charge_overtemperature",
            "charge_overtemperature_released",
            "charge_undertemperature",
            "charge_undertemperature_released",
            "cell_undervoltage",
            "cell_undervoltage_released",
            "pack_undervoltage",
            "pack_undervoltage_released",
            "discharge_overcurrent",
            "discharge_overcurrent_released",
            "discharge_short_circuit",
            "discharge_short_circuit_released",
            "discharge_overtemperature",
            "discharge_overtemperature_released",
            "watchdog_reset",
            "discharge_short_circuit_2",
            "emergency_on",
            "emergency_off",
            "emergency_ended",
            "off_by_app",
            "off_by_button",
            "discharge_on_failed",
            "off_by_rs485",
            "can_charge_off",
            "can_charge_on",
            "can_discharge_off",
            "can_discharge_on",
            "rs485_charge_off",
            "rs485_charge_on",
            "rs485_discharge_off",
            "rs485_discharge_on",
            "sleep",
            "charge_mosfet_fault",
            "discharge_mosfet_fault",
            "clock_set",
            "cell_count_mismatch",
            "button_emergency_on",
            "button_emergency_off",
            "button_heating",
            "discharge_overcurrent_2",
            "discharge_overcurrent_3",
            "short_circuit_release_failed",
            "preset_nmc_loaded",
            "preset_lfp_loaded",
            "preset_lto_loaded",
            "remote_emergency_on",
            "remote_emergency_off",
            "discharge_undertemperature",
            "discharge_undertemperature_released",
        ),
        start=1,
    )
)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One entry: seconds of run time at which it happened, and what."""

    runtime: int
    event: str


def event_name(code: int) -> str:
    """Return the key of a log code; unknown ones are named by their number."""
    for first, event in (
        (_FIRST_CELL_OVERVOLTAGE, "cell_overvoltage"),
        (_FIRST_CELL_UNDERVOLTAGE, "cell_undervoltage"),
    ):
        if first <= code < first + _CELLS:
            return f"{event}_{code - first + 1}"
    return _EVENTS.get(code, f"{_UNKNOWN}{code}")


def decode_log(frame: bytes) -> tuple[int, tuple[LogEntry, ...]]:
    """Return the number of entries the pack claims and the entries that a whole 0x05 frame holds, in its order.

    Raises FrameError (`implausible_log`) if the frame names events that do not exist.
    """
    (count,) = _COUNT.unpack_from(frame, _COUNT_OFFSET)
    entries = []
    for place in range(min(count, _MAX_ENTRIES)):
        runtime, code = _ENTRY.unpack_from(frame, _ENTRIES_OFFSET + place * _ENTRY.size)
        entries.append(LogEntry(runtime, event_name(code)))
    # All zeros and all ones are no log.
    if entries and not any(entry.runtime and not entry.event.startswith(_UNKNOWN) for entry in entries):
        raise FrameError("implausible_log")
    return count, tuple(entries)
