"""Parameter check: what is questionable about the present parameters of a pack."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from ..bms.reading import Reading
from ..bms.settings import Catalog, Proof, SettingKind, SettingValue
from .chemistry import present_chemistry_issues
from .constraints import broken_orders, order_issues, pair_issue
from .validation_issue import IssueSeverity, ParameterName, ValidationIssue, with_unit

type Values = Mapping[str, SettingValue]

_BALANCE_SHARE: Final = 0.1
"""Of the capacity in Ah; more current than that heats small cells (both manuals)."""
_LARGE_CAPACITY: Final = 50.0
_BALANCE_TRIGGER: Final = {True: 0.005, False: 0.010}
"""V, by whether the pack is larger than 50 Ah (the BMS manual's advice)."""
_LFP_MIN_BALANCE_START: Final = 3.3
"""V up to which the voltage of an LFP cell says nothing about its state of charge."""
_LFP_MAX_OVERVOLTAGE: Final = 3.8
"""V of an overvoltage limit that no other chemistry has."""

# With less the release comes as soon as the load is gone, and the pack switches on and off. Our judgment.
_MIN_HYSTERESIS: Final = {"V": 0.03, "°C": 2.0}
_RELEASES: Final = (
    ("cell_overvoltage", "cell_overvoltage_release"),
    ("cell_undervoltage_release", "cell_undervoltage"),
    ("charge_overtemperature", "charge_overtemperature_release"),
    ("discharge_overtemperature", "discharge_overtemperature_release"),
    ("charge_undertemperature_release", "charge_undertemperature"),
    ("discharge_undertemperature_release", "discharge_undertemperature"),
    ("mosfet_overtemperature", "mosfet_overtemperature_release"),
)

# Not printed in a manual, but nothing else makes sense.
_EXPECTED_ORDERS: Final = (
    ("cell_overvoltage", "requested_charge_voltage"),
    ("cell_overvoltage", "soc_100_voltage"),
    ("soc_100_voltage", "soc_0_voltage"),
    ("soc_0_voltage", "power_off_voltage"),
    ("requested_charge_voltage", "requested_float_voltage"),
    ("heating_stop_temperature", "heating_start_temperature"),
    ("discharge_undertemperature_release", "discharge_undertemperature"),
    ("soc_100_voltage", "smart_sleep_voltage"),
    ("mosfet_overtemperature", "mosfet_overtemperature_release"),
)
_MAY_BE_EQUAL: Final = frozenset({"soc_100_voltage", "power_off_voltage", "requested_float_voltage"})
"""Lower ones of the pairs above."""


def check_parameters(
    catalog: Catalog, values: Values, chemistry: str | None = None, reading: Reading | None = None
) -> list[ValidationIssue]:
    """Return what is questionable, errors first; with a chemistry (`lfp`, ...) also what differs from its preset.

    Values that are dangerous for the cells are judged by the chemistry that the pack states, in its parameters or its
    reading, before the one given here.
    """
    issues = [*present_chemistry_issues(catalog, values, reading, chemistry)]
    issues += [issue for rule in _RULES for issue in rule(catalog, values)]
    if chemistry is not None:
        issues += _preset_issues(catalog, values, chemistry)
    order = list(IssueSeverity)
    return sorted(issues, key=lambda issue: order.index(issue.severity))


def _number(values: Values, key: str) -> float | None:
    value = values.get(key)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _order_issues(catalog: Catalog, values: Values) -> Iterator[ValidationIssue]:
    yield from order_issues(catalog, values)


def _expected_order_issues(catalog: Catalog, values: Values) -> Iterator[ValidationIssue]:
    for higher, lower in broken_orders(values, _EXPECTED_ORDERS):
        if not values[higher] or not values[lower]:
            continue  # a zero is a field that this firmware does not use
        if lower in _MAY_BE_EQUAL and values[higher] == values[lower]:
            continue
        yield replace(pair_issue("not_sensible", catalog, values, higher, lower), severity=IssueSeverity.WARNING)


def _range_issues(catalog: Catalog, values: Values) -> Iterator[ValidationIssue]:
    for key, setting in catalog.settings.items():
        value = _number(values, key)
        if setting.kind is not SettingKind.NUMBER or value is None or setting.proof is Proof.READ_ONLY:
            continue
        unused = value == 0 and setting.unit == "V"
        if not setting.minimum <= value <= setting.maximum and not unused:
            yield ValidationIssue(
                code="outside_manual" if catalog.presets else "outside_limits",
                severity=IssueSeverity.WARNING,
                parameters=(key,),
                details={
                    "parameter": ParameterName(key),
                    "value": with_unit(value, setting),
                    "minimum": with_unit(setting.minimum, setting),
                    "maximum": with_unit(setting.maximum, setting),
                },
            )


def _release_issues(catalog: Catalog, values: Values) -> Iterator[ValidationIssue]:
    for higher, lower in _RELEASES:
        top, bottom, setting = _number(values, higher), _number(values, lower), catalog.settings.get(higher)
        if top is None or bottom is None or setting is None:
            continue
        minimum = _MIN_HYSTERESIS[setting.unit]
        if 0 < round(top - bottom, 6) < minimum:
            yield ValidationIssue(
                code="release_too_close",
                severity=IssueSeverity.WARNING,
                parameters=(higher, lower),
                details={
                    "higher": ParameterName(higher),
                    "lower": ParameterName(lower),
                    "gap": with_unit(round(top - bottom, 3), setting),
                    "least": with_unit(minimum, setting),
                },
            )


def _balancing_issues(catalog: Catalog, values: Values) -> Iterator[ValidationIssue]:
    capacity = _number(values, "design_capacity")
    current, trigger = _number(values, "max_balance_current"), _number(values, "balance_trigger")
    if capacity is None:
        return
    if current is not None and current > capacity * _BALANCE_SHARE:
        yield ValidationIssue(
            code="balance_current_high",
            severity=IssueSeverity.WARNING,
            parameters=("max_balance_current", "design_capacity"),
            details={
                "value": with_unit(current, catalog.settings["max_balance_current"]),
                "most": with_unit(round(capacity * _BALANCE_SHARE, 3), catalog.settings["max_balance_current"]),
                "capacity": with_unit(capacity, catalog.settings.get("design_capacity")),
            },
        )
    advised = catalog.advised_balance_trigger or _BALANCE_TRIGGER[capacity > _LARGE_CAPACITY]
    if not catalog.presets and catalog.advised_balance_trigger is None:
        return  # no manual, no advice
    if trigger is not None and trigger != advised:
        yield ValidationIssue(
            code="balance_trigger_advice",
            severity=IssueSeverity.ADVICE,
            parameters=("balance_trigger", "design_capacity"),
            details={
                "value": with_unit(trigger, catalog.settings.get("balance_trigger")),
                "advised": with_unit(advised, catalog.settings.get("balance_trigger")),
                "capacity": with_unit(capacity, catalog.settings.get("design_capacity")),
            },
        )


def _static_balancing_issues(catalog: Catalog, values: Values) -> Iterator[ValidationIssue]:
    """Warn of balancing LFP cells at rest below the voltage that says something of their charge (JBD's manual)."""
    start, highest = _number(values, "balance_start_voltage"), _number(values, "cell_overvoltage")
    at_rest = values.get("balance_switch") is True and values.get("balance_only_charging") is False
    if (
        at_rest
        and start is not None
        and start < _LFP_MIN_BALANCE_START
        and highest is not None
        and highest <= _LFP_MAX_OVERVOLTAGE
    ):
        yield ValidationIssue(
            code="balances_in_the_middle",
            severity=IssueSeverity.WARNING,
            parameters=("balance_start_voltage", "balance_only_charging"),
            details={
                "value": with_unit(start, catalog.settings.get("balance_start_voltage")),
                "least": with_unit(_LFP_MIN_BALANCE_START, catalog.settings.get("balance_start_voltage")),
            },
        )


def _switched_off_issues(_: Catalog, values: Values) -> Iterator[ValidationIssue]:
    off = []
    if values.get("short_circuit_delay") == 0:
        off.append(("short_circuit_delay", "short_circuit_off"))
    if values.get("disable_temperature_sensors") is True:
        off.append(("disable_temperature_sensors", "temperature_sensors_off"))
    for key, code in off:
        yield ValidationIssue(
            code=code, severity=IssueSeverity.WARNING, parameters=(key,), details={"parameter": ParameterName(key)}
        )


_RULES: Final[tuple[Callable[[Catalog, Values], Iterator[ValidationIssue]], ...]] = (
    _order_issues,
    _expected_order_issues,
    _range_issues,
    _release_issues,
    _balancing_issues,
    _static_balancing_issues,
    _switched_off_issues,
)


def _preset_issues(catalog: Catalog, values: Values, chemistry: str) -> Iterator[ValidationIssue]:
    for key, preset in catalog.presets.get(chemistry, {}).items():
        setting = catalog.settings.get(key)
        if setting is not None and key in values and not setting.same(values[key], preset):
            yield ValidationIssue(
                code="differs_from_preset",
                severity=IssueSeverity.ADVICE,
                parameters=(key,),
                details={
                    "parameter": ParameterName(key),
                    "value": with_unit(values[key], setting),
                    "preset": with_unit(preset, setting),
                    "chemistry": chemistry.upper(),
                },
            )
