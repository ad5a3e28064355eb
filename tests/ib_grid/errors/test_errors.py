from __future__ import annotations

import pickle

import pytest

from ib_grid.errors import ConfigError, GridError


def test_error_with_context_keeps_its_parts() -> None:
    error = ConfigError("a", location="b", expected="c", hint="d")
    same = error.with_context(GridError)
    assert type(same) is GridError
    assert (same.message, same.location, same.expected, same.hint) == ("a", "b", "c", "d")
    other = error.with_context(GridError, location="", expected="e")
    assert (other.message, other.location, other.expected, other.hint) == ("a", "", "e", "d")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("https://host/a.parquet?sig=secret", "https://host/a.parquet?…"),
        ("https:/host/a.parquet?sig=secret", "https:/host/a.parquet?…"),  # taken for a local path
        ("https://host/a#secret", "https://host/a?…"),
        ("https://secret@host/a", "https://…@host/a"),
        ("tcp://me:secret@host:8786", "tcp://…@host:8786"),
        ("s3://key:secret@bucket/a", "s3://…@bucket/a"),
        ("abfs://container@account/a", "abfs://container@account/a"),
        ("s3://bucket/a=1/b", "s3://bucket/a=1/b"),
    ],
)
def test_no_error_repeats_a_secret_of_a_url(url: str, told: str) -> None:
    error = ConfigError(f"found {url!r}, bad", location=url, hint=f"look at {url}")
    assert (error.message, error.location) == (f"found {told!r}, bad", told)
    assert error.hint == f"look at {told}"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
