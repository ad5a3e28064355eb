"""Robustness tests of a selection."""

from __future__ import annotations

from typing import Annotated

import typer

from ib_grid.storage.paths import parse_path
from pipelines.cli import arguments
from pipelines.cli.option_groups import Given, takes_settings
from pipelines.config.run_options import ClusterOptions, WorkerOptions
from pipelines.render.formats import Format

_InSampleMonths = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Months on which the walk-forward selects. [default: 12; half of the months if there"
        " are fewer than 24]",
    ),
]


@takes_settings(WorkerOptions, ClusterOptions, config_file=False)
def robustness(
    given: Given,
    run: arguments.Run,
    draws: Annotated[
        int, typer.Option(min=1, help="Number of repeats with coin-flipped trade directions.")
    ] = 499,
    in_sample_months: _InSampleMonths = None,
    out_of_sample_months: Annotated[
        int, typer.Option(min=1, help="Months for which each selection is then traded.")
    ] = 1,
    anchored: Annotated[
        bool, typer.Option("--anchored", help="Select on all months from the first one on.")
    ] = False,
    blocks: Annotated[
        int | None,
        typer.Option(help="Blocks of dates in the cross-validation, an even number. [default: 12]"),
    ] = None,
    resamples: Annotated[
        int, typer.Option(min=1, help="Number of bootstrap resamples in the reality check.")
    ] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of coin flips and bootstrap.")] = 0,
    data: arguments.RunBars = None,
    table_format: arguments.TableFormat = Format.AUTO,
) -> None:
    """Test whether the selection of a run may be luck.

    Repeats the selection on the whole grid: with coin-flipped trade directions, on past months and
    on halves of the dates. The results go into SYMBOL_robustness.json in the run directory.
    """
    from rich.console import Console

    from ib_grid.robustness.plan import RobustnessSettings
    from ib_grid.runs.manifest import read_manifest
    from ib_grid.runs.source import load_source
    from pipelines.cluster.clusters import choose_cluster
    from pipelines.config import configuration
    from pipelines.render.tables import terminal
    from pipelines.run.selected.robustness.make import make_robustness
    from pipelines.run.selected.robustness.show import show_robustness

    run_dir = parse_path(run)
    manifest = read_manifest(run_dir)
    settings = configuration.load_settings({"symbol": manifest.symbol, **given.options})
    tests = RobustnessSettings(
        draws=draws,
        seed=seed,
        in_sample_months=in_sample_months,
        out_of_sample_months=out_of_sample_months,
        scheme="anchored" if anchored else "rolling",
        blocks=blocks,
        resamples=resamples,
    )
    made = make_robustness(
        run_dir,
        load_source(manifest, data),
        tests,
        Console(stderr=True),
        cluster=choose_cluster(settings),
    )
    show_robustness(terminal(), *made, table_format)
