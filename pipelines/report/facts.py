"""What a report says in words and single numbers; text, JSON and Excel all take it from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypedDict

import pandas as pd

from ib_grid.grid.columns import METRIC_COLUMNS, METRIC_NAMES
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.variations import VARIATION_RULES, Sums
from pipelines.render.numbers import Scalar, row_values, shortest_decimals, significant
from pipelines.report.measures.ranking import Ranking
from pipelines.report.report import Report, VariationReport


class Section(NamedTuple):
    """A heading and the facts below it."""

    heading: str
    facts: Mapping[str, Scalar]


def sections(report: Report) -> list[Section]:
    """The summary of a report, in reading order."""
    return [
        Section("Run", _run(report)),
        Section("Combinations", {**_coverage(report), **sums_values(report.overall.sums)}),
        Section("Ranking", ranking_values(report.overall, report.settings.ranking.min_trades)),
        Section("Best combination", best_values(report.overall)),
    ]


def _run(report: Report) -> dict[str, Scalar]:
    info = report.info
    notes = {f"note {i}": note for i, note in enumerate(info.notes, 1)}
    return {
        "symbol": info.symbol,
        "bars": info.n_bars,
        "first_bar_utc": info.first_bar_utc,
        "last_bar_utc": info.last_bar_utc,
        **{f"execution {name}": value for name, value in info.execution.items()},
        "fingerprint": info.fingerprint,
        **notes,
    }


def state(report: Report) -> str:
    """Whether the whole grid is computed, as a sentence."""
    if report.is_partial:
        return f"PARTIAL: {report.grid_share_pct} % of the grid is computed"
    return "complete: the whole grid is computed"


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
    """The sums over a set of combinations, by name."""
    return {
        "combinations": sums.combinations,
        "combinations_with_trades": sums.combinations_with_trades,
        "profitable_combinations": sums.profitable_combinations,
        "trades": sums.trades,
        "total_r": significant(sums.total_r),
        "average_r": significant(sums.average_r),
    }


def ranking_values(ranking: Ranking, min_trades: int) -> dict[str, Scalar]:
    """How a ranking came about: its score, who is eligible, the extrema it is normalised by."""
    terms = " + ".join(f"{weight!r} * {name}" for name, weight in ranking.weights.items())
    eligible = ranking.extrema.n_rows
    values: dict[str, Scalar] = {
        "score": f"{terms}; each min-max normalised over the eligible, 0 if constant",
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
    """The best combination's id, score, parameters and the metrics of the ranking's scope."""
    if ranking.best.empty:
        return {"none": "no combination has enough trades to be ranked"}
    row = row_values(ranking.best.iloc[0].to_dict())
    metrics = [ranking.scope.prefix + name for name in METRIC_NAMES]
    names = ("combo_id", "score", *PARAM_NAMES, *(name for name in metrics if name in row))
    return {name: row[name] for name in names}


class BestRecord(TypedDict):
    """The best combination with all of its metrics that are kept, as JSON has it."""

    combo_id: int
    score: float
    params: dict[str, Scalar]
    metrics: dict[str, int | float]


def best_record(ranking: Ranking) -> BestRecord | None:
    """The best combination of a ranking; None where there is none."""
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
    """A variation's sums and its best combination's id and figures; None where there is none."""
    best = best_record(ranking)
    values: dict[str, Scalar | None] = {**sums_values(ranking.sums)}
    values["eligible"] = ranking.extrema.n_rows
    values["best_combo_id"] = best["combo_id"] if best else None
    values["best_score"] = best["score"] if best else None
    for name in ("total_trades", "total_r", "sharpe_ratio", "winrate"):
        values[f"best_{name}"] = best["metrics"][ranking.scope.prefix + name] if best else None
    return values


def filter_text(name: str, variation: VariationReport) -> str:
    """What a variation's figures are taken over, as a phrase."""
    if variation.variation_filter == "none":
        return "all combinations"
    return f"combinations in which {name} counts: {VARIATION_RULES[name].text}"


def variations_frame(report: Report) -> pd.DataFrame:
    """A row per variation: selected figures, unfiltered figures beside them; dtype object."""
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
