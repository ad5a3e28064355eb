"""Pivots against pandas' groupby over the rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from ib_grid.analysis.effects.pivots import pivot
from ib_grid.analysis.effects.reductions import reducer
from ib_grid.errors import ConfigError
from ib_grid.runs.cubes import JOINED_AXES
from ib_grid.runs.run import Run, load_run
from tests.helpers.runs.random_runs import write_run

BY_PANDAS = {
    "mean": lambda v: v.mean(),
    "median": lambda v: v.median(),
    "min": lambda v: v.min(),
    "max": lambda v: v.max(),
    "std": lambda v: v.std(),
    "p10": lambda v: v.quantile(0.1),
    "p100": lambda v: v.max(),
    "share_above_0": lambda v: 100 * (v > 0).mean(),
    "count": len,
}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, pd.DataFrame]:
    path: Path = tmp_path_factory.mktemp("pivots") / "whole"
    rows = write_run(path)
    return load_run(path), rows


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, pd.DataFrame]:
    path: Path = tmp_path_factory.mktemp("pivots") / "begun"
    rows = write_run(path, chunks=slice(0, 12, 5), keep=lambda r: r["total_trades"] > 10)
    return load_run(path), rows


def by_hand(rows: pd.DataFrame, names: list[str], metric: str) -> dict[tuple, pd.Series]:
    rows = rows.assign(session=rows["ib_start"] + "-" + rows["ib_end"], value=rows[metric])
    rows["value"] = rows["value"].astype(np.float64)
    rows.loc[rows["tsl_target"] == 0, "tsl_sl"] = np.nan
    rows["rev_rb_pct"] = rows["rev_rb_pct"].astype(float).where(rows["rev_rb_enabled"].astype(bool))
    groups = rows.groupby(names, dropna=False)["value"]
    return {_key(key): values for key, values in groups}


def _key(key: object) -> tuple:
    parts = key if isinstance(key, tuple) else (key,)
    return tuple("none" if isinstance(p, float) and p != p else p for p in parts)


def check(run: Run, rows: pd.DataFrame, across: object, down: object, reduction: str) -> None:
    found = pivot(run, down, across, "total_r", reduction)
    assert found.attrs == {"metric": "total_r", "reduction": reduction}
    names = [*found.index.names, *found.columns.names]
    expected = by_hand(rows, names, "total_r")
    alone = {"tsl_sl", "rev_rb_pct"} & set(names)
    if {"tsl_target", "rev_rb_enabled"}.isdisjoint(names):
        expected = {k: v for k, v in expected.items() if not (alone and "none" in k)}
    n_found = 0
    for i, down_key in enumerate(found.index):
        for j, across_key in enumerate(found.columns):
            value = found.iloc[i, j]
            cell = expected.get((*_key(down_key), *_key(across_key)))
            if cell is None:
                assert value == 0 if reduction == "count" else np.isnan(value)
                continue
            n_found += 1
            wanted = BY_PANDAS[reduction](cell)
            assert value == pytest.approx(wanted, rel=1e-6, abs=1e-6, nan_ok=True)
    assert n_found == len(expected)


@pytest.mark.parametrize(
    ("down", "across"),
    [
        ("session", "rr_target"),
        ("ib_wait_minutes", "ib_buffer_pct"),
        ("tsl_target", "stop_mode"),
        ("tsl_sl", "rr_target"),
        ("rev_rb_pct", "session"),
        (("rr_target", "trailing"), ("session", "ib_wait_minutes")),
        (("trailing", "stop_mode"), ("rebound", "ib_buffer_pct")),
        ("trailing", ["rebound"]),
        (("session", "rr_target", "stop_mode", "trailing"), ("ib_buffer_pct", "ib_wait_minutes")),
    ],
)
@pytest.mark.parametrize("reduction", ["median", "count", "std"])
def test_cells_are_those_of_pandas(whole, begun, down, across, reduction) -> None:
    for run, rows in (whole, begun):
        check(run, rows, across, down, reduction)


@pytest.mark.parametrize("reduction", BY_PANDAS)
def test_reductions_are_those_of_pandas(whole, begun, reduction) -> None:
    check(*whole, ("rr_target", "stop_mode"), "trailing", reduction)
    check(*begun, ("rr_target", "stop_mode"), "trailing", reduction)


def test_two_parameters_of_one_axis(whole) -> None:
    run, _ = whole
    found = pivot(run, "tsl_target", "tsl_sl", reduction="count")
    assert found.index.tolist() == [0.5, 1.0]  # without trailing there is no tsl_sl
    assert found.columns.tolist() == [0.5, 1.0]
    assert found.to_numpy().tolist() == [[216, 0], [216, 216]]
    assert np.isnan(pivot(run, "tsl_target", "tsl_sl").loc[0.5, 1.0])


def test_a_function_and_a_condition(whole) -> None:
    run, rows = whole
    found = pivot(run, "session", "rr_target", "winrate", np.ptp, "total_trades > 30")
    assert found.attrs["reduction"] == "ptp"
    some = rows[rows["total_trades"] > 30]
    by = some["winrate"].groupby([some["ib_start"], some["rr_target"]])
    for (start, target), values in by:
        assert found.loc[f"{start}-{start[:3]}30", target] == np.ptp(values.to_numpy())
    none = pivot(run, "session", "rr_target", where="total_r > 1e9")
    assert none.isna().all(axis=None)


def test_axes_have_their_values_in_order(whole) -> None:
    run, _ = whole
    found = pivot(run, ("ib_wait_minutes", "trailing"), "rebound")
    assert found.index.names == ["ib_wait_minutes", *JOINED_AXES["trailing"]]
    values = [tuple("none" if v != v else v for v in key) for key in found.index]
    off, pairs = (0.0, "none"), [(0.5, 0.5), (1.0, 0.5), (1.0, 1.0)]
    assert values == [(wait, *pair) for wait in (0, 15) for pair in (off, *pairs)]
    assert found.columns.tolist()[1:] == [(True, 0.25), (True, 0.5)]


@pytest.mark.parametrize(
    ("axis", "found", "expected"),
    [
        ("rr_targt", "unknown axis 'rr_targt'", "rr_target"),
        ("ib_start", "unknown axis 'ib_start'", "session"),
        ("??", "unknown axis", "trailing"),
        ((), "invalid axis ()", "one name"),
        (("session", "session"), "invalid axis", "each once"),
    ],
)
def test_refused(whole, axis, found, expected) -> None:
    with pytest.raises(ConfigError) as refused:
        pivot(whole[0], axis, "session")
    assert found in refused.value.message
    assert expected in refused.value.expected


def test_no_such_reduction_or_metric(whole) -> None:
    for reduction in ("p101", "sum", "", 5):
        with pytest.raises(ConfigError, match="unknown reduction"):
            pivot(whole[0], "rr_target", "session", reduction=reduction)
    with pytest.raises(ConfigError, match="unknown metric column"):
        pivot(whole[0], "rr_target", "session", "rr_target")


@given(
    values=nps.arrays(np.float32, st.integers(0, 9), elements=st.floats(-100, 100, width=32)),
    reduction=st.sampled_from(list(BY_PANDAS)),
)
def test_values_are_reduced_like_a_series(values: np.ndarray, reduction: str) -> None:
    empty = 0 if reduction == "count" else np.nan
    series = pd.Series(values.astype(np.float64))
    expected = BY_PANDAS[reduction](series) if len(values) else empty
    found = reducer(reduction)(values.copy())
    assert found == pytest.approx(expected, rel=1e-5, abs=1e-4, nan_ok=True)
