"""Trade-offs, against a comparison of every pair of points."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from ib_grid.analysis.selection.pareto import not_dominated, pareto, pareto_front
from ib_grid.errors import ConfigError
from ib_grid.runs.run import Run, load_run
from tests.helpers.runs.random_runs import write_run

floats = st.floats(-1e4, 1e4, width=32)


def by_hand(costs: np.ndarray) -> list[bool]:
    beaten = [any((a <= b).all() and (a < b).any() for a in costs) for b in costs]
    return [not is_beaten for is_beaten in beaten]


@given(
    nps.arrays(
        np.float32,
        st.tuples(st.integers(0, 40), st.integers(1, 5)),
        elements=st.integers(-3, 3).map(float) | floats,
    )
)
def test_unbeaten_combinations(costs: np.ndarray) -> None:
    assert not_dominated(costs).tolist() == by_hand(costs)


@pytest.mark.parametrize("n_columns", [2, 3, 4])
def test_many_points(n_columns: int) -> None:
    random = np.random.default_rng(n_columns)
    costs = random.normal(size=(3000, n_columns)).round(1)
    found = not_dominated(costs)
    front = costs[found]
    beats = (front[:, None] <= costs).all(axis=2) & (front[:, None] < costs).any(axis=2)
    assert (beats.any(axis=0) == ~found).all()


@given(nps.arrays(np.float32, st.tuples(st.integers(1, 40), st.just(2)), elements=floats))
def test_no_point_beats_the_front(points: np.ndarray) -> None:
    ids = np.arange(len(points))[::-1].copy()
    rows = pareto_front(points, ids)
    front = points[rows]
    for row in rows:
        assert ids[row] == ids[(points == points[row]).all(axis=1)].min()
    assert (np.diff(front, axis=0) > 0).all()
    for cost, gain in points:
        as_good = (front[:, 0] <= cost) & (front[:, 1] >= gain)
        assert as_good.any()
        beaten = (front[:, 0] >= cost) & (front[:, 1] <= gain)
        beaten &= (front[:, 0] > cost) | (front[:, 1] < gain)
        assert not beaten.any()
    assert {tuple(p) for p in front.tolist()} <= {tuple(p) for p in points.tolist()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, pd.DataFrame]:
    path: Path = tmp_path_factory.mktemp("pareto") / "whole"
    rows = write_run(path)
    return load_run(path), rows


@pytest.mark.parametrize(
    "directions",
    [
        {"total_r": "max", "max_drawdown": "min"},
        {"total_trades": "min"},
        {"winrate": "max", "max_drawdown": "min", "ocae_total_trades": "max"},
    ],
)
@pytest.mark.parametrize("where", [None, "rr_target > 0.5"])
def test_the_front_of_a_run(whole, directions, where) -> None:
    run, rows = whole
    rows = rows[rows["rr_target"] > 0.5] if where else rows
    found = pareto(run, directions, where)
    assert list(found) == ["combo_id", *directions]
    signs = [1 if way == "min" else -1 for way in directions.values()]
    expected = rows[by_hand(rows[[*directions]].to_numpy(np.float64) * signs)]
    assert set(found["combo_id"]) == set(expected["combo_id"])
    order = [
        (*(s * row[n] for n, s in zip(directions, signs, strict=True)), row["combo_id"])
        for row in found.to_dict("records")
    ]
    assert order == sorted(order)


def test_refused(whole) -> None:
    for directions in ({}, {"total_r": "up"}, {"rr_target": "max"}, {"total_rr": "max"}):
        with pytest.raises(ConfigError):
            pareto(whole[0], directions)
