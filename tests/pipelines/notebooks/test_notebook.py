"""The notebook runs without a warning from a finished run to a decision, and is stored clean."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from plotly.offline import get_plotlyjs

from ib_grid.analysis import top
from ib_grid.robustness.conclusion.facts import facts_of
from ib_grid.robustness.conclusion.robustness_file import write_robustness
from ib_grid.robustness.conclusion.verdict import verdict
from ib_grid.robustness.results import Selected
from ib_grid.runs.run import Run, load_run
from pipelines.inputs.demo import write_demo_bars
from tests.helpers.paths import ROOT
from tests.helpers.runs.computed_runs import computed_run
from tests.helpers.runs.tested_runs import robustness

NOTEBOOK = ROOT / "pipelines" / "notebooks" / "explore_results.ipynb"
FIGURE = "application/vnd.plotly.v1+json"
MOST_BYTES = 2_000_000
MIN_FIGURES = 18
N_BEST = 100
LEAST_COMBINATIONS = 100_000
# On the demo's year of bars.
GRID = """
ib_sessions = ["08:00-08:30", "09:00-09:30"]
ib_wait_minutes = [0, 15]
trade_window_minutes = [60, 120]
rr_target = [0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0]
stop_mode = ["ib_start", "eq"]
tsl_target = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0]
tsl_sl = [0.5, 1.0, 1.5, 2.0, 3.0]
rev_rb_enabled = [false]
ib_buffer_pct = [0.0, 0.05, 0.1, 0.15, 0.2]
max_distance_pct = [0.25, 0.5, 0.75, 1.0, 1.5]
"""


@dataclass(frozen=True)
class Executed:
    """The notebook after it was run, and the two runs that it looked at."""

    notebook: nbformat.NotebookNode
    run: Run
    other: Run

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """All outputs, those within widgets too."""
        return list(_outputs(json.loads(json.dumps(self.notebook))))

    def text(self, kind: str = "text/markdown") -> str:
        return "\n".join(o["data"][kind] for o in self.outputs if kind in o.get("data", {}))


def _outputs(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        if "output_type" in node:
            yield node
        for value in node.values():
            yield from _outputs(value)
    elif isinstance(node, list):
        for value in node:
            yield from _outputs(value)


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> Executed:
    folder = tmp_path_factory.mktemp("notebook")
    bars = write_demo_bars(folder)
    grid = folder / "grid.toml"
    grid.write_text(GRID)
    runs = []
    for model in ("original", "realistic"):
        own = folder / model
        own.mkdir()
        given = {"data": bars, "grid": str(grid), "chunk_size": 8_000, "execution": model}
        runs.append(computed_run(own, **given))
    _write_tests(runs[0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IB_GRID_RUN", str(runs[0]))
        patch.setenv("IB_GRID_OTHER_RUN", str(runs[1]))
        patch.setenv("PYTHONPATH", str(ROOT))
        for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR"):
            patch.setenv(name, str(folder / name.lower()))
        notebook = nbformat.read(NOTEBOOK, as_version=4)
        _execute(notebook, folder)
    return Executed(notebook, *(load_run(str(run)) for run in runs))


def _write_tests(run_dir: Path) -> None:
    run = load_run(run_dir)
    row = top(run, n=1).iloc[0]
    values = {name: float(row[name]) for name in ("total_r", "sharpe_ratio")}
    tests = robustness(Selected(combo_id=int(row["combo_id"]), **values))
    concluded = verdict(facts_of(run.manifest, str(run_dir), tests, run.source), tests)
    write_robustness(run_dir, run.manifest, tests, concluded)


def _execute(notebook: nbformat.NotebookNode, folder: Path) -> None:
    # A kernel of this very Python, which speaks over sockets of the file system: these have to
    # have short paths.
    with tempfile.TemporaryDirectory(prefix="ib-", dir="/tmp") as sockets:
        manager = AsyncKernelManager(transport="ipc", connection_file=f"{sockets}/kernel.json")
        manager.kernel_spec.argv[0] = sys.executable
        resources = {"metadata": {"path": str(folder)}}
        client = NotebookClient(notebook, km=manager, timeout=240, resources=resources)
        asyncio.run(client.async_execute(cleanup_kc=True))


def test_notebook_is_stored_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None
        assert cell.metadata == {}


def test_notebook_alternates_text_and_code() -> None:
    kinds = [cell.cell_type for cell in nbformat.read(NOTEBOOK, as_version=4).cells]
    assert kinds[0] == "markdown"
    assert kinds.count("markdown") >= 10


@pytest.mark.cluster
def test_nothing_went_wrong_or_warned(executed: Executed) -> None:
    for output in executed.outputs:
        assert output["output_type"] != "error", output
        if output.get("name") == "stderr":  # a kernel that nothing has compiled before
            assert output["text"].startswith("note: compiling "), output["text"]


@pytest.mark.cluster
def test_grid_is_large(executed: Executed) -> None:
    assert len(executed.run.grid) >= LEAST_COMBINATIONS


@pytest.mark.cluster
def test_figures_are_small(executed: Executed) -> None:
    figures = [o["data"][FIGURE] for o in executed.outputs if FIGURE in o.get("data", {})]
    assert len(figures) >= MIN_FIGURES
    for figure in figures:
        assert figure["data"]
        assert len(json.dumps(figure)) < MOST_BYTES


@pytest.mark.cluster
def test_controls_are_there(executed: Executed) -> None:
    state = executed.notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    models = [widget["model_name"] for widget in state.values()]
    assert models.count("DropdownModel") >= 6
    assert "ComboboxModel" in models
    assert "IntSliderModel" in models


@pytest.mark.cluster
def test_html_export_holds_figures_and_plotly(executed: Executed) -> None:
    html, _ = HTMLExporter(exclude_input=True).from_notebook_node(executed.notebook)
    assert html.count("Plotly.newPlot(") >= MIN_FIGURES
    assert html.count(get_plotlyjs()) == 1


@pytest.mark.cluster
def test_no_output_widgets_which_stall_an_execution(executed: Executed) -> None:
    """The client of an Output widget sends on the channel on which it awaits the cell's reply."""
    state = executed.notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"]
    assert "OutputModel" not in [widget["model_name"] for widget in state.values()]


@pytest.mark.cluster
def test_a_day_is_drawn_before_anyone_selects_one(executed: Executed) -> None:
    assert "No trade." not in executed.text()
    candles = [o for o in executed.outputs if _is_day(o.get("data", {}).get(FIGURE))]
    assert len(candles) == 1


def _is_day(figure: Any) -> bool:
    return figure is not None and any(trace["type"] == "candlestick" for trace in figure["data"])


@pytest.mark.cluster
def test_numbers_of_trades_are_whole(executed: Executed) -> None:
    tables = executed.text("text/html")
    trades = int(top(executed.run, n=1)["total_trades"].iloc[0])
    assert f">{trades}</td>" in tables
    assert f">{trades}.00" not in tables


@pytest.mark.cluster
def test_how_many_of_the_best_stay_profitable(executed: Executed) -> None:
    rows = executed.run.frame()
    ranking = executed.run.manifest.ranking
    rows = rows[rows["total_trades"] >= ranking["min_trades"]]
    score = pd.Series(0.0, index=rows.index)
    for name, weight in ranking["weights"].items():
        values = rows[name].astype(float)
        score += weight * (values - values.min()) / (values.max() - values.min())
    filled_otherwise = executed.other.frame().set_index("combo_id")["total_r"]
    for by, value in (("score", score), ("total_r", rows["total_r"])):
        ranked = pd.DataFrame({"value": -value, "id": rows["combo_id"]}).sort_values(
            ["value", "id"]
        )
        held = int((filled_otherwise[ranked["id"].head(N_BEST)] > 0).sum())
        said = f"Of the {N_BEST} best by `{by}`, **{held}** stay profitable."
        assert said in executed.text()
    assert "execution.model: original in A, realistic in B" in executed.text()


@pytest.mark.cluster
def test_dask_reads_the_same_rows(executed: Executed) -> None:
    assert f"{len(executed.run.plan)} partitions" in executed.text()
    assert "[dashboard](http://127.0.0.1:" in executed.text()
    (table,) = (
        html
        for output in executed.outputs
        if "<th>count</th>" in (html := output.get("data", {}).get("text/html", ""))
    )
    rows = executed.run.frame()
    best = rows.groupby(["ib_start", "ib_wait_minutes"])["total_r"].max()
    assert len(best) == 4
    assert all(f"<td>{value:,.3f}</td>" in table for value in best)


@pytest.mark.cluster
def test_decision_is_a_combination_of_the_run(executed: Executed) -> None:
    said = executed.text().splitlines()[-1]
    assert said.startswith(f"`ib-grid export {executed.run.path} --id ")
    combo_id = int(said.split("--id ")[1].split()[0])
    around = [int(i) for i in executed.run.frame()["combo_id"]]
    assert combo_id in around
