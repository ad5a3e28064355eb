"""The public names of the package, and the examples in its docstrings."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys

import pytest

import ib_grid
from tests.helpers.paths import ROOT

WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    for path in (ROOT / "ib_grid").rglob("*.py")
    if ">>> " in path.read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", ib_grid.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(ib_grid, name) is not None


def test_importing_the_package_is_light() -> None:
    heavy = "{'numpy', 'numba', 'pandas', 'pyarrow'} & set(sys.modules)"
    code = f"import sys, ib_grid; assert not {heavy}, {heavy}"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_examples_give_what_they_say(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
