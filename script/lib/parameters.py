"""Writes docs/parameters.md: what can be set on packs of each variant, straight from the tables in the code."""

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from custom_components.smart_bms.bms.daly.frames import Dialect
from custom_components.smart_bms.bms.daly.parameters import BY_KEY as DALY
from custom_components.smart_bms.bms.families import FAMILIES
from custom_components.smart_bms.bms.jbd.identity import Variant as JbdVariant
from custom_components.smart_bms.bms.jbd.parameters import BY_KEY as JBD
from custom_components.smart_bms.bms.jk.layouts import Variant
from custom_components.smart_bms.bms.jk.parameters import BY_KEY as JK
from custom_components.smart_bms.bms.jk.presets import presets_for
from custom_components.smart_bms.bms.reading import Identity
from custom_components.smart_bms.bms.settings import Catalog, Proof, Setting, SettingKind
from custom_components.smart_bms.bms.smart123.generation import Variant as Smart123Variant
from custom_components.smart_bms.bms.smart123.parameters import BY_KEY as SMART123

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "parameters.md"

HEAD = """\
# Parameters

What `set_parameters` and the other [actions](control.md#actions) know, by variant. Which of these a pack has depends on its model and
firmware: newer boards list the registers that they accept, and only those are offered. `get_parameters` lists those of your pack.

- **proven**: a real write was recorded or tested by someone.
- **experimental**: a single source, or our own inference. Only with the option *Experimental writes*.
- **read only**: the board or its manual does not allow it to be changed.
- **!** needs *Confirm* (or the option *Dangerous changes without asking*): a wrong value can harm the battery or leave the house dark.

A write that breaks the order given for each family is rejected.
"""

_JK = """
Limits are the vendor's field definition, and those of the BMS manual where they are narrower. Number of cells and currents are also bounded by
the model, as its name says: JK-B2A24S15P has 24 cells, balances with 2 A and carries 150 A.
"""
_JBD = """
Limits are what public tools allow and what makes sense; the board itself accepts any number. Those of the pack are those of a cell times the number
of cells (shown here for one cell to 32). **Writing any register makes the board clear its protection counters, restart the current cycle and estimate
its state of charge from the voltage**: it needs *Confirm*. Charge and discharge switch are not registers and clear nothing.
"""
_DALY = """
The vendor gives no narrower limits than a register has; these are windows around what real boards hold. Those of cells depend on the chemistry
that the board is set to (shown here: any). Limits of level 2 are the protections, those named *warning* are level 1, those ending in *2* the second
layer. Written over D2, a limit of level 2 makes the board set level 1 by itself.
"""


_SMART123 = """
Addresses come from a single source, which took them from the vendor's app; no write was ever captured. Values of two bytes are written in two
steps, in the order in which the value in between does no harm; where both orders would, the change is refused. Generation 2 and units behind a bridge are read only.
"""


def _smart123(variant: str) -> tuple[Identity, Collection[str]]:
    return Identity(family="smart123", variant=variant, model="123\\SmartBMS"), set(SMART123)


def _jk(variant: str) -> tuple[Identity, Collection[str]]:
    details = {"commands": tuple(range(256))}
    return Identity(family="jk", variant=variant, model="JK_X", details=details), set(JK[Variant(variant)])


def _jbd(variant: str) -> tuple[Identity, Collection[str]]:
    return Identity(family="jbd", variant=variant, model="JBD", details={"front_end": 0}), set(JBD)


def _daly(variant: str) -> tuple[Identity, Collection[str]]:
    return Identity(family="daly", variant=variant, model="Daly"), set(DALY[Dialect(variant)])


VARIANTS: dict[str, tuple[str, Callable[[str], tuple[Identity, Collection[str]]], Mapping[str, str]]] = {
    "jk": (
        _JK,
        _jk,
        {
            Variant.JK02_32S: "JK02_32S (software 11 and newer)",
            Variant.JK02_24S: "JK02_24S (software below 11)",
            Variant.JK04: "JK04 (active balancers)",
        },
    ),
    "jbd": (_JBD, _jbd, {JbdVariant.CLASSIC: "all dialects"}),
    "daly": (_DALY, _daly, {Dialect.D2: "D2", Dialect.P81: "81", Dialect.A5: "A5"}),
    "smart123": (_SMART123, _smart123, {Smart123Variant.GENERATION_3: "generation 3"}),
}
"""By family: what to say of it, what its richest pack of a variant says, and the titles of its variants."""


def catalogs(family: str) -> Iterator[tuple[str, Catalog]]:
    """Yield title and catalog of each variant of a family, as the richest pack of it has them."""
    _, richest, titles = VARIANTS[family]
    for variant, title in titles.items():
        yield title, FAMILIES[family].catalog(*richest(variant))


def _limits(setting: Setting) -> str:
    match setting.kind:
        case SettingKind.SWITCH:
            return "true, false"
        case SettingKind.CHOICE:
            return ", ".join(setting.options)
        case SettingKind.TEXT:
            return f"at most {setting.maximum:g} characters"
        case SettingKind.COMMAND:
            return "a button"
    steps = f"{setting.minimum:g} … {setting.maximum:.9g}, step {setting.step:.6f}".rstrip("0").rstrip(".")
    return steps if setting.special is None else f"{steps}; {setting.special:g}: never"


def _order(chain: tuple[str, ...], catalog: Catalog) -> str:
    first, *others = chain
    return f"`{first}`" + "".join(f" {'≥' if key in catalog.may_equal else '>'} `{key}`" for key in others)


def _row(setting: Setting) -> str:
    writable = setting.proof is not Proof.READ_ONLY
    mark = " **!**" if writable and (setting.dangerous or setting.clears_history) else ""
    values = _limits(setting) if writable else ""
    return f"| `{setting.key}` | {setting.unit} | {values} | {setting.proof.replace('_', ' ')}{mark} |"


def _lines() -> Iterator[str]:
    yield HEAD
    for family, (said, _, _) in VARIANTS.items():
        name = FAMILIES[family].name
        yield f"## {name}\n{said}"
        tables = dict(catalogs(family))
        yield "These must fall from each to the next (≥: may be equal):\n"
        first = next(iter(tables.values()))
        yield from (f"- {_order(chain, first)}" for chain in first.chains)
        for title, catalog in tables.items():
            yield f"\n### {name}: {title}\n"
            yield "| parameter | unit | values | writing |\n| --- | --- | --- | --- |"
            yield from (_row(setting) for setting in catalog.settings.values())
        yield ""
    yield "## Presets\n"
    yield "What `apply_preset` writes to JK packs (nobody else prints any): the BMS manual's one-touch values, and those of the contactor model JK-B5A25S."
    printed = {"BMS": presets_for("JK", Variant.JK02_32S), "B5A25S": presets_for("JK-B5A25S", Variant.JK02_32S)}
    columns = [(name, chemistry) for name, presets in printed.items() for chemistry in presets]
    keys = dict.fromkeys(key for name, chemistry in columns for key in printed[name][chemistry])
    yield "Active balancers only get the balance trigger of 0.01 V.\n"
    yield "| parameter | " + " | ".join(f"{name} {chemistry.upper()}" for name, chemistry in columns) + " |"
    yield "| --- " * (len(columns) + 1) + "|"
    for key in keys:
        values = (printed[name][chemistry].get(key, "–") for name, chemistry in columns)
        yield f"| `{key}` | " + " | ".join(f"{value}" for value in values) + " |"


def document() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
