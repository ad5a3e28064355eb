"""From a run directory to its report: what the manifest says, and the files beside it."""

from __future__ import annotations

from ib_grid.analysis import RunSource, load_source
from ib_grid.errors import InputError
from ib_grid.grid.scoring import RankingSettings
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
    workbook_place,
)
from pipelines.report.run_info import run_info


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
    source : RunSource, optional
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
    with open_executor(n_readers, workers) as executor:
        if n_computed is None:
            dataset = results_folder(run_dir, manifest.symbol)
            n_computed = inventory.check_contents(dataset, manifest.plan(), manifest.fingerprint)
        executor.submit_thread(_make_ready)
        info = run_info(manifest, folder, n_computed)
        report = build_report(run_dir, info, settings, source or _source(manifest), executor)
    from pipelines.report.write import write_report

    return report, write_report(report, folder, excel=excel)


def _make_ready() -> None:
    """Have at hand what files are made with, which takes as long as a pass over the rows."""
    from pipelines.render.html.assembly import plotly_base64
    from pipelines.report import write  # noqa: F401 - and with it plotly

    plotly_base64()  # which is kept


def _source(manifest: Manifest) -> RunSource | NoReplay:
    """What the run was computed from, or why it cannot be had any more."""
    try:
        return load_source(manifest)
    except InputError as error:
        said = f"{error.message}, {error.location}" if error.location else error.message
        return NoReplay(f"The best sets could not be traded again: {said}.")
