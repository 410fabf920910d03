"""Write plan: whatever the goal, the parameters are valid after each single write."""

from hypothesis import given, strategies as st

from custom_components.smart_bms.bms.jk.catalog import CHAINS, catalog_of
from custom_components.smart_bms.bms.jk.layouts import Variant
from custom_components.smart_bms.bms.jk.parameters import REGISTERS
from custom_components.smart_bms.bms.reading import Identity
from custom_components.smart_bms.bms.settings import SettingKind
from custom_components.smart_bms.control.constraints import broken_orders, value_issues
from custom_components.smart_bms.control.plan import plan

EVERYTHING = frozenset(row.key for row in REGISTERS[Variant.JK02_32S])
CATALOG = catalog_of(
    Identity(family="jk", variant="JK02_32S", model="JK_B2A24S20P", details={"commands": tuple(range(256))}), EVERYTHING
)
CHAINED = {key for chain in CHAINS for key in chain}
NUMBERS = [
    setting
    for setting in CATALOG.settings.values()
    if setting.kind is SettingKind.NUMBER and setting.key not in CHAINED and setting.seen is None
]
SWITCHES = [setting.key for setting in CATALOG.settings.values() if setting.kind is SettingKind.SWITCH]


def steps_of(setting):
    """Return a strategy for the valid values of a parameter."""
    lowest = round(setting.minimum / setting.step)
    return st.integers(lowest, round(setting.maximum / setting.step)).map(
        lambda place: round(place * setting.step, 6) if setting.step < 1 else place
    )


def falling(low: int, high: int, count: int, divisor: int):
    return st.lists(st.integers(low, high), min_size=count, max_size=count, unique=True).map(
        lambda raw: [value / divisor for value in sorted(raw, reverse=True)]
    )


@st.composite
def valid_sets(draw):
    """Return all parameters of a pack, in order and within their ranges."""
    values = dict(zip(CHAINS[0], draw(falling(1200, 4350, 5, 1000)), strict=True))
    hot, cold = draw(falling(300, 800, 2, 10)), draw(falling(-300, 200, 2, 10))
    values |= dict(zip(CHAINS[1], [*hot, *cold], strict=True))
    values |= dict(zip(CHAINS[2], draw(falling(300, 800, 2, 10)), strict=True))
    for setting in draw(st.lists(st.sampled_from(NUMBERS), unique_by=lambda setting: setting.key, max_size=6)):
        values[setting.key] = draw(steps_of(setting))
    for key in SWITCHES:
        values[key] = draw(st.booleans())
    return values


@given(valid_sets(), valid_sets())
def test_every_state_on_the_way_is_valid(current, goal) -> None:
    state = dict(current)
    steps = plan(CATALOG, goal, current)
    for step in steps:
        assert state.get(step.key) == step.old
        state[step.key] = step.new
        assert not list(broken_orders(state, CHAINS))
        assert not list(value_issues(CATALOG.settings[step.key], step.new))
    assert {key: state[key] for key in goal} == goal
    assert len({step.key for step in steps}) == len(steps)


@given(valid_sets(), valid_sets())
def test_nothing_is_sent_that_is_already_so(current, goal) -> None:
    changed = {step.key for step in plan(CATALOG, goal, current)}
    assert changed == {key for key, value in goal.items() if current.get(key) != value}
    assert plan(CATALOG, current, current) == []


def test_off_comes_first_and_on_comes_last() -> None:
    current = {"charge_switch": False, "discharge_switch": True, "cell_overvoltage": 3.6}
    goal = {"charge_switch": True, "cell_overvoltage": 3.5, "factory_reset": None, "discharge_switch": False}
    assert [step.key for step in plan(CATALOG, goal, current)] == [
        "discharge_switch",
        "cell_overvoltage",
        "charge_switch",
        "factory_reset",
    ]
