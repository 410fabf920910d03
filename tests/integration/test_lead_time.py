"""The shipped blueprints stop charger or load before the pack cuts off, wherever that can be seen coming, and do not hunt."""

import pytest

from tests.support.lead_time import CELLS, SCENARIOS, watched


@pytest.mark.parametrize("family", CELLS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
async def test_the_pack_need_not_cut_off(
    hass,
    freezer,
    monkeypatch,
    tmp_path,
    record_property,
    enable_custom_integrations,
    enable_bluetooth,
    family,
    scenario,
) -> None:
    result = await watched(hass, freezer, monkeypatch, tmp_path, family, scenario)
    record_property("line", str(result))
    assert result.cut_off_at is not None, "the scenario threatens nobody"
    if scenario.trend:
        assert result.lead is not None
        assert result.lead > 0, str(result)
        assert not result.cut_off_watched, str(result)
    assert result.switched <= 6, str(result)
