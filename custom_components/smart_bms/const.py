"""Names that Home Assistant's side shares."""

from typing import Final

DOMAIN: Final = "smart_bms"
DOCUMENTATION: Final = "https://github.com/smart-bms/smart-bms/blob/main/docs"

CONF_CATALOGUE: Final = "catalogue"
CONF_FAMILY: Final = "family"
CONF_FEATURES: Final = "features"
CONF_IDENTITY: Final = "identity"
CONF_PACK: Final = "pack"
CONF_POLLING: Final = "polling"
CONF_SIMULATED: Final = "simulated"
CONF_POLL_INTERVAL: Final = "interval"

CONF_INTERVALS: Final = "intervals"
CONF_DEAD_BANDS: Final = "dead_bands"
CONF_CONTROL: Final = "control"
CONF_CURRENT: Final = "current"
CONF_LIMITS: Final = "limits"
CONF_ALLOW_CONTROL: Final = "allow_control"
CONF_ALLOW_DANGEROUS: Final = "allow_dangerous"
CONF_EXPERIMENTAL: Final = "experimental_writes"
CONF_REREAD_INTERVAL: Final = "reread_interval"
EVENT_PARAMETER: Final = "smart_bms_parameter"
"""A parameter was written, or changed by somebody else."""
