"""Ids and rows by arithmetic, against every combination written out."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.errors import GridError
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import GRID_VALUES, grid_from_mapping, named_grid
from ib_grid.grid.params import DOMAINS, PARAM_NAMES, Params
from ib_grid.market.instruments import GER40, XAUUSD
from tests.helpers import strategies

SYMBOLS = pytest.mark.parametrize("instrument", [GER40, XAUUSD], ids=lambda i: i.symbol)
SIZES = {"standard": 34_560, "expanded": 1_478_400}


def kept(values: dict[str, object], grid: Grid) -> bool:
    """Return whether the pruning rules leave a combination (STRATEGY.md, section 9)."""
    step, target = values["tsl_sl"], values["tsl_target"]
    if not values["rev_rb_enabled"] and values["rev_rb_pct"] != grid.rev_rb_pct[0]:
        return False
    if target == 0:
        return step == grid.tsl_sl[0]
    if any(other <= target for other in grid.tsl_sl):
        return step <= target
    return step == min(grid.tsl_sl)


def written_out(grid: Grid) -> set[Params]:
    """Every combination of the values, less what the rules prune."""
    found = set()
    for session in grid.sessions:
        for values in itertools.product(*(getattr(grid, name) for name in DOMAINS)):
            named = dict(zip(DOMAINS, values, strict=True))
            if kept(named, grid):
                found.add(Params(**dataclasses.asdict(session), **named))
    return found


class TestIds:
    @SYMBOLS
    @pytest.mark.parametrize(("name", "size"), SIZES.items())
    def test_size_of_the_named_grids(self, instrument, name, size):
        assert len(named_grid(name, instrument)) == size

    def test_values_of_the_named_grids(self):
        assert GRID_VALUES["standard"]["ib_buffer_pct"] == (0.05, 0.1, 0.15, 0.2, 0.25)
        assert GRID_VALUES["expanded"]["trade_window_minutes"][-3:] == (180, 210, 240)
        assert all(tuple(values) == tuple(DOMAINS) for values in GRID_VALUES.values())

    def test_standard_grid_written_out(self):
        grid = named_grid("standard", GER40)
        assert {grid.params(i) for i in range(len(grid))} == written_out(grid)

    @given(grid=strategies.any_grids())
    def test_any_grid_round_trips(self, grid):
        combinations = [grid.params(i) for i in range(len(grid))]
        assert len(set(combinations)) == len(combinations)
        assert set(combinations) == written_out(grid)

    @given(data=st.data())
    def test_id_and_back(self, data):
        grid = named_grid("expanded", XAUUSD)
        combo_id = data.draw(st.integers(0, len(grid) - 1))
        assert grid.id_of(grid.params(combo_id)) == combo_id

    @given(grid=strategies.any_grids())
    def test_columns_are_the_combinations(self, grid):
        ids = np.arange(len(grid))
        columns = grid.columns(ids)
        assert tuple(columns) == PARAM_NAMES
        for values, _ in columns.values():
            assert len(set(values)) == len(values)
        for combo_id in ids.tolist():
            row = {name: values[index[combo_id]] for name, (values, index) in columns.items()}
            assert row == grid.params(combo_id).to_dict()

    @given(grid=strategies.any_grids())
    def test_neighbours_share_their_setting(self, grid):
        n_exits = grid.exits_per_setting
        assert n_exits == len(grid.rr_target) * len(grid.trailing)
        varying = {"rr_target": 1.0, "tsl_target": 0.0, "tsl_sl": 0.5}
        settings = [dataclasses.replace(grid.params(i), **varying) for i in range(len(grid))]
        for first in range(0, len(grid), n_exits):
            assert len(set(settings[first : first + n_exits])) == 1
        assert len(set(settings)) == len(grid) // n_exits
        assert grid.rows_per_block == grid.settings_per_block * n_exits
        assert len(grid) == math.prod(grid.shape)

    def test_combination_outside_the_grid(self):
        grid = named_grid("standard", GER40)
        with pytest.raises(GridError, match=r"rr_target 1\.3 is not in the grid"):
            grid.id_of(dataclasses.replace(grid.params(0), rr_target=1.3))
        pruned = dataclasses.replace(grid.params(0), tsl_target=0.5, tsl_sl=1.0)
        with pytest.raises(GridError, match="trailing"):
            grid.id_of(pruned)

    @pytest.mark.parametrize("combo_id", [-1, 34_560])
    def test_id_outside_the_grid(self, combo_id):
        with pytest.raises(GridError, match=f"unknown combination {combo_id}"):
            named_grid("standard", GER40).params(combo_id)

    def test_horizon(self):
        assert named_grid("expanded", GER40).horizon_minutes == 260


class TestMaking:
    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"rr_target": ()}, "the axis is empty"),
            ({"sessions": ()}, "the axis is empty"),
            ({"rr_target": (1, 1.0)}, "duplicate values on the axis"),
            ({"trade_window_minutes": (60, 0)}, "trade_window_minutes is 0"),
            ({"stop_mode": ("middle",)}, "stop_mode is 'middle'"),
        ],
    )
    def test_axis_that_is_wrong(self, changes, said):
        with pytest.raises(GridError, match=said) as error:
            dataclasses.replace(named_grid("standard", GER40), **changes)
        assert error.value.location == next(iter(changes))

    def test_unknown_name(self):
        with pytest.raises(GridError, match="unknown grid 'huge'"):
            named_grid("huge", GER40)

    def test_mapping_fills_up_from_the_standard_grid(self):
        grid = grid_from_mapping({"rr_target": [3], "ib_sessions": ["07:00-08:00"]}, GER40)
        standard = named_grid("standard", GER40)
        assert grid.rr_target == (3.0,)
        assert [str(session) for session in grid.sessions] == ["07:00-08:00"]
        assert grid.sessions[0].ib_timezone == "Europe/Berlin"
        kept_axes = set(DOMAINS) - {"rr_target"}
        assert all(getattr(grid, name) == getattr(standard, name) for name in kept_axes)

    @SYMBOLS
    @pytest.mark.parametrize("name", SIZES)
    def test_mapping_of_a_named_grid_is_that_grid(self, instrument, name):
        grid = named_grid(name, instrument)
        values = {k: v for k, v in grid.to_dict().items() if k != "ib_timezone"}
        assert grid_from_mapping(values, instrument) == grid

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({"rr": [1]}, "unknown key rr"),
            ({"rr_target": 1}, "rr_target is 1"),
            ({"rr_target": []}, "the axis is empty"),
            ({"rr_target": [-1]}, "rr_target is -1"),
            ({"ib_sessions": ["08:00"]}, "'08:00' is not a session"),
            ({"ib_sessions": [8]}, "8 is not a session"),
            ({"ib_sessions": []}, "the axis is empty"),
        ],
    )
    def test_mapping_that_is_wrong(self, values, said):
        with pytest.raises(GridError, match=said) as error:
            grid_from_mapping(values, GER40, location="grid.toml")
        assert "grid.toml" in error.value.location
        assert error.value.exit_status == 2
