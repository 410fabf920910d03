"""Binary sensors of a bank: whether it may be charged and discharged, and what is wrong with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.const import EntityCategory

from ..bank.member import INCOMPLETE, STALE
from ..bank.merge import Bank
from ..entity.findable import FindableEntity
from ..messages import explanation, incompatibility_sentences, left_out_sentences, reason_sentence
from ..pack_entry.publishing import Quantity, Value
from ..protection.permission import REPORTED, Reason
from ..protection.relays import Tristate
from ..texts import sentence
from .coordinator import BankCoordinator
from .entity import BankEntity, left_out_attribute


@dataclass(frozen=True, kw_only=True)
class BankBinaryDescription(BinarySensorEntityDescription):
    """What a binary sensor of a bank shows."""

    value_fn: Callable[[BankCoordinator], bool | None]
    attributes_fn: Callable[[Bank], Mapping[str, Any]]
    left_out_of: str = ""
    """The side on which packs that do not count are explained."""
    always: bool = False
    """It says something also when no string counts."""


def _yes(answer: Tristate) -> bool | None:
    """Return yes, no, or None for not known."""
    return None if answer is Tristate.UNKNOWN else answer is Tristate.YES


def _problem(bank: Bank) -> bool | None:
    """Return the description of something that is wrong with the bank."""
    return True if bank.unfit else None if bank.alarms is None else bool(bank.alarms)


def _left_out(bank: Bank, side: str) -> list[tuple[str, str]]:
    """Return the packs that do not count on a side, each with the code of the reason."""
    of_side = {STALE, INCOMPLETE, f"{side}_blocked", f"{side}_unknown"}
    return [row for row in bank.left_out if row[1] in of_side]


def _why(side: str) -> Callable[[Bank], Mapping[str, Any]]:
    """Return what tells which packs do not count on a side, and what is against the bank, in codes."""
    return lambda bank: {
        "left_out": left_out_attribute(_left_out(bank, side)),
        "reasons": [row.code for row in bank.unfit],
    }


BANK_BINARY_SENSORS: Final = (
    BankBinaryDescription(
        key="charge_allowed",
        translation_key="charge_allowed",
        value_fn=lambda coordinator: _yes(coordinator.data.charge),
        attributes_fn=_why("charge"),
        left_out_of="charge",
    ),
    BankBinaryDescription(
        key="discharge_allowed",
        translation_key="discharge_allowed",
        value_fn=lambda coordinator: _yes(coordinator.data.discharge),
        attributes_fn=_why("discharge"),
        left_out_of="discharge",
    ),
    BankBinaryDescription(
        key="problem",
        translation_key="problem",
        device_class=BinarySensorDeviceClass.PROBLEM,
        always=True,
        value_fn=lambda coordinator: _problem(coordinator.data),
        attributes_fn=lambda bank: {
            "alarms": [f"{name}: {alarm}" for name, alarm in bank.alarms or ()],
            "reasons": [row.code for row in bank.unfit],
        },
    ),
    BankBinaryDescription(
        key="uneven_current",
        translation_key="uneven_current",
        device_class=BinarySensorDeviceClass.PROBLEM,
        entity_category=EntityCategory.DIAGNOSTIC,
        value_fn=lambda coordinator: coordinator.uneven.is_imbalanced,
        attributes_fn=lambda bank: {
            "shares": {share.packs: None if share.share is None else round(100 * share.share) for share in bank.shares}
        },
    ),
)


class BankBinarySensor(FindableEntity, BankEntity, BinarySensorEntity):
    """One state of a bank."""

    entity_description: BankBinaryDescription

    def __init__(self, coordinator: BankCoordinator, description: BankBinaryDescription) -> None:
        """Show what the description says."""
        super().__init__(coordinator, description, Quantity.STATE, always=description.always)

    @override
    def current_value(self) -> Value:
        """Return the newest value."""
        return self.entity_description.value_fn(self.coordinator)

    @override
    def details(self) -> Mapping[str, Any]:
        """Return what goes with the value."""
        bank, side = self.coordinator.data, self.entity_description.left_out_of
        attributes = dict(self.entity_description.attributes_fn(bank))
        if "reasons" in attributes:
            about = left_out_sentences(self.hass, _left_out(bank, side)) if side else self._alarm_sentences(bank)
            attributes["explanation"] = explanation(
                self.hass, [*about, *incompatibility_sentences(self.hass, bank.unfit)]
            )
        return attributes

    def _alarm_sentences(self, bank: Bank) -> list[str]:
        """Return a sentence for each alarm of a pack."""
        return [
            sentence(
                self.hass, "refused_for", {"name": name, "reason": reason_sentence(self.hass, Reason(REPORTED, alarm))}
            )
            for name, alarm in bank.alarms or ()
        ]

    @override
    def discrete(self) -> Any:
        """Return the part of the attributes whose change is news of its own."""
        bank = self.coordinator.data
        return (bank.left_out, bank.alarms, [row.code for row in bank.unfit])

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the state that was published last."""
        value = self._filter.value
        return None if value is None else bool(value)


def bank_binary_sensors(coordinator: BankCoordinator) -> list[BankBinarySensor]:
    """Return the binary sensors of a bank."""
    return [BankBinarySensor(coordinator, description) for description in BANK_BINARY_SENSORS]
