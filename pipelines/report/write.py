"""Files of a report: CSV, JSON, text, HTML and Excel, replaced together or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ib_grid.errors import OutputError
from ib_grid.grid.variations import VARIATION_RULES
from ib_grid.storage.atomic_files import is_abandoned, whole_files
from ib_grid.storage.paths import AnyPath
from pipelines.render.tables import json_text
from pipelines.report import facts
from pipelines.report.excel import write_workbook
from pipelines.report.html.page import html_text
from pipelines.report.measures.replay import NoReplay
from pipelines.report.report import TOP_ROWS, VARIATION_ROWS, Report, workbook_path
from pipelines.report.text_files import summary_text, variation_text


def write_report(report: Report, run_dir: AnyPath, *, excel: bool = False) -> list[AnyPath]:
    """Write the files of a report into its run directory, replacing an earlier report.

    All files are written under temporary names and renamed at the end, so that a failure leaves
    the earlier report as it was. (In an object store this holds for a failure of the first file.)

    If nothing is ranked, there is no ``_best_params.json``; an earlier one is removed.

    An existing workbook is always rewritten, so that it agrees with the other files. The summary is
    the first of the returned paths.
    """
    paths = []
    _remove_abandoned(run_dir, report.info.symbol)
    with whole_files() as files:
        for name, content in _texts(report, run_dir).items():
            path = run_dir / f"{report.info.symbol}_{name}"
            with files.begin(path) as file:
                file.write(content.encode())
            paths.append(path)
        workbook = workbook_path(run_dir, report.info.symbol)
        if excel or workbook.exists():
            with files.begin(workbook) as file:
                write_workbook(report, file)
            paths.append(workbook)
    if report.overall.best.empty:
        _remove(run_dir / f"{report.info.symbol}_best_params.json")
    return paths


def _remove_abandoned(run_dir: AnyPath, symbol: str) -> None:
    """Remove what a process left that ended while it wrote a report."""
    if isinstance(run_dir, Path):  # objects are never half-written
        for path in run_dir.glob(f".{symbol}_*.partial"):
            if is_abandoned(path):
                _remove(path)


def _remove(path: AnyPath) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"cannot remove a file of an earlier report ({error.strerror or error})",
            location=str(path),
            hint="remove the file, which does not belong to this report",
        ) from error


def _texts(report: Report, run_dir: AnyPath) -> dict[str, str]:
    """Return the content of each file, by name without the symbol."""
    contents = {
        "summary.txt": summary_text(report, run_dir),
        f"top_{TOP_ROWS}.csv": _csv(_top_rows(report), report),
        "variations_summary.csv": _csv(facts.variations_frame(report), report),
        "variation_report.txt": variation_text(report, run_dir),
        "variation_agg.json": json_text(_aggregate(report)),
        "best_by_variation.json": json_text(_best_by_variation(report)),
        "report.html": html_text(report),
    }
    for name, variation in report.variations.items():
        contents[f"variation_{name}_top{VARIATION_ROWS}.csv"] = _csv(
            variation.selected.best, report
        )
    best = facts.best_record(report.overall)
    if best:
        contents["best_params.json"] = json_text(best["params"])
    return contents


def _top_rows(report: Report) -> pd.DataFrame:
    """Return the top rows; with the bars, also the rank of what represents each one."""
    top = report.overall.best.head(TOP_ROWS)
    if isinstance(report.replay, NoReplay):
        return top
    return top.assign(represented_by=report.replay.represented_by + 1)


def _csv(frame: pd.DataFrame, report: Report) -> str:
    return frame.assign(grid_share_pct=report.grid_share_pct).to_csv(
        index=False, lineterminator="\n"
    )


def _coverage(report: Report) -> dict[str, object]:
    return {
        "symbol": report.info.symbol,
        "partial": report.is_partial,
        "grid": len(report.info.grid),
        "computed": report.n_computed,
        "kept": report.n_rows,
        "grid_share_pct": report.grid_share_pct,
    }


def _aggregate(report: Report) -> Mapping[str, object]:
    """Return the sums of each variation: where it applies, and over all combinations."""
    of_variations = {
        name: {
            "rule": VARIATION_RULES[name].text,
            "by_rule": facts.sums_values(variation.by_rule.sums),
            "unfiltered": facts.sums_values(variation.unfiltered.sums),
        }
        for name, variation in report.variations.items()
    }
    overall = facts.sums_values(report.overall.sums)
    return {**_coverage(report), "overall": overall, "variations": of_variations}


def _best_by_variation(report: Report) -> Mapping[str, object]:
    of_variations = {
        name: {
            "filter": variation.variation_filter,
            "rule": VARIATION_RULES[name].text,
            "best": facts.best_record(variation.selected),
            "unfiltered_best": facts.best_record(variation.unfiltered),
        }
        for name, variation in report.variations.items()
    }
    overall = facts.best_record(report.overall)
    return {**_coverage(report), "overall": overall, "variations": of_variations}
