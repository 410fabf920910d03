"""The cards: typed like what they are sent, built into the integration, and nothing else beside them. Without Node."""

import json
from pathlib import Path
import re

import pytest

from script.lib import stream_types

ROOT = Path(__file__).parents[1]
BUILT = ROOT / "custom_components" / "smart_bms" / "frontend"
SOURCE = ROOT / "frontend"


def test_both_sides_have_the_same_messages() -> None:
    wanted = stream_types.typescript(stream_types.SOURCE.read_text())
    assert stream_types.TARGET.read_text() == wanted, "run script/stream_types"


def test_messages_are_written_as_typescript() -> None:
    source = '''
class Part(TypedDict):
    """One part."""

    name: str
    """What it is called."""
    values: list[float | None]
    by_cell: dict[str, int]
    kind: Literal["pack", "bank"]
    fixed: Literal["pack"]
    anything: object
    more: NotRequired[Part | None]
'''
    assert stream_types.typescript(source).splitlines()[2:] == [
        "/** One part. */",
        "export interface Part {",
        "  /** What it is called. */",
        "  name: string;",
        "  values: (number | null)[];",
        "  by_cell: Record<string, number>;",
        '  kind: "pack" | "bank";',
        '  fixed: "pack";',
        "  anything: unknown;",
        "  more?: Part | null;",
        "}",
    ]


def test_a_type_that_has_no_typescript_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="set"):
        stream_types.typescript('class Part(TypedDict):\n    """One."""\n\n    names: set[str]\n')


def test_only_built_files_are_shipped() -> None:
    """Neither sources nor packages end up in what users download."""
    files = [path for path in BUILT.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    assert {path.suffix for path in files} == {".js", ".py"}
    assert BUILT / "smart-bms.js" in files
    everything = (ROOT / "custom_components").rglob("*")
    assert not [path for path in everything if path.suffix in {".ts", ".map"} or path.name == "node_modules"]


def test_built_files_name_each_other_and_nobody_else() -> None:
    """A page that has loaded the first file finds all that it loads later, and asks no other server."""
    built = {path.name: path.read_text() for path in BUILT.glob("*.js")}
    named = {name for text in built.values() for name in re.findall(r"[\"'`]\./([\w.-]+\.js)[\"'`]", text)}
    assert built.keys() - {"smart-bms.js"} <= named <= built.keys()
    hosts = {host for text in built.values() for host in re.findall(r"https?://([\w.-]+)", text)}
    # Names of XML, the documentation, and where lit explains an error.
    assert hosts <= {"www.w3.org", "github.com", "lit.dev"}


def test_the_lock_file_says_what_and_not_from_where() -> None:
    """Packages come from whatever registry a machine uses; their hashes say that they are the right ones."""
    packages = json.loads((SOURCE / "package-lock.json").read_text())["packages"]
    own = packages.pop("")
    assert not [name for name, package in packages.items() if "resolved" in package]
    assert not [name for name, package in packages.items() if not package.get("integrity", "").startswith("sha512-")]
    wanted = json.loads((SOURCE / "package.json").read_text())
    assert (own["dependencies"], own["devDependencies"]) == (wanted["dependencies"], wanted["devDependencies"])


@pytest.mark.parametrize("language", ["de"])
def test_texts_of_the_cards_are_complete(language: str) -> None:
    texts = SOURCE / "src" / "texts"
    english = json.loads((texts / "en.json").read_text())
    other = json.loads((texts / f"{language}.json").read_text())
    assert english.keys() == other.keys()
