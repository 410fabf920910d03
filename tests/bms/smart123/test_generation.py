"""The step of currents: proven or unknown, never guessed."""

import pytest

from custom_components.smart_bms.bms.smart123.generation import EnergyProof, Generation, Variant
from custom_components.smart_bms.bms.smart123.identity import version_of, version_of_frame
from custom_components.smart_bms.bms.smart123.scales import Formula, Scales, celsius, temperature_count, volts


def generation(chosen: str = "auto", device_type: int | None = None, **options) -> Generation:
    return Generation(options.pop("kept", {}), chosen, device_type, newer_module=options.pop("newer_module", False))


@pytest.mark.parametrize(
    ("device_type", "newer_module", "variant", "ampere"),
    [
        (2, False, Variant.GENERATION_2, 0.125),
        (4, False, Variant.GENERATION_3, 0.05),
        (6, True, Variant.GENERATION_3, 0.05),
        (2, True, Variant.GENERATION_2, 0.125),
        (None, True, Variant.GENERATION_3, 0.05),
        (None, False, Variant.RECORDS, None),
        (3, False, Variant.RECORDS, None),
    ],
)
def test_what_is_known_before_anything_was_heard(device_type, newer_module, variant, ampere) -> None:
    found = generation(device_type=device_type, newer_module=newer_module)
    assert found.variant is variant
    assert found.ampere == ampere


@pytest.mark.parametrize(
    ("tell", "needed"),
    [
        (lambda it: it.heard_record("C_01_04_2BC_12C_03"), None),
        (lambda it: it.heard_record("C_01_04_2BC_12C_03_30"), 3),
        (lambda it: it.heard_record("H_5F_08E8_08FC_63_0005E9_0005DE"), 3),
        (lambda it: it.heard_record("B_1_2_3_4"), 3),
        (lambda it: it.heard_record("T_12B_01_12B_02_XX"), None),
        (lambda it: it.heard_version("17"), None),
        (lambda it: it.heard_version("333"), 1),
        (lambda it: it.heard_newer_answer(), 1),
    ],
)
def test_what_proves_generation_3(tell, needed) -> None:
    kept: dict = {}
    found = generation(kept=kept)
    for heard in range(1, 5):
        tell(found)
        # A record may be a broken one of another kind, so it takes some of them.
        assert found.is_newer is (needed is not None and heard >= needed)
    assert generation(kept=kept).is_newer is (needed is not None)
    known = generation(device_type=2)
    tell(known)
    assert known.variant is Variant.GENERATION_2


def test_the_owner_may_choose_and_then_nothing_overrules_him() -> None:
    assert generation("125_ma", 6).ampere == 0.125
    assert generation("50_ma").ampere == 0.05


@pytest.mark.parametrize("ampere", [0.05, 0.125])
@pytest.mark.parametrize("count", [200, -400])
def test_ten_minutes_of_steady_current_prove_the_scale(ampere, count) -> None:
    kept: dict = {}
    found = generation(kept=kept)
    voltage = 10_000  # 50 V
    stored = 5000.0
    for second in range(700):
        found.measured(voltage, count, int(stored), float(second))
        if second < 590:
            assert found.ampere is None
        stored += 50 * count * ampere / 3600
    assert found.ampere == ampere
    assert generation(kept=kept).ampere == ampere


def test_energy_that_fits_neither_scale_proves_nothing() -> None:
    proof = EnergyProof()
    for second in range(2000):
        assert proof.update(10_000, 200, 5000 + second, float(second)) is None


def test_current_that_turns_or_a_gap_begins_the_proof_anew() -> None:
    proof = EnergyProof()
    for second in range(650):
        sign = 1 if second % 300 else -1
        assert proof.update(10_000, 400 * sign, 5000 + second // 2, float(second)) is None
    proof = EnergyProof()
    for second in range(0, 6500, 10):
        assert proof.update(10_000, 400, 5000 + second, float(second)) is None


def test_one_broken_current_does_not_prove_the_wrong_scale() -> None:
    kept: dict = {}
    found = generation(kept=kept)
    stored = 5000.0
    for second in range(1400):
        count = 200 + (0x8000 if second == 300 else 0)
        found.measured(10_000, count, int(stored), float(second))
        stored += 50 * 200 * 0.125 / 3600
    assert found.ampere == 0.125


def test_nothing_that_flows_proves_nothing() -> None:
    proof = EnergyProof()
    for second in range(1000):
        assert proof.update(10_000, 0, 5000 + second, float(second)) is None
    assert proof.update(None, 0, 0, 0.0) is None


def test_nothing_flowing_is_nothing_in_any_unit() -> None:
    assert Scales().amperes(0) == 0.0
    assert Scales().amperes(20) is None
    assert Scales(ampere=0.05).amperes(20) == 1.0


def test_both_formulas_agree_at_31_degrees() -> None:
    assert celsius(307, Formula.APP) == pytest.approx(31.0, abs=0.1)
    assert celsius(307, Formula.DOCUMENT) == 31.0
    assert celsius(273, Formula.APP) == pytest.approx(1.861)
    assert celsius(273, Formula.DOCUMENT) == -3.0
    for count in range(200, 400):
        for formula in Formula:
            assert temperature_count(celsius(count, formula), formula) == count
            assert temperature_count(round(celsius(count, formula), 1), formula) == count
    assert volts(9965) == 49.825


@pytest.mark.parametrize(
    ("field", "version"), [("33B", "3.3.11"), ("333", "3.3.3"), ("17", "2.3"), ("3", "0.3"), ("ZZ", ""), ("3Z4", "")]
)
def test_versions(field, version) -> None:
    assert version_of(field) == version


def test_versions_of_frames() -> None:
    assert version_of_frame(0x330B) == "3.3.11"
