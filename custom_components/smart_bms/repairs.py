"""Repairs: a parameter was changed elsewhere: accept it, or put the old value back."""

from typing import Any, cast

from homeassistant.components.http import KEY_HASS_USER
from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.http import current_request

from .coordinator import SmartBmsConfigEntry
from .parameter_entity import raise_unless_confirmed, told_to_the_user
from .parameters import Parameters, async_request


class DriftRepairFlow(RepairsFlow):
    """Asks what to do about changes that nobody made here."""

    def __init__(self, entry_id: str) -> None:
        """Remember the pack."""
        super().__init__()
        self._entry_id = entry_id

    def _parameters(self) -> Parameters | None:
        entry = cast(SmartBmsConfigEntry | None, self.hass.config_entries.async_get_entry(self._entry_id))
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        return entry.runtime_data.parameters

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show what changed."""
        issue = ir.async_get(self.hass).async_get_issue(self.handler, self.issue_id)
        return self.async_show_menu(
            step_id="init",
            menu_options=["accept", "restore"],
            description_placeholders=issue.translation_placeholders if issue else None,
        )

    async def async_step_accept(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Take what the pack has now."""
        if (parameters := self._parameters()) is None:
            return self.async_abort(reason="not_loaded")
        parameters.control.accept_drift()
        return self.async_create_entry(data={})

    async def async_step_restore(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Put the old values back, through the same door as every change."""
        if (parameters := self._parameters()) is None:
            return self.async_abort(reason="not_loaded")
        old: dict[str, Any] = {key: difference[0] for key, difference in parameters.control.drift.items()}
        catalogue = parameters.control.catalogue
        http_request = current_request.get()
        user = http_request.get(KEY_HASS_USER) if http_request is not None else None
        request = await async_request(
            self.hass, Context(user_id=user.id) if user else None, "repair", confirm=True, exact=True
        )
        try:
            with told_to_the_user():
                records = await parameters.control.apply(old, request)
            raise_unless_confirmed(records, lambda key: catalogue.settings.get(key) if catalogue else None)
        except HomeAssistantError as error:
            return self.async_abort(reason="not_restored", description_placeholders={"reason": str(error)})
        return self.async_create_entry(data={})


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow for an issue."""
    if data and isinstance(entry_id := data.get("entry_id"), str):
        return DriftRepairFlow(entry_id)
    return ConfirmRepairFlow()
