"""From a run directory to its report: what the manifest says, and the files beside it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from ib_grid.analysis import Source, load_source
from ib_grid.errors import InputError
from ib_grid.errors.validation import points
from ib_grid.grid.row_filter import Cut
from ib_grid.grid.scoring import RankingSettings
from ib_grid.market.instruments import INSTRUMENTS
from ib_grid.news.run_news import statement_lines
from ib_grid.runs import inventory
from ib_grid.runs.manifest import RUN_FILE, Manifest, read_manifest
from ib_grid.runs.partitions import results_folder
from ib_grid.storage.paths import AnyPath
from pipelines.cluster.executors import open_readers, processes_for
from pipelines.cluster.local_cluster import Workers
from pipelines.report.build import (
    DEFAULT_BEST,
    TOP_ROWS,
    Report,
    ReportSettings,
    RunInfo,
    VariationFilter,
    read_report,
    workbook_place,
)
from pipelines.report.measures.replay import NoReplay


def report_run(
    run_dir: AnyPath,
    *,
    ranking: RankingSettings | None = None,
    variation_filter: VariationFilter = "rule",
    n_best: int = DEFAULT_BEST,
    excel: bool = False,
    n_computed: int | None = None,
    source: Source | None = None,
    processes: int = 1,
    workers: Workers | None = None,
) -> tuple[Report, list[AnyPath]]:
    """Write the report of a run, finished or not, into its directory.

    Parameters
    ----------
    run_dir : AnyPath
    ranking : RankingSettings, optional
        By default the one that the run was begun with.
    variation_filter : {"rule", "none"}
    n_best : int
    excel : bool
        Whether to write the workbook, too; one that is there is written again in any case.
    n_computed : int, optional
        Combinations that are computed, where this process has just looked at every file; by default
        all of each file is read and checked first.
    source : Source, optional
        What the run was computed from, where it is at hand; by default it is read again.
    processes : int
        As many are started to read the rows, if there are enough of these.
    workers : Workers, optional
        Those that read them, if they are there already.

    Returns
    -------
    Report
    list of AnyPath
        The files written, the summary first.

    Raises
    ------
    InputError
        If it is no run directory, has no results yet, or cannot be written.
    StoreError
        If a partition cannot be read, or the disk has no room.
    ClusterError
        If workers that are to read them cannot be started, are lost, or die of them repeatedly.
    """
    manifest = read_manifest(run_dir)
    # The command that the summary names works from any folder.
    folder = run_dir.resolve()
    settings = ReportSettings(
        ranking=ranking or RankingSettings(**manifest.ranking),  # type: ignore[arg-type]
        variation_filter=variation_filter,
        # Nobody but the workbook shows more, and each row takes reading all columns of its file.
        n_best=n_best if excel or workbook_place(folder, manifest.symbol).exists() else TOP_ROWS,
    )
    n_readers = processes_for(
        manifest.combinations, workers.count if workers else processes, are_there=bool(workers)
    )
    with open_readers(n_readers, workers) as several:
        if n_computed is None:
            dataset = results_folder(run_dir, manifest.symbol)
            n_computed = inventory.check_contents(dataset, manifest.plan(), manifest.fingerprint)
        several.submit_thread(_make_ready)
        info = run_info(manifest, folder, n_computed)
        report = read_report(run_dir, info, settings, source or _source(manifest), several)
    from pipelines.report.files import write_report

    return report, write_report(report, folder, excel=excel)


def _make_ready() -> None:
    """Have at hand what files are made with, which takes as long as a pass over the rows."""
    from pipelines.render.html.assembly import plotly_base64
    from pipelines.report import files  # noqa: F401 - and with it plotly

    plotly_base64()  # which is kept


def _source(manifest: Manifest) -> Source | NoReplay:
    """What the run was computed from, or why it cannot be had any more."""
    try:
        return load_source(manifest)
    except InputError as error:
        said = f"{error.message}, {error.location}" if error.location else error.message
        return NoReplay(f"The best sets could not be traded again: {said}.")


def run_info(manifest: Manifest, run_dir: AnyPath, n_computed: int | None = None) -> RunInfo:
    """What a report says about the run of a manifest, of its directory, and how far it has come."""
    data: Mapping[str, Any] = manifest.data
    execution: Mapping[str, Any] = manifest.execution
    return RunInfo(
        symbol=manifest.symbol,
        grid=manifest.plan().grid,
        execution=execution,
        n_bars=data["bars"],
        first_bar_utc=data["first"],
        last_bar_utc=data["last"],
        fingerprint=manifest.fingerprint,
        trades_command=_trades_command(manifest, run_dir),
        notes=(
            *_failures(manifest),
            *_left_out(manifest),
            *statement_lines(manifest.news_statement),
        ),
        keep=manifest.kept,
        cut=_cut(manifest),
        n_computed=None if manifest.kept.every_row else n_computed,
    )


def _cut(manifest: Manifest) -> Cut | None:
    return Cut.from_dict(manifest.cut) if manifest.cut else None


def _left_out(manifest: Manifest) -> list[str]:
    """What every reader of a run must know that has not kept all of its results."""
    said, cut = manifest.kept.said(), _cut(manifest)
    if cut:
        said.append(
            f"{cut.extrema.n_rows:,} combinations were ranked, and scores are those among all of"
            " them; every other figure is of the rows that are kept."
        )
        if manifest.state != "finished":
            said.append("Others are still among them: run again, and those are left out as well.")
    elif manifest.kept.top is not None:
        said.append("The best have not been chosen yet: every row that was computed is there.")
    elif manifest.kept.condition is not None:
        said.append("Scores and all other figures are those of the rows that are kept.")
    return said


def _failures(manifest: Manifest) -> list[str]:
    """What every reader of an unfinished run must know of its last attempt."""
    if manifest.state != "failed" or not manifest.attempts:
        return []
    failures: Any = manifest.attempts[-1].get("failures") or ["see what the run said"]
    return ["The run FAILED; what could not be computed is missing:", *map("  {}".format, failures)]


def _trades_command(manifest: Manifest, run_dir: AnyPath) -> str:
    """What to type for trades as the run made them, ``--params`` aside."""
    execution: Mapping[str, Any] = manifest.execution
    news = manifest.news_statement
    words = ["ib-grid", "trades", "--symbol", manifest.symbol, "--data", str(manifest.data["file"])]
    if manifest.described != INSTRUMENTS.get(manifest.symbol):
        words += ["--instruments", str(run_dir / RUN_FILE)]
    words += ["--execution", str(execution["model"])]
    words += ["--spread-points", points(execution["spread_points"])]
    for name in ("slippage_points", "commission_points"):
        if execution[name]:
            words += [f"--{name.replace('_', '-')}", points(execution[name])]
    # A filter that was accepted without a calendar has blocked nothing.
    words += _news_words(news) if news["enabled"] and news["paths"] else ["--no-news"]
    return shlex.join(words)


def _news_words(news: Mapping[str, Any]) -> list[str]:
    words = [word for path in news["paths"] for word in ("--news", path)]
    for name in ("before_minutes", "after_minutes"):
        words += [f"--news-{name.replace('_', '-')}", str(news[name])]
    words += ["--news-timezone", news["timezone"]] if news["timezone"] else []
    words += [word for name in news["currencies"] for word in ("--news-currency", name)]
    return [*words, "--news-coverage", news["coverage"]]
