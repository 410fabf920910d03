"""Alarms: one set of stable keys for all families."""

from enum import StrEnum
from typing import Final


class AlarmSeverity(StrEnum):
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
    CELL_COMMUNICATION_FAULT = "cell_communication_fault"
    CELL_COUNT_MISMATCH = "cell_count_mismatch"
    CELL_IMBALANCE = "cell_imbalance"
    CELL_IMBALANCE_WARNING = "cell_imbalance_warning"
    CELL_OVERTEMPERATURE = "cell_overtemperature"
    CELL_OVERVOLTAGE = "cell_overvoltage"
    CELL_OVERVOLTAGE_WARNING = "cell_overvoltage_warning"
    CELL_UNDERTEMPERATURE = "cell_undertemperature"
    CELL_UNDERVOLTAGE = "cell_undervoltage"
    CELL_UNDERVOLTAGE_WARNING = "cell_undervoltage_warning"
    CELL_WIRE_OPEN = "cell_wire_open"
    CHARGE_MOSFET_FAULT = "charge_mosfet_fault"
    CHARGE_OVERCURRENT = "charge_overcurrent"
    CHARGE_OVERCURRENT_WARNING = "charge_overcurrent_warning"
    CHARGE_OVERTEMPERATURE = "charge_overtemperature"
    CHARGE_OVERTEMPERATURE_WARNING = "charge_overtemperature_warning"
    CHARGE_SHORT_CIRCUIT = "charge_short_circuit"
    CHARGE_UNDERTEMPERATURE = "charge_undertemperature"
    CHARGE_UNDERTEMPERATURE_WARNING = "charge_undertemperature_warning"
    CHARGING_FORBIDDEN = "charging_forbidden"
    CLOCK_FAULT = "clock_fault"
    CURRENT_SENSOR_FAULT = "current_sensor_fault"
    DEFAULT_PASSWORD = "default_password"  # noqa: S105
    DISCHARGE_MOSFET_FAULT = "discharge_mosfet_fault"
    DISCHARGE_ON_FAILED = "discharge_on_failed"
    DISCHARGE_OVERCURRENT = "discharge_overcurrent"
    DISCHARGE_OVERCURRENT_2 = "discharge_overcurrent_2"
    DISCHARGE_OVERCURRENT_3 = "discharge_overcurrent_3"
    DISCHARGE_OVERCURRENT_WARNING = "discharge_overcurrent_warning"
    DISCHARGE_OVERTEMPERATURE = "discharge_overtemperature"
    DISCHARGE_OVERTEMPERATURE_WARNING = "discharge_overtemperature_warning"
    DISCHARGE_SHORT_CIRCUIT = "discharge_short_circuit"
    DISCHARGE_UNDERTEMPERATURE = "discharge_undertemperature"
    DISCHARGE_UNDERTEMPERATURE_WARNING = "discharge_undertemperature_warning"
    DISCHARGING_FORBIDDEN = "discharging_forbidden"
    EARLY_WARNING = "early_warning"
    EXTERNAL_COMMUNICATION_FAULT = "external_communication_fault"
    FRONT_END_FAULT = "front_end_fault"
    GPS_DISCONNECTED = "gps_disconnected"
    GPS_LOCKED = "gps_locked"
    HEATER_FAULT = "heater_fault"
    INTERNAL_COMMUNICATION_FAULT = "internal_communication_fault"
    MEMORY_FAULT = "memory_fault"
    MOSFET_OVERTEMPERATURE = "mosfet_overtemperature"
    MOSFET_OVERTEMPERATURE_WARNING = "mosfet_overtemperature_warning"
    MOSFET_SENSOR_FAULT = "mosfet_sensor_fault"
    PACK_OVERVOLTAGE = "pack_overvoltage"
    PACK_OVERVOLTAGE_WARNING = "pack_overvoltage_warning"
    PACK_UNDERVOLTAGE = "pack_undervoltage"
    PACK_UNDERVOLTAGE_WARNING = "pack_undervoltage_warning"
    PARALLEL_MODULE_FAULT = "parallel_module_fault"
    PRECHARGE_FAILED = "precharge_failed"
    SHORT_CIRCUIT = "short_circuit"
    SHORT_CIRCUIT_RELEASE_FAILED = "short_circuit_release_failed"
    SOC_HIGH = "soc_high"
    SOC_HIGH_WARNING = "soc_high_warning"
    SOC_LOW = "soc_low"
    SOC_LOW_WARNING = "soc_low_warning"
    SOFTWARE_LOCK = "software_lock"
    SOH_LOW = "soh_low"
    SOH_LOW_WARNING = "soh_low_warning"
    TEMPERATURE_IMBALANCE = "temperature_imbalance"
    TEMPERATURE_IMBALANCE_WARNING = "temperature_imbalance_warning"
    TEMPERATURE_SENSOR_FAULT = "temperature_sensor_fault"
    THERMAL_RUNAWAY = "thermal_runaway"
    UNNAMED_PROTECTION = "unnamed_protection"
    VOLTAGE_SENSOR_FAULT = "voltage_sensor_fault"

    @property
    def severity(self) -> AlarmSeverity:
        """How much this alarm asks of the user."""
        warning = self.value.endswith("_warning")
        return _SEVERITY.get(self, AlarmSeverity.WARNING if warning else AlarmSeverity.FAULT)

    @property
    def is_early(self) -> bool:
        """Whether it only announces, a little before, an alarm of its own."""
        return self is Alarm.EARLY_WARNING or (
            self.value.endswith("_warning") and self.value.removesuffix("_warning") in _KEYS
        )


_KEYS: Final = frozenset(alarm.value for alarm in Alarm)

# A fault unless listed: an alarm that nobody judged must not be taken lightly.
_SEVERITY: Final = {
    Alarm.DEFAULT_PASSWORD: AlarmSeverity.NOTICE,
    Alarm.GPS_DISCONNECTED: AlarmSeverity.NOTICE,
    Alarm.SOFTWARE_LOCK: AlarmSeverity.NOTICE,
    Alarm.BALANCE_WIRE_RESISTANCE: AlarmSeverity.WARNING,
    Alarm.UNNAMED_PROTECTION: AlarmSeverity.WARNING,
    Alarm.CELL_IMBALANCE: AlarmSeverity.WARNING,
    Alarm.TEMPERATURE_IMBALANCE: AlarmSeverity.WARNING,
    Alarm.SOC_HIGH: AlarmSeverity.WARNING,
    Alarm.SOC_LOW: AlarmSeverity.WARNING,
    Alarm.SOH_LOW: AlarmSeverity.WARNING,
    Alarm.CLOCK_FAULT: AlarmSeverity.WARNING,
    Alarm.EXTERNAL_COMMUNICATION_FAULT: AlarmSeverity.WARNING,
    Alarm.TEMPERATURE_SENSOR_FAULT: AlarmSeverity.WARNING,
    Alarm.PARALLEL_MODULE_FAULT: AlarmSeverity.WARNING,
    Alarm.GPS_LOCKED: AlarmSeverity.WARNING,
}
