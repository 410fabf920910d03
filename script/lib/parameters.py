"""Writes docs/parameters.md: what can be set on packs of each variant, straight from the tables in the code."""

from collections.abc import Iterator
from pathlib import Path

from custom_components.smart_bms.bms.jk.catalogue import CHAINS, catalogue_of
from custom_components.smart_bms.bms.jk.layouts import Variant
from custom_components.smart_bms.bms.jk.presets import presets_for
from custom_components.smart_bms.bms.jk.registers import REGISTERS
from custom_components.smart_bms.bms.reading import Identity
from custom_components.smart_bms.bms.settings import Kind, Proof, Setting

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "parameters.md"

HEAD = """\
# Parameters

What `set_parameters` and the other [actions](control.md#actions) know, by variant. Which of these a pack has depends on its model and
firmware: newer boards list the registers that they take, and only those are offered. `get_parameters` tells for your pack.

- **proven**: a real write was recorded or tested by somebody.
- **experimental**: a single source, or our own inference. Only with the option *Experimental writes*.
- **read only**: the board or its manual does not let it be changed.
- **!** takes the confirm flag (or the option *Dangerous changes without asking*): a wrong value can harm the battery or leave the house dark.

Limits are the vendor's field definition, and those of the BMS manual where they are narrower. Number of cells and currents are also bounded by
the model, as its name says: JK-B2A24S15P has 24 cells, balances with 2 A and carries 150 A.

These must fall from each to the next, and no write passes that breaks that:

"""

NAMES = {
    Variant.JK02_32S: "JK02_32S (software 11 and newer)",
    Variant.JK02_24S: "JK02_24S (software below 11)",
    Variant.JK04: "JK04 (active balancers)",
}


def _limits(setting: Setting) -> str:
    match setting.kind:
        case Kind.SWITCH:
            return "true, false"
        case Kind.CHOICE:
            return ", ".join(setting.options)
        case Kind.TEXT:
            return f"at most {setting.maximum:g} characters"
        case Kind.COMMAND:
            return "a button"
    return f"{setting.minimum:g} … {setting.maximum:.9g}, step {setting.step:.6f}".rstrip("0").rstrip(".")


def _lines() -> Iterator[str]:
    yield HEAD + "\n".join(f"- {' > '.join(f'`{key}`' for key in chain)}" for chain in CHAINS)
    for variant in (Variant.JK02_32S, Variant.JK02_24S, Variant.JK04):
        identity = Identity(family="jk", variant=variant, model="JK", details={"commands": tuple(range(256))})
        settings = catalogue_of(identity, {row.key for row in REGISTERS[variant]}).settings
        yield f"\n## {NAMES[variant]}\n"
        yield "| parameter | unit | values | writing |\n| --- | --- | --- | --- |"
        for key, setting in settings.items():
            writing = setting.proof.replace("_", " ") + (
                " **!**" if setting.dangerous and setting.proof is not Proof.READ_ONLY else ""
            )
            yield f"| `{key}` | {setting.unit} | {_limits(setting)} | {writing} |"
    yield "\n## Presets\n"
    yield "What `apply_preset` writes: the BMS manual's one-touch values, and those of the contactor model JK-B5A25S."
    tables = {"BMS": presets_for("JK", Variant.JK02_32S), "B5A25S": presets_for("JK-B5A25S", Variant.JK02_32S)}
    columns = [(name, chemistry) for name, presets in tables.items() for chemistry in presets]
    keys = dict.fromkeys(key for name, chemistry in columns for key in tables[name][chemistry])
    yield "Active balancers only get the balance trigger of 0.01 V.\n"
    yield "| parameter | " + " | ".join(f"{name} {chemistry.upper()}" for name, chemistry in columns) + " |"
    yield "| --- " * (len(columns) + 1) + "|"
    for key in keys:
        values = (tables[name][chemistry].get(key, "–") for name, chemistry in columns)
        yield f"| `{key}` | " + " | ".join(f"{value}" for value in values) + " |"


def document() -> str:
    """Return the page."""
    return "\n".join(_lines()) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
