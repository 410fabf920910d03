"""Calibration of voltage and current, as the manuals describe it.

Voltage is calibrated with charge and discharge switched off, so that no current changes it; both are switched on again
afterwards. The vendor's app shows the raw reference of an active balancer as a pack voltage and converts; so do we.
"""

import asyncio
from dataclasses import replace
from typing import Final

from ..bms.errors import PackError
from ..bms.pack import Pack
from ..bms.settings import SettingValue
from .request import WriteRequest
from .temporary import ApplyChanges
from .validation_issue import ParameterValue, RejectedError, rejection
from .write_log import WriteOutcome, WriteRecord
from .writer import ParameterWriter

_MAX_REST_CURRENT: Final = 0.5
"""A: with more the voltage cannot be calibrated, with less the current cannot. Our judgment."""
REST_TIMEOUT: Final = 8.0
"""s to wait until no current flows after both switches went off."""
_SWITCHES: Final = ("charge_switch", "discharge_switch")
_MAX_VOLTAGE_CHANGE: Final = 0.05
_MAX_CURRENT_CHANGE: Final = 0.3
"""Share of the displayed value by which a calibration may change it; more is most likely a typing error.

Our judgment.
"""


async def calibrate_voltage(
    control: ParameterWriter, pack: Pack, volts: float, request: WriteRequest
) -> list[WriteRecord]:
    """Calibrate the pack voltage to `volts`, measured at its terminals; return the writes. Raises RejectedError."""
    request = replace(request, procedure=True)

    async def procedure(apply: ApplyChanges) -> list[WriteRecord]:
        _require_permission(control, request)
        displayed = pack.last_reading.voltage if pack.last_reading else None
        _require_plausible(displayed, volts, _MAX_VOLTAGE_CHANGE, "V", request)
        changes = {"voltage_calibration": _value_to_write(control, volts, displayed or volts)}
        validation = control.validate(changes, request)
        if validation.errors:
            raise RejectedError(validation.errors)
        if not validation.steps:
            return []
        settings = pack.current_settings
        on = [key for key in _SWITCHES if settings and settings.values.get(key) is True]
        records: list[WriteRecord] = []
        try:
            await control.temporary.begin(dict.fromkeys(on, True), request)
            records += await apply(dict.fromkeys(on, False), replace(request, temporary=True))
            if all(record.outcome is WriteOutcome.CONFIRMED for record in records):
                await _wait_for_rest(control, pack)
                records += await apply(changes, request)
        finally:
            records += await control.temporary.put_back(apply)
            if control.temporary.values:
                raise rejection("not_switched_on_again")
        return records

    return await control.run(procedure)


async def calibrate_current(
    control: ParameterWriter, pack: Pack, amperes: float, request: WriteRequest
) -> list[WriteRecord]:
    """Calibrate the current to `amperes`, measured in the cable without a sign while it flows; return the writes.

    Raises RejectedError.
    """

    async def procedure(apply: ApplyChanges) -> list[WriteRecord]:
        _require_permission(control, request)
        current = pack.last_reading.current if pack.last_reading else None
        displayed = None if current is None else abs(current)
        if displayed is not None and displayed < _MAX_REST_CURRENT:
            raise rejection("no_current_flows", present=ParameterValue(round(displayed, 2), "A"))
        _require_plausible(displayed, amperes, _MAX_CURRENT_CHANGE, "A", request)
        return await apply({"current_calibration": amperes}, replace(request, procedure=True))

    return await control.run(procedure)


def _require_permission(control: ParameterWriter, request: WriteRequest) -> None:
    if errors := control.validate({}, request).errors:
        raise RejectedError(errors)


def _require_plausible(
    displayed: float | None, measured: float, max_change: float, unit: str, request: WriteRequest
) -> None:
    if displayed is None:
        raise rejection("nothing_to_calibrate")
    if not request.force and not abs(measured - displayed) <= max_change * displayed:
        raise rejection(
            "implausible_calibration", value=ParameterValue(measured, unit), present=ParameterValue(displayed, unit)
        )


def _value_to_write(control: ParameterWriter, volts: float, displayed: float) -> SettingValue:
    catalog = control.catalog
    setting = catalog.settings.get("voltage_calibration") if catalog else None
    if setting is None or setting.seen is not None:
        return volts
    reference = control.value(setting)
    if not isinstance(reference, (int, float)):
        raise rejection("unread")
    return round(reference * volts / displayed, 6)


async def _wait_for_rest(control: ParameterWriter, pack: Pack) -> None:
    """Wait until no current flows, as far as the pack measures it."""
    try:
        async with asyncio.timeout(REST_TIMEOUT):
            while abs((await pack.next_reading()).current or 0.0) > _MAX_REST_CURRENT:
                if control.closing:
                    raise rejection("closing")
    except TimeoutError:
        raise rejection("current_still_flows") from None
    except PackError as error:
        raise rejection("out_of_reach") from error
