"""The news filter on real gold bars of 2023 and the real calendar, counted by plain code.

No high-impact USD event falls into a window of the grid's Tokyo sessions in 2023 (they come from
21:30 to 04:00 Tokyo time), so the combination named here keeps its window open for 15 hours.
"""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path

import pandas as pd
import pytest

from ib_grid.engine import reference
from ib_grid.engine.context import BacktestContext
from ib_grid.engine.execution_settings import Execution, Model
from ib_grid.engine.fast import engine
from ib_grid.grid.params import Params
from ib_grid.market.csv import read_csv_bars
from ib_grid.market.instruments import XAUUSD
from ib_grid.market.market import Market, build_market, traded_dates
from ib_grid.news.filter import NewsFilter
from ib_grid.news.loading import LoadedNews, load_news
from ib_grid.news.settings import NewsSettings
from tests.helpers.paths import SHARED

BARS = SHARED / "data" / "XAUUSD_2023"
CALENDARS = SHARED / "data" / "news"
PARAMS = Params(
    ib_start="10:00",
    ib_end="10:30",
    ib_timezone="Asia/Tokyo",
    ib_wait_minutes=0,
    trade_window_minutes=900,
    rr_target=1.0,
    stop_mode="eq",
    tsl_target=0.5,
    tsl_sl=0.5,
    min_sl_pct=0.001,
    rev_rb_enabled=True,
    rev_rb_pct=1.0,
    ib_buffer_pct=0.2,
    max_distance_pct=0.5,
)
# (blocked, looked at), with 30 minutes before and after an event
EXPECTED: dict[Model, tuple[int, int]] = {"realistic": (23, 602), "original": (2, 403)}

pytestmark = pytest.mark.skipif(not BARS.is_dir(), reason=f"no real bars at {BARS}")


@cache
def _market() -> Market:
    bars, _ = read_csv_bars([BARS], XAUUSD)
    return build_market(bars, (PARAMS.session,), PARAMS.horizon_minutes)


@cache
def _loaded_news() -> LoadedNews:
    settings = NewsSettings(paths=(CALENDARS,), before_minutes=30, after_minutes=30)
    return load_news(settings, XAUUSD, traded_dates(_market().levels, _market().horizon_minutes))


def _plain_events() -> list[dt.datetime]:
    """Moments of the high-impact USD events, straight from the JSON files."""
    events = [
        event
        for path in sorted(Path(CALENDARS).glob("*.json"))
        for event in json.loads(path.read_text())["events"]
    ]
    return [
        dt.datetime.fromisoformat(event["datetime_utc"])
        for event in events
        if event["country"] == "USD" and event["impact"].lower() == "high"
    ]


@pytest.mark.parametrize("model", ["realistic", "original"])
def test_blocked_candidates_are_those_that_plain_code_counts(model: Model) -> None:
    execution = Execution(model=model, spread_points=XAUUSD.spread_points)
    news: NewsFilter = _loaded_news().filter
    context = BacktestContext(_market(), execution, news)
    found = reference.candidates(context, PARAMS)
    pd.testing.assert_frame_equal(
        engine.candidates(context, PARAMS).sort_values(
            ["date", "news_minute", "variation"], ignore_index=True
        ),
        found.sort_values(["date", "news_minute", "variation"], ignore_index=True),
    )
    span, events = dt.timedelta(minutes=30), _plain_events()
    moments = [dt.datetime(1970, 1, 1) + dt.timedelta(minutes=m) for m in found["news_minute"]]
    blocked = [any(e - span <= moment <= e + span for e in events) for moment in moments]
    assert blocked == news.blocks(found["news_minute"].to_numpy()).tolist()
    assert (sum(blocked), len(blocked)) == EXPECTED[model]
    # a blocked candidate is not traded, and the filter takes trades away only where it blocks
    with_filter = engine.trades(context, PARAMS)
    entered = {(row.date, row.variation) for row in with_filter.itertuples()}
    barred = {
        (row.date, row.variation) for row, b in zip(found.itertuples(), blocked, strict=True) if b
    }
    assert not entered & barred
