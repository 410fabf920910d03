"""Smart BMS lab: gives Home Assistant emulated Bluetooth proxies and simulated packs. Development only."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.const import CONF_ADDRESS, EVENT_HOMEASSISTANT_STOP, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, HomeAssistant, ServiceCall, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.discovery import async_load_platform
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.typing import ConfigType
from homeassistant.util import dt as dt_util
import probatio

from custom_components.smart_bms.bms.encode import FAMILIES
from custom_components.smart_bms.simulator.battery import Battery
from custom_components.smart_bms.simulator.radio import SimulatedRadio

from .areas import async_set_areas
from .inverter import INVERTER, Inverter
from .meters import Meters
from .packs import HOME_STORAGE, all_packs
from .proxy import advertise, demo_proxies
from .scale import Run, async_run_when_started, packs, proxies
from .yesterday import async_import_yesterday

DOMAIN = "smart_bms_lab"
CHARGER = "input_number.solar_charger"
"""What the charger of the solar battery is set to, in A."""
_NOTHING = (STATE_UNAVAILABLE, STATE_UNKNOWN)
CONFIG_SCHEMA = probatio.Schema(
    {
        DOMAIN: {
            probatio.Optional("scale"): {
                probatio.Required("packs"): cv.positive_int,
                probatio.Required("proxies"): cv.positive_int,
                probatio.Required("seconds"): cv.positive_int,
                probatio.Required("result"): cv.string,
            }
        }
    },
    extra=probatio.ALLOW_EXTRA,
)

_ADVERTISING_INTERVAL = timedelta(seconds=1)
_CELL = 3.2
"""V, nominal."""
_CHANGE_SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_ADDRESS): cv.string,
        probatio.Required("parameter"): cv.string,
        probatio.Required("value"): cv.string,
    }
)
_FAULT_SCHEMA = probatio.Schema(
    {
        probatio.Required(CONF_ADDRESS): cv.string,
        probatio.Required("fault"): cv.string,
        probatio.Required("value"): probatio.Any(bool, int, float, None),
    }
)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Put the demo packs on the radio, proxies in their reach, and meters in the house; or as many as script/scale asks for."""
    if asked := (config[DOMAIN] or {}).get("scale"):
        await _async_set_up_scale(hass, asked)
        return True

    def charger() -> float:
        state = hass.states.get(CHARGER)
        return float(state.state) if state is not None and state.state not in _NOTHING else 0.0

    inverter = hass.data[INVERTER] = Inverter()
    radio = SimulatedRadio(*all_packs(charger, inverter))
    for peripheral in radio.peripherals.values():
        peripheral.set_clock(dt_util.now())
    proxies = demo_proxies(radio)
    leaves = [proxy.register(hass) for proxy in proxies]
    radio.start()
    on_air: dict[str, Any] = dict(radio.peripherals)
    batteries: list[Battery] = [on_air[address].board.battery for address in HOME_STORAGE]
    meters = hass.data[DOMAIN] = Meters(sum(len(one.cells) * _CELL * one.capacity for one in batteries) / 1000)
    for platform in ("sensor", "number", "switch"):
        hass.async_create_task(async_load_platform(hass, platform, DOMAIN, {}, config))

    @callback
    def live(_: datetime) -> None:
        advertise(radio, proxies)
        power = sum(battery.voltage * battery.current for battery in batteries) / 1000
        meters.count(_ADVERTISING_INTERVAL / timedelta(hours=1), dt_util.now(), power)

    leaves.append(async_track_time_interval(hass, live, _ADVERTISING_INTERVAL, cancel_on_shutdown=True))

    async def stop(_: Event) -> None:
        for leave in leaves[:-1]:
            leave()
        await radio.stop()

    hass.bus.async_listen_once(EVENT_HOMEASSISTANT_STOP, stop)

    async def set_fault(call: ServiceCall) -> None:
        """Switch a fault of a pack on or off, to see what users would see."""
        faults: Any = radio.peripherals[call.data[CONF_ADDRESS]].faults
        if not hasattr(faults, call.data["fault"]):
            raise ValueError(call.data["fault"])
        setattr(faults, call.data["fault"], call.data["value"])

    async def change_elsewhere(call: ServiceCall) -> None:
        """Change a parameter as the vendor's app on a phone would, unseen by Home Assistant."""
        peripheral = radio.peripherals[call.data[CONF_ADDRESS]]
        encode = FAMILIES[peripheral.family]
        if not peripheral.change_elsewhere(encode(peripheral.variant, call.data["parameter"], call.data["value"])):
            raise ValueError("the pack does not take that")

    async def import_yesterday(_: ServiceCall) -> None:
        """Fill the energy dashboard with simulated hours."""
        await async_import_yesterday(hass, list(radio.peripherals.values()))

    async def set_areas(_: ServiceCall) -> None:
        """Tell Home Assistant where the packs stand."""
        async_set_areas(hass)

    hass.services.async_register(DOMAIN, "set_areas", set_areas)
    hass.services.async_register(DOMAIN, "import_yesterday", import_yesterday)
    hass.services.async_register(DOMAIN, "set_fault", set_fault, schema=_FAULT_SCHEMA)
    hass.services.async_register(DOMAIN, "change_elsewhere", change_elsewhere, schema=_CHANGE_SCHEMA)
    return True


async def _async_set_up_scale(hass: HomeAssistant, asked: dict[str, Any]) -> None:
    """Put as many packs and proxies in reach of each other as are asked for, and measure."""
    radio = SimulatedRadio(*packs(asked["packs"]))
    heard_by = proxies(radio, asked["proxies"])
    leaves = [proxy.register(hass) for proxy in heard_by]
    radio.start()

    @callback
    def live(_: datetime) -> None:
        advertise(radio, heard_by)

    leaves.append(async_track_time_interval(hass, live, _ADVERTISING_INTERVAL, cancel_on_shutdown=True))
    async_run_when_started(hass, Run(hass, radio, list(radio.peripherals), asked))
