"""Switches of a bank: they act on its packs one by one, and say of which it did not hold."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .bank_coordinator import BankCoordinator
from .bank_entity import BankEntity
from .const import DOMAIN
from .control.findings import RefusedError
from .control.journal import Outcome
from .coordinator import SmartBmsCoordinator
from .explanations import misfits, refusal
from .parameters import async_request
from .publishing import Quantity, Value

BANK_SWITCHES: Final = (
    SwitchEntityDescription(key="charge_switch", translation_key="charge_switch"),
    # Cutting off the house is not what a stray touch should do.
    SwitchEntityDescription(
        key="discharge_switch", translation_key="discharge_switch", entity_registry_enabled_default=False
    ),
)


class BankSwitch(BankEntity, SwitchEntity):
    """A switch that all packs of a bank have."""

    def __init__(self, coordinator: BankCoordinator, description: SwitchEntityDescription) -> None:
        """Show what the description says."""
        super().__init__(coordinator, description, Quantity.STATE)

    def _value(self, pack: SmartBmsCoordinator) -> bool | None:
        if not pack.available:
            return None
        setting = pack.catalogue.settings.get(self.entity_description.key) if pack.catalogue else None
        value = pack.parameters.control.value(setting) if setting else None
        return value if isinstance(value, bool) else None

    @override
    def current_value(self) -> Value:
        """Return on if all are, off if all are, and unknown for everything between."""
        values = [self._value(pack) for pack in self.coordinator.coordinators()]
        same = len(values) == len(self.coordinator.packs) and len(set(values)) == 1
        return values[0] if same else None

    @override
    def particulars(self) -> Mapping[str, Any]:
        return {"packs": {pack.config_entry.title: self._value(pack) for pack in self.coordinator.coordinators()}}

    @override
    def discrete(self) -> Any:
        return self.particulars()

    @property
    @override
    def is_on(self) -> bool | None:
        value = self._gate.value
        return None if value is None else bool(value)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Switch on, pack by pack."""
        await self._async_change(value=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Switch off, pack by pack."""
        await self._async_change(value=False)

    async def _async_change(self, *, value: bool) -> None:
        """Write to each pack and wait for its proof. Raises what did not hold, with the packs where it did."""
        if value and (reasons := misfits(self.coordinator.data.unfit)):
            raise ServiceValidationError(
                translation_domain=DOMAIN,
                translation_key="bank_unfit",
                translation_placeholders={"reason": reasons[0]},
            )
        packs = list(self.coordinator.coordinators())
        done: list[str] = []
        failed: list[str] = []
        for pack in packs:
            name = pack.config_entry.title
            request = await async_request(self.hass, self._context, "switch")
            try:
                records = await pack.parameters.control.apply({self.entity_description.key: value}, request)
            except RefusedError as error:
                failed.append(f"{name}: {refusal(error)}")
                continue
            held = all(record.outcome is Outcome.CONFIRMED for record in records)
            (done if held else failed).append(name)
        missing = len(self.coordinator.packs) - len(packs)
        if failed or missing:
            raise HomeAssistantError(
                translation_domain=DOMAIN,
                translation_key="bank_partly",
                translation_placeholders={
                    "done": ", ".join(done) or "–",
                    "failed": "; ".join(failed) or "–",
                    "missing": str(missing),
                },
            )


def bank_switches(coordinator: BankCoordinator) -> list[BankSwitch]:
    """Return the switches of a bank."""
    return [BankSwitch(coordinator, description) for description in BANK_SWITCHES]
