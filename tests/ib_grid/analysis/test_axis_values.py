from __future__ import annotations

import numpy as np
import pytest

from ib_grid.analysis.axis_values import Edge, edges, factors
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.grid.params import Params
from ib_grid.market.instruments import GER40

AXES = {
    "ib_sessions": ["08:00-08:30", "08:00-09:00", "09:00-09:30"],
    "ib_wait_minutes": [15, 0, 30],  # not in order, on purpose
    "trade_window_minutes": [60],
    "rr_target": [0.5, 1.0],
    "stop_mode": ["ib_start", "eq"],
    "tsl_target": [0, 0.5, 1.0, 1.5],
    "tsl_sl": [0.5, 1.0],
    "min_sl_pct": [0.001],
    "rev_rb_enabled": [True, False],
    "rev_rb_pct": [0.25, 0.5, 1.0],
    "ib_buffer_pct": [0.0, 0.1],
    "max_distance_pct": [0.5],
}
NUMBERS = ("ib_wait_minutes", "rr_target", "ib_buffer_pct")


@pytest.fixture(scope="module")
def grid() -> Grid:
    return grid_from_mapping(AXES, GER40)


def a_set(grid: Grid, **values: object) -> Params:
    chosen = {**grid.params(0).to_dict(), **values}
    return Params(**chosen)


def test_each_value_stands_where_the_grid_has_it(grid: Grid) -> None:
    ids = np.arange(len(grid))
    places = list(grid.indices(ids).values())
    columns = grid.columns(ids)
    for factor in factors(grid):
        if factor.name == "session":
            own = [str(s) for s in grid.sessions]
            in_rows = np.array(own, object)[places[0]]
        else:
            values, index = columns[factor.name]
            in_rows = np.array(values, object)[index]
        for value, of_value in zip(factor.values, factor.positions, strict=True):
            expected = in_rows == value
            if factor.name == "tsl_sl":
                expected &= np.array(columns["tsl_target"][0])[columns["tsl_target"][1]] > 0
            if factor.name == "rev_rb_pct":
                expected &= np.array(columns["rev_rb_enabled"][0])[columns["rev_rb_enabled"][1]]
            assert (np.isin(places[factor.axis], of_value) == expected).all(), factor.name


def test_numbers_are_in_order(grid: Grid) -> None:
    by_name = {factor.name: factor for factor in factors(grid)}
    assert by_name["ib_wait_minutes"].values == (0, 15, 30)
    assert by_name["ib_wait_minutes"].labels == ("0", "15", "30")
    assert by_name["session"].labels == ("08:00–08:30", "08:00–09:00", "09:00–09:30")
    assert by_name["rev_rb_enabled"].labels == ("on", "off")


def test_edges_say_which_end_and_whether_there_is_more(grid: Grid) -> None:
    best = a_set(grid, ib_wait_minutes=0, rr_target=1.0, tsl_target=1.5, tsl_sl=0.5)
    best = Params(**{**best.to_dict(), "rev_rb_enabled": True, "rev_rb_pct": 0.5})
    assert edges(grid, best) == [
        Edge("ib_wait_minutes", 0, "lowest", False),
        Edge("rr_target", 1.0, "highest", True),
        Edge("tsl_target", 1.5, "highest", True),
        Edge("tsl_sl", 0.5, "lowest", True),
        Edge("ib_buffer_pct", 0.0, "lowest", False),
    ]


def test_a_placeholder_lies_on_no_edge(grid: Grid) -> None:
    best = a_set(grid, tsl_target=0.0, tsl_sl=0.5, rev_rb_enabled=False, rev_rb_pct=0.25)
    found = {edge.name for edge in edges(grid, best)}
    assert "tsl_sl" not in found
    assert "rev_rb_pct" not in found
    assert Edge("tsl_target", 0.0, "lowest", False) in edges(grid, best)


def test_middle_of_every_axis_is_not_an_edge() -> None:
    axes = {**AXES, "rr_target": [0.5, 1.0, 2.0], "ib_buffer_pct": [0.0, 0.1, 0.2]}
    grid = grid_from_mapping({**axes, "tsl_sl": [0.25, 0.5, 1.0]}, GER40)
    best = a_set(grid, ib_wait_minutes=15, rr_target=1.0, tsl_target=1.0, tsl_sl=0.5)
    best = Params(**{**best.to_dict(), "rev_rb_pct": 0.5, "ib_buffer_pct": 0.1})
    assert edges(grid, best) == []
