"""Packs as a bank sees them."""

from dataclasses import replace
from typing import Any

from custom_components.smart_bms.bank.member import BankMember, MemberLimits
from custom_components.smart_bms.bms.reading import Reading
from custom_components.smart_bms.protection.relays import Tristate

YES, NO, UNKNOWN = Tristate.YES, Tristate.NO, Tristate.UNKNOWN


def member(
    key: str,
    *,
    age: float = 1.0,
    charge: Tristate = YES,
    discharge: Tristate = YES,
    limits: MemberLimits | None = None,
    **values: Any,
) -> BankMember:
    """Return a pack of a bank on which all is well, but for these values."""
    usual: dict[str, Any] = {
        "voltage": 52.0,
        "current": -20.0,
        "soc": 60.0,
        "full_capacity": 100.0,
        "remaining_capacity": 60.0,
        "cell_voltages": (3.25, 3.26),
        "temperatures": {"temperature_1": 20.0, "mosfet": 60.0},
        "alarms": (),
    }
    return BankMember(
        key=key,
        name=key.upper(),
        reading=Reading(measured_at=0.0, **usual | values),
        age=age,
        charge=charge,
        discharge=discharge,
        limits=limits or MemberLimits(charge_voltage=56.0, charge_current=50.0, discharge_current=100.0),
    )


def stale(item: BankMember) -> BankMember:
    """Return the same pack after it fell silent."""
    return replace(item, reading=None, age=99.0, charge=UNKNOWN, discharge=UNKNOWN)


PARALLEL = (("a",), ("b",))
SERIES = (("a", "b"),)
