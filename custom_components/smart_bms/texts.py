"""Texts: names, values and sentences in the language of the Home Assistant instance.

Home Assistant translates names, states, repairs and errors for each user. What it has no place for (sentences in attributes, responses and notifications, the
logbook, and what fills the placeholders of all others) comes in the language that is set for the whole instance.
"""

from collections.abc import Mapping
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.translation import async_get_cached_translations, async_load_integrations

from .const import DOMAIN
from .control.validation_issue import IssueDetail, ParameterName, ParameterValue

UNKNOWN: Final = "–"
FULL_STOPS: Final = ".。"
_FALLBACK: Final = "en"
WITHOUT_SPACES: Final = frozenset({"zh-Hans"})
"""Languages with no space between sentences; of those that we have texts in."""
_DECIMAL_COMMA: Final = frozenset({"cs", "de", "es", "fr", "nl", "pl", "uk"})
"""Languages that write 3,65 (Unicode CLDR); of those that we have texts in."""
SWITCH_NAME: Final = "entity.switch.{}.name"
PARAMETER_NAMES: Final = (
    "entity.number.{}.name",
    SWITCH_NAME,
    "entity.select.{}.name",
    "entity.button.{}.name",
    "entity.sensor.{}.name",
    "selector.parameter.options.{}",
)
"""Where the name of a parameter may stand; those without an entity are in the last place."""
SUBJECT_NAMES: Final = (
    "entity.sensor.nearest_protection.state.{}",
    "entity.binary_sensor.alarm_{}.name",
    *PARAMETER_NAMES,
    "selector.subject.options.{}",
)
"""Where the name of something that a reason is about may stand: a protection, an alarm, a parameter, a measurement."""

CAUSE_NAMES: Final = tuple(
    f"entity.sensor.{limit}_limit.state_attributes.limited_by.state.{{}}"
    for limit in ("charge_current", "charge_voltage")
)
"""Where what limits a current or a charge voltage is named."""


async def async_load_texts(hass: HomeAssistant) -> None:
    """Load the texts, for what comes before the integration is set up: the flow that adds the first pack."""
    await async_load_integrations(hass, {DOMAIN})


@callback
def find_text(hass: HomeAssistant, path: str, domain: str = DOMAIN) -> str | None:
    """Return a translated text, in English if there is none in the language of the instance; None if there is none."""
    category = path.partition(".")[0]
    for language in (hass.config.language, _FALLBACK):
        texts = async_get_cached_translations(hass, language, category, domain)
        if (text := texts.get(f"component.{domain}.{path}")) is not None:
            return text
    return None


@callback
def fill_text(hass: HomeAssistant, path: str, placeholders: Mapping[str, str]) -> str:
    """Return a translated text with its placeholders filled; its path if there is none."""
    text = find_text(hass, path)
    return path if text is None else text.format(**placeholders)


@callback
def sentence(hass: HomeAssistant, key: str, placeholders: Mapping[str, str]) -> str:
    """Return one of the sentences that stand among the messages of errors."""
    return fill_text(hass, f"exceptions.{key}.message", placeholders)


@callback
def parameter_name(hass: HomeAssistant, key: str, *, is_switch: bool = False) -> str:
    """Return the name of a parameter, as its entity has it; that of the switch where some models have a number."""
    return _first_name(hass, (SWITCH_NAME, *PARAMETER_NAMES) if is_switch else PARAMETER_NAMES, key)


@callback
def subject_name(hass: HomeAssistant, key: str) -> str:
    """Return the name of a protection, an alarm, a parameter or a measurement."""
    return _first_name(hass, SUBJECT_NAMES, key)


@callback
def cause_name(hass: HomeAssistant, key: str) -> str:
    """Return in words what limits a current or a charge voltage."""
    return _first_name(hass, (*CAUSE_NAMES, *SUBJECT_NAMES), key)


def _first_name(hass: HomeAssistant, places: tuple[str, ...], key: str) -> str:
    """Return the first name that is found; the key in words if there is none."""
    found = (find_text(hass, place.format(key)) for place in places)
    return next((name for name in found if name is not None), key.replace("_", " "))


@callback
def format_number(hass: HomeAssistant, value: float, digits: int = 6) -> str:
    """Return a number without trailing zeros, with the decimal separator of the instance's language."""
    text = str(value) if isinstance(value, int) else f"{round(value, digits):.{digits}f}".rstrip("0").rstrip(".")
    return text.replace(".", ",") if hass.config.language in _DECIMAL_COMMA else text


@callback
def format_value(hass: HomeAssistant, value: ParameterValue) -> str:
    """Return a value of a parameter with its unit."""
    content = value.value
    if content is None or isinstance(content, bool):
        state = "unknown" if content is None else "on" if content else "off"
        return fill_text(hass, f"selector.value.options.{state}", {})
    if isinstance(content, (int, float)):
        return f"{format_number(hass, content)} {value.unit}".rstrip()
    return str(content)


@callback
def format_detail(hass: HomeAssistant, detail: IssueDetail) -> str:
    """Return what fills a placeholder of a validation issue."""
    if isinstance(detail, ParameterName):
        return parameter_name(hass, detail.key, is_switch=detail.is_switch)
    return format_value(hass, detail) if isinstance(detail, ParameterValue) else detail
