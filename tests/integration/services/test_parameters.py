"""Actions that read, check and change parameters."""

from homeassistant.core import Context
from homeassistant.exceptions import ServiceValidationError
import pytest

from tests.support.actions import ALLOWED
from tests.support.packs import jk_pack


async def test_parameters_are_told_with_what_may_be_written(house, pack, adopt, act) -> None:
    await adopt(pack)
    answer = await act("get_parameters")
    assert answer["name"] == "Shed"
    assert answer["variant"] == "JK02_32S"
    assert answer["age"] >= 0
    assert answer["parameters"]["cell_overvoltage"] == {
        "value": 3.6,
        "unit": "V",
        "writable": True,
        "experimental": False,
        "minimum": 1.2,
        "maximum": 4.35,
        "step": 0.001,
    }
    assert answer["parameters"]["mosfet_overtemperature"] == {"value": 90, "unit": "°C", "writable": False}
    assert answer["parameters"]["cell_count"]["confirm"] is True
    assert answer["parameters"]["can_protocol"]["options"][0] == "jk_250k"
    assert answer["parameters"]["emergency_mode"]["value"] is False
    few = await act("get_parameters", parameters=["cell_overvoltage", "wire_resistances"])
    assert set(few["parameters"]) == {"cell_overvoltage", "wire_resistances"}


async def test_the_owners_words_are_for_administrators(house, pack, adopt, act, hass_read_only_user) -> None:
    await adopt(pack)
    assert (await act("get_parameters"))["parameters"]["user_data"]["value"] == "Input Userdata"
    answer = await act("get_parameters", context=Context(user_id=hass_read_only_user.id))
    assert "user_data" not in answer["parameters"]


async def test_a_dry_run_shows_the_writes_and_what_speaks_against_them(hass, house, pack, adopt, act) -> None:
    await adopt(pack, **ALLOWED)
    changes = {"cell_overvoltage": 3.5, "cell_overvoltage_release": 3.4, "cell_count": 9, "charge_switch": True}
    sent = len(pack.written)
    answer = await act("set_parameters", parameters=changes, dry_run=True)
    assert answer["possible"] is False
    assert [(step["parameter"], step["old"], step["new"]) for step in answer["plan"]] == [
        ("cell_overvoltage_release", 3.5, 3.4),
        ("cell_overvoltage", 3.6, 3.5),
        ("cell_count", 8, 9),
    ]
    (issue,) = answer["findings"]
    assert issue["code"] == "confirm_needed"
    assert issue["parameters"] == ["cell_count"]
    assert issue["message"].startswith("Changing Number of cells is dangerous")
    assert (await act("set_parameters", parameters=changes, dry_run=True, confirm=True))["possible"] is True
    assert len(pack.written) == sent


async def test_a_set_is_written_and_its_results_returned(house, pack, adopt, act) -> None:
    await adopt(pack, **ALLOWED)
    answer = await act("set_parameters", parameters={"cell_overvoltage": 3.55, "charge_switch": False})
    assert answer["results"] == [
        {"parameter": "charge_switch", "old": True, "new": False, "found": False, "outcome": "confirmed"},
        {"parameter": "cell_overvoltage", "old": 3.6, "new": 3.55, "found": 3.55, "outcome": "confirmed"},
    ]
    assert (await act("set_parameters", parameters={"cell_overvoltage": 3.55}))["results"] == []


@pytest.mark.parametrize("word", ["off", "false"])
async def test_switches_may_be_written_as_people_do(house, pack, adopt, act, word) -> None:
    await adopt(pack, **ALLOWED)
    answer = await act("set_parameters", parameters={"charge_switch": word, "can_protocol": "pylon"})
    assert [result["new"] for result in answer["results"]] == [False]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"cell_overvoltage": 9}, r"Cell overvoltage limit cannot be 9 V: it must be between 1.2 V and 4.35 V"),
        ({"cell_overvoltage": 3.4}, r"Cell overvoltage limit \(3.4 V\) must be higher than Cell overvoltage release"),
        ({"nonsense": 1}, 'There is no parameter "nonsense"'),
        ({"port_mode": "can"}, 'This model has no parameter "port_mode"'),
        ({"rebulk_soc": 5}, "Experimental writes"),
        ({"cell_overvoltage": "high"}, "must be a number, not high"),
        ({"cell_overvoltage": 3.2, "cell_overvoltage_release": 3.1}, "would stop charging immediately: it is at 3.2"),
    ],
)
async def test_refusals_are_sentences(house, pack, adopt, act, changes, sentence) -> None:
    await adopt(pack, **ALLOWED)
    with pytest.raises(ServiceValidationError, match=sentence):
        await act("set_parameters", parameters=changes)


async def test_a_preset_keeps_cells_and_capacity(house, pack, adopt, act) -> None:
    await adopt(pack, **ALLOWED, allow_dangerous=True)
    dry = await act("apply_preset", chemistry="lto", dry_run=True)
    assert {"would_stop_charging", "below_chemistry"} <= {issue["code"] for issue in dry["findings"]}
    answer = await act("apply_preset", chemistry="lto", force=True, confirm=True)
    assert {result["outcome"] for result in answer["results"]} == {"confirmed"}
    assert pack.board.limits.cell_overvoltage == 2.7
    parameters = (await act("get_parameters"))["parameters"]
    assert (parameters["cell_count"]["value"], parameters["design_capacity"]["value"]) == (8, 100)


async def test_a_preset_that_no_manual_gives_is_refused(house, adopt, act) -> None:
    pack = jk_pack(model="JK-B5A25S60P", name="Shed")
    await adopt(pack, **ALLOWED)
    with pytest.raises(ServiceValidationError, match=r"no LTO preset for this model\. Available presets: NMC, LFP"):
        await act("apply_preset", pack, chemistry="lto")


async def test_a_check_finds_what_is_questionable(house, pack, adopt, act) -> None:
    await adopt(pack)
    codes = {issue["code"] for issue in (await act("check_parameters"))["findings"]}
    assert codes == {"balance_trigger_advice"}
    found = (await act("check_parameters", chemistry="nmc"))["findings"]
    assert {"severity": "advice", "code": "differs_from_preset", "parameters": ["cell_overvoltage"],
            "message": "Cell overvoltage limit is 3.6 V; the NMC preset of the manual has 4.2 V."} in found  # fmt: skip


NMC = {"version": 1, "family": "jk", "variant": "JK02_32S",
       "parameters": {"cell_overvoltage": 4.2, "charge_undertemperature": -20}}  # fmt: skip


@pytest.mark.parametrize(
    ("action", "data"),
    [
        ("set_parameters", {"parameters": {"cell_overvoltage": 4.3}}),
        ("apply_preset", {"chemistry": "nmc"}),
        ("restore_parameters", {"data": NMC}),
    ],
)
async def test_limits_of_other_cells_take_the_option_and_a_second_word(
    hass, house, pack, adopt, act, action, data
) -> None:
    entry = await adopt(pack, **ALLOWED)
    with pytest.raises(ServiceValidationError, match="LFP cells, which withstand"):
        await act(action, **data, confirm=True)
    hass.config_entries.async_update_entry(
        entry, options={**entry.options, "control": {**ALLOWED, "allow_dangerous": True}}
    )
    await hass.config_entries.async_reload(entry.entry_id)
    await house.until(lambda: entry.runtime_data.available and entry.runtime_data.pack.current_settings)
    with pytest.raises(ServiceValidationError, match="LFP cells, which withstand"):
        await act(action, **data)
    with pytest.raises(ServiceValidationError, match="LFP cells, which withstand"):
        await hass.services.async_call(
            "number", "set_value", {"entity_id": "number.shed_cell_overvoltage_limit", "value": 4.3}, blocking=True
        )
    assert pack.board.limits.cell_overvoltage == 3.6
    assert {result["outcome"] for result in (await act(action, **data, confirm=True))["results"]} == {"confirmed"}
    found = (await act("check_parameters"))["findings"][0]
    assert (found["severity"], found["code"], found["parameters"]) == (
        "error", "above_chemistry", ["cell_overvoltage"])  # fmt: skip
