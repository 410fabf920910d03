"""A pack as its cards are sent it."""

from collections.abc import Mapping
from typing import Final

from homeassistant.util import dt as dt_util

from ..bank_entry.member import chemistry_of
from ..bms.reading import Reading
from ..coordinator import SmartBmsCoordinator
from ..entity.connection_state import connection_hint_codes, connection_step
from ..pack_entry import bluetooth_paths
from ..pack_entry.energy_account import NEEDS
from ..pack_entry.simulated import NAME as SIMULATION
from ..protection.monitor import ProtectionMonitor, ProtectionState
from ..protection.quantities import number
from ..protection.rules import ProtectedQuantity, Side
from ..protection.status_codes import HELD_BACK
from .messages import (
    Balancing,
    CellHealth,
    CellLimits,
    Cells,
    Connection,
    Direction,
    Energy,
    Flow,
    LastKnown,
    PackData,
    PackInfo,
    Protection,
    Resistances,
    Status,
)
from .parts import device_id_of, entities_of, reasons_data, rounded, statuses

_MILLI: Final = 1000.0
_LAMPS: Final = {
    "cell_communication_fault": "E",
    "cell_overvoltage": "Vh",
    "cell_undervoltage": "Vl",
    "cell_overtemperature": "Th",
    "cell_undertemperature": "Tl",
}
"""Alarms of 123SmartBMS by the lamps of the vendor's display."""
_STREAMS_EVERY: Final = 1.0
"""s between two readings of a pack that sends them by itself, at most."""
_HELD_BACK: Final = frozenset(HELD_BACK.values())


def pack_info(coordinator: SmartBmsCoordinator) -> PackInfo:
    """Return what rarely changes of a pack."""
    entry = coordinator.config_entry
    reading = coordinator.data
    capacity = None if reading is None else reading.full_capacity or reading.design_capacity
    return PackInfo(
        kind="pack",
        entry_id=entry.entry_id,
        device_id=device_id_of(coordinator.hass, entry.entry_id),
        name=entry.title,
        family=coordinator.family.name,
        model=coordinator.identity["model"],
        simulated=coordinator.simulation is not None,
        chemistry=chemistry_of(coordinator),
        cells=coordinator.capabilities.cells,
        capacity=rounded(capacity, 1),
        cell_limits=cell_limits(coordinator),
        stale_after=coordinator.pack.stale_after,
        interval=coordinator.pack.context.interval or _STREAMS_EVERY,
        entities=entities_of(coordinator.hass, entry.entry_id, coordinator.address),
    )


def cell_limits(coordinator: SmartBmsCoordinator) -> CellLimits:
    """Return between which voltages a pack lets its cells be, as far as it says."""
    monitors = coordinator.protection_engine.mirror.monitors
    settings = coordinator.pack.last_settings
    low, high = monitors.get("cell_undervoltage"), monitors.get("cell_overvoltage")
    return CellLimits(
        undervoltage=low.limit if low else None,
        undervoltage_release=low.release if low else None,
        overvoltage=high.limit if high else None,
        overvoltage_release=high.release if high else None,
        balance_trigger=number(settings.values.get("balance_trigger")) if settings else None,
    )


def pack_data(coordinator: SmartBmsCoordinator) -> PackData:
    """Return everything a card shows of a pack; nothing that is too old is shown as current."""
    reading = coordinator.data if coordinator.available else None
    acted_on = reading if coordinator.is_current else None
    now = coordinator.now
    status, also = statuses(coordinator.status, now)
    limits = coordinator.protection_engine.limits
    held_back = {item["code"] for item in (status, *also)} & _HELD_BACK
    left = coordinator.time_left
    return PackData(
        fresh=reading is not None,
        reading=rounded(reading.measured_at, 2) if reading else None,
        age=rounded(coordinator.pack.age(now), 1),
        soc=rounded(reading.soc, 1) if reading else None,
        voltage=rounded(reading.voltage, 2) if reading else None,
        current=rounded(reading.current, 2) if reading else None,
        power=rounded(reading.power, 1) if reading else None,
        remaining=rounded(reading.remaining_capacity, 1) if reading else None,
        stored_energy=rounded(reading.stored_energy, 0) if reading else None,
        time_to_full=rounded(left.to_full, -1) if reading else None,
        time_to_empty=rounded(left.to_empty, -1) if reading else None,
        cells=_cells(reading, (status, *also), now),
        temperatures={probe: round(value, 1) for probe, value in reading.temperatures.items()} if reading else {},
        heating=reading.heating if reading else None,
        balancing=_balancing(reading),
        charge=_direction(
            coordinator, acted_on, Side.CHARGE, held_back=any(code.startswith("c") for code in held_back)
        ),
        discharge=_direction(
            coordinator, acted_on, Side.DISCHARGE, held_back=any(code.startswith("d") for code in held_back)
        ),
        charge_voltage_limit=limits.charge_voltage,
        charge_stage=limits.stage.value,
        status=status,
        also=also,
        protections=_protections(coordinator, acted_on),
        connection=_connection(coordinator),
        flow=_flow(reading),
        last_known=None if reading else _last_known(coordinator),
        energy=energy_data(coordinator),
        health=_health(coordinator),
    )


def _cells(reading: Reading | None, found: tuple[Status, ...], now: float) -> Cells:
    """Return what is measured of the cells, and which of them something was found of."""
    return Cells(
        voltages=[rounded(voltage, 3) for voltage in reading.cell_voltages] if reading else [],
        ages=[None if at is None else round(now - at) for at in reading.cell_times] if reading else [],
        temperatures=[rounded(value, 1) for value in reading.cell_temperatures] if reading else [],
        wire_resistances=[rounded(value, 3) for value in reading.cell_resistances] if reading else [],
        lowest=reading.cell_min_number if reading else None,
        highest=reading.cell_max_number if reading else None,
        difference=rounded(reading.cell_voltage_delta, 3) if reading else None,
        mean=rounded(reading.cell_voltage_mean, 4) if reading else None,
        marked=_marked(found) if reading else {},
    )


def _marked(found: tuple[Status, ...]) -> dict[str, str]:
    """Return which cells are why something is stopped or held back."""
    marked: dict[str, str] = {}
    for status in found:
        if status["cell"] is not None and status["level"] in ("stop", "hold"):
            marked.setdefault(str(status["cell"]), status["level"])
    return marked


def _balancing(reading: Reading | None) -> Balancing:
    """Return what the balancer does: the sign of its current says whether it takes or gives; without one it takes."""
    if reading is None:
        return Balancing(active=None, current=None, takes_from=[], gives_to=[])
    cells = list(reading.balancing_cells or ()) if reading.balancing else []
    gives = (reading.balance_current or 0.0) > 0
    return Balancing(
        active=reading.balancing,
        current=None if reading.balance_current is None else abs(round(reading.balance_current, 2)),
        takes_from=[] if gives else cells,
        gives_to=cells if gives else [],
    )


def _direction(coordinator: SmartBmsCoordinator, reading: Reading | None, side: Side, *, held_back: bool) -> Direction:
    """Return what may flow in one direction."""
    engine, limits = coordinator.protection_engine, coordinator.protection_engine.limits
    charge = side is Side.CHARGE
    permission = engine.mirror.charge if charge else engine.mirror.discharge
    if reading is None:
        switched_on = flows = None
    else:
        switched_on = reading.charging_enabled if charge else reading.discharging_enabled
        flows = None if reading.current is None else max(0.0, reading.current if charge else -reading.current)
    return Direction(
        allowed=permission.allowed if reading else None,
        switched_on=switched_on,
        reasons=reasons_data(permission.reasons) if reading else [],
        current=rounded(flows, 1),
        limit=limits.charge_current if charge else limits.discharge_current,
        full_limit=rounded(engine.limiter.full_current(engine.mirror.values, side), 1),
        limited_by=limits.charge_limited_by if charge else limits.discharge_limited_by,
        held_back=held_back,
    )


def _protections(coordinator: SmartBmsCoordinator, reading: Reading | None) -> list[Protection]:
    """Return where each protection stands, the nearest first."""
    mirror = coordinator.protection_engine.mirror
    if reading is None or mirror.moment is None:
        return []
    order = {ProtectionState.TRIPPED: 0, ProtectionState.PENDING: 1, ProtectionState.CLEAR: 2}
    monitors = [monitor for monitor in mirror.active if not monitor.warns]
    monitors.sort(key=lambda item: (order.get(item.state, 3), item.nearness if item.nearness is not None else 1e9))
    return [_protection(coordinator, monitor, reading) for monitor in monitors]


def _protection(coordinator: SmartBmsCoordinator, monitor: ProtectionMonitor, reading: Reading) -> Protection:
    """Return where a protection stands."""
    rule, near = monitor.rule, coordinator.protection_engine.mirror.nearest
    predicted = near.predicted_trip if near is not None and near.monitor is monitor else None
    seconds = monitor.time_left(reading.measured_at)
    if seconds is None and predicted is not None:
        seconds = predicted.seconds
    if monitor.release_at is not None:
        seconds = max(0.0, monitor.release_at - reading.measured_at)
    cell = {
        ProtectedQuantity.CELL_HIGHEST: reading.cell_max_number,
        ProtectedQuantity.CELL_LOWEST: reading.cell_min_number,
    }.get(rule.quantity)
    return Protection(
        key=rule.protection,
        state=monitor.state.value,
        value=rounded(monitor.value, 3),
        limit=rounded(monitor.limit, 3),
        release=rounded(monitor.release, 3),
        unit=rule.quantity.unit,
        margin=monitor.margin,
        comfortable=rounded(rule.quantity.comfortable(monitor.limit or 0.0), 3) or 0.001,
        above=rule.above,
        blocks=sorted(rule.blocks),
        seconds=rounded(seconds, 0),
        uncertainty=rounded(predicted.uncertainty, 0) if predicted else None,
        cell=cell,
        probe=None,
    )


def _connection(coordinator: SmartBmsCoordinator) -> Connection:
    """Return how the pack is reached."""
    hass, address = coordinator.hass, coordinator.address
    simulated = coordinator.simulation is not None
    return Connection(
        state=coordinator.connection_state.value,
        step=connection_step(coordinator),
        hints=connection_hint_codes(coordinator),
        through=SIMULATION if simulated else bluetooth_paths.connected_through(hass, address),
        signal=None if simulated else bluetooth_paths.signal_strength(hass, address),
    )


def _flow(reading: Reading | None) -> Flow | None:
    """Return source and load of a pack that measures both."""
    details: Mapping[str, object] = reading.details if reading else {}
    if reading is None or number(details.get("current_in")) is None:
        return None
    charge_relay, load_relay = (details.get(f"{name}_relay_closed") for name in ("charge", "load"))
    return Flow(
        source_current=rounded(number(details.get("current_in")), 1),
        source_power=rounded(number(details.get("power_in")), 0),
        source_today=rounded(number(details.get("energy_collected_today")), 0),
        load_current=rounded(number(details.get("current_out")), 1),
        load_power=rounded(number(details.get("power_out")), 0),
        load_today=rounded(number(details.get("energy_consumed_today")), 0),
        lamps=[lamp for alarm, lamp in _LAMPS.items() if alarm in (reading.alarms or ())],
        charge_relay_closed=charge_relay if isinstance(charge_relay, bool) else None,
        load_relay_closed=load_relay if isinstance(load_relay, bool) else None,
    )


def _last_known(coordinator: SmartBmsCoordinator) -> LastKnown | None:
    """Return what the pack said before it was lost."""
    reading, age = coordinator.data, coordinator.pack.age(coordinator.now)
    if reading is None or age is None:
        return None
    at = dt_util.utc_from_timestamp(round(dt_util.utcnow().timestamp() - age))
    return LastKnown(
        at=at.isoformat(),
        soc=rounded(reading.soc, 0),
        power=rounded(reading.power, 0),
        current=rounded(reading.current, 1),
    )


def energy_data(coordinator: SmartBmsCoordinator) -> Energy | None:
    """Return what was counted of a pack that measures voltage and current."""
    if not coordinator.capabilities.values >= NEEDS:
        return None
    account = coordinator.energy
    total, today = account.file.saved_total, account.today
    return Energy(
        charged=round(total.charged),
        discharged=round(total.discharged),
        charged_today=round(today.charged),
        discharged_today=round(today.discharged),
        efficiency=rounded(account.statistics.efficiency, 1),
        full_cycles=rounded(account.statistics.full_cycles, 1),
    )


def _health(coordinator: SmartBmsCoordinator) -> CellHealth | None:
    """Return what was learned of the cells."""
    if not coordinator.capabilities.values >= NEEDS:
        return None
    account, health = coordinator.energy, coordinator.energy.health
    known = [item.steps for item in health.resistances if item is not None]
    learned, drift, reading = health.capacity.learned, health.rest_imbalance.drift, coordinator.data
    return CellHealth(
        consistent=health.consistent,
        weakest=sorted(set(health.weakest_cells().values())) if health.consistent is False else [],
        resistance=Resistances(
            values=[None if item is None else round(item.value * _MILLI, 3) for item in health.resistances],
            uncertainties=[
                None if item is None else round(item.uncertainty * _MILLI, 3) for item in health.resistances
            ],
            steps=min(known, default=0),
            per_week=rounded(health.trend.per_week, 4),
        ),
        imbalance={str(occasion): round(spread.volts, 4) for occasion, spread in health.imbalance.spreads.items()},
        learned_capacity=None if learned is None else round(learned.ampere_hours, 1),
        design_capacity=reading.design_capacity if reading else None,
        learned_at=None if learned is None else round(learned.at),
        days_since_full=rounded(account.days_since_full, 1),
        soc_drift=rounded(account.soc_drift, 1),
        self_discharge=None if drift is None else round(-drift.fastest[1] * _MILLI, 2),
    )
