"""Commands on a finished run: report, verify, robustness, holdout."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from ib_grid.storage.paths import parse_path
from pipelines.cli import arguments
from pipelines.cli.option_groups import Given, takes_settings
from pipelines.config.run_options import ClusterOptions, WorkerOptions
from pipelines.render.formats import Format


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


def verify(
    run: arguments.Run,
    sample: Annotated[
        int,
        typer.Option(min=0, help="Number of combinations to recompute with the reference engine."),
    ] = 20,
    seed: Annotated[
        int | None,
        typer.Option(
            min=0, help="Seed of the sample; the same seed draws the same sample. [default: random]"
        ),
    ] = None,
    data: arguments.RunBars = None,
) -> None:
    """Check the files of a run and recompute some of its rows.

    Recomputes the rows of the report and a random sample, and changes nothing. Exit status: 0
    everything checked and correct, 1 something is wrong, 2 not a run, 3 nothing wrong but not
    everything could be checked, because the run is unfinished or its bars or calendars are missing.
    """
    import secrets

    from rich.console import Console

    from pipelines.render.tables import terminal
    from pipelines.verify import verify_run
    from pipelines.verify.show import progress_printer, show_verification

    sample_seed = secrets.randbelow(2**32) if seed is None else seed
    found = verify_run(
        parse_path(run),
        sample=sample,
        seed=sample_seed,
        bars=data,
        progress=progress_printer(Console(stderr=True)),
    )
    show_verification(terminal(), found)
    if sample:
        typer.echo(f"Repeat this sample with --sample {sample} --seed {sample_seed}.")
    raise typer.Exit(found.exit_status)


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


def holdout(
    run: Annotated[str, typer.Argument(help="Directory of a finished run, or its URL.")],
    data: arguments.RunBars = None,
    table_format: arguments.TableFormat = Format.AUTO,
) -> None:
    """Trade the selected combination on the held-out dates.

    The outcome is recorded in run.json the first time; later calls only show it.
    """
    from pipelines.render.tables import terminal
    from pipelines.run.selected.hold_out import open_hold_out, show_hold_out

    show_hold_out(terminal(), open_hold_out(parse_path(run), data), table_format)
