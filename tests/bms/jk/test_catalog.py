"""What can be set on a pack follows from its model, its firmware's lists, and what is proven."""

import pytest

from custom_components.smart_bms.bms.jk.catalog import CHAINS, catalog_of
from custom_components.smart_bms.bms.jk.identity import decode_identity
from custom_components.smart_bms.bms.jk.layouts import Variant
from custom_components.smart_bms.bms.jk.parameters import REGISTERS
from custom_components.smart_bms.bms.jk.presets import presets_for
from custom_components.smart_bms.bms.jk.settings import decode_settings, settings_in_details
from custom_components.smart_bms.bms.reading import Identity
from custom_components.smart_bms.bms.settings import Proof, SettingKind
from custom_components.smart_bms.control.constraints import broken_orders, value_issues
from tests.support.catalogs import proofs
from tests.support.packs import device_info, settings


def catalog(variant="JK02_32S", **options):
    identity = decode_identity(device_info(variant, **options))
    values = dict(decode_settings(settings(variant, **options), Variant(variant), 0.0).values)
    return catalog_of(identity, values | settings_in_details(identity.details, Variant(variant)))


def test_what_the_firmware_lists_can_be_written_and_the_rest_only_read() -> None:
    found = catalog()
    assert {"cell_overvoltage", "heating_switch", "smart_sleep_delay", "emergency_duration"} <= proofs(
        found, Proof.PROVEN
    )
    assert proofs(found, Proof.READ_ONLY) == {"mosfet_overtemperature", "mosfet_overtemperature_release"}
    assert "gps_heartbeat" not in found.settings
    assert "gps_heartbeat" in found.known
    assert "soc_calibration" not in found.settings


def test_what_is_shown_but_not_listed_is_only_read() -> None:
    few = catalog(commands=frozenset({*range(0x10), 0x96, 0x97}))
    assert few.settings["heating_switch"].proof is Proof.READ_ONLY
    assert few.settings["cell_overvoltage"].proof is Proof.PROVEN
    assert "emergency_mode" not in few.settings


def test_firmware_without_lists_takes_the_basic_registers() -> None:
    found = catalog(commands=frozenset())
    assert found.settings["cell_overvoltage"].proof is Proof.PROVEN
    assert found.settings["heating_switch"].proof is Proof.READ_ONLY


def test_what_one_source_says_is_experimental() -> None:
    assert {"load_preset_lfp", "can_protocol", "rebulk_soc", "buzzer_trigger"} <= proofs(catalog(), Proof.EXPERIMENTAL)
    assert proofs(catalog("JK02_24S"), Proof.PROVEN) == set()
    assert proofs(catalog("JK04"), Proof.EXPERIMENTAL) == {"balance_start_voltage"}


def test_what_cannot_be_read_back_is_not_offered() -> None:
    everything = Identity(
        family="jk", variant="JK02_32S", model="JK_B2A24S20P", details={"commands": tuple(range(256))}
    )
    found = catalog_of(everything, {row.key for row in REGISTERS[Variant.JK02_32S]})
    assert not {"shut_down", "restart", "clock"} & set(found.settings)
    assert not any("wire_resistance" in key for key in catalog("JK02_24S").settings)


@pytest.mark.parametrize(
    ("model", "cells", "current", "balance"),
    [
        ("JK-B2A24S15P", 24, 150, 2),
        ("JK_PB2A16S20P", 16, 200, 2),
        ("JK-BD6A17S6P", 17, 60, 0.6),
        ("JK-BD4A8S-4P", 8, 40, 0.4),
        ("JK-B1A8S12P", 8, 120, 1),
        ("JK-B5A25S60P", 25, 500, 5),
        ("JK-B2A25S-RP", 25, 500, 2),
        ("JK_B2A25S_RP", 25, 500, 2),
        ("JK-B5A25S", 25, 500, 5),
        ("JK-B2A24S-RP", 24, 500, 2),
        ("JK-B2A24S", 24, 600, 2),
        ("My pack", 32, 600, 15),
    ],
)
def test_the_model_bounds_cells_and_currents(model, cells, current, balance) -> None:
    identity = Identity(family="jk", variant="JK02_32S", model=model)
    found = catalog_of(identity, {"cell_count", "max_charge_current", "max_discharge_current", "max_balance_current"})
    assert found.settings["cell_count"].maximum == cells
    assert found.settings["max_charge_current"].maximum == current
    assert found.settings["max_discharge_current"].maximum == (1200 if current == 600 else current)
    assert found.settings["max_balance_current"].maximum == balance


def test_the_board_knows_better_how_many_cells_it_has() -> None:
    identity = Identity(family="jk", variant="JK02_32S", model="JK_B2A24S20P", max_cells=20)
    assert catalog_of(identity, {"cell_count"}).settings["cell_count"].maximum == 20


def test_only_protocols_that_the_board_offers_can_be_chosen() -> None:
    assert catalog().settings["can_protocol"].options == ("jk_250k", "deye", "pylon", "growatt", "victron")
    assert "off" in catalog().settings["buzzer_trigger"].options


@pytest.mark.parametrize("variant", list(Variant))
def test_every_parameter_has_a_range_that_its_unit_and_wire_allow(variant) -> None:
    identity = Identity(family="jk", variant=variant, model="JK_X", details={"commands": tuple(range(256))})
    found = catalog_of(identity, {row.key for row in REGISTERS[variant]})
    for setting in found.settings.values():
        if setting.kind is SettingKind.NUMBER:
            assert setting.minimum < setting.maximum, setting.key
            assert setting.step > 0
            if setting.resolution:
                assert setting.step >= setting.resolution * 0.999, setting.key
            assert not list(value_issues(setting, setting.minimum))
            assert not list(value_issues(setting, setting.maximum))
        assert bool(setting.options) is (setting.kind is SettingKind.CHOICE)


@pytest.mark.parametrize("model", ["JK_B2A24S20P", "JK-B5A25S60P"])
def test_presets_are_valid_as_they_stand(model) -> None:
    identity = Identity(family="jk", variant="JK02_32S", model=model, details={"commands": tuple(range(256))})
    for preset in presets_for(model, Variant.JK02_32S).values():
        found = catalog_of(identity, preset)
        assert set(found.settings) >= set(preset)
        assert not list(broken_orders(preset, CHAINS))
        for key, value in preset.items():
            assert not list(value_issues(found.settings[key], value)), key
            assert key not in ("cell_count", "design_capacity")


def test_presets_of_the_contactor_model_have_their_heads_put_right() -> None:
    found = presets_for("JK-B5A25S60P", Variant.JK02_32S)
    assert found["lfp"]["cell_overvoltage"] == 3.65
    assert found["lfp"]["power_off_voltage"] == 2.499
    assert found["nmc"]["cell_overvoltage"] == 4.2
    assert set(presets_for("JK-B5A24S", Variant.JK04)["lto"]) == {"balance_trigger"}
