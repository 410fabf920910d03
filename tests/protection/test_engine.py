"""Guard: one pack's mirror, hints and limits, fed and kept together."""

import pytest

from custom_components.smart_bms.protection.engine import ProtectionEngine, check_kept
from custom_components.smart_bms.protection.limit_options import LimitOptions
from custom_components.smart_bms.protection.monitor import ProtectionState
from tests.support.protection_life import reading
from tests.support.rule_books import DALY_D2, JK_LFP


def protection_engine(family: str = "jk", variant: str = "JK02_32S") -> ProtectionEngine:
    return ProtectionEngine(family, variant, LimitOptions())


def test_a_reading_reaches_mirror_limits_and_hints():
    one = protection_engine()
    assert one.state is ProtectionState.UNKNOWN
    one.update(reading(1.0), JK_LFP | {"balance_switch": True})
    assert one.state is ProtectionState.CLEAR
    assert one.mirror.charge.allowed is True
    assert one.balance.allowed is False
    assert one.limits.charge_current == 90
    events = one.update(reading(2.0, lowest=2.65, current=120.0), JK_LFP)
    assert {(item.kind.value, item.protection) for item in events} == {
        ("tripped", "cell_undervoltage"),
        ("pending", "charge_overcurrent"),
    }
    assert one.state is ProtectionState.TRIPPED
    assert one.protections_in(ProtectionState.TRIPPED) == ["cell_undervoltage"]
    assert one.protections_in(ProtectionState.PENDING) == ["charge_overcurrent"]
    assert [hint.code for hint in one.hints] == ["shutdown_ahead"]
    assert one.limits.discharge_current == 0


def test_what_runs_counts_more_than_what_is_clear_and_less_than_what_is_unknown():
    one = protection_engine()
    one.update(reading(1.0), JK_LFP)
    one.update(reading(2.0, current=120.0), JK_LFP)
    assert one.state is ProtectionState.PENDING
    one.update(reading(3.0, current=None), JK_LFP)
    assert one.state is ProtectionState.UNKNOWN
    assert one.mirror.charge.allowed is None


def test_a_warning_is_no_protection():
    one = protection_engine("daly", "D2")
    one.update(reading(1.0, highest=3.52, pack=13.2), DALY_D2)
    assert one.state is ProtectionState.CLEAR
    assert one.protections_in(ProtectionState.TRIPPED) == []


def test_a_refused_reading_changes_nothing():
    one = protection_engine()
    one.update(reading(5.0), JK_LFP)
    one.update(reading(4.0, coldest=-5.0), JK_LFP)
    assert one.limits.charge_current == 90


def test_balancing_is_judged_now_and_then():
    one = protection_engine()
    have = JK_LFP | {"balance_switch": True}
    one.update(reading(1.0, highest=3.41, lowest=3.38), have)
    assert one.balance.allowed is True
    one.update(reading(2.0), have)
    assert one.balance.allowed is True
    one.update(reading(3.0), have)
    assert one.balance.allowed is False


def test_silence_is_answered_with_what_is_safe():
    one = protection_engine()
    one.update(reading(1.0), JK_LFP)
    one.lose()
    assert (one.limits.charge_current, one.limits.discharge_current) == (None, None)
    assert one.limits.charge_limited_by == one.limits.discharge_limited_by == "no_data"


def test_what_is_kept_comes_back_for_the_same_rules_only():
    one = protection_engine()
    one.update(reading(100.0), JK_LFP)
    one.update(reading(101.0, current=120.0), JK_LFP)
    kept = one.dump(clock=1_000_000.0)
    again = protection_engine()
    again.restore(kept, clock=1_000_050.0)
    assert again.mirror.monitors["charge_overcurrent"].began_at == 51.0
    for broken in (
        {**kept, "clock": None},
        {key: value for key, value in kept.items() if key != "clock"},
        {**kept, "mirror": {"announced": {"cell_overvoltage": "no_such"}}},
        {**kept, "limits": {"even_since": "then"}},
    ):
        anew = protection_engine()
        anew.restore(broken, clock=0.0)
        assert anew.mirror.monitors["charge_overcurrent"].began_at is None
    other = protection_engine("jbd", "classic")
    other.restore(kept, clock=0.0)
    other.restore(None, clock=0.0)
    assert other.mirror.monitors["charge_overcurrent"].began_at is None


def test_what_was_kept_of_another_family_is_neither_used_nor_broken() -> None:
    check_kept("jk", "JK02_32S", {"family": "jbd", "variant": "x", "clock": "noon"})
    with pytest.raises(TypeError):
        check_kept("jk", "JK02_32S", {"family": "jk", "variant": "JK02_32S", "clock": "noon"})
