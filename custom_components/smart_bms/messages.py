"""Messages: codes of reasons, rejections and failed writes, with their numbers, become sentences and errors."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError

from .bank.compatibility import Incompatibility
from .bms.settings import Catalog
from .const import DOMAIN
from .control.validation_issue import IssueDetail, ParameterName, RejectedError, ValidationIssue, with_unit
from .control.write_log import WriteOutcome, WriteRecord
from .protection.permission import Detail, Reason
from .texts import FULL_STOPS, UNKNOWN, WITHOUT_SPACES, format_detail, format_number, sentence, subject_name

_NUMBERS: Final = ("value", "limit", "release", "seconds", "charge", "discharge")
_DIGITS: Final = 3


# Sentences, for attributes, responses and notifications: in the language of the instance.


def reason_sentence(hass: HomeAssistant, reason: Reason, prefix: str = "reason") -> str:
    """Return the sentence for a reason of the protections, with its numbers."""
    numbers = reason.numbers or {}
    placeholders = {key: _format_detail(hass, numbers.get(key)) for key in _NUMBERS}
    about = ", ".join(subject_name(hass, item) for item in reason.about.split(", ")) if reason.about else UNKNOWN
    unit = str(numbers.get("unit") or "")
    return sentence(hass, f"{prefix}_{reason.code}", placeholders | {"about": about, "unit": unit})


def reason_sentences(hass: HomeAssistant, reasons: Iterable[Reason], prefix: str = "reason") -> list[str]:
    """Return the sentence for each reason."""
    return [reason_sentence(hass, reason, prefix) for reason in reasons]


def left_out_sentences(hass: HomeAssistant, packs: Iterable[tuple[str, str]]) -> list[str]:
    """Return a sentence for each pack that is left out of its bank, given as its name and the code of the reason."""
    return [sentence(hass, f"left_out_{code}", {"name": name}) for name, code in packs]


def incompatibility_sentences(hass: HomeAssistant, incompatibilities: Iterable[Incompatibility]) -> list[str]:
    """Return a sentence for each reason why packs do not make one battery, or not a good one."""
    return [
        sentence(
            hass,
            f"unfit_{item.code}",
            {"values": ", ".join(f"{name} {_format_detail(hass, value)}" for name, value in item.values)},
        )
        for item in incompatibilities
    ]


def explanation(hass: HomeAssistant, sentences: Iterable[str]) -> str:
    """Return sentences as one text."""
    return ("" if hass.config.language in WITHOUT_SPACES else " ").join(sentences)


def _format_detail(hass: HomeAssistant, value: Detail) -> str:
    """Return a number, another detail as text, and a dash for one that is unknown."""
    return format_number(hass, value, _DIGITS) if isinstance(value, (int, float)) else str(value or UNKNOWN)


def issue_message(hass: HomeAssistant, issue: ValidationIssue) -> str:
    """Return the sentence of a validation issue."""
    return sentence(hass, issue.code, _placeholders(hass, issue))


def error_message(hass: HomeAssistant, error: HomeAssistantError) -> str:
    """Return the sentence of an error, where it becomes a part of another."""
    if error.translation_domain != DOMAIN or error.translation_key is None:
        return str(error).rstrip(FULL_STOPS) + "."  # Home Assistant takes the full stop away
    return sentence(hass, error.translation_key, error.translation_placeholders or {})


# Errors, which Home Assistant translates for whoever made the call; what fills them is in the language of the instance.


def _placeholders(hass: HomeAssistant, issue: ValidationIssue) -> dict[str, str]:
    """Return what fills the message of a validation issue."""
    return {key: format_detail(hass, detail) for key, detail in issue.details.items()}


def rejection_error(hass: HomeAssistant, error: RejectedError) -> ServiceValidationError:
    """Return the error that shows the user why a change was rejected: the first of its issues."""
    issue = error.issues[0]
    return ServiceValidationError(
        translation_domain=DOMAIN, translation_key=issue.code, translation_placeholders=_placeholders(hass, issue)
    )


@contextmanager
def translated_rejections(hass: HomeAssistant) -> Iterator[None]:
    """Raise ServiceValidationError, which the user sees, in place of RejectedError."""
    try:
        yield
    except RejectedError as error:
        raise rejection_error(hass, error) from error


def first_write_error(
    hass: HomeAssistant, records: Iterable[WriteRecord], catalog: Catalog | None
) -> HomeAssistantError | None:
    """Return the error for the first write that was not confirmed; None if all were. `catalog` has the units."""
    failed = next((record for record in records if record.outcome is not WriteOutcome.CONFIRMED), None)
    if failed is None:
        return None
    setting = catalog.settings.get(failed.parameter) if catalog else None
    details: dict[str, IssueDetail] = {
        "parameter": ParameterName(failed.parameter, isinstance(failed.new, bool)),
        "new": with_unit(failed.new, setting),
        "found": with_unit(failed.found, setting),
    }
    return HomeAssistantError(
        translation_domain=DOMAIN,
        translation_key=f"{'command' if failed.is_command else 'write'}_{failed.outcome}",
        translation_placeholders={key: format_detail(hass, detail) for key, detail in details.items()},
    )


def raise_unless_confirmed(hass: HomeAssistant, records: Iterable[WriteRecord], catalog: Catalog | None) -> None:
    """Raise HomeAssistantError for the first write that was not confirmed. `catalog` has the units."""
    if (error := first_write_error(hass, records, catalog)) is not None:
        raise error
