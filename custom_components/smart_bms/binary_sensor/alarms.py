"""Binary sensors of alarms: one for each that a pack can raise, and one for any that is a problem."""

from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory

from ..bms.alarm import Alarm, AlarmSeverity
from ..coordinator import SmartBmsCoordinator
from ..entity import SmartBmsEntity
from ..pack_entry.publishing import Quantity, Value
from .description import SmartBmsBinarySensorDescription

PROBLEM_DESCRIPTION: Final = BinarySensorEntityDescription(
    key="problem", translation_key="problem", device_class=BinarySensorDeviceClass.PROBLEM
)


def _alarm_description(alarm: Alarm) -> SmartBmsBinarySensorDescription:
    """Return the description of an alarm flag."""
    notice = alarm.severity is AlarmSeverity.NOTICE
    return SmartBmsBinarySensorDescription(
        key=f"alarm_{alarm}",
        translation_key=f"alarm_{alarm}",
        # A notice is no problem and must not look like one.
        device_class=None if notice else BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        # Problem names those that are active, and the events tell of each.
        entity_registry_enabled_default=False,
        needs="alarms",
        value_fn=lambda reading: None if reading.alarms is None else alarm in reading.alarms,
    )


ALARM_DESCRIPTIONS: Final = {alarm: _alarm_description(alarm) for alarm in Alarm}


class SmartBmsProblem(SmartBmsEntity, BinarySensorEntity):
    """Whether the pack complains, or tells of a cell or probe what cannot be; the attributes say about what."""

    def __init__(self, coordinator: SmartBmsCoordinator, description: BinarySensorEntityDescription) -> None:
        """Initialize."""
        super().__init__(coordinator, description, Quantity.STATE, always=False)

    @override
    def current_value(self) -> Value:
        """Return all that is said in one text, so that whatever changes in it is published; what is wrong stands first."""
        reading = self.coordinator.data
        if reading is None or (reading.alarms is None and not reading.implausible):
            return None
        return f"{','.join((*reading.problems, *reading.implausible))}|{','.join(reading.other_alarms)}"

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the state that was published last."""
        value = self._filter.value
        return None if value is None else not str(value).startswith("|")

    @property
    @override
    def extra_state_attributes(self) -> dict[str, list[str]]:
        """Return what explains the state."""
        reading = self.coordinator.data
        if reading is None:
            return {}
        return {
            "alarms": list(reading.problems),
            "other_alarms": list(reading.other_alarms),
            "implausible_values": list(reading.implausible),
        }
