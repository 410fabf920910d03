"""Answers to queries into values of parameters."""

from typing import Final

from ..settings import SettingValue, Unit
from .frames import number
from .parameters import COLDEST, HOTTEST, PARAMETERS, Parameter
from .scales import Formula

_POSSIBLE: Final = {Unit.VOLT: (0.0, 5.0), Unit.CELSIUS: (-250.0, 160.0), Unit.PERCENT: (0.0, 100.0)}
"""What a parameter can be at all; a T-min below any winter means "none"."""


def _is_possible(parameter: Parameter, value: SettingValue) -> bool:
    low, high = _POSSIBLE.get(parameter.unit, (0.0, 1e9))
    return not isinstance(value, (int, float)) or low <= value <= high


def decode_answer(query: str, fields: list[str], formula: Formula) -> dict[str, SettingValue]:
    """Return the parameters that the answer to a query tells; the PIN is never looked at. Raises FrameError."""
    values: dict[str, SettingValue] = {}
    for parameter in PARAMETERS:
        if parameter.query != query or parameter.index >= len(fields):
            continue
        count = number(fields[parameter.index])
        value = None if count is None or count < 0 else parameter.value(count, formula)
        if value is not None and _is_possible(parameter, value):
            values[parameter.key] = value
    coldest = values.get("discharge_undertemperature")
    if isinstance(coldest, float) and not COLDEST <= coldest <= HOTTEST and "charge_undertemperature" in values:
        values["discharge_undertemperature"] = values["charge_undertemperature"]
    return values
