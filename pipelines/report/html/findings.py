"""Findings of a report in words: measured facts, no advice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup

from ib_grid.analysis.axis_values import Edge, edges
from ib_grid.robustness.conclusion.reasons import FILLS
from pipelines.render.html.words import (
    count_word,
    exact,
    listed,
    makes,
    named,
    number,
    percent,
    plural,
    prose,
    sentences,
    verb,
)
from pipelines.render.numbers import shortest_decimals, significant
from pipelines.report import facts
from pipelines.report.facts import BestRecord
from pipelines.report.measures.eligible import Eligible
from pipelines.report.measures.replay import NoReplay
from pipelines.report.report import Report


@dataclass(frozen=True, slots=True)
class Statement:
    """Finding of a report: a few words, and the sentences."""

    name: str
    lead: str
    text: Markup


def findings(report: Report) -> tuple[Statement, ...]:
    """Return the findings of a report: the grid first, then the selected combination."""
    profitable = Statement("profitable", "Profitable combinations", _profitable(report))
    best, lead = facts.best_record(report.overall), f"{report.attribute.capitalize()} combination"
    if best is None:
        return (profitable, Statement("best", lead, none_ranked(report)))
    params, hold_out = report.info.grid.params(best["combo_id"]), report.info.hold_out
    statements = (
        profitable,
        Statement("best", lead, _best(best, report.eligible)),
        Statement("rivals", "Better on all counts", prose(facts.rivals_text(report))),
        Statement("now", "At the end", prose(facts.now_text(report))),
        Statement("edge", "Edge of the grid", edge_text(edges(report.info.grid, params))),
        Statement("neighbours", "Neighbours", _neighbours(report.eligible.beside_best, best)),
        Statement("ambiguous", "Ambiguous trades", _ambiguous(best)),
        Statement("other_model", "Other execution model", _other_model(report)),
        Statement("in_sample", "In sample", _in_sample(report)),
        Statement("hold_out", "Hold-out", prose(hold_out.text if hold_out else "")),
    )
    return tuple(statement for statement in statements if statement.text)


def state(report: Report) -> Markup:
    """Return how much of the grid has been computed."""
    if not report.is_partial:
        return Markup("{}").format(facts.state(report))
    return Markup("PARTIAL: {} of the grid has been computed").format(
        percent(report.grid_share_pct)
    )


def none_ranked(report: Report) -> Markup:
    """Return a sentence if no combination has enough trades to be ranked, else nothing."""
    if not report.overall.best.empty:
        return Markup("")
    return Markup("Nothing is ranked: no combination has {} or more.").format(
        plural(report.settings.ranking.min_trades, "trade")
    )


def _profitable(report: Report) -> Markup:
    profitable = report.overall.sums.profitable_combinations
    of = "the computed part of the grid" if report.is_partial else "the grid"
    if not report.info.row_filter.every_row:
        of = "the kept part of the grid"
    _, median, ninety = report.parameter_effects.total_r_band
    share = Markup("{} of {} is profitable: {} of {} {} money. {} {}").format(
        percent(profitable_pct(report)),
        of,
        number(profitable),
        plural(report.n_rows, "combination"),
        verb(profitable, report.n_rows, "makes", "make"),
        Markup("The median combination {};").format(makes(float(median))),
        _one_in_ten(float(ninety)),
    )
    return sentences([share, none_ranked(report)])


def _one_in_ten(ninety: float) -> Markup:
    """Return what the 90th percentile of total R means for one combination in ten."""
    r = number(significant(abs(ninety)), 1)
    if ninety < 0:
        return Markup("nine in ten lose {}&nbsp;R or more.").format(r)
    return Markup("only one in ten makes more than {}&nbsp;R.").format(r)


def profitable_pct(report: Report) -> float:
    """Return the percentage of combinations with a total R above 0."""
    return significant(100 * report.overall.sums.profitable_combinations / report.n_rows)


def _best(best: BestRecord, eligible: Eligible) -> Markup:
    metrics = best["metrics"]
    return Markup(
        "Combination {} has the highest score, {}: {}&nbsp;R in {}, a win rate of {} and a"
        " maximum drawdown of {}&nbsp;R. {} a higher total R."
    ).format(
        exact(best["combo_id"], str(best["combo_id"])),
        number(best["score"], 4),
        number(metrics["total_r"], 1),
        plural(int(metrics["total_trades"]), "trade"),
        percent(metrics["winrate"]),
        number(metrics["max_drawdown"], 1),
        _have(eligible.above_best),
    )


def _have(n: int) -> Markup | str:
    if n < 2:
        return "One combination has" if n else "No combination has"
    return Markup("{} have").format(plural(n, "combination"))


def edge_text(found: list[Edge]) -> Markup:
    """Return which parameters of a combination sit at the end of their tested range."""
    if not found:
        return Markup("No parameter sits at the end of its tested range.")
    # No grid can pass a limit such as a wait of 0.
    limits = (
        Markup("{} is the {} possible value.").format(named(edge.name, edge.value), edge.end)
        for edge in found
        if not edge.goes_on
    )
    return sentences([_open_edges([edge for edge in found if edge.goes_on]), *limits])


def _open_edges(found: list[Edge]) -> Markup:
    if not found:
        return Markup("")
    one = len(found) == 1
    return Markup("{} {} at the end of {} tested range: {}; widen the grid to see {}.").format(
        "One parameter" if one else f"{count_word(len(found)).capitalize()} parameters",
        "sits" if one else "sit",
        "its" if one else "their",
        listed([Markup("{} ({})").format(named(e.name, e.value), e.end) for e in found]),
        "what lies beyond",
    )


def _neighbours(found: pd.DataFrame, best: BestRecord) -> Markup:
    if found.empty:
        return Markup("Every parameter has a single value, so there are no neighbours.")
    total_r = found["total_r"].to_numpy(np.float32)
    known = total_r[~np.isnan(total_r)]
    if not len(known):
        return Markup("None of the direct neighbours has been computed.")
    missing = len(found) - len(known)
    profitable = int(np.count_nonzero(known > 0))
    count = Markup("{} of the {} (one parameter moved by one step) {} profitable.").format(
        number(profitable),
        plural(len(known), "direct neighbour"),
        verb(profitable, len(known)),
    )
    absent = Markup("{} {} not been computed.").format(
        plural(missing, "neighbour"), verb(missing, missing, "has", "have")
    )
    return sentences([count, _spread(found, known, best), absent if missing else Markup("")])


def _spread(found: pd.DataFrame, known: np.ndarray, best: BestRecord) -> Markup:
    """Return the range of total R among the neighbours, and what the worst one changed."""
    worst = found.iloc[int(np.nanargmin(found["total_r"].to_numpy(np.float32)))]
    low, high = shortest_decimals(np.array([known.min(), known.max()]))
    return Markup(
        "Neighbours made {}&nbsp;R ({}) to {}&nbsp;R, median {}&nbsp;R; the combination itself made"
        " {}&nbsp;R."
    ).format(
        number(low, 1),
        named(str(worst["parameter"]), worst["value"]),
        number(high, 1),
        number(significant(float(np.median(known.astype(np.float64)))), 1),
        number(best["metrics"]["total_r"], 1),
    )


def _ambiguous(best: BestRecord) -> Markup:
    trades, ambiguous = (int(best["metrics"][n]) for n in ("total_trades", "ambiguous_trades"))
    if not ambiguous:
        return Markup("None of the {} is ambiguous.").format(plural(trades, "trade"))
    return Markup(
        "{} of the {} ({}) {} ambiguous: the last bar reached both the stop and the target, and"
        " one-minute bars cannot tell which came first."
    ).format(
        number(ambiguous),
        plural(trades, "trade"),
        percent(significant(100 * ambiguous / trades)),
        verb(ambiguous, trades),
    )


def _other_model(report: Report) -> Markup:
    replay = report.replay
    if isinstance(replay, NoReplay):
        return Markup("Not measured. {}").format(replay.reason)
    own = report.top["total_r"].to_numpy(np.float64)
    other = replay.other["total_r"].to_numpy(np.float64)
    return Markup(
        "With {} {} profitable. Their median total R is {}&nbsp;R instead of {}&nbsp;R; rank 1"
        " makes {}&nbsp;R instead of {}&nbsp;R."
    ).format(
        FILLS[replay.other_model],
        _still_profitable(int(np.count_nonzero(other > 0)), len(other), stay=bool((own > 0).all())),
        number(significant(float(np.median(other))), 1),
        number(significant(float(np.median(own))), 1),
        number(float(other[0]), 1),
        number(float(own[0]), 1),
    )


def _still_profitable(profitable: int, n: int, *, stay: bool) -> Markup:
    what = verb(profitable, n, "stays", "stay") if stay else verb(profitable, n)
    if n > 1 and profitable == n:
        return Markup("all of the top {} {}").format(number(n), what)
    return Markup("{} of the top {} {}").format(number(profitable), number(n), what)


def _in_sample(report: Report) -> Markup:
    return Markup(
        "Selected from {} on this data; expect worse on new data. Figures are in sample unless they"
        " say otherwise: the highest of so many tries looks good even if none has an edge."
    ).format(plural(report.n_computed, "combination"))
