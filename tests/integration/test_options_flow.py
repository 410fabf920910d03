"""The options of a pack: a menu of short forms, each of which leaves the others as they are."""

from copy import deepcopy

from homeassistant.data_entry_flow import FlowResultType, InvalidData
import pytest

from custom_components.smart_bms.flow.option_forms import OPTION_FORMS
from custom_components.smart_bms.simulator.jbd.labels import SP04S034
from custom_components.smart_bms.simulator.smart123.labels import GEN2_BRSP
from tests.support.flows import option_form, option_menu, set_options, submit_options
from tests.support.packs import daly_pack, jbd_pack, jk_pack, smart123_pack

COMMON = ["control", "limits", "connection", "current", "publishing"]
MENU = ["control", "limits", "equipment", "connection", "current", "publishing"]

STORED = {
    "control": {"allow_control": True, "experimental_writes": False, "allow_dangerous": True, "reread_interval": 20.0},
    "polling": {"interval": 0.5},
    "pack": {"current_unit": "10_ma"},
    "current": {"invert": True, "offset": 0.5, "floor": 0.25},
    "limits": {
        "charge_cell_voltage": 3.45,
        "voltage_distance": 0.2,
        "float_distance": 0.15,
        "max_charge_current": 100.0,
        "max_discharge_current": 120.0,
        "current_share": 80.0,
        "temperature_distance": 3.0,
        "temperature_span": 12.0,
        "full_soc": 96.0,
        "empty_soc": 6.0,
        "absorption_time": 600.0,
        "float_spread": 0.02,
        "rebulk_spread": 0.09,
        "rebulk_soc": 70.0,
        "target_by_voltage": True,
        "balance_hold_time": 600.0,
        "recovery_hold": 40.0,
        "recovery_rate": 4.0,
        "failsafe_charge_current": 1.0,
        "failsafe_discharge_current": 2.0,
    },
    "intervals": {
        "voltage": 1.0,
        "current": 2.0,
        "power": 3.0,
        "cell_voltage": 4.0,
        "temperature": 5.0,
        "capacity": 6.0,
    },
    "dead_bands": {
        "voltage": 0.1,
        "current": 0.2,
        "power": 3.0,
        "cell_voltage": 0.004,
        "temperature": 0.5,
        "capacity": 0.6,
    },
    "steps": {"current": 4.0, "power": 200.0},
    "connection": {"freshness": "always", "fresh_within": 30.0, "read_every": 20.0, "leave_one_free": True},
}
"""As the one dialog of earlier versions stored it, and the steps since, of a pack that is polled and has options of its family."""

SHARING = {"freshness": "fresh", "fresh_within": 60, "read_every": 10, "leave_one_free": False}

CHANGES = [
    ("control", {"allow_dangerous": False}, "control", "allow_dangerous", False),
    ("limits", {"max_charge_current": 90}, "limits", "max_charge_current", 90),
    ("limits", {"charging": {"rebulk_soc": 75}}, "limits", "rebulk_soc", 75),
    ("limits", {"derating": {"recovery_rate": 3}}, "limits", "recovery_rate", 3),
    ("limits", {"failsafe": {"failsafe_charge_current": 0}}, "limits", "failsafe_charge_current", 0),
    ("connection", {"interval": 0.25}, "polling", "interval", 0.25),
    ("connection", {"reread_interval": 30}, "control", "reread_interval", 30),
    ("connection", {"sharing": {"freshness": "on_demand"}}, "connection", "freshness", "on_demand"),
    ("current", {"offset": -0.5}, "current", "offset", -0.5),
    ("publishing", {"intervals": {"voltage": 0}}, "intervals", "voltage", 0),
    ("publishing", {"dead_bands": {"power": 20}}, "dead_bands", "power", 20),
    ("publishing", {"steps": {"current": 0}}, "steps", "current", 0),
    ("pack", {"current_unit": "100_ma"}, "pack", "current_unit", "100_ma"),
]


@pytest.mark.parametrize(("form", "chosen", "part", "key", "value"), CHANGES)
async def test_a_form_changes_what_was_chosen_and_nothing_else(
    hass, house, adopt, form, chosen, part, key, value
) -> None:
    entry = await adopt(jbd_pack(SP04S034, name="Shed"))
    hass.config_entries.async_update_entry(entry, options=deepcopy(STORED))
    await set_options(hass, entry, form, **chosen)
    expected = deepcopy(STORED)
    expected[part][key] = value
    assert entry.options == expected


@pytest.mark.parametrize("form", OPTION_FORMS)
async def test_a_form_that_is_submitted_as_it_is_shown_changes_nothing_and_does_not_reload(
    hass, house, adopt, form
) -> None:
    entry = await adopt(jbd_pack(SP04S034, name="Shed"))
    hass.config_entries.async_update_entry(entry, options=deepcopy(STORED))
    before = entry.runtime_data
    await set_options(hass, entry, form)
    assert entry.options == STORED
    assert entry.runtime_data is before


async def test_what_no_form_knows_stays_too(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    stored = {"limits": {"of_a_newer_version": 1, "empty_soc": 8.0}, "of_a_newer_version": {"kept": True}}
    hass.config_entries.async_update_entry(entry, options=stored)
    await set_options(hass, entry, "limits", derating={"empty_soc": 9})
    assert entry.options["of_a_newer_version"] == {"kept": True}
    assert entry.options["limits"]["of_a_newer_version"] == 1
    assert entry.options["limits"]["empty_soc"] == 9
    assert set(entry.options) == {"limits", "of_a_newer_version"}


@pytest.mark.parametrize("form", COMMON)
async def test_a_form_of_which_nothing_is_stored_shows_defaults(hass, house, pack, adopt, form) -> None:
    entry = await adopt(pack)
    assert entry.options == {}
    await set_options(hass, entry, form)
    expected = {
        "control": {"control": {"allow_control": False, "experimental_writes": False, "allow_dangerous": False}},
        "connection": {"control": {"reread_interval": 10}, "connection": SHARING},
        "current": {"current": {"invert": False, "offset": 0, "floor": 0}},
        "limits": {
            "limits": {
                "charge_cell_voltage": 0,
                "voltage_distance": 0.1,
                "float_distance": 0.1,
                "max_charge_current": 0,
                "max_discharge_current": 0,
                "current_share": 90,
                "temperature_distance": 2,
                "temperature_span": 10,
                "full_soc": 95,
                "empty_soc": 5,
                "absorption_time": 900,
                "float_spread": 0.01,
                "rebulk_spread": 0.08,
                "rebulk_soc": 80,
                "target_by_voltage": False,
                "balance_hold_time": 7200,
                "recovery_hold": 30,
                "recovery_rate": 5,
                "failsafe_charge_current": 0,
                "failsafe_discharge_current": 0,
            }
        },
        "publishing": {
            "intervals": dict(entry.options.get("intervals", {})) | {"voltage": 13},
            "dead_bands": dict(entry.options.get("dead_bands", {})) | {"cell_voltage": 0.003},
            "steps": {"current": 1.2, "power": 60},
        },
    }
    assert entry.options == expected[form]
    sizes = {part: len(fields) for part, fields in entry.options.items()}
    assert sizes == {"intervals": 6, "dead_bands": 6, "steps": 2} or form != "publishing"


async def test_defaults_are_those_of_the_family(hass, house, adopt) -> None:
    entry = await adopt(jbd_pack(SP04S034, name="Shed"))
    await set_options(hass, entry, "connection")
    polling = entry.runtime_data.family.polling
    assert entry.options == {
        "polling": {"interval": polling.default},
        "control": {"reread_interval": 60},
        "connection": SHARING,
    }
    entry = await adopt(smart123_pack(GEN2_BRSP, name="Boat"))
    await set_options(hass, entry, "pack")
    assert entry.options == {
        "pack": {
            "transport": "auto",
            "current_scale": "auto",
            "temperature_formula": "app",
            "import_history": False,
        }
    }


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda: jk_pack(name="Shed"), MENU),
        (lambda: jbd_pack(SP04S034, name="Shed"), [*MENU, "pack"]),
        (lambda: daly_pack(name="Shed"), MENU),
        (lambda: smart123_pack(GEN2_BRSP, name="Shed"), [*MENU, "pack"]),
    ],
    ids=["jk", "jbd", "daly", "smart123"],
)
async def test_the_menu_shows_what_applies_to_the_family(hass, house, adopt, make, shown) -> None:
    entry = await adopt(make())
    assert (await option_menu(hass, entry))["menu_options"] == shown
    for form in shown:
        if form != "equipment":
            await option_form(hass, entry, form)


async def test_a_form_that_is_not_on_the_menu_cannot_be_opened(hass, house, pack, adopt) -> None:
    menu = await option_menu(hass, await adopt(pack))
    with pytest.raises(InvalidData):
        await hass.config_entries.options.async_configure(menu["flow_id"], {"next_step_id": "pack"})


@pytest.mark.parametrize(
    ("form", "chosen"),
    [
        ("limits", {"max_charge_current": 2001}),
        ("limits", {"charging": {"voltage_distance": 0}}),
        ("limits", {"derating": {"full_soc": -1}}),
        ("connection", {"reread_interval": 0}),
        ("current", {"offset": 51}),
        ("publishing", {"intervals": {"voltage": 3601}}),
        ("publishing", {"dead_bands": {"voltage": -1}}),
        ("control", {"unknown": True}),
    ],
)
async def test_what_is_out_of_range_is_refused(hass, house, pack, adopt, form, chosen) -> None:
    entry = await adopt(pack)
    flow = await option_form(hass, entry, form)
    with pytest.raises(InvalidData):
        await submit_options(hass, flow, chosen)
    assert entry.options == {}


@pytest.mark.parametrize("chosen", [0.03, 2.6, 4.2])
async def test_a_charge_voltage_of_other_cells_is_refused(hass, house, pack, adopt, chosen) -> None:
    entry = await adopt(pack)
    flow = await option_form(hass, entry, "limits")
    entered = {"charge_cell_voltage": chosen, "charging": {"rebulk_soc": 71}}
    flow = await submit_options(hass, flow, entered)
    assert flow["errors"] == {"base": "charge_voltage_for_other_cells"}
    assert flow["description_placeholders"] == {"lowest": "3.3", "highest": "3.65"}
    # What was entered is still there.
    (charging,) = (part for key, part in flow["data_schema"].schema.items() if key == "charging")
    (shown,) = (key.description for key in charging.schema.schema if key == "rebulk_soc")
    assert shown == {"suggested_value": 71}
    assert entry.options == {}
    flow = await submit_options(hass, flow, {"charge_cell_voltage": 3.45})
    assert flow["data"]["limits"]["charge_cell_voltage"] == 3.45
    # While the pack is not set up its chemistry is not known.
    await hass.config_entries.async_unload(entry.entry_id)
    flow = await option_form(hass, entry, "limits")
    assert flow["description_placeholders"] == {"lowest": "2.3", "highest": "4.25"}


async def test_options_tune_the_publishing_and_reload(hass, house, pack, adopt) -> None:
    entry = await adopt(pack)
    before = entry.runtime_data
    control = (await option_form(hass, entry, "control"))["data_schema"]({})
    assert control == {"allow_control": False, "experimental_writes": False, "allow_dangerous": False}
    assert (await option_form(hass, entry, "connection"))["data_schema"]({"sharing": {}}) == {
        "reread_interval": 10,
        "sharing": SHARING,
    }
    flow = await option_form(hass, entry, "publishing")
    defaults = flow["data_schema"]({"intervals": {}, "dead_bands": {}, "steps": {}})
    assert defaults["intervals"]["voltage"] == 13
    assert defaults["dead_bands"]["cell_voltage"] == 0.003
    defaults["intervals"]["voltage"] = 0
    defaults["dead_bands"]["voltage"] = 0
    flow = await submit_options(hass, flow, defaults)
    assert flow["type"] is FlowResultType.CREATE_ENTRY
    await house.until(lambda: entry.runtime_data is not before and entry.runtime_data.available)
    flow = await option_form(hass, entry, "publishing")
    assert flow["data_schema"]({"intervals": {}, "dead_bands": {}, "steps": {}})["intervals"]["voltage"] == 0


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ({"charging": {"rebulk_spread": 0.005}}, "rebulk_spread_low"),
        ({"charging": {"rebulk_soc": 99}}, "rebulk_soc_high"),
        ({"derating": {"empty_soc": 85}}, "empty_soc_high"),
        ({"max_charge_current": 5, "failsafe": {"failsafe_charge_current": 6}}, "failsafe_charge_high"),
    ],
)
async def test_limits_that_contradict_each_other_are_not_saved(hass, house, pack, adopt, chosen, code) -> None:
    entry = await adopt(pack)
    flow = await option_form(hass, entry, "limits")
    flow = await submit_options(hass, flow, chosen)
    assert flow["errors"] == {"base": code}
    assert entry.options == {}
