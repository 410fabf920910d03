"""The parameters of a simulated JK pack whose firmware takes every command."""

from custom_components.smart_bms.bms.jk.catalog import catalog_of
from custom_components.smart_bms.bms.jk.layouts import Variant
from custom_components.smart_bms.bms.jk.settings import decode_settings
from custom_components.smart_bms.bms.reading import Identity

from .packs import settings

VALUES = dict(decode_settings(settings(), Variant.JK02_32S, 0.0).values) | {"short_circuit_delay": 1500}
CATALOG = catalog_of(
    Identity(family="jk", variant="JK02_32S", model="JK_PB2A16S20P", details={"commands": tuple(range(64))}), VALUES
)
