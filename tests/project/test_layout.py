"""Tests of the layout: small folders, packages that say what they hold, one vocabulary."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

from tests.helpers.paths import ROOT

TESTS_OF_BOTH_ENGINES = Path("ib_grid", "engine", "rules")


def tracked_files() -> list[Path]:
    """Return the project's files relative to its folder."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [Path(line) for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def packages() -> list[Path]:
    """Return the folders with Python files, tests included."""
    return sorted({path.parent for path in tracked_files() if path.suffix == ".py"})


def test_every_package_says_what_lives_there() -> None:
    silent = [str(folder) for folder in packages() if not _summary(folder)]
    assert silent == []


@pytest.mark.parametrize("root", ["ib_grid", "pipelines"])
def test_top_level_packages_say_what_they_may_import(root: str) -> None:
    folders = [path.parent for path in (ROOT / root).glob("*/__init__.py")]
    assert len(folders) > 5
    silent = [f.name for f in folders if "import" not in (_docstring(f) or "")]
    assert silent == []


def _docstring(folder: Path) -> str | None:
    file = ROOT / folder / "__init__.py"
    return ast.get_docstring(ast.parse(file.read_text())) if file.exists() else None


def _summary(folder: Path) -> str:
    return (_docstring(folder) or "").partition("\n")[0]


def test_every_test_module_is_in_the_tree_of_its_code() -> None:
    folders = {p.parent for p in tracked_files() if p.parts[:2] == ("tests", "ib_grid")}
    folders |= {p.parent for p in tracked_files() if p.parts[:2] == ("tests", "pipelines")}
    code = {Path(*folder.parts[1:]) for folder in folders} - {TESTS_OF_BOTH_ENGINES}
    assert [str(folder) for folder in code if not (ROOT / folder).is_dir()] == []


def test_names_of_tests_are_short() -> None:
    files = [path for path in tracked_files() if path.name.startswith("test_")]
    names = re.findall(r"def (test_\w+)", "".join((ROOT / path).read_text() for path in files))
    assert len(names) > 1000
    assert [name for name in names if len(name) >= 60] == []
