"""NAS100, UK100 and EURUSD from their description to a report, through the command line.

Bars are made up in the clock of each, with both clock changes of its zone among the dates, on its
own scale of prices: 20,000, 8,000 and 1.08.
"""

from __future__ import annotations

import datetime as dt
import io
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from ib_grid.analysis import load_source, trade_chart
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import MODELS, Execution, Model
from ib_grid.engine.fast import engine
from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.market.bars import Bars, bars_to_frame, file_sha256, read_bars
from ib_grid.market.clock import day_number
from ib_grid.market.levels_file import read_levels
from ib_grid.market.market import build_market
from ib_grid.runs.manifest import read_manifest
from pipelines.render.data.tables import show_trades
from tests.helpers.input_files import csv_files
from tests.helpers.runs import small_runs
from tests.helpers.runs.small_runs import GRID

Command = Callable[..., tuple[int, str, str]]
GRID_TOML = """
ib_wait_minutes = [0]
trade_window_minutes = [60, 120]
rr_target = [1.0]
stop_mode = ["ib_start", "eq"]
tsl_target = [0.0, 1.0]
tsl_sl = [0.5]
min_sl_pct = [0.0005]
rev_rb_enabled = [true]
rev_rb_pct = [0.5]
ib_buffer_pct = [0.0]
max_distance_pct = [1.0]
"""


@dataclass(frozen=True, kw_only=True)
class Symbol:
    """A symbol, how its bars are made up, and what is known of it beforehand."""

    symbol: str
    zone: str
    sessions: tuple[str, ...]
    changes: tuple[dt.date, dt.date]  # the Sundays of its clock changes
    opening_utc: tuple[str, str, str, str]  # before and after each of them
    price: float
    tick: float
    decimals: int
    spread: str
    csv: Callable[[Bars], str]
    clock: tuple[str, ...]

    @property
    def dates(self) -> list[dt.date]:
        """The weekdays of the week before and the week after each clock change."""
        days = (change + dt.timedelta(n) for change in self.changes for n in range(-6, 6))
        return [day for day in days if day.weekday() < 5]


SYMBOLS = (
    Symbol(
        symbol="NAS100",
        zone="America/New_York",
        sessions=("09:30-10:00", "09:30-10:30"),
        changes=(dt.date(2024, 3, 10), dt.date(2024, 11, 3)),
        opening_utc=("14:30", "13:30", "13:30", "14:30"),
        price=20_000.0,
        tick=0.25,
        decimals=2,
        spread="1.5",
        csv=csv_files.metatrader,
        clock=("--timezone", "America/New_York+7"),
    ),
    Symbol(
        symbol="UK100",
        zone="Europe/London",
        sessions=("08:00-08:30", "08:00-09:00"),
        changes=(dt.date(2024, 3, 31), dt.date(2024, 10, 27)),
        opening_utc=("08:00", "07:00", "07:00", "08:00"),
        price=8_000.0,
        tick=0.1,
        decimals=2,
        spread="1",
        csv=csv_files.tradingview,
        clock=(),
    ),
    Symbol(
        symbol="EURUSD",
        zone="Europe/London",
        sessions=("08:00-08:30", "08:00-09:00"),
        changes=(dt.date(2024, 3, 31), dt.date(2024, 10, 27)),
        opening_utc=("08:00", "07:00", "07:00", "08:00"),
        price=1.08,
        tick=0.00001,
        decimals=5,
        spread="0.00008",
        csv=csv_files.histdata,
        clock=("--timezone", "America/New_York"),
    ),
)


def made_up(one: Symbol) -> Bars:
    """Bars from half an hour before the opening to four hours after it, by the local clock."""
    hour, minute = map(int, one.sessions[0][:5].split(":"))
    starts = [
        dt.datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(one.zone))
        for day in one.dates
    ]
    minutes = [int(start.timestamp()) // 60 - 30 + np.arange(270) for start in starts]
    walk = csv_files.made_up_bars(np.concatenate(minutes), seed=3, price=0.0)
    # On ticks of 0.25: to whole ticks, then to the symbol's own scale.
    first, decimals = round(one.price / one.tick), one.decimals
    prices = {
        name: np.round((np.rint(getattr(walk, name) * 4) + first) * one.tick, decimals)
        for name in ("open", "high", "low", "close")
    }
    return Bars(minute=walk.minute, **prices)


def frame_of(bars: Bars, zone: str) -> pd.DataFrame:
    """Bars by their local time, made without the project's clock."""
    frame = bars_to_frame(bars)
    return frame.set_index(frame["time"].dt.tz_convert(zone))


@pytest.fixture(params=SYMBOLS, ids=lambda one: one.symbol)
def one(request: pytest.FixtureRequest) -> Symbol:
    return request.param


def typed(command: Command, *words: object) -> tuple[str, str]:
    """Run a successful command; return its standard output and standard error."""
    status, screen, said = command(*words)
    assert status == 0, said
    return screen, said


def prepared(command: Command, one: Symbol) -> Bars:
    """Prepare the bars of a symbol from a broker's CSV file and its description."""
    typed(command, "instruments", one.symbol, "--out", f"data/instruments/{one.symbol}.toml")
    bars = made_up(one)
    Path("export.csv").write_text(one.csv(bars))
    Path("grid.toml").write_text(GRID_TOML)
    typed(command, "prepare", "--symbol", one.symbol, "--csv", "export.csv", *one.clock)
    return bars


def test_bars_and_levels_are_by_the_clock_of_the_symbol(
    ib_grid_command: Command, one: Symbol
) -> None:
    bars = prepared(ib_grid_command, one)
    path = Path(f"data/optimized/{one.symbol}_m1.parquet")
    assert csv_files.same_bars(read_bars(path), bars)

    screen, _ = typed(ib_grid_command, "levels", "--symbol", one.symbol)
    local = frame_of(bars, one.zone)
    levels_file = Path(f"data/optimized/{one.symbol}_ib_levels.parquet")
    found = read_levels(levels_file, file_sha256(path))
    assert [str(session) for session in found] == list(one.sessions)
    for session, levels in found.items():
        inside = local.between_time(session.ib_start, session.ib_end, inclusive="left")
        by_date = inside.groupby(inside.index.date)
        assert levels.date.tolist() == [day_number(day) for day in one.dates]
        assert levels.ib_high.tolist() == by_date["high"].max().tolist()
        assert levels.ib_low.tolist() == by_date["low"].min().tolist()
        opening = pd.to_datetime(levels.ib_start * 60, unit="s").strftime("%H:%M")
        assert opening.tolist() == [text for text in one.opening_utc for _ in range(5)]
    # a range has the decimals of the prices
    typical = float(np.median(levels.ib_high - levels.ib_low))
    assert f"{typical:.{one.decimals}f}" in screen

    screen, _ = typed(
        ib_grid_command, "info", "--symbol", one.symbol, "--grid", "grid.toml", "--no-news"
    )
    assert f"{one.symbol}, described in data/instruments/{one.symbol}.toml" in screen
    assert f"spread {one.spread} points" in screen


def _news(one: Symbol) -> None:
    """Write a calendar with an event at each opening, in the symbol's first currency."""
    hour = one.sessions[0][-5:]
    starts = [f"{day} {hour}" for day in one.dates]
    times = pd.to_datetime(starts).tz_localize(one.zone).strftime("%Y-%m-%dT%H:%M:%S%z")
    currency = {"NAS100": "USD", "UK100": "GBP", "EURUSD": "EUR"}[one.symbol]
    lines = ["time,currency,impact,title", *(f"{time},{currency},High,Event" for time in times)]
    folder = Path("data/news")
    folder.mkdir(parents=True)
    (folder / "events.csv").write_text("\n".join(lines) + "\n")


@pytest.mark.cluster
def test_from_a_run_to_its_trades(
    ib_grid_command: Command, one: Symbol, monkeypatch: pytest.MonkeyPatch
) -> None:
    bars = prepared(ib_grid_command, one)
    _news(one)
    ranking = Path("ranking.toml")
    ranking.write_text("[ranking]\nmin_trades = 1\n")
    given = ("--symbol", one.symbol, "--grid", "grid.toml", "--news-coverage", "partial")
    options = ("--workers", 1, "--config", ranking, "--excel", "--no-robustness")
    screen, said = typed(ib_grid_command, "run", *given, *options)
    assert f"note: {one.symbol} is described in data/instruments/{one.symbol}.toml" in said
    assert "complete: the whole grid has been computed" in screen
    assert f"spread {one.spread} points" in " ".join(screen.split())
    (folder,) = (Path.cwd() / "results").iterdir()
    assert folder.name.startswith(f"{one.symbol}_16combos_")
    assert len(list(folder.glob(f"{one.symbol}_full_results.parquet/session=*"))) == 2
    assert read_manifest(folder).described.timezone == one.zone
    html = (folder / f"{one.symbol}_report.html").read_text()
    assert f"spread {one.spread} points" in html
    assert (folder / f"{one.symbol}_results.xlsx").is_file()

    # the directory is read, and its best set traded, without the description
    shutil.rmtree("data/instruments")
    top = (folder / f"{one.symbol}_top_100.csv").read_bytes()
    typed(ib_grid_command, "report", folder, "--config", ranking)
    assert (folder / f"{one.symbol}_top_100.csv").read_bytes() == top
    typed(ib_grid_command, "verify", folder)
    summary = (folder / f"{one.symbol}_summary.txt").read_text()
    line = next(x for x in summary.splitlines() if x.strip().startswith("ib-grid trades"))
    words = shlex.split(line)[1:]
    elsewhere = folder.parent / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    typed(ib_grid_command, *words)
    trades = pd.read_csv(f"{one.symbol}_trades.csv", parse_dates=["entry_time"])
    best = pd.read_csv(folder / f"{one.symbol}_top_100.csv").iloc[0]
    assert len(trades) == best["total_trades"] > 0
    _check_fills(trades, bars, one)
    typed(ib_grid_command, *words, "--engine", "reference")
    pd.testing.assert_frame_equal(
        pd.read_csv(f"{one.symbol}_trades.csv", parse_dates=["entry_time"]), trades
    )
    _check_news(ib_grid_command, words, one)
    _check_chart(trades, folder, one)


def _check_fills(trades: pd.DataFrame, bars: Bars, one: Symbol) -> None:
    """Market orders are filled at a bar's open, half the spread away, in all their digits."""
    open_of = dict(zip(bars.minute.tolist(), bars.open.tolist(), strict=True))
    market = trades[trades["variation"] != "REV_RB"]
    assert len(market)
    for trade in market.itertuples():
        mid = open_of[int(trade.entry_time.timestamp()) // 60]
        half = float(one.spread) / 2 * (1 if trade.direction == "long" else -1)
        assert trade.entry_price == pytest.approx(mid + half, abs=1e-9)


def _check_news(command: Command, words: list[str], one: Symbol) -> None:
    """Events at the opening of the trade window block what is known within two minutes of it."""
    given = words[1 : words.index("--out")]
    _, said = typed(command, "news", "check", *given, "--out", "candidates.csv")
    found = pd.read_csv("candidates.csv")
    assert (found["blocked"] == (found["distance_minutes"].abs() <= 2)).all()
    assert f"{len(found):,} candidates" in said


def _check_chart(trades: pd.DataFrame, folder: Path, one: Symbol) -> None:
    """Check that the prices of a day's chart have the decimals of the symbol."""
    combination = int(pd.read_csv(folder / f"{one.symbol}_top_100.csv")["combo_id"].iloc[0])
    trade = trades.iloc[0]
    chart = trade_chart(load_source(read_manifest(folder)), combination, trade["date"])
    said = " ".join(str(trace.hovertemplate) for trace in chart.data)
    assert f"{trade['entry_price']:,.{one.decimals}f}" in said


@pytest.mark.parametrize("model", MODELS)
def test_no_number_depends_on_the_scale_of_prices(model: Model) -> None:
    """Prices of 1 instead of 16,000: a power of two changes no digit of a quotient."""
    scale = 2.0**-14
    bars = read_bars(small_runs.BARS)
    prices = {name: getattr(bars, name) * scale for name in ("open", "high", "low", "close")}
    small = Bars(minute=bars.minute, **prices)
    assert 0.9 < np.median(small.close) < 1.2
    chunks = [small_runs.PLAN.chunk(index) for index in range(len(small_runs.PLAN))]
    results = []
    for of, spread in ((bars, 1.5), (small, 1.5 * scale)):
        market = build_market(of, GRID.sessions, GRID.horizon_minutes)
        execution = Execution(model=model, spread_points=spread)
        rows = [
            engine.evaluate(BacktestContext(market, execution), GRID, chunk) for chunk in chunks
        ]
        results.append(np.concatenate([np.asarray(values) for values in rows], axis=1))
    in_points = np.char.endswith(METRIC_COLUMNS, "_points")
    results[0][in_points] *= np.float32(scale)
    assert np.array_equal(*results)
    assert results[0].any()


def test_trades_are_shown_with_the_decimals_of_the_prices() -> None:
    moment = pd.Timestamp("2024-03-04 08:31", tz="UTC")
    row = {"date": moment, "variation": "OCAE", "direction": "long", "entry_time": moment}
    row |= {"entry_price": 1.08127, "exit_time": moment, "exit_price": 1.081, "exit_reason": "tp"}
    text = io.StringIO()
    console = Console(file=text, width=80, force_terminal=True, color_system=None)
    show_trades(console, pd.DataFrame([{**row, "ambiguous": False, "r": 1.0}]))
    assert "1.08127" in text.getvalue()
    assert "1.08100" in text.getvalue()
