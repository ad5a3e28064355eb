"""Initial Balance levels saved as a file."""

from __future__ import annotations

from pipelines.cli.option_groups import Given, takes_settings
from pipelines.config.run_options import DataOptions, InstrumentOptions


@takes_settings(InstrumentOptions, DataOptions)
def levels(given: Given) -> None:
    """Save the Initial Balance levels of all sessions of a symbol."""
    settings = given.settings()
    from pipelines.inputs.prepare import prepare_levels
    from pipelines.render.data.tables import show_levels
    from pipelines.render.tables import terminal

    written = prepare_levels(settings.instrument, settings.bars_file, settings.levels_file)
    show_levels(terminal(), written, settings.symbol, settings.levels_file)
