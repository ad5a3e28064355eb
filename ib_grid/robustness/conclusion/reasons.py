"""Reasons of a verdict: numbers, and the words that continue them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ib_grid.engine.execution_settings import other_model
from ib_grid.robustness.conclusion.hold_out import HoldOut
from ib_grid.robustness.conclusion.run_facts import RunFacts
from ib_grid.robustness.results import Robustness, Selected
from ib_grid.robustness.statistics.cscv import Cscv
from ib_grid.robustness.statistics.random_direction import RandomDirection
from ib_grid.robustness.statistics.walk_forward import WalkForward

MAX_P = 0.05
FILLS = {"realistic": "realistic fills", "original": "the old optimizer's fills"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Number behind a verdict, such as ``+6.0 R``, and the words that continue it."""

    figure: str
    text: str

    def __str__(self) -> str:
        """Return the reason as a sentence."""
        return f"{self.figure} {self.text}"


def known_reasons(
    facts: RunFacts, robustness: Robustness | None, *, coin_decided: bool
) -> Iterator[Reason]:
    """Yield all reasons that are known, the most telling ones first.

    If the coin decided the verdict, the reasons say why a walk-forward that beats its own coin does
    not change the verdict.
    """
    if robustness is not None:
        yield of_direction(robustness.random_direction)
    if facts.hold_out is not None and facts.hold_out.total_trades:
        yield of_hold_out(facts.hold_out)
    yield from of_unseen_dates(robustness, coin_decided=coin_decided)
    yield of_profitable(facts, robustness)
    yield from of_other_model(facts)


def of_unseen_dates(
    robustness: Robustness | None, *, coin_decided: bool = False
) -> Iterator[Reason]:
    """Yield how selections did on later months, and on the other half of the dates."""
    if robustness is None:
        return
    if robustness.walk_forward is not None:
        yield _of_walk_forward(robustness.walk_forward, coin_decided=coin_decided)
    if robustness.cscv is not None:
        yield _of_splits(robustness.cscv)


def of_direction(found: RandomDirection) -> Reason:
    """Return how often coin-flipped directions do as well."""
    total_r = found.selected_total_r
    return Reason(
        figure=f"{reached(total_r.p, found.draws):,} of {found.draws:,}",
        text="repeats of the search with coin-flipped directions end with at least as much total R"
        f" (p = {total_r.p:.2g}). One in 20 makes more than {total_r.null_95:,.1f} R; this run made"
        f" {total_r.observed:,.1f} R.",
    )


def _of_walk_forward(found: WalkForward, *, coin_decided: bool) -> Reason:
    past = f"the past {found.in_sample_months}" if found.scheme == "rolling" else "all past"
    ahead = found.out_of_sample_months
    coin = ""
    if found.p is not None and found.coin_band is not None:
        draws = found.coin_band.draws
        coin = f"; {reached(found.p, draws):,} of {draws:,} repeats with coin flips do as well"
    still = ""
    if coin_decided and found.p is not None and found.p <= MAX_P:
        still = (
            " The verdict is still luck: it goes by the repeats of the whole search, as fixed in"
            " advance; going by whichever test passes would often take luck for skill."
        )
    folds = len(found.folds)
    return Reason(
        figure=signed_r(found.out_of_sample_total_r),
        text=f"from selecting on {past} months and trading the next"
        f" {f'{ahead} months' if ahead > 1 else 'month'},"
        f" {f'{folds} times' if folds > 1 else 'once'}{coin}.{still}",
    )


def _of_splits(found: Cscv) -> Reason:
    return Reason(
        figure=percent(found.share_lost),
        text=f"of {found.splits:,} selections on one half of the dates lost money on the other"
        " half.",
    )


def of_profitable(facts: RunFacts, robustness: Robustness | None) -> Reason:
    """Return the share of combinations that make money."""
    text = f"of {facts.searched} make money"
    if not facts.profitable:
        return Reason(figure="0", text=f"{text}.")
    if robustness is not None:
        coin = percent(robustness.random_direction.share_profitable.null_median)
        text = f"{text}; with coin-flipped directions, typically {coin} do"
    return Reason(figure=percent(facts.profitable / facts.combinations), text=f"{text}.")


def of_selected(selected: Selected) -> Reason:
    """Return the total R of the selected combination."""
    return Reason(
        figure=signed_r(selected.total_r), text="from the combination with the highest score."
    )


def of_other_model(facts: RunFacts) -> Iterator[Reason]:
    """Yield the total R under the other execution model, if it is known."""
    if facts.other_total_r is None or facts.selected is None:
        return
    yield Reason(
        figure=signed_r(facts.other_total_r),
        text=f"from the same combination with {FILLS[other_model(facts.model)]}, instead of"
        f" {signed_r(facts.selected.total_r)}.",
    )


def of_hold_out(found: HoldOut) -> Reason:
    """Return the total R on the held-out dates."""
    return Reason(
        figure=signed_r(found.total_r),
        text=f"in {found.total_trades:,} trades on {found.session_dates:,} held-out dates, from"
        f" {found.first} to {found.last}.",
    )


def reached(p: float, draws: int) -> int:
    """Return how many draws of the coin reach the observed value.

    >>> reached(0.002, 499), reached(0.3, 499)
    (0, 149)
    """
    return round(p * (1 + draws)) - 1


def signed_r(value: float) -> str:
    """Return R with its sign."""
    return f"{value:+,.1f} R"


def percent(share: float) -> str:
    """Return a share of 1 in percent, with two digits or more.

    >>> percent(0.299), percent(0.0137), percent(0.001), percent(1.0)
    ('30%', '1.4%', '0.1%', '100%')
    """
    value = 100 * share
    return f"{value:.0f}%" if value >= 10 or not value else f"{value:.2g}%"
