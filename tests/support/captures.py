"""Recorded traffic of real packs, which lies beside the project where somebody has it, and is never part of it.

Tests that read it are marked `captures`: they come on top, and nothing is covered by them alone.
"""

import os
from pathlib import Path
from typing import Final

import pytest

_BESIDE: Final = Path(__file__).parents[3] / "shared" / "captures"
CAPTURES: Final = Path(os.environ.get("SMART_BMS_CAPTURES", _BESIDE) or os.devnull)
"""Set the variable to look elsewhere, or to nothing to see none."""


def needs_captures(folder: str) -> list[pytest.MarkDecorator]:
    """Return the marks of tests that need what lies in a folder of the captures."""
    missing = not any((CAPTURES / folder).glob("*.jsonl"))
    return [pytest.mark.captures, pytest.mark.skipif(missing, reason="no captures of real packs at hand")]
