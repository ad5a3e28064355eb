"""Comparison of a run with its bars."""

from __future__ import annotations

from typing import Annotated

import typer

from ib_grid.storage.paths import parse_path
from pipelines.cli import arguments


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
