"""Slices against the rows of the grid, value by value, and their figures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ib_grid.analysis.effects.pivots import pivot
from ib_grid.analysis.effects.slicing import slices
from ib_grid.analysis.plots.heat_maps import heat_map, slice_figure, unit_of
from ib_grid.errors import ConfigError, GridError
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.grid.params import DOMAINS
from ib_grid.market.instruments import GER40
from ib_grid.runs.run import Run, load_run
from tests.helpers.runs.random_runs import AXES, GRID, write_run


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, pd.DataFrame]:
    path: Path = tmp_path_factory.mktemp("slices") / "whole"
    rows = write_run(path)
    return load_run(path), rows


def expected(combo_id: int) -> dict[str, dict[object, int]]:
    """Return the combinations that differ in one parameter, by comparing all of them."""
    everything = [GRID.params(i).to_dict() for i in range(len(GRID))]
    for values in everything:
        values["session"] = f"{values['ib_start']}-{values['ib_end']}"
    own = everything[combo_id]
    found: dict[str, dict[object, int]] = {name: {} for name in ("session", *DOMAINS)}
    for i, other in enumerate(everything):
        for name in found:
            ignored = {"ib_start", "ib_end"} if name == "session" else set()
            wanted = dict(own)
            if name == "tsl_target" and 0 in (own[name], other[name]):
                # from or to no trailing: the smallest stop step that the target has
                wanted["tsl_sl"] = own["tsl_sl"] if own[name] == other[name] else 0.5
            if name == "rev_rb_enabled" and own[name] != other[name]:
                wanted["rev_rb_pct"] = 0.25
            differ = {n for n in own if wanted[n] != other[n]} - ignored
            if differ <= {name}:
                found[name][other[name]] = i
    if own["tsl_target"] == 0:
        del found["tsl_sl"]
    if not own["rev_rb_enabled"]:
        del found["rev_rb_pct"]
    return found


@pytest.mark.parametrize("combo_id", [0, 1, 3, 100, 317, 500, 640, 863])
def test_slices_differ_in_one_parameter(whole, combo_id) -> None:
    run, rows = whole
    found = slices(run, combo_id, "winrate")
    assert list(found) == ["parameter", "value", "combo_id", "winrate", "is_own"]
    wanted = expected(combo_id)
    assert {
        n: dict(zip(p["value"], p["combo_id"], strict=True)) for n, p in found.groupby("parameter")
    } == wanted
    assert found["winrate"].tolist() == rows["winrate"][found["combo_id"]].tolist()
    assert (found["is_own"] == (found["combo_id"] == combo_id)).all()
    assert found["parameter"].drop_duplicates().tolist() == list(wanted)
    for name, part in found.groupby("parameter"):
        assert part["is_own"].sum() == 1
        if name in DOMAINS and DOMAINS[str(name)].kind in (int, float):
            assert part["value"].tolist() == sorted(part["value"])


def test_uncomputed_values_are_nan(tmp_path: Path) -> None:
    write_run(tmp_path / "begun", chunks=slice(0, 1))
    found = slices(load_run(tmp_path / "begun"), 0)
    there = found["combo_id"] < 72
    assert (found["total_r"].isna() == ~there).all()
    assert 0 < there.sum() < len(found)


def test_refused(whole) -> None:
    with pytest.raises(GridError, match="unknown combination 864"):
        slices(whole[0], 864)
    with pytest.raises(ConfigError, match="unknown metric column"):
        slices(whole[0], 0, "rr_target")


def test_slices_figure_marks_the_combination(whole) -> None:
    found = slices(whole[0], 500)
    figure = slice_figure(found)
    several = [part for _, part in found.groupby("parameter", sort=False) if len(part) > 1]
    assert len(figure.data) == 2 * len(several) == 14
    for part, line, mark in zip(several, figure.data[::2], figure.data[1::2], strict=True):
        assert list(line.y) == pytest.approx(part["total_r"].tolist(), rel=1e-3)
        own = part[part["is_own"]]["total_r"].tolist()
        assert list(mark.y) == pytest.approx(own, rel=1e-3)
    one = grid_from_mapping({n: v[:1] for n, v in AXES.items()} | {"tsl_target": [0]}, GER40)
    assert len(one) == 1
    alone = slice_figure(found.groupby("parameter").head(1))
    assert [note.text for note in alone.layout.annotations] == ["No parameter has a second value."]


def test_a_heat_map_shows_the_pivot(whole) -> None:
    found = pivot(whole[0], ("rr_target", "trailing"), "rebound", "ocae_total_r", "p25")
    figure = heat_map(found)
    (heat,) = figure.data
    assert np.array(heat.z, float) == pytest.approx(found.to_numpy(), rel=1e-3)
    assert heat.y[0] == "0.5 · 0 · –"
    assert heat.x == ("off · –", "on · 0.25", "on · 0.5")
    assert figure.layout.title.text == "p25 of ocae_total_r (R)"
    assert heat.zmid == 0
    holes = heat_map(pivot(whole[0], "tsl_target", "tsl_sl", reduction="count"), "Sets")
    assert holes.layout.title.text == "Sets"
    assert holes.data[0].zmid is None
    assert heat_map(pivot(whole[0], "tsl_target", "tsl_sl")).data[0].z[0][1] is None
    with pytest.raises(ConfigError, match="the heat map has 90,000 cells"):
        heat_map(pd.DataFrame(np.zeros((300, 300))))


def test_units() -> None:
    assert [unit_of(name) for name in ("total_r", "rev_rb_winrate", "rr_target")] == ["R", "%", ""]
