"""Calendar files to one calendar; a file's format is told by its content, not by its name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ib_grid.errors import DataError
from ib_grid.market import clock
from ib_grid.news.calendars import Calendar, CalendarFile, merge_calendars
from ib_grid.news.table import read_table
from ib_grid.news.weekly import WEEKLY_TIMEZONE, read_weekly
from ib_grid.news.yearly import read_yearly
from ib_grid.storage.atomic_files import read_regular

MAX_BYTES = 8 * 1024 * 1024

_EXPECTED = "ForexFactory JSON, a ForexFactory weekly export (XML), or CSV of events"
_BOM = b"\xef\xbb\xbf"


def read_calendar(paths: Path | Sequence[Path], *, timezone: str | None = None) -> Calendar:
    """One calendar of files and folders.

    Parameters
    ----------
    paths : Path or sequence of Path
        Of a folder, every file is read that is not hidden; folders in it are not.
    timezone : str, optional
        The clock of times that have no offset: by default New York's in a weekly export and UTC in
        a CSV file. The times of a JSON file are UTC.

    Raises
    ------
    DataError
        If a file cannot be read or is not a calendar, or one of its entries is wrong.
    InputError
        If there is no such zone.
    """
    if timezone is not None:
        clock.zone(timezone)
    given = [paths] if isinstance(paths, Path) else list(paths)
    files = dict.fromkeys(file for path in given for file in _files_of(path))
    return merge_calendars(_read_file(file, timezone) for file in files)


def _read_file(path: Path, timezone: str | None) -> Calendar:
    where = str(path)
    raw = _content(path)
    body = raw.removeprefix(_BOM).lstrip()
    if body.startswith(b"<"):
        name, calendar = "weekly", read_weekly(body, where, timezone or WEEKLY_TIMEZONE)
    elif body.startswith((b"{", b"[")):
        name, calendar = "yearly", read_yearly(_text(raw, where), where)
    else:
        name, calendar = "table", read_table(_text(raw, where), where, timezone or "UTC")
    file = CalendarFile(
        name=path.name,
        format=name,
        sha256=hashlib.sha256(raw).hexdigest(),
        n_events=len(calendar.events) + len(calendar.untimed),
    )
    return replace(calendar, files=(file,))


def _files_of(path: Path) -> list[Path]:
    try:
        if not path.is_dir():
            return [path]
        files = sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
    except OSError as error:
        raise _unreadable(path, error) from error
    if not files:
        raise DataError("the folder has no files", location=str(path), expected=_EXPECTED)
    return files


def _content(path: Path) -> bytes:
    where = str(path)
    try:
        raw = read_regular(path, MAX_BYTES)
    except FileNotFoundError as error:
        raise DataError(
            "there is no such file or folder", location=where, expected=_EXPECTED
        ) from error
    except OSError as error:
        raise _unreadable(path, error) from error
    if not raw.removeprefix(_BOM).strip():
        raise DataError("the file is empty", location=where, expected=_EXPECTED)
    if b"\0" in raw:
        raise DataError(
            f"byte {raw.index(0)} is NUL: not a text in UTF-8",
            location=where,
            expected=_EXPECTED,
            hint="unpack the file, or save it again as UTF-8",
        )
    return raw


def _unreadable(path: Path, error: OSError) -> DataError:
    return DataError(
        f"the calendar cannot be read ({error.strerror})", location=str(path), expected=_EXPECTED
    )


def _text(raw: bytes, location: str) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"byte {error.start} is not UTF-8",
            location=location,
            expected=_EXPECTED,
            hint="unpack the file, or save it again as UTF-8",
        ) from error
