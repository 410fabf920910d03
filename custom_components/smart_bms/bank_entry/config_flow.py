"""The forms about a bank: which packs, and how they are wired."""

from collections.abc import Mapping
from typing import Any, Final, cast

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import probatio

from ..bank.compatibility import VOLTAGES_APART, build_differences
from ..bank.member import PackBuild
from ..bank.merge import BankTopology, merge, split_into_strings
from ..const import CONF_FEATURES, CONF_PACKS, CONF_STRINGS, DOMAIN
from ..coordinator import SmartBmsConfigEntry
from ..equipment.options_flow import EquipmentFlow
from ..pack_entry.capabilities import Capabilities
from .member import member_of
from .membership import banks_with, is_bank

MIN_PACKS: Final = 2
CONF_WIRING: Final = "wiring"
_PARALLEL: Final = "parallel"
_SERIES: Final = "series"
_WIRINGS: Final = (_PARALLEL, _SERIES)


def packs_of(hass: HomeAssistant) -> list[SelectOptionDict]:
    """Return the packs that are set up."""
    entries = [entry for entry in hass.config_entries.async_entries(DOMAIN) if not is_bank(entry)]
    return [SelectOptionDict(value=entry.entry_id, label=entry.title) for entry in entries]


def bank_fields(hass: HomeAssistant) -> dict[Any, Any]:
    """Return the fields of the form about a bank."""
    # As a drop-down the packs that were chosen are shown in their order, which a list of boxes does not do.
    packs = SelectSelector(
        SelectSelectorConfig(options=packs_of(hass), multiple=True, mode=SelectSelectorMode.DROPDOWN)
    )
    wiring = SelectSelector(SelectSelectorConfig(options=list(_WIRINGS), translation_key=CONF_WIRING))
    return {
        # Without a default the frontend ticks the first one.
        probatio.Required(CONF_PACKS, default=[]): packs,
        probatio.Required(CONF_WIRING, default=_PARALLEL): wiring,
        probatio.Required(CONF_STRINGS, default=1): NumberSelector(
            NumberSelectorConfig(min=1, max=64, step=1, mode=NumberSelectorMode.BOX)
        ),
    }


def bank_options(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is kept of a bank."""
    packs = list(dict.fromkeys(chosen[CONF_PACKS]))
    strings = len(packs) if chosen[CONF_WIRING] == _PARALLEL else int(chosen[CONF_STRINGS])
    return {CONF_PACKS: packs, CONF_STRINGS: strings}


def bank_errors(hass: HomeAssistant, chosen: Mapping[str, Any], bank_id: str | None = None) -> dict[str, str]:
    """Return what is wrong with what was chosen, by field. `bank_id` is the entry of the bank, if there is one already."""
    options = bank_options(chosen)
    packs, strings = options[CONF_PACKS], options[CONF_STRINGS]
    if len(packs) < MIN_PACKS:
        return {CONF_PACKS: "too_few_packs"}
    if len(packs) % strings:
        return {CONF_STRINGS: "uneven_strings"}
    if any(bank.entry_id != bank_id for pack in packs for bank in banks_with(hass, pack)):
        return {CONF_PACKS: "in_another_bank"}
    code = _misfit(hass, split_into_strings(packs, strings))
    return {CONF_PACKS: code} if code else {}


def _misfit(hass: HomeAssistant, topology: BankTopology) -> str | None:
    """Return why packs cannot be one battery, as far as they tell; one that is not heard is known from earlier."""
    entries = {key: hass.config_entries.async_get_entry(key) for keys in topology for key in keys}
    members = {
        key: member_of(key, cast(SmartBmsConfigEntry, entry).runtime_data)
        for key, entry in entries.items()
        if entry is not None and entry.state is ConfigEntryState.LOADED
    }

    def build(key: str) -> PackBuild:
        """Return what is known of how a pack is built."""
        entry = entries[key]
        known = Capabilities.from_dict(entry.data[CONF_FEATURES]).cells if entry is not None else None
        found = members[key].build if key in members else PackBuild(key, None, None)
        return found._replace(cells=found.cells or known or None)

    unfit = build_differences([[build(key) for key in keys] for keys in topology])
    apart = [found for found in merge(list(members.values()), topology).apart if found.code == VOLTAGES_APART]
    return next((found.code for found in (*unfit, *apart)), None)


class BankOptionsFlow(EquipmentFlow):
    """Says which packs a bank is made of, and which equipment follows it."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show the menu of the forms."""
        return self.async_show_menu(step_id="bank_init", menu_options=["bank", "equipment"])

    async_step_bank_init = async_step_init
    """Its texts are not those of a pack's menu."""

    async def async_step_bank(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which packs it is made of, and how they are wired."""
        errors = {} if user_input is None else bank_errors(self.hass, user_input, self.config_entry.entry_id)
        if user_input is not None and not errors:
            return self.async_create_entry(data={**self.config_entry.options, **bank_options(user_input)})
        options = self.config_entry.options
        known = {pack["value"] for pack in packs_of(self.hass)}
        parallel = options[CONF_STRINGS] == len(options[CONF_PACKS])
        shown = user_input or {
            CONF_PACKS: [pack for pack in options[CONF_PACKS] if pack in known],
            CONF_WIRING: _PARALLEL if parallel else _SERIES,
            CONF_STRINGS: 1 if parallel else options[CONF_STRINGS],
        }
        schema = self.add_suggested_values_to_schema(probatio.Schema(bank_fields(self.hass)), shown)
        return self.async_show_form(step_id="bank", data_schema=schema, errors=errors)
