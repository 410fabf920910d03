"""Adding a pack: found by its advertisement or picked from a list, and really connected to before it is added."""

import asyncio
from copy import deepcopy
from typing import Any, override

from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BluetoothServiceInfoBleak
from homeassistant.config_entries import ConfigEntry, ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_ADDRESS, CONF_NAME, CONF_PASSWORD
from homeassistant.core import callback
from homeassistant.helpers.selector import SelectSelector, SelectSelectorConfig, TextSelector
import probatio

from .bank_entry.config_flow import MIN_PACKS, BankOptionsFlow, bank_errors, bank_fields, bank_options, packs_of
from .bank_entry.membership import is_bank
from .bms.errors import WrongPasswordError
from .bms.families import FAMILIES, Family, candidates, recognize
from .bms.pack import Pack
from .bms.reading import Identity, Reading
from .const import (
    CONF_BANK,
    CONF_CATALOG,
    CONF_FAMILY,
    CONF_FEATURES,
    CONF_IDENTITY,
    CONF_LEARNED,
    CONF_SIMULATED,
    DOMAIN,
)
from .flow.contact import ContactTarget, async_contact
from .flow.contact_attempts import ContactAttempts
from .flow.discovered_packs import discovered_packs, pack_choices
from .flow.reconfigure_flow import PASSWORD_SCHEMA, ReconfigureFlow
from .options_flow import SmartBmsOptionsFlow
from .pack_entry import bluetooth_paths
from .pack_entry.capabilities import Capabilities
from .pack_entry.entry_data import catalog_data, identity_data
from .pack_entry.entry_title import new_title
from .pack_entry.simulated import CHOICES, Simulation
from .texts import async_load_texts, fill_text, format_number

_SCAN_SECONDS = 5.0


class SmartBmsConfigFlow(ReconfigureFlow, domain=DOMAIN):
    """Adds one pack, or a bank of packs that are set up."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Initialize."""
        self._target: ContactTarget | None = None
        self._families: tuple[Family, ...] = ()
        """Which the target may be of."""
        self._password: str | None = None
        self._simulated_key = ""
        self._found: dict[str, BluetoothServiceInfoBleak] = {}
        self._attempts = ContactAttempts()
        self._task: asyncio.Task[Pack] | None = None
        """The attempt that is being made."""
        self._contact: tuple[Identity, Reading, Capabilities] | None = None
        self._settings_keys: tuple[str, ...] = ()
        self._learned: dict[str, dict[str, Any]] = {}
        """What the pack's later sessions shall know, by family."""

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Return the flow that asks for the options of a pack, or of a bank."""
        return BankOptionsFlow() if is_bank(config_entry) else SmartBmsOptionsFlow()

    @override
    async def async_step_bluetooth(self, discovery_info: BluetoothServiceInfoBleak) -> ConfigFlowResult:
        """Begin with a pack that Home Assistant heard."""
        await self.async_set_unique_id(discovery_info.address)
        self._abort_if_unique_id_configured()
        advertisement = bluetooth_paths.advertisement_of(discovery_info)
        family = recognize(advertisement)
        if family is None:
            return self.async_abort(reason="not_supported")
        self._choose(ContactTarget(discovery_info.name, advertisement), (family,))
        return await self.async_step_confirm()

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask before connecting: a pack serves one client, and the user's phone may be the one."""
        if user_input is not None:
            return await self._connect()
        return self.async_show_form(step_id="confirm", description_placeholders=self._placeholders())

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask whether to search for a real pack, try a simulated one, or make a bank of several."""
        can_make_bank = len(packs_of(self.hass)) >= MIN_PACKS
        return self.async_show_menu(
            step_id="user", menu_options=["search", "simulated", *(["bank"] if can_make_bank else [])]
        )

    async def async_step_bank(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Make a bank of packs that are set up."""
        errors = {} if user_input is None else bank_errors(self.hass, user_input)
        if user_input is not None and not errors:
            name, options = user_input[CONF_NAME], bank_options(user_input)
            return self.async_create_entry(title=name, data={CONF_BANK: True}, options=options)
        schema = probatio.Schema({probatio.Required(CONF_NAME): TextSelector(), **bank_fields(self.hass)})
        schema = self.add_suggested_values_to_schema(schema, user_input)
        return self.async_show_form(step_id="bank", data_schema=schema, errors=errors)

    async def async_step_search(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the user pick from what is heard now."""
        if user_input is not None:
            info = self._found[user_input[CONF_ADDRESS]]
            await self.async_set_unique_id(info.address, raise_on_progress=False)
            self._abort_if_unique_id_configured()
            advertisement = bluetooth_paths.advertisement_of(info)
            families = candidates(advertisement) or tuple(FAMILIES.values())
            self._choose(ContactTarget(info.name, advertisement), families)
            return await self._connect()
        if not bluetooth.async_scanner_count(self.hass, connectable=True):
            return self.async_abort(reason="no_adapter")
        await bluetooth.async_request_active_scan(self.hass, _SCAN_SECONDS)
        self._found = discovered_packs(self.hass, self._async_current_ids(include_ignore=False))
        if not self._found:
            return self.async_show_form(step_id="nothing_found")
        selector = SelectSelector(SelectSelectorConfig(options=pack_choices(self._found)))
        return self.async_show_form(
            step_id="search", data_schema=probatio.Schema({probatio.Required(CONF_ADDRESS): selector})
        )

    async def async_step_nothing_found(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Explain what hides packs; submitting searches again."""
        return await self.async_step_search()

    async def async_step_simulated(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the user pick a simulated pack."""
        if user_input is not None:
            simulation = Simulation(user_input[CONF_SIMULATED])
            await self.async_set_unique_id(simulation.address, raise_on_progress=False)
            self._abort_if_unique_id_configured()
            self._simulated_key = user_input[CONF_SIMULATED]
            family = FAMILIES[simulation.peripheral.family]
            await async_load_texts(self.hass)
            name = fill_text(self.hass, "selector.text.options.simulated_name", {"family": family.name})
            self._choose(ContactTarget(name, simulation.advertisement(), simulation), (family,))
            return await self._connect()
        selector = SelectSelector(SelectSelectorConfig(options=list(CHOICES), translation_key="simulated"))
        schema = probatio.Schema({probatio.Required(CONF_SIMULATED): selector})
        return self.async_show_form(step_id="simulated", data_schema=schema)

    def _choose(self, target: ContactTarget, families: tuple[Family, ...]) -> None:
        """Keep which device to connect to, and name the flow after it."""
        self._target, self._families = target, families
        name = families[0].name
        named = len(families) > 1 or name.upper() in target.name.upper()
        self.context["title_placeholders"] = {"name": target.name if named else f"{name} {target.name}"}

    async def _connect(self) -> ConfigFlowResult:
        """Begin to connect, read who the pack is and its first reading."""
        self._attempts = ContactAttempts(self._chosen()[1])
        return await self.async_step_contact()

    async def async_step_contact(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask as one family after the other; meanwhile the form says which."""
        target, families = self._chosen()
        while attempt := self._attempts.current:
            family, hasty = attempt
            if self._task is None:
                learned = self._learned.setdefault(family.key, {})
                contact = async_contact(
                    self.hass, target, family, password=self._password, hasty=hasty, learned=learned
                )
                # Not begun at once: what is done already would hand the input of this form to the step after it.
                self._task = self.hass.async_create_task(contact, f"{DOMAIN} contact", eager_start=False)
            if not self._task.done():
                patience = "ask_quickly" if hasty else "ask_patiently"
                return self.async_show_progress(
                    step_id="contact",
                    progress_action=patience if self._attempts.several else "connect",
                    description_placeholders=self._placeholders() | {"family": family.name},
                    progress_task=self._task,
                )
            task, self._task = self._task, None
            self._attempts.finish(task, target.name)
        self._families = (self._attempts.family,) if self._attempts.family else families
        if pack := self._attempts.pack:
            self._keep_contact(pack)
        return self.async_show_progress_done(next_step_id=self._attempts.next_step)

    async def async_step_connect(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what went wrong, and try again on submit."""
        if user_input is not None:
            return await self._connect()
        reason, detail = next(iter(self._attempts.failures.values()))
        return self.async_show_form(
            step_id="connect",
            errors={"base": reason},
            description_placeholders=self._placeholders() | {"detail": detail},
        )

    async def async_step_password(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the password that the pack wants, and try it; it is never tried again by itself."""
        if user_input is not None:
            self._password = user_input[CONF_PASSWORD].strip()
            return await self._connect()
        error = self._attempts.password_error
        return self.async_show_form(
            step_id=f"password_{self._families[0].key}",
            data_schema=PASSWORD_SCHEMA,
            errors={"base": error.reason} if isinstance(error, WrongPasswordError) else {},
            description_placeholders=self._placeholders(),
        )

    async_step_password_jbd = async_step_password_smart123 = async_step_password
    """Each family that asks has its own text: how many digits, and how to reset them."""

    def _keep_contact(self, pack: Pack) -> None:
        """Keep what the pack said about itself."""
        identity, reading, settings = pack.last_identity, pack.last_reading, pack.last_settings
        if identity is None or reading is None:
            raise RuntimeError("a pack was contacted that said nothing")
        self._contact = (identity, reading, Capabilities.of(reading, settings))
        self._settings_keys = tuple(settings.values) if settings else ()

    async def async_step_identified(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show who answered, and add it."""
        target, (family, *_) = self._chosen()
        if self._contact is None:
            return await self._connect()
        identity, reading, capabilities = self._contact
        if user_input is None:
            return self.async_show_form(
                step_id="identified",
                description_placeholders=self._placeholders()
                | {
                    "model": identity.model or family.name,
                    "hw_version": identity.hw_version or "–",
                    "sw_version": identity.sw_version or "–",
                    "cells": str(reading.cell_count or 0),
                    "voltage": format_number(self.hass, reading.voltage or 0, 2),
                    "soc": "–" if reading.soc is None else f"{reading.soc:.0f} %",
                },
            )
        name = target.name if target.simulation else identity.name or target.name
        taken = {entry.title for entry in self._async_current_entries()}
        return self.async_create_entry(
            title=new_title(name, target.address, identity, taken),
            data={
                CONF_ADDRESS: target.address,
                CONF_FAMILY: family.key,
                CONF_IDENTITY: identity_data(identity),
                CONF_FEATURES: capabilities.as_dict(),
                CONF_CATALOG: catalog_data(identity, self._settings_keys),
                CONF_LEARNED: deepcopy(self._learned.get(family.key, {})),
            }
            | ({} if self._password is None else {CONF_PASSWORD: self._password})
            | ({CONF_SIMULATED: self._simulated_key} if target.simulation else {}),
        )

    def _chosen(self) -> tuple[ContactTarget, tuple[Family, ...]]:
        """Return which device to connect to, and the families that it may be of."""
        if self._target is None:
            raise RuntimeError("no pack was chosen before this step")
        return self._target, self._families

    def _placeholders(self) -> dict[str, str]:
        """Return what texts of these steps may name."""
        target, families = self._chosen()
        return {"name": target.name, "family": families[0].name, "address": target.address}
