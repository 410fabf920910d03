"""Calm: readings that change nothing are not judged, and whatever could change something ends it at once."""

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.smart_bms.protection.fast_path import NEAR
from custom_components.smart_bms.protection.jk import JK
from custom_components.smart_bms.protection.limit_options import LimitOptions
from custom_components.smart_bms.protection.limits import Limiter
from custom_components.smart_bms.protection.mirror import Mirror
from custom_components.smart_bms.protection.smart123 import SMART123
from tests.support.protection_life import Life, reading
from tests.support.rule_books import FAMILIES, JK_LFP

from .test_smart123 import SETTINGS as SMART123_SETTINGS

CALM_MOMENTS = {"highest": 3.32, "lowest": 3.28, "current": -12.0, "soc": 61}


def calm() -> Life:
    life = Life(JK, JK_LFP)
    life.see(1, **CALM_MOMENTS)
    assert life.mirror.calm is not None
    return life


def test_what_is_shown_is_that_of_the_newest_reading() -> None:
    life = calm()
    before = life.mirror.nearest
    life.see(1, **CALM_MOMENTS | {"highest": 3.35, "stage": 44.0})
    assert life.mirror.calm is not None
    assert life.mirror.monitors["cell_overvoltage"].value == 3.35
    assert life.mirror.monitors["mosfet_overtemperature"].margin == 31
    assert before is not None
    life.see(1, **CALM_MOMENTS | {"highest": 3.34})
    assert life.mirror.nearest.monitor.value == life.mirror.moment.measured[life.mirror.nearest.monitor.rule.quantity]
    for _ in range(4):
        life.see(9, **CALM_MOMENTS)
    assert life.mirror.nearest.monitor.value == life.mirror.moment.measured[life.mirror.nearest.monitor.rule.quantity]


@pytest.mark.parametrize(
    "change",
    [
        {"highest": 3.46},
        {"lowest": 2.9},
        {"current": 60.0},
        {"current": -90.0},
        {"hottest": 50.0},
        {"coldest": 7.0},
        {"stage": 61.0},
        {"alarms": ("charge_mosfet_fault",)},
        {"alarms": None},
        {"charging": False},
        {"discharging": None},
        {"current": None},
    ],
)
def test_what_could_change_something_is_judged(change) -> None:
    life = calm()
    life.see(1, **CALM_MOMENTS | change)
    whole = Life(JK, JK_LFP, began=False)
    whole.see(1, **CALM_MOMENTS | change)
    assert life.mirror.charge.answer == whole.mirror.charge.answer
    assert life.mirror.discharge.answer == whole.mirror.discharge.answer


def test_on_the_way_to_a_limit_only_the_trend_goes_on() -> None:
    life = Life(JK, JK_LFP)
    for second in range(60):
        life.see(1, current=20.0, highest=3.46 + second * 0.001)
    calm = life.mirror.calm
    assert [monitor.rule.protection for monitor in calm.near] == ["cell_overvoltage"]
    for second in range(60, 130):
        life.see(1, current=20.0, highest=3.46 + second * 0.001)
        assert life.mirror.calm is calm
        assert life.mirror.nearest.monitor.value == life.mirror.moment.measured["cell_highest"]
    # 3.589 V at 1 mV/s: 3.6 V in 11 s.
    assert life.mirror.nearest.predicted_trip.seconds == pytest.approx(11, abs=2.5)
    life.see(1, current=20.0, highest=3.601)
    assert life.mirror.calm is None
    assert life.answer("charge") == "no"


def test_what_has_gone_away_from_its_limit_is_no_longer_followed() -> None:
    life = Life(JK, JK_LFP)
    life.see(1, highest=3.5)
    assert life.mirror.calm.near
    life.see(1, highest=3.43)
    assert life.mirror.calm.near
    life.see(1, highest=3.4)
    assert not life.mirror.calm.near


def test_a_probe_that_vanishes_ends_the_calm() -> None:
    life = calm()
    life.see(1, **CALM_MOMENTS | {"hottest": None, "coldest": None})
    assert life.answer("charge") == life.answer("discharge") == "unknown"


def test_other_parameters_and_gaps_are_judged() -> None:
    life = calm()
    life.settings = JK_LFP | {"cell_overvoltage": 3.3, "cell_overvoltage_release": 3.2}
    life.see(1, **CALM_MOMENTS)
    assert life.answer("charge") == "no"
    life = calm()
    life.see(60, **CALM_MOMENTS | {"alarms": None})
    assert life.answer("charge") == "unknown"


def test_a_probe_that_appears_is_judged() -> None:
    life = Life(JK, JK_LFP, began=False)
    life.see(1, **CALM_MOMENTS, hottest=None, coldest=None)
    assert life.mirror.calm is not None
    life.see(1, **CALM_MOMENTS, hottest=70.0)
    assert life.answer("discharge") == "no"


def test_a_relay_is_calm_only_clearly_on_one_side() -> None:
    shown = {"full_is_fine": False, "stage": None, "soc": 60}
    life = Life(SMART123, SMART123_SETTINGS, began=False)
    life.see(1, **shown)
    assert life.mirror.calm is not None
    life.see(1, **shown | {"soc": 90})
    assert life.mirror.calm is None
    life.see(1, **shown | {"soc": 95})
    assert life.answer("charge") == "yes"
    life.see(1, **shown | {"soc": 95, "highest": 3.65, "charging": False})
    life.see(1, **shown | {"soc": 95, "charging": False})
    assert life.answer("charge") == "no"
    few = {key: value for key, value in SMART123_SETTINGS.items() if key != "charge_restart_soc"}
    life = Life(SMART123, few, began=False)
    life.see(1, **shown)
    assert life.mirror.calm is None


MOMENTS = st.lists(
    st.tuples(
        st.sampled_from((0.5, 1.0, 5.0, 12.0)),
        st.fixed_dictionaries(
            {
                "highest": st.sampled_from((3.3, 3.31, 3.44, 3.46, 3.52, 3.61)),
                "lowest": st.sampled_from((3.29, 3.25, 2.96, 2.9, 2.69)),
                "current": st.sampled_from((0.0, 20.0, -20.0, 49.0, 51.0, 120.0)),
                "coldest": st.sampled_from((24.0, 12.1, 11.9, 7.4, 3.0)),
                "soc": st.sampled_from((60, 14, 16, 96)),
                "pack": st.sampled_from((13.2, 13.95, 13.97)),
            }
        ),
    ),
    min_size=2,
    max_size=40,
)


@pytest.mark.parametrize("family", ["jk", "jbd"])
@settings(deadline=None)
@given(moments=MOMENTS)
def test_calm_saves_time_and_changes_nothing_else(family, moments) -> None:
    rules, limits = FAMILIES[family].rules, FAMILIES[family].limits[0]
    quick, slow = Mirror(rules), Mirror(rules)
    limiters = Limiter(family, LimitOptions()), Limiter(family, LimitOptions())
    now = 1000.0
    for seconds, values in moments:
        now += seconds
        slow.calm = None  # judge everything
        limiters[1]._settled = None
        seen = reading(now, **values)
        assert quick.update(seen, limits) == slow.update(seen, limits)
        assert (quick.charge, quick.discharge) == (slow.charge, slow.discharge)
        assert quick.dump() == slow.dump()
        for name, monitor in quick.monitors.items():
            assert (monitor.state, monitor.value, monitor.margin) == (
                slow.monitors[name].state,
                slow.monitors[name].value,
                slow.monitors[name].margin,
            )
        near = slow.nearest is not None and slow.nearest.monitor.nearness < NEAR
        if near or (quick.calm is None and slow.nearest is not None):
            assert quick.nearest.monitor.rule is slow.nearest.monitor.rule
            assert quick.nearest.predicted_trip == slow.nearest.predicted_trip
        assert limiters[0].update(quick) == limiters[1].update(slow)
        assert limiters[0].dump() == limiters[1].dump()


def test_limits_settle_and_wake() -> None:
    mirror, limiter = Mirror(JK), Limiter("jk", LimitOptions())
    for second in range(60):
        mirror.update(reading(1000.0 + second, soc=60), JK_LFP)
        limiter.update(mirror)
    assert limiter._settled is not None
    # Another number of cells is another pack.
    mirror.update(reading(1060.0, soc=60, cells=(3.3, 3.29, 3.3)), JK_LFP)
    assert limiter.update(mirror).charge_voltage == 10.5


def test_a_limit_of_nothing_stays_down_for_a_while_however_calm() -> None:
    mirror, limiter = Mirror(JK), Limiter("jk", LimitOptions())
    off = JK_LFP | {"charge_switch": False}
    for second in range(60):
        mirror.update(reading(1000.0 + second, soc=60), off)
        limiter.update(mirror)
    assert limiter._settled is not None
    mirror.update(reading(1060.0, soc=60), JK_LFP)
    assert limiter.update(mirror).charge_current == 0


def test_without_probes_limits_settle_too() -> None:
    mirror, limiter = Mirror(JK), Limiter("jk", LimitOptions())
    for second in range(3):
        mirror.update(reading(1000.0 + second, soc=60, hottest=None, coldest=None, stage=None), JK_LFP)
        limiter.update(mirror)
    assert limiter._settled is not None
    mirror.update(reading(1003.0, soc=None, hottest=None, coldest=None, stage=None), JK_LFP)
    assert limiter.update(mirror).charge_current == 90
