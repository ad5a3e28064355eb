"""The bars and the calendars of a run once more, for a report that trades its best sets."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ib_grid.bars import file_sha256, read_bars
from ib_grid.errors import InputError
from ib_grid.execution import Execution
from ib_grid.files import is_file
from ib_grid.instruments import instrument
from ib_grid.manifest import Manifest
from ib_grid.market import Market, build_market
from ib_grid.news import NewsFilter
from pipelines.inputs import traded_dates
from pipelines.news import NewsSettings, run_news
from pipelines.report.html import DeepDive, NoReplay


def deep_dive(manifest: Manifest) -> DeepDive | NoReplay:
    """What a run was computed from, or why it cannot be had any more."""
    path = Path(str(manifest.data["file"]))
    if not is_file(path):
        return NoReplay(f"The bars of this run are not there any more: {path}.")
    try:
        if file_sha256(path) != manifest.data["sha256"]:
            return NoReplay(f"The bars have changed since this run: {path}.")
        grid = manifest.plan().grid
        market = build_market(read_bars(path), grid.sessions, grid.horizon_minutes)
        news = _news(manifest, market)
    except InputError as error:
        return NoReplay(
            f"What this run was computed from cannot be used: {error.found}, {error.where}."
        )
    except OSError:
        return NoReplay(f"The bars of this run cannot be read: {path}.")
    if news.to_dict() != manifest.news:
        return NoReplay("The calendars have changed since this run.")
    execution: Mapping[str, Any] = manifest.execution
    return DeepDive(market=market, execution=Execution(**execution), news=news)


def _news(manifest: Manifest, market: Market) -> NewsFilter:
    statement: Mapping[str, Any] = manifest.news_statement
    if not statement["enabled"]:
        settings = NewsSettings(enabled=False)
    else:
        settings = NewsSettings(
            paths=tuple(Path(path) for path in statement["paths"]),
            before_minutes=statement["before_minutes"],
            after_minutes=statement["after_minutes"],
            coverage=statement["coverage"],
            currencies={manifest.symbol: statement["currencies"]},
            timezone=statement["timezone"],
        )
    return run_news(settings, instrument(manifest.symbol), traded_dates(market)).news
