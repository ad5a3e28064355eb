"""The chart of a day shows its bars, its trade and its events."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import pytest

from ib_grid import analysis
from ib_grid.analysis import RunSource, TradeDay
from ib_grid.errors import ConfigError
from tests.helpers.runs.sources import source_of_golden_bars

COMBO = 4321
MOST_BYTES = 2_000_000


def parts(figure: go.Figure) -> dict[str, Any]:
    """Traces by name; of the levels the first of the pair."""
    found: dict[str, Any] = {}
    for trace in figure.data:
        found.setdefault(trace.name, trace)
    return found


def drawn(source: RunSource, combo: int = COMBO, place: int = 0) -> tuple[TradeDay, go.Figure]:
    date = analysis.trades(source, combo)["date"].iloc[place]
    return analysis.trade_day(source, combo, date), analysis.trade_chart(source, combo, date)


def test_trade_is_present() -> None:
    day, figure = drawn(source_of_golden_bars())
    shown = parts(figure)
    assert day.trade is not None
    assert shown["entry"].y[0] == day.trade.entry_price
    assert shown["exit"].y[0] == day.trade.exit_price
    assert shown["stop"].y[0] == day.trade.stop
    assert shown["target"].y[0] == day.trade.target
    assert len(shown["M1 bars"].x) == len(day.bars)
    assert shown["EQ"].y[0] == (day.ib_high + day.ib_low) / 2
    assert str(day.date) in figure.layout.title.text
    assert "signal bar" in shown
    assert "news" not in shown


def test_times_are_local() -> None:
    source = source_of_golden_bars()
    for place in (0, -1):  # the bars go from winter into summer
        day, figure = drawn(source, place=place)
        first = dt.datetime.fromisoformat(parts(figure)["M1 bars"].x[0])
        assert f"{first:%H:%M}" == day.params.ib_start
        assert first.date() == day.date


def test_steps_of_the_stop_are_drawn() -> None:
    source = source_of_golden_bars()
    trailing = next(
        i for i in range(len(source.grid)) if source.grid.params(i).tsl_target == 0.5 and i > COMBO
    )
    for date in analysis.trades(source, trailing)["date"]:
        day = analysis.trade_day(source, trailing, date)
        if len(set(day.path["stop"])) > 1:
            figure = analysis.day_chart(day)
            assert set(parts(figure)["stop"].y) == set(day.path["stop"])
            assert parts(figure)["stop"].line.shape == "hv"
            return
    pytest.fail("no stop has stepped")


def test_a_day_without_a_trade() -> None:
    source = source_of_golden_bars()
    traded = set(analysis.trades(source, COMBO)["date"])
    date = next(d for d in analysis.session_dates(source, COMBO) if d not in traded)
    figure = analysis.trade_chart(source, COMBO, date)
    assert "no trade" in figure.layout.title.text
    assert not {"entry", "exit", "stop", "target", "signal bar"} & set(parts(figure))


def test_events_are_marked_and_their_titles_are_text() -> None:
    source = source_of_golden_bars(with_news=True)
    date = analysis.session_dates(source, 0)[0]
    figure = analysis.trade_chart(source, 0, date)
    news = parts(figure)["news"]
    assert len(news.x) == 1
    assert news.customdata[0] == "EUR A &lt;b&gt;rate&lt;/b&gt;"
    blocked = figure.layout.shapes[-1]
    minutes = [dt.datetime.fromisoformat(x) for x in (blocked.x0, blocked.x1)]
    assert minutes[1] - minutes[0] == dt.timedelta(minutes=5)  # two before, its own, two after


@pytest.mark.parametrize("model", ["realistic", "original"])
def test_charts_are_small_and_are_json(model: str) -> None:
    source = source_of_golden_bars(model)
    for place in range(5):
        _, figure = drawn(source, place=place)
        assert len(figure.to_json()) < MOST_BYTES


def test_figures_of_trades_show_the_sums() -> None:
    source = source_of_golden_bars()
    trades = analysis.trades(source, COMBO)
    years = sorted(set(trades["date"].dt.year))
    sums = {
        "year": analysis.year_figure(trades, years),
        "weekday": analysis.weekday_figure(trades),
        "hour": analysis.hour_figure(trades, "Europe/Berlin"),
        "variation": analysis.variation_figure(trades),
    }
    for name, figure in sums.items():
        assert sum(figure.data[0].y) == pytest.approx(trades["r"].sum(), abs=1e-2), name
    equity = analysis.equity_figure({"best": trades}, source.span)
    line = next(trace for trace in equity.data if trace.yaxis == "y")
    assert line.y[-1] == pytest.approx(trades["r"].sum(), abs=1e-3)
    calendar = analysis.calendar_figure(trades, years)
    cells = [cell for row in calendar.data[0].z for cell in row if cell is not None]
    assert sum(cells) == pytest.approx(trades["r"].sum(), abs=1e-2)
    of_itself = range(years[0], years[-1] + 1)  # without years, those from trade to trade
    assert analysis.calendar_figure(trades) == analysis.calendar_figure(trades, of_itself)
    assert analysis.year_figure(trades) == analysis.year_figure(trades, of_itself)
    assert analysis.calendar_figure(trades.head(0)).data[0].x == ()
    assert analysis.year_figure(trades.head(0)).data[0].x == ()
    curves = analysis.variation_curves(trades, source.span)
    assert sum(trace.y[-1] for trace in curves.data) == pytest.approx(trades["r"].sum(), abs=1e-2)
    for figure in (*sums.values(), equity, calendar, curves):
        assert len(figure.to_json()) < MOST_BYTES


def test_combinations_are_points() -> None:
    frame = pd.DataFrame(
        {"combo_id": [3, 5, 9], "total_r": [1.0, -2.0, 3.0], "max_drawdown": [4.0, 5.0, 6.0]}
    )
    figure = analysis.combinations_figure(frame, "max_drawdown", "total_r", marked=[9])
    plain, marked = figure.data
    assert (list(plain.x), list(plain.y), list(plain.customdata)) == ([4, 5], [1, -2], [3, 5])
    assert list(marked.customdata) == [9]
    assert figure.layout.xaxis.title.text == "max_drawdown (R)"
    for wrong in ({"x": "nothing", "y": "total_r"}, {"x": "total_r", "y": "nothing"}):
        with pytest.raises(ConfigError, match="nothing"):
            analysis.combinations_figure(frame, **wrong)


def test_figure_of_too_many_combinations_is_refused() -> None:
    n = 20_001
    frame = pd.DataFrame({"combo_id": range(n), "total_r": 1.0, "winrate": 2.0})
    with pytest.raises(ConfigError, match="20,001 points"):
        analysis.combinations_figure(frame, "winrate", "total_r")
    assert len(analysis.combinations_figure(frame[1:], "winrate", "total_r").to_json()) < MOST_BYTES
