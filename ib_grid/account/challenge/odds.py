"""Odds of a challenge: every start date, campaigns, bootstrap, and the odds of a coin."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ib_grid.account.challenge.bootstrap import (
    LONGEST,
    Paths,
    bootstrap,
    resampled_dates,
    within,
)
from ib_grid.account.challenge.date_rules import FAILED, OPEN, PASSED, UNIT, date_rules
from ib_grid.account.challenge.gains import Gains
from ib_grid.account.challenge.rule_files import RuleFile
from ib_grid.account.challenge.rules import Rules
from ib_grid.account.challenge.starts import Starts, every_start

DEFAULT_HORIZON = 120
HORIZONS: tuple[int | None, ...] = (60, 120, 250, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Challenges that passed, failed and are still open."""

    passed: int
    failed: int
    open: int

    def __str__(self) -> str:
        return f"{self.passed}/{self.failed}/{self.open}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """Shares of resampled paths within a horizon.

    Attributes
    ----------
    horizon : int or None
        Session dates; None for up to ten years.
    passed, failed, open : float
    error : float
        Standard error of `passed` that comes from the number of paths.
    days_to_pass, days_to_fail : float
        Mean calendar days of the paths that passed or failed; 0 without any.
    """

    horizon: int | None
    passed: float
    failed: float
    open: float
    error: float
    days_to_pass: float
    days_to_fail: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Odds:
    """Odds of a rule file's challenge for one stream of trades and one risk.

    Attributes
    ----------
    n_dates, n_trades : int
        Session dates, and dates with a trade.
    start_dates : Counts
        Challenges of the first phase begun on each session date, without a horizon. They overlap.
    campaigns : Counts
        Challenges begun one after the other.
    bootstrap : Bootstrap
        At the requested horizon.
    horizons : tuple of Bootstrap
        At `HORIZONS`.
    no_edge : float
        Share that passes without an edge and without a horizon.
    formula : float
        Share that passes by the formula of two barriers, for screening.
    interval : tuple of float
        5th and 95th percentile of `formula` over resampled dates: how far so few can be trusted.
    all_phases : float
        Share that passes every phase with a target, each within the horizon.
    payout_less_fee : float or None
        Expected first payout less the price, in account money; None if the file has no fee or no
        payout.
    """

    n_dates: int
    n_trades: int
    start_dates: Counts
    campaigns: Counts
    bootstrap: Bootstrap
    horizons: tuple[Bootstrap, ...]
    no_edge: float
    formula: float
    interval: tuple[float, float]
    all_phases: float
    payout_less_fee: float | None


def odds(rules: RuleFile, gains: Gains, horizon: int | None = DEFAULT_HORIZON) -> Odds:
    """Return the odds of a challenge.

    Parameters
    ----------
    rules : RuleFile
    gains : Gains
        With at least one session date.
    horizon : int or None
        Session dates after which a bootstrapped challenge counts as open.

    Raises
    ------
    ConfigError
        If the floor trails the equity.
    """
    first = rules.targets[0]
    starts = starts_of(first, gains)
    days_per_date = _days_per_date(gains)
    dates = resampled_dates(len(gains.calendar), LONGEST)

    def paths_of(phase: Rules) -> Paths:
        return bootstrap(gains, date_rules(phase), dates, days_per_date)

    paths = paths_of(first)
    shares = [within(paths, horizon)[0]]
    shares += [within(paths_of(phase), horizon)[0] for phase in rules.targets[1:]]
    passed, failed, still_open = starts.counts
    return Odds(
        n_dates=len(gains.calendar),
        n_trades=len(gains.gains),
        start_dates=Counts(passed=passed, failed=failed, open=still_open),
        campaigns=campaigns(starts),
        bootstrap=_summary(paths, horizon, days_per_date),
        horizons=tuple(_summary(paths, each, days_per_date) for each in HORIZONS),
        no_edge=no_edge(first),
        formula=float(two_barriers(first, gains.per_date)),
        interval=_interval(first, gains),
        all_phases=math.prod(shares),
        payout_less_fee=_payout_less_fee(rules, gains, math.prod(shares), days_per_date),
    )


def starts_of(rules: Rules, gains: Gains, horizon: int | None = None) -> Starts:
    """Return the outcome of a challenge begun on every session date."""
    return every_start(
        gains.date_index, gains.gains, gains.lows, gains.calendar, date_rules(rules, horizon)
    )


def campaigns(starts: Starts) -> Counts:
    """Return the challenges that follow one another, each begun after the end of the last."""
    counts, start = [0, 0, 0], 0
    while start < len(starts.outcome):
        outcome = int(starts.outcome[start])
        counts[outcome] += 1
        if outcome == OPEN:
            break
        start += int(starts.n_dates[start])
    return Counts(passed=counts[PASSED], failed=counts[FAILED], open=counts[OPEN])


def no_edge(rules: Rules) -> float:
    """Return the share that passes without an edge, by the target T and the loss limit L alone.

    L / (L + T), where a fair stream first leaves the interval; exp(−T / L) below a floor that
    trails for ever (Taylor, 1975: the largest value of a Brownian motion before its fall by L is
    exponential).

    Examples
    --------
    >>> from ib_grid.account.challenge.rules import MaxLoss
    >>> no_edge(Rules(initial_balance=1e5, target_pct=10, max_loss=MaxLoss(pct=6)))
    0.375
    """
    target, loss = rules.target_pct or 0.0, rules.max_loss.pct
    if rules.max_loss.mode == "static" or rules.max_loss.lock_at_pct is not None:
        return loss / (loss + target)
    return math.exp(-target / loss)


def two_barriers(rules: Rules, per_date: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the share that passes by the formula of two barriers, with the drift of the dates.

    (1 − e^{kL}) / (e^{−kT} − e^{kL}) with k = 2μ/σ² (gambler's ruin of a Brownian motion).

    Parameters
    ----------
    rules : Rules
    per_date : int64 array, shape (…, n_dates)
        Gain of each session date in units of `date_rules`, 0 without a trade.
    """
    gain = per_date / UNIT
    mean, variance = gain.mean(axis=-1), np.maximum(gain.var(axis=-1), 1e-18)
    target, loss = (rules.target_pct or 0.0) / 100, rules.max_loss.pct / 100
    k = np.clip(2 * mean / variance, -700 / (target + loss), 700 / (target + loss))
    k = np.where(np.abs(k) * (target + loss) < 1e-9, 1e-9, k)  # towards L / (L + T)
    return np.asarray(np.expm1(-k * loss) / np.expm1(-k * (target + loss)))


def _interval(rules: Rules, gains: Gains) -> tuple[float, float]:
    """Return percentiles of the formula over as many dates, drawn in blocks."""
    n = len(gains.calendar)
    drawn = gains.per_date[resampled_dates(n, n)]
    low, high = np.percentile(two_barriers(rules, drawn), [5, 95]).tolist()
    return low, high


def _days_per_date(gains: Gains) -> float:
    span = int(gains.calendar[-1] - gains.calendar[0]) + 1
    return max(1.0, span / len(gains.calendar))


def _summary(paths: Paths, horizon: int | None, days_per_date: float) -> Bootstrap:
    passed, failed, still_open = within(paths, horizon)
    inside = paths.n_dates <= (horizon or LONGEST)

    def mean_days(outcome: int) -> float:
        dates = paths.n_dates[inside & (paths.outcome == outcome)]
        return float(dates.mean() * days_per_date) if len(dates) else 0.0

    return Bootstrap(
        horizon=horizon,
        passed=passed,
        failed=failed,
        open=still_open,
        error=math.sqrt(passed * (1 - passed) / len(paths.outcome)),
        days_to_pass=mean_days(PASSED),
        days_to_fail=mean_days(FAILED),
    )


def _payout_less_fee(
    rules: RuleFile, gains: Gains, all_phases: float, days_per_date: float
) -> float | None:
    """Return the expected first payout less the price of the challenge."""
    funded, fee = rules.funded, rules.fee
    if funded is None or funded.payout is None or fee is None:
        return None
    length = max(1, round(funded.payout.every_days / days_per_date))
    dates = resampled_dates(len(gains.calendar), length)
    paths = bootstrap(gains, date_rules(_without_target(funded)), dates, days_per_date)
    profit = np.where(paths.outcome == FAILED, 0, np.maximum(paths.balance, 0)) / UNIT
    payout = float(profit.mean()) * rules.initial_balance * funded.payout.split_pct / 100
    paid = float((profit > 0).mean()) if fee.refunded == "first_payout" else 0.0
    return all_phases * (payout + paid * fee.price) - fee.price


def _without_target(phase: Rules) -> Rules:
    return dataclasses.replace(phase, target_pct=None)


def sentence(in_sample: Odds, out_of_sample: Odds) -> str:
    """Return the verdict in words."""
    within, ever, coin = out_of_sample.bootstrap, out_of_sample.horizons[-1], out_of_sample.no_edge
    limit = f" within {within.horizon} session dates" if within.horizon else ""
    low, high = out_of_sample.interval
    judged = (
        "is more than" if low > coin else "is less than" if high < coin else "cannot be told from"
    )
    return (
        "With combinations selected on past months and traded in the next, the challenge"
        f" passes{limit} in {within.passed:.0%} of resampled paths, against"
        f" {in_sample.bootstrap.passed:.0%} in sample. Without a time limit {ever.passed:.0%} pass;"
        f" with only {out_of_sample.n_dates:,} dates, the true share"
        f" {_between(low, high)}, which {judged} the {coin:.0%} of a coin."
    )


def _between(low: float, high: float) -> str:
    """Return how far a true share is known.

    >>> _between(0.31, 0.6), _between(0.001, 0.004)
    ('may be anything from 31% to 60%', 'is about 0%')
    """
    if f"{low:.0%}" == f"{high:.0%}":
        return f"is about {low:.0%}"
    return f"may be anything from {low:.0%} to {high:.0%}"
