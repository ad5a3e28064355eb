"""Checks of stored metrics: against each other, and against recomputed ones.

A stored metric is a double rounded to float32, with an error of up to 2**-24 of its value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ib_grid.grid.columns import METRIC_COLUMNS
from ib_grid.grid.variations import PREFIXES

# Engines and processors sum in double precision in different orders, which adds far less than the
# rounding to float32; 0 in one order may be 1e-12 in the other.
RELATIVE_TOLERANCE = 2.0**-23
ABSOLUTE_TOLERANCE = 1e-9
# A ratio this large has a deviation or drawdown that is only rounding error.
ILL_CONDITIONED = 1e6
# Each term of an identity is a product of rounded metrics, itself rounded to float32.
_IDENTITY_TOLERANCE = 4 * RELATIVE_TOLERANCE

Columns = Mapping[str, NDArray[Any]]
Values = NDArray[np.float32]

# Columns of the identities that a report checks on every row.
MAIN_COLUMNS = (
    "total_r",
    "total_trades",
    "avg_trade_r",
    "winning_trades",
    "losing_trades",
    "winrate",
)


def same_metric(name: str, stored: float, expected: float) -> bool:
    """Return whether a float32 metric equals a recomputed one up to rounding."""
    if "sharpe" in name and abs(expected) > ILL_CONDITIONED:
        return abs(stored) > ILL_CONDITIONED / 2
    allowed = RELATIVE_TOLERANCE * abs(expected) + ABSOLUTE_TOLERANCE
    return abs(stored - expected) <= allowed


def metric_difference(row: Mapping[str, float], expected: Mapping[str, float]) -> str:
    """Return the first metric that differs by more than rounding, and the number of others.

    Metrics that the row lacks are skipped; empty if all agree.
    """
    apart = [
        f"{name} is {row[name]:.9g}, recomputed {expected[name]:.9g}"
        for name in METRIC_COLUMNS
        if name in row and not same_metric(name, row[name], expected[name])
    ]
    more = f"; {len(apart) - 1} more metrics differ" if len(apart) > 1 else ""
    return apart[0] + more if apart else ""


def first_inconsistency(columns: Columns) -> tuple[int, str] | None:
    """Return the first row whose metrics contradict each other, and the violated identity.

    Parameters
    ----------
    columns : mapping of str to float32 array, shape (n_rows,)
        Metrics; identities of which a column is missing are not checked.

    Returns
    -------
    tuple of int and str, or None
        Row number and the identity as text; None if every row holds.

    Examples
    --------
    >>> columns = {"total_r": np.float32([6.0, 9.0]), "avg_trade_r": np.float32([2.0, 2.0])}
    >>> first_inconsistency({**columns, "total_trades": np.float32([3.0, 3.0])})
    (1, 'total_r = avg_trade_r * total_trades')
    """
    for text, names, identity in _of_all_groups():
        if all(name in columns for name in names):
            with np.errstate(over="ignore", invalid="ignore"):  # of wrong values
                holds = identity(*(columns[name] for name in names))
            if not holds.all():
                return int(np.argmin(holds)), text
    return None


@cache
def _of_all_groups() -> tuple[_Identity, ...]:
    """Return the identities of all trades, of each variation's, and between them."""
    own = [
        (
            f"{text} of {prefix.rstrip('_')}" if prefix else text,
            tuple(prefix + name for name in names),
            identity,
        )
        for prefix in ("", *PREFIXES)
        for text, names, identity in _IDENTITIES
    ]
    between = [
        (f"{name} = sum of {name} over the variations", (name, *(p + name for p in PREFIXES)), _sum)
        for name in ("total_trades", "total_r")
    ]
    return (*between, *own)


def _equal(left: Values, right: Values, scale: Values) -> NDArray[np.bool_]:
    """Return where two sides are equal, `scale` being the sum of their absolute terms."""
    # Not `<=`, which holds where wrong values overflow on both sides.
    return np.asarray(np.abs(left - right) < _IDENTITY_TOLERANCE * scale + ABSOLUTE_TOLERANCE)


def _sum(whole: Values, *parts: Values) -> NDArray[np.bool_]:
    return _equal(whole, sum(parts, np.zeros_like(whole)), sum(map(np.abs, parts), np.abs(whole)))


def _product(product: Values, a: Values, b: Values) -> NDArray[np.bool_]:
    return _equal(product, a * b, np.abs(product))


def _gains_and_losses(
    total: Values, mean_win: Values, wins: Values, mean_loss: Values, losses: Values
) -> NDArray[np.bool_]:
    return _sum(total, mean_win * wins, mean_loss * losses)


def _winrate(winrate: Values, wins: Values, losses: Values) -> NDArray[np.bool_]:
    return _equal(winrate * (wins + losses), 100 * wins, 200 * wins)


def _at_most(whole: Values, *parts: Values) -> NDArray[np.bool_]:
    return np.asarray(sum(parts, np.zeros_like(whole)) <= whole)


def _drawdown(drawdown: Values, total: Values, recovery: Values) -> NDArray[np.bool_]:
    fits = _product(total, recovery, drawdown) | (drawdown == 0)
    return np.asarray(fits & (drawdown + np.abs(total) * RELATIVE_TOLERANCE >= -total))


_Identity = tuple[str, tuple[str, ...], Callable[..., NDArray[np.bool_]]]
_IDENTITIES: tuple[_Identity, ...] = (
    (
        "winning_trades + losing_trades <= total_trades",
        ("total_trades", "winning_trades", "losing_trades"),
        _at_most,
    ),
    (
        "total_r = avg_trade_r * total_trades",
        ("total_r", "avg_trade_r", "total_trades"),
        _product,
    ),
    (
        "total_r = avg_r_wins * winning_trades + avg_r_losses * losing_trades",
        ("total_r", "avg_r_wins", "winning_trades", "avg_r_losses", "losing_trades"),
        _gains_and_losses,
    ),
    (
        "winrate = 100 * winning_trades / (winning_trades + losing_trades)",
        ("winrate", "winning_trades", "losing_trades"),
        _winrate,
    ),
    (
        "max_drawdown >= -total_r and total_r = recovery_factor * max_drawdown",
        ("max_drawdown", "total_r", "recovery_factor"),
        _drawdown,
    ),
    ("max_consec_wins <= winning_trades", ("winning_trades", "max_consec_wins"), _at_most),
    ("max_consec_losses <= losing_trades", ("losing_trades", "max_consec_losses"), _at_most),
    ("ambiguous_trades <= total_trades", ("total_trades", "ambiguous_trades"), _at_most),
)
