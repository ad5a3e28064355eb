from __future__ import annotations

import pytest

from ib_grid.errors import ConfigError
from ib_grid.errors.validation import check_names, did_you_mean, nearest

KNOWN = ("total_r", "total_trades", "winrate", "sharpe_ratio", "score", "max_consec_wins")


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("total_R", "total_r"),
        ("win_rate", "winrate"),
        ("shrpe", "sharpe_ratio"),
        ("xyz", ""),
        ("nonsense", ""),
        ("", ""),
        (7, ""),
    ],
)
def test_the_nearest_name_is_offered_if_one_is_near(name: object, near: str) -> None:
    assert nearest(name, KNOWN) == near
    assert did_you_mean(name, KNOWN) == (f"did you mean {near}?" if near else "")


@pytest.mark.parametrize(
    ("name", "remedy"), [("win_rate", "did you mean winrate?"), ("xyz", "remove the key")]
)
def test_an_unknown_key_is_refused_with_what_to_do(name: str, remedy: str) -> None:
    check_names(KNOWN, iter(KNOWN), "a.toml", ConfigError)
    with pytest.raises(ConfigError) as caught:
        check_names([*KNOWN, name], iter(KNOWN), "a.toml", ConfigError)
    assert (caught.value.location, caught.value.hint) == ("a.toml", remedy)
    assert name in caught.value.message
