"""Facts of a report, the same in text, JSON, Excel and HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypedDict

import pandas as pd

from ib_grid.grid.columns import METRIC_COLUMNS, METRIC_NAMES
from ib_grid.grid.glossary import SCALING
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.variations import VARIATION_RULES
from pipelines.render.numbers import Scalar, row_values, shortest_decimals, significant
from pipelines.report.measures.eligible import RIVAL_COLUMNS
from pipelines.report.measures.ranked_rows import Ranking
from pipelines.report.measures.replay import NoReplay
from pipelines.report.measures.sums import Sums
from pipelines.report.report import Report, VariationReport

_LEAST_R = 0.05  # shown as 0.1


class Section(NamedTuple):
    """Heading and the facts below it."""

    heading: str
    facts: Mapping[str, Scalar]


def sections(report: Report) -> list[Section]:
    """Return the summary of a report, in reading order; the verdict opens it."""
    return [
        Section("Verdict", verdict_values(report)),
        Section("Run", _run(report)),
        Section("Combinations", {**_coverage(report), **sums_values(report.overall.sums)}),
        Section("Ranking", ranking_values(report.overall, report.settings.ranking.min_trades)),
        Section(f"{report.attribute.capitalize()} combination", _selected_values(report)),
    ]


def _selected_values(report: Report) -> dict[str, Scalar]:
    texts = {"rivals": rivals_text(report), "at the end": now_text(report)}
    told = {f"note, {name}": text for name, text in texts.items() if text}
    return {**best_values(report.overall), **told}


def verdict_values(report: Report) -> dict[str, Scalar]:
    """Return the verdict: its level, its text, and the reasons."""
    reasons = {f"reason {i}": str(reason) for i, reason in enumerate(report.verdict.reasons, 1)}
    return {"verdict": report.verdict.level, "in words": report.verdict.text, **reasons}


def _run(report: Report) -> dict[str, Scalar]:
    info = report.info
    notes = {f"note {i}": note for i, note in enumerate(info.notes, 1)}
    return {
        "symbol": info.symbol,
        "bars": info.n_bars,
        "first_bar_utc": info.first_bar_utc,
        "last_bar_utc": info.last_bar_utc,
        **{f"execution {name}": _text(value) for name, value in info.execution.items()},
        "fingerprint": info.fingerprint,
        **notes,
    }


def _text(value: Any) -> Scalar:
    """Return a setting; spreads by hour as one text."""
    if not isinstance(value, Mapping):
        return value
    spreads = ", ".join(f"{spread:g}" for spread in value["points"])
    return f"{spreads} points from 00:00 on, {value['clock']}"


def state(report: Report) -> str:
    """Return the computed share of the grid as a sentence."""
    if report.is_partial:
        return f"PARTIAL: {report.grid_share_pct}% of the grid has been computed"
    return "complete: the whole grid has been computed"


def _coverage(report: Report) -> dict[str, Scalar]:
    kept = {} if report.info.row_filter.every_row else {"kept": report.n_rows}
    return {
        "state": state(report),
        "grid": len(report.info.grid),
        "computed": report.n_computed,
        **kept,
        "grid_share_pct": report.grid_share_pct,
    }


def sums_values(sums: Sums) -> dict[str, Scalar]:
    """Return the sums over some combinations, by name."""
    return {
        "combinations": sums.combinations,
        "combinations_with_trades": sums.combinations_with_trades,
        "profitable_combinations": sums.profitable_combinations,
        "trades": sums.trades,
        "total_r": significant(sums.total_r),
        "average_r": significant(sums.average_r),
    }


def ranking_values(ranking: Ranking, min_trades: int) -> dict[str, Scalar]:
    """Return the facts of a ranking: the score, the number ranked, the range of each metric."""
    terms = " + ".join(f"{weight!r} * {name}" for name, weight in ranking.weights.items())
    eligible = ranking.extrema.n_rows
    values: dict[str, Scalar] = {
        "score": f"{terms}; each metric {SCALING} over the ranked combinations, 0 if constant",
        "min_trades": min_trades,
        "eligible": eligible,
    }
    if eligible:
        low, high = (shortest_decimals(v) for v in (ranking.extrema.low, ranking.extrema.high))
        for i, name in enumerate(ranking.weights):
            values[f"{name} lowest"] = float(low[i])
            values[f"{name} highest"] = float(high[i])
    return values


def best_values(ranking: Ranking) -> dict[str, Scalar]:
    """Return id, score, parameters and metrics of the best combination of a ranking."""
    if ranking.best.empty:
        return {"best": "no combination has enough trades to be ranked"}
    row = row_values(ranking.best.iloc[0].to_dict())
    metrics = [ranking.scope.prefix + name for name in METRIC_NAMES]
    names = ("combo_id", "score", *PARAM_NAMES, *(name for name in metrics if name in row))
    return {name: row[name] for name in names}


def rivals_text(report: Report) -> str:
    """Return which combinations beat the selected one on all main metrics but the win rate."""
    rivals, best = report.eligible.rivals, best_record(report.overall)
    if best is None or not rivals.n:
        return ""
    named = [f"{row['combo_id']} ({_figures(row)})" for row in rivals.highest.to_dict("records")]
    few = rivals.n <= len(named)
    several = f"{rivals.n:,} combinations beat" if rivals.n > 1 else "One combination beats"
    return (
        f"{several} the selected one ({_figures(best['metrics'])}) on total R, Sharpe ratio and"
        f" drawdown at once{':' if few else ', such as'} {', '.join(named)}."
    )


def _figures(metrics: Mapping[Any, Any]) -> str:
    total_r, sharpe, drawdown = (metrics[name] for name in RIVAL_COLUMNS)
    return f"{total_r:,.1f} R, Sharpe {sharpe:.2f}, drawdown {drawdown:,.1f} R"


def now_text(report: Report) -> str:
    """Return how the selected combination stands at the end of the bars; empty if at its best."""
    if isinstance(report.replay, NoReplay) or not report.is_profitable:
        return ""
    trades = report.replay.trades[0]
    year_ago = pd.Timestamp(report.info.last_bar_utc[:10]) - pd.DateOffset(years=1)
    curve, dates = trades["r"].cumsum(), trades["date"]
    below = curve.clip(lower=0).max() - curve.iloc[-1]
    lost = -trades["r"][dates > year_ago].sum() if dates.iloc[0] <= year_ago else 0.0
    parts = [f"ends {below:,.1f} R below its peak"] if below >= _LEAST_R else []
    parts += [f"lost {lost:,.1f} R in the last year"] if lost >= _LEAST_R else []
    return f"The {report.attribute} combination {' and '.join(parts)}." if parts else ""


class BestRecord(TypedDict):
    """Best combination with all kept metrics, as in JSON."""

    combo_id: int
    score: float
    params: dict[str, Scalar]
    metrics: dict[str, int | float]


def best_record(ranking: Ranking) -> BestRecord | None:
    """Return the best combination of a ranking; None if nothing is ranked."""
    if ranking.best.empty:
        return None
    row = row_values(ranking.best.iloc[0].to_dict())
    return BestRecord(
        combo_id=int(row["combo_id"]),
        score=float(row["score"]),
        params={name: row[name] for name in PARAM_NAMES},
        metrics={name: row[name] for name in METRIC_COLUMNS if name in row},  # type: ignore[misc]
    )


def variation_values(ranking: Ranking) -> dict[str, Scalar | None]:
    """Return the sums of a variation and its best combination; None if nothing is ranked."""
    best = best_record(ranking)
    values: dict[str, Scalar | None] = {**sums_values(ranking.sums)}
    values["eligible"] = ranking.extrema.n_rows
    values["best_combo_id"] = best["combo_id"] if best else None
    values["best_score"] = best["score"] if best else None
    for name in ("total_trades", "total_r", "sharpe_ratio", "winrate"):
        values[f"best_{name}"] = best["metrics"][ranking.scope.prefix + name] if best else None
    return values


def filter_text(name: str, variation: VariationReport) -> str:
    """Return the combinations behind the figures of a variation, as a phrase."""
    if variation.variation_filter == "none":
        return "all combinations"
    return f"combinations where {name} applies: {VARIATION_RULES[name].text}"


def variations_frame(report: Report) -> pd.DataFrame:
    """Return a row per variation: selected figures, then unfiltered ones; dtype object."""
    rows = []
    for name, variation in report.variations.items():
        unfiltered = variation_values(variation.unfiltered)
        rows.append(
            {
                "variation": name,
                "filter": variation.variation_filter,
                "rule": VARIATION_RULES[name].text,
                **variation_values(variation.selected),
                **{f"unfiltered_{key}": value for key, value in unfiltered.items()},
                "grid_share_pct": report.grid_share_pct,
            }
        )
    return pd.DataFrame(rows, dtype=object)
