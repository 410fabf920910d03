"""Parameters become counts, and counts become the same parameters again."""

import pytest

from custom_components.smart_bms.bms.settings import Proof, SettingKind
from custom_components.smart_bms.bms.smart123.catalog import catalog_of
from custom_components.smart_bms.bms.smart123.generation import Variant
from custom_components.smart_bms.bms.smart123.identity import identity_of
from custom_components.smart_bms.bms.smart123.parameters import BY_KEY, PARAMETERS, Parameter
from custom_components.smart_bms.bms.smart123.scales import Formula


@pytest.mark.parametrize("parameter", [item for item in PARAMETERS if item.addresses], ids=lambda item: item.key)
def test_what_is_encoded_is_decoded_again(parameter: Parameter) -> None:
    values: list = [parameter.minimum, parameter.maximum, (parameter.minimum + parameter.maximum) / 2]
    if parameter.kind is SettingKind.SWITCH:
        values = [True, False]
    elif parameter.kind is SettingKind.CHOICE:
        values = list(parameter.codes.values())
    for value in values:
        count = parameter.count(value, Formula.APP)
        assert 0 <= count < 256 ** len(parameter.addresses)
        again = parameter.value(count, Formula.APP)
        assert (
            again == pytest.approx(value, abs=parameter.step)
            if parameter.kind is SettingKind.NUMBER
            else again == value
        )
        assert parameter.count(again, Formula.APP) == count


@pytest.mark.parametrize("value", ["a", None, True, -1.0, 1e9])
def test_what_has_no_count_is_refused(value) -> None:
    with pytest.raises(ValueError, match="no value"):
        BY_KEY["cell_overvoltage"].count(value, Formula.APP)
    with pytest.raises(ValueError, match="no value"):
        BY_KEY["chemistry"].count(value, Formula.APP)
    if value is not True:
        with pytest.raises(ValueError, match="no value"):
            BY_KEY["critical_mode"].count(value, Formula.APP)


def test_addresses_are_used_once() -> None:
    addresses = [address for parameter in PARAMETERS for address in parameter.addresses]
    assert len(addresses) == len(set(addresses))


def test_what_nobody_knows_how_to_write_is_not_offered() -> None:
    known = set(BY_KEY)
    for variant in Variant:
        catalog = catalog_of(identity_of(variant, Formula.APP), known)
        writable = {key for key, setting in catalog.settings.items() if setting.proof is not Proof.READ_ONLY}
        assert bool(writable) is (variant is Variant.GENERATION_3)
        assert not writable & {
            *("charge_restart_soc", "discharge_restart_soc", "balance_start_voltage", "full_cell_voltage")
        }
        assert Proof.PROVEN not in {setting.proof for setting in catalog.settings.values()}
        assert catalog_of(identity_of(variant, Formula.APP), known) == catalog
    assert not any("pin" in key or "clock" in key for key in BY_KEY)
    assert not any("invert_" in key for key in BY_KEY)


def test_of_a_temperature_the_nearest_count_is_kept() -> None:
    catalog = catalog_of(identity_of(Variant.GENERATION_3, Formula.APP), set(BY_KEY))
    setting = catalog.settings["charge_undertemperature"]
    assert setting.kept(5.0) == 5.3
    assert setting.same(setting.kept(5.0), 5.3)
    assert not setting.same(5.0, 5.3)
    assert not setting.same(5.0, 1e11)
