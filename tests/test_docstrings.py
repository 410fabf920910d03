"""Docstrings: Home Assistant wants one on every function; ruff asks only for those of public ones."""

import ast
from pathlib import Path

import pytest

INTEGRATION = Path(__file__).parents[1] / "custom_components" / "smart_bms"
PURE = {"bank", "bms", "control", "energy", "protection", "simulator", "steering"}
"""Here ruff's rules are enough: what is private says by its name what it does."""
MODULES = [path for path in INTEGRATION.rglob("*.py") if path.relative_to(INTEGRATION).parts[0] not in PURE]
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def undocumented(source: str) -> list[str]:
    """Return the modules, classes and functions of a source, also private and nested ones, that have no docstring."""
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, DOCUMENTED))
    return [getattr(node, "name", "module") for node in nodes if not ast.get_docstring(node)]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(INTEGRATION)))
def test_everything_on_home_assistants_side_has_a_docstring(path: Path) -> None:
    assert undocumented(path.read_text(encoding="utf-8")) == []


def test_what_is_private_or_nested_counts_too() -> None:
    source = '"""M."""\nclass A:\n  """A."""\n  async def _b(self):\n    """B."""\n    def c(): pass\ndef d(): pass'
    assert sorted(undocumented(source)) == ["c", "d"]
    assert undocumented("x = 1") == ["module"]
