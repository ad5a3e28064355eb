"""Report files written again."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ib_grid.storage.paths import parse_path
from pipelines.cli import arguments


def report(
    run: arguments.Run,
    variation_filter: Annotated[
        Literal["rule", "none"],
        typer.Option(
            help="rule: rank a variation only where it applies. none: rank it everywhere."
        ),
    ] = "rule",
    top: Annotated[
        int, typer.Option(help="Number of combinations to rank and to list in Excel.")
    ] = 10_000,
    excel: arguments.Excel = False,
    config_file: arguments.Config = None,
) -> None:
    """Write the report of a run again from its stored results."""
    from pipelines.cluster.clusters import default_workers
    from pipelines.config import configuration
    from pipelines.render.tables import terminal
    from pipelines.report.report_run import report_run
    from pipelines.report.screen import show_report

    written = report_run(
        parse_path(run),
        ranking=configuration.load_ranking(config_file),
        variation_filter=variation_filter,
        n_best=top,
        excel=excel,
        processes=default_workers(),
    )
    show_report(terminal(), *written)
