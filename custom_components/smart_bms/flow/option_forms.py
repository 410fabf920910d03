"""The forms about a pack's options: which fields, in which order, and where each is stored."""

from collections.abc import Callable
from typing import Any, Final

from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    Selector,
    SelectSelector,
    SelectSelectorConfig,
)

from ..bms.families import Family, FamilyOption
from ..const import (
    CONF_ALLOW_CONTROL,
    CONF_ALLOW_DANGEROUS,
    CONF_CONNECTION,
    CONF_CONTROL,
    CONF_CURRENT,
    CONF_DEADBANDS,
    CONF_EXPERIMENTAL,
    CONF_FRESH_WITHIN,
    CONF_FRESHNESS,
    CONF_INTERVALS,
    CONF_LEAVE_ONE_FREE,
    CONF_LIMITS,
    CONF_PACK,
    CONF_POLL_INTERVAL,
    CONF_POLLING,
    CONF_READ_EVERY,
    CONF_REREAD_INTERVAL,
    CONF_STEPS,
)
from ..energy.current_correction import CurrentCorrection
from ..pack_entry.connection_policy import ConnectionPolicy, Freshness
from ..pack_entry.publishing import ADJUSTABLE, DEFAULT_POLICIES, STEPPED, Quantity
from ..protection.charge_voltage import MIN_DISTANCE
from ..protection.limit_options import LimitOptions
from .options_schema import OptionField, OptionForm, OptionSection

CHARGE_VOLTAGE: Final = "charge_cell_voltage"

_MAX_INTERVAL: Final = 3600
_MAX_REREAD: Final = 1440


def _number(unit: str, highest: float, step: float, *, lowest: float = 0) -> NumberSelector:
    """Return a selector of a number."""
    return NumberSelector(
        NumberSelectorConfig(min=lowest, max=highest, step=step, unit_of_measurement=unit, mode=NumberSelectorMode.BOX)
    )


def control_form(_: Family) -> OptionForm:
    """Return the form about what may be changed in the pack."""
    keys = (CONF_ALLOW_CONTROL, CONF_EXPERIMENTAL, CONF_ALLOW_DANGEROUS)
    return OptionForm(
        fields=tuple(
            OptionField(stored_in=CONF_CONTROL, key=key, default=False, selector=BooleanSelector()) for key in keys
        )
    )


_LIMITS: Final = {
    CHARGE_VOLTAGE: ("V", 4.5, 0.005),
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
    "balance_hold_time": ("s", 86_400, 60),
    "recovery_hold": ("s", 3600, 1),
    "recovery_rate": ("A/s", 1000, 0.1),
    "failsafe_charge_current": ("A", 2000, 1),
    "failsafe_discharge_current": ("A", 2000, 1),
}
"""Unit, highest value and step of each choice about the limits."""

_MAIN_LIMITS: Final = (CHARGE_VOLTAGE, "max_charge_current", "max_discharge_current")
_LIMIT_SECTIONS: Final = {
    "charging": (
        "voltage_distance",
        "float_distance",
        "absorption_time",
        "float_spread",
        "rebulk_spread",
        "rebulk_soc",
        "target_by_voltage",
        "balance_hold_time",
    ),
    "derating": (
        *("current_share", "full_soc", "empty_soc", "temperature_distance", "temperature_span"),
        *("recovery_hold", "recovery_rate"),
    ),
    "failsafe": ("failsafe_charge_current", "failsafe_discharge_current"),
}


def limits_form(_: Family) -> OptionForm:
    """Return the form about the charge voltage and the current limits for chargers and inverters."""
    return OptionForm(
        fields=tuple(_limit(key) for key in _MAIN_LIMITS),
        sections=tuple(
            OptionSection(key=section, fields=tuple(_limit(key) for key in keys))
            for section, keys in _LIMIT_SECTIONS.items()
        ),
    )


def _limit(key: str) -> OptionField:
    """Return the field of one of LimitOptions."""
    lowest = MIN_DISTANCE if key == "voltage_distance" else 0
    return OptionField(
        stored_in=CONF_LIMITS,
        key=key,
        default=getattr(LimitOptions(), key),
        selector=_number(*_LIMITS[key], lowest=lowest) if key in _LIMITS else BooleanSelector(),
    )


_POLICY: Final = ConnectionPolicy()
_SHARING: Final = (
    OptionField(
        stored_in=CONF_CONNECTION,
        key=CONF_FRESHNESS,
        default=_POLICY.freshness.value,
        selector=SelectSelector(
            SelectSelectorConfig(options=[choice.value for choice in Freshness], translation_key=CONF_FRESHNESS)
        ),
    ),
    OptionField(
        stored_in=CONF_CONNECTION,
        key=CONF_FRESH_WITHIN,
        default=_POLICY.fresh_within,
        selector=_number("s", 3600, 1, lowest=15),
    ),
    OptionField(
        stored_in=CONF_CONNECTION,
        key=CONF_READ_EVERY,
        default=_POLICY.read_every,
        selector=_number("min", 1440, 1, lowest=1),
    ),
    OptionField(
        stored_in=CONF_CONNECTION,
        key=CONF_LEAVE_ONE_FREE,
        default=_POLICY.leave_one_free,
        selector=BooleanSelector(),
    ),
)
"""How connection slots are shared with other packs, and with others."""


def connection_form(family: Family) -> OptionForm:
    """Return the form about how often the pack is asked; for its values only if the family speaks when it is asked."""
    reread = OptionField(
        stored_in=CONF_CONTROL,
        key=CONF_REREAD_INTERVAL,
        default=family.reread_interval,
        selector=_number("min", _MAX_REREAD, 1, lowest=1),
    )
    sharing = OptionSection(key="sharing", fields=_SHARING)
    if (polling := family.polling) is None:
        return OptionForm(fields=(reread,), sections=(sharing,))
    poll = OptionField(
        stored_in=CONF_POLLING,
        key=CONF_POLL_INTERVAL,
        default=polling.default,
        selector=_number("s", polling.highest, 0.5, lowest=polling.lowest),
    )
    return OptionForm(fields=(poll, reread), sections=(sharing,))


def current_form(_: Family) -> OptionForm:
    """Return the form about a current sensor that is not right."""
    default = CurrentCorrection()
    selectors: dict[str, Selector[Any]] = {
        "invert": BooleanSelector(),
        "offset": _number("A", 50, 0.01, lowest=-50),
        "floor": _number("A", 10, 0.01),
    }
    return OptionForm(
        fields=tuple(
            OptionField(stored_in=CONF_CURRENT, key=key, default=getattr(default, key), selector=selector)
            for key, selector in selectors.items()
        )
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


def publishing_form(_: Family) -> OptionForm:
    """Return the form about how often values are published."""
    intervals = tuple(
        OptionField(
            stored_in=CONF_INTERVALS,
            key=quantity.value,
            default=DEFAULT_POLICIES[quantity].interval,
            selector=_number("s", _MAX_INTERVAL, 1),
        )
        for quantity in ADJUSTABLE
    )
    deadbands = tuple(
        OptionField(
            stored_in=CONF_DEADBANDS,
            key=quantity.value,
            default=DEFAULT_POLICIES[quantity].deadband,
            selector=_number(*_DEADBANDS[quantity]),
        )
        for quantity in ADJUSTABLE
    )
    steps = tuple(
        OptionField(
            stored_in=CONF_STEPS,
            key=quantity.value,
            default=DEFAULT_POLICIES[quantity].step,
            selector=_number(*_DEADBANDS[quantity]),
        )
        for quantity in STEPPED
    )
    return OptionForm(
        sections=(
            OptionSection(key=CONF_INTERVALS, fields=intervals, collapsed=False),
            OptionSection(key=CONF_DEADBANDS, fields=deadbands),
            OptionSection(key=CONF_STEPS, fields=steps),
        )
    )


def pack_form(family: Family) -> OptionForm:
    """Return the form about what a pack of the family does not tell of itself; empty if nothing is left to choose."""
    return OptionForm(fields=tuple(family_field(option) for option in family.options))


def family_field(option: FamilyOption) -> OptionField:
    """Return the field of an option of the family."""
    selector: Selector[Any] = (
        SelectSelector(SelectSelectorConfig(options=list(option.choices), translation_key=option.key))
        if option.choices
        else BooleanSelector()
    )
    return OptionField(stored_in=CONF_PACK, key=option.key, default=option.default, selector=selector)


OPTION_FORMS: Final[dict[str, Callable[[Family], OptionForm]]] = {
    "control": control_form,
    "limits": limits_form,
    "connection": connection_form,
    "current": current_form,
    "publishing": publishing_form,
    "pack": pack_form,
}
"""By step of the options flow, in the order of the menu."""
