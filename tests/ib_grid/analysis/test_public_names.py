"""What `ib_grid.analysis` offers: the same in all its lists, imported when it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from ib_grid import analysis

_SOURCE = ast.parse(Path(str(analysis.__file__)).read_text(encoding="utf-8"))


def test_the_lists_agree() -> None:
    imported = {
        node.module: tuple(alias.name for alias in node.names)
        for node in ast.walk(_SOURCE)
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("ib_grid.")
    }
    assert imported == analysis._HOMES
    names = [name for of_module in imported.values() for name in of_module]
    assert sorted(names) == sorted(analysis.__all__)
    assert set(analysis.__all__) <= set(dir(analysis))


@pytest.mark.parametrize("name", analysis.__all__)
def test_each_name_is_what_its_module_has(name: str) -> None:
    module = import_module(analysis._MODULE_OF[name])
    assert getattr(analysis, name) is getattr(module, name)
    assert name not in {path.stem for path in Path(str(analysis.__file__)).parent.glob("*.py")}


def test_no_such_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'luck'"):
        _ = analysis.luck


def test_reading_rows_takes_neither_engine_nor_figures() -> None:
    code = "import sys\nfrom ib_grid.analysis.selection import compare, groups, top"
    code += "\nprint(sorted({'numba', 'plotly', 'dask'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
