"""The checksum of a Parquet file's bytes that the file carries itself."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.storage.checksum import is_unbroken, sealed_parquet

TABLE = pa.table({"id": np.arange(500), "value": np.linspace(0, 1, 500).astype(np.float32)})
CONTENT = bytes(sealed_parquet(TABLE.replace_schema_metadata({"ours": "yes"})))


def unbroken(content: bytes) -> bool | None:
    return is_unbroken(io.BytesIO(content))


def test_what_was_sealed_is_unbroken_and_plain_parquet() -> None:
    assert unbroken(CONTENT) is True
    file = pq.ParquetFile(io.BytesIO(CONTENT))
    assert file.read().replace_schema_metadata(None).equals(TABLE)
    assert file.schema_arrow.metadata == {b"ours": b"yes"}
    assert file.num_row_groups == 1


def test_a_table_without_rows_is_sealed_too() -> None:
    content = sealed_parquet(TABLE.slice(0, 0))
    assert unbroken(content) is True
    assert pq.ParquetFile(io.BytesIO(content)).read().num_rows == 0


def test_an_unsealed_file_is_told_apart() -> None:
    file = io.BytesIO()
    pq.write_table(TABLE, file)
    assert is_unbroken(file) is None


@given(place=st.integers(0, len(CONTENT) - 1), bit=st.integers(0, 7))
def test_every_flipped_bit_breaks_the_seal(place: int, bit: int) -> None:
    flipped = bytearray(CONTENT)
    flipped[place] ^= 1 << bit
    assert unbroken(bytes(flipped)) is not True


@given(content=st.binary(max_size=40))
def test_junk_has_no_seal(content: bytes) -> None:
    assert unbroken(content) is None


@pytest.mark.parametrize("change", [lambda c: c + b"x", lambda c: c[:-1], lambda c: b"x" + c])
def test_a_file_of_another_length_is_not_whole(change) -> None:
    assert unbroken(change(CONTENT)) is not True
