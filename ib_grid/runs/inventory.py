"""Inventory of the partitions of a run: valid ones, and damaged ones to be moved away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ib_grid.errors import StoreError, UnreachableError
from ib_grid.grid.chunks import ChunkPlan
from ib_grid.runs.partition_file import Record, verify, verify_contents
from ib_grid.runs.partition_layout import (
    DAMAGED_FOLDER,
    check_no_link_out,
    chunk_of,
    partition_files,
    temporary_files,
)
from ib_grid.storage.paths import AnyPath, move
from ib_grid.storage.threads import STORE_THREADS, in_threads

_THREADS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """Partitions of a plan that exist: valid ones by chunk index, and damaged ones.

    Each damaged one says what is wrong; it has been moved to the folder for damaged files.
    """

    records: dict[int, Record]
    damaged: tuple[str, ...]


def take_stock(results: AnyPath, plan: ChunkPlan, fingerprint: str, *, read_all: bool) -> Stored:
    """Return the valid partitions, and move all others to the folder for damaged files.

    With `read_all` the checksum of each file is checked, instead of its footer alone.
    """
    records, damaged = {}, []
    for path, found in _check_all(results, plan, fingerprint, read_all):
        if isinstance(found, Record):
            records[found.chunk] = found
        else:
            target = _move_damaged(path, results.parent / DAMAGED_FOLDER)
            damaged.append(f"{path.name}: {found.message}; moved to {target}")
    return Stored(records=records, damaged=tuple(damaged))


def check_contents(results: AnyPath, plan: ChunkPlan, fingerprint: str) -> int:
    """Check every partition before a report, and return the number of computed combinations."""
    found = _all_valid(results, plan, fingerprint, read_all=True)
    return sum(record.computed for record in found.values())


def partitions(results: AnyPath, plan: ChunkPlan, fingerprint: str) -> dict[AnyPath, Record]:
    """Return the partitions in the order of their chunks; StoreError if a footer is not theirs."""
    return _all_valid(results, plan, fingerprint, read_all=False)


def _all_valid(
    results: AnyPath, plan: ChunkPlan, fingerprint: str, *, read_all: bool
) -> dict[AnyPath, Record]:
    checked = _check_all(results, plan, fingerprint, read_all)
    damaged = [found for _, found in checked if isinstance(found, StoreError)]
    if damaged:
        more = f" (1 of {len(damaged)} such files)" if len(damaged) > 1 else ""
        raise StoreError(
            damaged[0].message + more,
            location=damaged[0].location,
            expected="the file as the run wrote it",
            hint="repeat the `ib-grid run` of this directory, which recomputes such files",
        )
    return {path: found for path, found in checked if isinstance(found, Record)}


def _check_all(
    results: AnyPath, plan: ChunkPlan, fingerprint: str, read_all: bool
) -> list[tuple[AnyPath, Record | StoreError]]:
    check = verify_contents if read_all else verify

    def check_one(path: AnyPath) -> Record | StoreError:
        try:
            return check(path, chunk_of(results, path, plan), fingerprint)
        except UnreachableError:  # says nothing about the file
            raise
        except StoreError as error:
            return error

    paths = partition_files(results)
    n_threads = _THREADS if isinstance(results, Path) else STORE_THREADS
    return list(zip(paths, in_threads(n_threads, check_one, paths), strict=True))


def _move_damaged(path: AnyPath, folder: AnyPath) -> AnyPath:
    targets = (folder / f"{path.name}.damaged-{n}" for n in range(1, 10_000))
    try:
        folder.mkdir(exist_ok=True)
        target = next(target for target in targets if not target.exists())
        move(path, target)
    except OSError as error:
        raise StoreError(
            f"a damaged file cannot be moved ({error.strerror})",
            location=str(path),
            hint="grant write permission, or move the file out of the run yourself",
        ) from error
    return target


def remove_temporary_files(results: AnyPath) -> int:
    """Remove the half-written files that killed processes have left, and return their number."""
    if not isinstance(results, Path):  # objects are never half-written
        return 0
    check_no_link_out(results)
    files = temporary_files(results)
    for path in files:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"a temporary file cannot be removed ({error.strerror})", location=str(path)
            ) from error
    return len(files)
