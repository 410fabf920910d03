"""Formatted values and names, write log, baseline, and outcomes of writes."""

import pytest

from custom_components.smart_bms.bms.settings import Proof, Setting, SettingKind, Unit
from custom_components.smart_bms.control.baseline import Baseline
from custom_components.smart_bms.control.read_back import outcome_of
from custom_components.smart_bms.control.validation_issue import ParameterValue, with_unit
from custom_components.smart_bms.control.write_log import WriteLog, WriteOutcome, WriteRecord


def test_numbers_have_the_unit_of_their_parameter_and_nothing_else_has_one() -> None:
    volts = Setting(key="x", kind=SettingKind.NUMBER, proof=Proof.PROVEN, unit=Unit.VOLT)
    assert with_unit(3.65, volts) == ParameterValue(3.65, "V")
    assert [with_unit(value, volts).unit for value in (None, True, "victron")] == ["", "", ""]
    assert with_unit(4) == ParameterValue(4)


def test_a_baseline_takes_only_what_is_there() -> None:
    baseline = Baseline()
    baseline.accept({"x": 1}, ("x", "y"))
    assert baseline.values == {"x": 1}


def test_a_journal_of_a_newer_version_is_taken_up_as_far_as_it_is_understood() -> None:
    stored = WriteRecord(at="", parameter="x", old=1, new=2, outcome=WriteOutcome.CONFIRMED).as_dict()
    write_log = WriteLog([stored | {"newer": 1}, stored | {"outcome": "brand_new"}, {"at": ""}])
    assert [record.parameter for record in write_log.records] == ["x"]


@pytest.mark.parametrize(
    ("found", "outcome"), [(22.1, "confirmed"), (20.1, "refused"), (19.9, "refused"), (25.0, "different")]
)
def test_a_noisy_measurement_is_judged_by_what_it_is_nearer_to(found, outcome) -> None:
    setting = Setting(
        key="x", kind=SettingKind.NUMBER, proof=Proof.PROVEN, resolution=0.001, seen=lambda _: None, tolerance=0.3
    )
    record = WriteRecord(at="", parameter="x", old=20.0, new=22.0, found=found, outcome=WriteOutcome.PENDING)
    assert outcome_of(setting, record) == outcome


@pytest.mark.parametrize(
    ("field", "value"),
    [("at", 3), ("parameter", None), ("user", 5), ("temporary", "no"), ("old", [3.6]), ("found", {})],
)
def test_a_record_with_a_mistyped_field_is_passed_over_alone(field, value) -> None:
    good = WriteRecord(
        at="2026-11-29T12:00:00+00:00", parameter="cell_overvoltage", old=3.6, new=3.5, outcome=WriteOutcome.CONFIRMED
    )
    stored = [good.as_dict(), good.as_dict() | {field: value}, good.as_dict()]
    assert len(WriteLog(stored).records) == 2
