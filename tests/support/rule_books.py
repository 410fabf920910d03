"""The families, each with limits as real packs of it have them."""

from collections.abc import Iterable
from typing import Any

from custom_components.smart_bms.protection.daly import DALY
from custom_components.smart_bms.protection.jbd import JBD
from custom_components.smart_bms.protection.jk import JK
from custom_components.smart_bms.simulator.daly.protections import DalyProtections
from custom_components.smart_bms.simulator.jbd.protections import JbdProtections
from custom_components.smart_bms.simulator.jk.protections import JkProtections

from .jk_profiles import Family

JK_LFP: dict[str, float] = {
    "cell_undervoltage": 2.7,
    "cell_undervoltage_release": 2.9,
    "cell_overvoltage": 3.6,
    "cell_overvoltage_release": 3.5,
    "power_off_voltage": 2.6,
    "max_charge_current": 100.0,
    "charge_overcurrent_delay": 30,
    "charge_overcurrent_release": 60,
    "max_discharge_current": 150.0,
    "discharge_overcurrent_delay": 30,
    "discharge_overcurrent_release": 60,
    "charge_overtemperature": 60.0,
    "charge_overtemperature_release": 55.0,
    "discharge_overtemperature": 60.0,
    "discharge_overtemperature_release": 55.0,
    "charge_undertemperature": 0.0,
    "charge_undertemperature_release": 5.0,
    "mosfet_overtemperature": 75.0,
    "mosfet_overtemperature_release": 70.0,
    "balance_trigger": 0.01,
    "balance_start_voltage": 3.4,
}
JK_QUICK = JK_LFP | {
    "charge_overcurrent_delay": 2,
    "charge_overcurrent_release": 5,
    "discharge_overcurrent_delay": 3,
    "discharge_overcurrent_release": 7,
    "discharge_undertemperature": -20.0,
    "discharge_undertemperature_release": -15.0,
}


def delayed(limits: dict[str, float], names: Iterable[str], seconds: float) -> dict[str, float]:
    """Return limits with a delay for each of these protections."""
    return limits | {f"{name}_delay": seconds for name in names}


_JBD_PLAIN: dict[str, float] = {
    "cell_overvoltage": 3.65,
    "cell_overvoltage_release": 3.55,
    "cell_undervoltage": 2.5,
    "cell_undervoltage_release": 2.7,
    "pack_overvoltage": 14.6,
    "pack_overvoltage_release": 14.2,
    "pack_undervoltage": 10.0,
    "pack_undervoltage_release": 10.8,
    "charge_overtemperature": 75.0,
    "charge_overtemperature_release": 55.0,
    "charge_undertemperature": -10.0,
    "charge_undertemperature_release": 0.0,
    "discharge_overtemperature": 75.0,
    "discharge_overtemperature_release": 55.0,
    "discharge_undertemperature": -10.0,
    "discharge_undertemperature_release": 0.0,
    "max_charge_current": 230.0,
    "charge_overcurrent_release": 30,
    "max_discharge_current": 230.0,
    "discharge_overcurrent_release": 30,
}
_JBD_NAMES = [rule.protection for rule in JBD.rules if not rule.optional]
JBD_REAL = delayed(_JBD_PLAIN, _JBD_NAMES, 2) | {"charge_overcurrent_delay": 10, "discharge_overcurrent_delay": 10}

JBD_CHIP = JBD_REAL | {"hardware_cell_overvoltage": 3.7, "hardware_cell_undervoltage": 2.4}
"""With the limits of the measurement chip, which acts without the delay of the software."""

DALY_D2: dict[str, float] = {
    "cell_overvoltage_warning": 3.5,
    "cell_overvoltage": 3.6,
    "cell_undervoltage_warning": 2.6,
    "cell_undervoltage": 2.5,
    "pack_overvoltage_warning": 14.0,
    "pack_overvoltage": 14.4,
    "pack_undervoltage_warning": 10.6,
    "pack_undervoltage": 10.2,
    "charge_overcurrent_warning": 160.0,
    "max_charge_current": 200.0,
    "discharge_overcurrent_warning": 160.0,
    "max_discharge_current": 200.0,
    "charge_overtemperature_warning": 60.0,
    "charge_overtemperature": 65.0,
    "charge_undertemperature_warning": 5.0,
    "charge_undertemperature": 0.0,
    "discharge_overtemperature_warning": 65.0,
    "discharge_overtemperature": 70.0,
    "discharge_undertemperature_warning": -15.0,
    "discharge_undertemperature": -20.0,
    "cell_imbalance_warning": 0.5,
    "cell_imbalance": 0.8,
    "temperature_imbalance_warning": 10.0,
    "temperature_imbalance": 15.0,
    "soc_low_warning": 10.0,
    "soc_low": 5.0,
    "soc_high_warning": 95.0,
    "soc_high": 100.0,
}
_DALY_LEVELS = (
    "cell_overvoltage",
    "cell_undervoltage",
    "pack_overvoltage",
    "pack_undervoltage",
    "charge_overtemperature",
    "charge_undertemperature",
    "discharge_overtemperature",
    "discharge_undertemperature",
    "cell_imbalance",
    "temperature_imbalance",
    "soc_low",
    "mosfet_overtemperature",
)
DALY_81 = delayed(
    {key: value for key, value in DALY_D2.items() if not key.startswith("soc_high")}
    | {
        "cell_overvoltage_release": 3.45,
        "cell_undervoltage_release": 2.7,
        "pack_overvoltage_release": 13.8,
        "pack_undervoltage_release": 10.7,
        "charge_overtemperature_release": 55.0,
        "charge_undertemperature_release": 6.0,
        "discharge_overtemperature_release": 60.0,
        "discharge_undertemperature_release": -14.0,
        "cell_imbalance_release": 0.45,
        "temperature_imbalance_release": 12.0,
        "soc_low_release": 12.0,
        "mosfet_overtemperature_warning": 95.0,
        "mosfet_overtemperature": 100.0,
        "mosfet_overtemperature_release": 65.0,
        "charge_overcurrent_delay": 3.0,
        "discharge_overcurrent_delay": 3.0,
    },
    _DALY_LEVELS,
    1.0,
) | {"cell_overvoltage_delay": 5.0, "cell_undervoltage_delay": 5.0}

DALY_LAYERS = DALY_81 | {
    "cell_overvoltage_2": 3.62,
    "cell_overvoltage_2_release": 3.5,
    "cell_overvoltage_2_delay": 1.0,
    "cell_undervoltage_2": 2.45,
    "cell_undervoltage_2_release": 2.75,
    "cell_undervoltage_2_delay": 1.0,
    "pack_overvoltage_2": 14.5,
    "pack_overvoltage_2_release": 14.1,
    "pack_undervoltage_2": 10.0,
    "pack_undervoltage_2_release": 10.4,
    "charge_overtemperature_2": 68.0,
    "charge_overtemperature_2_release": 62.0,
    "charge_undertemperature_2": -5.0,
    "charge_undertemperature_2_release": 2.0,
    "charge_overcurrent_2": 240.0,
    "charge_overcurrent_2_delay": 1.0,
    "discharge_overcurrent_2": 240.0,
    "discharge_overcurrent_2_delay": 1.0,
    "mosfet_overtemperature_2": 105.0,
    "mosfet_overtemperature_2_release": 90.0,
}
"""With a second layer behind each protection."""

SMART123_SETTINGS: dict[str, Any] = {
    "cell_undervoltage": 2.8,
    "cell_overvoltage": 3.65,
    "balance_start_voltage": 3.5,
    "charge_undertemperature": 0.0,
    "cell_overtemperature": 50.0,
    "charge_restart_soc": 90,
    "discharge_restart_soc": 20,
    "critical_mode": False,
}

FAMILIES = {
    "jk": Family(JK, JkProtections, (JK_LFP, JK_QUICK)),
    "jbd": Family(JBD, JbdProtections, (JBD_REAL, delayed(_JBD_PLAIN, _JBD_NAMES, 0), JBD_CHIP)),
    "daly": Family(DALY, DalyProtections, (DALY_D2, DALY_81, DALY_LAYERS)),
}
