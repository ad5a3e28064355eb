"""Choice of the run directory: a new one, or one to resume."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ib_grid.errors import InputError, OutputError, StoreError, UnreachableError
from ib_grid.grid.chunks import ChunkPlan
from ib_grid.grid.grid import Grid
from ib_grid.runs.fingerprint import as_new, as_recorded, check_same_run, differences, fingerprint
from ib_grid.runs.manifest import RUN_FILE, Manifest, has_manifest, read_manifest
from ib_grid.runs.partition_file import Record, read_record
from ib_grid.runs.partition_layout import partition_files, results_folder
from ib_grid.storage.atomic_files import cannot_write, flush_folder, missing_folders
from ib_grid.storage.lock import sole_writer
from ib_grid.storage.paths import AnyPath, move


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenDirectory:
    """A run directory and notes on its choice."""

    folder: AnyPath
    notes: tuple[str, ...] = ()


def choose_directory(
    output: AnyPath,
    name: str | None,
    identity: Mapping[str, object],
    combinations: int,
    *,
    resume: bool,
) -> ChosenDirectory:
    """Return the directory for the run of an identity; it exists afterwards.

    `identity` is all that can change a number. Without a name, the directory is that of the newest
    run of the same identity, or a new one named after the number of combinations.
    """
    if name is not None:
        return _named(output / name, identity, resume)
    notes: tuple[str, ...] = ()
    if resume:
        found, notes = _newest(output, str(identity["symbol"]), combinations, identity)
        if found:
            return ChosenDirectory(folder=found, notes=notes)
    stamp = dt.datetime.now(dt.UTC).astimezone().strftime("%Y%m%d_%H%M%S")
    folder = _new(output, f"{identity['symbol']}_{combinations}combos_{stamp}")
    return ChosenDirectory(folder=folder, notes=notes)


def _named(folder: AnyPath, identity: Mapping[str, object], resume: bool) -> ChosenDirectory:
    if not _holds_anything(folder):
        _make(folder, exist_ok=True)
        return ChosenDirectory(folder=folder)
    if not has_manifest(folder) and resume and adopted_plan(folder, identity):
        return ChosenDirectory(folder=folder)
    if not (folder / RUN_FILE).is_file():
        has_partitions = partition_files(results_folder(folder, str(identity["symbol"])))
        raise InputError(
            "run.json is missing, and the partitions are of other input or of an earlier ib-grid"
            if has_partitions
            else "the directory holds something other than a run",
            location=str(folder),
            expected="a run directory, an empty directory, or a new name",
            hint="choose another --run-dir",
        )
    if resume:
        check_same_run(identity, read_manifest(folder).identity, folder)
        return ChosenDirectory(folder=folder)
    aside = _set_aside(folder)
    _make(folder)
    return ChosenDirectory(folder=folder, notes=(f"the previous run is now {aside}",))


def _holds_anything(folder: AnyPath) -> bool:
    try:
        return any(not path.name.startswith(".") for path in folder.iterdir())
    except FileNotFoundError:
        return False
    except OSError as error:
        raise OutputError(
            f"the directory cannot be read ({error.strerror})", location=str(folder)
        ) from error


def _set_aside(folder: AnyPath) -> AnyPath:
    names = (folder.with_name(f"{folder.name}.old-{n}") for n in itertools.count(1))
    aside = next(path for path in names if not path.exists())
    with sole_writer(folder):
        try:
            move(folder, aside)
        except OSError as error:
            raise OutputError(
                f"the previous run cannot be set aside ({error.strerror})",
                location=str(folder),
            ) from error
    return aside


def _newest(
    output: AnyPath, symbol: str, combinations: int, identity: Mapping[str, object]
) -> tuple[AnyPath | None, tuple[str, ...]]:
    """Return the newest run of this identity, and notes on unreadable directories."""
    notes, unfinished = [], []
    try:
        folders: list[AnyPath] = list(output.glob(f"{symbol}_{combinations}combos_*"))
    except OSError as error:
        raise _cannot_write(output, error) from error
    found: list[tuple[str, str, AnyPath]] = []
    for folder in folders:
        if not has_manifest(folder) and adopted_plan(folder, identity):
            found.append(("", folder.name, folder))
            continue
        if not (folder / RUN_FILE).exists():
            continue
        try:
            manifest = read_manifest(folder)
        except InputError as error:
            notes.append(f"{folder} is skipped: {error.message}")
            continue
        if manifest.fingerprint == fingerprint(as_recorded(identity, manifest.identity)):
            found.append((manifest.created_utc, folder.name, folder))
        elif manifest.state != "finished":
            unfinished.append(_unfinished_note(folder, identity, manifest))
    return (max(found)[2] if found else None), (*notes, *(() if found else unfinished))


def _unfinished_note(folder: AnyPath, identity: Mapping[str, object], manifest: Manifest) -> str:
    found = differences(as_recorded(identity, manifest.identity), manifest.identity)
    more = f" and {len(found) - 1} more" if len(found) > 1 else ""
    return (
        f"a new run begins; {folder} is not finished, but was begun with other input"
        f" ({found[0]}{more})"
    )


def _new(output: AnyPath, name: str) -> AnyPath:
    for n in itertools.count(1):
        folder = output / (name if n == 1 else f"{name}_{n}")
        with contextlib.suppress(FileExistsError):
            _make(folder)
            break
    return folder


def _make(folder: AnyPath, *, exist_ok: bool = False) -> None:
    new = missing_folders(folder) if isinstance(folder, Path) else []
    try:
        folder.mkdir(parents=True, exist_ok=exist_ok)
        for path in new:
            flush_folder(path.parent)
    except FileExistsError:
        if not folder.is_dir():
            in_the_way = OSError(errno.EEXIST, "a file has that name")
            raise _cannot_write(folder, in_the_way) from None
        raise
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _cannot_write(folder: AnyPath, error: OSError) -> StoreError | OutputError:
    expected = "a writable folder"
    return cannot_write("the output folder", folder, error, expected=expected, other="--output")


def adopted_plan(folder: AnyPath, identity: Mapping[str, object]) -> ChunkPlan | None:
    """Return the chunks of the partitions in a directory if they are of a run with this identity.

    None without partitions, or if any readable one belongs to another run. Versions that recorded
    an identity in other terms, such as news that can block no entry, began other runs.
    """
    records = list(_records(results_folder(folder, str(identity["symbol"]))))
    if not records or {record.fingerprint for record in records} != {fingerprint(as_new(identity))}:
        return None
    grid = Grid.from_dict(identity["grid"])  # type: ignore[arg-type]
    least = max(record.computed for record in records) // grid.exits_per_setting
    plans = (
        ChunkPlan(grid=grid, settings_per_chunk=n)
        for n in range(max(least, 1), grid.settings_per_block + 1)
    )
    return next((plan for plan in plans if all(_fits(plan, record) for record in records)), None)


def _records(results: AnyPath) -> Iterator[Record]:
    for path in partition_files(results):
        try:
            yield read_record(path)
        except UnreachableError:
            raise
        except StoreError:  # the inventory sets damaged files aside
            continue


def _fits(plan: ChunkPlan, record: Record) -> bool:
    if record.chunk >= len(plan):
        return False
    chunk = plan.chunk(record.chunk)
    return (record.first_id, record.computed) == (chunk.first_id, chunk.n_rows)
