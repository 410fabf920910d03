"""Actions that calibrate the voltage and the current that a pack measures."""

from ..control.calibration import calibrate_current, calibrate_voltage
from ..control.write_log import WriteRecord
from .pack_call import ActionResult, PackCall
from .responses import WriteResponse, write_results
from .schema import ATTR_CURRENT, ATTR_VOLTAGE


async def async_calibrate_voltage(call: PackCall) -> ActionResult[WriteResponse]:
    """Make a pack show the voltage that was measured at its terminals, in V."""
    coordinator, request = call.coordinator, await call.async_write_request()
    volts: float = call.service_call.data[ATTR_VOLTAGE]
    return _result(await calibrate_voltage(coordinator.parameters.writer, coordinator.pack, volts, request))


async def async_calibrate_current(call: PackCall) -> ActionResult[WriteResponse]:
    """Make a pack show the current that was measured in its cable, in A and without a sign."""
    coordinator, request = call.coordinator, await call.async_write_request()
    amperes: float = call.service_call.data[ATTR_CURRENT]
    return _result(await calibrate_current(coordinator.parameters.writer, coordinator.pack, amperes, request))


def _result(records: list[WriteRecord]) -> ActionResult[WriteResponse]:
    """Return the result of a calibration."""
    return ActionResult(WriteResponse(results=write_results(records)), records)
