"""Actions that calibrate what a pack measures."""

from homeassistant.exceptions import ServiceValidationError
import pytest

from tests.support.actions import ALLOWED
from tests.support.packs import jk_pack


async def test_voltage_and_current_are_calibrated(house, adopt, act) -> None:
    pack = jk_pack(name="Shed", profile=lambda _: -20.0)
    entry = await adopt(pack, **ALLOWED)
    await house.until(lambda: (entry.runtime_data.data.current or 0) < -19)
    answer = await act("calibrate_current", pack, current=22, confirm=True)
    assert [result["outcome"] for result in answer["results"]] == ["confirmed"]
    answer = await act("calibrate_voltage", pack, voltage=26.9, confirm=True)
    assert [result["outcome"] for result in answer["results"]] == ["confirmed"] * 5
    with pytest.raises(ServiceValidationError, match="too far"):
        await act("calibrate_voltage", pack, voltage=2, confirm=True)
