"""Two bytes are written one after the other, in the order that does no harm."""

from hypothesis import given, strategies as st
import pytest

from custom_components.smart_bms.bms.smart123.parameters import BY_KEY, PARAMETERS, StricterSide
from custom_components.smart_bms.bms.smart123.scales import Formula
from custom_components.smart_bms.bms.smart123.two_byte_write import steps, write_command

WORDS = [parameter for parameter in PARAMETERS if len(parameter.addresses) == 2]


def volts(key: str, old: float, new: float) -> list[str] | None:
    parameter = BY_KEY[key]
    found = steps(parameter, *(parameter.count(value, Formula.APP) for value in (old, new)))
    return None if found is None else [write_command(*step) for step in found]


def test_the_documented_form() -> None:
    assert volts("cell_overvoltage", 3.55, 3.60) == ["02-050!", "D0-051!"]


def test_a_lower_limit_passes_through_a_lower_value() -> None:
    # High byte first would pass through 3.83 V and open the load relay at once.
    assert volts("cell_undervoltage", 2.55, 2.60) == ["08-041!", "02-040!"]


def test_an_upper_limit_passes_through_a_higher_value() -> None:
    assert volts("cell_overvoltage", 3.60, 3.85) == ["03-050!", "02-051!"]
    assert volts("cell_overvoltage", 3.85, 3.60) == ["D0-051!", "02-050!"]


@pytest.mark.parametrize(
    ("key", "old", "new"),
    [
        ("cell_overvoltage", 3.80, 4.20),  # 5.08 V or 2.92 V in between
        ("battery_capacity", 25_500, 25_600),  # 51.1 kWh or nothing
        ("discharge_undertemperature", -15.0, -10.0),  # 205 °C or none at all
        ("nominal_cell_voltage", 2.55, 2.60),
    ],
)
def test_what_has_no_safe_way_is_not_written(key, old, new) -> None:
    assert volts(key, old, new) is None


def test_what_does_no_harm_may_pass_through_anything() -> None:
    assert volts("solar_peak_power", 2550, 2560) is not None


@given(st.sampled_from(WORDS), st.integers(0, 0xFFFF), st.integers(0, 0xFFFF))
def test_the_way_ends_at_the_value_and_never_passes_through_a_stricter_one(parameter, old, new) -> None:
    found = steps(parameter, old, new)
    if found is None:
        assert parameter.strict is not StricterSide.HARMLESS
        return
    value, passed = old, []
    for address, byte in found:
        shift = 8 * (1 - parameter.addresses.index(address))
        value = value & ~(0xFF << shift) | byte << shift
        passed.append(value)
    assert passed[-1] == new
    low, high = sorted((old, new))
    if parameter.strict is StricterSide.HIGHER:
        assert passed[0] <= high
    if parameter.strict is StricterSide.LOWER:
        assert passed[0] >= low
    if parameter.strict is StricterSide.NEITHER:
        assert low <= passed[0] <= high
