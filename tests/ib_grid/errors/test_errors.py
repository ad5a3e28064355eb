from __future__ import annotations

from ib_grid.errors import ConfigError, GridError


def test_an_error_is_retold_as_another_kind_with_all_its_words() -> None:
    error = ConfigError("a", where="b", expected="c", remedy="d")
    same = error.retold(GridError)
    assert type(same) is GridError
    assert (same.found, same.where, same.expected, same.remedy) == ("a", "b", "c", "d")
    other = error.retold(GridError, where="", expected="e")
    assert (other.found, other.where, other.expected, other.remedy) == ("a", "", "e", "d")
