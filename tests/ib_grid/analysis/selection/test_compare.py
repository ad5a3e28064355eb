"""Two runs, joined by pandas on the values of their parameters."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.analysis.selection.compare import _differences, compare_runs, matched_ids
from ib_grid.engine.execution_settings import Execution
from ib_grid.errors import ConfigError, DataError
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import grid_from_mapping, named_grid
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.market.instruments import GER40
from ib_grid.runs.cubes import JOINED_AXES
from ib_grid.runs.manifest import read_manifest
from ib_grid.runs.run import load_run
from tests.helpers import strategies
from tests.helpers.runs.random_runs import AXES, GRID, write_run
from tests.helpers.runs.reported_runs import random_rows

OTHER = {
    **AXES,
    "ib_sessions": ["09:00-09:30", "08:00-09:00"],
    "ib_wait_minutes": [0, 15, 30],
    "tsl_target": [1.0, 0],
    "tsl_sl": [1.0, 0.75, 0.5],  # the placeholder is another
    "rev_rb_pct": [0.5],
    "ib_buffer_pct": [0.2, 0.1],
}
OTHER_GRID = grid_from_mapping(OTHER, GER40)


def keys(rows: pd.DataFrame) -> pd.Series:
    """Return the parameters as text, without placeholders."""
    plain = rows[list(PARAM_NAMES)].astype(object)
    plain.loc[plain["tsl_target"] == 0, "tsl_sl"] = None
    plain.loc[~plain["rev_rb_enabled"].astype(bool), "rev_rb_pct"] = None
    return plain.apply(lambda row: "|".join(map(str, row)), axis=1)


def joined_by_pandas(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    both = a.assign(key=keys(a)).merge(b.assign(key=keys(b)), on="key", suffixes=("_a", "_b"))
    return both.sort_values("combo_id_a", ignore_index=True)


def test_equal_grids_are_joined_by_id(tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", seed=1)
    b = write_run(tmp_path / "b", seed=2, execution=Execution(spread_points=2.5).to_dict())
    found = compare_runs(load_run(tmp_path / "a"), load_run(tmp_path / "b"), n_top=50)
    assert found.differences == ("execution.spread_points: 1.5 in A, 2.5 in B",)
    assert found.n_common == 864
    assert (found.rows["combo_id_a"] == found.rows["combo_id_b"]).all()
    for name in ("total_r", "winrate", "max_drawdown"):
        assert found.rows[f"{name}_a"].tolist() == a[name].tolist()
        assert found.rows[f"{name}_b"].tolist() == b[name].tolist()
        ranks = a[name].rank(), b[name].rank()
        assert found.rank_correlation[name] == pytest.approx(np.corrcoef(*ranks)[0, 1])
    eligible = a[a["total_trades"] >= 10]
    best = eligible.sort_values(["total_r", "combo_id"], ascending=[False, True]).head(50)
    assert found.top["combo_id_a"].tolist() == best["combo_id"].tolist()
    assert found.top["rank_a"].tolist() == list(range(1, 51))
    assert found.n_top_profitable == (b["total_r"][best["combo_id"]] > 0).sum()
    assert found.profitable_share_pct == pytest.approx(100 * (b["total_r"] > 0).mean())


@pytest.mark.parametrize(
    ("last", "said"),
    [
        ("2019", "bars: 2016-01-04 to 2018 in A, 2016-01-04 to 2019 in B"),
        ("2018", "bars: other prices, both 2016-01-04 to 2018"),
    ],
)
def test_bars_differ_by_dates_not_checksums(tmp_path: Path, last: str, said: str) -> None:
    write_run(tmp_path / "a")
    described = read_manifest(tmp_path / "a")
    runs = [
        dataclasses.replace(described, data={"sha256": sha256, "first": "2016-01-04", "last": end})
        for sha256, end in (("0" * 64, "2018"), ("1" * 64, last))
    ]
    assert _differences(*runs) == [said]


@pytest.mark.parametrize("chunks", [slice(None), slice(0, 30, 2)])
def test_other_grids_are_joined_by_parameters(tmp_path: Path, chunks: slice) -> None:
    a = write_run(tmp_path / "a", chunks=chunks)
    b = write_run(tmp_path / "b", OTHER_GRID, random_rows(OTHER_GRID, 3), chunks=chunks)
    found = compare_runs(load_run(tmp_path / "a"), load_run(tmp_path / "b"), by="winrate")
    expected = joined_by_pandas(a, b)
    assert 0 < len(expected) < len(a)
    for name in ("combo_id", "total_r", "sharpe_ratio"):
        for run in "ab":
            assert found.rows[f"{name}_{run}"].tolist() == expected[f"{name}_{run}"].tolist()
    ranked = a[a["total_trades"] >= 10].sort_values(
        ["winrate", "combo_id"], ascending=[False, True]
    )
    best = [i for i in ranked["combo_id"].head(100) if i in set(expected["combo_id_a"])]
    assert found.top["combo_id_a"].tolist() == best
    assert len(best) < 100 == found.n_top


def test_under_a_condition(tmp_path: Path) -> None:
    a = write_run(tmp_path / "a", seed=1)
    write_run(tmp_path / "b", seed=2)
    runs = load_run(tmp_path / "a"), load_run(tmp_path / "b")
    found = compare_runs(*runs, where="total_r > 5", n_top=3, metrics=("ocae_winrate",))
    assert found.rows["combo_id_a"].tolist() == a.index[a["total_r"] > 5].tolist()
    assert list(found.rows)[2:] == ["total_r_a", "total_r_b", "ocae_winrate_a", "ocae_winrate_b"]
    assert len(found.top) == 3


def test_runs_that_kept_other_rows(tmp_path: Path) -> None:
    write_run(tmp_path / "a", keep=lambda rows: rows["combo_id"] < 10)
    write_run(tmp_path / "b", keep=lambda rows: rows["combo_id"] >= 10)
    with pytest.raises(DataError, match="share no combination") as refused:
        compare_runs(load_run(tmp_path / "a"), load_run(tmp_path / "b"))
    assert refused.value.expected == "a combination that both runs have computed and kept"


def test_no_shared_axis_and_one_value(tmp_path: Path) -> None:
    rows = random_rows(GRID, 1)
    rows["winrate"] = np.float32(50)
    write_run(tmp_path / "a", rows=rows)
    grid = grid_from_mapping({**AXES, "rr_target": [3.0]}, GER40)
    write_run(tmp_path / "b", grid, random_rows(grid, 1))
    a, b = load_run(tmp_path / "a"), load_run(tmp_path / "b")
    with pytest.raises(
        DataError, match=r"(?s)share no combination.*values of rr_target that both grids have$"
    ):
        compare_runs(a, b)
    with pytest.raises(DataError, match="no combination of the run meets total_trades < 0"):
        compare_runs(a, a, where="total_trades < 0")
    some = compare_runs(a, a, where="combo_id < 3", n_top=100)
    assert some.n_top == len(some.top) == int((rows["total_trades"][:3] >= 10).sum()) < 100
    assert np.isnan(compare_runs(a, a).rank_correlation["winrate"])
    assert compare_runs(a, a).rank_correlation["total_r"] == pytest.approx(1)
    with pytest.raises(ConfigError, match="unknown metric column"):
        compare_runs(a, a, metrics=("rr_target",))


def grids() -> st.SearchStrategy[Grid]:
    return strategies.grids(strategies.SESSIONS[:2], max_wide=4)


@given(a=grids(), b=grids())
def test_matched_ids_are_the_same_sets(a: Grid, b: Grid) -> None:
    ids = np.arange(len(a))
    found = matched_ids(a, b, ids)
    alone = {name for name in a.axes if len(a.axes[name]) == len(b.axes[name]) == 1}
    own = {_plain(b, i, alone): i for i in range(len(b))}
    assert found.tolist() == [own.get(_plain(a, i, alone), -1) for i in ids]


def test_built_in_grids_share_what_varies() -> None:
    standard, expanded = (named_grid(name, GER40) for name in ("standard", "expanded"))
    assert standard.min_sl_pct != expanded.min_sl_pct
    found = matched_ids(standard, expanded, np.arange(len(standard)))
    assert (found >= 0).mean() == pytest.approx(0.4)


def _plain(grid: Grid, combo_id: int, alone: set[str]) -> tuple:
    """Return the parameters without placeholders and without those of axes of one value."""
    values = grid.params(combo_id).to_dict()
    of_axes = {"session": ("ib_start", "ib_end", "ib_timezone"), **JOINED_AXES}
    for axis in alone:
        for name in of_axes.get(axis, (axis,)):
            values[name] = 0
    if not values["tsl_target"]:
        values["tsl_sl"] = 0
    if not values["rev_rb_enabled"]:
        values["rev_rb_pct"] = 0
    return tuple(values.values())
