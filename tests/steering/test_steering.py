"""All the equipment of one battery: order, fail-safe, and random lives of equipment with every fault."""

from datetime import date
from itertools import pairwise
import random

import pytest

from custom_components.smart_bms.steering.demand import Demand, FallbackAction, FallbackSettings
from custom_components.smart_bms.steering.steering import Steering
from custom_components.smart_bms.steering.target import Target, TargetKind, Unit
from tests.support.equipment import Device, Site

HIGH = Demand(charge_voltage=56.0, charge_current=80.0, discharge_current=80.0, voltage=52.0)
LOW = Demand(charge_voltage=54.0, charge_current=0.0, discharge_current=0.0, voltage=52.0)


def inverter(fallback: FallbackSettings | None = None) -> Steering:
    return Steering(
        [
            Target(entity="number.charge", kind=TargetKind.CHARGE_CURRENT),
            Target(entity="number.volts", kind=TargetKind.CHARGE_VOLTAGE, unit=Unit.VOLT, step=0.1),
            Target(entity="number.discharge", kind=TargetKind.DISCHARGE_CURRENT),
            Target(entity="switch.charge", kind=TargetKind.CHARGE_SWITCH, minimum=1.0),
        ],
        fallback or FallbackSettings(),
    )


def shown(charge: float | None, volts: float, discharge: float, switch: float) -> dict[str, float | None]:
    return {"number.charge": charge, "number.volts": volts, "number.discharge": discharge, "switch.charge": switch}


def names(writes) -> list[str]:
    return [write.target.entity for write in writes]


def test_voltage_before_current_when_falling_and_the_other_way_when_rising():
    assert names(inverter().step(0, LOW, shown(80, 56, 80, 1))) == [
        "switch.charge",
        "number.volts",
        "number.charge",
        "number.discharge",
    ]
    assert names(inverter().step(0, HIGH, shown(0, 54, 0, 0))) == [
        "number.discharge",
        "number.charge",
        "number.volts",
        "switch.charge",
    ]
    assert names(inverter().step(0, HIGH, shown(100, 54, 80, 1))) == ["number.charge", "number.volts"]


def test_the_preview_says_what_would_be_written_and_changes_nothing():
    steering = inverter()
    rows = steering.preview(HIGH, shown(20, 54, 80, 0))
    assert [(row.shown, row.setpoint.value if row.setpoint else None) for row in rows] == [
        (20, 80),
        (54, 56),
        (80, 80),
        (0, 1),
    ]
    assert [row.is_met for row in rows] == [False, False, True, False]
    assert not steering.preview(HIGH, shown(None, 54, 80, 0))[0].is_met
    assert steering.writes_today == 0


@pytest.mark.parametrize(
    ("action", "charge", "written"),
    [
        ("hold", 0, []),
        ("off", 0, ["switch.charge", "number.charge", "number.discharge"]),
        ("reduce", 5, ["number.charge", "number.discharge"]),
    ],
)
def test_before_nobody_looks_any_more_nothing_rises(action, charge, written):
    steering = inverter(FallbackSettings(on_stop=FallbackAction(action), charge_current=charge))
    writes = steering.at_stop(shown(40, 56, 80, 1))
    assert names(writes) == written
    assert all(write.falls for write in writes)
    assert steering.at_stop(shown(None, 56, 0, 0)) == []


def test_writes_are_counted_by_day_and_over_a_restart():
    steering = inverter()
    steering.update_day(date(2026, 1, 1))
    steering.step(0, HIGH, shown(0, 54, 0, 0))
    assert steering.writes_today == 4
    again = inverter()
    again.restore(steering.dump())
    again.update_day(date(2026, 1, 1))
    assert again.writes_today == 4
    again.update_day(date(2026, 1, 2))
    assert again.writes_today == 0
    fresh = inverter()
    fresh.restore({})
    assert fresh.writes_today == 0


@pytest.mark.parametrize("seconds", [1, 5, 30, 120, 600, 3600])
@pytest.mark.parametrize("at", range(0, 120, 10))
def test_lost_data_at_any_point_of_a_ramp_reduces_at_once_and_rises_again_slowly(seconds, at):
    site = Site(interval=10.0)
    for moment in range(120):
        site.ask(moment * 0.5)
        site.run(1)
        if moment == at:
            site.lose()
            site.run(min(seconds, 600) if seconds < 600 else seconds, step=1 if seconds < 120 else 5)
            if seconds >= 30:
                assert site.device.shown == 0
            before = site.device.shown
            site.ask(0 if before is None else min(before, moment * 0.5))
    site.run(60)
    assert site.device.shown == pytest.approx(site.asked.charge_current, abs=1)
    assert site.state == "following"


@pytest.mark.parametrize("seed", range(60))
def test_random_equipment_never_stays_above_what_is_asked_and_is_never_written_without_end(seed):
    """Every fault for a while, then none: in the end it follows, and nothing was written more often than allowed."""
    chance = random.Random(seed)
    site = Site(interval=chance.choice((5.0, 30.0)), smallest_change=chance.choice((0.5, 1.0, 5.0)), step=0.5)
    site.device = Device(lag=chance.uniform(0, 8))
    above = 0.0
    for _ in range(400):
        event = chance.random()
        site.ask(chance.uniform(0, 100)) if event < 0.3 else None
        site.device.ignores = event > 0.97
        if 0.3 <= event < 0.32:
            site.device.shown = None if site.device.shown is not None else chance.uniform(0, 100)
        elif 0.32 <= event < 0.34:
            site.lose()
        elif 0.34 <= event < 0.35:
            site.restart()
        site.run(5)
    site.device.ignores, site.device.shown = False, 100.0
    site.steering.release()
    site.ask(40)
    for _ in range(60):
        site.run(1)
        above = above + 1 if site.device.shown is not None and site.device.shown > 40 else 0
    assert above == 0
    assert site.state in ("following", "yielded")
    times = [at for at, _ in site.device.written]
    gaps = [
        later - earlier
        for earlier, later in pairwise(times)
        if not any(earlier <= restart < later for restart in site.restarts)
    ]
    assert min(gaps, default=9) >= 2
    assert len(site.device.written) < site.now / 4
