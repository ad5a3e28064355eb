"""Trades and candidates of one combination, from its parameter file."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import pandas as pd

from ib_grid.engine import reference
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.fast import engine
from ib_grid.errors import ConfigError, ParamsError
from ib_grid.grid.params import Params, params_from_mapping
from ib_grid.market.bars import read_bars
from ib_grid.market.levels import session_levels
from ib_grid.market.market import build_market, traded_dates
from ib_grid.news.check import check_candidates
from ib_grid.news.loading import LoadedNews, load_news
from ib_grid.storage.mapping_files import read_mapping
from ib_grid.storage.paths import AnyPath
from pipelines.config.settings import Settings
from pipelines.inputs import prepare
from pipelines.inputs.inputs import check_spread, session_dates

ENGINES: dict[str, ModuleType] = {"fast": engine, "reference": reference}


def read_params(path: AnyPath) -> Params:
    """Return the combination in a JSON file of the 14 parameter names."""
    try:
        values = read_mapping(path)
    except ConfigError as error:
        expected = "a JSON file of the 14 parameter names, such as a run's _best_params.json"
        raise error.with_context(ParamsError, expected=expected) from error
    return params_from_mapping(values, location=str(path))


@dataclass(frozen=True, slots=True, kw_only=True)
class CombinationInputs:
    """One combination, its backtest context and its news."""

    params: Params
    context: BacktestContext
    news: LoadedNews


def load_combination(settings: Settings, params_file: AnyPath) -> CombinationInputs:
    """Read a combination from its file, and the bars and calendars of the settings."""
    params = read_params(params_file)
    prepare.check_origin(settings.bars_file, settings.instrument)
    bars = read_bars(settings.bars_file)
    check_spread(settings.fills, bars)
    session, horizon_minutes = params.session, params.horizon_minutes
    levels = {session: session_levels(bars, session)}
    dates = session_dates(settings, levels)
    market = build_market(bars, (session,), horizon_minutes, dates.ranked(levels))
    traded = traded_dates(dates.within(levels), horizon_minutes)
    news = load_news(settings.news_settings, settings.instrument, traded)
    context = BacktestContext(market, settings.fills, news.filter)
    return CombinationInputs(params=params, context=context, news=news)


def notes_of(of: CombinationInputs, settings: Settings) -> list[str]:
    """Return lines on news, and on a time zone that may be a mistake."""
    lines = list(of.news.statement.lines)
    usual = settings.instrument.timezone
    if of.params.ib_timezone != usual:
        lines.append(
            f"note: ib_timezone is {of.params.ib_timezone}, but the sessions of {settings.symbol}"
            f" are in {usual}"
        )
    return lines


def combination_trades(of: CombinationInputs, engine_name: str) -> pd.DataFrame:
    """Return the trades of one combination by date, columns `TRADE_COLUMNS`."""
    trades = ENGINES[engine_name].trades
    found: pd.DataFrame = trades(of.context, of.params)
    return found


def candidates_and_news(of: CombinationInputs) -> pd.DataFrame:
    """Return each candidate with the event that blocks it, or else the nearest one.

    The columns are those of `ib_grid.news.check_candidates`. The nearest event comes from the whole
    calendar, including events too far from the bars to matter to the engines.
    """
    candidates = engine.candidates(of.context, of.params)
    minutes = np.array([event.minute for event in of.news.events], dtype=np.int64)
    return check_candidates(
        candidates, dataclasses.replace(of.news.filter, events=minutes), of.news.events
    )
