"""Inputs of a run, read again: the same ones, or a sentence that says why not."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from pathlib import Path

import pandas as pd
import pytest

from ib_grid.analysis import load_source
from ib_grid.engine.execution_settings import Execution
from ib_grid.engine.fast import engine
from ib_grid.errors import DataError, InputError
from ib_grid.grid.chunks import plan_chunks
from ib_grid.grid.grid import Grid
from ib_grid.grid.named_grids import named_grid
from ib_grid.market.bars import file_sha256, read_bars
from ib_grid.market.instruments import GER40
from ib_grid.market.market import build_market, traded_dates
from ib_grid.market.session_dates import SessionDates
from ib_grid.news.filter import NO_NEWS
from ib_grid.news.loading import load_news
from ib_grid.news.settings import NewsSettings
from ib_grid.runs.manifest import Manifest
from tests.helpers.paths import GOLDEN

EVENTS = (
    "time,currency,impact,title\n2024-03-06T08:15:00Z,EUR,High,A\n2024-08-01T09:30Z,USD,High,B\n"
)


@pytest.fixture
def grid() -> Grid:
    return named_grid("standard", GER40)


@pytest.fixture
def bars_file(tmp_path: Path) -> Path:
    return Path(shutil.copy(GOLDEN / "GER40_synthetic" / "m1.parquet", tmp_path / "bars.parquet"))


def manifest(grid: Grid, bars_file: Path, settings: NewsSettings) -> Manifest:
    market = build_market(read_bars(bars_file), grid.sessions, grid.horizon_minutes)
    news = load_news(settings, GER40, traded_dates(market.levels, market.horizon_minutes))
    content = {field.name: {} for field in dataclasses.fields(Manifest)}
    return Manifest(
        **{
            **content,
            "symbol": "GER40",
            "instrument": GER40.to_dict(),
            "grid": grid.to_dict(),
            "settings_per_chunk": 1,
            "execution": Execution(spread_points=1.5, slippage_points=0.25).to_dict(),
            "news": news.filter.to_dict(),
            "news_statement": news.statement,
            "data": {"file": str(bars_file), "sha256": file_sha256(bars_file)},
        }
    )


def test_everything_is_shown(grid: Grid, bars_file: Path, tmp_path: Path) -> None:
    calendar = tmp_path / "events.csv"
    calendar.write_text(EVENTS)
    settings = NewsSettings(
        paths=(calendar,),
        before_minutes=30,
        after_minutes=5,
        coverage="partial",
        currencies={"GER40": ["USD"]},
    )
    found = load_source(manifest(grid, bars_file, settings))
    assert found.context.execution == Execution(spread_points=1.5, slippage_points=0.25)
    assert (
        len(found.context.news.events),
        found.context.news.before_minutes,
        found.context.news.after_minutes,
    ) == (
        1,
        30,
        5,
    )
    chunk = plan_chunks(grid, 1).chunk(len(plan_chunks(grid, 1)) - 1)  # the longest horizon
    assert engine.evaluate(found.context, grid, chunk).any()


def test_without_news(grid: Grid, bars_file: Path) -> None:
    found = load_source(manifest(grid, bars_file, NewsSettings(enabled=False)))
    assert found.context.news is NO_NEWS


def test_missing_or_changed_bars(grid: Grid, bars_file: Path) -> None:
    run = manifest(grid, bars_file, NewsSettings(enabled=False))
    shutil.copy(GOLDEN / "GER40_edge" / "m1.parquet", bars_file)
    with pytest.raises(DataError, match="bars have changed") as changed:
        load_source(run)
    bars_file.unlink()
    with pytest.raises(DataError, match="are missing") as gone:
        load_source(run)
    for said in (changed.value, gone.value):
        assert said.location == str(bars_file)
        assert run.data["sha256"] in said.expected


def test_missing_or_changed_calendars(grid: Grid, bars_file: Path, tmp_path: Path) -> None:
    calendar = tmp_path / "events.csv"
    calendar.write_text(EVENTS)
    run = manifest(grid, bars_file, NewsSettings(paths=(calendar,), coverage="partial"))
    calendar.write_text(EVENTS.replace("09:30", "09:45"))
    with pytest.raises(DataError, match="calendars have changed") as changed:
        load_source(run)
    assert changed.value.location == str(calendar)
    calendar.unlink()
    with pytest.raises(InputError) as gone:
        load_source(run)
    assert str(calendar) in str(gone.value)


def test_invalid_calendar_content_is_not_quoted(
    grid: Grid, bars_file: Path, tmp_path: Path
) -> None:
    calendar = tmp_path / "events.csv"
    calendar.write_text(EVENTS)
    run = manifest(grid, bars_file, NewsSettings(paths=(calendar,), coverage="partial"))
    calendar.write_text("time,currency,impact,title\nhunter2,EUR,High,secret\n")
    with pytest.raises(DataError, match="cannot be used") as changed:
        load_source(run)
    assert "hunter2" not in str(changed.value)
    assert str(calendar) in str(changed.value)


def test_moved_bars(grid: Grid, bars_file: Path, tmp_path: Path) -> None:
    run = manifest(grid, bars_file, NewsSettings(enabled=False))
    moved = bars_file.rename(tmp_path / "moved.parquet")
    assert len(load_source(run, bars=moved).context.market.bars) > 0
    shutil.copy(GOLDEN / "GER40_edge" / "m1.parquet", moved)
    with pytest.raises(DataError, match="bars have changed"):
        load_source(run, bars=moved)


def test_dates_part_the_bars(grid: Grid, bars_file: Path, tmp_path: Path) -> None:
    calendar = tmp_path / "events.csv"
    calendar.write_text(EVENTS)
    news = NewsSettings(paths=(calendar,), coverage="partial")
    dates = SessionDates(first=dt.date(2024, 3, 1), hold_out=dt.date(2024, 5, 1))
    run = manifest(grid, bars_file, news)
    parted = dataclasses.replace(run, dates=dates.to_dict())
    ranked, held_out = load_source(parted), load_source(parted, held_out=True)
    assert (ranked.span[0] >= "2024-03-01", ranked.span[1]) == (True, "2024-04-30")
    assert held_out.span[0] >= "2024-05-01"
    every = engine.trades(load_source(run).context, grid.params(0))
    first = every["date"] >= "2024-03-01"
    last = every["date"] < "2024-05-01"
    for source, rows in ((ranked, first & last), (held_out, ~last)):
        found = engine.trades(source.context, grid.params(0))
        pd.testing.assert_frame_equal(found, every[rows].reset_index(drop=True))
