"""The tree of tests: each stands where its module stands, and what several need is in tests/support or a conftest.py."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
INTEGRATION = TESTS.parent / "custom_components" / "smart_bms"
MODULES = sorted(TESTS.rglob("*.py"))
IN_FOLDERS = [path for path in TESTS.rglob("test_*.py") if path.parent != TESTS]
TOO_SHORT_TO_SHARE = 200
"""Characters of a function's syntax tree: about one line."""

CROSSING = {
    "bms/*/test_captures.py": "recorded traffic through all modules of a family",
    "bms/jbd/test_driver_parameters.py": "the half of jbd/driver.py that is about parameters",
    "bms/test_first_value.py": "how long a user waits, in all families",
    "bms/test_offered.py": "the catalogs of all families, against their parameters",
    "bms/test_recording_fuzz.py": "recording.py and the privacy.py of all families",
    "bms/test_records_fuzz.py": "records.py of all families",
    "bms/test_trouble.py": "packs in trouble, in all families",
    "control/test_daly.py": "writer.py with the driver of a family",
    "control/test_jbd.py": "writer.py with the driver of a family",
    "control/test_rejections.py": "validation.py and plan.py, as writer.py uses them",
    "control/test_smart123.py": "writer.py with the driver of a family",
    "energy/test_jbd_rules.py": "a manual's tables, over all energy/jbd_*.py",
    "energy/test_energy_week.py": "counters over a simulated week",
    "integration/test_blueprints.py": "blueprints",
    "integration/test_default_entities.py": "which entities there are, over all platforms",
    "integration/test_demo.py": "the demo",
    "integration/test_entities.py": "which entities there are and when they say nothing, over all platforms",
    "integration/test_equipment_recipes.py": "every recipe in the documentation",
    "integration/test_examples.py": "every example in the documentation",
    "integration/test_families.py": "every family from its advertisement to its entities",
    "integration/test_languages.py": "sentences, names and numbers in nine languages",
    "integration/test_lead_time.py": "blueprints against simulated firmware",
    "integration/test_life.py": "a pack from its first advertisement to its removal",
    "integration/test_many_cells.py": "255 cells, over all platforms",
    "integration/test_measured_together.py": "one reading, over several entities",
    "integration/test_reports.py": "what Home Assistant reports of our use of it",
    "integration/test_smart123.py": "three transports from their advertisement to their entities",
    "integration/test_temporary.py": "control/temporary.py over reloads and restarts",
    "integration/test_trouble.py": "a pack in trouble, over all platforms",
    "protection/test_replay.py": "the demo's packs, twice",
    "protection/test_second_opinion.py": "mirror.py against simulated firmware",
    "protection/test_tables_of_jbd.py": "a manual's tables, over mirror, balance and wiring",
    "simulator/test_limits.py": "the limits.py of all families",
    "steering/test_steered_days.py": "limits and steering against simulated firmware, over whole days",
}
"""Tests of no single module, with what they are about."""


def is_crossing(path: Path) -> bool:
    """Return whether a test is in the list of those that belong to no single module."""
    return any(path.relative_to(TESTS).full_match(pattern) for pattern in CROSSING)


def module_of(path: Path) -> Path:
    """Return where the module or package of a test would be, without its ending."""
    folders = path.relative_to(TESTS).parent.parts
    name = path.stem.removeprefix("test_")
    folder = INTEGRATION.joinpath(*folders[1:] if folders[0] == "integration" else folders)
    # The test of a package itself may stand beside those of its modules.
    return folder if name == folder.name else folder / name


def imported(path: Path) -> Iterator[str]:
    """Yield the full names of the modules that a file imports, and of what it imports from them."""
    package = path.relative_to(TESTS.parent).parent.parts
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join((*above, *filter(None, (node.module,))))
            yield from (f"{module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(TESTS)))
def test_tests_import_from_support_only(path: Path) -> None:
    ours = [name for name in imported(path) if name.partition(".")[0] == "tests"]
    assert [name for name in ours if not f"{name}.".startswith("tests.support.")] == []


@pytest.mark.parametrize("path", IN_FOLDERS, ids=lambda path: str(path.relative_to(TESTS)))
def test_a_test_stands_where_its_module_stands(path: Path) -> None:
    module = module_of(path)
    stands = module.with_suffix(".py").is_file() or (module / "__init__.py").is_file()
    assert stands is not is_crossing(path), (
        f"{module.relative_to(INTEGRATION)} {'is there' if stands else 'is missing'}"
    )


def test_the_list_names_tests_that_there_are() -> None:
    assert [pattern for pattern in CROSSING if not any(TESTS.glob(pattern))] == []


def test_a_helper_exists_once() -> None:
    """Two functions at the top of modules that do the same are one in tests/support."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in MODULES:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("test_"):
                continue
            body = ast.dump(ast.Module(node.body[ast.get_docstring(node) is not None :], []))
            if len(body) > TOO_SHORT_TO_SHARE:
                places[body].append(f"{path.relative_to(TESTS)}: {node.name}")
    assert [found for found in places.values() if len(found) > 1] == []
