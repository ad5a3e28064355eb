"""Runs at higher costs."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli import arguments
from pipelines.render.formats import Format


def stress(
    run: arguments.Run,
    rank: arguments.Rank = None,
    combo_id: arguments.ComboId = None,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Threads that compute. [default: one per CPU]")
    ] = None,
    table_format: arguments.TableFormat = Format.AUTO,
) -> None:
    """Show what remains of a run at higher costs.

    Also with late entries and missed trades. Each scenario computes the whole grid again, in this
    process.
    """
    from rich.console import Console

    from pipelines.render.combinations.selected import select
    from pipelines.render.tables import terminal
    from pipelines.run.selected.stress import run_stress, show_stress

    selected = select(run, rank=rank, combo_id=combo_id)
    found = run_stress(selected, threads, Console(stderr=True))
    show_stress(terminal(), selected, found, table_format)
