"""The forms about equipment: which entities follow the battery and how, the fail-safe, and the dry run that saves it all."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
import math
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult, OptionsFlowWithReload
from homeassistant.core import State
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.selector import (
    EntitySelector,
    EntitySelectorConfig,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    Selector,
    SelectSelector,
    SelectSelectorConfig,
)
import probatio

from ..const import CONF_EQUIPMENT, DOMAIN
from ..steering.demand import LONGEST_HOLD, FallbackAction, FallbackSettings
from ..steering.steering import Preview
from ..steering.target import Target, TargetKind, Unit, problems
from ..texts import UNKNOWN, cause_name, fill_text, find_text, format_number
from .controller import EquipmentController
from .entity_values import NUMBERS, SELECTS, SWITCHES, domain_of, stated_unit
from .options import EquipmentOptions

_KIND: Final = "kind"
_ENTITY: Final = "entity"
_UNITS: Final = {
    TargetKind.CHARGE_VOLTAGE: (Unit.VOLT,),
    TargetKind.CHARGE_CURRENT: (Unit.AMPERE, Unit.WATT, Unit.PERCENT),
    TargetKind.DISCHARGE_CURRENT: (Unit.AMPERE, Unit.WATT, Unit.PERCENT),
}
_OF_NUMBERS: Final = {
    "scale": (1e-6, 1e6),
    "minimum": (0, 1e6),
    "maximum": (0, 1e6),
    "step": (0, 1e4),
    "smallest_change": (0, 1e5),
    "share": (1, 100),
    "interval": (2, 3600),
    "writes_per_day": (10, 20_000),
}
"""Lowest and highest value of what is asked about an entity that is a number."""
_OF_SWITCHES: Final = ("minimum", "smallest_change", "interval", "writes_per_day")
_MULTIPLES: Final = {"kW": ("W", 0.001), "mA": ("A", 1000.0), "mV": ("V", 1000.0)}
"""Units of entities that are multiples of ours, and what our values are multiplied by."""
_WHOLE: Final = "writes_per_day"


def _number(lowest: float, highest: float) -> NumberSelector:
    """Return a selector of a number."""
    return NumberSelector(NumberSelectorConfig(min=lowest, max=highest, step="any", mode=NumberSelectorMode.BOX))


def _choice(options: list[str], key: str) -> SelectSelector:
    """Return a selector of one of a few options with translated names."""
    return SelectSelector(SelectSelectorConfig(options=options, translation_key=key))


def _entities(equipment: Iterable[EquipmentOptions]) -> set[str]:
    """Return the entities of targets."""
    return {target.entity for options in equipment for target in options.targets}


def proposed(kind: TargetKind, entity: str, state: State | None) -> Target:
    """Return a target as the attributes of its entity suggest it."""
    attributes: Mapping[str, Any] = state.attributes if state is not None else {}
    if kind.is_switch:
        options = [str(option) for option in attributes.get("options", ())]
        pair = (options[-1], options[0]) if len(options) > 1 else ("", "")
        return Target(entity=entity, kind=kind, minimum=1.0, on_option=pair[0], off_option=pair[1])
    stated = stated_unit(state)
    units = _UNITS[kind]
    meant, factor = _MULTIPLES.get(stated, (stated, 1.0))
    unit = next((each for each in units if each == meant), units[0])
    step = float(attributes.get("step") or 1.0)
    return Target(
        entity=entity,
        kind=kind,
        unit=unit,
        entity_unit=stated,
        # 100 % of what nobody knows: the owner has to say it.
        scale=100.0 if unit is Unit.PERCENT else factor,
        minimum=max(0.0, float(attributes.get("min") or 0.0)),
        maximum=float(attributes.get("max") or math.inf),
        step=step,
        smallest_change=max(step, {Unit.WATT: 50.0, Unit.VOLT: 0.1}.get(unit, 1.0)),
    )


class EquipmentFlow(OptionsFlowWithReload):
    """Asks about the equipment of a pack or bank; a dry run is shown before anything is saved."""

    _draft: EquipmentOptions | None = None
    _target: Target | None = None
    _replaced: str | None = None
    """Entity of the target that is being changed."""

    @property
    def draft(self) -> EquipmentOptions:
        """Return the equipment as it would be saved."""
        return EquipmentOptions.of(self.config_entry.options) if self._draft is None else self._draft

    async def async_step_equipment(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what can be done about the equipment."""
        some = ["equipment_edit", "equipment_remove"] if self.draft.targets else []
        return self.async_show_menu(
            step_id="equipment",
            menu_options=["equipment_add", *some, "equipment_fallback", "equipment_preview"],
            description_placeholders={"count": str(len(self.draft.targets))},
        )

    async def async_step_equipment_add(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for an entity, and what it sets."""
        errors: dict[str, str] = {}
        if user_input is not None:
            kind, entity = TargetKind(user_input[_KIND]), user_input[_ENTITY]
            errors = self._entity_errors(kind, entity)
            if not errors:
                self._target = proposed(kind, entity, self.hass.states.get(entity))
                self._replaced = None
                return await self.async_step_equipment_details()
        # Not the parameters of a BMS: its flash is not for being written all day.
        own = [each.entity_id for each in er.async_get(self.hass).entities.values() if each.platform == DOMAIN]
        selector = EntitySelectorConfig(domain=[*NUMBERS, *SWITCHES, *SELECTS], exclude_entities=own)
        schema = probatio.Schema(
            {
                probatio.Required(_KIND): _choice([kind.value for kind in TargetKind], "target_kind"),
                probatio.Required(_ENTITY): EntitySelector(selector),
            }
        )
        return self.async_show_form(
            step_id="equipment_add",
            data_schema=self.add_suggested_values_to_schema(schema, user_input),
            errors=errors,
        )

    def _entity_errors(self, kind: TargetKind, entity: str) -> dict[str, str]:
        """Return what is wrong with an entity for what it is to set."""
        allowed = (*SWITCHES, *SELECTS) if kind.is_switch else NUMBERS
        if domain_of(entity) not in allowed:
            return {_ENTITY: "wrong_domain"}
        others = [
            EquipmentOptions.of(entry.options)
            for entry in self.hass.config_entries.async_entries(DOMAIN)
            if entry.entry_id != self.config_entry.entry_id
        ]
        if entity in _entities((self.draft,)):
            return {_ENTITY: "already_a_target"}
        if entity in _entities(others):
            return {_ENTITY: "steered_elsewhere"}
        stated = stated_unit(self.hass.states.get(entity))
        if stated and not kind.is_switch and _MULTIPLES.get(stated, (stated, 1.0))[0] not in _UNITS[kind]:
            return {_ENTITY: "wrong_unit"}
        return {}

    async def async_step_equipment_edit(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which target to change."""
        if user_input is not None:
            self._replaced = user_input[_ENTITY]
            self._target = next(target for target in self.draft.targets if target.entity == self._replaced)
            return await self.async_step_equipment_details()
        return self.async_show_form(step_id="equipment_edit", data_schema=self._which())

    async def async_step_equipment_remove(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask which target to leave alone from now on."""
        if user_input is not None:
            left = tuple(target for target in self.draft.targets if target.entity != user_input[_ENTITY])
            self._draft = replace(self.draft, targets=left)
            return await self.async_step_equipment()
        return self.async_show_form(step_id="equipment_remove", data_schema=self._which())

    def _which(self) -> probatio.Schema:
        """Return the schema that asks for one of the targets."""
        options = [target.entity for target in self.draft.targets]
        return probatio.Schema({probatio.Required(_ENTITY): SelectSelector(SelectSelectorConfig(options=options))})

    async def async_step_equipment_details(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask how an entity is written."""
        if self._target is None:
            return await self.async_step_equipment()
        target, errors = self._target, {}
        if user_input is not None:
            chosen = {key: int(value) if key == _WHOLE else value for key, value in user_input.items()}
            target = Target.from_dict(target.as_dict() | chosen)
            found = problems(target)
            if domain_of(target.entity) in SELECTS and not (target.on_option and target.off_option):
                found.append("same_option")
            errors = {"base": found[0]} if found else {}
            if not errors:
                others = tuple(
                    each for each in self.draft.targets if each.entity not in (target.entity, self._replaced)
                )
                self._draft = replace(self.draft, targets=(*others, target))
                return await self.async_step_equipment()
        return self.async_show_form(
            step_id="equipment_details",
            data_schema=self._details_schema(target),
            errors=errors,
            description_placeholders={"entity": target.entity, "kind": self._kind_name(target.kind)},
        )

    def _details_schema(self, target: Target) -> probatio.Schema:
        """Return the schema about a target, with what it is now as default."""
        fields: dict[Any, Selector[Any]] = {}
        if not target.kind.is_switch:
            units = [unit.value for unit in _UNITS[target.kind]]
            fields[probatio.Required("unit", default=target.unit.value)] = SelectSelector(
                SelectSelectorConfig(options=units)
            )
        for key in _OF_SWITCHES if target.kind.is_switch else _OF_NUMBERS:
            value = getattr(target, key)
            selector = _number(*_OF_NUMBERS[key])
            if value == math.inf:
                fields[probatio.Optional(key)] = selector
            else:
                fields[probatio.Required(key, default=value)] = selector
        if target.kind.is_switch and domain_of(target.entity) in SELECTS:
            state = self.hass.states.get(target.entity)
            options = [str(option) for option in (state.attributes.get("options", ()) if state else ())]
            for key in ("on_option", "off_option"):
                fields[probatio.Required(key, default=getattr(target, key))] = SelectSelector(
                    SelectSelectorConfig(options=options, custom_value=True)
                )
        return probatio.Schema(fields)

    async def async_step_equipment_fallback(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask what happens when the battery is not known, and when nobody looks."""
        if user_input is not None:
            actions = {key: FallbackAction(user_input[key]) for key in ("on_loss", "on_stop")}
            self._draft = replace(self.draft, fallback=FallbackSettings(**{**user_input, **actions}))
            return await self.async_step_equipment()
        now = self.draft.fallback
        choices = [action.value for action in FallbackAction]
        schema = probatio.Schema(
            {
                probatio.Required("on_loss", default=now.on_loss.value): _choice(choices, "fallback_action"),
                probatio.Required("longest_hold", default=now.longest_hold): _number(0, LONGEST_HOLD),
                probatio.Required("on_stop", default=now.on_stop.value): _choice(choices, "fallback_action"),
                probatio.Required("charge_current", default=now.charge_current): _number(0, 2000),
                probatio.Required("discharge_current", default=now.discharge_current): _number(0, 2000),
            }
        )
        return self.async_show_form(step_id="equipment_fallback", data_schema=schema)

    async def async_step_equipment_preview(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Show what would be written now, and why; submitting saves the equipment."""
        if user_input is not None:
            options = {**self.config_entry.options, CONF_EQUIPMENT: self.draft.as_dict()}
            return self.async_create_entry(data=options)
        return self.async_show_form(
            step_id="equipment_preview",
            data_schema=probatio.Schema({}),
            description_placeholders={"table": self._table()},
        )

    def _table(self) -> str:
        """Return the dry run as a table in Markdown."""
        if not self.draft.targets:
            return fill_text(self.hass, "selector.text.options.no_equipment", {})
        if self.config_entry.state is not ConfigEntryState.LOADED:
            return fill_text(self.hass, "selector.text.options.equipment_not_loaded", {})
        battery = self.config_entry.runtime_data
        controller = EquipmentController(
            self.hass, self.config_entry, battery.demand, lambda: battery.now, None, self.draft
        )
        heads = [
            fill_text(self.hass, f"selector.text.options.preview_{column}", {})
            for column in ("entity", "shown", "setpoint", "reason")
        ]
        rows = [heads, ["---"] * len(heads), *(self._row(row) for row in controller.preview())]
        return "\n".join(f"| {' | '.join(row)} |" for row in rows)

    def _row(self, row: Preview) -> list[str]:
        """Return what is shown of a target."""
        wanted = row.setpoint
        unit = "" if row.target.kind.is_switch else row.target.unit.value
        if wanted is None:
            why = fill_text(self.hass, "selector.text.options.nothing_asked", {})
        elif wanted.is_below_minimum:
            why = fill_text(self.hass, "selector.text.options.below_minimum", {})
        else:
            why = cause_name(self.hass, wanted.limited_by) if wanted.limited_by else UNKNOWN
        return [
            f"{self._entity_name(row.target.entity)} ({self._kind_name(row.target.kind)})",
            self._value(row.shown, unit),
            self._value(None if wanted is None else wanted.value, unit),
            why,
        ]

    def _entity_name(self, entity: str) -> str:
        """Return what users call an entity; its id while it is not there."""
        state = self.hass.states.get(entity)
        return entity if state is None else state.name

    def _value(self, value: float | None, unit: str) -> str:
        """Return a value of a target; a switch has no unit."""
        if value is None:
            return UNKNOWN
        if not unit:
            return fill_text(self.hass, f"selector.value.options.{'on' if value >= 1 else 'off'}", {})
        return f"{format_number(self.hass, value, 2)} {unit}"

    def _kind_name(self, kind: TargetKind) -> str:
        """Return what a target sets, in words."""
        return find_text(self.hass, f"selector.target_kind.options.{kind}") or kind.value
