"""Groups of combinations, against filtering and sorting with pandas."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ib_grid.analysis.selection.groups import RANKINGS, groups
from ib_grid.errors import ConfigError
from ib_grid.grid.columns import METRIC_NAMES
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.variations import VARIATIONS
from ib_grid.market.instruments import GER40
from ib_grid.runs.run import Run, load_run
from tests.helpers.runs.random_runs import AXES, write_run
from tests.helpers.runs.reported_runs import random_rows

GRID = grid_from_mapping(
    {
        **AXES,
        "rr_target": [0.5, 1.0],
        "tsl_target": [0, 0.5, 2.0],
        "tsl_sl": [0.5, 2.0],
        "max_distance_pct": [0.5, 1.0],
    },
    GER40,
)
SHARED = ["ib_start", "ib_wait_minutes", "ib_buffer_pct"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, pd.DataFrame]:
    path: Path = tmp_path_factory.mktemp("groups") / "run"
    rows = random_rows(GRID, 8)
    for prefix in ("", *(f"{v.lower()}_" for v in VARIATIONS)):
        rows[f"{prefix}max_drawdown"] = rows[f"{prefix}max_drawdown"].abs()
    write_run(path, GRID, rows)
    return load_run(path), rows


def own_rows(rows: pd.DataFrame, variation: str) -> pd.DataFrame:
    """Return the rows in which a variation counts, with its own metrics."""
    counts = {
        "OCAE": rows["tsl_target"] > 0,
        "TCWE": (rows["tsl_target"] > 0) & (rows["rr_target"] >= 1),
        "Reverse": rows["stop_mode"] == "eq",
        "REV_RB": rows["rev_rb_enabled"].astype(bool),
    }[variation]
    own = rows[["combo_id", *PARAM_NAMES]].copy()
    for name in METRIC_NAMES:
        own[name] = rows[f"{variation.lower()}_{name}"].astype(float)
    return own[counts & (own["total_trades"] >= 10)]


def values_by_hand(own: pd.DataFrame, rank_by: str) -> pd.Series:
    if rank_by == "recovery":
        return own["total_r"] / (own["max_drawdown"] + 1)
    if rank_by == "score":  # the made-up run's weights: total R alone
        return (own["total_r"] - own["total_r"].min()) / (
            own["total_r"].max() - own["total_r"].min()
        )
    return own["total_r" if rank_by == "total_r" else "sharpe_ratio"]


def by_hand(rows: pd.DataFrame, shared: list[str], rank_by: str) -> dict[Any, pd.DataFrame]:
    """Per group the best row of each variation."""
    parts = []
    for variation in VARIATIONS:
        own = own_rows(rows, variation)
        own = own.assign(value=values_by_hand(own, rank_by), variation=variation)
        allowed = (own["tsl_target"] == 0) | (own["tsl_sl"] < own["rr_target"] + 1)
        own = own[allowed & (own["max_drawdown"] <= 12)]
        own = own.sort_values(["value", "combo_id"], ascending=[False, True])
        parts.append(own.groupby(shared).head(1))
    return dict(list(pd.concat(parts).groupby(shared)))


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("rank_by", RANKINGS)
def test_best_combination_per_variation(made, strict: bool, rank_by: str) -> None:
    run, rows = made
    found = groups(run, strict=strict, rank_by=rank_by)
    shared = [*SHARED, "max_distance_pct"] if strict else SHARED
    expected = by_hand(rows, shared, rank_by)
    assert len(found.summary) == len(expected) == (24 if strict else 12)
    assert (found.summary["value"].diff().dropna() <= 0).all()
    assert found.summary["rank"].tolist() == list(range(1, len(expected) + 1))
    for rank, part in found.combinations.groupby("rank"):
        key = tuple(part[name].iloc[0] for name in shared)
        wanted = expected[key].set_index("variation")
        assert (
            dict(zip(part["variation"], part["combo_id"], strict=True))
            == wanted["combo_id"].to_dict()
        )
        for name in ("value", "total_r", "winrate", "total_trades"):
            assert part[name].tolist() == pytest.approx(wanted[name][part["variation"]].tolist())
        summary = found.summary.set_index("rank").loc[rank]
        assert summary["session"].startswith(key[0])
        assert summary["ib_wait_minutes"] == key[1]
        assert summary["total_r"] == pytest.approx(wanted["total_r"].sum())
        assert summary["sum_of_drawdowns"] == pytest.approx(wanted["max_drawdown"].sum())
        assert summary["value"] == pytest.approx(group_value(wanted, rank_by))
        for variation, combo_id in wanted["combo_id"].items():
            assert summary[f"{variation.lower()}_combo_id"] == combo_id
            assert (
                part.set_index("variation").loc[variation, "rr_target"]
                == rows["rr_target"][combo_id]
            )


def group_value(sets: pd.DataFrame, rank_by: str) -> float:
    if rank_by == "total_r":
        return sets["total_r"].sum()
    if rank_by == "recovery":
        return sets["total_r"].sum() / (sets["max_drawdown"].sum() + 1)
    return np.average(sets["value"], weights=sets["total_trades"])


def test_groups_with_the_same_figures_are_one(tmp_path: Path, made) -> None:
    _, rows = made
    rows = rows.copy()
    half = rows["max_distance_pct"] == 1.0
    metrics = [name for name in rows if name not in ("combo_id", *PARAM_NAMES)]
    rows.loc[half, metrics] = rows.loc[~half, metrics].to_numpy()  # the reach changes nothing
    write_run(tmp_path / "r", GRID, rows)
    found = groups(load_run(tmp_path / "r"), strict=True)
    assert len(found.summary) == 12
    assert set(found.summary["n_same"]) == {2}
    assert set(found.summary["max_distance_pct"]) == {0.5}
    assert set(found.combinations["max_distance_pct"]) == {0.5}


def test_limits(made) -> None:
    run, _ = made
    found = groups(run, max_drawdown_r=2, min_trades=35)
    assert (found.combinations["max_drawdown"] <= 2).all()
    assert (found.combinations["total_trades"] >= 35).all()
    assert found.summary["n_variations"].min() < 4
    missing = found.summary["tcwe_combo_id"].isna()
    assert missing.sum() == len(found.summary) - (found.combinations["variation"] == "TCWE").sum()
    nothing = groups(run, min_trades=1000)
    assert nothing.summary.empty
    assert nothing.combinations.empty
    with pytest.raises(ConfigError, match="unknown ranking best"):
        groups(run, rank_by="best")


@pytest.mark.parametrize("rank_by", RANKINGS)
@pytest.mark.parametrize("least", [2, 3, 4])
def test_groups_of_some_variations_at_least(made, rank_by: str, least: int) -> None:
    run, _ = made
    limits = {"rank_by": rank_by, "max_drawdown_r": 2, "min_trades": 35}
    every = groups(run, **limits).summary
    found = groups(run, **limits, variations=least)
    kept = every[every["n_variations"] >= least]
    assert found.summary["value"].tolist() == kept["value"].tolist()
    assert found.summary["rank"].tolist() == list(range(1, len(kept) + 1))
    assert set(found.combinations["rank"]) == set(found.summary["rank"])
    one = groups(run, **limits, n=1)
    assert one.summary.to_dict("list") == every.head(1).to_dict("list")
    assert set(one.combinations["rank"]) == {1}


@pytest.mark.parametrize("wrong", [{"variations": 0}, {"variations": 5}, {"n": 0}, {"n": 1.5}])
def test_invalid_numbers(made, wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        groups(made[0], **wrong)


def test_unfinished_run(tmp_path: Path, made) -> None:
    _, rows = made
    there = write_run(tmp_path / "r", GRID, rows, chunks=slice(0, 3))
    found = groups(load_run(tmp_path / "r"))
    expected = by_hand(there, SHARED, "total_r")
    assert len(found.summary) == len(expected) < 12
    assert set(found.combinations["combo_id"]) == {
        i for p in expected.values() for i in p["combo_id"]
    }
