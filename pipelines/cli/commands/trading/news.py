"""Effect of the news filter on one combination."""

from __future__ import annotations

import typer

from ib_grid.storage.paths import parse_path
from pipelines.cli import arguments
from pipelines.cli.choices import with_choices
from pipelines.cli.option_groups import Given, takes_settings
from pipelines.config.run_options import (
    DataOptions,
    DateOptions,
    ExecutionOptions,
    InstrumentOptions,
    NewsOptions,
)
from pipelines.render import formats

news = typer.Typer(
    name="news",
    help="Show what the news filter blocks.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


@news.command()
@with_choices
@takes_settings(InstrumentOptions, DataOptions, DateOptions, ExecutionOptions, NewsOptions)
def check(
    given: Given,
    params: arguments.Params,
    out: arguments.CsvFile = None,
    table_format: arguments.TableFormat = formats.Format.AUTO,
) -> None:
    """List candidates, blocked or not, with their nearest event.

    distance_minutes (min on the screen) is negative if the event is still to come and positive
    if it is over.
    """
    settings = given.settings()
    from pipelines.inputs import combination as of_one
    from pipelines.inputs.output_checks import check_not_an_input
    from pipelines.render.csv_files import write_csv
    from pipelines.render.data.tables import show_candidates
    from pipelines.render.tables import terminal

    params_file = parse_path(params)
    combination = of_one.load_combination(settings, params_file)
    found = of_one.candidates_and_news(combination)
    if out:
        check_not_an_input(out, [params_file, settings.bars_file, *settings.news])
        write_csv(found, out)
    else:
        show_candidates(terminal(), found, table_format)
    total = f"{len(found):,} candidates, {int(found['blocked'].sum()):,} blocked"
    typer.echo(total + (f", written: {out}" if out else ""), err=True)
    for line in combination.news.statement.lines:
        typer.echo(line, err=True)
