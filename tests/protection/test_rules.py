"""Every row of the rule tables: moments of (seconds, what is measured) and the state expected after each."""

import pytest

from custom_components.smart_bms.protection.daly import DALY
from custom_components.smart_bms.protection.jbd import JBD
from custom_components.smart_bms.protection.jk import JK
from custom_components.smart_bms.protection.rules import RuleSet
from tests.support.protection_life import Life
from tests.support.rule_books import DALY_81, DALY_D2, JBD_REAL, JK_LFP, JK_QUICK

C, P, T, U = "clear", "pending", "tripped", "unknown"
CHARGING, DISCHARGING = {"current": 10.0}, {"current": -10.0}
JK_MANUAL = JK_LFP | {
    "max_charge_current": 10.0,
    "charge_overcurrent_delay": 10,
    "charge_overcurrent_release": 50,
    "max_discharge_current": 100.0,
    "discharge_overcurrent_delay": 10,
    "discharge_overcurrent_release": 50,
}

type Moments = list[tuple[float, dict[str, float], str]]

JK_ROWS: list[tuple[str, str, Moments]] = [
    (
        "cell_undervoltage",
        "discharge",
        [(1, {"lowest": 2.7}, C), (1, {"lowest": 2.699}, T), (1, {"lowest": 2.9}, T), (1, {"lowest": 2.901}, C)],
    ),
    (
        "cell_overvoltage",
        "charge",
        [(1, {"highest": 3.6}, C), (1, {"highest": 3.601}, T), (1, {"highest": 3.5}, T), (1, {"highest": 3.499}, C)],
    ),
    (
        "charge_overtemperature",
        "charge",
        [
            (1, {"hottest": 60.1}, C),  # only while charging
            (1, {"hottest": 60.0} | CHARGING, C),
            (1, {"hottest": 60.1} | CHARGING, T),
            (1, {"hottest": 60.1}, T),
            (1, {"hottest": 55.0}, T),
            (1, {"hottest": 54.9}, C),
        ],
    ),
    (
        "charge_undertemperature",
        "charge",
        [
            (1, {"coldest": -0.1}, C),
            (1, {"coldest": 0.0} | CHARGING, C),
            (1, {"coldest": -0.1} | CHARGING, T),
            (1, {"coldest": 5.0}, T),
            (1, {"coldest": 5.1}, C),
        ],
    ),
    (
        "discharge_overtemperature",
        "discharge",
        [(1, {"hottest": 60.0}, C), (1, {"hottest": 60.1}, T), (1, {"hottest": 55.0}, T), (1, {"hottest": 54.9}, C)],
    ),
    (
        "discharge_undertemperature",
        "discharge",
        [(1, {"coldest": -20.0}, C), (1, {"coldest": -20.1}, T), (1, {"coldest": -15}, T), (1, {"coldest": -14.9}, C)],
    ),
    (
        "mosfet_overtemperature",
        "charge discharge",
        [(1, {"stage": 75.0}, C), (1, {"stage": 75.1}, T), (1, {"stage": 70.0}, T), (1, {"stage": 69.9}, C)],
    ),
    (
        "automatic_shutdown",
        "charge discharge",
        [(1, {"lowest": 2.601}, C), (1, {"lowest": 2.6}, T), (1, {"lowest": 2.601}, C)],
    ),
]


def check(rules: RuleSet, limits: dict, protection: str, blocks: str, moments: Moments) -> None:
    """Let a pack live through the moments; what is tripped blocks its sides, and nothing else blocks any."""
    life = Life(rules, limits)
    for seconds, values, expected in moments:
        life.see(seconds, **values)
        assert life.state(protection) == expected, (values, life.now)
        if expected == T:
            for side in blocks.split():
                assert life.answer(side) == "no"
                assert any(reason.endswith(protection) for reason in life.codes(side))
    life.see(1)  # whatever else the same values tripped
    assert {life.answer(side) for side in ("charge", "discharge")} == {"yes"}


@pytest.mark.parametrize(("protection", "blocks", "moments"), JK_ROWS, ids=[row[0] for row in JK_ROWS])
def test_jk(protection, blocks, moments):
    check(JK, JK_QUICK, protection, blocks, moments)


MANUAL: list[tuple[str, str, Moments]] = [
    (
        "charge_overcurrent",
        "charge",
        [
            (1, {"current": 10.0}, C),
            (1, {"current": 10.1}, P),
            (9, {"current": 10.1}, P),
            (1, {"current": 10.1}, T),
            (10, {}, T),
            (10, {}, T),
            (10, {}, T),
            (10, {}, T),
            (9, {}, T),
            (1, {}, C),
        ],
    ),
    (
        "discharge_overcurrent",
        "discharge",
        [
            (1, {"current": -100.0}, C),
            (1, {"current": -100.1}, P),
            (9.5, {"current": -120}, P),
            (0.5, {"current": -120}, T),
            *[(10, {}, T)] * 4,
            (9.5, {}, T),
            (0.5, {}, C),
        ],
    ),
    (
        "charge_overcurrent",
        "charge",
        [
            (1, {"current": 10.1}, P),
            (9, {"current": 10.1}, P),
            (0.5, {"current": 9.9}, C),  # the dip restarts the count
            (0.5, {"current": 10.1}, P),
            (9, {"current": 10.1}, P),
            (1, {"current": 10.1}, T),
            *[(10, {}, T)] * 4,
            (10, {}, C),
        ],
    ),
]


@pytest.mark.parametrize(("protection", "blocks", "moments"), MANUAL)
def test_the_examples_of_the_manual_come_out_to_the_second(protection, blocks, moments):
    check(JK, JK_MANUAL, protection, blocks, moments)


def test_a_short_circuit_is_only_known_from_the_pack():
    life = Life(JK, JK_LFP | {"short_circuit_release": 60})
    life.see(1, alarms=("discharge_short_circuit",), discharging=False)
    assert life.codes("discharge")[0] == "reported:discharge_short_circuit"
    assert life.mirror.discharge.reasons[0].numbers == {"seconds": 60}
    assert life.answer("charge") == "yes"
    life.see(60)
    assert life.answer("discharge") == "yes"


JBD_ROWS: list[tuple[str, str, Moments]] = [
    *(
        (
            name,
            blocks,
            [
                (1, {key: limit - beyond}, C),
                (1, {key: limit}, P),
                (1, {key: limit}, P),
                (1, {key: limit}, T),
                (1, {key: release + beyond}, T),
                (1, {key: release}, C),
            ],
        )
        for name, blocks, key, limit, release, beyond in (
            ("cell_overvoltage", "charge", "highest", 3.65, 3.55, 0.001),
            ("cell_undervoltage", "discharge", "lowest", 2.5, 2.7, -0.001),
            ("pack_overvoltage", "charge", "pack", 14.6, 14.2, 0.01),
            ("pack_undervoltage", "discharge", "pack", 10.0, 10.8, -0.01),
            ("charge_overtemperature", "charge", "hottest", 75.0, 55.0, 0.1),
            ("charge_undertemperature", "charge", "coldest", -10.0, 0.0, -0.1),
            ("discharge_overtemperature", "discharge", "hottest", 75.0, 55.0, 0.1),
            ("discharge_undertemperature", "discharge", "coldest", -10.0, 0.0, -0.1),
        )
    ),
    *(
        (
            name,
            blocks,
            [
                (1, {"current": way * 229.9}, C),
                (1, {"current": way * 230}, P),
                (10, {"current": way * 230}, T),
                *[(10, {}, T)] * 2,
                (9, {}, T),
                (1, {}, C),
            ],
        )
        for name, blocks, way in (("charge_overcurrent", "charge", 1), ("discharge_overcurrent", "discharge", -1))
    ),
]


@pytest.mark.parametrize(("protection", "blocks", "moments"), JBD_ROWS, ids=[row[0] for row in JBD_ROWS])
def test_jbd(protection, blocks, moments):
    check(JBD, JBD_REAL, protection, blocks, moments)


DALY_ROWS: list[tuple[str, dict, str, Moments]] = [
    *(
        (
            name,
            limits,
            blocks,
            [
                (1, {key: limit - beyond}, C),
                (1, {key: limit}, P if delay else T),
                *([(delay, {key: limit}, T)] if delay else []),
                (1, {key: release}, T),
                (1, {key: release - beyond}, C),
            ],
        )
        for limits, delay, rows in (
            (
                DALY_D2,
                0,
                (
                    ("cell_overvoltage", "charge", "highest", 3.6, 3.5, 0.001),
                    ("cell_undervoltage", "discharge", "lowest", 2.5, 2.6, -0.001),
                    ("pack_overvoltage", "charge", "pack", 14.4, 14.0, 0.1),
                    ("pack_undervoltage", "discharge", "pack", 10.2, 10.6, -0.1),
                ),
            ),
            (
                DALY_81,
                5.0,
                (
                    ("cell_overvoltage", "charge", "highest", 3.6, 3.45, 0.001),
                    ("cell_undervoltage", "discharge", "lowest", 2.5, 2.7, -0.001),
                ),
            ),
            (
                DALY_81 | {"temperature_imbalance": 90.0, "temperature_imbalance_warning": 89.0},
                1.0,
                (
                    ("charge_overtemperature", "charge", "hottest", 65, 55, 1),
                    ("charge_undertemperature", "charge", "coldest", 0, 6, -1),
                    ("discharge_overtemperature", "discharge", "hottest", 70, 60, 1),
                    ("discharge_undertemperature", "discharge", "coldest", -20, -14, -1),
                    ("mosfet_overtemperature", "charge discharge", "stage", 100, 65, 1),
                    ("soc_low", "", "soc", 5, 12, -1),
                ),
            ),
            (
                DALY_81 | {"charge_undertemperature": -40, "discharge_undertemperature": -40},
                1.0,
                # The hottest probe is at 25 °C.
                (("temperature_imbalance", "charge discharge", "coldest", 10, 13, -1),),
            ),
            (
                DALY_81 | {"cell_undervoltage": 2.0, "cell_undervoltage_release": 2.1},
                1.0,
                # The highest cell is at 3.3 V.
                (("cell_imbalance", "charge discharge", "lowest", 2.5, 2.85, -0.001),),
            ),
        )
        for name, blocks, key, limit, release, beyond in rows
    ),
    *(
        (
            name,
            DALY_81,
            blocks,
            [
                (1, {"current": way * 200}, P),
                (3, {"current": way * 200}, T),
                (20, {}, T),
                (20, {}, T),
                (1, {"current": -way * 0.1}, C),
            ],
        )
        for name, blocks, way in (("charge_overcurrent", "charge", 1), ("discharge_overcurrent", "discharge", -1))
    ),
]


@pytest.mark.parametrize(
    ("protection", "limits", "blocks", "moments"), DALY_ROWS, ids=[f"{row[0]}-{len(row[1])}" for row in DALY_ROWS]
)
def test_daly_level_2(protection, limits, blocks, moments):
    check(DALY, limits, protection, blocks, moments)


@pytest.mark.parametrize(
    ("warning", "values", "less"),
    [
        ("cell_overvoltage_warning", {"highest": 3.5}, {"highest": 3.499}),
        ("cell_undervoltage_warning", {"lowest": 2.6}, {"lowest": 2.601}),
        ("charge_overcurrent_warning", {"current": 160}, {"current": 159.9}),
        ("discharge_overcurrent_warning", {"current": -160}, {"current": -159.9}),
        ("charge_undertemperature_warning", {"coldest": 15, "hottest": 16}, {"coldest": 16}),
        ("soc_low_warning", {"soc": 10}, {"soc": 10.1}),
        ("soc_high_warning", {"soc": 95}, {"soc": 94.9}),
    ],
)
def test_daly_level_1_warns_and_blocks_nothing(warning, values, less):
    life = Life(DALY, DALY_D2 | {"charge_undertemperature_warning": 15.0})
    life.see(1, **values)
    assert life.state(warning) == T
    assert life.answer("charge") == life.answer("discharge") == "yes"
    life.see(1, **less)
    assert life.state(warning) == C


def test_a_limit_that_the_pack_never_states_makes_the_answer_unknown():
    for rules, limits in ((JK, JK_LFP), (JBD, JBD_REAL), (DALY, DALY_D2)):
        for rule in rules.rules:
            if rule.optional or not rule.blocks:
                continue
            life = Life(rules, {key: value for key, value in limits.items() if key != rule.limit})
            for side in rule.blocks:
                assert life.answer(side) == "unknown", rule.protection
                assert life.codes(side) == [f"not_known:{rule.protection}"]


def test_a_protection_that_not_all_packs_have_may_be_missing():
    life = Life(JK, JK_LFP)
    assert "discharge_undertemperature" not in {monitor.rule.protection for monitor in life.mirror.active}
    assert life.answer("discharge") == "yes"
