"""Values that are not a run, a condition or a date are refused by the project's own errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ib_grid import analysis
from ib_grid.analysis import Run, load_run
from ib_grid.errors import ConfigError, InputError
from tests.helpers.runs.random_runs import write_run
from tests.helpers.runs.sources import source_of_golden_bars

OF_A_RUN: tuple[Callable[[Any], object], ...] = (
    analysis.top,
    analysis.groups,
    analysis.plateau_score,
    analysis.variance_shares,
    lambda run: analysis.compare_runs(run, run),
    lambda run: analysis.pareto(run, {"total_r": "max"}),
    lambda run: analysis.pivot(run, "session", "rr_target"),
    lambda run: analysis.slices(run, 0),
    lambda run: analysis.neighbours(run, 0),
    lambda run: analysis.trades(run, 0),
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    path = tmp_path_factory.mktemp("run") / "r"
    write_run(path)
    return load_run(path)


@pytest.mark.parametrize("of", [None, "results/run", Path("results/run"), 3])
@pytest.mark.parametrize("call", OF_A_RUN)
def test_invalid_run(call: Callable[[Any], object], of: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        call(of)
    assert "load_run" in caught.value.expected


@pytest.mark.parametrize("path", [None, 3, ["results"], b"results"])
def test_invalid_path(path: Any) -> None:
    with pytest.raises(ConfigError, match="invalid run path"):
        load_run(path)


@pytest.mark.parametrize("where", [3, True, ["total_r > 0"], {"total_r": 0}])
def test_invalid_condition(run: Run, where: Any) -> None:
    for call in (run.frame, run.table):
        with pytest.raises(ConfigError, match="invalid condition"):
            call(["total_r"], where)
    with pytest.raises(ConfigError, match="invalid condition"):
        analysis.top(run, where=where)


@pytest.mark.parametrize("directions", [["total_r"], "total_r", None, {"total_r"}])
def test_invalid_directions(run: Run, directions: Any) -> None:
    with pytest.raises(ConfigError, match="invalid directions"):
        analysis.pareto(run, directions)


@pytest.mark.parametrize("n", [0, 1.5, "3", None, True])
def test_invalid_number_of_combinations(run: Run, n: Any) -> None:
    with pytest.raises(ConfigError, match="invalid number of rows"):
        analysis.top(run, n=n)


def test_invalid_reduction() -> None:
    trades = pd.DataFrame({"date": pd.DatetimeIndex(["2024-01-02"]), "r": [1.0]})
    for reduction in ("mean", None, sum, ["sum"]):
        with pytest.raises(ConfigError, match="unknown reduction"):
            analysis.calendar_table(trades, reduction=reduction)  # type: ignore[arg-type]


def test_a_date_in_every_form() -> None:
    source = source_of_golden_bars()
    date = analysis.session_dates(source, 0)[0]
    forms = (f"{date:%Y-%m-%d}", date, date.date(), date.to_datetime64(), np.datetime64(date, "D"))
    assert {analysis.trade_day(source, 0, form).date for form in forms} == {date.date()}
    for form in (3, None, pd.NaT, np.datetime64("NaT"), "March"):
        with pytest.raises(InputError, match="is not a date"):
            analysis.trade_day(source, 0, form)  # type: ignore[arg-type]
