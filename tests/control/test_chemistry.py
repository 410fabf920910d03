"""Cell chemistry: values that are dangerous for the cells need both the option and a confirmation, whatever the way."""

import pytest

from custom_components.smart_bms.bms.jbd.catalog import catalog_of
from custom_components.smart_bms.bms.reading import Identity, Reading
from custom_components.smart_bms.control.chemistry import chemistry_issues, chemistry_of
from custom_components.smart_bms.control.parameter_check import check_parameters
from custom_components.smart_bms.control.request import WritePermission
from custom_components.smart_bms.control.validation_issue import IssueSeverity, ParameterName, ParameterValue
from custom_components.smart_bms.control.write_log import WriteOutcome
from custom_components.smart_bms.simulator.daly.labels import ESS_81
from tests.support.jk_parameters import CATALOG
from tests.support.packs import capable_pack, daly_pack, jbd_pack, jk_pack, smart123_pack
from tests.support.site import site_of
from tests.support.write_requests import ASK, SURE, outcomes, refused

NMC = {
    "cell_overvoltage": 4.2,
    "cell_overvoltage_release": 4.1,
    "charge_undertemperature": -20,
    "charge_undertemperature_release": -10,
}
ASKS = WritePermission(control=True, experimental=True)
PIN = "1234"
ALL = WritePermission(control=True, dangerous=True, experimental=True)


def cells(voltage: float | None, stated: str = "") -> Reading:
    details = {"chemistry": stated} if stated else {}
    return Reading(measured_at=0, cell_voltages=() if voltage is None else (voltage,) * 4, details=details)


@pytest.mark.parametrize(
    ("values", "reading", "chemistry"),
    [
        ({}, None, None),
        ({}, cells(None), None),
        ({}, cells(2.3), None),
        ({}, cells(3.3), "lfp"),
        ({}, cells(4.0), "nmc"),
        ({"battery_type": "nmc", "cell_overvoltage": 3.65}, cells(3.3), "nmc"),
        ({"chemistry": "lto"}, cells(3.3), "lto"),
        ({"chemistry": "other", "cell_overvoltage": 3.65}, None, "lfp"),
        ({"chemistry": "nca"}, None, "nca"),
        ({"cell_overvoltage": 4.2}, cells(3.3, "lfp"), "lfp"),
        ({"cell_overvoltage": 4.2}, cells(3.3, "unknown"), "nmc"),
        ({"cell_overvoltage": 3.65}, cells(3.3), "lfp"),
        ({"cell_overvoltage": 3.65}, cells(4.0), "nmc"),
        ({"cell_overvoltage": 2.7}, cells(2.3), "lto"),
        ({"cell_overvoltage": 2.7}, cells(3.3), "lfp"),
        ({"cell_overvoltage": 3.1}, cells(2.3), None),
        ({"pack_overvoltage": 14.6}, cells(2.3), "lfp"),
        ({"pack_overvoltage": 14.6}, None, None),
        ({"pack_overvoltage": 16.8, "cell_count": 4}, None, "nmc"),
        ({"nominal_cell_voltage": 3.2, "cell_overvoltage": 4.2}, None, "lfp"),
        ({"nominal_cell_voltage": 3.2, "cell_overvoltage": 4.2}, cells(4.1), "nmc"),
        ({"nominal_cell_voltage": 0.0, "cell_overvoltage": True}, None, None),
    ],
)
def test_the_chemistry_is_what_the_pack_states_or_else_is_set_to_and_measures(values, reading, chemistry) -> None:
    assert chemistry_of(values, reading) == chemistry


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        (NMC, {"above_chemistry", "below_chemistry"}),
        ({"cell_overvoltage": 4.3}, {"above_chemistry"}),
        ({"cell_undervoltage": 1.8, "power_off_voltage": 1.7}, {"below_chemistry"}),
        ({"requested_charge_voltage": 3.9}, {"above_chemistry"}),
        ({"charge_undertemperature": -0.1}, {"below_chemistry"}),
        ({"load_preset_nmc": None}, {"other_chemistry"}),
        ({"load_preset_lto": None}, {"other_chemistry"}),
    ],
)
async def test_it_takes_the_option_and_a_second_word(monkeypatch, changes, codes) -> None:
    async with site_of(monkeypatch, capable_pack(), ALL) as site:
        assert set(await refused(site, changes, ASK)) == codes
        issues = site.control.validate(changes, SURE).issues
        assert {issue.code for issue in issues} >= codes
        assert {issue.severity for issue in issues if issue.code in codes} == {IssueSeverity.WARNING}
    async with site_of(monkeypatch, capable_pack(), ASKS) as site:
        assert set(await refused(site, changes, SURE)) == codes


async def test_with_both_it_is_written(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack(), ALL) as site:
        assert outcomes(await site.control.apply({"cell_overvoltage": 4.3}, SURE)) == [WriteOutcome.CONFIRMED]


async def test_it_is_named_with_its_numbers(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack(), ALL) as site:
        (issue,) = site.control.validate({"cell_overvoltage": 4.3}, ASK).issues
        assert issue.parameters == ("cell_overvoltage",)
        assert issue.details == {
            "parameter": ParameterName("cell_overvoltage"),
            "value": ParameterValue(4.3, "V"),
            "chemistry": "LFP",
            "limit": ParameterValue(3.8, "V"),
        }


async def test_the_way_back_is_not_barred(monkeypatch) -> None:
    peripheral = jk_pack()
    peripheral.board.limits.cell_overvoltage = 4.3
    async with site_of(monkeypatch, peripheral, ASKS) as site:
        (issue,) = site.control.validate({"cell_overvoltage": 4.2}, ASK).issues
        assert (issue.code, issue.severity) == ("above_chemistry", IssueSeverity.WARNING)
        assert outcomes(await site.control.apply({"cell_overvoltage": 3.65}, ASK)) == [WriteOutcome.CONFIRMED]


@pytest.mark.parametrize(
    ("pack", "changes", "code"),
    [
        (jbd_pack(), {"cell_overvoltage": 4.2, "pack_overvoltage": 16.8}, "above_chemistry"),
        (jbd_pack(), {"hardware_cell_overvoltage": 4.2}, "above_chemistry"),
        (jbd_pack(), {"hardware_cell_undervoltage": 1.5}, "below_chemistry"),
        (jbd_pack(), {"charge_undertemperature": -20}, "below_chemistry"),
        (jbd_pack(), {"discharge_overtemperature": 100}, "above_chemistry"),
        (daly_pack(), {"charge_undertemperature": -30}, "below_chemistry"),
        (daly_pack(ESS_81), {"charge_undertemperature": -30}, "below_chemistry"),
        (smart123_pack(), {"cell_overvoltage": 4.2}, "above_chemistry"),
        (smart123_pack(), {"charge_undertemperature": -5}, "below_chemistry"),
        (smart123_pack(), {"chemistry": "nmc"}, "other_chemistry"),
    ],
)
async def test_every_family_is_asked_the_same(monkeypatch, pack, changes, code) -> None:
    async with site_of(monkeypatch, pack, ASKS, password=PIN) as site:
        await site.until(lambda: site.pack.last_reading.cell_count)
        issues = site.control.validate(changes, SURE).errors
        assert code in {issue.code for issue in issues}, issues


async def test_what_a_pack_has_already_is_called_a_danger(monkeypatch) -> None:
    async with site_of(monkeypatch, jk_pack(), ALL) as site:
        values = {**site.pack.current_settings.values, "cell_overvoltage": 4.2}
        issues = check_parameters(site.control.catalog, values, None, site.pack.last_reading)
        assert (issues[0].code, issues[0].severity) == ("above_chemistry", IssueSeverity.ERROR)
        assert "above_chemistry" not in {item.code for item in check_parameters(site.control.catalog, values)}
        assert "above_chemistry" in {item.code for item in check_parameters(site.control.catalog, values, "lfp")}
        unused = {**values, "cell_overvoltage": 0.0, "power_off_voltage": 0.0}
        codes = {item.code for item in check_parameters(site.control.catalog, unused, "lfp", site.pack.last_reading)}
        assert not codes & {"above_chemistry", "below_chemistry"}


def test_of_unknown_cells_nothing_is_said() -> None:
    assert not [*chemistry_issues(CATALOG, {"charge_undertemperature": -20}, {}, None)]
    assert check_parameters(CATALOG, {"charge_undertemperature": -20}) == []


def test_a_limit_of_the_pack_says_nothing_without_the_number_of_its_cells() -> None:
    catalog = catalog_of(Identity(family="jbd", variant="extended", model=""), ("pack_overvoltage",))
    assert check_parameters(catalog, {"pack_overvoltage": 30.0}, "lfp") == []
    assert [item.code for item in check_parameters(catalog, {"pack_overvoltage": 30.0, "cell_count": 4}, "lfp")] == [
        "above_chemistry"
    ]
