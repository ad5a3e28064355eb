"""Calendar files and folders to one calendar."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ib_grid.errors import DataError
from ib_grid.market.clock import local_clock
from ib_grid.news.calendars import Calendar, CalendarFile, merge_calendars
from ib_grid.news.formats.entry import BOM, UTF8_HINT
from ib_grid.news.formats.fields import calendar_of
from ib_grid.news.formats.known_formats import DESCRIPTIONS, recognise_format
from ib_grid.storage.atomic_files import read_regular

MAX_BYTES = 8 * 1024 * 1024


def read_calendar(
    paths: Path | Sequence[Path], *, timezone: str | None = None, date_order: str | None = None
) -> Calendar:
    """Read files and folders as one calendar.

    Every file of a folder is read, except hidden ones; its subfolders are not. `timezone` is the
    clock of times without an offset (`clock.local_clock`), by default that of the format;
    `date_order` is ``day-first`` or ``month-first``, by default as each file shows.

    Raises
    ------
    DataError
        If a file is not a calendar, or is ambiguous and neither argument resolves it.
    """
    if timezone is not None:
        local_clock(timezone, "--news-timezone")
    given = [paths] if isinstance(paths, Path) else list(paths)
    files = dict.fromkeys(file for path in given for file in _files_of(path))
    return merge_calendars(_read_file(file, timezone, date_order) for file in files)


def _read_file(path: Path, timezone: str | None, date_order: str | None) -> Calendar:
    raw = _content(path)
    text = _as_utf8(raw, path)
    found = recognise_format(text.removeprefix(BOM).lstrip())
    calendar = calendar_of(found.read(text, str(path)), timezone, date_order)
    file = CalendarFile(
        name=path.name,
        format=found.name,
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
        raise _error(path, f"the calendar cannot be read ({error.strerror})") from error
    if not files:
        raise _error(path, "the folder contains no files")
    return files


def _content(path: Path) -> bytes:
    try:
        raw = read_regular(path, MAX_BYTES)
    except FileNotFoundError as error:
        raise _error(path, "no such file or folder") from error
    except OSError as error:
        raise _error(path, f"the calendar cannot be read ({error.strerror})") from error
    if not raw.removeprefix(BOM).strip():
        raise _error(path, "the file is empty")
    return raw


def _as_utf8(raw: bytes, path: Path) -> bytes:
    """Return text as UTF-8; MetaTrader writes UTF-16, with a byte order mark."""
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return raw.decode("utf-16").encode()
        except UnicodeError as error:
            raise _error(path, "the text is not complete UTF-16", UTF8_HINT) from error
    if b"\0" in raw:
        raise _error(path, f"not UTF-8 text (byte {raw.index(0)} is NUL)", UTF8_HINT)
    return raw


def _error(path: Path, message: str, hint: str = "") -> DataError:
    return DataError(message, location=str(path), expected=DESCRIPTIONS, hint=hint)
