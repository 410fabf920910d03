"""The reading pipeline: what follows a reading, and in which order."""

from dataclasses import replace
from typing import Any

from homeassistant.util import dt as dt_util
import pytest

from custom_components.smart_bms.bms.reading import Identity
from custom_components.smart_bms.pack_entry import reading_pipeline
from custom_components.smart_bms.pack_entry.energy_account import EnergyAccount
from custom_components.smart_bms.protection.engine import ProtectionEngine
from tests.support.protected_pack import mirrored
from tests.support.protection_life import reading as plain_reading
from tests.support.rule_books import JK_LFP

pytestmark = pytest.mark.usefixtures("enable_custom_integrations", "enable_bluetooth")


async def show(hass, pack, **values: Any) -> None:
    """Let the pack say that all is well, and these values of a reading."""
    await pack.wait(1.0)
    pack.show(replace(plain_reading(pack.now), **values))
    await hass.async_block_till_done()


async def test_protection_goes_by_what_the_pack_measures_and_all_else_by_what_is_right(
    hass, freezer, monkeypatch
) -> None:
    seen: dict[str, Any] = {}

    def spy(owner: type, method: str) -> None:
        whole = getattr(owner, method)

        def spied(self, reading, *args):
            seen[owner.__name__] = reading.current
            return whole(self, reading, *args)

        monkeypatch.setattr(owner, method, spied)

    spy(ProtectionEngine, "update")
    spy(EnergyAccount, "async_update")
    async with mirrored(hass, freezer, monkeypatch, JK_LFP, current={"invert": True, "offset": 1.0}) as pack:
        await pack.see(current=-5.0)
        assert seen == {"ProtectionEngine": -5.0, "EnergyAccount": 6.0}
        assert list(seen) == ["ProtectionEngine", "EnergyAccount"]
        assert pack.coordinator.data.current == 6.0
        assert pack.coordinator.pack.last_reading.current == -5.0


async def test_a_correction_that_fails_leaves_the_reading_as_it_is(hass, freezer, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    async with mirrored(hass, freezer, monkeypatch, JK_LFP, current={"offset": 1.0}) as pack:
        monkeypatch.setattr(type(pack.coordinator.pipeline.current_correction), "corrected", fail)
        await pack.see(current=-5.0)
        assert pack.coordinator.data.current == -5.0
        assert pack.coordinator.isolation.failures["current sensor"].error == "ZeroDivisionError"


async def test_a_capacity_that_is_only_a_parameter_is_shown_with_the_reading(hass, freezer, monkeypatch) -> None:
    settings = {**JK_LFP, "design_capacity": 280.0}
    async with mirrored(hass, freezer, monkeypatch, settings) as pack:
        await show(hass, pack)
        assert pack.coordinator.data.design_capacity == 280.0
        await show(hass, pack, full_capacity=100.0)
        assert pack.coordinator.data.design_capacity is None


async def test_what_a_pack_has_is_checked_now_and_then_and_when_it_counts_more(hass, freezer, monkeypatch) -> None:
    monkeypatch.setattr(reading_pipeline, "_CAPABILITIES_EVERY", 5)
    async with mirrored(hass, freezer, monkeypatch, JK_LFP) as pack:
        await pack.see()
        for _ in range(4):
            await show(hass, pack, temperatures={"temperature_9": 20.0})
            assert "temperature_9" not in pack.coordinator.capabilities.probes
        await show(hass, pack, temperatures={"temperature_9": 20.0})
        assert "temperature_9" in pack.coordinator.capabilities.probes
        assert "temperature_9" in pack.entry.data["features"]["probes"]
        await show(hass, pack, counters={"cell_overvoltage": 1})
        assert pack.coordinator.capabilities.counters == ("cell_overvoltage",)


async def test_another_variant_has_other_rules_and_limits_begin_at_what_is_safe(hass, freezer, monkeypatch) -> None:
    async with mirrored(hass, freezer, monkeypatch, JK_LFP) as pack:
        await pack.see()
        pipeline = pack.coordinator.pipeline
        before = pack.coordinator.protection_engine
        assert before.limits.charge_limited_by != "no_data"
        pack.coordinator.pack.last_identity = Identity(family="jk", variant="JK04", model="")
        pack.coordinator._async_handle_identity()
        engine = pack.coordinator.protection_engine
        assert engine is not before
        assert engine is pipeline.protection_engine
        assert (engine.family, engine.variant) == ("jk", "JK04")
        assert engine.limits.charge_limited_by == "no_data"


async def test_the_clock_offset_makes_a_time_of_day_of_a_monotonic_time(hass, freezer, monkeypatch) -> None:
    async with mirrored(hass, freezer, monkeypatch, JK_LFP) as pack:
        await pack.see()
        offset = pack.coordinator.pipeline.clock_offset()
        await pack.wait(100.0)
        assert pack.coordinator.pipeline.clock_offset() == pytest.approx(offset, abs=0.1)
        assert pack.now + offset == pytest.approx(dt_util.utcnow().timestamp(), abs=0.1)
