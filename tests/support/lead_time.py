"""How long before a pack cuts off the shipped blueprints have stopped the charger or the load.

Each scenario runs twice: once with nobody watching, to see when the simulated board opens its switch, and once with the
blueprint in a real Home Assistant. The board's firmware is not ours to ask: what it does is what counts.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, override

from freezegun.api import FrozenDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
import pytest

from custom_components.smart_bms.simulator.battery import Battery
from custom_components.smart_bms.simulator.board import Board, Limits
from custom_components.smart_bms.simulator.daly.labels import ESS_81
from custom_components.smart_bms.simulator.daly.peripheral import DalyPeripheral
from custom_components.smart_bms.simulator.jbd.labels import SP04S034
from custom_components.smart_bms.simulator.jbd.peripheral import JbdPeripheral
from custom_components.smart_bms.simulator.jk.labels import PB2A16S20P
from custom_components.smart_bms.simulator.jk.peripheral import JkPeripheral

from .protected_pack import Mirrored, limits_of, mirrored, reading_of_board, with_blueprint

SWITCH, NUMBER = "input_boolean.switch", "input_number.current"
CELLS = {"jk": 16, "jbd": 4, "daly": 16}
VARIANTS = {"jk": "JK02_32S", "jbd": "extended", "daly": "81"}
CAPACITY = 280.0


@dataclass(frozen=True)
class Scenario:
    """What somebody does to a pack."""

    name: str
    blueprint: str
    seconds: int
    """How long it goes on."""
    current: float
    """A while the switch is on, positive while charging."""
    soc: float
    temperature: float = 22.0
    ambient: float | None = None
    spread: float = 0.004
    after: float | None = None
    """A from `step_at` on."""
    step_at: int = 300
    inputs: dict[str, Any] = field(default_factory=dict)
    trend: bool = True
    """There is a way to see it coming; without, only what was stopped in time counts as luck."""
    delay: dict[str, float] = field(default_factory=dict)
    step: float = 4.0
    """s between two readings."""

    @property
    def side(self) -> str:
        """Which side it is about."""
        return "discharge" if self.blueprint.endswith("_load") else "charge"

    @property
    def is_adjusted(self) -> bool:
        """Whether the blueprint sets a current, in place of a switch."""
        return self.blueprint.startswith("limit_")


SCENARIOS = (
    Scenario("overcharge, even cells, 0.2 C", "stop_charger", 3000, 56, 0.93, inputs={"current": 56}),
    Scenario("overcharge, even cells, 0.5 C", "stop_charger", 1800, 140, 0.92, inputs={"current": 140}),
    Scenario("overcharge, one cell runs ahead", "stop_charger", 3600, 56, 0.90, spread=0.025, inputs={"current": 56}),
    Scenario("deep discharge, 0.2 C", "stop_load", 3600, -56, 0.14, inputs={"current": 56}),
    Scenario("deep discharge, 0.5 C", "stop_load", 1800, -140, 0.16, inputs={"current": 140}),
    Scenario("deep discharge, one weak cell", "stop_load", 3600, -56, 0.14, spread=0.02, inputs={"current": 56}),
    Scenario("adjusted: overcharge, 0.5 C", "limit_charger", 1800, 140, 0.92, inputs={"most": 200}),
    Scenario(
        "adjusted: overcharge, one cell ahead", "limit_charger", 3600, 56, 0.90, spread=0.025, inputs={"most": 200}
    ),
    Scenario("adjusted: deep discharge, 0.5 C", "limit_load", 1800, -140, 0.16, inputs={"most": 200}),
    Scenario("adjusted: deep discharge, weak cell", "limit_load", 3600, -56, 0.14, spread=0.02, inputs={"most": 200}),
    # Below the second layer of a Daly, which lets 1.2 times the limit pass for a second only.
    Scenario("charge overcurrent", "stop_charger", 900, 40, 0.5, after=1.1, step=1.0, inputs={"current": 40}),
    Scenario("discharge overcurrent", "stop_load", 900, -40, 0.5, after=-1.1, step=1.0, inputs={"current": 40}),
    Scenario(
        "charging while it gets cold", "cold_charge_guard", 7200, 30, 0.4, temperature=9.0, ambient=-12.0, step=10.0
    ),
    Scenario(
        "charging a cold pack by its rules alone",
        "stop_charger",
        7200,
        30,
        0.4,
        temperature=9.0,
        ambient=-12.0,
        inputs={"current": 30},
    ),
    Scenario(
        "charge overcurrent without a delay",
        "stop_charger",
        900,
        40,
        0.5,
        after=1.2,
        inputs={"current": 40},
        trend=False,
        delay={"charge_overcurrent_delay": 0},
    ),
)


@dataclass
class Result:
    """What came of it."""

    scenario: str
    family: str
    cut_off_at: float | None
    """s after which the board cut off with nobody watching."""
    stopped_at: float | None
    """s after which the blueprint had stopped it."""
    cut_off_watched: bool
    """The board cut off all the same."""
    switched: int
    """Times that the blueprint turned the switch."""
    trend: bool

    @property
    def lead(self) -> float | None:
        """S between both."""
        if self.cut_off_at is None or self.stopped_at is None:
            return None
        return self.cut_off_at - self.stopped_at

    @override
    def __str__(self) -> str:
        """Return a line of the table."""

        def at(value: float | None) -> str:
            return "never" if value is None else f"{value:6.0f} s"

        lead = "      -" if self.lead is None else f"{self.lead:+6.0f} s"
        held = "cut off" if self.cut_off_watched else "avoided"
        return f"{self.scenario:40} {self.family:6} {at(self.cut_off_at):>9} {at(self.stopped_at):>9} {lead:>9} {held:8} {self.switched:3}"


HEAD = f"{'scenario':40} {'family':6} {'cuts off':>9} {'stopped':>9} {'lead':>9} {'pack':8} {'n':>3}"


def board_of(family: str, scenario: Scenario) -> Board:
    """Return a board of a family at the beginning of a scenario."""
    battery = Battery(
        cells=CELLS[family],
        capacity=CAPACITY,
        soc=scenario.soc,
        spread=scenario.spread,
        temperature=scenario.temperature,
        ambient=scenario.ambient,
        seed=4,
    )
    charge, discharge = (150.0, 200.0) if scenario.after is None else (100.0, 150.0)
    limits = Limits(charge_current=charge, discharge_current=discharge, **scenario.delay)
    board = Board(battery, limits)
    make: dict[str, Callable[[], Any]] = {
        "jk": lambda: JkPeripheral("C8:47:80:00:00:01", "JK", PB2A16S20P, board),
        "jbd": lambda: JbdPeripheral("C8:47:80:00:00:01", "JBD", SP04S034, board),
        "daly": lambda: DalyPeripheral("C8:47:80:00:00:01", "Daly", ESS_81, board),
    }
    make[family]()
    return board


def _constant(current: float, _: float) -> float:
    return current


def wish(board: Board, scenario: Scenario, second: float) -> float:
    """Return the current that flows if it may."""
    if scenario.after is None or second < scenario.step_at:
        return scenario.current
    limit = board.limits.charge_current if scenario.after > 0 else board.limits.discharge_current
    return scenario.after * limit


def cut_off(board: Board, scenario: Scenario) -> bool:
    """Tell whether the board has opened the switch in question."""
    return not (board.discharging_allowed if scenario.side == "discharge" else board.charging_allowed)


def unwatched(family: str, scenario: Scenario) -> float | None:
    """Return after how many seconds the board cuts off by itself."""
    board = board_of(family, scenario)
    for number in range(round(scenario.seconds / scenario.step)):
        current = wish(board, scenario, number * scenario.step)
        board.battery.profile = partial(_constant, current)
        board.step(scenario.step)
        if cut_off(board, scenario):
            return number * scenario.step
    return None


async def watched(
    hass: HomeAssistant,
    freezer: FrozenDateTimeFactory,
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    family: str,
    scenario: Scenario,
) -> Result:
    """Let the blueprint watch; the battery obeys its switch."""
    board, alone = board_of(family, scenario), unwatched(family, scenario)
    # A while longer than the pack alone would have lasted.
    seconds = scenario.seconds if alone is None else min(scenario.seconds, alone * 1.2 + 60)
    first = reading_of_board(board, 0.0)
    assert await async_setup_component(hass, "homeassistant", {})
    assert await async_setup_component(hass, "input_boolean", {"input_boolean": {"switch": {"initial": True}}})
    adjustable = {"min": 0, "max": 200, "step": 0.1, "initial": 200}
    assert await async_setup_component(hass, "input_number", {"input_number": {"current": adjustable}})
    async with mirrored(
        hass, freezer, monkeypatch, limits_of(board), family=family, variant=VARIANTS[family], first=first
    ) as pack:
        await settle(pack, board)
        await with_blueprint(hass, folder, scenario.blueprint, inputs_of(pack, scenario))
        stopped_at, switched, was_cut, before = None, 0, False, "on"
        for number in range(round(seconds / scenario.step)):
            second = number * scenario.step
            wanted = wish(board, scenario, second)
            now, current = allowed(hass, scenario, wanted)
            if now != before:
                before, switched = now, switched + 1
                stopped_at = second if stopped_at is None else stopped_at
            board.battery.profile = partial(_constant, current)
            board.step(scenario.step)
            # A board that opens its switch while nothing flows takes nothing from anybody.
            was_cut = was_cut or (current != 0 and cut_off(board, scenario))
            await pack.wait(scenario.step)
            pack.show(reading_of_board(board, pack.now))
            await hass.async_block_till_done()
        await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)
    return Result(scenario.name, family, alone, stopped_at, was_cut, switched, scenario.trend)


def allowed(hass: HomeAssistant, scenario: Scenario, wanted: float) -> tuple[str, float]:
    """Return on or off (of a number: whether it reduces the current), and the current that the equipment lets flow."""
    state = hass.states.get(NUMBER if scenario.is_adjusted else SWITCH)
    assert state is not None
    if not scenario.is_adjusted:
        return state.state, wanted if state.state == "on" else 0.0
    most = float(state.state)
    current = max(-most, min(most, wanted))
    return ("on" if current == wanted else "off"), current


async def settle(pack: Mirrored, board: Board) -> None:
    """Wait until the limits have recovered from the start."""
    for _ in range(120):
        await pack.wait(1)
        pack.show(reading_of_board(board, pack.now))
        await pack.hass.async_block_till_done()


def inputs_of(pack: Mirrored, scenario: Scenario) -> dict[str, Any]:
    """Return what an owner would enter."""
    entity = NUMBER if scenario.is_adjusted else SWITCH
    return {"pack": pack.device_id, "charger" if scenario.side == "charge" else "load": entity, **scenario.inputs}
