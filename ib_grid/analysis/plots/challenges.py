"""Figures of an account and of a challenge: equity, odds over risk, start dates, floors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from ib_grid.account.challenge.date_rules import FAILED, OPEN, PASSED, UNIT, date_rules
from ib_grid.account.challenge.gains import Gains
from ib_grid.account.challenge.odds import Odds, starts_of
from ib_grid.account.challenge.rules import Rules
from ib_grid.account.challenge.starts import Starts
from ib_grid.analysis.plots import style

OF_OUTCOME = {"passed": style.GAIN, "failed": style.LOSS, "open": style.OTHER}
_HORIZONS = ("#a9c4dc", "#6f9fc6", style.GAIN, style.BEST)


def account_figure(daily: pd.DataFrame, currency: str) -> go.Figure:
    """Draw the balance of an account by date, and a band down to its lowest equity.

    Parameters
    ----------
    daily : DataFrame, by date
        `balance` and `low`, as in `ib_grid.account.money.statement.Statement.daily`.
    currency : str
    """
    dates = pd.DatetimeIndex(daily.index).strftime("%Y-%m-%d").tolist()
    lines = []
    for name, label, colour in (
        ("low", "lowest equity of the date", style.BAND),
        ("balance", "balance", style.GAIN),
    ):
        lines.append(
            go.Scatter(
                x=dates,
                y=daily[name].round(2).tolist(),
                name=label,
                mode="lines",
                line={"color": colour, "width": 2 if name == "balance" else 1, "shape": "hv"},
                fill="tonexty" if name == "balance" else None,
                fillcolor="rgba(188,203,217,0.55)",
                hovertemplate=f"{label}: %{{y:,.0f}} {currency} on %{{x|%Y-%m-%d}}<extra></extra>",
            )
        )
    return style.figure(
        lines,
        height=380,
        xaxis={"title": {"text": "Date"}, "type": "date"},
        yaxis={"title": {"text": f"Equity ({currency})"}, "tickformat": ",.0f"},
        **style.LEGEND_ABOVE,
    )


def odds_figure(by_risk: Mapping[float, Odds], out_of_sample: Mapping[float, Odds]) -> go.Figure:
    """Draw the share of paths that pass by risk per trade, a line for each horizon.

    Parameters
    ----------
    by_risk : mapping of float to Odds
        By risk in percent; at least one.
    out_of_sample : mapping of float to Odds
        Drawn at the horizon asked for; may be empty.
    """
    first = next(iter(by_risk.values()))
    risks = list(by_risk)
    lines = []
    for place, each in enumerate(first.horizons):
        shares = [100 * odds.horizons[place].passed for odds in by_risk.values()]
        name = f"{each.horizon} dates" if each.horizon else "no time limit"
        lines.append(_line(risks, shares, name, _HORIZONS[place]))
    if out_of_sample:
        shares = [100 * odds.bootstrap.passed for odds in out_of_sample.values()]
        limit = first.bootstrap.horizon
        name = f"out of sample, {limit} dates" if limit else "out of sample"
        lines.append(_line(list(out_of_sample), shares, name, style.LOSS))
    coin = 100 * first.no_edge
    lines.append(_line(risks, [coin] * len(risks), "a coin, no time limit", style.MUTED, "dash"))
    return style.figure(
        lines,
        height=340,
        xaxis={"title": {"text": "Risk per trade (%)"}},
        yaxis={"title": {"text": "Challenges that pass (%)"}, "range": [0, 101]},
        **style.LEGEND_ABOVE,
    )


def _line(
    x: list[float], y: list[float], name: str, colour: str, dash: str = "solid"
) -> go.Scatter:
    return go.Scatter(
        x=x,
        y=[round(value, 2) for value in y],
        name=name,
        mode="lines" if dash == "dash" else "lines+markers",
        line={"color": colour, "width": 2, "dash": dash},
        hovertemplate=f"{name}: %{{y:.1f}}% at %{{x:g}}% risk<extra></extra>",
    )


def starts_figure(gains: Gains, starts: Starts) -> go.Figure:
    """Draw what became of the challenge begun on each session date."""
    dates, bars = _texts(gains.calendar), []
    for code, name in ((PASSED, "passed"), (FAILED, "failed"), (OPEN, "open")):
        inside = np.flatnonzero(starts.outcome == code).tolist()
        took = "" if code == OPEN else " after %{customdata[1]} dates"
        bars.append(
            go.Bar(
                x=inside,
                y=[1] * len(inside),
                name=f"{name} ({len(inside):,})",
                marker={"color": OF_OUTCOME[name], "line": {"width": 0}},
                width=1,
                customdata=[[dates[place], int(starts.n_dates[place])] for place in inside],
                hovertemplate=f"begun %{{customdata[0]}}: {name}{took}<extra></extra>",
            )
        )
    quarters = [
        place
        for place, (before, now) in enumerate(zip(["", *dates], dates, strict=False))
        if now[5:7] in ("01", "07") and now[:7] != before[:7]
    ]
    return style.figure(
        bars,
        height=150,
        barmode="overlay",
        bargap=0,
        xaxis={
            "title": {"text": "Start date"},
            "tickvals": quarters,
            "ticktext": [dates[place][:7] for place in quarters],
            "range": [-0.5, len(dates) - 0.5],
        },
        yaxis={"visible": False, "range": [0, 1]},
        **style.LEGEND_ABOVE,
    )


def floors_figure(gains: Gains, rules: Rules) -> go.Figure:
    """Draw challenges one after the other: equity, the lowest of each date, floors and target."""
    parts = list(_campaign(gains, rules))
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    place, balance, low, total, daily = joined
    dates = [_texts(gains.calendar)[i] if i >= 0 else None for i in place.astype(np.int64)]
    traces = [
        _step(dates, low, "lowest of the date", style.BAND, 1),
        _step(dates, balance, "balance", style.GAIN, 2),
        _step(dates, total, "total floor", style.LOSS, 1.5),
    ]
    if rules.daily_loss:
        traces.insert(2, _step(dates, daily, "daily floor", "#e3b98f", 1))
    if rules.target_pct:
        target = np.where(np.isnan(balance), np.nan, 100 + rules.target_pct)
        traces.append(_step(dates, target, "target", style.MUTED, 1))
    return style.figure(
        traces,
        height=340,
        xaxis={"title": {"text": "Date"}, "type": "date"},
        yaxis={"title": {"text": "Equity (% of the initial balance)"}},
        **style.LEGEND_ABOVE,
    )


def _campaign(gains: Gains, rules: Rules) -> Iterator[tuple[NDArray[np.float64], ...]]:
    """Yield place of the date, balance, low and floors of each challenge, and a gap after it."""
    starts, by_date = starts_of(rules, gains), date_rules(rules)
    gain = gains.per_date
    low = np.zeros_like(gain)
    low[gains.date_index] = gains.lows
    start, n = 0, len(gain)
    while start < n:
        end = start + (int(starts.n_dates[start]) or n - start)  # an open one lasts to the end
        inside = slice(start, end)
        balance = np.cumsum(gain[inside])
        before = balance - gain[inside]
        peak = np.maximum.accumulate(np.maximum(before, 0)) if by_date.trailing else 0 * before
        total = np.minimum(peak - by_date.loss, by_date.lock)
        share = by_date.daily_ppm / 1e6 * (UNIT + before)
        daily = before - (share if by_date.daily_ppm else by_date.daily)
        values = [_percent(each) for each in (balance, before + low[inside], total, daily)]
        gap = [[np.nan]]
        yield (
            np.append(np.arange(start, end), -1.0),
            *(np.concatenate([each, *gap]) for each in values),
        )
        start = end


def _percent(units: NDArray[np.int64]) -> NDArray[np.float64]:
    return 100 * (1 + units / UNIT)


def _step(
    dates: list[str | None], values: NDArray[np.float64], name: str, colour: str, width: float
) -> go.Scatter:
    return go.Scatter(
        x=dates,
        y=[None if np.isnan(value) else round(float(value), 3) for value in values],
        name=name,
        mode="lines",
        connectgaps=False,
        line={"color": colour, "width": width, "shape": "hv"},
        hovertemplate=f"{name}: %{{y:.2f}}% on %{{x|%Y-%m-%d}}<extra></extra>",
    )


def _texts(days: NDArray[np.int64]) -> list[str]:
    return [str(day) for day in days.astype("datetime64[D]")]
