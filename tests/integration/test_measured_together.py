"""What is shown together was measured together: voltage, current and power of one reading, through the radio."""

from datetime import timedelta

from homeassistant.config_entries import SOURCE_USER
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.smart_bms.bank_entry import coordinator as bank_coordinator_module
from custom_components.smart_bms.pack_entry import publishing
from custom_components.smart_bms.pack_entry.publishing import PublishPolicy, Quantity
from tests.support.packs import jbd_pack, jk_pack, smart123_pack

FLOW = ("voltage", "current", "power")


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> None:
    """Let seconds be hours; intervals stay apart, as dead bands keep them in life."""
    for quantity, policy in ((Quantity.VOLTAGE, PublishPolicy(0.3, 0.05)), (Quantity.POWER, PublishPolicy(0.5, 10))):
        monkeypatch.setitem(publishing.DEFAULT_POLICIES, quantity, policy)
    monkeypatch.setitem(publishing.DEFAULT_POLICIES, Quantity.CURRENT, PublishPolicy(0.4, 0.3))
    monkeypatch.setitem(publishing.DEFAULT_POLICIES, Quantity.CELL_VOLTAGE, PublishPolicy(0.3, 0.003))
    monkeypatch.setitem(publishing.DEFAULT_POLICIES, Quantity.CELL_NUMBER, PublishPolicy(0.5))
    monkeypatch.setattr(bank_coordinator_module, "_UPDATE_INTERVAL", timedelta(seconds=0.05))


def stepping(now: float) -> float:
    """Return the current of a load that steps."""
    return (-5.0, -45.0, 20.0, -12.0)[int(now // 2) % 4]


class Watch:
    """Looks at a device whenever one of its states has changed, and all that was written with it."""

    def __init__(self, hass, entry, keys, *, prefix) -> None:
        self.hass = hass
        registry = er.async_get(hass)
        self.entities = {key: registry.async_get_entity_id("sensor", "smart_bms", f"{prefix}_{key}") for key in keys}
        self.seen: list[dict[str, float]] = []
        self._waits = False
        ids = set(self.entities.values())
        assert None not in ids
        hass.bus.async_listen("state_changed", callback(lambda event: event.data["entity_id"] in ids and self._soon()))

    @callback
    def _soon(self) -> None:
        if not self._waits:
            self._waits = True
            self.hass.loop.call_soon(self._look)

    def _look(self) -> None:
        self._waits = False
        states = {key: self.hass.states.get(entity_id) for key, entity_id in self.entities.items()}
        try:
            self.seen.append({key: float(state.state) for key, state in states.items()})
        except ValueError, AttributeError:
            return


def contradictions(seen, voltage="voltage", current="current", power="power") -> list[dict[str, float]]:
    return [
        one
        for one in seen
        if abs(one[voltage] * one[current] - one[power]) > 0.5 + 0.005 * (abs(one[voltage]) + abs(one[current]))
    ]


async def test_voltage_current_and_power_of_a_pack_agree(hass, house, adopt) -> None:
    pack = jk_pack(name="Shed", cells=16, profile=stepping)
    watch = Watch(hass, await adopt(pack), FLOW, prefix=pack.address)
    await house.until(lambda: len(watch.seen) > 8, 20.0)
    assert not contradictions(watch.seen)
    assert len({one["current"] for one in watch.seen}) > 2


async def test_both_sides_of_a_123_agree(hass, house, adopt) -> None:
    pack = smart123_pack(cells=4, sensors=2, profile=stepping)
    pack.board.load = lambda now: abs(stepping(now + 1))
    keys = (*FLOW, "current_in", "power_in", "current_out", "power_out")
    entry = await adopt(pack, password="1234")
    # What each sensor measures is told a little later than the pack itself.
    found = er.async_get(hass).async_get_entity_id
    await house.until(lambda: all(found("sensor", "smart_bms", f"{pack.address}_{key}") for key in keys))
    watch = Watch(hass, entry, keys, prefix=pack.address)
    await house.until(lambda: len(watch.seen) > 8, 20.0)
    assert not contradictions(watch.seen)
    for side in ("in", "out"):
        assert not contradictions(watch.seen, current=f"current_{side}", power=f"power_{side}")


@pytest.mark.usefixtures("entity_registry_enabled_by_default")
async def test_cells_and_what_is_said_of_them_agree(hass, house, adopt) -> None:
    pack = jk_pack(name="Shed", cells=4, profile=stepping)
    cells = [f"cell_voltage_{number}" for number in range(1, 5)]
    keys = (*cells, "cell_voltage_min", "cell_voltage_max", "cell_voltage_delta", "cell_min_number", "cell_max_number")
    watch = Watch(hass, await adopt(pack), keys, prefix=pack.address)
    await house.until(lambda: len(watch.seen) > 8, 20.0)
    for one in watch.seen:
        voltages = [one[cell] for cell in cells]
        assert (min(voltages), max(voltages)) == (one["cell_voltage_min"], one["cell_voltage_max"])
        assert one["cell_voltage_delta"] == pytest.approx(max(voltages) - min(voltages), abs=0.0001)
        assert voltages[int(one["cell_min_number"]) - 1] == min(voltages)
        assert voltages[int(one["cell_max_number"]) - 1] == max(voltages)


async def test_a_bank_agrees_with_itself_also_when_a_pack_comes_and_goes(hass, house, adopt) -> None:
    one, two = jk_pack(name="Shed", cells=4, profile=stepping), jbd_pack(name="Attic", profile=lambda _: -20.0, soc=0.5)
    entries = [await adopt(one), await adopt(two)]
    flow = await hass.config_entries.flow.async_init("smart_bms", context={"source": SOURCE_USER})
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], {"next_step_id": "bank"})
    chosen = {"name": "House", "packs": [entry.entry_id for entry in entries], "wiring": "parallel", "strings": 1}
    flow = await hass.config_entries.flow.async_configure(flow["flow_id"], chosen)
    await hass.async_block_till_done()
    watch = Watch(hass, flow["result"], FLOW, prefix=flow["result"].entry_id)
    await house.until(lambda: len(watch.seen) > 5, 20.0)
    house.take_away(two)
    await house.until(lambda: flow["result"].runtime_data.data.active_strings == 1, 20.0)
    there = len(watch.seen)
    await house.until(lambda: len(watch.seen) > there + 3, 20.0)
    assert not contradictions(watch.seen)
