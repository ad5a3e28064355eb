"""Report of a run directory: read the results, build the report, write its files."""

from __future__ import annotations

from pathlib import Path

from ib_grid.analysis import RunSource, load_source
from ib_grid.engine.metric_checks import MAIN_COLUMNS
from ib_grid.engine.results_version import RESULTS_VERSION
from ib_grid.errors import InputError
from ib_grid.grid.scoring import RankingSettings
from ib_grid.robustness.conclusion.robustness_file import read_robustness
from ib_grid.runs import inventory
from ib_grid.runs.manifest import Manifest, read_manifest
from ib_grid.runs.partition_layout import results_folder
from ib_grid.storage.paths import AnyPath
from pipelines.cluster.clusters import Workers
from pipelines.cluster.executors import open_executor, processes_for
from pipelines.report.measures.replay import NoReplay
from pipelines.report.report import (
    DEFAULT_BEST,
    TOP_ROWS,
    Report,
    ReportSettings,
    VariationFilter,
    build_report,
    workbook_path,
)
from pipelines.report.run_info import run_info

_NOT_REPLAYED = "The top combinations could not be replayed"


def report_run(
    run_dir: AnyPath,
    *,
    ranking: RankingSettings | None = None,
    variation_filter: VariationFilter = "rule",
    n_best: int = DEFAULT_BEST,
    excel: bool = False,
    n_computed: int | None = None,
    source: RunSource | None = None,
    processes: int = 1,
    workers: Workers | None = None,
) -> tuple[Report, list[AnyPath]]:
    """Write the report of a run, finished or not, into its directory.

    Parameters
    ----------
    excel : bool
        True to write the workbook; an existing workbook is always rewritten.
    n_computed : int, optional
        Number of computed combinations, if the caller has just checked every file; by default
        every file is read and checked first.
    source : RunSource, optional
        Data behind the run, if loaded already; by default it is loaded.
    processes : int
        Processes to start for reading, if there are enough rows.
    workers : Workers, optional
        Running workers that read the rows instead.

    Returns
    -------
    list of AnyPath
        The files written, the summary first.
    """
    manifest = read_manifest(run_dir)
    # The command that the summary names works from any folder.
    folder = run_dir.resolve()
    settings = ReportSettings(
        ranking=ranking or RankingSettings(**manifest.ranking),  # type: ignore[arg-type]
        variation_filter=variation_filter,
        # Only the workbook shows more, and each row costs reading all columns of its file.
        n_best=n_best if excel or workbook_path(folder, manifest.symbol).exists() else TOP_ROWS,
    )
    n_readers = processes_for(
        manifest.combinations, workers.count if workers else processes, are_there=bool(workers)
    )
    with open_executor(n_readers, workers) as executor:
        if n_computed is None:
            dataset = results_folder(run_dir, manifest.symbol)
            n_computed = inventory.check_contents(dataset, manifest.plan(), manifest.fingerprint)
        executor.submit_thread(_preload)
        info = run_info(manifest, folder, n_computed)
        tested = read_robustness(run_dir, manifest)
        found = source or source_or_reason(manifest)
        data = NoReplay(f"{_NOT_REPLAYED}: {found}.") if isinstance(found, str) else found
        report = build_report(run_dir, info, settings, data, executor, tested, checked=MAIN_COLUMNS)
    from pipelines.report.write import write_report

    return report, write_report(report, folder, excel=excel)


def _preload() -> None:
    """Pre-import plotly and pack plotly.js, which takes as long as a pass over the rows."""
    from pipelines.render.html.assembly import plotly_base64
    from pipelines.report import write  # noqa: F401 - imports plotly

    plotly_base64()  # cached


def source_or_reason(manifest: Manifest, bars: Path | None = None) -> RunSource | str:
    """Return the data behind a run, or the reason why they are unavailable.

    `bars` is their path if they were moved.
    """
    if manifest.results_version != RESULTS_VERSION:
        return (
            f"the results have version {manifest.results_version}, this ib-grid computes version"
            f" {RESULTS_VERSION}"
        )
    try:
        return load_source(manifest, bars)
    except InputError as error:
        return f"{error.message}, {error.location}" if error.location else error.message
