"""Shares of the variance, against group means and sums with known shares."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ib_grid.analysis.effects.variance import cube_shares, variance_shares
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.market.instruments import GER40
from ib_grid.runs.cubes import JOINED_AXES
from ib_grid.runs.run import Run, load_run
from tests.helpers.runs.random_runs import AXES, GRID, write_run
from tests.helpers.runs.reported_runs import random_rows


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, pd.DataFrame]:
    path: Path = tmp_path_factory.mktemp("variance") / "whole"
    rows = random_rows(GRID, 6)
    # something for the parameters to explain, alone and together
    rows["sharpe_ratio"] += (rows["rr_target"] * 8 * (rows["stop_mode"] == "eq")).astype(np.float32)
    write_run(path, rows=rows)
    return load_run(path), rows


def shares_of(found: pd.DataFrame) -> dict[tuple[str, str], float]:
    return {(a, b): share for a, b, share in found.itertuples(index=False)}


def by_axis(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the value of each row on each axis, as text."""
    keys = {"session": rows["ib_start"]}
    for axis in list(GRID.axes)[1:]:
        names = JOINED_AXES.get(axis, (axis,))
        keys[axis] = rows[list(names)].astype(str).agg("|".join, axis=1)
    return pd.DataFrame(keys)


def test_shares_are_those_of_means_over_rows(whole) -> None:
    run, rows = whole
    found = shares_of(variance_shares(run, "sharpe_ratio"))
    y = rows["sharpe_ratio"].astype(float)
    keys = by_axis(rows)

    def between(*axes: str) -> float:
        means = y.groupby([keys[axis] for axis in axes]).transform("mean")
        return 100 * ((means - y.mean()) ** 2).mean() / y.var(ddof=0)

    several = [axis for axis in keys if len(set(keys[axis])) > 1]
    for axis in several:
        own = sum(found[name, ""] for name in JOINED_AXES.get(axis, (axis,)))
        assert own == pytest.approx(between(axis), rel=1e-6)
    for a, b in combinations(several, 2):
        expected = between(a, b) - between(a) - between(b)
        assert found[a, b] == pytest.approx(expected, rel=1e-5, abs=1e-8)
    assert sum(found.values()) == pytest.approx(100)
    assert found["three or more", ""] > 0
    assert len(found) == 9 + 21 + 1  # trade_window, min_sl_pct and max_distance_pct have one value


def test_the_largest_come_first(whole) -> None:
    found = variance_shares(whole[0], "sharpe_ratio")
    assert list(found) == ["first", "second", "share_pct"]
    assert (found["share_pct"].diff().dropna() <= 0).all()
    alone = found[(found["second"] == "") & (found["first"] != "three or more")]
    assert alone["first"].tolist()[:2] == ["stop_mode", "rr_target"]


def test_known_sums() -> None:
    """A term for the session, one for the buffer, and a product of both: nothing else."""
    grid = grid_from_mapping(AXES, GER40)
    a = np.array([-1.0, 1.0]).reshape(2, *[1] * 9)
    b = np.array([-1.0, 0.0, 1.0]).reshape(1, 1, 3, *[1] * 7)
    cube = np.broadcast_to(3 * a + 2 * b + 1.5 * a * b + 7, grid.shape).astype(np.float32)
    variances = {
        ("session", ""): 9,
        ("ib_buffer_pct", ""): 4 * 2 / 3,
        ("session", "ib_buffer_pct"): 1.5**2 * 2 / 3,
    }
    total = sum(variances.values())
    for pair, share in shares_of(cube_shares(cube, grid)).items():
        assert share == pytest.approx(100 * variances.get(pair, 0) / total, abs=1e-4)


def test_constant_column() -> None:
    assert set(cube_shares(np.full(GRID.shape, 0.7, np.float32), GRID)["share_pct"]) == {0}


def test_incomplete_grids_have_no_pairs(tmp_path: Path, whole) -> None:
    write_run(tmp_path / "begun", chunks=slice(0, 7))
    for found in (
        variance_shares(load_run(tmp_path / "begun")),
        variance_shares(whole[0], where="total_trades > 20"),
    ):
        pairs = found["second"] != ""
        assert found[pairs]["share_pct"].isna().all()
        rest = found["first"] == "three or more"
        assert found[rest]["share_pct"].isna().all()
        assert found[~pairs & ~rest]["share_pct"].notna().all()
