"""A checksum of all bytes of a Parquet file, kept in the file itself.

To know that a file is still what was written, its rows need not be decoded: the checksum is taken
at the speed of the disk. It is the CRC-32 of the file with ten zeros in its own place, a value of
the file's key-value metadata of fixed length, so that other readers of Parquet pass it by.
"""

from __future__ import annotations

import os
import re
import zlib
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

_KEY = "ib_grid_file_crc32"
_DIGITS = 10
_UNSEALED = b"0" * _DIGITS
# Thrift's compact protocol: a key, the head of the next field, the length of the value, the value.
_SEAL = re.compile(_KEY.encode() + rb"\x18" + bytes([_DIGITS]) + rb"(\d{10})")
_AT_ONCE = 8 << 20  # in an object store each piece is a request
_TAIL = 8  # length of the footer, and the magic word


def sealed_parquet(table: pa.Table, **options: object) -> bytearray:
    """The bytes of a Parquet file of one row group, sealed.

    Parameters
    ----------
    table : pyarrow.Table
    **options
        Of `pyarrow.parquet.ParquetWriter`.
    """
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, **options) as writer:
        writer.write_table(table, row_group_size=max(table.num_rows, 1))
        writer.add_key_value_metadata({_KEY: _UNSEALED.decode()})
    content = bytearray(sink.getvalue())
    found = _SEAL.search(content, _footer_start(content))
    if found is None:
        raise RuntimeError("pyarrow wrote a Parquet file's metadata in another form")
    start, end = found.span(1)
    content[start:end] = b"%010d" % zlib.crc32(content)
    return content


def is_unbroken(file: BinaryIO) -> bool | None:
    """Whether a file's bytes are those that were sealed; None where it has no seal.

    Parameters
    ----------
    file : binary file
        Open for reading, with `seek`.

    Raises
    ------
    OSError
        If it cannot be read.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _TAIL, 0))
    first = max(size - _TAIL - int.from_bytes(file.read(4), "little"), 0)
    file.seek(first)
    footer = bytearray(file.read())
    found = _SEAL.search(footer)
    if found is None:
        return None
    start, end = found.span(1)
    said, footer[start:end] = int(found[1]), _UNSEALED
    file.seek(0)
    return _crc32(file, first, footer) == said


def _footer_start(content: bytearray) -> int:
    return len(content) - _TAIL - int.from_bytes(content[-_TAIL:-4], "little")


def _crc32(file: BinaryIO, size: int, footer: bytearray) -> int:
    """CRC-32 of the first `size` bytes and of a footer after them."""
    value, left = 0, size
    while left:
        piece = file.read(min(left, _AT_ONCE))
        if not piece:
            break
        value, left = zlib.crc32(piece, value), left - len(piece)
    return zlib.crc32(footer, value)
