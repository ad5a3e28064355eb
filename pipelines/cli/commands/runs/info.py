"""Bars, grid and expected running time of a run."""

from __future__ import annotations

import typer

from pipelines.cli.option_groups import Given, takes_settings
from pipelines.config.run_options import (
    DataOptions,
    DateOptions,
    ExecutionOptions,
    GridOptions,
    HoldOutOptions,
    InstrumentOptions,
    NewsOptions,
    WorkerOptions,
)


@takes_settings(
    InstrumentOptions,
    GridOptions,
    DataOptions,
    DateOptions,
    HoldOutOptions,
    ExecutionOptions,
    NewsOptions,
    WorkerOptions,
)
def info(given: Given) -> None:
    """Show bars, levels, grid size and expected running time."""
    settings = given.settings()
    from pipelines.run.info import describe

    for line in describe(settings):
        typer.echo(line)
