"""Names that Home Assistant's side shares."""

from typing import Final

DOMAIN: Final = "smart_bms"

CONF_FAMILY: Final = "family"
CONF_FEATURES: Final = "features"
CONF_IDENTITY: Final = "identity"
CONF_INTERVALS: Final = "intervals"
CONF_DEAD_BANDS: Final = "dead_bands"
