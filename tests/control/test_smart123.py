r"""Writing parameters of a 123\SmartBMS: nothing by default, and never through a harmful value."""

import pytest

from custom_components.smart_bms.bms.settings import Proof
from custom_components.smart_bms.control.request import WritePermission
from custom_components.smart_bms.control.validation_issue import ParameterName, ParameterValue, RejectedError
from custom_components.smart_bms.control.write_log import WriteOutcome
from custom_components.smart_bms.simulator.smart123.labels import BRIDGE, GEN2_BRSP, GEN3_NUS
from tests.support.packs import smart123_pack
from tests.support.site import ALL, site_of
from tests.support.smart123_wire import sent
from tests.support.write_requests import ASK, outcomes

PIN = "1234"
READING = WritePermission(control=True, dangerous=True)


def writes(site) -> list[str]:
    return [text for text in sent(site.peripheral) if "-" in text]


async def refusals(site, changes) -> list[str]:
    with pytest.raises(RejectedError) as error:
        await site.control.apply(changes, ASK)
    assert not writes(site)
    return [issue.code for issue in error.value.issues]


@pytest.mark.parametrize(
    ("key", "value", "bytes_sent"),
    [
        ("cell_undervoltage", 2.55, ["01-040!", "FE-041!"]),
        ("cell_overvoltage", 3.6, ["02-050!", "D0-051!"]),
        ("charge_undertemperature", 5, ["01-060!", "15-061!"]),
        ("critical_mode", True, ["01-017!"]),
    ],
)
async def test_a_change_is_written_and_read_back(monkeypatch, key, value, bytes_sent) -> None:
    async with site_of(monkeypatch, smart123_pack(GEN3_NUS), password=PIN) as site:
        records = await site.control.apply({key: value}, ASK)
        assert outcomes(records) == [WriteOutcome.CONFIRMED]
        assert writes(site) == bytes_sent
        setting = site.control.catalog.settings[key]
        # The record has what the unit stores, not what was requested.
        assert records[0].new == setting.kept(value)
        assert setting.same(site.value(key), records[0].new)


async def test_without_experimental_writes_nothing_is_written(monkeypatch) -> None:
    async with site_of(monkeypatch, smart123_pack(GEN3_NUS), READING, password=PIN) as site:
        for key, setting in site.control.catalog.settings.items():
            assert setting.proof is not Proof.PROVEN, key
        assert await refusals(site, {"cell_undervoltage": 2.55}) == ["experimental_off"]


@pytest.mark.parametrize("label", [GEN2_BRSP, BRIDGE])
async def test_older_units_and_bridges_are_read_only(monkeypatch, label) -> None:
    name = "UART" if label is BRIDGE else "123\\SmartBMS"
    async with site_of(
        monkeypatch, smart123_pack(label, name=name, device_type=None if label is BRIDGE else 2)
    ) as site:
        assert await refusals(site, {"cell_undervoltage": 2.55}) == ["read_only"]


async def test_a_change_that_would_pass_through_a_harmful_value_is_refused_with_the_reason(monkeypatch) -> None:
    peripheral = smart123_pack(GEN3_NUS)
    peripheral.board.settings.capacity = 255
    async with site_of(monkeypatch, peripheral, password=PIN) as site:
        assert await refusals(site, {"battery_capacity": 25_600}) == ["no_safe_way"]
        validation = site.control.validate({"battery_capacity": 25_600}, ASK)
        (issue,) = validation.errors
        assert issue.details == {
            "parameter": ParameterName("battery_capacity"),
            "present": ParameterValue(25_500, "Wh"),
            "value": ParameterValue(25_600, "Wh"),
        }
        assert outcomes(await site.control.apply({"battery_capacity": 25_400}, ASK)) == [WriteOutcome.CONFIRMED]


async def test_limits_keep_their_order(monkeypatch) -> None:
    async with site_of(monkeypatch, smart123_pack(GEN3_NUS), password=PIN) as site:
        assert "order_broken" in await refusals(site, {"cell_overvoltage": 3.4})
        assert "order_broken" in await refusals(site, {"charge_undertemperature": 60})


async def test_a_limit_that_would_act_at_once_is_refused(monkeypatch) -> None:
    async with site_of(monkeypatch, smart123_pack(GEN3_NUS, temperature=22.0), password=PIN) as site:
        assert await refusals(site, {"cell_undervoltage": 3.4}) == ["would_stop_discharging"]
        assert await refusals(site, {"cell_overtemperature": 15}) == ["would_stop_both"]
        assert await refusals(site, {"charge_undertemperature": 25}) == ["would_stop_charging"]


@pytest.mark.parametrize(
    ("fault", "outcome"), [("forget_writes", WriteOutcome.REFUSED), ("distort_writes", WriteOutcome.DIFFERENT)]
)
async def test_a_write_that_does_not_hold_is_told(monkeypatch, fault, outcome) -> None:
    async with site_of(monkeypatch, smart123_pack(GEN3_NUS), password=PIN) as site:
        setattr(site.peripheral.faults, fault, True)
        assert outcomes(await site.control.apply({"cell_overvoltage_hysteresis": 0.2}, ASK)) == [outcome]


async def test_what_the_app_changes_meanwhile_is_noticed(monkeypatch) -> None:
    async with site_of(monkeypatch, smart123_pack(GEN3_NUS), ALL, password=PIN) as site:
        assert site.peripheral.change_elsewhere(b"C6-051!\r")
        await site.control.refresh()
        assert site.drifts[-1] == {"cell_overvoltage": (3.65, 3.55)}
