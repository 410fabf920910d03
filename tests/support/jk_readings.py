"""Runtime frames of JK packs, decoded."""

from custom_components.smart_bms.bms.jk.decode import decode_reading
from custom_components.smart_bms.bms.jk.layouts import Variant
from custom_components.smart_bms.bms.reading import Reading


def decoded(frame: bytes, variant: str = "JK02_32S") -> Reading:
    """Return the reading of a runtime frame that came at 12.5 s."""
    return decode_reading(frame, Variant(variant), 12.5)
