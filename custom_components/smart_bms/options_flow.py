"""The options of a pack: a menu of short forms."""

from typing import Any, cast

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult

from .bank_entry.member import chemistry_of
from .bms.chemistry import charge_voltages
from .bms.families import FAMILIES
from .const import CONF_FAMILY, CONF_LIMITS
from .coordinator import SmartBmsConfigEntry
from .equipment.options_flow import EquipmentFlow
from .flow.option_forms import CHARGE_VOLTAGE, OPTION_FORMS
from .flow.options_schema import OptionForm
from .protection.limit_options import LimitOptions
from .texts import format_number


class SmartBmsOptionsFlow(EquipmentFlow):
    """Asks what may be changed in the pack, and how its values are read, corrected, limited and published."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the menu of the forms that apply to the pack's family."""
        forms = [key for key in OPTION_FORMS if self._form(key)]
        forms.insert(forms.index("limits") + 1, "equipment")
        return self.async_show_menu(step_id="init", menu_options=forms)

    async def async_step_control(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what may be changed in the pack."""
        return self._show_or_save("control", user_input)

    async def async_step_limits(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the charge voltage and the limits for chargers and inverters."""
        lowest, highest = self._charge_voltages()
        chosen = user_input[CHARGE_VOLTAGE] if user_input else 0.0
        errors = {} if not chosen or lowest <= chosen <= highest else {"base": "charge_voltage_for_other_cells"}
        if user_input and not errors:
            limits = LimitOptions.of(self._form("limits").merged({}, user_input)[CONF_LIMITS])
            codes = limits.contradictions()
            errors = {"base": codes[0]} if codes else {}
        placeholders = {"lowest": format_number(self.hass, lowest), "highest": format_number(self.hass, highest)}
        return self._show_or_save("limits", user_input, errors, placeholders)

    async def async_step_connection(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask how often the pack is asked for its values and parameters."""
        return self._show_or_save("connection", user_input)

    async def async_step_current(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask how to correct the current sensor."""
        return self._show_or_save("current", user_input)

    async def async_step_publishing(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask how often values are published, and which change is worth it."""
        return self._show_or_save("publishing", user_input)

    async def async_step_pack(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what packs of this family do not tell of themselves."""
        return self._show_or_save("pack", user_input)

    def _show_or_save(
        self,
        step: str,
        user_input: dict[str, Any] | None,
        errors: dict[str, str] | None = None,
        placeholders: dict[str, str] | None = None,
    ) -> ConfigFlowResult:
        """Save what was submitted if nothing is wrong with it, else show the form."""
        form, options = self._form(step), self.config_entry.options
        if user_input is not None and not errors:
            return self.async_create_entry(data=form.merged(options, user_input))
        return self.async_show_form(
            step_id=step,
            data_schema=self.add_suggested_values_to_schema(form.schema(options), user_input),
            errors=errors or {},
            description_placeholders=placeholders,
        )

    def _form(self, step: str) -> OptionForm:
        """Return the form of a step for the pack's family."""
        return OPTION_FORMS[step](FAMILIES[self.config_entry.data[CONF_FAMILY]])

    def _charge_voltages(self) -> tuple[float, float]:
        """Return between which V per cell this pack may be charged to; as wide as any chemistry while it is not set up."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return charge_voltages(None, None)
        coordinator = cast(SmartBmsConfigEntry, self.config_entry).runtime_data
        return charge_voltages(
            chemistry_of(coordinator), coordinator.protection_engine.mirror.values.get("cell_overvoltage")
        )
