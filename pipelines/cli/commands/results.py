"""What a run has left: report, verify."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ib_grid.storage.paths import parse_path
from pipelines.cli import options

if TYPE_CHECKING:
    from pipelines.report.report import VariationFilter


def report(
    run: options.Run,
    variation_filter: options.VariationFilter = "rule",
    top: Annotated[int, typer.Option(help="Combinations ranked, and shown in Excel.")] = 10_000,
    excel: options.Excel = False,
    config_file: options.Config = None,
) -> None:
    """Write the ranking and all result files of a run again, from its Parquet files."""
    from pipelines.cluster.local_cluster import default_workers
    from pipelines.config import configuration
    from pipelines.render.data_tables import terminal
    from pipelines.report.report_run import report_run
    from pipelines.report.screen import show_report

    written = report_run(
        parse_path(run),
        ranking=configuration.load_ranking(config_file),
        variation_filter=cast("VariationFilter", variation_filter),
        n_best=top,
        excel=excel,
        processes=default_workers(),
    )
    show_report(terminal(), *written)


def verify(
    run: options.Run,
    sample: Annotated[
        int, typer.Option(min=0, help="Combinations to compute again with the reference engine.")
    ] = 20,
    seed: Annotated[
        int | None,
        typer.Option(min=0, help="Draws the same combinations again. [default: others each time]"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Bars of the run. [default: where they were when it was begun]"),
    ] = None,
) -> None:
    """Check a run: its files against its manifest, a sample of its numbers against the bars.

    Nothing is changed. Exit status: 0 all was checked and holds, 1 something is wrong, 2 no run, 3
    nothing is wrong but not all could be checked: the run is unfinished, its bars or calendars are
    gone.
    """
    import secrets

    from rich.console import Console

    from pipelines.render.data_tables import terminal
    from pipelines.verify import verify_run
    from pipelines.verify.show import show_verification, teller

    drawn_by = secrets.randbelow(2**32) if seed is None else seed
    found = verify_run(
        parse_path(run), sample=sample, seed=drawn_by, bars=data, tell=teller(Console(stderr=True))
    )
    show_verification(terminal(), found)
    if sample:
        typer.echo(f"The sample was drawn by --sample {sample} --seed {drawn_by}.")
    raise typer.Exit(found.exit_status)
