"""Codes of what matters now about a pack, and how much each matters. The surface has a sentence for each."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from ..bms.connection_state import ConnectionState
from .hints import CONTRADICTION, RESTARTS_CROSSED, SENSOR_MISSING
from .rules import BOTH, CHARGE, DISCHARGE, ProtectedQuantity, Side


class StatusRank(IntEnum):
    """How much something matters; the lower, the more. The first that holds is shown."""

    ACCESS = 1
    """Password or pairing needed."""
    NO_DATA = 2
    """Out of reach, silent, repeating old data."""
    TRIPPED = 3
    """A protection tripped, or the pack reports a fault."""
    PENDING = 4
    """The delay of a protection runs."""
    NOT_ALLOWED = 5
    """The pack may not be charged or discharged."""
    MISMATCH = 6
    """Pack and rules disagree, or the pack warns."""
    HELD_BACK = 7
    """A limit in force takes current away, or a cut-off is ahead."""
    ADVICE = 8
    FULL = 9
    NOT_KNOWN = 10
    """Not everything is known."""
    ALL_WELL = 11


OF_LINK: Final[Mapping[ConnectionState, str]] = {
    ConnectionState.CONNECTING: "connecting",
    ConnectionState.IDENTIFYING: "connecting",
    ConnectionState.STREAMING: "connecting",
    ConnectionState.STOPPED: "connecting",
    ConnectionState.FROZEN: "frozen",
    ConnectionState.SILENT: "silent",
    ConnectionState.IMPLAUSIBLE: "implausible",
    ConnectionState.CONNECTION_LOST: "connection_lost",
    ConnectionState.NO_CONNECTABLE_PATH: "out_of_reach",
    ConnectionState.NO_FREE_SLOT: "no_free_slot",
    ConnectionState.CONNECT_FAILED: "connection_failed",
    ConnectionState.PAIRING_NEEDED: "pairing_needed",
    ConnectionState.PASSWORD_NEEDED: "password_needed",
    ConnectionState.WRONG_PASSWORD: "wrong_password",
    ConnectionState.NOT_THIS_KIND: "not_this_kind",
    ConnectionState.WAITING_FOR_TURN: "waiting_for_turn",
    ConnectionState.RESTING: "resting",
    ConnectionState.RELEASED: "released",
}
NEEDS_ACCESS: Final = frozenset(
    {ConnectionState.PAIRING_NEEDED, ConnectionState.PASSWORD_NEEDED, ConnectionState.WRONG_PASSWORD}
)

_SECOND_LAYERS: Final = (
    *("cell_overvoltage", "cell_undervoltage", "pack_overvoltage", "pack_undervoltage"),
    *("charge_overtemperature", "charge_undertemperature", "discharge_overtemperature", "discharge_undertemperature"),
    *("cell_imbalance", "temperature_imbalance", "mosfet_overtemperature"),
    *("charge_overcurrent", "discharge_overcurrent"),
)
_CAUSES: Final[Mapping[str, tuple[frozenset[Side], str]]] = {
    "cell_overvoltage": (CHARGE, "cell_full"),
    "pack_overvoltage": (CHARGE, "pack_full"),
    "cell_undervoltage": (DISCHARGE, "cell_empty"),
    "pack_undervoltage": (DISCHARGE, "pack_empty"),
    "charge_overcurrent": (CHARGE, "overcurrent"),
    "discharge_overcurrent": (DISCHARGE, "overcurrent"),
    "discharge_overcurrent_2": (DISCHARGE, "overcurrent"),
    "discharge_overcurrent_3": (DISCHARGE, "overcurrent"),
    "charge_short_circuit": (CHARGE, "short_circuit"),
    "discharge_short_circuit": (DISCHARGE, "short_circuit"),
    "short_circuit": (BOTH, "short_circuit"),
    "charge_overtemperature": (CHARGE, "hot"),
    "discharge_overtemperature": (DISCHARGE, "hot"),
    "cell_overtemperature": (BOTH, "hot"),
    "charge_undertemperature": (CHARGE, "cold"),
    "discharge_undertemperature": (DISCHARGE, "cold"),
    "cell_undertemperature": (BOTH, "cold"),
    "mosfet_overtemperature": (BOTH, "power_stage_hot"),
    "cell_imbalance": (BOTH, "imbalance"),
    "temperature_imbalance": (BOTH, "temperature_difference"),
    "automatic_shutdown": (BOTH, "shutdown"),
}
"""By protection, which is named as its alarm: what it stops, and why."""
CAUSES: Final[Mapping[str, tuple[frozenset[Side], str]]] = {
    **_CAUSES,
    **{f"{name}_2": _CAUSES[name] for name in _SECOND_LAYERS},
    **{f"hardware_{name}": _CAUSES[name] for name in ("cell_overvoltage", "cell_undervoltage")},
}
"""The same with the further layers of protections."""
WHEN_CHARGED: Final[Mapping[str, str]] = {
    "charge_overtemperature": "charging_not_allowed_hot",
    "charge_undertemperature": "charging_not_allowed_cold",
}
"""By protection that only trips while the pack is charged: it would."""
HELD_BACK: Final[Mapping[tuple[Side, str], str]] = {
    (Side.CHARGE, ProtectedQuantity.CELL_HIGHEST): "charging_held_back_cell_full",
    (Side.CHARGE, ProtectedQuantity.PACK_VOLTAGE): "charging_held_back_pack_full",
    (Side.CHARGE, ProtectedQuantity.SOC): "charging_held_back_soc",
    (Side.CHARGE, ProtectedQuantity.COLDEST): "charging_held_back_cold",
    (Side.CHARGE, ProtectedQuantity.HOTTEST): "charging_held_back_hot",
    (Side.CHARGE, ProtectedQuantity.POWER_STAGE): "charging_held_back_power_stage_hot",
    (Side.DISCHARGE, ProtectedQuantity.CELL_LOWEST): "discharging_held_back_cell_empty",
    (Side.DISCHARGE, ProtectedQuantity.PACK_VOLTAGE): "discharging_held_back_pack_empty",
    (Side.DISCHARGE, ProtectedQuantity.SOC): "discharging_held_back_soc",
    (Side.DISCHARGE, ProtectedQuantity.COLDEST): "discharging_held_back_cold",
    (Side.DISCHARGE, ProtectedQuantity.HOTTEST): "discharging_held_back_hot",
    (Side.DISCHARGE, ProtectedQuantity.POWER_STAGE): "discharging_held_back_power_stage_hot",
}
"""By side and what reduces its limit most."""
ADVICE_OF_HINTS: Final[Mapping[str, str]] = {
    SENSOR_MISSING: "sensor_missing",
    CONTRADICTION: "check_parameters",
    RESTARTS_CROSSED: "check_parameters",
    "wires_in_wrong_order": "check_wires",
    "wire_between_cells": "check_wires",
    "front_end_error": "check_wires",
}
CELLS_DOUBTFUL: Final = "cells_doubtful"
CHANGED_ELSEWHERE: Final = "changed_elsewhere"
FULL_CHARGE_ADVISED: Final = "full_charge_advised"

_VERBS: Final = {CHARGE: "charging_stopped", DISCHARGE: "discharging_stopped", BOTH: "stopped"}


def stopped(protection: str) -> str | None:
    """Return the code of a protection that stops something; None if there is no word of its own for it."""
    found = CAUSES.get(protection)
    return None if found is None else f"{_VERBS[found[0]]}_{found[1]}"


FAULT: Final = "fault"
FULL: Final = "full"
ALL_WELL: Final = "all_well"
CODES: Final = tuple(
    dict.fromkeys(
        (
            *OF_LINK.values(),
            *(f"{_VERBS[sides]}_{cause}" for sides, cause in CAUSES.values()),
            FAULT,
            "charging_stops_soon",
            "discharging_stops_soon",
            "stops_soon",
            *WHEN_CHARGED.values(),
            "charging_blocked",
            "discharging_blocked",
            "charging_switched_off",
            "discharging_switched_off",
            "discharging_waits",
            "mismatch",
            "warning",
            *HELD_BACK.values(),
            "cut_off_ahead",
            "shutdown_ahead",
            *ADVICE_OF_HINTS.values(),
            CELLS_DOUBTFUL,
            CHANGED_ELSEWHERE,
            FULL_CHARGE_ADVISED,
            FULL,
            "parameters_not_read",
            "rules_not_known",
            "not_known",
            ALL_WELL,
        )
    )
)
"""Every code that a pack may have."""
