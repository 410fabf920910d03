"""Adding a pack: found by its advertisement or picked from a list, and really connected to before it is added."""

import asyncio
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
import logging
from typing import Any, Final, cast, override

from homeassistant.components import bluetooth
from homeassistant.components.bluetooth import BluetoothServiceInfoBleak
from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_ADDRESS, CONF_NAME, CONF_PASSWORD
from homeassistant.core import callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import probatio

from .bank_entry.config_flow import MIN_PACKS, BankOptionsFlow, bank_errors, bank_fields, bank_options, packs_of
from .bank_entry.member import chemistry_of
from .bank_entry.membership import is_bank
from .bms.advertisement import Advertisement
from .bms.chemistry import charge_voltages
from .bms.errors import (
    ConnectionLostError,
    NotThisKindError,
    PackError,
    PairingNeededError,
    PasswordNeededError,
    SilentError,
    WrongPasswordError,
)
from .bms.families import FAMILIES, Family, attempts, candidates, recognize
from .bms.pack import Pack
from .bms.reading import Identity, Reading
from .const import (
    CONF_ALLOW_CONTROL,
    CONF_ALLOW_DANGEROUS,
    CONF_BANK,
    CONF_CATALOG,
    CONF_CONTROL,
    CONF_CURRENT,
    CONF_DEADBANDS,
    CONF_EXPERIMENTAL,
    CONF_FAMILY,
    CONF_FEATURES,
    CONF_IDENTITY,
    CONF_INTERVALS,
    CONF_LEARNED,
    CONF_LIMITS,
    CONF_PACK,
    CONF_POLL_INTERVAL,
    CONF_POLLING,
    CONF_REREAD_INTERVAL,
    CONF_SIMULATED,
    DOMAIN,
)
from .coordinator import SmartBmsConfigEntry
from .energy.current_correction import CurrentCorrection
from .pack_entry import bluetooth_paths
from .pack_entry.capabilities import Capabilities
from .pack_entry.entry_data import catalog_data, identity_data
from .pack_entry.pack_builder import build_pack
from .pack_entry.publishing import ADJUSTABLE, DEFAULT_POLICIES, Quantity
from .pack_entry.simulated import CHOICES, Simulation
from .protection.limit_options import LimitOptions
from .protection.limits import MIN_DISTANCE

_LOGGER: Final = logging.getLogger(__name__)

_SCAN_SECONDS: Final = 5.0
_MAX_INTERVAL: Final = 3600
_MAX_REREAD: Final = 1440

_PASSWORD_SCHEMA: Final = probatio.Schema(
    {probatio.Required(CONF_PASSWORD): TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))}
)

_DEADBANDS: Final[dict[Quantity, tuple[str, float, float]]] = {
    Quantity.VOLTAGE: ("V", 10, 0.01),
    Quantity.CURRENT: ("A", 50, 0.1),
    Quantity.POWER: ("W", 1000, 1),
    Quantity.CELL_VOLTAGE: ("V", 0.5, 0.001),
    Quantity.TEMPERATURE: ("°C", 10, 0.1),
    Quantity.CAPACITY: ("Ah", 50, 0.1),
}
"""Unit, largest value and step."""


@dataclass(frozen=True, slots=True)
class _Target:
    """Whom to connect to."""

    name: str
    advertisement: Advertisement
    simulation: Simulation | None = None

    @property
    def address(self) -> str:
        """Return its address."""
        return self.advertisement.address


class SmartBmsConfigFlow(ConfigFlow, domain=DOMAIN):
    """Adds one pack."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Know nothing yet."""
        self._target: _Target | None = None
        self._families: tuple[Family, ...] = ()
        self._password: str | None = None
        self._key = ""
        """Of the simulated pack."""
        self._found: dict[str, BluetoothServiceInfoBleak] = {}
        self._contact: tuple[Identity, Reading, Capabilities] | None = None
        self._settings_keys: tuple[str, ...] = ()
        self._attempts: list[tuple[Family, bool]] = []
        """Which families are still to be asked, and whether in haste."""
        self._next_step = "connect"
        """After they were asked."""
        self._task: asyncio.Task[Pack] | None = None
        self._failures: dict[str, tuple[str, str]] = {}
        """Reason and detail by family, in the order in which they were asked."""
        self._password_error: PackError = PasswordNeededError()
        self._learned: dict[str, dict[str, Any]] = {}
        """What the pack's later sessions shall know, by family."""

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: Any) -> OptionsFlow:
        """Return the flow that tunes how calmly values are published."""
        return BankOptionsFlow() if is_bank(config_entry) else SmartBmsOptionsFlow()

    @override
    async def async_step_bluetooth(self, discovery_info: BluetoothServiceInfoBleak) -> ConfigFlowResult:
        """Home Assistant heard a pack."""
        await self.async_set_unique_id(discovery_info.address)
        self._abort_if_unique_id_configured()
        advertisement = bluetooth_paths.advertisement_of(discovery_info)
        family = recognize(advertisement)
        if family is None:
            return self.async_abort(reason="not_supported")
        self._choose(_Target(discovery_info.name, advertisement), (family,))
        return await self.async_step_confirm()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask whether to look for a real pack or at one that is not there, or to make one battery of several."""
        enough = len(packs_of(self.hass)) >= MIN_PACKS
        return self.async_show_menu(step_id="user", menu_options=["search", "simulated", *(["bank"] if enough else [])])

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
            self._choose(_Target(info.name, advertisement), families)
            return await self._connect()
        if not bluetooth.async_scanner_count(self.hass, connectable=True):
            return self.async_abort(reason="no_adapter")
        await bluetooth.async_request_active_scan(self.hass, _SCAN_SECONDS)
        return self._show_found()

    async def async_step_nothing_found(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Explain what hides packs; submitting searches again."""
        return await self.async_step_search()

    async def async_step_simulated(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Let the user pick a simulated pack."""
        if user_input is not None:
            simulation = Simulation(user_input[CONF_SIMULATED])
            await self.async_set_unique_id(simulation.address, raise_on_progress=False)
            self._abort_if_unique_id_configured()
            self._key = user_input[CONF_SIMULATED]
            family = FAMILIES[simulation.peripheral.family]
            name = f"Simulated {family.name}"
            self._choose(_Target(name, simulation.advertisement(), simulation), (family,))
            return await self._connect()
        selector = SelectSelector(SelectSelectorConfig(options=list(CHOICES), translation_key="simulated"))
        schema = probatio.Schema({probatio.Required(CONF_SIMULATED): selector})
        return self.async_show_form(step_id="simulated", data_schema=schema)

    def _show_found(self) -> ConfigFlowResult:
        known = self._async_current_ids(include_ignore=False)
        sure: list[SelectOptionDict] = []
        unsure: list[SelectOptionDict] = []
        for info in bluetooth.async_discovered_service_info(self.hass, connectable=True):
            advertisement = bluetooth_paths.advertisement_of(info)
            if info.address in known or not candidates(advertisement):
                continue
            self._found[info.address] = info
            label = f"{info.name} ({info.address}, {info.rssi} dBm)"
            if family := recognize(advertisement):
                sure.append(SelectOptionDict(value=info.address, label=f"{family.name}: {label}"))
            else:
                # Half of all serial bridges look like this; connecting tells.
                unsure.append(SelectOptionDict(value=info.address, label=f"? {label}"))
        if not self._found:
            return self.async_show_form(step_id="nothing_found")
        options = [*sorted(sure, key=lambda item: item["label"]), *sorted(unsure, key=lambda item: item["label"])]
        schema = probatio.Schema(
            {probatio.Required(CONF_ADDRESS): SelectSelector(SelectSelectorConfig(options=options))}
        )
        return self.async_show_form(step_id="search", data_schema=schema)

    def _choose(self, target: _Target, families: tuple[Family, ...]) -> None:
        self._target, self._families = target, families
        name = families[0].name
        named = len(families) > 1 or name.upper() in target.name.upper()
        self.context["title_placeholders"] = {"name": target.name if named else f"{name} {target.name}"}

    async def async_step_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask before connecting: a pack serves one client, and the user's phone may be the one."""
        if user_input is not None:
            return await self._connect()
        return self.async_show_form(step_id="confirm", description_placeholders=self._placeholders())

    async def _connect(self) -> ConfigFlowResult:
        """Begin to connect, read who the pack is and its first reading."""
        self._attempts, self._failures = [*attempts(self._chosen()[1])], {}
        self._next_step = "connect"
        return await self.async_step_contact()

    async def async_step_contact(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask as one family after the other; meanwhile the form says which."""
        while self._attempts:
            family, hasty = self._attempts[0]
            if self._task is None:
                contact = self._async_contact(family, self._password, hasty=hasty)
                # Not begun at once: what is done already would hand the input of this form to the step after it.
                self._task = self.hass.async_create_task(contact, f"{DOMAIN} contact", eager_start=False)
            if not self._task.done():
                several = len(self._families) > 1
                return self.async_show_progress(
                    step_id="contact",
                    progress_action=("ask_quickly" if hasty else "ask_patiently") if several else "connect",
                    description_placeholders=self._placeholders() | {"family": family.name},
                    progress_task=self._task,
                )
            task, self._task = self._task, None
            if next_step := self._take_outcome(family, task):
                self._attempts, self._next_step = [], next_step
        return self.async_show_progress_done(next_step_id=self._next_step)

    def _take_outcome(self, family: Family, task: asyncio.Task[Pack]) -> str | None:
        """Return which step comes after an attempt; None if another family may know the device."""
        self._attempts.pop(0)
        try:
            pack = task.result()
        except (PasswordNeededError, WrongPasswordError) as error:
            self._families, self._password_error = (family,), error
            return "password"
        except (NotThisKindError, SilentError, ConnectionLostError, PairingNeededError) as error:
            self._failures[family.key] = (error.reason, str(error))
            if not isinstance(error, SilentError):
                # Only who says nothing may be slow: more patience does not help the others.
                self._attempts = [attempt for attempt in self._attempts if attempt[0] is not family]
            return None
        except PackError as error:
            self._failures = {family.key: (error.reason, str(error))}
            return "connect"
        except Exception as error:
            _LOGGER.exception("Unexpected error while connecting to %s", self._chosen()[0].name)
            self._failures = {family.key: ("unknown", type(error).__name__)}
            return "connect"
        self._families = (family,)
        self._take_contact(pack)
        return "identified"

    async def async_step_connect(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what went wrong, and try again on submit."""
        if user_input is not None:
            return await self._connect()
        reason, detail = next(iter(self._failures.values()))
        return self.async_show_form(
            step_id="connect",
            errors={"base": reason},
            description_placeholders=self._placeholders() | {"detail": detail},
        )

    async def _async_contact(self, family: Family, password: str | None, *, hasty: bool) -> Pack:
        """Return a pack that has told who it is and one reading. Raises PackError."""
        target, _ = self._chosen()
        simulation = target.simulation
        pack = build_pack(
            self.hass,
            family,
            target.name,
            target.address,
            simulation=simulation,
            heard=target.advertisement,
            password=password,
            learned=self._learned.setdefault(family.key, {}),
        )
        if simulation:
            simulation.start()
        try:
            identity, _ = await pack.first_contact(hasty=hasty)
        finally:
            if simulation:
                await simulation.stop()
        if recognize(target.advertisement) is None and not (simulation or family.confirms(identity)):
            raise NotThisKindError(f"it calls itself {identity.model}")
        return pack

    def _take_contact(self, pack: Pack) -> None:
        identity, reading, settings = pack.last_identity, pack.last_reading, pack.last_settings
        if identity is None or reading is None:
            raise RuntimeError("a pack was contacted that said nothing")
        self._contact = (identity, reading, Capabilities.of(reading, settings))
        self._settings_keys = tuple(settings.values) if settings else ()

    async def async_step_password(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Take the password that the pack asks for, and try it; it is never tried again by itself."""
        if user_input is not None:
            self._password = user_input[CONF_PASSWORD].strip()
            return await self._connect()
        wrong = isinstance(self._password_error, WrongPasswordError)
        return self.async_show_form(
            step_id=f"password_{self._families[0].key}",
            data_schema=_PASSWORD_SCHEMA,
            errors={"base": self._password_error.reason} if wrong else {},
            description_placeholders=self._placeholders(),
        )

    async_step_password_jbd = async_step_password_smart123 = async_step_password
    """Each family that asks has its own text: how many digits, and how to reset them."""

    async def async_step_reauth(self, entry_data: Mapping[str, Any]) -> ConfigFlowResult:
        """A pack that was added wants another password."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the password and try it before it is kept."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        detail = ""
        if user_input is not None:
            password = user_input[CONF_PASSWORD].strip()
            pack = build_pack(
                self.hass,
                FAMILIES[entry.data[CONF_FAMILY]],
                entry.title,
                entry.data[CONF_ADDRESS],
                password=password,
                options=entry.options.get(CONF_PACK, {}),
            )
            try:
                await pack.first_contact()
            except PackError as error:
                errors["base"], detail = error.reason, str(error)
            except Exception as error:
                _LOGGER.exception("Unexpected error while connecting to %s", entry.title)
                errors["base"], detail = "unknown", type(error).__name__
            else:
                return self.async_update_reload_and_abort(entry, data_updates={CONF_PASSWORD: password})
        return self.async_show_form(
            step_id=f"reauth_confirm_{entry.data[CONF_FAMILY]}",
            data_schema=_PASSWORD_SCHEMA,
            errors=errors,
            description_placeholders={"name": entry.title, "detail": detail or "–"},
        )

    async_step_reauth_confirm_jbd = async_step_reauth_confirm_smart123 = async_step_reauth_confirm

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
                    "voltage": f"{reading.voltage or 0:.2f}",
                    "soc": "–" if reading.soc is None else f"{reading.soc:.0f} %",
                },
            )
        return self.async_create_entry(
            title=self._title(target, identity),
            data={
                CONF_ADDRESS: target.address,
                CONF_FAMILY: family.key,
                CONF_IDENTITY: identity_data(identity),
                CONF_FEATURES: capabilities.as_dict(),
                CONF_CATALOG: catalog_data(identity, self._settings_keys),
                CONF_LEARNED: deepcopy(self._learned.get(family.key, {})),
            }
            | ({} if self._password is None else {CONF_PASSWORD: self._password})
            | ({CONF_SIMULATED: self._key} if target.simulation else {}),
        )

    def _title(self, target: _Target, identity: Identity) -> str:
        """Return the user's name for the pack; packs that share one (their model's, say) get a part of the address."""
        name = target.name if target.simulation else identity.name or target.name
        taken = {entry.title for entry in self._async_current_entries()}
        if name in taken or name.replace("_", "-").upper() == identity.model.replace("_", "-").upper():
            return f"{name} {target.address[-5:]}"
        return name

    def _chosen(self) -> tuple[_Target, tuple[Family, ...]]:
        if self._target is None:
            raise RuntimeError("no pack was chosen before this step")
        return self._target, self._families

    def _placeholders(self) -> dict[str, str]:
        target, families = self._chosen()
        return {"name": target.name, "family": families[0].name, "address": target.address}


_PERMISSIONS: Final = (CONF_ALLOW_CONTROL, CONF_EXPERIMENTAL, CONF_ALLOW_DANGEROUS)


class SmartBmsOptionsFlow(OptionsFlowWithReload):
    """Says what may be changed in the pack, and how often values are published."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show permissions, intervals and dead bands, each with the default in place."""
        lowest, highest = self._charge_voltages()
        errors = {}
        if user_input is not None:
            chosen = user_input[CONF_LIMITS].get(_CHARGE_VOLTAGE, 0.0)
            if not chosen or lowest <= chosen <= highest:
                return self.async_create_entry(data=user_input)
            errors = {"base": "charge_voltage_for_other_cells"}
        options = self.config_entry.options
        intervals = options.get(CONF_INTERVALS, {})
        deadbands = options.get(CONF_DEADBANDS, {})
        control = options.get(CONF_CONTROL, {})
        family = FAMILIES[self.config_entry.data[CONF_FAMILY]]
        schema = probatio.Schema(
            {
                probatio.Required(CONF_CONTROL): section(
                    probatio.Schema(
                        {
                            **{
                                probatio.Required(key, default=control.get(key, False)): BooleanSelector()
                                for key in _PERMISSIONS
                            },
                            probatio.Required(
                                CONF_REREAD_INTERVAL,
                                default=control.get(CONF_REREAD_INTERVAL, family.reread_interval),
                            ): _number("min", _MAX_REREAD, 1, lowest=1),
                        }
                    )
                ),
                **_polling(family, options.get(CONF_POLLING, {})),
                **_pack(family, options.get(CONF_PACK, {})),
                probatio.Required(CONF_CURRENT): section(_current(options.get(CONF_CURRENT, {})), {"collapsed": True}),
                probatio.Required(CONF_LIMITS): section(_limits(options.get(CONF_LIMITS, {})), {"collapsed": True}),
                probatio.Required(CONF_INTERVALS): section(
                    probatio.Schema(
                        {
                            probatio.Required(
                                quantity.value,
                                default=intervals.get(quantity, DEFAULT_POLICIES[quantity].interval),
                            ): _number("s", _MAX_INTERVAL, 1)
                            for quantity in ADJUSTABLE
                        }
                    ),
                    {"collapsed": True},
                ),
                probatio.Required(CONF_DEADBANDS): section(
                    probatio.Schema(
                        {
                            probatio.Required(
                                quantity.value,
                                default=deadbands.get(quantity, DEFAULT_POLICIES[quantity].deadband),
                            ): _number(*_DEADBANDS[quantity])
                            for quantity in ADJUSTABLE
                        }
                    ),
                    {"collapsed": True},
                ),
            }
        )
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
            description_placeholders={"lowest": f"{lowest:g}", "highest": f"{highest:g}"},
        )

    def _charge_voltages(self) -> tuple[float, float]:
        """Return between which V per cell this pack may be charged to; as wide as any chemistry while it is not set up."""
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return charge_voltages(None, None)
        coordinator = cast(SmartBmsConfigEntry, self.config_entry).runtime_data
        return charge_voltages(
            chemistry_of(coordinator), coordinator.protection_engine.mirror.values.get("cell_overvoltage")
        )


_CHARGE_VOLTAGE: Final = "charge_cell_voltage"
_LIMITS: Final = {
    _CHARGE_VOLTAGE: ("V", 4.5, 0.005),
    "voltage_distance": ("V", 0.5, 0.005),
    "float_distance": ("V", 0.5, 0.005),
    "max_charge_current": ("A", 2000, 1),
    "max_discharge_current": ("A", 2000, 1),
    "current_share": ("%", 100, 1),
    "temperature_distance": ("K", 20, 0.5),
    "temperature_span": ("K", 40, 0.5),
    "full_soc": ("%", 100, 1),
    "empty_soc": ("%", 90, 1),
    "absorption_time": ("s", 86_400, 60),
    "float_spread": ("V", 0.5, 0.001),
    "rebulk_spread": ("V", 0.5, 0.001),
    "rebulk_soc": ("%", 100, 1),
    "recovery_hold": ("s", 3600, 1),
    "recovery_rate": ("A/s", 1000, 0.1),
    "failsafe_charge_current": ("A", 2000, 1),
    "failsafe_discharge_current": ("A", 2000, 1),
}
"""Unit, highest value and step of each choice about the limits."""


def _limits(chosen: Mapping[str, Any]) -> probatio.Schema:
    """Return the section about charge voltage and current limits."""
    default = LimitOptions()
    return probatio.Schema(
        {
            probatio.Required(key, default=chosen.get(key, getattr(default, key))): _number(
                *bounds, lowest=MIN_DISTANCE if key == "voltage_distance" else 0
            )
            for key, bounds in _LIMITS.items()
        }
    )


def _current(chosen: Mapping[str, Any]) -> probatio.Schema:
    """Return the section about a current sensor that is not right."""
    default = CurrentCorrection()
    return probatio.Schema(
        {
            probatio.Required("invert", default=chosen.get("invert", default.invert)): BooleanSelector(),
            probatio.Required("offset", default=chosen.get("offset", default.offset)): _number(
                "A", 50, 0.01, lowest=-50
            ),
            probatio.Required("floor", default=chosen.get("floor", default.floor)): _number("A", 10, 0.01),
        }
    )


def _polling(family: Family, options: Mapping[str, Any]) -> dict[Any, Any]:
    """Return the section of families that only speak when asked."""
    if (polling := family.polling) is None:
        return {}
    interval = probatio.Required(CONF_POLL_INTERVAL, default=options.get(CONF_POLL_INTERVAL, polling.default))
    number = _number("s", polling.highest, 0.5, lowest=polling.lowest)
    return {probatio.Required(CONF_POLLING): section(probatio.Schema({interval: number}))}


def _pack(family: Family, options: Mapping[str, Any]) -> dict[Any, Any]:
    """Return the section of families of which nobody can tell everything from what they say."""
    if not family.options:
        return {}
    fields: dict[Any, Any] = {}
    for option in family.options:
        if option.choices:
            selector: Any = SelectSelector(
                SelectSelectorConfig(options=list(option.choices), translation_key=option.key)
            )
            default: Any = option.choices[0]
        else:
            selector, default = BooleanSelector(), False
        fields[probatio.Required(option.key, default=options.get(option.key, default))] = selector
    return {probatio.Required(CONF_PACK): section(probatio.Schema(fields), {"collapsed": True})}


def _number(unit: str, highest: float, step: float, *, lowest: float = 0) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(min=lowest, max=highest, step=step, unit_of_measurement=unit, mode=NumberSelectorMode.BOX)
    )
