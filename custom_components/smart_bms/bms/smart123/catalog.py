"""What can be set on a pack, and to which values. All of it is experimental: one source, and no write was ever captured."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from ..reading import Identity
from ..settings import FORMULA, Catalog, Chain, Proof, Setting, SettingValue
from .generation import Variant
from .parameters import BY_KEY, PARAMETERS, Parameter
from .scales import Formula, celsius, temperature_count
from .two_byte_write import steps

CHAINS: Final[tuple[Chain, ...]] = (
    ("cell_overvoltage", "balance_start_voltage", "cell_undervoltage"),
    ("cell_overtemperature", "charge_undertemperature"),
    ("cell_overtemperature", "discharge_undertemperature"),
)


def formula_of(identity: Identity) -> Formula:
    """Return how temperatures of this pack are read."""
    return Formula(str(identity.details.get(FORMULA, Formula.APP)))


def catalog_of(identity: Identity, keys: Collection[str]) -> Catalog:
    """Return what can be set on a pack that states these parameters; addresses are known for generation 3 only."""
    formula, newer = formula_of(identity), identity.variant == Variant.GENERATION_3
    return Catalog(
        settings={
            parameter.key: _setting(parameter, formula, writable=newer and bool(parameter.addresses))
            for parameter in PARAMETERS
            if parameter.key in keys
        },
        known=frozenset(BY_KEY),
        chains=CHAINS,
        presets={},
    )


# Not closures: catalogs are compared to see whether something is new.


@dataclass(frozen=True, slots=True)
class _Stored:
    """A temperature is kept in counts that are no whole degrees."""

    formula: Formula

    def __call__(self, value: float) -> float:
        """Return what is kept of a temperature in °C."""
        return round(celsius(temperature_count(value, self.formula), self.formula), 1)


@dataclass(frozen=True, slots=True)
class _Passes:
    parameter: Parameter
    formula: Formula

    def __call__(self, old: SettingValue, new: SettingValue) -> bool:
        counts = (self.parameter.count(value, self.formula) for value in (old, new))
        return steps(self.parameter, *counts) is not None


def _setting(parameter: Parameter, formula: Formula, *, writable: bool) -> Setting:
    return Setting(
        key=parameter.key,
        kind=parameter.kind,
        proof=Proof.EXPERIMENTAL if writable else Proof.READ_ONLY,
        unit=parameter.unit,
        minimum=parameter.minimum,
        maximum=parameter.maximum,
        step=parameter.step,
        resolution=None if parameter.temperature else parameter.factor,
        stored=_Stored(formula) if parameter.temperature else None,
        options=tuple(parameter.codes.values()),
        dangerous=parameter.dangerous,
        shown=parameter.shown,
        passes=_Passes(parameter, formula) if writable and len(parameter.addresses) > 1 else None,
    )
