"""What is offered can be stored: every value on the steps of a parameter comes back from the wire as it was given."""

from collections.abc import Callable, Iterator
import math
from typing import Any

import pytest

from custom_components.smart_bms.bms.daly import catalog as daly
from custom_components.smart_bms.bms.daly.frames import Dialect
from custom_components.smart_bms.bms.daly.parameters import BY_KEY as DALY, PARAMETERS
from custom_components.smart_bms.bms.jbd import catalog as jbd
from custom_components.smart_bms.bms.jbd.parameters import BY_KEY as JBD
from custom_components.smart_bms.bms.jk import catalog as jk
from custom_components.smart_bms.bms.jk.layouts import Variant
from custom_components.smart_bms.bms.jk.parameters import REGISTERS
from custom_components.smart_bms.bms.read_back import ReadBack, judge_write
from custom_components.smart_bms.bms.reading import Identity
from custom_components.smart_bms.bms.settings import Proof, Setting, SettingKind
from custom_components.smart_bms.bms.smart123 import catalog as smart123
from custom_components.smart_bms.bms.smart123.parameters import BY_KEY as SMART123
from custom_components.smart_bms.bms.smart123.scales import Formula

type Trip = Callable[[Any], Any]
"""Takes a value to the wire and back."""
_MANY = 500


def identity(family: str, variant: str, **details: Any) -> Identity:
    return Identity(family=family, variant=variant, model="JK_PB2A16S20P", max_cells=16, details=details)


def of_daly() -> Iterator[tuple[str, Setting, Trip]]:
    for dialect in Dialect:
        rows = DALY[dialect]
        for setting in daly.catalog_of(
            identity("daly", dialect), {row.key for row in PARAMETERS[dialect]}
        ).settings.values():
            if row := rows.get(setting.key):
                yield dialect, setting, lambda value, row=row: row.value(row.encode(value).to_bytes(row.size))


def of_jbd() -> Iterator[tuple[str, Setting, Trip]]:
    for coarse in (False, True):
        for setting in jbd.catalog_of(identity("jbd", "classic", coarse_units=coarse), set(JBD)).settings.values():
            if row := JBD.get(setting.key):
                yield (
                    f"jbd-{coarse}",
                    setting,
                    lambda value, row=row, coarse=coarse: row.value(
                        row.put(bytes(2), value, coarse=coarse), coarse=coarse
                    ),
                )


def of_jk() -> Iterator[tuple[str, Setting, Trip]]:
    for variant in Variant:
        rows = {row.key: row for row in REGISTERS[variant]}
        for setting in jk.catalog_of(identity("jk", variant), set(rows)).settings.values():
            yield variant, setting, lambda value, row=rows[setting.key]: row.decode(row.encode(value))


def of_smart123() -> Iterator[tuple[str, Setting, Trip]]:
    for formula in Formula:
        found = smart123.catalog_of(identity("smart123", "gen3", temperature_formula=formula), set(SMART123))
        for setting in found.settings.values():
            yield (
                formula,
                setting,
                lambda value, row=SMART123[setting.key], formula=formula: row.value(row.count(value, formula), formula),
            )


NUMBERS = [
    pytest.param(setting, trip, id=f"{variant}-{setting.key}")
    for source in (of_daly, of_jbd, of_jk, of_smart123)
    for variant, setting, trip in source()
    if setting.kind is SettingKind.NUMBER and setting.proof is not Proof.READ_ONLY
]


def offered(setting: Setting) -> Iterator[float]:
    """Return the ends of the range and many values on the steps between them."""
    first, last = math.ceil(setting.minimum / setting.step - 1e-9), math.floor(setting.maximum / setting.step + 1e-9)
    yield from (setting.minimum, setting.maximum)
    yield from (round(place * setting.step, 9) for place in range(first, last + 1, max(1, (last - first) // _MANY)))
    yield from (round(place * setting.step, 9) for place in range(first, min(first + 20, last)))
    if setting.special is not None:
        yield setting.special


@pytest.mark.parametrize(("setting", "trip"), NUMBERS)
def test_whatever_is_offered_is_stored_as_it_is(setting, trip) -> None:
    for value in offered(setting):
        kept = setting.kept(value)
        if setting.special is not None and value == setting.special:
            trip(value)  # boards say it in their own way
            continue
        assert setting.same(trip(kept), kept), value
        assert setting.stored is not None or kept == value


@pytest.mark.parametrize(("setting", "trip"), NUMBERS)
def test_the_next_value_is_another_one(setting, trip) -> None:
    for value in (setting.minimum, setting.maximum - setting.step):
        if setting.stored is None:
            assert not setting.same(value, value + setting.step)


@pytest.mark.parametrize(
    ("wanted", "found", "outcome"),
    [
        (3605, 3600, ReadBack.DIFFERENT),
        (3600, 3600.0, ReadBack.CONFIRMED),
        (3600, 1800, ReadBack.REFUSED),
        (3600, 1805, ReadBack.DIFFERENT),
    ],
)
def test_something_else_that_was_stored_is_different(wanted, found, outcome) -> None:
    setting = Setting(key="sleep_time", kind=SettingKind.NUMBER, proof=Proof.PROVEN, step=10, resolution=10)
    assert judge_write(setting.same, old=1800, wanted=wanted, found=found) is outcome


@pytest.mark.parametrize("formula", list(Formula))
def test_of_123_a_temperature_is_what_the_unit_keeps_of_it(formula) -> None:
    found = smart123.catalog_of(identity("smart123", "gen3", temperature_formula=formula), set(SMART123))
    setting = found.settings["charge_undertemperature"]
    assert setting.kept(5) == (5.3 if formula is Formula.APP else 5)
    assert setting.kept(setting.kept(5)) == setting.kept(5)
    assert setting.kept(None) is None
