"""State-of-charge window of a bank: how its target and floor reduce the limits that its packs allow."""

from dataclasses import replace

from ..protection.soc_plan import FLOOR, TARGET, SocWindow
from .member import MemberLimits


def within_window(limits: MemberLimits, window: SocWindow) -> MemberLimits:
    """Return the limits of a bank with what its own plan leaves of them."""
    charge, discharge = window.charge_share(), window.discharge_share()
    if charge < 1 and limits.charge_current:
        limits = replace(limits, charge_current=limits.charge_current * charge, charge_limited_by=TARGET)
    if discharge < 1 and limits.discharge_current:
        limits = replace(limits, discharge_current=limits.discharge_current * discharge, discharge_limited_by=FLOOR)
    return limits
