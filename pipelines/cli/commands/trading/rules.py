"""Rule files of prop firms."""

from __future__ import annotations

from typing import Annotated

import typer

from pipelines.cli import arguments
from pipelines.render.formats import Format


def rules(
    file: Annotated[
        str | None, typer.Argument(help="Rule file, or the name of an example. [default: all]")
    ] = None,
    table_format: arguments.TableFormat = Format.AUTO,
) -> None:
    """List the rule files of prop firms.

    Each with its age, its sources, and what is disputed or not simulated.
    """
    from ib_grid.account.challenge.rule_files import examples, find_rules
    from ib_grid.storage.timestamps import utc_today
    from pipelines.render.tables import terminal
    from pipelines.run.selected.show_challenge import show_rules

    names = examples() if file is None else (file,)
    show_rules(terminal(), [find_rules(name) for name in names], utc_today(), table_format)
