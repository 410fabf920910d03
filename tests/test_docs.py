"""Pages for readers: links lead somewhere, every page is reached from the index, and names are the ones that are used today."""

from collections.abc import Iterator
from pathlib import Path
import re

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "custom_components" / "smart_bms"
DOCS = ROOT / "docs"
INDEX = DOCS / "README.md"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
CHANGES = ROOT / "CHANGELOG.md"
PAGES = [ROOT / "README.md", CONTRIBUTING, CHANGES, *sorted(DOCS.rglob("*.md"))]
GENERATED = {DOCS / "entities.md", DOCS / "parameters.md", DOCS / "blueprints.md"}
"""From the names in the code: checked there."""
WRITTEN = [page for page in PAGES if page not in GENERATED]
COLUMNS = 120
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^ *```.*?^ *```", re.MULTILINE | re.DOTALL)
NOT_PROSE = re.compile(r"\s*(\||!\[|\[!\[|#)")
"""Tables, pictures and headings."""
OLD_WORDS = re.compile(
    r"\b(door|journals?|calm(er|ly)?|mirror(s|ed)?|verdicts?|disputes?|tally|tallies|happenings?|ledgers?|foretell|foretold"
    r"|sense (wire|lead)s?|balance leads?|power stages?|Link|Disagreement|Strings that count|Cell voltage delta"
    r"|(Disc|C)harged energy|catalogues?|learnt|judgement|metres?|neighbours?|colours?)\b"
    r"|behaviour|recognis|synchronis",
)
"""Images of our own, names of entities that were renamed, and British spelling."""


def prose(page: Path) -> str:
    """Return the text of a page without code and without the targets of links."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    return LINK.sub("]", re.sub(r"`[^`]*`", "", text))


def links(page: Path) -> Iterator[str]:
    """Yield the targets of the links and images of a page that lead into the repository."""
    for target in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
        if "://" not in target:
            yield target


def anchors(page: Path) -> set[str]:
    """Return what links may name behind a #: GitHub makes it of each heading."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def assert_leads_somewhere(page: Path, target: str) -> Path:
    """Check a link on a page; return the file that it leads to."""
    path, _, anchor = target.partition("#")
    file = (page.parent / path).resolve() if path else page
    assert file.is_file(), f"{page.name}: {target}"
    assert not anchor or anchor in anchors(file), f"{page.name}: {target}"
    return file


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in links(page):
        assert_leads_somewhere(page, target)


def test_every_page_is_reached_from_the_index_and_every_picture_is_shown() -> None:
    reached, waiting = {INDEX}, [INDEX]
    while waiting:
        page = waiting.pop()
        found = {assert_leads_somewhere(page, target) for target in links(page)} - reached
        reached |= found
        waiting += [file for file in found if file.suffix == ".md"]
    assert set(DOCS.rglob("*.*")) | {CONTRIBUTING, CHANGES} <= reached


def test_the_code_names_pages_that_exist() -> None:
    named = {
        target
        for path in FOLDER.rglob("*.py")
        for target in re.findall(r"\{DOCUMENTATION\}/([\w.#-]+)", path.read_text(encoding="utf-8"))
    }
    assert named
    for target in named:
        assert_leads_somewhere(INDEX, target)


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_lines_of_prose_fit_the_screen(page: Path) -> None:
    for line in FENCED.sub("", page.read_text(encoding="utf-8")).splitlines():
        assert len(line) <= COLUMNS or NOT_PROSE.match(line), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_begins_with_what_it_is_about(page: Path) -> None:
    title, empty, first = page.read_text(encoding="utf-8").splitlines()[:3]
    assert title.startswith("# ")
    assert not empty
    assert re.match(r"[A-Z]", first), first


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_nothing_is_called_by_an_old_name(page: Path) -> None:
    assert not [found.group() for found in OLD_WORDS.finditer(prose(page))]


@pytest.mark.parametrize("page", WRITTEN, ids=lambda page: page.name)
def test_files_and_commands_that_are_named_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"`(script/\w+|(?:[\w.]+/)+(?=`)|(?:[\w.]+/)*[\w.]+\.(?:py|toml|json)\b)", text):
        # Where a page is about a folder, its files are named without it.
        in_a_folder = any(FOLDER.rglob(name)) or any((ROOT / "tests").rglob(name))
        assert (ROOT / name).exists() or (FOLDER / name).exists() or in_a_folder, name


def test_the_map_shows_the_folders_that_there_are() -> None:
    """Each folder of the integration has its place, and what is shown is there."""
    tree = CONTRIBUTING.read_text(encoding="utf-8").split("```")[1]
    shown: set[str] = set()
    parents: list[str] = []
    for line in tree.splitlines():
        if not (found := re.match(r"( *)((?:[\w.]+/ ?)+)(?: |$)", line)):
            continue
        depth = len(found[1]) // 2
        parents[depth:] = [found[2].split()[0]]
        shown |= {"".join((*parents[:depth], name)) for name in found[2].split()}
    for path in shown:
        assert (ROOT / path).is_dir(), path
    inside = {path for path in FOLDER.rglob("*/") if "__pycache__" not in path.parts}
    assert {f"{path.relative_to(ROOT)}/" for path in inside} <= shown


def test_every_command_is_listed() -> None:
    listed = CONTRIBUTING.read_text(encoding="utf-8")
    commands = [path.name for path in (ROOT / "script").iterdir() if path.is_file()]
    assert commands
    assert not [name for name in commands if f"`script/{name}" not in listed]


SHELL = re.compile(r"^ *```(?:sh|bash|console)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_to_be_typed_exist(page: Path) -> None:
    for block in SHELL.findall(page.read_text(encoding="utf-8")):
        for line in block.splitlines():
            for command in re.findall(r"(?:^|\| *)(script/\w+)", line):
                assert (ROOT / command).is_file(), line
