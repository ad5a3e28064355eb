"""The trades of one combination, from the files a person has."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pandas as pd

from ib_grid import engine, reference
from ib_grid.bars import read_bars
from ib_grid.errors import ConfigError, ParamsError
from ib_grid.files import whole_file
from ib_grid.market import build_market
from ib_grid.params import Params, params_from_mapping
from pipelines import prepare
from pipelines.config import Settings, read_mapping
from pipelines.inputs import session_dates
from pipelines.news import run_news

ENGINES: dict[str, ModuleType] = {"fast": engine, "reference": reference}


def read_params(path: Path) -> Params:
    """A combination from a JSON file of the 14 parameter names.

    Raises
    ------
    ParamsError
        If the file cannot be read, a name is missing or unknown, or a value is out of its domain.
    """
    try:
        values = read_mapping(path)
    except ConfigError as error:
        raise ParamsError(
            error.found,
            where=error.where,
            expected="a JSON file of the 14 parameter names, such as a run's _best_params.json",
        ) from error
    return params_from_mapping(values, where=str(path))


def combination_trades(settings: Settings, params: Params, engine_name: str) -> pd.DataFrame:
    """Every trade of one combination, by date; columns `results.TRADE_COLUMNS`.

    Raises
    ------
    InputError
        If the engine is unknown, or the bars or the calendars cannot be used.
    """
    if engine_name not in ENGINES:
        raise ConfigError(
            f"the engine is {engine_name!r}", where="--engine", expected=" or ".join(ENGINES)
        )
    prepare.check_symbol(settings.bars_file, settings.symbol)
    bars = read_bars(settings.bars_file)
    market = build_market(bars, (params.session,), params.horizon_minutes)
    news = run_news(settings.news_settings, settings.instrument, session_dates(market)).news
    trades: pd.DataFrame = ENGINES[engine_name].trades(market, params, settings.fills, news)
    return trades


def write_trades(trades: pd.DataFrame, path: Path) -> None:
    """Write trades as CSV, whole or not at all; times as ISO 8601 in UTC.

    Raises
    ------
    OutputError
        If the place cannot be written.
    """
    with whole_file(path) as file:
        file.write(trades_csv(trades).encode())


def trades_csv(trades: pd.DataFrame) -> str:
    """The trades as CSV text."""
    times = {name: trades[name].dt.strftime("%Y-%m-%dT%H:%MZ") for name in _TIMES}
    text: str = trades.assign(**times).to_csv(index=False, lineterminator="\n")
    return text


_TIMES = ("entry_time", "exit_time")
