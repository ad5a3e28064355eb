"""Demo run on synthetic bars."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli import arguments
from pipelines.cli.option_groups import Given, takes_settings
from pipelines.config.run_options import RobustnessOptions, WorkerOptions


@takes_settings(RobustnessOptions, WorkerOptions, config_file=False)
def demo(
    given: Given,
    output: Annotated[Path, typer.Option(help="Folder for the bars and the run.")] = Path("demo"),
    excel: arguments.Excel = False,
) -> None:
    """Try ib-grid on a year of synthetic bars."""
    from pipelines.cluster.local.fork_server import start_fork_server

    start_fork_server()  # workers import what they need while this process writes the bars
    from pipelines.cli.commands.runs.run import run_and_report
    from pipelines.config import configuration
    from pipelines.inputs.demo import DEMO_SYMBOL, write_demo_bars
    from pipelines.inputs.inputs import read_inputs
    from pipelines.render.tables import terminal

    data = write_demo_bars(output / "data")
    settings = configuration.load_settings(
        {
            "symbol": DEMO_SYMBOL,
            "data": data,
            "data_dir": output / "data",
            "output": output / "results",
            "news_filter": False,
            **given.options,
        }
    )
    terminal().print("Synthetic bars, not from a real market.")
    run_and_report(settings, read_inputs(settings), excel=excel)
