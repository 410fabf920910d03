"""Repairs: a parameter was changed elsewhere: accept the new value, or restore the old one."""

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

from .bms.settings import Proof, Setting
from .control.baseline import Difference
from .control.chemistry import CHEMISTRY_CODES
from .control.request import WriteRequest
from .coordinator import SmartBmsConfigEntry
from .messages import error_message, raise_unless_confirmed, translated_rejections
from .pack_entry.drift_issue import describe_drift
from .pack_entry.parameters import Parameters, async_request
from .texts import parameter_name


class DriftRepairFlow(RepairsFlow):
    """Asks whether to accept or to undo what was changed outside Home Assistant."""

    def __init__(self, entry_id: str) -> None:
        """`entry_id` is the config entry of the pack."""
        super().__init__()
        self._entry_id = entry_id
        self._shown: Mapping[str, Difference] = {}
        """The changes that the user was shown and decides about."""

    def _parameters(self) -> Parameters | None:
        """Return the pack's parameters; None if its entry is not loaded."""
        entry = cast(SmartBmsConfigEntry | None, self.hass.config_entries.async_get_entry(self._entry_id))
        if entry is None or entry.state is not ConfigEntryState.LOADED:
            return None
        return entry.runtime_data.parameters

    async def async_step_init(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Show what changed; only administrators can open repairs."""
        parameters = self._parameters()
        self._shown = dict(parameters.writer.drift) if parameters else {}
        issue = ir.async_get(self.hass).async_get_issue(self.handler, self.issue_id)
        placeholders = dict(issue.translation_placeholders or {}) if issue else {}
        if parameters:
            placeholders["changes"] = describe_drift(
                self.hass, self._shown, parameters.writer.catalog, to_administrator=True
            )
        return self.async_show_menu(
            step_id="init", menu_options=["accept", "restore"], description_placeholders=placeholders
        )

    async def async_step_accept(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Accept the values that the pack has now."""
        if (parameters := self._parameters()) is None:
            return self.async_abort(reason="not_loaded")
        if not await parameters.writer.accept(self._shown):
            return self.async_abort(reason="changed_again")
        return self._finish(parameters)

    async def async_step_restore(self, user_input: dict[str, str] | None = None) -> RepairsFlowResult:
        """Write the old values, checked like every change; what is dangerous has to be confirmed first."""
        if (parameters := self._parameters()) is None:
            return self.async_abort(reason="not_loaded")
        if dict(parameters.writer.drift) != self._shown:
            return self.async_abort(reason="changed_again")
        old = self._restorable(parameters)
        dangerous = self._dangerous(parameters, old)
        if dangerous and user_input is None:
            return self.async_show_form(
                step_id="restore",
                data_schema=probatio.Schema({}),
                description_placeholders={"dangerous": ", ".join(dangerous)},
            )
        try:
            await self._async_restore(parameters, old, confirm=bool(dangerous))
        except HomeAssistantError as error:
            return self.async_abort(
                reason="not_restored", description_placeholders={"reason": error_message(self.hass, error)}
            )
        if left := [self._name(key) for key in self._shown if key not in old]:
            return self.async_abort(reason="left_out", description_placeholders={"parameters": ", ".join(left)})
        return self._finish(parameters)

    def _name(self, key: str) -> str:
        """Return the name of a parameter whose change was shown."""
        return parameter_name(self.hass, key, is_switch=isinstance(self._shown[key][0], bool))

    def _restorable(self, parameters: Parameters) -> dict[str, Any]:
        """Return the old values of the parameters that can be written."""
        settings = _settings(parameters)
        return {
            key: difference[0]
            for key, difference in self._shown.items()
            if key in settings and settings[key].proof is not Proof.READ_ONLY and not settings[key].procedure
        }

    def _dangerous(self, parameters: Parameters, old: Mapping[str, Any]) -> list[str]:
        """Return the names of the parameters whose old values have to be confirmed."""
        settings = _settings(parameters)
        against_chemistry = {
            key
            for issue in parameters.writer.validate(old, WriteRequest()).issues
            if issue.code in CHEMISTRY_CODES
            for key in issue.parameters
        }
        return [
            self._name(key)
            for key in self._shown
            if key in settings and (settings[key].dangerous or settings[key].clears_history or key in against_chemistry)
        ]

    async def _async_restore(self, parameters: Parameters, old: Mapping[str, Any], *, confirm: bool) -> None:
        """Write the old values in the name of the user. Raises HomeAssistantError unless all were confirmed."""
        catalog = parameters.writer.catalog
        http_request = current_request.get()
        user = http_request.get(KEY_HASS_USER) if http_request is not None else None
        context = Context(user_id=user.id) if user else None
        request = await async_request(self.hass, context, "repair", confirm=confirm, exact=True)
        with translated_rejections(self.hass):
            records = await parameters.writer.apply(old, request)
        raise_unless_confirmed(self.hass, records, catalog)

    def _finish(self, parameters: Parameters) -> RepairsFlowResult:
        """End the flow, which deletes the issue, unless something else has changed meanwhile."""
        if parameters.writer.drift:
            return self.async_abort(reason="changed_again")
        return self.async_create_entry(data={})


def _settings(parameters: Parameters) -> Mapping[str, Setting]:
    """Return the parameters of the pack's model; none while it is unknown."""
    catalog = parameters.writer.catalog
    return catalog.settings if catalog else {}


async def async_create_fix_flow(
    hass: HomeAssistant, issue_id: str, data: dict[str, str | int | float | None] | None
) -> RepairsFlow:
    """Return the flow for an issue."""
    if data and isinstance(entry_id := data.get("entry_id"), str):
        return DriftRepairFlow(entry_id)
    return ConfirmRepairFlow()
