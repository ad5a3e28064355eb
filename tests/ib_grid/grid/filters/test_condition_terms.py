"""Terms on a few rows, against Python's own comparison of the stored values."""

from __future__ import annotations

import ast
import operator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from ib_grid.grid.columns import result_schema
from ib_grid.grid.filters.condition_terms import (
    COMPARISONS,
    compared,
    in_halves,
    is_in,
    literal,
    result_column,
)

STORED = {
    "ib_wait_minutes": [0, 15, 15, 2**31 - 1],
    "tsl_target": [0.0, 0.1, 0.5, 1.25],
    "total_r": [0.1, -3.5, 12.25, float("nan")],
    "stop_mode": ["eq", "ib_start", "eq", "eq"],
    "rev_rb_enabled": [True, False, True, False],
}
ROWS = pa.table(
    {name: pa.array(v).cast(result_schema().field(name).type) for name, v in STORED.items()}
)
NUMBERS = (-0.5, 0.0, 0.1, 0.5, 12.25, 15.0, 15.5, 2.0**31 - 1, 2.0**31, 1e300)
CASES = [
    *((name, x) for name in ("ib_wait_minutes", "tsl_target", "total_r") for x in NUMBERS),
    *(("stop_mode", mode) for mode in ("eq", "ib_start")),
]


def rows_of(expression: pc.Expression) -> list[bool]:
    return [bool(x) for x in ds.dataset(ROWS).to_table(columns={"x": expression})["x"].to_pylist()]


@pytest.mark.parametrize(("name", "value"), CASES)
def test_column_beside_literal_both_ways_round(name: str, value: float | str) -> None:
    stored = ROWS[name].to_pylist()
    for op, compare in COMPARISONS.items():
        column_first = compared(op(), result_column(name), literal(value))
        assert rows_of(column_first) == [compare(x, value) for x in stored], op
        literal_first = compared(op(), literal(value), result_column(name))
        assert rows_of(literal_first) == [compare(value, x) for x in stored], op


@pytest.mark.parametrize(("name", "value"), CASES)
def test_is_in(name: str, value: float | str) -> None:
    other = "open" if isinstance(value, str) else 7.0
    found = rows_of(is_in(result_column(name), [literal(value), literal(other)]))
    assert found == [x in (value, other) for x in ROWS[name].to_pylist()]


def test_kinds() -> None:
    kinds = {"ib_wait_minutes": "number", "stop_mode": "text", "rev_rb_enabled": "truth value"}
    assert {name: result_column(name).kind for name in kinds} == kinds
    assert [literal(v).kind for v in (0.5, "eq", True)] == ["number", "text", "truth value"]


@pytest.mark.parametrize(
    ("name", "value", "left"),
    [("ib_wait_minutes", 10.0, 1), ("ib_wait_minutes", 7.0, 0), ("tsl_target", 0.1, 1)],
)
def test_parameter_type_statistics_skip_files(tmp_path, name: str, value: float, left: int) -> None:
    # Two values a file, so that it is their range that rules a file out.
    rows = pa.table(
        {
            "ib_wait_minutes": pa.array([0, 5, 10, 15, 20, 25], pa.int32()),
            "tsl_target": [0.0, 0.1, 0.5, 0.75, 1.0, 1.25],
        }
    )
    for i in range(0, rows.num_rows, 2):
        pq.write_table(rows.slice(i, 2), tmp_path / f"{i}.parquet")
    fragments = list(ds.dataset(tmp_path).get_fragments())
    for expression in (
        compared(ast.Eq(), result_column(name), literal(value)),
        compared(ast.Eq(), literal(value), result_column(name)),
    ):
        assert sum(bool(f.subset(expression).num_row_groups) for f in fragments) == left


def test_any_number_of_parts_is_joined_in_their_order() -> None:
    for n in (1, 2, 3, 100_000):
        parts = np.arange(n).reshape(n, 1).tolist()
        assert in_halves(parts, operator.add) == list(range(n))
