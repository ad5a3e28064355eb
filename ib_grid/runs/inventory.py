"""The partition files of a run together: which are there and right, and what becomes of others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ib_grid.errors import StoreError, UnreachableError
from ib_grid.grid.chunks import ChunkPlan
from ib_grid.runs.partition_file import Record, verify, verify_contents
from ib_grid.runs.partitions import DAMAGED_FOLDER, check_no_link_out, chunk_of, partition_files
from ib_grid.runs.threads import in_threads
from ib_grid.storage.paths import AnyPath, RemotePath, move

_CHECKING_THREADS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What a data set holds of a plan.

    Attributes
    ----------
    records : mapping of int to Record
        By chunk index: the partitions that are right.
    damaged : tuple of str
        The others, each with what is wrong with it; they have been set aside.
    """

    records: dict[int, Record]
    damaged: tuple[str, ...]


def take_stock(dataset: AnyPath, plan: ChunkPlan, fingerprint: str, *, read_all: bool) -> Stored:
    """Which chunks are there and right; the files of others are set aside.

    Parameters
    ----------
    dataset : AnyPath
    plan : ChunkPlan
    fingerprint : str
    read_all : bool
        Whether to read all of each file, for its checksum, or its footer only.

    Raises
    ------
    StoreError
        If a damaged file cannot be set aside, or the store does not answer.
    """
    records, damaged = {}, []
    for path, found in _look_at_all(dataset, plan, fingerprint, read_all):
        if isinstance(found, Record):
            records[found.chunk] = found
        else:
            aside = _set_aside(path, dataset.parent / DAMAGED_FOLDER)
            damaged.append(f"{path.name}: {found.message}; moved to {aside}")
    return Stored(records=records, damaged=tuple(damaged))


def check_contents(dataset: AnyPath, plan: ChunkPlan, fingerprint: str) -> int:
    """Read every partition file before a report is made of them; the rows that were computed.

    Raises
    ------
    StoreError
        If one is damaged or of another run; nothing is set aside.
    """
    looked_at = _look_at_all(dataset, plan, fingerprint, read_all=True)
    damaged = [found for _, found in looked_at if isinstance(found, StoreError)]
    if damaged:
        more = f", and {len(damaged) - 1} more files are damaged" if len(damaged) > 1 else ""
        raise StoreError(
            damaged[0].message + more,
            location=damaged[0].location,
            expected="the file as the run has written it",
            hint="give the command of the run again: it computes damaged files anew",
        )
    return sum(found.computed for _, found in looked_at if isinstance(found, Record))


def _look_at_all(
    dataset: AnyPath, plan: ChunkPlan, fingerprint: str, read_all: bool
) -> list[tuple[AnyPath, Record | StoreError]]:
    def look_at(path: AnyPath) -> Record | StoreError:
        try:
            return _check(dataset, path, plan, fingerprint, read_all)
        except UnreachableError:  # it says nothing of the file
            raise
        except StoreError as error:
            return error

    paths = partition_files(dataset)
    return list(zip(paths, in_threads(_CHECKING_THREADS, look_at, paths), strict=True))


def _check(
    dataset: AnyPath, path: AnyPath, plan: ChunkPlan, fingerprint: str, read_all: bool
) -> Record:
    check = verify_contents if read_all else verify
    return check(path, chunk_of(dataset, path, plan), fingerprint)


def _set_aside(path: AnyPath, folder: AnyPath) -> AnyPath:
    taken: Iterable[AnyPath] = (folder / f"{path.name}.damaged-{n}" for n in range(1, 10_000))
    try:
        folder.mkdir(exist_ok=True)
        free = next(place for place in taken if not place.exists())
        move(path, free)
    except OSError as error:
        raise StoreError(
            f"a damaged file could not be moved ({error.strerror})",
            location=str(path),
            hint="give the right to write, or move it out of the run yourself",
        ) from error
    return free


def remove_leftovers(dataset: AnyPath) -> int:
    """Remove the temporary files that a killed process has left; how many they were.

    Raises
    ------
    StoreError
        If one cannot be removed, or a folder is a link out of the run directory.
    """
    if isinstance(dataset, RemotePath):  # an object is there whole or not at all
        return 0
    check_no_link_out(dataset)
    left = [
        *dataset.glob("session=*/wait_minutes=*/.part-*.partial"),
        *dataset.parent.glob(".*.partial"),
    ]
    for path in left:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(
                f"a left-over file could not be removed ({error.strerror})", location=str(path)
            ) from error
    return len(left)
