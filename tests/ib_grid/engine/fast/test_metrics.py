"""Fast metrics against plain formulas, on awkward results."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ib_grid.engine.fast.metrics import N_GROUPS, N_METRICS, accumulate_metrics
from ib_grid.engine.fast.outcomes import NO_OUTCOME, Results
from ib_grid.grid.columns import METRIC_COLUMNS, METRIC_NAMES
from ib_grid.grid.variations import VARIATIONS

NO_TRADE = None
RISKS = np.array([1.0, 8.0, 0.0, 2.5])  # points; 0 is the invalid trade of `original`
Day = tuple[int, float, bool] | None  # variation, R, ambiguous


def _accumulated(days: list[Day]) -> dict[str, float]:
    """Metrics of one combination whose dates end in these results."""
    traded = [day if day is not None else (0, 0.0, False) for day in days]
    n = len(traded)
    risk = RISKS[np.arange(n) % len(RISKS)]
    results = Results(
        r=np.array([[r] for _, r, _ in traded]).reshape(n, 1),
        sign=np.array([[np.sign(r)] for _, r, _ in traded], np.int16).reshape(n, 1),
        ambiguous=np.array([[a] for _, _, a in traded], np.bool_).reshape(n, 1),
        any_ambiguous=np.array([a for _, _, a in traded], np.bool_),
        per_point=np.divide(1.0, risk, out=np.zeros(n), where=risk > 0),
    )
    indices = [i if day is not None else NO_OUTCOME for i, day in enumerate(days)]
    variation = np.array([[v for v, _, _ in traded]], np.int8)
    out = np.empty((N_GROUPS, N_METRICS, 1, 1), np.float32)
    accumulate_metrics(results, np.array([indices], np.int32), variation, out, 0, 0)
    return dict(zip(METRIC_COLUMNS, out.ravel().tolist(), strict=True))


def _sharpe(values: list[float]) -> float:
    if len(values) < 2 or statistics.stdev(values) < 1e-12:
        return 0.0
    return statistics.mean(values) / statistics.stdev(values) * math.sqrt(252)


def _longest(hits: list[bool]) -> int:
    return max((len(run) for run in "".join("x" if h else " " for h in hits).split()), default=0)


def _expected(days: list[Day], variation: int | None) -> dict[str, float]:
    is_mine = [d is not None and variation in (None, d[0]) for d in days]
    mine = [d for d, counts in zip(days, is_mine, strict=True) if counts]
    risks = [RISKS[i % len(RISKS)] for i, counts in enumerate(is_mine) if counts]
    r = [d[1] for d in mine]
    by_date = [d[1] if d is not None and variation in (None, d[0]) else 0.0 for d in days]
    wins, losses = [x for x in r if x > 0], [x for x in r if x < 0]
    path = [0.0]
    for x in r:
        path.append(path[-1] + x)
    drawdown = max(max(path[: i + 1]) - path[i] for i in range(len(path)))
    downside = math.sqrt(statistics.mean(min(x, 0) ** 2 for x in by_date))
    two = len(days) > 1
    ratio = lambda a, b: a / b if b else 0.0  # noqa: E731
    return {
        "total_r": path[-1],
        "total_trades": len(r),
        "winning_trades": len(wins),
        "losing_trades": len(losses),
        "avg_trade_r": ratio(path[-1], len(r)),
        "avg_r_wins": ratio(sum(wins), len(wins)),
        "avg_r_losses": ratio(sum(losses), len(losses)),
        "winrate": ratio(100 * len(wins), len(wins) + len(losses)),
        "profit_factor": ratio(sum(wins), -sum(losses)),
        "max_drawdown": drawdown,
        "recovery_factor": ratio(path[-1], drawdown),
        "sharpe_ratio": _sharpe(by_date) if two else 0.0,
        "sortino_ratio": ratio(statistics.mean(by_date), downside) * math.sqrt(252) if two else 0.0,
        "sharpe_trades": _sharpe(r),
        "max_consec_wins": _longest([x > 0 for x in r]),
        "max_consec_losses": _longest([x < 0 for x in r]),
        "ambiguous_trades": sum(d[2] for d in mine),
        "break_even_points": ratio(path[-1], sum(1 / risk for risk in risks if risk)),
    }


def _assert_metrics(days: list[Day]) -> None:
    found = _accumulated(days)
    for variation, prefix in ((None, ""), *enumerate(f"{v.lower()}_" for v in VARIATIONS)):
        expected = _expected(days, variation)
        assert tuple(expected) == METRIC_NAMES
        for name, value in expected.items():
            assert found[prefix + name] == pytest.approx(value, rel=1e-6, abs=1e-9), prefix + name


# multiples of 1/8 are exact in binary, so that a cumulative R of 0 is 0 in any order of summation
RESULTS = st.integers(-24, 40).map(lambda k: k / 8)
DAYS = st.none() | st.tuples(st.integers(0, 3), RESULTS, st.booleans())


@given(st.lists(DAYS, min_size=1, max_size=40))
def test_metrics_are_those_of_the_plain_formulas(days: list[Day]) -> None:
    _assert_metrics(days)


@pytest.mark.parametrize("r", [1.9828767, -1.0, 0.1])
def test_equal_results_have_no_deviation(r: float) -> None:
    days: list[Day] = [(i % 4, r, False) for i in range(50)]
    assert _accumulated(days)["sharpe_trades"] == 0
    assert _accumulated(days)["sharpe_ratio"] == 0
    _assert_metrics(days)


def test_a_combination_without_a_trade_is_all_zero() -> None:
    assert set(_accumulated([NO_TRADE] * 5).values()) == {0.0}


def test_one_date_has_no_ratio_over_dates() -> None:
    found = _accumulated([(0, 2.0, False)])
    assert (found["sharpe_ratio"], found["sortino_ratio"], found["sharpe_trades"]) == (0, 0, 0)
    assert found["total_r"] == 2
