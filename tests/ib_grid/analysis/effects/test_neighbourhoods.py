"""Neighbours and plateaus, against a comparison of every pair of combinations."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ib_grid.analysis.effects.neighbourhoods import adjacency, neighbours, reached
from ib_grid.analysis.effects.plateaus import plateau_score
from ib_grid.errors import ConfigError
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import grid_from_mapping, named_grid
from ib_grid.grid.params import Params
from ib_grid.market.instruments import GER40
from ib_grid.runs.run import load_run
from tests.helpers.runs.random_runs import GRID, write_run
from tests.ib_grid.analysis.test_axis_values import AXES


@pytest.fixture(scope="module")
def grid() -> Grid:
    return grid_from_mapping(AXES, GER40)


def a_set(grid: Grid, **values: object) -> Params:
    chosen = {**grid.params(0).to_dict(), **values}
    return Params(**chosen)


def beside_of(of: Grid, combination: Params | int, steps: int = 1) -> list[Any]:
    """Return the rows of `neighbours` as named tuples."""
    return list(neighbours(of, combination, steps).itertuples(index=False))


def one_step(x: dict[str, Any], y: dict[str, Any]) -> bool:
    """Return whether two combinations are neighbours, by comparing all their values."""
    differ = {name for name in x if x[name] != y[name]}
    if differ <= {"ib_start", "ib_end"} and differ:
        return True
    if "tsl_target" in differ and 0 in (x["tsl_target"], y["tsl_target"]):
        differ.discard("tsl_sl")  # a placeholder on one side
    if "rev_rb_enabled" in differ:
        differ.discard("rev_rb_pct")
    if len(differ) != 1:
        return False
    (name,) = differ
    if name in ("stop_mode", "rev_rb_enabled"):
        return True
    ordered = sorted(AXES[name])  # type: ignore[type-var]
    return abs(ordered.index(x[name]) - ordered.index(y[name])) == 1


def test_neighbours_are_those_one_step_away(grid: Grid) -> None:
    columns = grid.columns(np.arange(len(grid))).items()
    every = [{n: values[i[row]] for n, (values, i) in columns} for row in range(len(grid))]
    random = np.random.default_rng(5)
    for combo_id in random.choice(len(grid), 12, replace=False).tolist():
        expected = {i for i, other in enumerate(every) if one_step(every[combo_id], other)}
        found = beside_of(grid, grid.params(combo_id))
        assert found == beside_of(grid, combo_id)
        assert {n.combo_id for n in found} == expected
        assert len(found) == len(expected)
        for neighbour in found:
            other = every[neighbour.combo_id]
            if neighbour.parameter != "session":
                assert other[neighbour.parameter] == neighbour.value
                assert every[combo_id][neighbour.parameter] != neighbour.value


def test_a_frame_with_the_metrics_asked_for(tmp_path: Path) -> None:
    rows = write_run(tmp_path / "r", chunks=slice(0, 12, 3)).set_index("combo_id")
    run = load_run(tmp_path / "r")
    found = neighbours(run, 5, 2, ["total_r", "winrate"])
    assert list(found) == ["combo_id", "steps", "axis", "parameter", "value", "total_r", "winrate"]
    assert found["combo_id"].tolist() == neighbours(GRID, 5, 2)["combo_id"].tolist()
    expected = rows.reindex(found["combo_id"])
    for name in ("total_r", "winrate"):
        assert np.array_equal(found[name], expected[name], equal_nan=True)
    assert 0 < found["total_r"].isna().sum() < len(found)
    for combo_id, axis in zip(found["combo_id"], found["axis"], strict=True):
        here, there = (GRID.indices(np.array([i])) for i in (5, combo_id))
        assert [name for name in here if here[name][0] != there[name][0]] == [axis]


@pytest.mark.parametrize("steps", [0, -1, 1.5, True, "1", None])
def test_invalid_steps(grid: Grid, tmp_path: Path, steps: Any) -> None:
    write_run(tmp_path / "r")
    with pytest.raises(ConfigError, match="steps"):
        neighbours(grid, 0, steps)
    with pytest.raises(ConfigError, match="steps"):
        plateau_score(load_run(tmp_path / "r"), steps=steps)


def test_a_combination_alone_has_no_plateau(tmp_path: Path) -> None:
    alone = grid_from_mapping({n: v[:1] for n, v in AXES.items()} | {"tsl_target": [0]}, GER40)
    write_run(tmp_path / "r", alone)
    found = plateau_score(load_run(tmp_path / "r"))
    assert found["n_neighbours"].tolist() == [0]
    assert found[["p25", "min"]].isna().all(axis=None)


def test_neighbours_of_an_isolated_combination(grid: Grid) -> None:
    with pytest.raises(ConfigError, match="a grid has no column"):
        neighbours(grid, 0, columns=["total_r"])
    with pytest.raises(ConfigError, match="neighbours in 'results'"):
        neighbours("results", 0)  # type: ignore[arg-type]


def test_trailing_goes_step_by_step(grid: Grid) -> None:
    off, smallest, larger = (
        a_set(grid, tsl_target=target, tsl_sl=0.5) for target in (0.0, 0.5, 1.0)
    )
    ids = {n.combo_id for n in beside_of(grid, off)}
    assert grid.id_of(smallest) in ids
    assert grid.id_of(larger) not in ids
    for target, stop in product((1.0, 1.5), (0.5, 1.0)):
        assert grid.id_of(a_set(grid, tsl_target=target, tsl_sl=stop)) not in ids


def test_two_steps_are_two_of_one_on_the_same_axis(grid: Grid) -> None:
    random = np.random.default_rng(6)
    places = np.array(list(grid.indices(np.arange(len(grid))).values()))
    for combo_id in random.choice(len(grid), 12, replace=False).tolist():
        beside = {n.combo_id for n in beside_of(grid, grid.params(combo_id))}
        second = {n.combo_id for b in beside for n in beside_of(grid, grid.params(b))}
        on_one_axis = {i for i in second if (places[:, i] != places[:, combo_id]).sum() == 1}
        found = beside_of(grid, grid.params(combo_id), steps=2)
        assert {n.combo_id for n in found if n.steps == 1} == beside
        assert {n.combo_id for n in found if n.steps == 2} == on_one_axis - beside
        assert len(found) == len(beside | on_one_axis)


def test_trailing_steps_by_hand() -> None:
    grid = named_grid("expanded", GER40)
    own = a_set(grid, tsl_target=1.5, tsl_sl=1.5)
    found = [n for n in beside_of(grid, own, steps=2) if n.parameter.startswith(("t", "trail"))]
    pairs = {n.combo_id: grid.params(n.combo_id) for n in found}
    trailing = {
        (n.parameter, n.steps, pairs[n.combo_id].tsl_target, pairs[n.combo_id].tsl_sl)
        for n in found
        if n.parameter in ("tsl_target", "tsl_sl", "trailing")
    }
    assert trailing == {
        ("tsl_sl", 1, 1.5, 1.25),
        ("tsl_target", 1, 2.0, 1.5),
        ("tsl_sl", 2, 1.5, 1.0),
        ("trailing", 2, 1.25, 1.25),
        ("trailing", 2, 2.0, 1.25),
        ("trailing", 2, 2.0, 2.0),
    }
    off = a_set(grid, tsl_target=0.0, tsl_sl=0.5)
    near = {
        (n.parameter, n.value, n.steps)
        for n in beside_of(grid, off, 2)
        if n.parameter == "tsl_target"
    }
    assert near == {("tsl_target", 0.5, 1), ("tsl_target", 0.75, 2)}


def test_steps_are_symmetric_and_reach_the_whole_axis() -> None:
    grid = named_grid("expanded", GER40)
    for name, n_positions in zip(grid.axes, grid.shape, strict=True):
        apart = [reached(adjacency(grid, name), here, n_positions) for here in range(n_positions)]
        for here, found in enumerate(apart):
            assert set(found) == set(range(n_positions)) - {here}
            assert all(apart[there][here] == steps for there, steps in found.items())


class Compared(float):
    """A number that counts how often such numbers are compared."""

    count = 0

    def __lt__(self, other: float) -> bool:
        Compared.count += 1
        return float(self) < float(other)

    def __eq__(self, other: object) -> bool:
        Compared.count += 1
        return float(self) == other

    __hash__ = float.__hash__


def test_values_of_a_long_axis_are_compared_few_times() -> None:
    """The work must not grow with the square of the number of values."""
    values = tuple(Compared(0.5 + 0.001 * k) for k in range(1_000))
    axes: Any = SimpleNamespace(axes={"rr_target": values})
    assert sorted(adjacency(axes, "rr_target")(500)) == [499, 501]
    assert Compared.count < 20 * len(values)


@pytest.mark.parametrize("steps", [1, 2, 5])
@pytest.mark.parametrize("chunks", [slice(None), slice(0, 12, 3)])
def test_plateaus_are_those_of_the_naive_loop(tmp_path: Path, steps: int, chunks: slice) -> None:
    rows = write_run(tmp_path / "r", chunks=chunks).set_index("combo_id")
    found = plateau_score(load_run(tmp_path / "r"), "sharpe_ratio", steps=steps)
    assert list(found) == ["combo_id", "sharpe_ratio", "p25", "min", "n_neighbours"]
    assert found["combo_id"].tolist() == rows.index.tolist()
    assert found["sharpe_ratio"].tolist() == rows["sharpe_ratio"].tolist()
    some = found.iloc[::17]  # of every kind of set
    for combo_id, p25, least, n in some[["combo_id", "p25", "min", "n_neighbours"]].to_numpy():
        beside = beside_of(GRID, GRID.params(int(combo_id)), steps)
        values = rows["sharpe_ratio"].reindex([b.combo_id for b in beside]).dropna()
        assert n == len(values) > 0
        assert p25 == pytest.approx(np.quantile(values.astype(float), 0.25), rel=1e-6, abs=1e-6)
        assert least == values.min()


def test_plateaus_under_a_condition(tmp_path: Path) -> None:
    rows = write_run(tmp_path / "r").set_index("combo_id")
    found = plateau_score(load_run(tmp_path / "r"), where="total_trades > 35")
    some = rows["total_r"][rows["total_trades"] > 35]
    assert found["combo_id"].tolist() == some.index.tolist()
    assert found["n_neighbours"].min() == 0
    alone = found[found["n_neighbours"] == 0]
    assert alone[["p25", "min"]].isna().all(axis=None)
    for combo_id, least in found[["combo_id", "min"]].iloc[::3].to_numpy():
        beside = [n.combo_id for n in beside_of(GRID, GRID.params(int(combo_id)), 2)]
        assert least == pytest.approx(some.reindex(beside).min(), nan_ok=True)
    with pytest.raises(ConfigError, match="invalid number of steps 0"):
        plateau_score(load_run(tmp_path / "r"), steps=0)
