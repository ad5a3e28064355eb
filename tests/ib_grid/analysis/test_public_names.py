"""The public names of `ib_grid.analysis`, imported on first use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ib_grid import analysis


@pytest.mark.parametrize("name", analysis.__all__)
def test_each_public_name_can_be_imported(name: str) -> None:
    assert callable(getattr(analysis, name))
    assert name not in {path.stem for path in Path(str(analysis.__file__)).parent.glob("*.py")}


def test_unknown_names_are_attribute_errors() -> None:
    with pytest.raises(AttributeError, match="luck"):
        _ = analysis.luck


def test_reading_rows_imports_neither_engine_nor_plotly() -> None:
    code = "import sys\nfrom ib_grid import analysis\nanalysis.load_run, analysis.top"
    code += "\nfrom ib_grid.analysis.selection import compare, groups"
    code += "\nprint(sorted({'numba', 'plotly', 'dask', 'xarray'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
