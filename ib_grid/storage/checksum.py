"""Checksum of all bytes of a Parquet file, stored in the file itself.

The checksum shows that a file is unchanged without decoding its rows, at the speed of the disk. Its
value is the CRC-32 of the file with ten zeros in place of the value. The entry has a fixed length
and lies in the key-value metadata, where other readers of Parquet ignore it.
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
_ZEROS = b"0" * _DIGITS
# Thrift's compact protocol: key, header of the next field, length of the value, value.
_ENTRY = re.compile(_KEY.encode() + rb"\x18" + bytes([_DIGITS]) + rb"(\d{10})")
_BLOCK_BYTES = 8 << 20  # in an object store each block is a request
_TAIL = 8  # length of the footer, and the magic word


def parquet_with_checksum(table: pa.Table, **options: object) -> bytearray:
    """Return the bytes of a Parquet file of one row group, with its checksum.

    The options are those of `pyarrow.parquet.ParquetWriter`.
    """
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(sink, table.schema, **options) as writer:
        writer.write_table(table, row_group_size=max(table.num_rows, 1))
        writer.add_key_value_metadata({_KEY: _ZEROS.decode()})
    content = bytearray(sink.getvalue())
    footer_start = len(content) - _TAIL - int.from_bytes(content[-_TAIL:-4], "little")
    entry = _ENTRY.search(content, footer_start)
    if entry is None:
        raise RuntimeError("pyarrow wrote the metadata of a Parquet file in another form")
    start, end = entry.span(1)
    content[start:end] = b"%010d" % zlib.crc32(content)
    return content


def has_valid_checksum(file: BinaryIO) -> bool:
    """Return True if a seekable file has a checksum and its bytes agree with it."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _TAIL, 0))
    footer_start = max(size - _TAIL - int.from_bytes(file.read(4), "little"), 0)
    file.seek(footer_start)
    footer = bytearray(file.read())
    entry = _ENTRY.search(footer)
    if entry is None:
        return False
    start, end = entry.span(1)
    stored, footer[start:end] = int(entry[1]), _ZEROS
    file.seek(0)
    return _crc32(file, footer_start, footer) == stored


def _crc32(file: BinaryIO, size: int, footer: bytearray) -> int:
    """Return the CRC-32 of the first `size` bytes of a file followed by a footer."""
    value, left = 0, size
    while left and (block := file.read(min(left, _BLOCK_BYTES))):
        value, left = zlib.crc32(block, value), left - len(block)
    return zlib.crc32(footer, value)
