"""Explanations: reasons of the mirror as sentences."""

from collections.abc import Iterable
from typing import Final

from homeassistant.helpers.translation import async_get_exception_message

from .bank.compatibility import Incompatibility
from .const import DOMAIN
from .control.validation_issue import RejectedError, parameter_name
from .protection.permission import Detail, Reason

_NOT_KNOWN: Final = "–"
_NUMBERS: Final = ("value", "limit", "release", "seconds", "charge", "discharge")


def sentence(reason: Reason, prefix: str = "reason") -> str:
    """Return what a reason says, in a sentence with its numbers."""
    numbers = reason.numbers or {}
    placeholders = {key: number(numbers.get(key)) for key in _NUMBERS}
    about = ", ".join(parameter_name(item) for item in reason.about.split(", ")) if reason.about else _NOT_KNOWN
    unit = numbers.get("unit")
    told = placeholders | {"about": about, "unit": str(unit or "")}
    # Messages come without their full stop.
    return async_get_exception_message(DOMAIN, f"{prefix}_{reason.code}", told).rstrip(".") + "."


def sentences(reasons: Iterable[Reason], prefix: str = "reason") -> list[str]:
    """Return a sentence for each."""
    return [sentence(reason, prefix) for reason in reasons]


def left_out(rows: Iterable[tuple[str, str]]) -> list[str]:
    """Return a sentence for each pack that does not count in its bank: its name, and why."""
    return [
        async_get_exception_message(DOMAIN, f"left_out_{why}", {"name": name}).rstrip(".") + "." for name, why in rows
    ]


def misfits(rows: Iterable[Incompatibility]) -> list[str]:
    """Return a sentence for each reason why packs are not one battery, or not a good one."""
    return [
        async_get_exception_message(
            DOMAIN,
            f"unfit_{row.code}",
            {"values": ", ".join(f"{name} {number(value)}" for name, value in row.values)},
        ).rstrip(".")
        + "."
        for row in rows
    ]


def refusal(error: RejectedError) -> str:
    """Return why something was refused, in a sentence."""
    issue = error.issues[0]
    return async_get_exception_message(DOMAIN, issue.code, dict(issue.details))


def number(value: Detail) -> str:
    """Return a number as people write it."""
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, (int, float)) else str(value or _NOT_KNOWN)
