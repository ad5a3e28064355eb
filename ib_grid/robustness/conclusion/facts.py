"""Facts of a tested run, for its verdict."""

from __future__ import annotations

import dataclasses
import shlex

from ib_grid.engine.execution_settings import other_model
from ib_grid.engine.fast import engine
from ib_grid.robustness.conclusion.hold_out import HoldOut
from ib_grid.robustness.conclusion.robustness_file import read_robustness
from ib_grid.robustness.conclusion.run_facts import RunFacts
from ib_grid.robustness.conclusion.verdict import Verdict, verdict
from ib_grid.robustness.results import Robustness
from ib_grid.runs.manifest import Manifest
from ib_grid.runs.run import Run
from ib_grid.runs.source import RunSource
from ib_grid.storage.mapping_files import as_declared


def facts_of(
    manifest: Manifest, run: str, robustness: Robustness, source: RunSource | None
) -> RunFacts:
    """Return the facts of a run whose robustness was tested.

    Parameters
    ----------
    manifest : Manifest
    run : str
        The run directory.
    robustness : Robustness
    source : RunSource or None
        Data behind the run; without, the other execution model is unknown.
    """
    selected, other = robustness.selected, None
    if source is not None and selected is not None:
        other = other_total_r(source, selected.combo_id)
    return RunFacts(
        run=shlex.quote(run),
        model=manifest.fills.model,
        combinations=robustness.combinations,
        profitable=robustness.profitable,
        min_trades=robustness.min_trades,
        selected=selected,
        other_total_r=other,
        holds_out=manifest.session_dates.hold_out is not None,
        hold_out=opened_hold_out(manifest),
    )


def verdict_of(run: Run, source: RunSource | None = None) -> Verdict | None:
    """Return the verdict on a run from the file of its robustness tests.

    Parameters
    ----------
    run : Run
    source : RunSource, optional
        Data behind the run, `run.source`; without, the other execution model is not considered.

    Returns
    -------
    Verdict or None
        None if the robustness of the run was not tested.

    Raises
    ------
    DataError
        If the file is damaged or belongs to another run.
    """
    tests = load_robustness(run)
    if tests is None:
        return None
    return verdict(facts_of(run.manifest, str(run.path), tests, source), tests)


def load_robustness(run: Run) -> Robustness | None:
    """Return the results of the robustness tests of a run; None if they were not made."""
    return read_robustness(run.path, run.manifest)


def other_total_r(source: RunSource, combo_id: int) -> float:
    """Return the total R of a combination under the execution model that the run did not use."""
    execution = source.context.execution
    model = other_model(execution.model)
    context = dataclasses.replace(
        source.context, execution=dataclasses.replace(execution, model=model)
    )
    return float(engine.trades(context, source.params(combo_id))["r"].sum())


def opened_hold_out(manifest: Manifest) -> HoldOut | None:
    """Return the outcome of the hold-out of a run; None until it is opened."""
    return as_declared(HoldOut, manifest.hold_out) if manifest.hold_out else None
