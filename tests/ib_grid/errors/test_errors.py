from __future__ import annotations

from ib_grid.errors import ConfigError, GridError


def test_error_with_context_keeps_its_parts() -> None:
    error = ConfigError("a", location="b", expected="c", hint="d")
    same = error.with_context(GridError)
    assert type(same) is GridError
    assert (same.message, same.location, same.expected, same.hint) == ("a", "b", "c", "d")
    other = error.with_context(GridError, location="", expected="e")
    assert (other.message, other.location, other.expected, other.hint) == ("a", "", "e", "d")
