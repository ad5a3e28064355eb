"""Metrics that agree up to rounding, and metrics of one row that contradict each other."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.engine.metric_checks import first_inconsistency, metric_difference, same_metric
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.variations import PREFIXES
from tests.helpers.runs.computed_runs import computed_run, files

numbers = st.floats(-1e6, 1e6, allow_nan=False)


@given(value=numbers, noise=st.floats(-1e-12, 1e-12))
def test_number_rounded_once_is_equal(value: float, noise: float) -> None:
    stored = float(np.float32(value * (1 + noise) + noise))
    assert same_metric("total_r", stored, value)


@given(value=st.floats(1e-2, 1e6), units=st.integers(3, 1000), up=st.booleans())
def test_three_units_in_the_last_place_are_another_number(
    value: float, units: int, up: bool
) -> None:
    stored = np.float32(value)
    step = np.spacing(stored) * (units if up else -units)
    assert not same_metric("total_r", float(stored + step), value)


def test_nan_never_equals() -> None:
    assert not same_metric("total_r", float("nan"), 1.0)
    assert not same_metric("sharpe_ratio", float("nan"), 1e9)


def test_ratio_of_rounding_errors_is_compared_by_size() -> None:
    assert same_metric("sharpe_trades", 3e7, 4e7)
    assert not same_metric("sharpe_trades", 3.0, 4e7)
    assert not same_metric("recovery_factor", 3e7, 4e7)


def test_difference_names_the_first_metric() -> None:
    row = {"combo_id": 3, "total_r": 1.5, "winrate": 50.0, "max_drawdown": 2.0}
    assert metric_difference(row, dict.fromkeys(METRIC_COLUMNS, 0.0) | row) == ""
    expected = {**row, "total_r": 1.25, "max_drawdown": 3.0}
    assert metric_difference(row, expected) == (
        "total_r is 1.5, recomputed 1.25; 1 more metrics differ"
    )


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """Return the metrics of a computed run."""
    run = computed_run(tmp_path_factory.mktemp("consistent"))
    tables = [pq.ParquetFile(path).read() for path in files(run)]
    return {
        name: np.concatenate([table[name].to_numpy() for table in tables])
        for name in METRIC_COLUMNS
    }


def test_computed_rows_are_consistent(rows: dict[str, np.ndarray]) -> None:
    assert rows["total_trades"].min() > 0
    assert first_inconsistency(rows) is None


NO_IDENTITY = (
    "sharpe_ratio",
    "sortino_ratio",
    "sharpe_trades",
    "profit_factor",
    "break_even_points",
)


@pytest.mark.parametrize("raised_by", [500, np.finfo(np.float32).max])
@pytest.mark.parametrize("name", [n for n in METRIC_COLUMNS if not n.endswith(NO_IDENTITY)])
def test_a_raised_metric_is_found(rows: dict[str, np.ndarray], name: str, raised_by: float) -> None:
    prefix = next((p for p in PREFIXES if name.startswith(p)), "")
    row = int(np.argmax(rows[prefix + "winning_trades"]))
    changed = rows[name].copy()
    changed[row] += raised_by
    found = first_inconsistency({**rows, name: changed})
    assert found is not None
    assert found[0] == row
    assert name.removeprefix(prefix) in found[1]


def test_empty_and_unknown_columns_are_consistent() -> None:
    assert first_inconsistency({"total_r": np.ones(2, np.float32)}) is None
    assert first_inconsistency({name: np.zeros(0, np.float32) for name in METRIC_COLUMNS}) is None
