"""Golden trades: markets, combinations, expected trades and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from ib_grid.engine.execution_settings import Execution, Model
from ib_grid.grid.named_grids import grid_from_mapping
from ib_grid.grid.params import PARAM_NAMES, Params, params_from_mapping
from ib_grid.market.bars import Bars, bars_from_frame
from ib_grid.market.instruments import GER40, INSTRUMENTS
from ib_grid.market.market import Market, build_market
from ib_grid.news.filter import NO_NEWS, NewsFilter
from tests.helpers.paths import GOLDEN, SHARED

# A grid whose combinations trade in the edge set of GER40.
EDGE_GRID = grid_from_mapping(
    {
        "ib_sessions": ["08:00-08:30"],
        "ib_wait_minutes": [15],
        "trade_window_minutes": [45, 120],
        "rr_target": [0.5, 2],
        "tsl_target": [0, 0.5],
        "tsl_sl": [0.5],
        "ib_buffer_pct": [0, 0.2],
        "max_distance_pct": [1],
    },
    GER40,
)

_REAL_SPANS = {"GER40": ("2017-01-01", "2018-12-01"), "XAUUSD": ("2018-01-01", "2019-01-01")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A combination, its execution and its news filter."""

    combo: int
    params: Params
    execution: Execution
    news: NewsFilter


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GoldenSet:
    """A set in one execution model; `metrics` is None for the real sets.

    `expected_trades` has the columns of a trades frame, `expected_metrics` those of the metrics,
    each by combo.
    """

    market: Market
    cases: tuple[Case, ...]
    expected_trades: dict[int, pd.DataFrame]
    expected_metrics: dict[int, dict[str, float]] | None


@cache
def golden_set(symbol: str, name: str, model: Model) -> GoldenSet:
    """Return the golden set of a symbol: `synthetic`, `edge` or `real`."""
    combos = _combos(symbol, name)
    cases = tuple(_case(symbol, row, model) for row in combos.to_dict("records"))
    trades = _of_model(_path(symbol, name, "trades.parquet"), model)
    trades["date"] = pd.to_datetime(trades["date"])
    empty = trades.iloc[:0]
    by_combo = dict(list(trades.groupby("combo")))
    return GoldenSet(
        market=_market(symbol, name),
        cases=cases,
        expected_trades={c.combo: by_combo.get(c.combo, empty).reset_index() for c in cases},
        expected_metrics=None if name == "real" else _expected_metrics(symbol, name, model),
    )


def has_real_data(symbol: str) -> bool:
    """Return True if the real golden set and its bars are present."""
    return _path(symbol, "real", "trades.parquet").is_file() and (SHARED / "data" / symbol).is_dir()


def _path(symbol: str, name: str, what: str) -> Path:
    if name == "real":
        return SHARED / "golden" / f"{symbol}_{name}_{what}"
    return GOLDEN / f"{symbol}_{name}" / what


def _of_model(path: Path, model: str) -> pd.DataFrame:
    frame = pd.read_parquet(path)
    return frame[frame["model"] == model].drop(columns="model")


def _combos(symbol: str, name: str) -> pd.DataFrame:
    return pd.read_csv(_path(symbol, name, "combos.csv"))


def _params(row: dict[str, object]) -> Params:
    return params_from_mapping({name: row[name] for name in PARAM_NAMES})


def _case(symbol: str, row: dict[str, object], model: Model) -> Case:
    costs = {n: row[n] for n in ("slippage_points", "commission_points") if n in row}
    spread = INSTRUMENTS[symbol].spread_points
    return Case(
        combo=row["combo"],
        params=_params(row),
        execution=Execution(model=model, spread_points=spread, **costs),
        news=_news(symbol, row) if row.get("news", False) else NO_NEWS,
    )


def _news(symbol: str, row: dict[str, object]) -> NewsFilter:
    return NewsFilter(
        events=_event_minutes(symbol),
        before_minutes=row["before_minutes"],
        after_minutes=row["after_minutes"],
    )


@cache
def _event_minutes(symbol: str) -> list[int]:
    events = pd.read_csv(_path(symbol, "edge", "news.csv"))
    counts = events["currency"].isin(INSTRUMENTS[symbol].currencies) & (
        events["impact"].str.lower() == "high"
    )
    return [int(t.timestamp()) // 60 for t in pd.to_datetime(events["time"][counts], utc=True)]


def _expected_metrics(symbol: str, name: str, model: str) -> dict[int, dict[str, float]]:
    frame = _of_model(_path(symbol, name, "metrics.parquet"), model).set_index("combo")
    return frame.to_dict("index")


@cache
def _market(symbol: str, name: str) -> Market:
    combos = _combos(symbol, name)
    params = [_params(row) for row in combos.to_dict("records")]
    sessions = tuple(dict.fromkeys(p.session for p in params))
    return build_market(_bars(symbol, name), sessions, max(p.horizon_minutes for p in params))


def _bars(symbol: str, name: str) -> Bars:
    if name != "real":
        return bars_from_frame(pd.read_parquet(_path(symbol, name, "m1.parquet")))
    paths = sorted((SHARED / "data" / symbol).glob("*.csv"))
    read = _read_tradingview if symbol == "GER40" else _read_histdata
    first, end = _REAL_SPANS[symbol]
    frame = pd.concat([read(path) for path in paths]).drop_duplicates("time", keep="last")
    frame = frame[(frame["time"] >= first) & (frame["time"] < end)].sort_values("time")
    bars = bars_from_frame(frame)
    return bars.take(INSTRUMENTS[symbol].trading_hours.contain(bars.minute))


def _read_tradingview(path: Path) -> pd.DataFrame:
    frame = pd.read_csv(path)
    return frame.assign(time=pd.to_datetime(frame["time"], utc=True))


def _read_histdata(path: Path) -> pd.DataFrame:
    names = ["time", "open", "high", "low", "close", "volume"]
    frame = pd.read_csv(path, sep=";", names=names)
    local = pd.to_datetime(frame["time"], format="%Y%m%d %H%M%S")
    return frame.assign(time=local.dt.tz_localize("America/New_York").dt.tz_convert("UTC"))
