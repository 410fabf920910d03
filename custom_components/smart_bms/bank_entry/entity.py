"""The base of a bank's entities."""

from collections.abc import Iterable, Mapping
from typing import Any, override

from homeassistant.const import MATCH_ALL
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import EntityDescription

from ..const import DOMAIN
from ..coordinator import SmartBmsCoordinator
from ..entity import pack_device_info
from ..entity.published import PublishedEntity
from ..pack_entry.publishing import Quantity
from ..texts import fill_text
from .coordinator import BankCoordinator


class BankEntity(PublishedEntity[BankCoordinator]):
    """An entity that shows one value of a bank."""

    _unrecorded_attributes = frozenset({MATCH_ALL})

    def __init__(
        self,
        coordinator: BankCoordinator,
        description: EntityDescription,
        quantity: Quantity,
        *,
        always: bool = False,
    ) -> None:
        """`always` entities stay available when no string of packs is counted."""
        entry = coordinator.config_entry
        super().__init__(
            coordinator,
            description,
            quantity,
            unique_id=f"{entry.entry_id}_{description.key}",
            device_info=bank_device_info(coordinator),
            always=always,
        )
        self._discrete: Any = None
        self._shown_details: Mapping[str, Any] = {}

    def details(self) -> Mapping[str, Any]:
        """Return what goes with the value."""
        return {}

    def discrete(self) -> Any:
        """Return the part of the details whose change is news of its own."""
        return None

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any]:
        """Return what goes with the value that is shown."""
        return self._shown_details

    @override
    def _submit(self) -> bool:
        """Submit the newest value; return whether it, or what goes with it, is new."""
        news = super()._submit()
        if not self.available:
            return news
        # The same value may be found elsewhere now.
        news = news or (self._member.is_published and self.details() != self._shown_details)
        if (discrete := self.discrete()) != self._discrete:
            self._discrete, news = discrete, True
        if news:
            self._shown_details = self.details()
        return news


def bank_device_info(coordinator: BankCoordinator) -> DeviceInfo:
    """Return how the device of a bank is registered."""
    entry = coordinator.config_entry
    return DeviceInfo(
        identifiers={(DOMAIN, entry.entry_id)},
        name=entry.title,
        manufacturer="Smart BMS",
        model=_model(coordinator),
    )


def unique_device(coordinator: SmartBmsCoordinator | BankCoordinator) -> tuple[str, DeviceInfo]:
    """Return how the unique ids of the entities of a pack or bank begin, and how its device is registered."""
    if isinstance(coordinator, BankCoordinator):
        return coordinator.config_entry.entry_id, bank_device_info(coordinator)
    return coordinator.address, pack_device_info(coordinator)


def _model(coordinator: BankCoordinator) -> str:
    """Return how the packs are wired, as a model."""
    strings = len(coordinator.topology)
    length = len(coordinator.topology[0])
    return fill_text(coordinator.hass, "selector.text.options.bank_model", {"layout": f"{strings}P{length}S"})


def left_out_attribute(packs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """Return as an attribute which packs are left out, given as their names and the codes of the reasons."""
    return [{"pack": name, "reason": code} for name, code in packs]
