"""Repairs: a parameter was changed elsewhere: accept it, or put the old value back."""

from collections.abc import Mapping
from typing import Any, cast

from homeassistant.components.http import KEY_HASS_USER
from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.http import current_request
import probatio

from .bms.settings import Proof
from .control.baseline import Difference
from .control.chemistry import CODES
from .control.request import WriteRequest
from .control.validation_issue import parameter_name
from .coordinator import SmartBmsConfigEntry
from .messages import raise_unless_confirmed, translated_rejections
from .pack_entry.parameters import Parameters, async_request


class DriftRepairFlow(RepairsFlow):
    """Asks what to do about changes that nobody made here."""

    def __init__(self, entry_id: str) -> None:
        """Remember the pack."""
        super().__init__()
        self._entry_id = entry_id
        self._shown: Mapping[str, Difference] = {}

    def _parameters(self) -> Parameters | None:
        entry = cast(SmartBmsConfigEntry | None, self.hass.config_entries.async_get_entry(self._entry_id))
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        return entry.runtime_data.parameters

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show what changed; only administrators get here."""
        parameters = self._parameters()
        self._shown = dict(parameters.control.drift) if parameters else {}
        issue = ir.async_get(self.hass).async_get_issue(self.handler, self.issue_id)
        told = dict(issue.translation_placeholders or {}) if issue else {}
        if parameters:
            told["changes"] = parameters.describe_changes(self._shown, to_administrator=True)
        return self.async_show_menu(step_id="init", menu_options=["accept", "restore"], description_placeholders=told)

    async def async_step_accept(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Take what the pack has now."""
        if (parameters := self._parameters()) is None:
            return self.async_abort(reason="not_loaded")
        if not await parameters.control.accept(self._shown):
            return self.async_abort(reason="changed_again")
        return self._end(parameters)

    async def async_step_restore(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Put the old values back, through the same door as every change; what is dangerous takes a second word."""
        if (parameters := self._parameters()) is None:
            return self.async_abort(reason="not_loaded")
        if dict(parameters.control.drift) != self._shown:
            return self.async_abort(reason="changed_again")
        catalog = parameters.control.catalog
        settings = catalog.settings if catalog else {}
        old: dict[str, Any] = {
            key: difference[0]
            for key, difference in self._shown.items()
            if key in settings and settings[key].proof is not Proof.READ_ONLY and not settings[key].procedure
        }
        beyond = {
            key
            for issue in parameters.control.validate(old, WriteRequest()).issues
            if issue.code in CODES
            for key in issue.parameters
        }
        dangerous = [
            parameter_name(key)
            for key in self._shown
            if key in settings and (settings[key].dangerous or settings[key].clears_history or key in beyond)
        ]
        if dangerous and user_input is None:
            return self.async_show_form(
                step_id="restore",
                data_schema=probatio.Schema({}),
                description_placeholders={"dangerous": ", ".join(dangerous)},
            )
        http_request = current_request.get()
        user = http_request.get(KEY_HASS_USER) if http_request is not None else None
        request = await async_request(
            self.hass, Context(user_id=user.id) if user else None, "repair", confirm=bool(dangerous), exact=True
        )
        try:
            with translated_rejections():
                records = await parameters.control.apply(old, request)
            raise_unless_confirmed(records, catalog)
        except HomeAssistantError as error:
            return self.async_abort(reason="not_restored", description_placeholders={"reason": str(error)})
        if left := [parameter_name(key) for key in self._shown if key not in old]:
            return self.async_abort(reason="left_out", description_placeholders={"parameters": ", ".join(left)})
        return self._end(parameters)

    def _end(self, parameters: Parameters) -> RepairsFlowResult:
        """Close the issue, unless something else has changed meanwhile: that must stay to be seen."""
        if parameters.control.drift:
            return self.async_abort(reason="changed_again")
        return self.async_create_entry(data={})


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow for an issue."""
    if data and isinstance(entry_id := data.get("entry_id"), str):
        return DriftRepairFlow(entry_id)
    return ConfirmRepairFlow()
