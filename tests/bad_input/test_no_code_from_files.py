"""Files are read as data: no file from somebody else can run code.

The one exception is numba's cache of compiled kernels;
`tests/ib_grid/engine/fast/test_kernel_cache.py` shows that it is loaded from where no
other user can write.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import pickle
import warnings
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ib_grid.errors import IbGridError
from ib_grid.market.bars import read_bars, read_origin
from ib_grid.market.levels_file import read_levels
from ib_grid.runs import partition_file
from tests.helpers.paths import GOLDEN, ROOT
from tests.helpers.runs.small_runs import FINGERPRINT, GRID, PLAN

SOURCES = sorted(path for name in ("ib_grid", "pipelines") for path in (ROOT / name).rglob("*.py"))
UNPICKLERS = {"pickle", "cPickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "code"}
CALLS = {"eval", "exec", "compile", "__import__"}
METHODS = {"eval", "read_pickle", "unpickle", "deserialize", "load_module", "HDFStore", "read_hdf"}


def suspicions(source: str) -> list[str]:
    """Return the calls of a module that could execute data as code."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names if name.name.split(".")[0] in UNPICKLERS]
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in UNPICKLERS:
            found.append(str(node.module))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            found += [node.func.id] if node.func.id in CALLS else []
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ast.unparse(node.func)
            bad = node.func.attr in METHODS or called in ("np.load", "numpy.load", "yaml.load")
            shell = any(word.arg in ("shell", "allow_pickle") for word in node.keywords)
            found += [called] if bad or shell else []
    return found


def test_search_finds_each_unsafe_call() -> None:
    for line in (
        "import pickle",
        "from joblib import load",
        "import os, marshal",
        "eval(x)",
        "pd.eval(x)",
        "frame.eval(x)",
        "np.load(path)",
        "pd.read_pickle(x)",
        "subprocess.run(x, shell=True)",
    ):
        assert suspicions(line), line


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_source_makes_code_of_data(path: Path) -> None:
    assert suspicions(path.read_text()) == []


class Touch:
    """An object that creates a file when unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.path,))


def with_code(path: Path, table: pa.Table, marker: Path) -> None:
    """Write a Parquet file whose first column has a type that pyarrow once unpickled."""
    field = table.schema.field(0).with_metadata(
        {
            "ARROW:extension:name": "arrow.py_extension_type",
            "ARROW:extension:metadata": pickle.dumps(Touch(marker)),
        }
    )
    pq.write_table(table.cast(table.schema.set(0, field)), path)


READERS: dict[str, Callable[[Path], object]] = {
    "bars": read_bars,
    "origin": read_origin,
    "levels": lambda path: read_levels(path, "0" * 64),
    "footer": lambda path: partition_file.verify(path, PLAN.chunk(0), FINGERPRINT),
    "partition": lambda path: partition_file.read_verified(path, GRID, PLAN.chunk(0), FINGERPRINT),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_pickled_type_in_a_parquet_file_is_not_unpickled(tmp_path: Path, reader: str) -> None:
    marker, path = tmp_path / "ran", tmp_path / "part-00000.parquet"
    pickle.loads(pickle.dumps(Touch(tmp_path / "control")))
    assert (tmp_path / "control").exists()  # what it would do
    with_code(path, pq.read_table(GOLDEN / "GER40_synthetic" / "m1.parquet").slice(0, 5), marker)
    schema = base64.b64decode(pq.read_metadata(path).metadata[b"ARROW:schema"])
    assert b"arrow.py_extension_type" in schema
    assert pickle.dumps(Touch(marker)) in schema
    with contextlib.suppress(IbGridError), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyarrow may say that it left the type alone
        READERS[reader](path)
    assert not marker.exists()
