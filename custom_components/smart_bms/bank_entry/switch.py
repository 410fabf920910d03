"""Switches of a bank: they act on its packs one by one, and say of which it did not hold."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, override

from homeassistant.components.switch import SwitchEntity, SwitchEntityDescription
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er

from ..const import CONF_ALLOW_CONTROL, CONF_CONTROL, CONF_PACKS, DOMAIN
from ..control.validation_issue import RejectedError
from ..control.write_log import WriteOutcome
from ..coordinator import SmartBmsCoordinator
from ..entity.parameter import async_enable
from ..messages import error_message, incompatibility_sentences, rejection_error
from ..pack_entry.parameters import async_request
from ..pack_entry.publishing import Quantity, Value
from ..texts import FULL_STOPS
from .coordinator import BankConfigEntry, BankCoordinator
from .entity import BankEntity
from .membership import banks_with

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
        """Return whether the switch is on in all packs, None if that is not known."""
        if not pack.available:
            return None
        setting = pack.catalog.settings.get(self.entity_description.key) if pack.catalog else None
        value = pack.parameters.writer.value(setting) if setting else None
        return value if isinstance(value, bool) else None

    @override
    def current_value(self) -> Value:
        """Return on if all are, off if all are, and unknown for everything between."""
        values = [self._value(pack) for pack in self.coordinator.coordinators()]
        same = len(values) == len(self.coordinator.packs) and len(set(values)) == 1
        return values[0] if same else None

    @override
    def details(self) -> Mapping[str, Any]:
        """Return what goes with the value."""
        return {"packs": {pack.config_entry.title: self._value(pack) for pack in self.coordinator.coordinators()}}

    @override
    def discrete(self) -> Any:
        """Return the part of the attributes whose change is news of its own."""
        return self.details()

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the state that was published last."""
        value = self._filter.value
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
        if value and (reasons := incompatibility_sentences(self.hass, self.coordinator.data.unfit)):
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
            await pack.connection.async_wait_connected()
            request = await async_request(self.hass, self._context, "switch")
            try:
                records = await pack.parameters.writer.apply({self.entity_description.key: value}, request)
            except RejectedError as error:
                reason = error_message(self.hass, rejection_error(self.hass, error))
                failed.append(f"{name}: {reason.rstrip(FULL_STOPS)}")
                continue
            held = all(record.outcome is WriteOutcome.CONFIRMED for record in records)
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


def _may_be_controlled(hass: HomeAssistant, bank: BankConfigEntry) -> bool:
    """Return whether control is allowed for all packs of a bank: with one that refuses, its switches only fail."""
    packs = (hass.config_entries.async_get_entry(key) for key in bank.options[CONF_PACKS])
    return all(pack is not None and pack.options.get(CONF_CONTROL, {}).get(CONF_ALLOW_CONTROL) for pack in packs)


@callback
def _async_enable(hass: HomeAssistant, bank: BankConfigEntry) -> bool:
    """Enable the switches that are off until control is allowed; return whether there were any."""
    if not _may_be_controlled(hass, bank):
        return False
    registry = er.async_get(hass)
    wanted = {f"{bank.entry_id}_{item.key}" for item in BANK_SWITCHES if item.entity_registry_enabled_default}
    found = [item for item in er.async_entries_for_config_entry(registry, bank.entry_id) if item.unique_id in wanted]
    enabled = [async_enable(registry, item) for item in found]
    return any(enabled)


@callback
def async_pack_set_up(hass: HomeAssistant, entry_id: str) -> None:
    """Bring the switches of the banks of a pack that may be controlled from now on."""
    for bank in banks_with(hass, entry_id):
        if _async_enable(hass, bank) and bank.state is ConfigEntryState.LOADED:
            hass.config_entries.async_schedule_reload(bank.entry_id)


@callback
def async_bank_switches(coordinator: BankCoordinator) -> list[BankSwitch]:
    """Return the switches of a bank, off by default until they can do something."""
    _async_enable(coordinator.hass, coordinator.config_entry)
    allowed = _may_be_controlled(coordinator.hass, coordinator.config_entry)
    return [
        BankSwitch(
            coordinator,
            replace(item, entity_registry_enabled_default=item.entity_registry_enabled_default and allowed),
        )
        for item in BANK_SWITCHES
    ]
