"""The rules by which the simulated boards protect, each as a table of looks and what is on after them."""

from dataclasses import replace

import pytest

from custom_components.smart_bms.simulator.daly.protections import DalyProtections
from custom_components.smart_bms.simulator.jbd.protections import JbdProtections
from custom_components.smart_bms.simulator.jk.protections import JkProtections
from custom_components.smart_bms.simulator.measurement import Measurement
from custom_components.smart_bms.simulator.protections import Protections

CALM = Measurement(
    cells=(3300, 3301, 3299, 3300), pack=13200, current=0, probes=(20.0, 22.0, 21.0), power_stage=25.0, soc=60.0
)
JK = {
    "cell_undervoltage": 2.7,
    "cell_undervoltage_release": 2.9,
    "cell_overvoltage": 3.6,
    "cell_overvoltage_release": 3.5,
    "max_charge_current": 10.0,
    "charge_overcurrent_delay": 10.0,
    "charge_overcurrent_release": 50.0,
    "max_discharge_current": 100.0,
    "discharge_overcurrent_delay": 10.0,
    "discharge_overcurrent_release": 50.0,
    "charge_overtemperature": 60.0,
    "charge_overtemperature_release": 55.0,
    "charge_undertemperature": 0.0,
    "charge_undertemperature_release": 5.0,
    "discharge_overtemperature": 65.0,
    "discharge_overtemperature_release": 60.0,
    "discharge_undertemperature": -20.0,
    "discharge_undertemperature_release": -15.0,
    "mosfet_overtemperature": 90.0,
    "mosfet_overtemperature_release": 70.0,
    "power_off_voltage": 2.6,
}
JBD = {
    "cell_overvoltage": 3.65,
    "cell_overvoltage_release": 3.55,
    "cell_overvoltage_delay": 2.0,
    "cell_undervoltage": 2.5,
    "cell_undervoltage_release": 2.7,
    "cell_undervoltage_delay": 2.0,
    "pack_overvoltage": 14.6,
    "pack_overvoltage_release": 14.2,
    "pack_overvoltage_delay": 2.0,
    "pack_undervoltage": 10.0,
    "pack_undervoltage_release": 10.8,
    "pack_undervoltage_delay": 2.0,
    "charge_overtemperature": 65.0,
    "charge_overtemperature_release": 55.0,
    "charge_overtemperature_delay": 3.0,
    "charge_undertemperature": 0.0,
    "charge_undertemperature_release": 5.0,
    "charge_undertemperature_delay": 3.0,
    "discharge_overtemperature": 75.0,
    "discharge_overtemperature_release": 65.0,
    "discharge_overtemperature_delay": 3.0,
    "discharge_undertemperature": -10.0,
    "discharge_undertemperature_release": 0.0,
    "discharge_undertemperature_delay": 3.0,
    "max_charge_current": 50.0,
    "charge_overcurrent_delay": 10.0,
    "charge_overcurrent_release": 32.0,
    "max_discharge_current": 100.0,
    "discharge_overcurrent_delay": 10.0,
    "discharge_overcurrent_release": 32.0,
}
# As D2 and A5 tell them.
DALY_PLAIN = {
    "cell_overvoltage_warning": 3.55,
    "cell_overvoltage": 3.6,
    "cell_undervoltage_warning": 2.75,
    "cell_undervoltage": 2.7,
    "pack_overvoltage_warning": 14.2,
    "pack_overvoltage": 15.0,
    "pack_undervoltage_warning": 10.8,
    "pack_undervoltage": 10.0,
    "charge_overtemperature_warning": 60.0,
    "charge_overtemperature": 65.0,
    "charge_undertemperature_warning": 5.0,
    "charge_undertemperature": 0.0,
    "discharge_overtemperature_warning": 65.0,
    "discharge_overtemperature": 70.0,
    "discharge_undertemperature_warning": -15.0,
    "discharge_undertemperature": -20.0,
    "charge_overcurrent_warning": 40.0,
    "max_charge_current": 50.0,
    "discharge_overcurrent_warning": 80.0,
    "max_discharge_current": 100.0,
    "cell_imbalance_warning": 0.5,
    "cell_imbalance": 0.8,
    "temperature_imbalance_warning": 10.0,
    "temperature_imbalance": 15.0,
    "soc_high_warning": 99.0,
    "soc_high": 100.0,
    "soc_low_warning": 10.0,
    "soc_low": 5.0,
}
# As 81 tells them.
DALY_81 = {key: value for key, value in DALY_PLAIN.items() if not key.startswith("soc_high")} | {
    "mosfet_overtemperature_warning": 90.0,
    "mosfet_overtemperature": 100.0,
    "mosfet_overtemperature_release": 65.0,
    "mosfet_overtemperature_delay": 1.0,
    "cell_overvoltage_release": 3.5,
    "cell_overvoltage_delay": 5.0,
    "cell_undervoltage_release": 2.9,
    "cell_undervoltage_delay": 5.0,
    "charge_overcurrent_delay": 2.0,
    "discharge_overcurrent_delay": 2.0,
    "soc_low_release": 12.0,
    "soc_low_delay": 1.0,
}
CHARGE, DISCHARGE, BOTH, NOTHING = (True, False), (False, True), (True, True), (False, False)


def highest(cell: int) -> dict:
    return {"cells": (3300, cell, 3300)}


def lowest(cell: int) -> dict:
    return {"cells": (cell, 3300, 3300)}


def pack(millivolt: int) -> dict:
    return {"pack": millivolt}


def probe(celsius: float) -> dict:
    """One probe that differs: at the lowest releases, which wait for all, it is the last one."""
    return {"probes": (20.0, celsius)}


def probes(*celsius: float) -> dict:
    return {"probes": celsius}


def charged(celsius: float) -> dict:
    return {"probes": (20.0, celsius), "current": 1}


def current(ampere: float) -> dict:
    return {"current": round(ampere * 1000)}


def stage(celsius: float) -> dict:
    return {"power_stage": celsius}


def soc(percent: float) -> dict:
    return {"soc": percent}


def look(protections: Protections, seconds: float, **changes) -> frozenset[str]:
    protections.evaluate(seconds, replace(CALM, **changes))
    return protections.alarms


def blocked(protections: Protections) -> tuple[bool, bool]:
    return protections.charge_blocked, protections.discharge_blocked


# Name, what is read, a reading that is just not wrong, one that is, one that does not release yet, one that does, what is
# blocked.
STRICT = [
    ("cell_overvoltage", highest, 3600, 3601, 3500, 3499, CHARGE),
    ("cell_undervoltage", lowest, 2700, 2699, 2900, 2901, DISCHARGE),
    ("charge_overtemperature", charged, 60, 60.1, 55, 54.9, CHARGE),
    ("charge_undertemperature", charged, 0, -0.1, 5, 5.1, CHARGE),
    ("discharge_overtemperature", probe, 65, 65.1, 60, 59.9, DISCHARGE),
    ("discharge_undertemperature", probe, -20, -20.1, -15, -14.9, DISCHARGE),
    ("mosfet_overtemperature", stage, 90, 90.1, 70, 69.9, BOTH),
]
INCLUSIVE = [
    ("cell_overvoltage", highest, 3649, 3650, 3551, 3550, CHARGE),
    ("cell_undervoltage", lowest, 2501, 2500, 2699, 2700, DISCHARGE),
    ("pack_overvoltage", pack, 14590, 14600, 14210, 14200, CHARGE),
    ("pack_undervoltage", pack, 10010, 10000, 10790, 10800, DISCHARGE),
    ("charge_overtemperature", probe, 64.9, 65, 55.1, 55, CHARGE),
    ("charge_undertemperature", probe, 0.1, 0, 4.9, 5, CHARGE),
    ("discharge_overtemperature", probe, 74.9, 75, 65.1, 65, DISCHARGE),
    ("discharge_undertemperature", probe, -9.9, -10, -0.1, 0, DISCHARGE),
]
# Released strictly inside of the warning.
PLAIN = [
    ("cell_overvoltage", highest, 3599, 3600, 3550, 3549, CHARGE),
    ("cell_undervoltage", lowest, 2701, 2700, 2750, 2751, DISCHARGE),
    ("pack_overvoltage", pack, 14900, 15000, 14200, 14100, CHARGE),
    ("pack_undervoltage", pack, 10100, 10000, 10800, 10900, DISCHARGE),
    ("charge_overtemperature", probe, 64, 65, 60, 59, CHARGE),
    ("charge_undertemperature", probe, 1, 0, 5, 6, CHARGE),
    ("discharge_overtemperature", probe, 69, 70, 65, 64, DISCHARGE),
    ("discharge_undertemperature", probe, -19, -20, -15, -14, DISCHARGE),
    ("cell_imbalance", lowest, 2501, 2500, 2800, 2801, BOTH),
    ("temperature_imbalance", probe, 34, 35, 30, 29, BOTH),
    ("soc_high", soc, 99.9, 100, 99, 98.9, NOTHING),
    ("soc_low", soc, 5.1, 5, 10, 10.1, NOTHING),
]
# Released strictly beyond a release of their own.
RELEASED = [
    ("cell_overvoltage", highest, 3599, 3600, 3500, 3499, CHARGE),
    ("cell_undervoltage", lowest, 2701, 2700, 2900, 2901, DISCHARGE),
    ("mosfet_overtemperature", stage, 99, 100, 65, 64, BOTH),
    ("soc_low", soc, 5.1, 5, 12, 12.1, NOTHING),
]
HYSTERESES = [
    (family, limits, *row)
    for family, limits, rows in (
        (JkProtections, JK, STRICT),
        (JbdProtections, JBD, INCLUSIVE),
        (DalyProtections, DALY_PLAIN, PLAIN),
        (DalyProtections, DALY_81, RELEASED),
    )
    for row in rows
]


@pytest.mark.parametrize(("family", "limits", "name", "reading", "good", "bad", "holds", "over", "blocks"), HYSTERESES)
def test_a_protection_trips_at_its_limit_and_holds_until_its_release(
    family, limits, name, reading, good, bad, holds, over, blocks
) -> None:
    # Its own limits alone: nothing else may block.
    protections = family({key: value for key, value in limits.items() if key.startswith(name)})
    delay = limits.get(f"{name}_delay", 0.0)
    assert name not in look(protections, 0.0, **reading(good))
    if delay:
        assert name not in look(protections, 1.0, **reading(bad))
        assert name not in look(protections, delay - 0.1, **reading(bad))
    assert blocked(protections) == NOTHING
    assert name in look(protections, 0.1, **reading(bad))
    assert blocked(protections) == blocks
    for value in (good, bad, holds):
        assert name in look(protections, 100.0, **reading(value))
        assert blocked(protections) == blocks
    assert name not in look(protections, 0.1, **reading(over))
    assert blocked(protections) == NOTHING
    assert name not in look(protections, 0.1, **reading(good))


# Name, limit, delay, release.
TIMED = [
    (JkProtections, JK, "charge_overcurrent", 10.0, 10.001, 1, CHARGE),
    (JkProtections, JK, "discharge_overcurrent", 100.0, 100.001, -1, DISCHARGE),
    (JbdProtections, JBD, "charge_overcurrent", 49.99, 50.0, 1, CHARGE),
    (JbdProtections, JBD, "discharge_overcurrent", 99.99, 100.0, -1, DISCHARGE),
]


@pytest.mark.parametrize(("family", "limits", "name", "good", "bad", "sign", "blocks"), TIMED)
def test_an_overcurrent_trips_after_the_delay_and_releases_after_the_release_time(
    family, limits, name, good, bad, sign, blocks
) -> None:
    protections = family(limits)
    delay, release = limits[f"{name}_delay"], limits[f"{name}_release"]
    good, bad = current(good * sign), current(bad * sign)

    def after(seconds: float, what: dict) -> bool:
        """Tell whether it is on at the end of some time, looked at every tenth of a second."""
        for _ in range(round(seconds * 10) - 1):
            look(protections, 0.1, **what)
        return name in look(protections, 0.1, **what)

    assert not after(60, good)
    look(protections, 0.1, **bad)
    assert not after(delay - 0.1, bad)
    # A dip restarts the count.
    assert not after(0.1, good)
    look(protections, 0.1, **bad)
    assert not after(delay - 0.1, bad)
    assert blocked(protections) == NOTHING
    assert after(0.1, bad)
    assert blocked(protections) == blocks
    assert after(release - 0.1, {})
    assert not after(0.1, {})
    assert blocked(protections) == NOTHING


def test_what_goes_on_through_the_release_counts_anew_from_it() -> None:
    protections = JkProtections(JK)
    on = [
        second
        for second in range(200)
        if "charge_overcurrent" in look(protections, 1.0 if second else 0.0, current=10_001)
    ]
    assert on == [*range(10, 60), *range(70, 120), *range(130, 180), *range(190, 200)]


@pytest.mark.parametrize("limits", [DALY_PLAIN, DALY_81])
@pytest.mark.parametrize(
    ("name", "sign", "warned", "bad", "blocks"),
    [("charge_overcurrent", 1, 40, 50, CHARGE), ("discharge_overcurrent", -1, 80, 100, DISCHARGE)],
)
def test_a_daly_overcurrent_is_latched_until_the_current_turns(limits, name, sign, warned, bad, blocks) -> None:
    protections = DalyProtections(limits)
    warning = f"{name}_warning"
    assert look(protections, 0.0, **current(sign * (warned - 0.1))) == set()
    assert look(protections, 1.0, **current(sign * warned)) == {warning}
    if delay := limits.get(f"{name}_delay"):
        assert look(protections, 1.0, **current(sign * bad)) == {warning}
        assert look(protections, delay - 0.1, **current(sign * bad)) == {warning}
    assert blocked(protections) == NOTHING
    assert look(protections, 0.1, **current(sign * bad)) == {warning, name}
    assert blocked(protections) == blocks
    assert look(protections, 1000.0) == {name}
    assert look(protections, 1.0, **current(sign * 0.1)) == {name}
    assert look(protections, 1.0, **current(-sign * 0.1)) == set()
    assert blocked(protections) == NOTHING


@pytest.mark.parametrize(
    ("name", "reading", "good", "on"),
    [
        ("cell_overvoltage", highest, 3549, 3550),
        ("cell_undervoltage", lowest, 2751, 2750),
        ("pack_overvoltage", pack, 14100, 14200),
        ("pack_undervoltage", pack, 10900, 10800),
        ("charge_overtemperature", probe, 59, 60),
        ("charge_undertemperature", probe, 6, 5),
        ("discharge_overtemperature", probe, 64, 65),
        ("discharge_undertemperature", probe, -14, -15),
        ("cell_imbalance", highest, 3799, 3800),
        ("temperature_imbalance", probe, 29, 30),
        ("mosfet_overtemperature", stage, 89, 90),
        ("soc_low", soc, 10.1, 10),
    ],
)
def test_a_warning_is_on_while_its_level_is_reached_and_blocks_nothing(name, reading, good, on) -> None:
    protections = DalyProtections({f"{name}_warning": DALY_81[f"{name}_warning"]})
    assert look(protections, 0.0, **reading(good)) == set()
    assert look(protections, 0.1, **reading(on)) == {f"{name}_warning"}
    assert blocked(protections) == NOTHING
    assert look(protections, 0.1, **reading(good)) == set()


# A story is a list of: seconds since the look before, what is seen, what is on then.
STORIES = {
    "a JK board minds the temperature of charging only while it charges": (
        JkProtections,
        JK,
        [
            (0, probe(-5), set()),
            (1, probe(-5) | current(-20), set()),
            (1, probe(-5) | current(0.001), {"charge_undertemperature"}),
            (1, probe(-5), {"charge_undertemperature"}),
            (1, probe(5.1), set()),
            (1, probe(62), set()),
            (1, probe(62) | current(1), {"charge_overtemperature"}),
            (1, probe(54.9) | current(1), set()),
        ],
    ),
    "a release waits for all cells and probes": (
        JkProtections,
        JK,
        [
            (0, {"cells": (3601, 3601, 3400)}, {"cell_overvoltage"}),
            (1, {"cells": (3499, 3500, 3400)}, {"cell_overvoltage"}),
            (1, {"cells": (3499, 3499, 3400)}, set()),
            (1, probes(66, 66), {"discharge_overtemperature"}),
            (1, probes(20, 60), {"discharge_overtemperature"}),
            (1, probes(20, 59.9), set()),
        ],
    ),
    "without probes what is on stays so": (
        JkProtections,
        JK,
        [
            (0, probes() | {"power_stage": None}, set()),
            (1, probe(70), {"discharge_overtemperature"}),
            (1, probes(), {"discharge_overtemperature"}),
            (1, probe(20), set()),
        ],
    ),
    "without probes there is no spread": (
        DalyProtections,
        DALY_81,
        [(0, probes(), set()), (1, probes(0), {"charge_undertemperature_warning", "charge_undertemperature"})],
    ),
    "a break starts the delay anew": (
        JbdProtections,
        JBD,
        [
            (0, highest(3650), set()),
            (1.9, highest(3650), set()),
            (0.05, highest(3649), set()),
            (0.05, highest(3650), set()),
            (1.9, highest(3650), set()),
            (0.1, highest(3650), {"cell_overvoltage"}),
        ],
    ),
    "a gap counts like looks": (
        JbdProtections,
        JBD,
        [
            (0, highest(3650), set()),
            (60, highest(3650), {"cell_overvoltage"}),
            (60, highest(3600), {"cell_overvoltage"}),
        ],
    ),
    "a JBD board minds temperatures whatever flows": (
        JbdProtections,
        JBD,
        [
            (0, probe(-10), set()),
            (3, probe(-10), {"charge_undertemperature", "discharge_undertemperature"}),
            (1, probe(2), {"charge_undertemperature"}),
            (1, probe(5), set()),
        ],
    ),
    "after a release the delay counts anew": (
        JbdProtections,
        JBD,
        [
            (0, highest(3650), set()),
            (2, highest(3650), {"cell_overvoltage"}),
            (1, highest(3550), set()),
            (1, highest(3650), set()),
            (2, highest(3650), {"cell_overvoltage"}),
        ],
    ),
    "a limit that releases where it trips holds": (
        JbdProtections,
        JBD | {"cell_overvoltage_release": 3.65},
        [
            (0, highest(3650), set()),
            (2, highest(3650), {"cell_overvoltage"}),
            (2, highest(3650), {"cell_overvoltage"}),
            (2, highest(3649), set()),
        ],
    ),
    "what has no release lasts as long as what is wrong": (
        JkProtections,
        {"max_charge_current": 10.0, "cell_overvoltage": 3.6},
        [
            (0, current(11) | highest(3601), {"charge_overcurrent", "cell_overvoltage"}),
            (99, current(11) | highest(3601), {"charge_overcurrent", "cell_overvoltage"}),
            (1, current(10) | highest(3600), set()),
        ],
    ),
    "both levels of a Daly board show": (
        DalyProtections,
        DALY_PLAIN,
        [
            (0, highest(3550), {"cell_overvoltage_warning"}),
            (1, highest(3600), {"cell_overvoltage_warning", "cell_overvoltage"}),
            (1, highest(3549), set()),
        ],
    ),
    "a release of its own goes below the warning": (
        DalyProtections,
        DALY_81,
        [
            (0, highest(3600), {"cell_overvoltage_warning"}),
            (5, highest(3600), {"cell_overvoltage_warning", "cell_overvoltage"}),
            (1, highest(3510), {"cell_overvoltage"}),
            (1, highest(3499), set()),
        ],
    ),
    "what there are no limits of does not exist": (
        DalyProtections,
        {},
        [(0, highest(5000) | lowest(0) | probes(-50, 120) | stage(200) | soc(0) | current(900), set())],
    ),
}


@pytest.mark.parametrize(("family", "limits", "story"), STORIES.values(), ids=STORIES)
def test_stories(family, limits, story) -> None:
    protections = family(limits)
    for seconds, changes, expected in story:
        assert look(protections, seconds, **changes) == expected


def test_limits_are_compared_as_they_go_over_the_wire() -> None:
    # 4.1 * 1000 is a little less than 4100 to a computer.
    protections = JbdProtections({"cell_overvoltage": 4.1, "max_charge_current": 16.1, "charge_overtemperature": 50.3})
    assert look(protections, 0.0, cells=(4099,), current=16_090, probes=(50.2,)) == set()
    assert look(protections, 0.1, cells=(4100,), current=16_100, probes=(50.300000001,)) == {
        "cell_overvoltage",
        "charge_overcurrent",
        "charge_overtemperature",
    }


def test_a_hundred_hundredths_of_a_second_are_one() -> None:
    protections = JbdProtections({"cell_overvoltage": 3.6, "cell_overvoltage_delay": 1.0})
    looks = [look(protections, 0.01, **highest(3600)) for _ in range(101)]
    assert [bool(alarms) for alarms in looks] == [False] * 100 + [True]


def test_limits_are_looked_up_at_every_look() -> None:
    limits = dict(JK)
    protections = JkProtections(limits)
    assert look(protections, 0.0, **highest(3601)) == {"cell_overvoltage"}
    limits["cell_overvoltage"], limits["cell_overvoltage_release"] = 3.7, 3.65
    assert look(protections, 1.0, **highest(3601)) == set()
    limits["cell_overvoltage"] = 3.601
    assert look(protections, 1.0, **highest(3602)) == {"cell_overvoltage"}
    del limits["cell_overvoltage"]
    assert look(protections, 1.0, **highest(3602)) == set()


def test_an_empty_cell_switches_a_jk_board_off_until_a_charger_has_filled_it() -> None:
    protections = JkProtections(JK)
    for changes, off in (
        (lowest(2601), False),
        (lowest(2600), True),
        (lowest(3000), True),
        (lowest(2700) | current(5), True),
        (lowest(2900) | current(5), True),
        (lowest(2901) | current(-5), True),
        (lowest(2901) | current(5), False),
        (lowest(2601), False),
    ):
        look(protections, 1.0, **changes)
        assert protections.powered_off is off
        if off:
            assert blocked(protections) == BOTH


@pytest.mark.parametrize("family", [JkProtections, JbdProtections, DalyProtections])
def test_without_a_shutdown_voltage_nothing_switches_off(family) -> None:
    protections = family({})
    look(protections, 0.0, cells=(0, 0))
    assert not protections.powered_off
    assert blocked(protections) == NOTHING


def test_a_restart_forgets_all_but_what_only_the_current_takes_back() -> None:
    protections = DalyProtections(DALY_PLAIN)
    look(protections, 0.0, **highest(3600), **current(50))
    assert blocked(protections) == CHARGE
    protections.restart()
    assert look(protections, 1.0, **highest(3575)) == {"charge_overcurrent", "cell_overvoltage_warning"}
    assert look(protections, 1.0, **current(-0.1)) == set()


@pytest.mark.parametrize(
    ("family", "limits"),
    [(JkProtections, JK), (JbdProtections, JBD), (DalyProtections, DALY_PLAIN), (DalyProtections, DALY_81)],
)
def test_a_calm_pack_trips_nothing_whatever_the_order_of_its_cells(family, limits) -> None:
    protections = family(limits)
    for order in ((0, 1, 2, 3), (3, 1, 0, 2)):
        assert look(protections, 10.0, cells=tuple(CALM.cells[place] for place in order)) == set()
    assert blocked(protections) == NOTHING
    assert not protections.powered_off
