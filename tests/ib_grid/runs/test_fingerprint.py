"""Everything that decides a number is in the fingerprint, and differences are named."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import pytest

from ib_grid.engine.execution_settings import Execution
from ib_grid.errors import RunMismatchError
from ib_grid.grid.named_grids import named_grid
from ib_grid.market.instruments import GER40
from ib_grid.news.filter import NO_NEWS
from ib_grid.runs.fingerprint import (
    RESULTS_VERSION,
    check_same_run,
    differences,
    fingerprint,
    identity,
)
from tests.helpers.runs.small_runs import GRID

IDENTITY = identity(
    symbol="GER40",
    grid=GRID.to_dict(),
    execution=Execution(spread_points=1.5).to_dict(),
    news=NO_NEWS.to_dict(),
    data_sha256="a" * 64,
)


def test_the_order_of_keys_does_not_count() -> None:
    assert fingerprint({"a": 1, "b": 2.5}) == fingerprint({"b": 2.5, "a": 1})


def test_any_change_of_a_grid_counts() -> None:
    grid = named_grid("standard", GER40)
    longer = dataclasses.replace(grid, rr_target=(*grid.rr_target, 3.0))
    moved = dataclasses.replace(grid, rr_target=grid.rr_target[::-1])
    prints = {fingerprint(g.to_dict()) for g in (grid, longer, moved)}
    assert len(prints) == 3


def test_a_known_fingerprint() -> None:
    # SHA-256 of {"a":[1,true,"x"]}, by `printf | sha256sum`
    expected = "9fa4393a967c3a2576e733174798068c9e1c3c36faa23997f22ca2697300692d"
    assert fingerprint({"a": [1, True, "x"]}) == expected


def test_json_unserializable_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        fingerprint({"a": math.nan})


def test_the_fingerprint_follows_all_that_can_change_a_number() -> None:
    for name, value in {
        "symbol": "XAUUSD",
        "grid": {**IDENTITY["grid"], "rr_target": [1.0]},  # type: ignore[dict-item]
        "execution": {**IDENTITY["execution"], "spread_points": 1.6},  # type: ignore[dict-item]
        "news": {**IDENTITY["news"], "before_minutes": 3},  # type: ignore[dict-item]
        "data": {"sha256": "b" * 64},
        "results_version": RESULTS_VERSION + 1,
    }.items():
        assert fingerprint({**IDENTITY, name: value}) != fingerprint(IDENTITY), name


def test_differences_are_described() -> None:
    here = identity(
        symbol="GER40",
        grid={**GRID.to_dict(), "rr_target": [1.0]},
        execution=Execution(spread_points=2, model="original").to_dict(),
        news=NO_NEWS.to_dict(),
        data_sha256="a" * 64,
    )
    assert differences(here, IDENTITY) == [
        "grid.rr_target: [1.0] here, [1.0, 2.0] in the run",
        "execution.model: original here, realistic in the run",
        "execution.spread_points: 2.0 here, 1.5 in the run",
    ]
    assert differences(IDENTITY, IDENTITY) == []


def test_missing_combinations_are_reported() -> None:
    assert differences({"a": 1}, {"b": {"c": 2}}) == [
        "a: 1 here, nothing in the run",
        "b.c: nothing here, 2 in the run",
    ]


def test_another_run_is_refused(tmp_path: Path) -> None:
    check_same_run(IDENTITY, IDENTITY, tmp_path)
    other = {**IDENTITY, "symbol": "XAUUSD"}
    with pytest.raises(RunMismatchError, match="symbol: XAUUSD here, GER40 in the run") as caught:
        check_same_run(other, IDENTITY, tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "--no-resume" in caught.value.hint
