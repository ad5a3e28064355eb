"""Figures of the robustness tests show the numbers of the results."""

from __future__ import annotations

import dataclasses

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid import analysis
from ib_grid.errors import InputError
from tests.helpers.runs.tested_runs import DRAWS, N_FOLDS, robustness, rules, walk_forward


def trace(figure: go.Figure, name: str | None = None) -> dict:
    found = [t.to_plotly_json() for t in figure.data]
    return next(t for t in found if name is None or t.get("name") == name)


def test_luck_holds_every_repeat_and_both_lines() -> None:
    found = robustness(p=0.3).random_direction.selected_total_r
    figure = analysis.luck_figure(found)
    assert sum(trace(figure)["y"]) == DRAWS
    assert [shape.x0 for shape in figure.layout.shapes] == [found.null_95, found.observed]
    texts = [note.text for note in figure.layout.annotations]
    assert texts == [f"one in 20 exceeds {found.null_95:.1f} R", "this run: 63.1 R"]


def test_a_constant_luck_is_drawn() -> None:
    found = robustness().random_direction.selected_total_r
    constant = dataclasses.replace(found, observed=0.0, null_95=0.0, null=(0.0,) * DRAWS)
    assert sum(trace(analysis.luck_figure(constant))["y"]) == DRAWS


def test_the_walk_forward_ends_at_its_total_within_the_band() -> None:
    found = walk_forward(6.0)
    figure = analysis.walk_forward_figure(found)
    curve = trace(figure, "selected on past months")
    assert (curve["x"][0], curve["y"][0]) == ("2024-07-01", 0.0)
    assert curve["y"][-1] == pytest.approx(6.0)
    band = trace(figure, "90% of coins")
    assert (band["fill"], band["x"][-1], band["y"][-1]) == ("tonexty", "2024-12-31", 12.0)
    assert len(band["x"]) == N_FOLDS + 1
    alone = analysis.walk_forward_figure(dataclasses.replace(found, coin_band=None))
    assert len(alone.data) == 1


def test_losses_of_the_other_half_are_shaded() -> None:
    cscv = robustness().cscv
    figure = analysis.cross_validation_figure(cscv)
    assert len(trace(figure)["x"]) == cscv.splits
    (area,) = figure.layout.shapes
    assert (area.y1, area.y0 < min(cscv.out_of_sample_total_r)) == (0, True)
    assert figure.layout.annotations[0].text == "65% lost"


def test_many_splits_are_thinned() -> None:
    values = tuple(np.arange(12_870.0))
    cscv = dataclasses.replace(
        robustness().cscv, splits=12_870, in_sample_total_r=values, out_of_sample_total_r=values
    )
    assert len(trace(analysis.cross_validation_figure(cscv))["x"]) == 2_574


def test_a_year_is_not_compared_with_itself() -> None:
    heat = trace(analysis.years_figure(robustness().years))
    assert heat["z"] == [[None, 0.25], [0.25, None]]
    assert (heat["zmin"], heat["zmax"]) == (-1, 1)


@given(st.lists(st.floats(-50, 50), min_size=1, max_size=50))
def test_no_bin_of_trades_has_gains_and_losses(r: list[float]) -> None:
    bars = trace(analysis.trade_r_figure(r))
    assert sum(bars["y"]) == len(r)
    low, high = np.array(bars["customdata"]).T
    assert not ((low < 0) & (high > 0)).any()
    losses = np.array(bars["y"])[high <= 0].sum()
    assert losses == sum(value < 0 for value in r)


def test_without_trades_there_is_no_figure() -> None:
    with pytest.raises(InputError, match="no trades to draw"):
        analysis.trade_r_figure([])


def test_rules_are_a_row_each() -> None:
    table = analysis.rules_table(rules())
    assert table["name"].tolist()[:2] == ["ranking", "total_r"]
    assert table["difference_total_r"].tolist() == [0, 1, 2, 3, 4, 5, 6]
