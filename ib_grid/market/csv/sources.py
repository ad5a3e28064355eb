"""Source files, archives and folders as blocks of whole UTF-8 lines."""

from __future__ import annotations

import codecs
import contextlib
import gzip
import io
import os
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

from ib_grid.errors import DataError
from ib_grid.market.csv.errors import NotBarsError
from ib_grid.market.csv.layouts.symbols import symbol_in
from ib_grid.storage.atomic_files import is_file

BLOCK_BYTES = 4 << 20
LONGEST_LINE_BYTES = 64 << 10
# gzip shrinks prices to a fifth, or to a thirtieth if no price moves; a file that unpacks to more
# was made to exhaust memory.
MOST_UNPACKED = 50
_ALWAYS_UNPACKED = 64 << 20

_GZIP = b"\x1f\x8b"
_CR_ALONE = re.compile(rb"\r(?=[^\r\n])")
_ZIP = b"PK\x03\x04"
# Parts of an archive or folder that a program left there.
_HIDDEN = ("__MACOSX",)
_FOREIGN = {
    _ZIP: ("a ZIP archive or an Excel workbook", "unpack it, or save it as CSV"),
    b"PAR1": ("a Parquet file", "give it with `--data` if it holds prepared bars"),
    b"\xd0\xcf\x11\xe0": ("an Excel workbook", "save it as CSV"),
    b"BZh": ("a bzip2 archive", "unpack it, or compress it with gzip"),
    b"\xfd7zX": ("an xz archive", "unpack it, or compress it with gzip"),
    b"7z\xbc\xaf": ("a 7z archive", "unpack it"),
    b"Rar!": ("a RAR archive", "unpack it"),
}


@dataclass(frozen=True, slots=True)
class Source:
    """A file, or the member of a ZIP archive.

    `given` is True for a file that the user named; others come from a folder or an archive.
    """

    path: Path
    member: str = ""
    given: bool = True

    @property
    def name(self) -> str:
        """The name of the file, without its folder."""
        return PurePosixPath(self.member).name if self.member else self.path.name

    @property
    def symbol(self) -> str:
        """The symbol in the name of the file, by its common name; empty if none."""
        return symbol_in(self.name)

    @property
    def optional(self) -> bool:
        """True if the file may be skipped: nobody named it, nor does its name say CSV."""
        return not self.given and not re.search(r"\.csv(\.gz)?$", self.name, re.IGNORECASE)

    @property
    def packed_bytes(self) -> int:
        """The size of the file, or of the packed member."""
        if not self.member:
            return self.path.stat().st_size
        with zipfile.ZipFile(self.path) as archive:
            return archive.getinfo(self.member).compress_size

    def __str__(self) -> str:
        return f"{self.path}/{self.member}" if self.member else str(self.path)


def find_files(paths: Sequence[Path]) -> list[Source]:
    """Return the files of these paths, in the order in which their rows count.

    Paths count in the order given. The files of a folder and its subfolders, and the members of a
    ZIP archive, count in the natural order of their names, so that ``export (2).csv`` comes after
    ``export.csv`` and before ``export (10).csv``; hidden files are ignored. A file given twice
    counts where it is last.
    """
    files = [source for path in paths for source in _sources_of(path)]
    if not files:
        raise DataError("no file given", expected="CSV files, or a folder of them")
    keys = [(source.path.resolve(), source.member) for source in files]
    last = {key: i for i, key in enumerate(keys)}
    return [source for i, source in enumerate(files) if last[keys[i]] == i]


def _sources_of(path: Path) -> Iterator[Source]:
    for file, given in _files_of(path):
        members = _members(file)
        if members is None:
            yield Source(file, given=given)
        else:
            yield from (Source(file, member, given=False) for member in members)


def _files_of(path: Path) -> list[tuple[Path, bool]]:
    """Return the files of a path, each with whether it was given itself."""
    if is_file(path):
        return [(path, True)]
    if not os.path.isdir(path):  # noqa: PTH112 - unlike Path.is_dir, it never raises
        found = "not a regular file" if os.path.lexists(path) else "no such file or folder"
        raise DataError(found, location=str(path), expected="CSV files, or a folder of them")
    visible = [file.relative_to(path) for file in _visible_files(path)]
    if not visible:
        raise DataError("the folder contains no files", location=str(path), expected="CSV files")
    return [(path / file, False) for file in sorted(visible, key=natural_key)]


def _members(path: Path) -> list[str] | None:
    """Return the files in a ZIP archive, None if the file is no such archive."""
    try:
        with path.open("rb") as file:
            if file.read(4) != _ZIP:
                return None
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (OSError, zipfile.BadZipFile):
        return None  # said when the file is read
    names = [PurePosixPath(member.filename) for member in members if not member.is_dir()]
    if PurePosixPath("[Content_Types].xml") in names:
        return None  # an Excel workbook
    if any(member.flag_bits & 1 for member in members):
        raise DataError(
            "the archive is encrypted", location=str(path), expected="CSV files", hint="unpack it"
        )
    visible = [n for n in names if not any(p.startswith((".", *_HIDDEN)) for p in n.parts)]
    if not visible:
        raise DataError("the archive contains no files", location=str(path), expected="CSV files")
    return [str(name) for name in sorted(visible, key=lambda name: natural_key(Path(name)))]


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


def line_location(source: Source | Path, line: int, text: str = "") -> str:
    """Return ``file:line`` and the beginning of the line, for a message."""
    shown = text.strip()
    shown = shown if len(shown) <= 120 else f"{shown[:117]}..."
    return f"{source}:{line}" + (f": {shown!r}" if shown else "")


def blocks(source: Source) -> Iterator[tuple[int, bytes]]:
    """Yield the file in blocks of a few MB: number of the first line, and whole lines as UTF-8.

    Gzip and the byte order marks of UTF-8 and UTF-16 are recognised. Memory is bounded whatever
    the file contains.
    """
    line, rest, n_bytes = 1, b"", 0
    with _opened(source) as read:
        while piece := read(BLOCK_BYTES):
            n_bytes += len(piece)
            _check_unpacked(source, n_bytes)
            end = piece.rfind(b"\n") + 1
            _check_piece(source, line, rest, piece, end)
            block, rest = (rest + piece[:end], piece[end:]) if end else (b"", rest + piece)
            if block:
                yield line, block
                line += block.count(b"\n")
    if rest:
        yield line, rest


def _check_piece(source: Source, line: int, rest: bytes, piece: bytes, end: int) -> None:
    nul = piece.find(b"\0")
    if nul >= 0:
        raise NotBarsError(
            "not a text file (contains NUL bytes)",
            location=line_location(source, line + piece.count(b"\n", 0, nul)),
            expected="CSV in UTF-8, or in UTF-16 with a byte order mark",
            hint="export it again as CSV",
        )
    _check_line_ends(source, line, rest[-1:] + piece)
    first_break = piece.find(b"\n")
    longest = max(len(rest) + first_break, len(piece) - end) if end else len(rest) + len(piece)
    if longest > LONGEST_LINE_BYTES:
        long_line = line + (piece.count(b"\n") if len(piece) - end == longest else 0)
        raise DataError(
            f"a line is longer than {LONGEST_LINE_BYTES:,} bytes",
            location=line_location(source, long_line),
            expected="CSV with one bar per line",
            hint="export it again as CSV",
        )


def _check_line_ends(source: Source, line: int, piece: bytes) -> None:
    """Refuse bare CR line endings, which would make line numbers ambiguous."""
    alone = _CR_ALONE.search(piece)
    if alone:
        raise DataError(
            "a line ends with a bare CR",
            location=line_location(source, line + piece.count(b"\n", 0, alone.start())),
            expected="lines that end with LF or CR LF",
            hint="save the file with Unix or Windows line endings",
        )


def _check_unpacked(source: Source, n_bytes: int) -> None:
    """Refuse a file that unpacks to far more than bars do."""
    if n_bytes > _ALWAYS_UNPACKED and n_bytes > MOST_UNPACKED * source.packed_bytes:
        raise DataError(
            f"the file unpacks to more than {MOST_UNPACKED} times its size",
            location=str(source),
            expected="CSV, which gzip compresses 5 to 20 times",
            hint="download it again",
        )


@contextlib.contextmanager
def _opened(source: Source) -> Iterator[Callable[[int], bytes]]:
    """Open a function that reads the next bytes, decompressed and as UTF-8."""
    try:
        with contextlib.ExitStack() as stack:
            raw = stack.enter_context(_raw(source))
            _check_kind(source, raw.peek(4))
            packed = raw.peek(2).startswith(_GZIP)
            file = stack.enter_context(gzip.GzipFile(fileobj=raw)) if packed else raw
            mark = file.peek(4)
            if packed:
                _check_kind(source, mark)
            if mark.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
                text = io.TextIOWrapper(file, "utf-16")
                yield lambda size: text.read(size // 2).encode()
            else:
                file.read(3 if mark.startswith(codecs.BOM_UTF8) else 0)
                yield file.read
    except (OSError, EOFError, zlib.error, UnicodeError, zipfile.BadZipFile) as error:
        raise DataError(
            f"the file cannot be read ({getattr(error, 'strerror', None) or error})",
            location=str(source),
            expected="CSV, plain or compressed with gzip",
            hint="export or download it again, or check its permissions",
        ) from error


def _raw(source: Source) -> io.BufferedReader:
    """Open the bytes of a file or of an archive's member."""
    if not source.member:
        return source.path.open("rb")
    with zipfile.ZipFile(source.path) as archive:
        return io.BufferedReader(cast("io.RawIOBase", archive.open(source.member)))


def _check_kind(source: Source, head: bytes) -> None:
    if not head:
        raise NotBarsError(
            "the file is empty", location=str(source), expected="CSV with one bar per line"
        )
    for magic, (kind, remedy) in _FOREIGN.items():
        if head.startswith(magic):
            raise NotBarsError(f"this is {kind}", location=str(source), expected="CSV", hint=remedy)
