"""Trading on the held-out dates."""

from __future__ import annotations

from typing import Annotated

import typer

from ib_grid.storage.paths import parse_path
from pipelines.cli import arguments
from pipelines.render.formats import Format


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
