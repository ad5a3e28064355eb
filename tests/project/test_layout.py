"""Tests of the layout: small folders, described packages, one vocabulary."""

from __future__ import annotations

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.paths import ROOT

MAX_ENTRIES = 10
TESTS_OF_BOTH_ENGINES = Path("ib_grid", "engine", "rules")
# Words that the project has replaced, and what it says instead.
REPLACED = {
    "again": "recompute",
    "chosen": "selected",
    "fold": "accumulate",
    "holder": "lock_owner",
    "landscape": "parameter_effects",
    "ledger": "trades",
    "made_up": "synthetic",
    "made_with": "provenance",
    "remedy": "hint",
    "retold": "with_context",
    "said": "text",
    "seal": "checksum",
    "tops": "top",
    "walk": "simulate",
}
FORMER_WORDS = re.compile(rf"(?:^|_)({'|'.join(REPLACED)})(?:_(?!forward)|$)")


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


def test_every_folder_has_at_most_ten_entries() -> None:
    entries = {
        (parent, child)
        for path in tracked_files()
        for child, parent in zip((path, *path.parents), path.parents, strict=False)
        if not child.name.startswith(("__init__.py", "."))
    }
    counts = Counter(parent for parent, _ in entries)
    assert {str(p): n for p, n in counts.items() if n > MAX_ENTRIES} == {}


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


def test_public_names_use_the_glossary() -> None:
    found = [
        f"{path}: {name} (say {REPLACED[word[1]]})"
        for path in tracked_files()
        if path.suffix == ".py" and path.parts[0] in ("ib_grid", "pipelines")
        for name in _public_names(path)
        if (word := FORMER_WORDS.search(name))
    ]
    assert found == []


def _public_names(path: Path) -> Iterator[str]:
    """Yield the names of a module, its functions, their arguments, its classes and fields."""
    yield path.stem
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node.name
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield from (argument.arg for argument in [*node.args.args, *node.args.kwonlyargs])
        if isinstance(node, ast.ClassDef):
            fields = (item.target for item in node.body if isinstance(item, ast.AnnAssign))
            yield from (field.id for field in fields if isinstance(field, ast.Name))
