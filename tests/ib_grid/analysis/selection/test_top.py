"""Top rows of a run, against sorting all of its rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ib_grid.analysis.selection.top import ranking_of, score_extrema, top
from ib_grid.errors import ConfigError
from ib_grid.grid.filters.row_filter import RowFilter, TopKThreshold
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.scoring import DEFAULT_WEIGHTS, RankingSettings
from ib_grid.runs.run import Run, load_run
from tests.helpers.runs.random_runs import GRID, write_run
from tests.helpers.runs.reported_runs import random_rows

WEIGHTS = RankingSettings(weights=DEFAULT_WEIGHTS, min_trades=25)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, pd.DataFrame]:
    path: Path = tmp_path_factory.mktemp("tops") / "whole"
    rows = random_rows(GRID, 4)
    rows["winrate"] = (rows["winrate"] / 10).round().astype(np.float32)  # many ties
    write_run(path, rows=rows)
    return load_run(path), rows


@pytest.mark.parametrize("by", ["winrate", "ocae_total_r", "ib_wait_minutes", "combo_id"])
@pytest.mark.parametrize("ascending", [False, True])
@pytest.mark.parametrize("n", [1, 7, 5000])
def test_sorted_by_the_column_then_the_id(whole, by, ascending, n) -> None:
    run, rows = whole
    found = top(run, by, n, ascending=ascending, where="tsl_target > 0")
    some = rows[(rows["tsl_target"] > 0) & (rows["total_trades"] >= 10)]
    expected = some.sort_values([by, "combo_id"], ascending=[ascending, True]).head(n)
    if by == "combo_id":
        expected = some.sort_values(by, ascending=ascending).head(n)
    assert found["combo_id"].tolist() == expected["combo_id"].tolist()
    assert found["rank"].tolist() == list(range(1, len(expected) + 1))
    assert list(found) == ["rank", *run.columns]
    assert found["winrate"].tolist() == expected["winrate"].tolist()


def test_the_score_is_over_all_with_enough_trades(whole) -> None:
    run, rows = whole
    eligible = rows[rows["total_trades"] >= 25]
    scaled = {
        name: (eligible[name].astype(float) - eligible[name].min())
        / (float(eligible[name].max()) - float(eligible[name].min()))
        for name in DEFAULT_WEIGHTS
    }
    score = sum(weight * scaled[name] for name, weight in DEFAULT_WEIGHTS.items())
    for where, mask in ((None, True), ("stop_mode == 'eq'", eligible["stop_mode"] == "eq")):
        expected = score[mask] if where else score
        expected = expected.sort_values(ascending=False, kind="stable").head(9)
        found = top(run, n=9, where=where, ranking=WEIGHTS)
        assert list(found)[:3] == ["rank", "score", "combo_id"]
        assert found["combo_id"].tolist() == expected.index.tolist()
        assert found["score"].to_numpy() == pytest.approx(expected.to_numpy(), abs=1e-12)


def test_the_ranking_is_the_runs_own(whole) -> None:
    run, rows = whole
    assert ranking_of(run) == RankingSettings(weights={"total_r": 1.0}, min_trades=10)
    assert ranking_of(run, 3).min_trades == 3
    some = rows[rows["total_trades"] >= 10]
    expected = some.sort_values(["total_r", "combo_id"], ascending=[False, True]).head(20)
    assert top(run)["combo_id"].tolist() == expected["combo_id"].tolist()
    few = top(run, "total_trades", 1, ascending=True, ranking=ranking_of(run, 0))
    assert few["total_trades"].tolist() == [rows["total_trades"].min()]


def test_top_k_run_keeps_its_scores(whole, tmp_path: Path) -> None:
    run, rows = whole
    chosen = top(run, n=40, ranking=WEIGHTS)
    cut = TopKThreshold(last=None, extrema=score_extrema(run, WEIGHTS), rows=len(rows))
    best = set(chosen["combo_id"])
    write_run(
        *(tmp_path / "r", GRID, rows),
        keep=lambda part: part["combo_id"].isin(best),
        of_manifest={"keep": RowFilter(top=40, ranking=WEIGHTS), "cut": cut},
    )
    kept = load_run(tmp_path / "r")
    found = top(kept, n=100, ranking=WEIGHTS)
    assert found["combo_id"].tolist() == chosen["combo_id"].tolist()
    assert found["score"].tolist() == chosen["score"].tolist()
    other = RankingSettings(weights=DEFAULT_WEIGHTS, min_trades=30)
    assert top(kept, ranking=other)["score"].iloc[0] != found["score"].iloc[0]


def test_memory_store_is_emptied(whole) -> None:
    found = top(whole[0], where="total_r > 1e9")
    assert found.empty
    assert list(found)[:3] == ["rank", "score", "combo_id"]


def test_a_run_with_few_columns(tmp_path: Path) -> None:
    rows = write_run(tmp_path / "r", columns=("combo_id", *PARAM_NAMES, "winrate"))
    run = load_run(tmp_path / "r")
    with pytest.raises(ConfigError, match="does not keep total_trades"):
        top(run, "winrate")
    found = top(run, "winrate", 3, ranking=ranking_of(run, 0))
    assert found["winrate"].tolist() == rows["winrate"].nlargest(3).tolist()


def test_refused(whole) -> None:
    for by in ("ib_start", "stop_mode", "rev_rb_enabled"):
        with pytest.raises(ConfigError, match=f"cannot rank by {by}, which is not a number"):
            top(whole[0], by)
    with pytest.raises(ConfigError, match="unknown column 'total_rr'"):
        top(whole[0], "total_rr")
    with pytest.raises(ConfigError, match="invalid number of rows 0"):
        top(whole[0], n=0)
    with pytest.raises(ConfigError, match="min_trades"):
        ranking_of(whole[0], -1)
