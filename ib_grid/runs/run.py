"""Results of a run, opened without reading rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as ds
from numpy.typing import NDArray

from ib_grid.errors import ConfigError, DataError
from ib_grid.errors.validation import did_you_mean, shown
from ib_grid.grid.chunks import ChunkPlan
from ib_grid.grid.columns import METRIC_COLUMNS, RESULT_COLUMNS, columns_of_version
from ib_grid.grid.filters.conditions import Condition, as_condition, condition_on_ids
from ib_grid.grid.grid import Grid
from ib_grid.runs import inventory
from ib_grid.runs.cubes import Cube, filled_cube, labelled
from ib_grid.runs.manifest import Manifest, read_manifest
from ib_grid.runs.partition_layout import (
    dataset_of,
    no_results,
    results_folder,
)
from ib_grid.runs.row_blocks import (
    Block,
    File,
    matching_files,
    read_blocks,
    read_errors,
)
from ib_grid.runs.source import RunSource, load_source
from ib_grid.storage.paths import AnyPath, RemotePath, parse_path

if TYPE_CHECKING:
    import xarray as xr

Where = str | Condition | None


@dataclass(frozen=True, kw_only=True, repr=False)
class Run:
    """Results of a run, finished or not; `load_run` opens one.

    Attributes
    ----------
    path : AnyPath
        The run directory.
    manifest : Manifest
    plan : ChunkPlan
        The grid with its chunks.
    files : mapping of int to AnyPath
        Partitions by chunk index, ascending, that existed when the run was opened.
    columns : tuple of str
        Result columns of the files, in the order of `RESULT_COLUMNS`.
    """

    path: AnyPath
    manifest: Manifest
    plan: ChunkPlan
    files: dict[int, AnyPath]
    columns: tuple[str, ...]

    def __repr__(self) -> str:
        """Return one line, as the whole manifest would fill a notebook."""
        share = f"{self.n_computed:,} of {len(self.grid):,} combinations"
        return f"Run({self.manifest.symbol}, {share}, {self.manifest.state}, {self.path})"

    @property
    def grid(self) -> Grid:
        """The grid."""
        return self.plan.grid

    @cached_property
    def source(self) -> RunSource:
        """Bars, execution and calendars of the run, read once at the first use."""
        return load_source(self.manifest)

    @cached_property
    def n_computed(self) -> int:
        """Number of computed combinations."""
        return sum(self.plan.chunk(index).n_rows for index in self.files)

    @cached_property
    def n_rows(self) -> int:
        """Number of rows in the files: fewer than `n_computed` if the run keeps only some."""
        with read_errors(self.path):
            return int(self.dataset.count_rows())

    @property
    def statement(self) -> str:
        """Sentence about the computed share of the grid and the kept rows and columns."""
        share = f"{100 * self.n_computed / len(self.grid):.4g}%" if self.files else "nothing"
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
        """Partitions as one Arrow dataset.

        Filters on session, wait or id skip files unread, filters on other parameters those whose
        statistics rule out a match.
        """
        return dataset_of(self.path, self.files, self.plan, self.columns)

    def table(self, columns: Sequence[str] | None = None, where: Where = None) -> pa.Table:
        """Return rows as an Arrow table, by id ascending.

        Parameters
        ----------
        columns : sequence of str, optional
            Result columns; by default all of the run.
        where : str or Condition, optional
            Condition on the rows, such as ``"tsl_target > 0 and max_drawdown < 12"``.

        Raises
        ------
        ConfigError
            If a column is unknown or not kept by the run, or the condition is invalid.
        StoreError
            If a file cannot be read.
        """
        names = list(self.columns if columns is None else columns)
        condition = self._checked(names, where)
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
        """Return rows as a frame, by id ascending; as `table`."""
        frame: pd.DataFrame = self.table(columns, where).to_pandas()
        return frame

    def row(self, combo_id: int) -> pd.Series:
        """Return the result row of a combination; reads one file.

        Raises
        ------
        GridError
            If the grid has no such combination.
        DataError
            If the combination is not computed yet, or not kept.
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

    def blocks(self, columns: Sequence[str], where: Where = None) -> Iterator[Block]:
        """Yield the rows in blocks of bounded size, in the order of the files; as `table`."""
        condition = self._checked(columns, where)
        files = [File(index, path) for index, path in self.files.items()]
        if condition:
            with read_errors(self.path):
                files = matching_files(files, self.dataset, condition)
        yield from read_blocks(files, columns, condition)

    def rows(
        self, ids: Sequence[int] | NDArray[np.int64], columns: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Return the existing rows of some combinations, by id ascending; as `frame`.

        Reads only the files of their chunks.
        """
        return self.frame(columns, condition_on_ids(ids))

    def cube(self, column: str, where: Where = None) -> Cube:
        """Return a metric of every combination as an array with an axis per parameter.

        Returns
        -------
        float32 array, shape ``run.grid.shape``
            Axes as `Grid.axes`; NaN if not computed, not kept or outside the condition.

        Raises
        ------
        ConfigError, StoreError
            As `table`; StoreError also if a row is not a combination of the grid.
        """
        self.check_columns((column,), metrics=True)
        table = self.table(("combo_id", column), where)
        return filled_cube(self.grid, [tuple(c.to_numpy() for c in table.columns)])

    def to_xarray(self, columns: Sequence[str], where: Where = None) -> xr.Dataset:
        """Return metrics of the whole grid as an xarray Dataset.

        The dimensions are the axes of the grid, with the parameter values as coordinates and
        sessions as text. ``trailing`` and ``rebound`` join two parameters each, so pairs that the
        pruning rules removed take no room; their coordinates are `tsl_target` and `tsl_sl` (NaN
        without trailing), and `rev_rb_enabled` and `rev_rb_pct` (NaN without REV_RB).

        Parameters
        ----------
        columns : sequence of str
            Metric columns.
        where : str or Condition, optional
            Combinations to include.

        Returns
        -------
        xarray.Dataset
            float32; NaN where a combination is not computed, not kept or excluded.

        Raises
        ------
        ConfigError, StoreError
            As `cube`.

        Examples
        --------
        >>> data = load_run(path).to_xarray(["total_r"])  # doctest: +SKIP
        >>> data.total_r.groupby("tsl_target").median(...)  # doctest: +SKIP
        """
        return labelled(self.grid, {name: self.cube(name, where) for name in columns})

    def _checked(self, names: Sequence[str], where: Where) -> Condition | None:
        """Return the condition, after a check of these columns and its own."""
        condition = as_condition(where)
        self.check_columns((*names, *(condition.columns if condition else ())))
        return condition

    def check_columns(self, names: Sequence[str], *, metrics: bool = False) -> None:
        """Refuse names that are not result columns, or not metrics, or not kept by the run."""
        known = METRIC_COLUMNS if metrics else RESULT_COLUMNS
        for name in names:
            if name not in known:
                kind = "metric column" if metrics else "result column"
                raise ConfigError(f"unknown {kind} {name}", hint=did_you_mean(name, known))
            if name not in self.columns:
                of_version = columns_of_version(self.manifest.results_version)
                is_newer = name in METRIC_COLUMNS and name not in of_version
                raise ConfigError(
                    f"the run does not keep {name}",
                    location=str(self.path),
                    expected=f"one of the {len(self.columns)} columns that the run keeps",
                    hint="run again: the run is older than this column"
                    if is_newer
                    else "run again with all columns",
                )


def load_run(path: str | AnyPath) -> Run:
    """Open a run directory without reading rows; the footer of each partition is checked.

    Parameters
    ----------
    path : str or AnyPath
        Run directory, finished or not: a path, or a URL such as ``s3://bucket/run``.

    Raises
    ------
    InputError
        If the path is invalid, or run.json is missing or damaged.
    DataError
        If the run has no results yet.
    StoreError
        If a partition does not belong in the run, or cannot be read.
    """
    if not isinstance(path, (str, Path, RemotePath)):
        raise ConfigError(f"invalid run path {shown(path)}", expected="a path or a URL")
    path = parse_path(path) if isinstance(path, str) else path
    manifest = read_manifest(path)
    plan = manifest.plan()
    results = results_folder(path, manifest.symbol)
    found = inventory.partitions(results, plan, manifest.fingerprint)
    if not found:
        raise no_results(results)
    stored = next(iter(found.values())).metrics
    return Run(
        path=path,
        manifest=manifest,
        plan=plan,
        files={record.chunk: file for file, record in found.items()},
        columns=tuple(
            name for name in RESULT_COLUMNS if name not in METRIC_COLUMNS or name in stored
        ),
    )


def checked_run(of: object) -> Run:
    """Return a run unchanged; refuse its path and everything else."""
    if isinstance(of, Run):
        return of
    raise ConfigError(f"invalid run {shown(of)}", expected="a run opened by load_run(path)")
