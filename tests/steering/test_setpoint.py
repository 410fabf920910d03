"""From what a battery asks to the value that an entity is set to."""

import math

import pytest

from custom_components.smart_bms.steering.demand import Demand
from custom_components.smart_bms.steering.setpoint import setpoint
from custom_components.smart_bms.steering.target import Target, TargetKind, Unit, fingerprint, problems

ASKED = Demand(
    charge_voltage=55.27,
    charge_current=50.6,
    discharge_current=80.0,
    charge_limited_by="coldest",
    voltage_limited_by="float",
    voltage=52.0,
)


def target(kind: str = "charge_current", **more) -> Target:
    return Target(entity="number.one", kind=TargetKind(kind), **more)


@pytest.mark.parametrize(
    ("more", "value"),
    [
        ({}, 50.0),
        ({"step": 0.1}, 50.6),
        ({"step": 5.0}, 50.0),
        ({"step": 0.0}, 50.6),
        ({"share": 50.0, "step": 0.1}, 25.3),
        ({"scale": 10.0}, 506.0),
        ({"unit": Unit.WATT}, 2631.0),
        ({"unit": Unit.PERCENT, "scale": 200.0}, 25.0),
        ({"maximum": 30.0}, 30.0),
        ({"minimum": 10.0, "step": 4.0}, 50.0),
        ({"minimum": 60.0}, 60.0),
    ],
)
def test_a_number_is_never_more_than_asked_for_but_for_its_own_minimum(more, value):
    found = setpoint(target(**more), ASKED)
    assert found == (value, "coldest", more.get("minimum", 0) == 60)


def test_the_voltage_and_the_other_side_say_why_too():
    volts = target("charge_voltage", unit=Unit.VOLT, step=0.1, minimum=40, maximum=60)
    assert setpoint(volts, ASKED) == (55.2, "float", False)
    assert setpoint(target("discharge_current"), ASKED) == (80.0, "", False)


def test_what_is_not_asked_for_is_not_set():
    nothing = Demand()
    for kind in TargetKind:
        assert setpoint(target(kind), nothing) is None


def test_a_switch_follows_the_permission_where_a_battery_states_no_limit():
    switch = target("charge_switch")
    assert setpoint(switch, Demand(voltage=52.0)) == (1.0, "", False)
    assert setpoint(switch, Demand(voltage=52.0, charge_limited_by="no_data")) is None


def test_watts_without_a_voltage_are_none_at_all():
    found = setpoint(target(unit=Unit.WATT), Demand(charge_current=20.0))
    assert found is not None
    assert found.value == 0


def test_a_switch_goes_on_again_a_little_later_than_it_goes_off():
    switch = target("charge_switch", minimum=10.0, smallest_change=2.0)
    states = [
        setpoint(switch, Demand(charge_current=current), is_on=is_on)[0]
        for current, is_on in ((10, True), (9.9, True), (11, False), (12, False))
    ]
    assert states == [1, 0, 0, 1]
    assert setpoint(target("discharge_switch"), Demand(discharge_current=0.0))[0] == 0


def test_a_target_is_stored_and_read_back():
    one = target(maximum=80.0)
    assert Target.from_dict(one.as_dict()) == one
    endless = target()
    assert "maximum" not in endless.as_dict()
    assert Target.from_dict(endless.as_dict()).maximum == math.inf
    with pytest.raises(ValueError, match="is not a valid"):
        Target.from_dict({"entity": "number.one", "kind": "magic"})
    assert fingerprint([one]) != fingerprint([endless])
    assert fingerprint([one]) == fingerprint([target(maximum=80.0)])


@pytest.mark.parametrize(
    ("more", "codes"),
    [
        ({}, []),
        ({"minimum": 5.0, "maximum": 4.0}, ["maximum_below_minimum"]),
        ({"share": 0.0}, ["share_out_of_range"]),
        ({"share": 101.0}, ["share_out_of_range"]),
        ({"scale": 0.0}, ["scale_not_positive"]),
        ({"kind": "charge_voltage"}, ["unit_for_voltage"]),
        ({"unit": Unit.VOLT}, ["unit_for_voltage"]),
        ({"kind": "charge_switch", "on_option": "a", "off_option": "a"}, ["same_option"]),
        ({"kind": "charge_switch"}, []),
        ({"unit": Unit.PERCENT}, ["amperes_for_percent"]),
    ],
)
def test_what_cannot_be_written_so_is_named(more, codes):
    assert problems(target(**more)) == codes
