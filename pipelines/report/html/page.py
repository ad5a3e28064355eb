"""The HTML report: one file that holds everything it needs and asks nothing of a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from markupsafe import Markup

from ib_grid.analysis.axis_values import factors, values_of
from ib_grid.analysis.plots import style
from ib_grid.analysis.plots.style import rounded
from ib_grid.grid.columns import METRICS
from pipelines.render.html.assembly import environment, plotly_base64, script_json
from pipelines.render.html.figure import Figure
from pipelines.render.html.words import per_trade_r, per_trade_r_text, readable
from pipelines.report import facts
from pipelines.report.facts import BestRecord, Section
from pipelines.report.html import grid_figures, tables, trade_figures
from pipelines.report.html.verdict import none_ranked, profitable_pct, state, verdict
from pipelines.report.measures.parameter_effects import MOST_VALUES
from pipelines.report.measures.replay import NoReplay, Replay
from pipelines.report.report import Report

Figures = Mapping[str, Sequence[Figure]]

_NOTES_OPEN = 8
_WARNING = "NOT FILTERED"
_TERMS = ("total_r", "winrate", "max_drawdown", "sharpe_ratio", "avg_trade_r", "ambiguous_trades")


def html_text(report: Report) -> str:
    """The report as one HTML page."""
    figures = {
        **_grid_figures(report),
        **_trade_figures(report),
        "variation_bars": _variation_figures(facts.best_record(report.overall)),
    }
    return (
        environment()
        .get_template("page.html")
        .render(
            **_values(report),
            figures=figures,
            figures_json=script_json({f.name: f.spec for fs in figures.values() for f in fs}),
            template_json=script_json(style.TEMPLATE.to_plotly_json()),
            plotly=plotly_base64(),
        )
    )


def _grid_figures(report: Report) -> Figures:
    effects, eligible = report.parameter_effects, report.eligible
    best = facts.best_record(report.overall)
    own = values_of(report.info.grid.params(best["combo_id"])) if best else {}
    score, density = eligible.score_histogram, eligible.density
    limits = grid_figures.effect_limits(effects.effects)
    limit = grid_figures.pair_limit(effects.pairs)
    return {
        "distribution": [
            grid_figures.total_r_figure(effects.total_r_histogram, best),
            *([grid_figures.score_figure(score, best)] if score else []),
        ],
        "pairs": [grid_figures.pair_figure(pair, own, limit) for pair in effects.pairs],
        "shares": [grid_figures.share_figure(effects.effects, is_exact=not report.has_gaps)],
        "effects": [
            grid_figures.effect_figure(effect, own.get(effect.factor.name), limits)
            for effect in sorted(effects.effects, key=lambda effect: -effect.share_pct)
            if len(effect.factor.values) > 1
        ],
        "density": [grid_figures.density_figure(density, best)] if density else [],
    }


def _trade_figures(report: Report) -> Figures:
    info, again = report.info, report.replay
    if isinstance(again, NoReplay):
        return {"equity": [], "calendar": [], "variation_curves": []}
    trades = again.trades[0]
    timezone = str(report.overall.best["ib_timezone"].iloc[0])
    span = (info.first_bar_utc[:10], info.last_bar_utc[:10])
    return {
        "equity": [trade_figures.equity_figure(again.trades, span)],
        "calendar": trade_figures.calendar_figures(trades, span, timezone),
        "variation_curves": [trade_figures.variation_curves(trades, span)],
    }


def _variation_figures(best: BestRecord | None) -> list[Figure]:
    if best is None:
        return []
    return [
        trade_figures.variation_bars(
            best, "winrate", "Win rate", "win rate (%)", lambda value: rounded(value, 1)
        ),
        trade_figures.variation_bars(
            best, "avg_trade_r", "Expectancy", "mean R of a trade (R)", per_trade_r_text
        ),
    ]


def _values(report: Report) -> dict[str, Any]:
    """What the template shows besides the figures."""
    again = report.replay
    meaning = {metric.name: metric for metric in METRICS}
    return {
        "info": report.info,
        "report": report,
        "state": state(report),
        "notes": [(note, _WARNING in note) for note in report.info.notes],
        "is_warning": report.is_partial or any(_WARNING in note for note in report.info.notes),
        "first_bar": _moment(report.info.first_bar_utc),
        "last_bar": _moment(report.info.last_bar_utc),
        "n_notes_open": _NOTES_OPEN,
        "statements": verdict(report),
        "profitable_pct": profitable_pct(report),
        "none_ranked": none_ranked(report),
        "unmapped": _unmapped(report),
        "limit": grid_figures.pair_limit(report.parameter_effects.pairs),
        "gradient": ", ".join(f"{colour} {at:.0%}" for at, colour in style.DIVERGING),
        "no_replay": again.reason if isinstance(again, NoReplay) else "",
        "n_curves": len(again.trades) if isinstance(again, Replay) else 0,
        "n_distinct": _n_distinct(again.trades) if isinstance(again, Replay) else 0,
        "other_model": again.other_model if isinstance(again, Replay) else "",
        "best": tables.best_values(report) if len(report.overall.best) else None,
        "top": tables.top_table(report),
        "variations": tables.variation_rows(report),
        "terms": [(name, meaning[name].unit, meaning[name].meaning) for name in _TERMS],
        "sections": [_about(report, section) for section in facts.sections(report)[:3]],
    }


def _unmapped(report: Report) -> str:
    """Which parameters no map can show, as the end of a sentence."""
    names = [f.name for f in factors(report.info.grid) if len(f.values) > MOST_VALUES]
    return f", but for {', '.join(names)} with more than {MOST_VALUES} values" if names else ""


def _about(report: Report, section: Section) -> tuple[str, list[tuple[str, Markup | str]]]:
    """A section's heading and its facts for reading."""
    values: dict[str, Markup | str] = {n: readable(value) for n, value in section.facts.items()}
    if "average_r" in values:
        values["average_r"] = per_trade_r(float(section.facts["average_r"]))
    if "state" in values:
        values["state"] = state(report)
    return section.heading, list(values.items())


def _moment(label: str) -> str:
    """A bar's label without the marks of ISO 8601."""
    return label.replace("T", " ").removesuffix("Z")


def _n_distinct(trades: Sequence[pd.DataFrame]) -> int:
    """How many of the combinations differ in their trades."""
    return len({(tuple(t["date"].astype(str)), tuple(t["r"])) for t in trades})
