"""Context of a run: settings, inputs and run directory of the run that this process works on."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from rich.console import Console

from ib_grid.grid.chunks import ChunkPlan
from ib_grid.runs import chunk_summary, inventory
from ib_grid.runs.chunk_summary import Summary
from ib_grid.runs.inventory import Stored
from ib_grid.runs.partition_layout import results_folder
from ib_grid.storage.paths import AnyPath
from pipelines.cluster.clusters import Cluster
from pipelines.config.settings import Settings
from pipelines.inputs.inputs import RunInputs

# What a stop says once nothing is left to compute.
ALL_DONE = "Every chunk is done. Run the same command again for the report."


def say(console: Console, text: str) -> None:
    """Print a line as it is, however long."""
    console.print(text, soft_wrap=True, highlight=False, markup=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunContext:
    """A run that this process works on.

    With `keep_open`, workers that have finished stay until that stack is closed.
    """

    settings: Settings
    inputs: RunInputs
    console: Console
    folder: AnyPath
    plan: ChunkPlan
    fingerprint: str
    cluster: Cluster
    keep_open: contextlib.ExitStack | None = None

    @property
    def dataset(self) -> AnyPath:
        """The Parquet data set of the run."""
        return results_folder(self.folder, self.inputs.symbol)

    def say(self, text: str) -> None:
        """Print a line."""
        say(self.console, text)

    def stored(self, *, read_all: bool) -> Stored:
        """Return the valid partitions; set damaged ones aside and say so."""
        stored = inventory.take_stock(self.dataset, self.plan, self.fingerprint, read_all=read_all)
        for damaged in stored.damaged:
            self.say(f"note: {damaged}")
        return stored

    def unfiltered(self, stored: Stored) -> list[int]:
        """Return the chunks whose partitions still hold rows beyond the top k."""
        if self.inputs.row_filter.top is None:
            return []
        return [index for index, record in sorted(stored.records.items()) if not record.is_cut]

    def summary_of(self, stored: Stored) -> Summary:
        """Return the merged summary of the stored chunks."""
        summaries = (stored.records[index].summary for index in sorted(stored.records))
        return chunk_summary.merge(summaries, self.settings.ranking.min_trades)
