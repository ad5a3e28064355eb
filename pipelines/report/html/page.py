"""HTML report: one file that needs no network."""

from __future__ import annotations

import shlex
from itertools import chain
from typing import Any

import pandas as pd
from markupsafe import Markup

from ib_grid.analysis.axis_values import factors
from ib_grid.analysis.plots import style
from ib_grid.grid.columns import METRICS
from ib_grid.grid.glossary import PARAMETERS, RESULT_TERMS, STRATEGY_TERMS
from ib_grid.robustness.conclusion.verdict import Level
from pipelines.render.html.assembly import page_text
from pipelines.render.html.words import number, per_trade_r, plural, prose, readable
from pipelines.report import facts
from pipelines.report.facts import Section
from pipelines.report.html import luck_tables, tables
from pipelines.report.html.effect_figures import pair_limit
from pipelines.report.html.figures import draw_figures
from pipelines.report.html.findings import findings, none_ranked, profitable_pct, state
from pipelines.report.measures.parameter_effects import MOST_VALUES
from pipelines.report.measures.replay import NoReplay
from pipelines.report.report import TOP_ROWS, Report

_NOTES_OPEN = 8
_WARNING = "NOT FILTERED"
_TONES: dict[Level, str] = {
    "do not trade": "stop",
    "fill artefact": "stop",
    "worth a hold-out": "go",
    "held up": "go",
}


def html_text(report: Report) -> str:
    """Return the report as one HTML page."""
    figures = draw_figures(report)
    drawn = chain.from_iterable(figures.values())
    return page_text("page.html", drawn, figures=figures, **_values(report))


def _values(report: Report) -> dict[str, Any]:
    """Return the values that the template shows besides the figures."""
    replay, notes = report.replay, [(note, _WARNING in note) for note in report.info.notes]
    return {
        "info": report.info,
        "report": report,
        "run": shlex.quote(report.info.run),
        "state": state(report),
        "notes": notes,
        "is_warning": report.is_partial or any(is_bold for _, is_bold in notes),
        "first_bar": _moment(report.info.first_bar_utc),
        "last_bar": _moment(report.info.last_bar_utc),
        "n_notes_open": _NOTES_OPEN,
        "r_meaning": STRATEGY_TERMS["R"],
        "statements": findings(report),
        "verdict_tone": _TONES.get(report.verdict.level, ""),
        "profitable_pct": profitable_pct(report),
        "none_ranked": none_ranked(report),
        "unmapped": _unmapped(report),
        "limit": pair_limit(report.parameter_effects.pairs),
        "gradient": ", ".join(f"{colour} {at:.0%}" for at, colour in style.DIVERGING),
        "luck": _luck(report),
        "challenge_table": report.challenge and tables.challenge_table(report.challenge),
        "no_replay": replay.reason if isinstance(replay, NoReplay) else "",
        "outcomes": "" if isinstance(replay, NoReplay) else _outcomes(replay.trades[0]["r"]),
        "best": tables.best_values(report) if len(report.overall.best) else None,
        "top": tables.top_table(report),
        "n_top": len(report.top),
        "n_top_rows": TOP_ROWS,
        "variations": tables.variation_table(report),
        "sections": [_about(report, section) for section in facts.sections(report)[1:4]],
        "glossary": _glossary(),
    }


def _luck(report: Report) -> dict[str, Any] | None:
    """Return what the page shows of the robustness tests; None without any."""
    tests = report.robustness
    if tests is None:
        return None
    return {
        "draws": tests.random_direction.draws,
        "table": luck_tables.luck_table(tests),
        "rules": luck_tables.rules_table(tests),
        "others": luck_tables.other_tests(tests),
        "months_after": luck_tables.months_after(tests),
    }


def _outcomes(r: pd.Series) -> Markup:
    """Return the most frequent gain of a combination's trades, and its largest one."""
    gains = r[r > 0].round(2)
    if gains.empty:
        return Markup("No trade of the selected combination makes money.")
    most, n = float(gains.mode().iloc[0]), int((gains == gains.mode().iloc[0]).sum())
    return Markup(
        "Of the {} of the selected combination, {} win; {} of these gain {}&nbsp;R, the most"
        " frequent gain. The largest is {}&nbsp;R."
    ).format(
        plural(len(r), "trade"),
        number(len(gains)),
        number(n),
        number(most, 2),
        number(gains.max(), 2),
    )


def _unmapped(report: Report) -> str:
    """Return the parameters with too many values for a map, as a sentence."""
    names = [f.name for f in factors(report.info.grid) if len(f.values) > MOST_VALUES]
    return f"Left out: {', '.join(names)}, with more than {MOST_VALUES} values." if names else ""


def _about(report: Report, section: Section) -> tuple[str, list[tuple[str, Markup | str]]]:
    """Return the heading of a section and its facts for reading."""
    values: dict[str, Markup | str] = {n: readable(value) for n, value in section.facts.items()}
    if "average_r" in values:
        values["average_r"] = per_trade_r(float(section.facts["average_r"]))
    if "state" in values:
        values["state"] = state(report)
    return section.heading, list(values.items())


def _glossary() -> dict[str, dict[str, Markup]]:
    """Return the explained terms by group."""
    groups = {
        "Strategy": STRATEGY_TERMS,
        "Parameters": PARAMETERS,
        "Results": RESULT_TERMS,
        "Metrics": {f"{metric.name} ({metric.unit})": metric.meaning for metric in METRICS},
    }
    return {
        heading: {name: prose(meaning) for name, meaning in terms.items()}
        for heading, terms in groups.items()
    }


def _moment(label: str) -> str:
    """Return the label of a bar without the marks of ISO 8601."""
    return label.replace("T", " ").removesuffix("Z")
