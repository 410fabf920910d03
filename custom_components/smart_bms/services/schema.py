"""Fields of the actions: their names, and what each may hold. The selectors are in services.yaml."""

from typing import Any, Final

from homeassistant.const import ATTR_DEVICE_ID, ATTR_NAME
from homeassistant.helpers import config_validation as cv
import probatio

from ..pack_entry.pack_connection import DEFAULT_RELEASE

ATTR_CELL_VOLTAGES: Final = "cell_voltages"
ATTR_CHEMISTRY: Final = "chemistry"
ATTR_CONFIRM: Final = "confirm"
ATTR_CURRENT: Final = "current"
ATTR_DATA: Final = "data"
ATTR_DRY_RUN: Final = "dry_run"
ATTR_DURATION: Final = "duration"
ATTR_FORCE: Final = "force"
ATTR_MINUTES: Final = "minutes"
ATTR_PARAMETERS: Final = "parameters"
ATTR_POWER_STAGE_TEMPERATURE: Final = "power_stage_temperature"
ATTR_PROFILE: Final = "profile"
ATTR_SOC: Final = "soc"
ATTR_TEMPERATURES: Final = "temperatures"
ATTR_VOLTAGE: Final = "voltage"

CHEMISTRIES: Final = ("lfp", "nmc", "lto")
DEFAULT_DURATION: Final = 600.0
"""s for which a situation is evaluated if no duration is given."""
_MAX_CELLS: Final = 255

type Fields = dict[Any, Any]


def _reject_bool(value: object) -> object:
    """Raise Invalid for true and false, which Python otherwise takes for 1 and 0."""
    if isinstance(value, bool):
        raise probatio.Invalid("expected a number")
    return value


def _positive(maximum: float) -> Any:
    """Return the validator of a number above 0."""
    return probatio.All(probatio.Coerce(float), probatio.Range(min=0, max=maximum, min_included=False))


def _between(minimum: float, maximum: float) -> Any:
    """Return the validator of a number in a range, both ends included."""
    return probatio.All(_reject_bool, probatio.Coerce(float), probatio.Range(min=minimum, max=maximum))


_TEXTS: Final = probatio.All(cv.ensure_list, [cv.string])
_TEXTS_NOT_EMPTY: Final = probatio.All(_TEXTS, probatio.Length(min=1))
_PROFILE_NAME: Final = probatio.All(cv.string, probatio.Length(min=1, max=100))

# Parts that several actions share.
_DEVICES: Final[Fields] = {probatio.Required(ATTR_DEVICE_ID): _TEXTS_NOT_EMPTY}
_DEVICE: Final[Fields] = {probatio.Required(ATTR_DEVICE_ID): cv.string}
_CONFIRMATION: Final[Fields] = {
    probatio.Optional(ATTR_CONFIRM, default=False): cv.boolean,
    probatio.Optional(ATTR_FORCE, default=False): cv.boolean,
}
_CHANGE: Final[Fields] = _DEVICES | _CONFIRMATION | {probatio.Optional(ATTR_DRY_RUN, default=False): cv.boolean}
_PROFILE_OR_DATA: Final[Fields] = {
    probatio.Exclusive(ATTR_PROFILE, "source"): cv.string,
    probatio.Exclusive(ATTR_DATA, "source"): object,
}

# The fields of each action.
GET_PARAMETERS: Final[Fields] = _DEVICES | {probatio.Optional(ATTR_PARAMETERS): _TEXTS}
CHECK_PARAMETERS: Final[Fields] = _DEVICES | {probatio.Optional(ATTR_CHEMISTRY): probatio.In(CHEMISTRIES)}
SET_PARAMETERS: Final[Fields] = _CHANGE | {probatio.Required(ATTR_PARAMETERS): {cv.string: object}}
APPLY_PRESET: Final[Fields] = _CHANGE | {probatio.Required(ATTR_CHEMISTRY): probatio.In(CHEMISTRIES)}

BACKUP_PARAMETERS: Final[Fields] = _DEVICES | {probatio.Required(ATTR_NAME): _PROFILE_NAME}
COMPARE_PARAMETERS: Final[Fields] = _DEVICES | _PROFILE_OR_DATA
RESTORE_PARAMETERS: Final[Fields] = _CHANGE | _PROFILE_OR_DATA | {probatio.Optional(ATTR_PARAMETERS): _TEXTS_NOT_EMPTY}
LIST_PROFILES: Final[Fields] = {}
DELETE_PROFILES: Final[Fields] = {probatio.Required(ATTR_NAME): _TEXTS_NOT_EMPTY}

CALIBRATE_VOLTAGE: Final[Fields] = _DEVICE | _CONFIRMATION | {probatio.Required(ATTR_VOLTAGE): _positive(1000)}
CALIBRATE_CURRENT: Final[Fields] = _DEVICE | _CONFIRMATION | {probatio.Required(ATTR_CURRENT): _positive(2000)}

EVALUATE_PROTECTION: Final[Fields] = _DEVICES | {
    probatio.Optional(ATTR_CELL_VOLTAGES): probatio.All(
        cv.ensure_list, [_between(0, 6)], probatio.Length(min=1, max=_MAX_CELLS)
    ),
    probatio.Optional(ATTR_CURRENT): _between(-3000, 3000),
    probatio.Optional(ATTR_TEMPERATURES): probatio.All(
        cv.ensure_list, [_between(-60, 150)], probatio.Length(max=_MAX_CELLS)
    ),
    probatio.Optional(ATTR_POWER_STAGE_TEMPERATURE): _between(-60, 200),
    probatio.Optional(ATTR_SOC): _between(0, 100),
    probatio.Optional(ATTR_DURATION, default=DEFAULT_DURATION): _between(0, 86_400),
    probatio.Optional(ATTR_PARAMETERS): {cv.string: object},
}

RELEASE_CONNECTION: Final[Fields] = _DEVICES | {
    probatio.Optional(ATTR_MINUTES, default=DEFAULT_RELEASE): probatio.All(
        probatio.Coerce(float), probatio.Range(min=0, max=1440)
    )
}

RECORD_FRAMES: Final[Fields] = _DEVICES | {
    probatio.Optional(ATTR_MINUTES, default=5): probatio.All(probatio.Coerce(float), probatio.Range(min=1, max=60))
}
