"""What HACS downloads, and the one place where owner and address are filled in."""

import json
from pathlib import Path
import re
import subprocess
import sys
import zipfile

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "custom_components" / "smart_bms"
MANIFEST = json.loads((FOLDER / "manifest.json").read_text())


def run(command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, ROOT / "script" / command, *arguments], check=False, capture_output=True, text=True
    )


def test_the_archive_has_the_files_at_its_top_and_the_version_of_the_tag(tmp_path) -> None:
    assert run("archive", "v7.8.9", str(tmp_path)).returncode == 0
    with zipfile.ZipFile(tmp_path / json.loads((ROOT / "hacs.json").read_text())["filename"]) as packed:
        names = set(packed.namelist())
        manifest = json.loads(packed.read("manifest.json"))
    assert manifest == MANIFEST | {"version": "7.8.9"}
    assert list(manifest) == list(MANIFEST)
    there = {str(file.relative_to(FOLDER)) for file in FOLDER.rglob("*") if file.is_file()}
    assert names == {name for name in there if "__pycache__" not in name}
    assert {"__init__.py", "translations/de.json", "frontend/smart-bms.js", "brand/icon.png"} <= names


@pytest.mark.parametrize("tag", ["", "1.2.3", "v1", "latest"])
def test_a_tag_that_is_no_version_packs_nothing(tmp_path, tag) -> None:
    assert run("archive", tag, str(tmp_path)).returncode == 2
    assert not list(tmp_path.iterdir())


def test_the_workflow_packs_with_the_same_command() -> None:
    assert "script/archive" in (ROOT / ".github" / "workflows" / "release.yml").read_text()


def test_every_address_of_the_project_is_the_one_of_the_manifest() -> None:
    owner, name = MANIFEST["documentation"].split("/")[-2:]
    assert MANIFEST["issue_tracker"].startswith(f"{MANIFEST['documentation']}/")
    assert f"{owner}/{name}" in run("repository").stdout
    ours = re.compile(r"github\.com/([\w-]+)/smart-bms\b|github\.com%2F([\w-]+)%2Fsmart-bms\b")
    for file in (*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "blueprints").rglob("*.yaml")):
        found = {first or second for first, second in ours.findall(file.read_text())}
        assert found <= {owner}, file


def test_owner_and_address_are_written_everywhere(tmp_path) -> None:
    subprocess.run(["git", "clone", "-q", ROOT, tmp_path / "copy"], check=True)
    copy = tmp_path / "copy"
    (copy / "script" / "repository").write_text((ROOT / "script" / "repository").read_text())
    subprocess.run(
        [sys.executable, copy / "script" / "repository", "somebody/my-bms", "@somebody"],
        check=True,
        capture_output=True,
    )
    owner, name = MANIFEST["documentation"].split("/")[-2:]
    left = subprocess.run(
        ["git", "grep", "-l", f"{owner}/{name}"], cwd=copy, check=False, capture_output=True, text=True
    ).stdout.split()
    assert not [path for path in left if "/frontend/smart-bms" not in path]
    manifest = json.loads((copy / "custom_components" / "smart_bms" / "manifest.json").read_text())
    assert manifest["codeowners"] == ["@somebody"]
    assert manifest["issue_tracker"] == "https://github.com/somebody/my-bms/issues"
