"""Figures of the trades of the best combinations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from ib_grid.analysis.plots import curves, robustness_figures, style
from ib_grid.analysis.plots.style import rounded
from ib_grid.grid.variations import PREFIXES, VARIATIONS
from pipelines.render.html.challenge_figures import challenge_figures
from pipelines.render.html.figure import Figure, page_figure
from pipelines.render.html.words import per_trade_r_text
from pipelines.report import facts
from pipelines.report.facts import BestRecord
from pipelines.report.measures.replay import Replay
from pipelines.report.report import Report


def _span(report: Report) -> tuple[str, str]:
    return report.info.first_bar_utc[:10], report.info.last_bar_utc[:10]


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
        yield from challenge_figures(found.rules.targets[0], found.by_risk, found.gains)


def trade_r(report: Report) -> Iterator[Figure]:
    """Draw the histogram of the selected combination's trades by R."""
    if isinstance(report.replay, Replay):
        yield page_figure(
            "trade-r",
            "Trades of the selected combination by R",
            "Histogram of the selected combination's trades by R",
            robustness_figures.trade_r_figure(report.replay.trades[0]["r"].to_numpy()),
        )


def calendar(report: Report) -> Iterator[Figure]:
    """Draw R of the selected combination by year, month, weekday and local hour of entry."""
    if isinstance(report.replay, Replay):
        trades, timezone = report.replay.trades[0], report.overall.best["ib_timezone"].iloc[0]
        first, last = (int(date[:4]) for date in _span(report))
        years = range(first, last + 1)
        for name, kind, period, drawn in (
            ("years", "Bars", "year", curves.year_figure(trades, years)),
            ("months", "Heat map", "year and month", curves.calendar_figure(trades, years)),
            ("weekdays", "Bars", "weekday", curves.weekday_figure(trades)),
            ("hours", "Bars", "entry hour", curves.hour_figure(trades, str(timezone))),
        ):
            label = f"{kind}: R of the selected combination by {period}"
            yield page_figure(name, f"R by {period}", label, drawn)


def variation_curves(report: Report) -> Iterator[Figure]:
    """Draw cumulative R of each variation of the selected combination."""
    if isinstance(report.replay, Replay):
        yield page_figure(
            "variation-curves",
            "Cumulative R of each variation",
            "Lines: cumulative R of each variation of the selected combination, by date",
            curves.variation_curves(report.replay.trades[0], _span(report)),
        )


def variation_bars(report: Report) -> Iterator[Figure]:
    """Draw win rate and average R per trade of each variation of the selected combination."""
    best, average = facts.best_record(report.overall), "Average R per trade"
    if best:
        shown = partial(rounded, decimals=1)
        yield _variation_bars(best, "winrate", "Win rate", "Win rate (%)", shown)
        yield _variation_bars(best, "avg_trade_r", average, average, per_trade_r_text)


def _variation_bars(
    best: BestRecord, metric: str, heading: str, axis: str, shown: Callable[[float], str]
) -> Figure:
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
    known = [value for value in values if value is not None]
    drawn = style.figure(
        [bars],
        height=240,
        xaxis={"title": {"text": "Variation"}, "type": "category"},
        yaxis={"title": {"text": axis}, "range": style.with_room(known)},
    )
    label = f"Bars: {heading.lower()} of each variation of the selected combination"
    return page_figure(f"variation-{metric}", heading, label, drawn)
