"""What a run has left: report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from pipelines import options

if TYPE_CHECKING:
    from pipelines.report.build import VariationFilter


def report(
    run: Annotated[Path, typer.Argument(help="Run directory, finished or not.")],
    variation_filter: options.VariationFilter = "rule",
    top: Annotated[int, typer.Option(help="Combinations ranked, and shown in Excel.")] = 10_000,
    excel: options.Excel = False,
    config_file: options.Config = None,
) -> None:
    """Write the ranking and all result files of a run again, from its Parquet files."""
    from pipelines import config
    from pipelines.report.screen import show_report
    from pipelines.reporting import report_run
    from pipelines.show import terminal

    written = report_run(
        run,
        ranking=config.load_ranking(config_file),
        variation_filter=cast("VariationFilter", variation_filter),
        n_best=top,
        excel=excel,
    )
    show_report(terminal(), *written)
