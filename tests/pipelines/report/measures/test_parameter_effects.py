from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import strategies as st

from ib_grid.analysis.axis_values import factors
from ib_grid.analysis.effects.variance import axis_sums, main_effects
from ib_grid.errors import StoreError
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.market.instruments import GER40
from ib_grid.runs.cubes import Cube
from ib_grid.runs.row_blocks import partition_files
from pipelines.report.measures.parameter_effects import (
    MOST_VALUES,
    ParameterEffects,
    bands,
    map_axes,
    most_telling,
    parameter_effects,
    total_r_cube,
)
from tests.helpers.runs.reported_runs import AXES, MadeUpRun, write_rows

floats = st.floats(-1e4, 1e4, width=32)
MakeRun = Callable[..., MadeUpRun]


def cube_of(run: MadeUpRun) -> Cube:
    return total_r_cube(partition_files(run.run_dir, "GER40"), run.info.grid)


def effects_of(run: MadeUpRun) -> ParameterEffects:
    return parameter_effects(cube_of(run), run.info.grid)


def rows_of(run: MadeUpRun) -> pd.DataFrame:
    """Return the run's rows with the values of the factors, placeholders empty."""
    rows = run.rows.copy()
    rows["session"] = rows["ib_start"] + "-" + rows["ib_end"]
    rows.loc[rows["tsl_target"] == 0, "tsl_sl"] = None
    rows.loc[~rows["rev_rb_enabled"].astype(bool), "rev_rb_pct"] = None
    return rows


def test_bands_are_quantiles_over_all_rows_with_the_value(make_run: MakeRun) -> None:
    run = make_run()
    rows = rows_of(run)
    for effect in effects_of(run).effects:
        by_value = rows["total_r"].astype(np.float64).groupby(rows[effect.factor.name])
        for value, band in zip(effect.factor.values, effect.bands, strict=True):
            expected = by_value.get_group(value).quantile([0.1, 0.5, 0.9])
            assert band == pytest.approx(expected.to_numpy(), rel=1e-9, abs=1e-9)


def test_shares_of_an_additive_grid_leave_no_interaction() -> None:
    """Each share is known in advance if total R is a sum of one term per parameter."""
    grid = grid_from_mapping({**AXES, "tsl_target": [0, 0.5, 1, 2], "tsl_sl": [0.5, 1]}, GER40)
    random = np.random.default_rng(3)
    own = {f.axis: random.normal(size=n) for f, n in _axes(grid)}
    cube = np.zeros(grid.shape)
    expected = dict.fromkeys(range(len(grid.shape)), 0.0)
    for axis, terms in own.items():
        cube += terms.reshape([-1 if i == axis else 1 for i in range(cube.ndim)])
        expected[axis] = terms.var()
    total = sum(expected.values())
    found = main_effects(axis_sums(cube.astype(np.float32)), grid)
    for axis, variance in expected.items():
        of_axis = sum(e.share_pct for e in found if e.factor.axis == axis)
        assert of_axis == pytest.approx(100 * variance / total, abs=1e-3)
    assert sum(effect.share_pct for effect in found) == pytest.approx(100, abs=1e-3)


def _axes(grid: Grid) -> list[tuple[object, int]]:
    return [(factor, grid.shape[factor.axis]) for factor in factors(grid)]


def test_shares_are_between_the_means(make_run: MakeRun) -> None:
    run = make_run()
    rows = rows_of(run)
    r = rows["total_r"].astype(np.float64)
    for effect in effects_of(run).effects:
        name, parent = effect.factor.name, effect.factor.parent
        within = rows[effect.factor.name].notna()
        base = r.groupby(rows[parent]).transform("mean") if parent else r.mean()
        of_value = r.groupby([rows[n] for n in (parent, name) if n], dropna=False)
        squares = ((of_value.transform("mean") - base) ** 2)[within].sum()
        assert effect.share_pct == pytest.approx(100 * squares / ((r - r.mean()) ** 2).sum())


def test_a_constant_grid_has_no_variance_to_share(make_run: MakeRun, grid: Grid) -> None:
    run = make_run()
    run.rows["total_r"] = np.float32(0.7)
    write_rows(run.run_dir, grid, run.rows, 128)
    assert {effect.share_pct for effect in effects_of(run).effects} == {0.0}


def test_most_influential_parameters_have_the_largest_shares(make_run: MakeRun, grid: Grid) -> None:
    found = main_effects(axis_sums(cube_of(make_run())), grid)
    chosen = most_telling(found)
    share = {effect.factor.name: effect.share_pct for effect in found}
    names = {factor.name for factor in chosen}
    rest = [e.share_pct for e in found if e.factor.name not in names and len(e.factor.values) > 1]
    assert len(chosen) == 4
    assert min(share[name] for name in names) >= max(rest)
    assert [factor.name for factor in chosen] == [name for name in share if name in names]


def test_parameter_with_too_many_values_is_not_mapped(grid: Grid) -> None:
    cube = np.random.default_rng(4).normal(size=grid.shape)
    cube += 100 * np.arange(2).reshape([-1 if n == "rr_target" else 1 for n in grid.axes])
    found = main_effects(axis_sums(cube.astype(np.float32)), grid)
    assert "rr_target" in {factor.name for factor in most_telling(found)}
    many = tuple(range(MOST_VALUES + 1))
    wider = [
        dataclasses.replace(e, factor=dataclasses.replace(e.factor, values=many))
        if e.factor.name == "rr_target"
        else e
        for e in found
    ]
    names = {factor.name for factor in most_telling(wider)}
    assert "rr_target" not in names
    assert len(names) == 4


@pytest.mark.parametrize(
    ("a", "b"), [("session", "rr_target"), ("tsl_target", "stop_mode"), ("tsl_target", "tsl_sl")]
)
def test_maps_are_quantiles_over_all_others(make_run: MakeRun, grid: Grid, a: str, b: str) -> None:
    run = make_run()
    rows = rows_of(run)
    by_name = {factor.name: factor for factor in factors(grid)}
    x, y = map_axes(by_name[a], by_name[b])
    found = bands(cube_of(run), [y, x])
    assert found.shape == (len(y.values), len(x.values), 3)
    cells = rows["total_r"].astype(np.float64).groupby([rows[y.name], rows[x.name]])
    for i, of_y in enumerate(y.values):
        for j, of_x in enumerate(x.values):
            expected = cells.get_group((of_y, of_x)).quantile([0.1, 0.5, 0.9])
            assert found[i, j] == pytest.approx(expected.to_numpy(), abs=1e-9)


def test_maps_show_the_most_influential_parameters(make_run: MakeRun, grid: Grid) -> None:
    run = make_run()
    found = effects_of(run)
    cube = cube_of(run)
    names = [factor.name for factor in most_telling(main_effects(axis_sums(cube), grid))]
    assert {frozenset((pair.x.name, pair.y.name)) for pair in found.pairs} == {
        frozenset(two) for two in combinations(names, 2)
    }
    for pair in found.pairs:
        expected = bands(cube, [pair.y, pair.x])
        assert pair.tenth_percentile.tolist() == expected[..., 0].tolist()
        assert pair.median.tolist() == expected[..., 1].tolist()


def test_values_never_combined_are_not_shown(grid: Grid) -> None:
    by_name = {factor.name: factor for factor in factors(grid)}
    x, y = map_axes(by_name["tsl_target"], by_name["tsl_sl"])
    assert {x.name: x.labels, y.name: y.labels} == {
        "tsl_target": ("1",),  # without trailing there is no tsl_sl
        "tsl_sl": ("0.5",),
    }


def test_partial_run_reports_computed_rows(make_run: MakeRun) -> None:
    run = make_run(chunks=slice(0, 2))
    found = effects_of(run)
    rows = run.rows.iloc[:256]
    assert len(rows) == run.report().n_rows < len(run.rows)
    assert found.total_r_histogram.counts.sum() == len(rows)
    assert found.total_r_band[1] == pytest.approx(rows["total_r"].astype(np.float64).median())
    session = next(e for e in found.effects if e.factor.name == "session")
    assert np.isnan(session.bands[1]).all()  # the chunks are all of the first


def test_rows_of_another_grid(make_run: MakeRun, tmp_path: Path) -> None:
    run = make_run()
    small = grid_from_mapping({**AXES, "rr_target": [0.5]}, GER40)
    files = partition_files(run.run_dir, "GER40")
    with pytest.raises(StoreError, match="a combination that the grid does not have"):
        total_r_cube(files, small)
    with pytest.raises(StoreError, match="a combination more than once"):
        total_r_cube((*files, files[0]), run.info.grid)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_total_r_is_an_internal_error(make_run: MakeRun, grid: Grid, value: float) -> None:
    """Whoever of those that look at it meets it first."""
    run = make_run()
    run.rows.loc[200, "total_r"] = np.float32(value)
    write_rows(run.run_dir, grid, run.rows, 128)
    for look in (lambda: effects_of(run), run.report):
        with pytest.raises(StoreError, match="total_r of combination 200") as caught:
            look()
        assert caught.value.location.endswith("part-00001.parquet")


def test_the_histogram_counts_all_rows(make_run: MakeRun) -> None:
    run = make_run()
    found = effects_of(run)
    profitable = found.total_r_histogram.bins.edges[:-1] >= 0
    assert found.total_r_histogram.counts.sum() == len(run.rows)
    assert found.total_r_histogram.counts[profitable].sum() == (run.rows["total_r"] > 0).sum()
    expected = np.quantile(run.rows["total_r"].astype(np.float64), [0.1, 0.5, 0.9])
    assert found.total_r_band == pytest.approx(expected, abs=1e-9)
