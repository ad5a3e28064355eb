"""What the figures say, in words: measured facts, and no advice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from markupsafe import Markup

from ib_grid.analysis.axis_values import Edge, edges
from pipelines.render.html.words import listed, named, number, percent, plural, sentences, verb
from pipelines.render.numbers import shortest_decimals, significant
from pipelines.report import facts
from pipelines.report.facts import BestRecord
from pipelines.report.measures.eligible import Eligible
from pipelines.report.measures.replay import TOP_TABLE, NoReplay
from pipelines.report.report import Report


@dataclass(frozen=True, slots=True)
class Statement:
    """A finding: a few words, and the sentences."""

    name: str
    lead: str
    text: Markup


def verdict(report: Report) -> tuple[Statement, ...]:
    """The findings of a report, the grid first, then the best set."""
    statements = [Statement("profitable", "How much is profitable", _profitable(report))]
    best = facts.best_record(report.overall)
    if best is None:
        text = Markup("None: no combination has {} or more.").format(
            plural(report.settings.ranking.min_trades, "trade")
        )
        return (*statements, Statement("best", "The best set", text))
    params = report.info.grid.params(best["combo_id"])
    return (
        *statements,
        Statement("best", "The best set", _best(best, report.eligible)),
        Statement("edge", "Edge of the grid", edge_text(edges(report.info.grid, params))),
        Statement("neighbours", "Its neighbours", _neighbours(report.eligible.beside_best, best)),
        Statement("ambiguous", "Ambiguous trades", _ambiguous(best)),
        Statement("other_model", "The other execution model", _other_model(report)),
        Statement("in_sample", "In sample", _in_sample(report)),
    )


def state(report: Report) -> Markup:
    """Whether the whole grid is computed."""
    if not report.is_partial:
        return Markup("{}").format(facts.state(report))
    share = percent(report.grid_share_pct)
    return Markup("PARTIAL: {}&nbsp;% of the grid is computed").format(share)


def none_ranked(report: Report) -> Markup:
    """That no combination has enough trades; nothing where one has."""
    if not report.overall.best.empty:
        return Markup("")
    return Markup(
        "None of these combinations can be ranked: no combination has {} or more."
    ).format(plural(report.settings.ranking.min_trades, "trade"))


def _profitable(report: Report) -> Markup:
    profitable = report.overall.sums.profitable_combinations
    of = "the computed part of the grid" if report.is_partial else "the grid"
    if not report.info.row_filter.every_row:
        of = "what is kept of the grid"
    _, median, ninety = report.parameter_effects.total_r_band
    share = Markup(
        "{}&nbsp;% of {} is profitable: {} of {} {} with a total R above 0."
        " The median combination ends at {}&nbsp;R, nine in ten at {}&nbsp;R or less."
    ).format(
        percent(profitable_pct(report)),
        of,
        number(profitable),
        plural(report.n_rows, "combination"),
        verb(profitable, report.n_rows, "ends", "end"),
        number(significant(median), 1),
        number(significant(ninety), 1),
    )
    return sentences([share, none_ranked(report)])


def profitable_pct(report: Report) -> float:
    """Percent of the computed combinations with a total R above 0."""
    return significant(100 * report.overall.sums.profitable_combinations / report.n_rows)


def _best(best: BestRecord, eligible: Eligible) -> Markup:
    metrics = best["metrics"]
    return Markup(
        "Combination {} has the highest score, {}: {}&nbsp;R in {}, a win rate of {}&nbsp;% and a"
        " largest drawdown of {}&nbsp;R. {} a higher total R."
    ).format(
        Markup('<data value="{0}">{0}</data>').format(best["combo_id"]),
        number(best["score"], 4),
        number(metrics["total_r"], 1),
        plural(int(metrics["total_trades"]), "trade"),
        number(metrics["winrate"], 1),
        number(metrics["max_drawdown"], 1),
        _have(eligible.above_best),
    )


def _have(n: int) -> Markup | str:
    if n < 2:
        return "One combination has" if n else "No combination has"
    return Markup("{} have").format(plural(n, "combination"))


def edge_text(found: list[Edge]) -> Markup:
    """On the edge of which axes a combination lies."""
    if not found:
        return Markup(
            "It lies on the edge of no axis: each of its numbers has a lower and a higher one"
            " beside it in the grid."
        )
    open_ones = [_edge(edge) for edge in found if edge.goes_on]
    ends = [_edge(edge) for edge in found if not edge.goes_on]
    axes = plural(len(found), "axis", "axes")
    parts = [Markup("It lies on the edge of {}.").format(axes)]
    if open_ones:
        parts.append(
            Markup("Beyond {} the grid has no value, so what lies there is not known.").format(
                listed(open_ones)
            )
        )
    if ends:
        parts.append(Markup("At {} the axis itself ends.").format(listed(ends)))
    return sentences(parts)


def _edge(edge: Edge) -> Markup:
    return Markup("{} ({})").format(named(edge.name, edge.value), edge.end)


def _neighbours(there: pd.DataFrame, best: BestRecord) -> Markup:
    if there.empty:
        return Markup("It has no direct neighbour: every axis has one value.")
    total_r = there["total_r"].to_numpy(np.float32)
    known = total_r[~np.isnan(total_r)]
    if not len(known):
        return Markup("None of its direct neighbours is computed.")
    worst = int(np.nanargmin(total_r))
    low, high = shortest_decimals(np.array([known.min(), known.max()]))
    missing = len(there) - len(known)
    profitable = int(np.count_nonzero(known > 0))
    return sentences(
        [
            Markup("{} of its {} (one parameter one step away) {} profitable.").format(
                number(profitable),
                plural(len(known), "direct neighbour"),
                verb(profitable, len(known)),
            ),
            Markup(
                "Their total R runs from {}&nbsp;R at {} to {}&nbsp;R, with a median of {}&nbsp;R,"
                " against {}&nbsp;R of the best set."
            ).format(
                number(low, 1),
                named(str(there["parameter"].iloc[worst]), there["value"].iloc[worst]),
                number(high, 1),
                number(significant(float(np.median(known.astype(np.float64)))), 1),
                number(best["metrics"]["total_r"], 1),
            ),
            Markup("{} more {} not computed.").format(
                number(missing), "is" if missing == 1 else "are"
            )
            if missing
            else Markup(""),
        ]
    )


def _ambiguous(best: BestRecord) -> Markup:
    trades, ambiguous = (int(best["metrics"][n]) for n in ("total_trades", "ambiguous_trades"))
    share = significant(100 * ambiguous / trades) if trades else 0.0
    return Markup(
        "{} of its {} ({}&nbsp;%) {} ambiguous. Such a trade ends in a bar that reached both its"
        " stop and its target; which came first is not known."
    ).format(
        number(ambiguous),
        plural(trades, "trade"),
        percent(share),
        verb(ambiguous, trades),
    )


def _other_model(report: Report) -> Markup:
    replay = report.replay
    if isinstance(replay, NoReplay):
        return Markup("Not measured. {}").format(replay.reason)
    own = report.overall.best["total_r"].head(TOP_TABLE).to_numpy(np.float64)
    other = replay.other["total_r"].to_numpy(np.float64)
    profitable = int(np.count_nonzero(other > 0))
    return Markup(
        "Under the {} model {} of the best {} {} profitable. Their median total R is {}&nbsp;R,"
        " against {}&nbsp;R as run; the best set makes {}&nbsp;R, against {}&nbsp;R."
    ).format(
        replay.other_model,
        number(profitable),
        number(len(other)),
        verb(profitable, len(other)),
        number(significant(float(np.median(other))), 1),
        number(significant(float(np.median(own))), 1),
        number(float(other[0]), 1),
        number(float(own[0]), 1),
    )


def _in_sample(report: Report) -> Markup:
    return Markup(
        "Best of {} on this data; expect worse on new data. Every figure here is in sample: the"
        " best of so many tries looks good even where none has an edge."
    ).format(plural(report.n_computed, "combination"))
