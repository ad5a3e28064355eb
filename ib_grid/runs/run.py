"""A run, opened without reading its rows: manifest, grid, and rows when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from numpy.typing import NDArray

from ib_grid.errors import ConfigError, DataError
from ib_grid.errors.validation import perhaps, shown
from ib_grid.grid.chunks import ChunkPlan
from ib_grid.grid.columns import METRIC_COLUMNS, RESULT_COLUMNS
from ib_grid.grid.conditions import Condition, parse_condition
from ib_grid.grid.grid import Grid
from ib_grid.runs.cubes import Cube, filled_cube
from ib_grid.runs.dataset import columns_of, data_set, files_of, read_errors
from ib_grid.runs.manifest import Manifest, read_manifest
from ib_grid.runs.partitions import no_results, results_folder
from ib_grid.runs.source import RunSource, load_source
from ib_grid.storage.paths import AnyPath, RemotePath, parse_path

Where = str | Condition | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Run:
    """The results of a run, finished or not; `load_run` makes one.

    Attributes
    ----------
    path : AnyPath
        The run directory.
    manifest : Manifest
        What the run is.
    plan : ChunkPlan
        Its grid and how it is cut.
    files : mapping of int to AnyPath
        By chunk index, ascending: the partition files that were there when it was loaded.
    columns : tuple of str
        The result columns that the files hold, in the order of `RESULT_COLUMNS`.
    """

    path: AnyPath
    manifest: Manifest
    plan: ChunkPlan
    files: dict[int, AnyPath]
    columns: tuple[str, ...]

    def __repr__(self) -> str:
        """The run in a line: all of its manifest would fill a notebook."""
        of = f"{self.n_computed:,} of {len(self.grid):,} combinations"
        return f"Run({self.manifest.symbol}, {of}, {self.manifest.state}, {self.path})"

    @property
    def grid(self) -> Grid:
        """The grid."""
        return self.plan.grid

    @cached_property
    def source(self) -> RunSource:
        """What the run was computed from: bars, fills, calendars; read at the first use, then kept.

        Raises
        ------
        DataError
            If the bars or a calendar are not there any more, have changed or cannot be read.
        """
        return load_source(self.manifest)

    @cached_property
    def n_computed(self) -> int:
        """Combinations of the chunks that are there."""
        return sum(self.plan.chunk(index).n_rows for index in self.files)

    @property
    def computed_share(self) -> float:
        """Share of the grid's combinations that has been computed, 0 to 1."""
        return self.n_computed / len(self.grid)

    @cached_property
    def n_rows(self) -> int:
        """Rows in the files: fewer than `n_computed` where the run kept only some.

        Raises
        ------
        StoreError
            If a file cannot be read.
        """
        with read_errors(self.path):
            return int(self.dataset.count_rows())

    @property
    def statement(self) -> str:
        """What of the grid is there, in words."""
        share = f"{100 * self.computed_share:.4g}%" if self.files else "nothing"
        parts = [f"{share} of {len(self.grid):,} combinations computed"]
        if len(self.files) < len(self.plan):
            parts.append(f"{len(self.files):,} of {len(self.plan):,} chunks: not finished")
        if self.n_rows < self.n_computed:
            parts.append(f"{self.n_rows:,} rows kept")
        if len(self.columns) < len(RESULT_COLUMNS):
            parts.append(f"{len(self.columns)} of {len(RESULT_COLUMNS)} columns kept")
        return "; ".join(parts)

    @cached_property
    def dataset(self) -> ds.FileSystemDataset:
        """The files as one data set, each with what its place says of its rows.

        A filter on the session, the wait or the id leaves out files unread, one on another
        parameter those whose statistics rule it out.
        """
        return data_set(self.path, self.files, self.plan, self.columns)

    def table(self, columns: Sequence[str] | None = None, where: Where = None) -> pa.Table:
        """Rows of the run as an Arrow table, by id ascending.

        Parameters
        ----------
        columns : sequence of str, optional
            Result columns; by default all that are there.
        where : str or Condition, optional
            Which rows: ``"tsl_target > 0 and max_drawdown < 12"`` (`ib_grid.grid.conditions`).

        Raises
        ------
        ConfigError
            If a column is none or was not kept by the run, or the condition is none.
        StoreError
            If a file cannot be read.
        """
        names = list(self.columns if columns is None else columns)
        condition = _condition(where)
        self.check_columns((*names, *(condition.columns if condition else ())))
        wanted = list(dict.fromkeys(("combo_id", *names)))
        with read_errors(self.path):
            found = self.dataset.to_table(
                columns=wanted, filter=condition.expression if condition else None
            )
        ids = found.column("combo_id").to_numpy()
        if (np.diff(ids) <= 0).any():
            found = found.take(np.argsort(ids, kind="stable"))
        return found.select(names)

    def frame(self, columns: Sequence[str] | None = None, where: Where = None) -> pd.DataFrame:
        """Rows of the run as a frame, by id ascending; as `table`."""
        frame: pd.DataFrame = self.table(columns, where).to_pandas()
        return frame

    def row(self, combo_id: int) -> pd.Series:
        """The result row of a combination, of the columns that are there; reads one file.

        Raises
        ------
        GridError
            If the grid has no such combination.
        DataError
            If it is not among the rows: not computed yet, or not kept.
        """
        self.grid.params(combo_id)  # checks the id
        found = self.rows([combo_id])
        if found.empty:
            raise DataError(
                f"combination {combo_id} is not among the rows",
                location=str(self.path),
                expected=f"one that was computed and kept ({self.statement})",
            )
        return found.iloc[0]

    def blocks(self, columns: Sequence[str], where: Where = None) -> Iterator[pa.RecordBatch]:
        """The rows in blocks, in the order of the files; otherwise as `table`.

        Of a run of any size only some blocks are held.
        """
        condition = _condition(where)
        self.check_columns((*columns, *(condition.columns if condition else ())))
        with read_errors(self.path):
            yield from self.dataset.to_batches(
                columns=list(columns), filter=condition.expression if condition else None
            )

    def rows(
        self, ids: Sequence[int] | NDArray[np.int64], columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """The rows of some combinations, by id ascending, those that are there; as `frame`.

        Only files that can hold them are read.
        """
        wanted = np.unique(np.asarray(ids, np.int64))
        expression = pc.field("combo_id").isin(pa.array(wanted))
        if len(wanted):
            expression &= pc.field("combo_id") >= int(wanted[0])
            expression &= pc.field("combo_id") <= int(wanted[-1])
        condition = Condition(text="some ids", columns=("combo_id",), expression=expression)
        return self.frame(columns, condition)

    def cube(self, column: str, where: Where = None) -> Cube:
        """A metric of every combination, at its place in the grid.

        Parameters
        ----------
        column : str
            A metric column.
        where : str or Condition, optional
            The rows that count.

        Returns
        -------
        float32 array, shape ``run.grid.shape``
            In the order of `Grid.axes`; NaN where not computed, not kept or not within `where`.

        Raises
        ------
        ConfigError, StoreError
            As `table`; StoreError also if the rows are not combinations of the grid.
        """
        self.check_columns((column,), metrics=True)
        table = self.table(("combo_id", column), where)
        return filled_cube(self.grid, [tuple(c.to_numpy() for c in table.columns)])

    def check_columns(self, names: Sequence[str], *, metrics: bool = False) -> None:
        """Refuse what is no result column, or none of a metric, or was not kept by the run.

        Raises
        ------
        ConfigError
        """
        known = METRIC_COLUMNS if metrics else RESULT_COLUMNS
        for name in names:
            if name not in known:
                kind = "metric column" if metrics else "result column"
                raise ConfigError(f"no {kind} {name}", expected=perhaps(name, known) or f"a {kind}")
            if name not in self.columns:
                raise ConfigError(
                    f"the run has not kept {name}",
                    location=str(self.path),
                    expected=f"one of the {len(self.columns)} columns that it has kept",
                    hint="run again with all columns",
                )


def load_run(path: str | AnyPath) -> Run:
    """Open a run directory; no row is read.

    Parameters
    ----------
    path : str or AnyPath
        A directory with run.json, finished or not: a path, or a URL such as ``s3://bucket/run``.

    Returns
    -------
    Run

    Raises
    ------
    InputError
        If the path is none, there is no run, or run.json is damaged.
    DataError
        If it has no results yet.
    StoreError
        If a partition file has no place in the run, or cannot be read.
    """
    if not isinstance(path, (str, Path, RemotePath)):
        raise ConfigError(f"the path of a run is {shown(path)}", expected="a path or a URL")
    path = parse_path(path) if isinstance(path, str) else path
    manifest = read_manifest(path)
    plan = manifest.plan()
    results = results_folder(path, manifest.symbol)
    files = files_of(results, plan)
    if not files:
        raise no_results(results)
    first = next(iter(files.values()))
    return Run(path=path, manifest=manifest, plan=plan, files=files, columns=columns_of(first))


def _condition(where: Where) -> Condition | None:
    if where is None or isinstance(where, Condition):
        return where
    if isinstance(where, str):
        return parse_condition(where)
    raise ConfigError(
        f"the condition is {shown(where)}", expected='a text such as "tsl_target > 0", or None'
    )


def checked_run(of: object) -> Run:
    """A run, and no path of one or anything else.

    Raises
    ------
    ConfigError
    """
    if isinstance(of, Run):
        return of
    raise ConfigError(f"the run is {shown(of)}", expected="a run that load_run(path) has opened")
