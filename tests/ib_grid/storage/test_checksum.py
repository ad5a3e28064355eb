"""The checksum that a Parquet file carries of its own bytes."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.storage.checksum import has_valid_checksum, parquet_with_checksum

TABLE = pa.table({"id": np.arange(500), "value": np.linspace(0, 1, 500).astype(np.float32)})
CONTENT = bytes(parquet_with_checksum(TABLE.replace_schema_metadata({"ours": "yes"})))


def valid(content: bytes) -> bool:
    return has_valid_checksum(io.BytesIO(content))


def test_a_file_with_checksum_is_valid_and_plain_parquet() -> None:
    assert valid(CONTENT)
    file = pq.ParquetFile(io.BytesIO(CONTENT))
    assert file.read().replace_schema_metadata(None).equals(TABLE)
    assert file.schema_arrow.metadata == {b"ours": b"yes"}
    assert file.num_row_groups == 1


def test_a_table_without_rows_gets_a_checksum_too() -> None:
    content = parquet_with_checksum(TABLE.slice(0, 0))
    assert valid(content)
    assert pq.ParquetFile(io.BytesIO(content)).read().num_rows == 0


def test_a_file_without_checksum_is_invalid() -> None:
    file = io.BytesIO()
    pq.write_table(TABLE, file)
    assert not has_valid_checksum(file)


@given(place=st.integers(0, len(CONTENT) - 1), bit=st.integers(0, 7))
def test_every_flipped_bit_is_found(place: int, bit: int) -> None:
    flipped = bytearray(CONTENT)
    flipped[place] ^= 1 << bit
    assert not valid(bytes(flipped))


@given(content=st.binary(max_size=40))
def test_junk_is_invalid(content: bytes) -> None:
    assert not valid(content)


@pytest.mark.parametrize("change", [lambda c: c + b"x", lambda c: c[:-1], lambda c: b"x" + c])
def test_a_file_of_another_length_is_invalid(change) -> None:
    assert not valid(change(CONTENT))
