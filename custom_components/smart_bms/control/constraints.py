"""Constraints: whether a value is valid for a parameter, and whether all parameters are consistent with each other."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import pairwise
import math
from types import MappingProxyType
from typing import Final

from ..bms.settings import Catalog, Chain, Proof, Setting, SettingKind, SettingValue
from .validation_issue import IssueDetail, ParameterName, ValidationIssue, name_of, with_unit

_STEP_TOLERANCE: Final = 1e-6
_FLOAT_TOLERANCE: Final = 1e-12
MAX_MAGNITUDE: Final = 1e12
"""No parameter comes near it; larger values, infinities and NaN are rejected before anything is calculated."""
_MAX_QUOTED_LENGTH: Final = 40
"""Characters of a rejected value that a message quotes."""
_PACK_LIMIT_TOLERANCE: Final = 0.1
"""Share by which a limit of the pack may differ from that of a cell times the number of cells. Our judgment."""


def value_issues(setting: Setting, value: object, *, exact: bool = False) -> Iterator[ValidationIssue]:
    """Yield what is wrong with a value of any type.

    `exact` values come from a pack and need not be multiples of the step that users are offered; nor need those that
    the pack rounds to the nearest it can store.
    """
    match setting.kind:
        case SettingKind.SWITCH:
            if not isinstance(value, bool):
                yield _issue("not_a_switch", setting, value=_quoted(value))
        case SettingKind.CHOICE:
            if value not in setting.options:
                yield _issue("not_a_choice", setting, value=_quoted(value), options=", ".join(setting.options) or "–")
        case SettingKind.TEXT:
            if not isinstance(value, str) or not value.isascii() or (value and not value.isprintable()):
                yield _issue("not_a_text", setting, value=_quoted(value))
            elif value != value.strip():
                yield _issue("blanks_around", setting)
            elif len(value) > setting.maximum:
                yield _issue("text_too_long", setting, maximum=with_unit(int(setting.maximum)))
        case SettingKind.COMMAND:
            if value is not None:
                yield _issue("takes_no_value", setting)
        case _:
            yield from _number_issues(setting, value, exact=exact)


def _number_issues(setting: Setting, value: object, *, exact: bool) -> Iterator[ValidationIssue]:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < MAX_MAGNITUDE:
        yield _issue("not_a_number", setting, value=_quoted(value))
        return
    if value == setting.special:
        return
    step = setting.resolution if exact or setting.stored else setting.step
    if not setting.minimum <= value <= setting.maximum:
        yield _issue(
            "out_of_range",
            setting,
            value=with_unit(value, setting),
            minimum=with_unit(setting.minimum, setting),
            maximum=with_unit(setting.maximum, setting),
        )
    elif step and abs(value - round(value / step) * step) > _STEP_TOLERANCE * step + _FLOAT_TOLERANCE * abs(value):
        yield _issue("off_step", setting, value=with_unit(value, setting), step=with_unit(step, setting))


def _issue(code: str, setting: Setting, **details: IssueDetail) -> ValidationIssue:
    return ValidationIssue(
        code=code,
        parameters=(setting.key,),
        details={"parameter": name_of(setting), **details},
    )


def _quoted(value: object) -> str:
    # Python refuses to print integers of thousands of digits.
    beyond = isinstance(value, int) and not abs(value) < MAX_MAGNITUDE
    text = f"> {MAX_MAGNITUDE:g}" if beyond else str(value)
    return text if len(text) <= _MAX_QUOTED_LENGTH else f"{text[:_MAX_QUOTED_LENGTH]}…"


def key_issues(catalog: Catalog, key: str) -> Iterator[ValidationIssue]:
    """Yield an issue if this parameter is unknown, not supported by the pack, or read-only."""
    if key not in catalog.settings:
        code = "unsupported_parameter" if key in catalog.known else "unknown_parameter"
        yield ValidationIssue(code=code, parameters=(key,), details={"parameter": key})
    elif catalog.settings[key].proof is Proof.READ_ONLY:
        yield ValidationIssue(
            code="read_only", parameters=(key,), details={"parameter": name_of(catalog.settings[key])}
        )


def broken_orders(
    values: Mapping[str, SettingValue], chains: Iterable[Chain], may_equal: Collection[str] = ()
) -> Iterator[tuple[str, str]]:
    """Yield each pair of neighbors in a chain that is out of order, the one that must be higher first.

    The values of `may_equal` may be the same as those above them.
    """
    for chain in chains:
        present = [key for key in chain if key in values]
        for higher, lower in pairwise(present):
            over, under = _number(values[higher]), _number(values[lower])
            if not (over > under or (over == under and lower in may_equal)):
                yield higher, lower


def at_most_issues(
    catalog: Catalog, setting: Setting, value: object, current: Mapping[str, SettingValue]
) -> Iterator[ValidationIssue]:
    """Yield an issue if a value is above another parameter that is its maximum."""
    most = current.get(setting.at_most)
    if isinstance(most, (int, float)) and isinstance(value, (int, float)) and value > most:
        yield _issue(
            "more_than",
            setting,
            value=with_unit(value, setting),
            other=ParameterName(setting.at_most),
            most=with_unit(most, catalog.settings.get(setting.at_most)),
        )


def order_issues(
    catalog: Catalog,
    values: Mapping[str, SettingValue],
    touched: Iterable[str] | None = None,
    before: Mapping[str, SettingValue] = MappingProxyType({}),
) -> Iterator[ValidationIssue]:
    """Yield the pairs of parameters that are out of order.

    With `touched` only those of chains that contain one of these. A pair that was out of order `before`, and is not
    touched, is accepted: packs are delivered like that.
    """
    keys = None if touched is None else set(touched)
    known = set(broken_orders(before, catalog.chains, catalog.may_equal))
    chains = [chain for chain in catalog.chains if keys is None or keys & set(chain)]
    for higher, lower in broken_orders(values, chains, catalog.may_equal):
        if (higher, lower) not in known or (keys and keys & {higher, lower}):
            yield pair_issue("order_broken", catalog, values, higher, lower)
    cells = values.get("cell_count")
    for pack_limit, cell_limit in catalog.pack_limits.items():
        if cells is None or (keys is not None and not keys & {pack_limit, cell_limit}):
            continue
        limit, of_cells = _number(values.get(pack_limit, math.nan)), _number(values.get(cell_limit, math.nan))
        if abs(limit - of_cells * _number(cells)) > _PACK_LIMIT_TOLERANCE * limit:
            yield pair_issue("pack_limit_apart", catalog, values, pack_limit, cell_limit)


def related_keys(catalog: Catalog, keys: Iterable[str]) -> set[str]:
    """Return the parameters that the order rules of these depend on, themselves included.

    Empty if no rule concerns them.
    """
    related: set[str] = set()
    for key in keys:
        related |= {other for chain in catalog.chains if key in chain for other in chain}
        for pair in catalog.pack_limits.items():
            if key in pair:
                related |= {*pair, "cell_count"}
        setting = catalog.settings.get(key)
        if setting is not None and setting.at_most:
            related |= {key, setting.at_most}
    return related


def pair_issue(
    code: str, catalog: Catalog, values: Mapping[str, SettingValue], higher: str, lower: str
) -> ValidationIssue:
    """Return an issue about two parameters that are in the wrong order."""
    return ValidationIssue(
        code=code,
        parameters=(higher, lower),
        details={
            "higher": ParameterName(higher),
            "higher_value": with_unit(values[higher], catalog.settings.get(higher)),
            "lower": ParameterName(lower),
            "lower_value": with_unit(values[lower], catalog.settings.get(lower)),
        },
    )


def _number(value: SettingValue) -> float:
    return float(value) if isinstance(value, (int, float)) else math.nan
