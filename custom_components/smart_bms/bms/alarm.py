"""Alarms: one set of stable keys for all families."""

from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """How much an alarm asks of the user."""

    NOTICE = "notice"
    """Worth knowing, nothing is wrong."""
    WARNING = "warning"
    """Something is wrong, the pack still works."""
    FAULT = "fault"
    """The pack blocks charging or discharging, or may do so at any moment."""


class Alarm(StrEnum):
    """What a pack can complain about. The value is the key that users see and automations use."""

    BALANCE_WIRE_RESISTANCE = "balance_wire_resistance"
    BATTERY_OVERTEMPERATURE_WARNING = "battery_overtemperature_warning"
    CELL_COUNT_MISMATCH = "cell_count_mismatch"
    CELL_OVERVOLTAGE = "cell_overvoltage"
    CELL_UNDERVOLTAGE = "cell_undervoltage"
    CHARGE_MOSFET_FAULT = "charge_mosfet_fault"
    CHARGE_OVERCURRENT = "charge_overcurrent"
    CHARGE_OVERTEMPERATURE = "charge_overtemperature"
    CHARGE_SHORT_CIRCUIT = "charge_short_circuit"
    CHARGE_UNDERTEMPERATURE = "charge_undertemperature"
    CURRENT_SENSOR_FAULT = "current_sensor_fault"
    DEFAULT_PASSWORD = "default_password"  # noqa: S105
    DISCHARGE_MOSFET_FAULT = "discharge_mosfet_fault"
    DISCHARGE_ON_FAILED = "discharge_on_failed"
    DISCHARGE_OVERCURRENT = "discharge_overcurrent"
    DISCHARGE_OVERCURRENT_2 = "discharge_overcurrent_2"
    DISCHARGE_OVERCURRENT_3 = "discharge_overcurrent_3"
    DISCHARGE_OVERTEMPERATURE = "discharge_overtemperature"
    DISCHARGE_SHORT_CIRCUIT = "discharge_short_circuit"
    DISCHARGE_UNDERTEMPERATURE = "discharge_undertemperature"
    GPS_DISCONNECTED = "gps_disconnected"
    GPS_LOCKED = "gps_locked"
    INTERNAL_COMMUNICATION_FAULT = "internal_communication_fault"
    MOSFET_OVERTEMPERATURE = "mosfet_overtemperature"
    PACK_OVERVOLTAGE = "pack_overvoltage"
    PACK_UNDERVOLTAGE = "pack_undervoltage"
    PARALLEL_MODULE_FAULT = "parallel_module_fault"
    SHORT_CIRCUIT_RELEASE_FAILED = "short_circuit_release_failed"
    TEMPERATURE_SENSOR_FAULT = "temperature_sensor_fault"

    @property
    def severity(self) -> Severity:
        """How much this alarm asks of the user."""
        return _SEVERITY.get(self, Severity.FAULT)


# A fault unless listed: an alarm that nobody judged must not be taken lightly.
_SEVERITY: Final = {
    Alarm.DEFAULT_PASSWORD: Severity.NOTICE,
    Alarm.GPS_DISCONNECTED: Severity.NOTICE,
    Alarm.BALANCE_WIRE_RESISTANCE: Severity.WARNING,
    Alarm.BATTERY_OVERTEMPERATURE_WARNING: Severity.WARNING,
    Alarm.TEMPERATURE_SENSOR_FAULT: Severity.WARNING,
    Alarm.PARALLEL_MODULE_FAULT: Severity.WARNING,
    Alarm.GPS_LOCKED: Severity.WARNING,
}
