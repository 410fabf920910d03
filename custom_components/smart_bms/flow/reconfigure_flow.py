"""What is needed to connect to a pack that is set up already: its password and its transport, tried before they are kept."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_ADDRESS, CONF_PASSWORD
from homeassistant.helpers.selector import TextSelector, TextSelectorConfig, TextSelectorType
import probatio

from ..bms.connection_state import ASKS_FOR_PASSWORD
from ..bms.families import FAMILIES, Family
from ..const import CONF_BANK, CONF_FAMILY, CONF_PACK, CONF_SIMULATED
from ..pack_entry import bluetooth_paths
from .contact import async_contact_entry, failure_of
from .option_forms import family_field
from .options_schema import OptionForm

PASSWORD_SELECTOR: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))
PASSWORD_SCHEMA: Final = probatio.Schema({probatio.Required(CONF_PASSWORD): PASSWORD_SELECTOR})

HEARD_WITHIN: float = 15.0
"""s until a pack advertises again after its connection was ended: far longer than the advertising intervals of all modules
that were captured."""


class ReconfigureFlow(ConfigFlow):
    """The steps of the config flow about a pack that is set up."""

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """Begin to ask for another password, because the pack wants one."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the password and try it before it is kept."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None:
            password = user_input[CONF_PASSWORD].strip()
            failure = await self._async_try(entry, password, entry.options.get(CONF_PACK, {}))
            if failure is None:
                return self.async_update_reload_and_abort(
                    entry, data_updates={CONF_PASSWORD: password}, reason="reauth_successful"
                )
            errors["base"], detail = failure
        return self.async_show_form(
            step_id=f"reauth_confirm_{entry.data[CONF_FAMILY]}",
            data_schema=PASSWORD_SCHEMA,
            errors=errors,
            description_placeholders={"name": entry.title, "detail": detail or "–"},
        )

    async_step_reauth_confirm_jbd = async_step_reauth_confirm_smart123 = async_step_reauth_confirm
    """Each family that asks has its own text: how many digits, and how to reset them."""

    async def async_step_reconfigure(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for another password or transport, and try it before it is kept."""
        entry = self._get_reconfigure_entry()
        if CONF_BANK in entry.data:
            return self.async_abort(reason="reconfigure_bank")
        if CONF_SIMULATED in entry.data:
            return self.async_abort(reason="reconfigure_simulated")
        family = FAMILIES[entry.data[CONF_FAMILY]]
        form = _transport_form(family)
        if not (family.takes_password or form):
            return self.async_abort(reason="nothing_to_reconfigure")
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None:
            password, chosen = _changes(entry, family, user_input)
            if password is None and not chosen:
                return self.async_abort(reason="nothing_changed")
            options = {**entry.options.get(CONF_PACK, {}), **chosen}
            failure = await self._async_try(entry, password or entry.data.get(CONF_PASSWORD), options)
            if failure is None:
                return self.async_update_reload_and_abort(
                    entry,
                    data_updates={} if password is None else {CONF_PASSWORD: password},
                    options={**entry.options, CONF_PACK: options} if chosen else entry.options,
                    reason="reconfigure_successful",
                )
            errors["base"], detail = failure
        password_field = {probatio.Optional(CONF_PASSWORD): PASSWORD_SELECTOR} if family.takes_password else {}
        schema = probatio.Schema({**password_field, **form.schema(entry.options).schema})
        entered = {key: value for key, value in (user_input or {}).items() if key != CONF_PASSWORD}
        return self.async_show_form(
            step_id=f"reconfigure_{family.key}",
            data_schema=self.add_suggested_values_to_schema(schema, entered),
            errors=errors,
            description_placeholders={"name": entry.title, "detail": detail or "–"},
        )

    async_step_reconfigure_jbd = async_step_reconfigure_smart123 = async_step_reconfigure

    async def _async_try(
        self, entry: ConfigEntry, password: str | None, options: Mapping[str, Any]
    ) -> tuple[str, str] | None:
        """Connect to the pack once; return why that failed, as a key of a text and a detail, None if it did not.

        A pack serves one client: the entry is unloaded before if it is the one. It stays so for the reload if the pack answers.
        """
        unloaded = _is_connecting(entry) and await self.hass.config_entries.async_unload(entry.entry_id)
        answered = False
        try:
            if unloaded:
                await bluetooth_paths.async_wait_until_heard(self.hass, entry.data[CONF_ADDRESS], HEARD_WITHIN)
            await async_contact_entry(self.hass, entry, password, options)
            answered = True
        except Exception as error:  # noqa: BLE001
            return failure_of(error, entry.title)
        finally:
            if unloaded and not answered:
                self.hass.config_entries.async_schedule_reload(entry.entry_id)
        return None


def _is_connecting(entry: ConfigEntry) -> bool:
    """Return whether the entry is connected to its pack, or tries to be; not while it waits for another password."""
    return entry.state is ConfigEntryState.LOADED and entry.runtime_data.pack.state not in ASKS_FOR_PASSWORD


def _transport_form(family: Family) -> OptionForm:
    """Return the fields about how packs of the family are talked to."""
    return OptionForm(fields=tuple(family_field(option) for option in family.options if option.is_transport))


def _changes(entry: ConfigEntry, family: Family, user_input: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Return the new password, None if it is left as it is, and those options that were chosen anew."""
    password = user_input.get(CONF_PASSWORD, "").strip()
    options = entry.options.get(CONF_PACK, {})
    chosen = {
        option.key: user_input[option.key]
        for option in family.options
        if option.is_transport and user_input[option.key] != options.get(option.key, option.default)
    }
    return password if password not in ("", entry.data.get(CONF_PASSWORD)) else None, chosen
