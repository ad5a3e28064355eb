"""Source files and folders, compressed or not, as blocks of whole UTF-8 lines."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import os
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ib_grid.errors import DataError
from ib_grid.storage.atomic_files import is_file

BLOCK_BYTES = 4 << 20
LONGEST_LINE_BYTES = 64 << 10
# gzip shrinks prices to a fifth, or to a thirtieth if no price moves; a file that unpacks to more
# was made to exhaust memory.
MOST_UNPACKED = 50
_ALWAYS_UNPACKED = 64 << 20

_GZIP = b"\x1f\x8b"
_CR_ALONE = re.compile(rb"\r(?=[^\r\n])")
_FOREIGN = {
    b"PK\x03\x04": ("a ZIP archive or an Excel workbook", "unpack it, or save it as CSV"),
    b"PAR1": ("a Parquet file", "give it with `--data` if it holds prepared bars"),
    b"\xd0\xcf\x11\xe0": ("an Excel workbook", "save it as CSV"),
    b"BZh": ("a bzip2 archive", "unpack it, or compress it with gzip"),
    b"\xfd7zX": ("an xz archive", "unpack it, or compress it with gzip"),
    b"7z\xbc\xaf": ("a 7z archive", "unpack it"),
    b"Rar!": ("a RAR archive", "unpack it"),
}


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files of these paths, in the order in which their rows count.

    Paths count in the order given. The files of a folder and its subfolders count in the natural
    order of their names, so that ``export (2).csv`` comes after ``export.csv`` and before
    ``export (10).csv``; hidden files are ignored. A file given twice counts where it is last.
    """
    files = [file for path in paths for file in _files_of(path)]
    if not files:
        raise DataError("no file given", expected="CSV files, or a folder of them")
    last = {file.resolve(): file for file in files}
    order = {file.resolve(): i for i, file in enumerate(files)}
    return [last[name] for name in sorted(order, key=lambda name: order[name])]


def _files_of(path: Path) -> list[Path]:
    if is_file(path):
        return [path]
    if not os.path.isdir(path):  # noqa: PTH112 - unlike Path.is_dir, it never raises
        found = "not a regular file" if os.path.lexists(path) else "no such file or folder"
        raise DataError(found, location=str(path), expected="CSV files, or a folder of them")
    visible = [file.relative_to(path) for file in _visible_files(path)]
    if not visible:
        raise DataError("the folder contains no files", location=str(path), expected="CSV files")
    return [path / file for file in sorted(visible, key=natural_key)]


def _visible_files(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder and its subfolders, without following links to folders."""

    def refuse(error: OSError) -> None:
        raise DataError(
            f"the folder cannot be read ({error.strerror})",
            location=str(error.filename),
            expected="a folder of CSV files",
            hint="check the permissions of the folder",
        ) from error

    for parent, folders, names in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = (Path(parent, name) for name in names if not name.startswith("."))
        yield from (path for path in paths if is_file(path))


def natural_key(path: Path) -> tuple[object, ...]:
    """Return a sort key in which numbers count by value and suffixes last."""
    stem = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    names = (*stem.parts[:-1], stem.stem)
    return (
        [[_number(part) for part in re.split("([0-9]+)", name.casefold())] for name in names],
        str(path),
    )


def _number(part: str) -> int | str:
    return int(part) if part.isascii() and part.isdecimal() else part


def line_location(path: Path, line: int, text: str = "") -> str:
    """Return ``file:line`` and the beginning of the line, for a message."""
    shown = text.strip()
    shown = shown if len(shown) <= 120 else f"{shown[:117]}..."
    return f"{path}:{line}" + (f": {shown!r}" if shown else "")


def blocks(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the file in blocks of a few MB: number of the first line, and whole lines as UTF-8.

    Gzip and the byte order marks of UTF-8 and UTF-16 are recognised. Memory is bounded whatever
    the file contains.
    """
    line, rest, n_bytes = 1, b"", 0
    with _opened(path) as read:
        while piece := read(BLOCK_BYTES):
            n_bytes += len(piece)
            _check_unpacked(path, n_bytes)
            end = piece.rfind(b"\n") + 1
            _check_piece(path, line, rest, piece, end)
            block, rest = (rest + piece[:end], piece[end:]) if end else (b"", rest + piece)
            if block:
                yield line, block
                line += block.count(b"\n")
    if rest:
        yield line, rest


def _check_piece(path: Path, line: int, rest: bytes, piece: bytes, end: int) -> None:
    nul = piece.find(b"\0")
    if nul >= 0:
        raise DataError(
            "not a text file (contains NUL bytes)",
            location=line_location(path, line + piece.count(b"\n", 0, nul)),
            expected="CSV in UTF-8, or in UTF-16 with a byte order mark",
            hint="export it again as CSV",
        )
    _check_line_ends(path, line, rest[-1:] + piece)
    first_break = piece.find(b"\n")
    longest = max(len(rest) + first_break, len(piece) - end) if end else len(rest) + len(piece)
    if longest > LONGEST_LINE_BYTES:
        long_line = line + (piece.count(b"\n") if len(piece) - end == longest else 0)
        raise DataError(
            f"a line is longer than {LONGEST_LINE_BYTES:,} bytes",
            location=line_location(path, long_line),
            expected="CSV with one bar per line",
            hint="export it again as CSV",
        )


def _check_line_ends(path: Path, line: int, piece: bytes) -> None:
    """Refuse bare CR line endings, which would make line numbers ambiguous."""
    alone = _CR_ALONE.search(piece)
    if alone:
        raise DataError(
            "a line ends with a bare CR",
            location=line_location(path, line + piece.count(b"\n", 0, alone.start())),
            expected="lines that end with LF or CR LF",
            hint="save the file with Unix or Windows line endings",
        )


def _check_unpacked(path: Path, n_bytes: int) -> None:
    """Refuse a file that unpacks to far more than bars do."""
    if n_bytes > _ALWAYS_UNPACKED and n_bytes > MOST_UNPACKED * path.stat().st_size:
        raise DataError(
            f"the file unpacks to more than {MOST_UNPACKED} times its size",
            location=str(path),
            expected="CSV, which gzip compresses 5 to 20 times",
            hint="download it again",
        )


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Callable[[int], bytes]]:
    """Open a function that reads the next bytes, decompressed and as UTF-8."""
    try:
        with contextlib.ExitStack() as stack:
            raw = stack.enter_context(path.open("rb"))
            _check_kind(path, raw.peek(4))
            packed = raw.peek(2).startswith(_GZIP)
            file = stack.enter_context(gzip.GzipFile(fileobj=raw)) if packed else raw
            mark = file.peek(4)
            if packed:
                _check_kind(path, mark)
            if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                text = io.TextIOWrapper(file, "utf-16")
                yield lambda size: text.read(size // 2).encode()
            else:
                file.read(3 if mark.startswith(codecs.BOM_UTF8) else 0)
                yield file.read
    except (OSError, EOFError, zlib.error, UnicodeError) as error:
        raise DataError(
            f"the file cannot be read ({getattr(error, 'strerror', None) or error})",
            location=str(path),
            expected="CSV, plain or compressed with gzip",
            hint="export or download it again, or check its permissions",
        ) from error


def _check_kind(path: Path, head: bytes) -> None:
    if not head:
        raise DataError(
            "the file is empty", location=str(path), expected="CSV with one bar per line"
        )
    for magic, (kind, remedy) in _FOREIGN.items():
        if head.startswith(magic):
            raise DataError(f"this is {kind}", location=str(path), expected="CSV", hint=remedy)
