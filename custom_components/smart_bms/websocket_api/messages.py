"""What the cards are sent. The TypeScript side of the cards is generated from this module by `script/stream_types`.

Numbers are plain: V, A, W, Wh, Ah, °C, Ω, s, %; currents and powers are positive while charging. None is not known.
Ages are seconds at the moment of sending; the browser counts on. Codes are translated by whoever shows them.
"""

from typing import Literal, NotRequired, TypedDict


class Reason(TypedDict):
    """Why something is as it is."""

    code: str
    about: str
    """The protection, the alarm, or what is waited for."""
    numbers: dict[str, float | str | None]


class Status(TypedDict):
    """One thing that holds."""

    code: str
    rank: int
    level: Literal["stop", "hold", "info", "well"]
    about: str
    cell: int | None
    probe: str | None
    value: float | None
    limit: float | None
    release: float | None
    unit: str | None
    current_limit: float | None
    seconds: float | None
    """Until it comes or ends."""
    since: float | None
    """Seconds ago."""
    pack: str


class Direction(TypedDict):
    """What may flow in one direction, and what flows."""

    allowed: bool | None
    switched_on: bool | None
    reasons: list[Reason]
    current: float | None
    """A that flow now, never negative."""
    limit: float | None
    """A that are allowed now."""
    full_limit: float | None
    """A at its best."""
    limited_by: str
    """The protection whose limit is near, or another cause; empty: nothing."""
    held_back: bool
    """The limit takes current away now."""


class Cells(TypedDict):
    """What is measured of the cells, in their order."""

    voltages: list[float | None]
    ages: list[float | None]
    """Only of packs that send one cell after the other."""
    temperatures: list[float | None]
    wire_resistances: list[float | None]
    """Of the balance wires in Ω."""
    lowest: int | None
    """Number of the lowest cell, from 1."""
    highest: int | None
    difference: float | None
    """Cell voltage difference in V."""
    mean: float | None
    marked: dict[str, str]
    """Level by number of the cell: `hold` if it holds a current back, `stop` if it is beyond a limit."""


class Balancing(TypedDict):
    """What the balancer does."""

    active: bool | None
    current: float | None
    takes_from: list[int]
    gives_to: list[int]


class Protection(TypedDict):
    """Where a protection stands."""

    key: str
    state: Literal["clear", "pending", "tripped", "unknown"]
    value: float | None
    limit: float | None
    release: float | None
    unit: str
    margin: float | None
    """From the value to the limit, negative beyond it."""
    comfortable: float
    """A margin that is far away, in the same unit."""
    above: bool
    """It trips above its limit, not below."""
    blocks: list[str]
    seconds: float | None
    """Until it trips, or is released."""
    uncertainty: float | None
    """± s of that, where it is predicted."""
    cell: int | None
    probe: str | None


class Connection(TypedDict):
    """How the pack is reached."""

    state: str
    step: str | None
    hints: list[str]
    through: str | None
    signal: int | None


class Flow(TypedDict):
    """Source and load beside the battery, of packs with two sensors (123SmartBMS)."""

    source_current: float | None
    source_power: float | None
    source_today: float | None
    """Wh."""
    load_current: float | None
    load_power: float | None
    load_today: float | None
    lamps: list[str]
    """Lamps of the vendor's display that are lit: E, Vh, Vl, Th, Tl."""
    charge_relay_closed: bool | None
    load_relay_closed: bool | None


class LastKnown(TypedDict):
    """What was known before the pack was lost."""

    at: str
    soc: float | None
    power: float | None
    current: float | None


class CellLimits(TypedDict):
    """Between which voltages the pack lets its cells be."""

    undervoltage: float | None
    undervoltage_release: float | None
    overvoltage: float | None
    overvoltage_release: float | None
    balance_trigger: float | None


class Resistances(TypedDict):
    """Internal resistance of the cells in mΩ."""

    values: list[float | None]
    uncertainties: list[float | None]
    steps: int
    """Steps of the current that every value rests on."""
    per_week: float | None
    """Change of the mean in mΩ a week."""


class CellHealth(TypedDict):
    """What was learned of the cells."""

    consistent: bool | None
    weakest: list[int]
    resistance: Resistances
    imbalance: dict[str, float]
    """V by occasion: `full`, `rest`, `load`."""
    learned_capacity: float | None
    """Ah."""
    design_capacity: float | None
    learned_at: float | None
    """Unix time."""
    days_since_full: float | None
    soc_drift: float | None
    """% by which the state of charge may be off."""
    self_discharge: float | None
    """mV a day of the fastest cell."""


class Energy(TypedDict):
    """What was counted, in Wh."""

    charged: float
    discharged: float
    charged_today: float
    discharged_today: float
    efficiency: float | None
    full_cycles: float | None


class PackInfo(TypedDict):
    """What rarely changes of a pack."""

    kind: Literal["pack"]
    entry_id: str
    device_id: str | None
    name: str
    family: str
    model: str
    simulated: bool
    chemistry: str | None
    cells: int
    capacity: float | None
    """Ah when full."""
    cell_limits: CellLimits
    stale_after: float
    """s after which values are not shown as current."""
    interval: float
    """s between two readings, as the pack usually sends them."""
    entities: dict[str, str]
    """Entity ids by key, of those that are enabled."""


class PackData(TypedDict):
    """What changes with every reading of a pack."""

    fresh: bool
    reading: float | None
    """Which reading this is: another number with each."""
    age: float | None
    soc: float | None
    voltage: float | None
    current: float | None
    power: float | None
    remaining: float | None
    stored_energy: float | None
    time_to_full: float | None
    time_to_empty: float | None
    cells: Cells
    temperatures: dict[str, float]
    heating: bool | None
    balancing: Balancing
    charge: Direction
    discharge: Direction
    charge_voltage_limit: float | None
    charge_stage: str
    status: Status
    also: list[Status]
    protections: list[Protection]
    connection: Connection
    flow: Flow | None
    last_known: LastKnown | None
    energy: Energy | None
    health: CellHealth | None


class BankMemberData(TypedDict):
    """A pack of a bank."""

    entry_id: str
    name: str
    counted: bool
    why_left_out: str | None
    soc: float | None
    current: float | None
    power: float | None
    share: float | None
    """Of the bank's current, 0 to 1; None if nothing flows, or its string is another pack's too."""
    fair_share: float | None
    lowest: float | None
    highest: float | None
    cell_limits: CellLimits | None
    cell_difference: float | None
    status: Status | None


class BankInfo(TypedDict):
    """What rarely changes of a bank."""

    kind: Literal["bank"]
    entry_id: str
    device_id: str | None
    name: str
    strings: int
    in_series: int
    capacity: float | None
    entities: dict[str, str]


class BankData(TypedDict):
    """What changes of a bank."""

    fresh: bool
    age: float | None
    soc: float | None
    voltage: float | None
    current: float | None
    power: float | None
    remaining: float | None
    stored_energy: float | None
    charge: Direction
    discharge: Direction
    charge_voltage_limit: float | None
    status: Status
    also: list[Status]
    members: list[BankMemberData]
    energy: Energy | None


class Rights(TypedDict):
    """What whoever watches may do."""

    write: bool
    """They are an administrator."""
    control: bool
    """Control is switched on for this pack."""


class StreamMessage(TypedDict):
    """One message of a subscription. The first one is whole; later ones have what changed."""

    subscription: int
    """By which messages are confirmed; another one after a reconnect."""
    number: int
    running: bool
    """False while the entry is not loaded."""
    info: NotRequired[PackInfo | BankInfo]
    rights: NotRequired[Rights]
    data: NotRequired[PackData | BankData]
    """Whole."""
    changed: NotRequired[dict[str, object]]
    """Parts of `data`."""


class Battery(TypedDict):
    """One pack or bank, for those who look for what there is."""

    entry_id: str
    device_id: str | None
    name: str
    kind: Literal["pack", "bank"]
    running: bool
    simulated: bool
    members: list[str]
    """Entry ids of a bank's packs."""


class WriteLogRecord(TypedDict):
    """One write to a pack."""

    at: str
    parameter: str
    old: object
    new: object
    found: object
    outcome: str
    source: str
    user: str | None
