"""Figures of the trades of the best combinations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import plotly.graph_objects as go

from ib_grid.analysis.plots import curves, robustness_figures, style
from ib_grid.analysis.plots.style import rounded
from ib_grid.grid.variations import PREFIXES, VARIATIONS
from pipelines.render.html.challenge_figures import challenge_figures
from pipelines.render.html.figure import Figure, page_figure
from pipelines.render.html.words import per_trade_r_text
from pipelines.report import facts
from pipelines.report.measures.challenge import SHOWN_PCT
from pipelines.report.measures.replay import Replay
from pipelines.report.report import Report


def _span(report: Report) -> tuple[str, str]:
    return report.info.first_bar_utc[:10], report.info.last_bar_utc[:10]


def _years(report: Report) -> range:
    first, last = (int(date[:4]) for date in _span(report))
    return range(first, last + 1)


def equity(report: Report) -> Iterator[Figure]:
    """Draw cumulative R and drawdown of the top combinations, the best on top."""
    if isinstance(report.replay, Replay):
        ranks = report.top["rank"].head(len(report.replay.trades)).tolist()
        by_rank = dict(zip(map("rank {}".format, ranks), report.replay.trades, strict=True))
        yield page_figure(
            "equity",
            "Cumulative R and drawdown",
            "Lines: cumulative R of the top ten combinations by date, below it their drawdown",
            curves.equity_figure(by_rank, _span(report)),
        )


def challenge(report: Report) -> Iterator[Figure]:
    """Draw odds of a challenge over risk, its start dates, and equity with floors."""
    found = report.challenge
    if found:
        phase, outside = found.rules.targets[0], found.out_of_sample
        yield from challenge_figures(phase, found.by_risk, outside, found.gains, SHOWN_PCT)


def trade_r(report: Report) -> Iterator[Figure]:
    """Draw the histogram of the selected combination's trades by R."""
    if isinstance(report.replay, Replay):
        yield page_figure(
            "trade-r",
            "Trades of the selected combination by R",
            "Histogram of the selected combination's trades by R",
            robustness_figures.trade_r_figure(report.replay.trades[0]["r"].to_numpy()),
        )


def years(report: Report) -> Iterator[Figure]:
    """Draw R of the selected combination by year."""
    if isinstance(report.replay, Replay):
        drawn = curves.year_figure(report.replay.trades[0], _years(report))
        yield page_figure(
            "years", "R by year", "Bars: R of the selected combination by year", drawn
        )


def months(report: Report) -> Iterator[Figure]:
    """Draw R of the selected combination by year and month."""
    if isinstance(report.replay, Replay):
        drawn = curves.calendar_figure(report.replay.trades[0], _years(report))
        label = "Heat map: R of the selected combination by year and month"
        yield page_figure("months", "R by year and month", label, drawn)


def weekdays(report: Report) -> Iterator[Figure]:
    """Draw R of the selected combination by weekday."""
    if isinstance(report.replay, Replay):
        drawn = curves.weekday_figure(report.replay.trades[0])
        label = "Bars: R of the selected combination by weekday"
        yield page_figure("weekdays", "R by weekday", label, drawn)


def hours(report: Report) -> Iterator[Figure]:
    """Draw R of the selected combination by hour of entry, local time."""
    if isinstance(report.replay, Replay):
        timezone = str(report.overall.best["ib_timezone"].iloc[0])
        drawn = curves.hour_figure(report.replay.trades[0], timezone)
        label = "Bars: R of the selected combination by entry hour"
        yield page_figure("hours", "R by entry hour", label, drawn)


def variation_curves(report: Report) -> Iterator[Figure]:
    """Draw cumulative R of each variation of the selected combination."""
    if isinstance(report.replay, Replay):
        yield page_figure(
            "variation-curves",
            "Cumulative R of each variation",
            "Lines: cumulative R of each variation of the selected combination, by date",
            curves.variation_curves(report.replay.trades[0], _span(report)),
        )


def win_rates(report: Report) -> Iterator[Figure]:
    """Draw the win rate of each variation of the selected combination."""
    shown = partial(rounded, decimals=1)
    return _variation_bars(report, "winrate", "Win rate", "Win rate (%)", shown)


def expectancies(report: Report) -> Iterator[Figure]:
    """Draw the average R per trade of each variation of the selected combination."""
    heading = "Average R per trade"
    return _variation_bars(report, "avg_trade_r", heading, heading, per_trade_r_text)


def _variation_bars(
    report: Report, metric: str, heading: str, axis: str, shown: Callable[[float], str]
) -> Iterator[Figure]:
    best = facts.best_record(report.overall)
    if best is None:
        return
    metrics = best["metrics"]
    values = [
        metrics[prefix + metric] if metrics[f"{prefix}total_trades"] else None
        for prefix in PREFIXES
    ]
    bars = style.bars(
        VARIATIONS,
        values,
        ["no trades" if value is None else shown(value) for value in values],
        style.OF_VARIATIONS,
        hovertemplate="%{x}: %{y}<extra></extra>",
    )
    drawn = _upright(bars, axis, [value for value in values if value is not None])
    label = f"Bars: {heading.lower()} of each variation of the selected combination"
    yield page_figure(f"variation-{metric}", heading, label, drawn)


def _upright(bars: go.Bar, axis: str, values: list[float]) -> go.Figure:
    return style.figure(
        [bars],
        height=240,
        xaxis={"title": {"text": "Variation"}, "type": "category"},
        yaxis={"title": {"text": axis}, "range": style.with_room(values)},
    )
