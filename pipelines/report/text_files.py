"""Text files of a report."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

import pandas as pd

from ib_grid.storage.paths import AnyPath
from pipelines.render.numbers import Scalar, row_values, text
from pipelines.render.tables import Column, plain_text, table_of
from pipelines.report import facts
from pipelines.report.measures.ranked_rows import Ranking
from pipelines.report.report import Report, VariationReport

TOP_LINES = 10
_LEFT = ("ib_start", "ib_end", "stop_mode", "variation", "filter", "figure")


def summary_text(report: Report, run_dir: AnyPath) -> str:
    """Return the verdict, the run, the ranking, the selected combination and the top ten."""
    parts = [_title(f"{report.info.symbol}: summary of {run_dir.resolve().name}")]
    parts += [_section(heading, values) for heading, values in facts.sections(report)]
    parts.append(f"{_heading('Variations')}{_variations_table(report)}")
    parts.append(f"{_heading('Top ten')}{_top_table(report.overall)}")
    parts.append(_trades_command(report, run_dir))
    return "\n".join(part for part in parts if part)


def variation_text(report: Report, run_dir: AnyPath) -> str:
    """Return each variation: its rule, sums with and without the rule, and best combination."""
    parts = [_title(f"{report.info.symbol}: variations of {run_dir.resolve().name}")]
    parts.append(_section("Combinations", {"state": facts.state(report)}))
    parts.append(
        "The figures of a variation cover its own trades, in combinations that trade the other\n"
        "variations as well; `ib-grid trades` lists the trades of all.\n"
    )
    for name, variation in report.variations.items():
        parts.append(_variation(name, variation, report))
    return "\n".join(parts)


def _variation(name: str, variation: VariationReport, report: Report) -> str:
    selected = variation.selected
    unfiltered = facts.variation_values(variation.unfiltered)
    figures = [
        {"figure": figure, "selected": text(figure, value), "all": text(figure, unfiltered[figure])}
        for figure, value in facts.variation_values(selected).items()
    ]
    over = {"selected": facts.filter_text(name, variation), "all": "all combinations"}
    ranking = facts.ranking_values(selected, report.settings.ranking.min_trades)
    return "\n".join(
        [
            _section(name, over),
            table(figures),
            _lines(ranking),
            _lines(facts.best_values(selected)),
            _top_table(selected),
        ]
    )


def _variations_table(report: Report) -> str:
    names = ("combinations_with_trades", "trades", "total_r", "average_r", "best_combo_id")
    rows: list[dict[str, Scalar | None]] = []
    for name, variation in report.variations.items():
        for filter_name, ranking in (
            ("rule", variation.by_rule),
            ("none", variation.unfiltered),
        ):
            values = facts.variation_values(ranking)
            figures = {figure: values[figure] for figure in names}
            rows.append({"variation": name, "filter": filter_name, **figures})
    return table(rows)


def _top_table(ranking: Ranking) -> str:
    if ranking.best.empty:
        return "Nothing is ranked: no combination has enough trades.\n"
    own = [ranking.scope.prefix + n for n in ("total_trades", "winrate", "total_r", "sharpe_ratio")]
    own += [f"{ranking.scope.prefix}max_drawdown"]
    names = ["rank", "combo_id", "score", *own, "ib_start", "ib_end", "ib_wait_minutes"]
    names += ["trade_window_minutes", "rr_target", "stop_mode", "tsl_target", "tsl_sl"]
    rows = ranking.best[names].head(TOP_LINES).to_dict("records")
    return table([row_values(row) for row in rows])


def _trades_command(report: Report, run_dir: AnyPath) -> str:
    if report.overall.best.empty:
        return ""
    symbol = report.info.symbol
    params = shlex.quote(str(run_dir / f"{symbol}_best_params.json"))
    command = f"{report.info.trades_command} --params {params} --out {symbol}_trades.csv"
    return f"To list the trades of the {report.attribute} combination:\n  {command}\n"


def table(rows: Sequence[Mapping[str, Scalar | None]]) -> str:
    """Return rows with the same names, at least one, as aligned columns."""
    cells = pd.DataFrame([{name: text(name, row[name]) for name in row} for row in rows])
    columns = [Column(name, name, left=name in _LEFT) for name in map(str, cells)]
    return plain_text(table_of(cells, columns, rule=False))


def _title(title: str) -> str:
    return f"{title}\n{'=' * len(title)}\n"


def _heading(heading: str) -> str:
    return f"{heading}\n{'-' * len(heading)}\n"


def _section(heading: str, values: Mapping[str, Scalar]) -> str:
    return _heading(heading) + _lines(values)


def _lines(values: Mapping[str, Scalar]) -> str:
    width = max(map(len, values))
    return "".join(f"{name.ljust(width)}  {text(name, value)}\n" for name, value in values.items())
