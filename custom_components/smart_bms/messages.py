"""Messages: codes of reasons, rejections and failed writes, with their numbers, become sentences and errors."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers.translation import async_get_exception_message

from .bank.compatibility import Incompatibility
from .bms.settings import Catalog
from .const import DOMAIN
from .control.validation_issue import RejectedError, ValidationIssue, format_value, parameter_name
from .control.write_log import WriteOutcome, WriteRecord
from .protection.permission import Detail, Reason

_UNKNOWN: Final = "–"
_NUMBERS: Final = ("value", "limit", "release", "seconds", "charge", "discharge")


# Sentences, for attributes, responses and notifications.


def message_sentence(key: str, placeholders: Mapping[str, str]) -> str:
    """Return a translated message as a sentence."""
    # Home Assistant strips the full stop from the messages of exceptions.
    return async_get_exception_message(DOMAIN, key, dict(placeholders)).rstrip(".") + "."


def reason_sentence(reason: Reason, prefix: str = "reason") -> str:
    """Return the sentence for a reason of the protections, with its numbers."""
    numbers = reason.numbers or {}
    placeholders = {key: format_number(numbers.get(key)) for key in _NUMBERS}
    about = ", ".join(parameter_name(item) for item in reason.about.split(", ")) if reason.about else _UNKNOWN
    unit = str(numbers.get("unit") or "")
    return message_sentence(f"{prefix}_{reason.code}", placeholders | {"about": about, "unit": unit})


def reason_sentences(reasons: Iterable[Reason], prefix: str = "reason") -> list[str]:
    """Return the sentence for each reason."""
    return [reason_sentence(reason, prefix) for reason in reasons]


def left_out_sentences(packs: Iterable[tuple[str, str]]) -> list[str]:
    """Return a sentence for each pack that is left out of its bank, given as its name and the code of the reason."""
    return [message_sentence(f"left_out_{code}", {"name": name}) for name, code in packs]


def incompatibility_sentences(incompatibilities: Iterable[Incompatibility]) -> list[str]:
    """Return a sentence for each reason why packs do not make one battery, or not a good one."""
    return [
        message_sentence(
            f"unfit_{item.code}",
            {"values": ", ".join(f"{name} {format_number(value)}" for name, value in item.values)},
        )
        for item in incompatibilities
    ]


def format_number(value: Detail) -> str:
    """Return a number without trailing zeros, another detail as text, and a dash for one that is unknown."""
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, (int, float)) else str(value or _UNKNOWN)


def issue_message(issue: ValidationIssue) -> str:
    """Return the message of a validation issue, without its full stop."""
    return async_get_exception_message(DOMAIN, issue.code, dict(issue.details))


def rejection_message(error: RejectedError) -> str:
    """Return why a change was rejected, without the full stop."""
    return issue_message(error.issues[0])


# Errors, which Home Assistant translates for whoever made the call.


def rejection_error(error: RejectedError) -> ServiceValidationError:
    """Return the error that shows the user why a change was rejected."""
    issue = error.issues[0]
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=issue.code, translation_placeholders=dict(issue.details)
    )


@contextmanager
def translated_rejections() -> Iterator[None]:
    """Raise ServiceValidationError, which the user sees, in place of RejectedError."""
    try:
        yield
    except RejectedError as error:
        raise rejection_error(error) from error


def first_write_error(records: Iterable[WriteRecord], catalog: Catalog | None) -> HomeAssistantError | None:
    """Return the error for the first write that was not confirmed; None if all were. `catalog` has the units."""
    failed = next((record for record in records if record.outcome is not WriteOutcome.CONFIRMED), None)
    if failed is None:
        return None
    setting = catalog.settings.get(failed.parameter) if catalog else None
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=f"{'command' if failed.is_command else 'write'}_{failed.outcome}",
        translation_placeholders={
            "parameter": parameter_name(failed.parameter),
            "new": format_value(failed.new, setting),
            "found": format_value(failed.found, setting),
        },
    )


def raise_unless_confirmed(records: Iterable[WriteRecord], catalog: Catalog | None) -> None:
    """Raise HomeAssistantError for the first write that was not confirmed. `catalog` has the units."""
    if (error := first_write_error(records, catalog)) is not None:
        raise error
