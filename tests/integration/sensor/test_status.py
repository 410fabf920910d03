"""The one thing that matters now, through the radio: what a pack does, and what its sensor says."""

from datetime import timedelta

from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.util import dt as dt_util
import pytest

from custom_components.smart_bms.bank_entry import coordinator as bank_coordinator_module
from custom_components.smart_bms.pack_entry import simulated
from custom_components.smart_bms.protection import status_monitor
from custom_components.smart_bms.simulator.board import Limits
from tests.support.flows import add_simulated, bank_of
from tests.support.packs import daly_pack, jbd_pack, jk_pack, smart123_pack
from tests.support.radio import SPEED, TICK

STATUS = "sensor.shed_status"


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    """Nobody waits for what is over to be taken down."""
    monkeypatch.setattr(status_monitor, "_HOLD", {})
    monkeypatch.setattr(bank_coordinator_module, "_UPDATE_INTERVAL", timedelta(seconds=0.05))


def attributes(hass, entity_id: str = STATUS) -> dict:
    return dict(hass.states.get(entity_id).attributes)


@pytest.mark.parametrize(
    ("make", "password"), [(jk_pack, None), (jbd_pack, None), (daly_pack, None), (smart123_pack, "1234")]
)
async def test_all_is_well_with_a_pack_of_every_family(hass, house, adopt, make, password) -> None:
    await adopt(make(name="Shed"), password=password)
    await house.until(lambda: house.state(STATUS) == "all_well")
    assert {"cell", "limit", "value"}.isdisjoint(attributes(hass))
    assert house.state(STATUS) in attributes(hass)["options"]


async def test_a_cell_that_is_full_stops_the_charge(hass, house, adopt) -> None:
    pack = jk_pack(name="Shed", cells=4, limits=Limits(cell_overvoltage=3.28, cell_overvoltage_release=3.25))
    pack.board.battery.cells[2].soc = 0.9
    await adopt(pack)
    await house.until(lambda: house.state(STATUS) == "charging_stopped_cell_full")
    await house.until(lambda: "limit" in attributes(hass))
    reported = attributes(hass)
    assert (reported["cell"], reported["limit"], reported["release"], reported["unit"]) == (3, 3.28, 3.25, "V")
    assert reported["value"] > 3.28
    assert reported["about"] == "cell_overvoltage"
    assert dt_util.utcnow() - dt_util.parse_datetime(reported["since"]) < timedelta(seconds=60)
    assert house.state("binary_sensor.shed_problem") == "on"


async def test_a_pack_that_is_too_cold_may_not_be_charged(hass, house, adopt) -> None:
    await adopt(jk_pack(name="Shed", temperature=-5.0))
    await house.until(lambda: house.state(STATUS) == "charging_not_allowed_cold")
    await house.until(lambda: "limit" in attributes(hass))
    reported = attributes(hass)
    assert (reported["limit"], reported["release"], reported["unit"]) == (0.0, 5.0, "°C")
    assert reported["probe"].startswith("temperature_")


async def test_a_charge_that_is_held_back_says_by_what_and_to_what(hass, house, adopt) -> None:
    await adopt(jk_pack(name="Shed", temperature=6.0, profile=lambda _: 40.0))
    await house.until(lambda: house.state(STATUS) == "charging_held_back_cold")
    reported = attributes(hass)
    assert reported["current_limit"] < 40
    assert (reported["about"], reported["limit"], reported["unit"]) == ("coldest", 0.0, "°C")


async def test_a_full_pack_is_full(hass, house, adopt) -> None:
    await adopt(jk_pack(name="Shed", soc=1.0, limits=Limits(cell_overvoltage=3.65)))
    await house.until(lambda: house.state(STATUS) == "full")


async def test_a_pack_out_of_reach_says_so_until_it_is_trusted_again(hass, house, pack, adopt) -> None:
    await adopt(pack)
    await house.until(lambda: house.state(STATUS) == "all_well")
    shown: list[str] = []

    def see(event) -> None:
        if event.data["entity_id"] == STATUS:
            shown.append(event.data["new_state"].state)

    hass.bus.async_listen("state_changed", callback(see))
    house.take_away(pack)
    await house.until(lambda: house.state(STATUS) == "out_of_reach")
    reported = attributes(hass)
    assert "vendor's app" in reported["explanation"]
    assert dt_util.parse_datetime(reported["since"]) < dt_util.utcnow()
    house.bring_back(pack)
    await house.until(lambda: house.state(STATUS) == "all_well")
    assert {"hints", "explanation", "about"}.isdisjoint(attributes(hass))
    assert not {"connecting", STATE_UNKNOWN} & set(shown)


async def test_a_pack_that_cannot_be_judged_claims_nothing(hass, house, pack, adopt, monkeypatch, caplog) -> None:
    entry = await adopt(pack)
    await house.until(lambda: house.state(STATUS) == "all_well")

    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("custom_components.smart_bms.pack_entry.pack_status.ranked", broken)
    await house.until(lambda: house.state(STATUS) == STATE_UNKNOWN)
    assert entry.runtime_data.available
    monkeypatch.undo()
    await house.until(lambda: house.state(STATUS) == "all_well")


async def test_what_is_advised_is_told_when_nothing_else_matters(hass, house, adopt, monkeypatch) -> None:
    entry = await adopt(jk_pack(name="Shed"))
    energy = entry.runtime_data.energy
    monkeypatch.setattr(type(energy), "soc_drift", property(lambda _: 12.0))
    await house.until(lambda: house.state(STATUS) == "full_charge_advised")


async def test_a_simulated_pack_has_a_status_and_says_that_it_is_simulated(hass, house, monkeypatch) -> None:
    monkeypatch.setattr(simulated, "SPEED", SPEED)
    monkeypatch.setattr(simulated, "TICK", TICK)
    monkeypatch.setattr(simulated, "REGISTERED_FOR", 0.0)
    entry = await add_simulated(hass, "jk")
    entity_id = er.async_get(hass).async_get_entity_id("sensor", "smart_bms", f"{entry.unique_id}_status")
    await house.until(lambda: house.state(entity_id) not in (STATE_UNKNOWN, "connecting", "parameters_not_read"))
    assert house.state(entity_id) in attributes(hass, entity_id)["options"]
    assert attributes(hass, entity_id)["attribution"] == "Simulated pack: no real battery"


async def test_a_bank_tells_of_a_pack_that_is_left_out(hass, house, adopt) -> None:
    one, two = jk_pack(name="Shed", cells=4), jbd_pack(name="Attic")
    packs = [(one, await adopt(one)), (two, await adopt(two))]
    await bank_of(hass, [entry for _, entry in packs])
    status = "sensor.house_status"
    await house.until(lambda: house.state(status) == "all_well")
    house.take_away(two)
    await house.until(lambda: house.state(status) == "pack_left_out")
    await house.until(lambda: attributes(hass, status)["about"] == "out_of_reach")
    assert attributes(hass, status)["pack"] == "Attic"
    house.take_away(one)
    await house.until(lambda: house.state(status) == "no_pack")
    house.bring_back(one)
    house.bring_back(two)
    await house.until(lambda: house.state(status) == "all_well")
