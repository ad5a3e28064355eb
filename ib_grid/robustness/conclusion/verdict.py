"""Verdict on a run: what to do, in a sentence, with three reasons that are numbers.

The thresholds are fixed: a p-value of 5%, and 0 R. Each p-value belongs to one question that was
asked in advance; none is picked from several.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from ib_grid.engine.execution_settings import Model, other_model
from ib_grid.robustness.conclusion.hold_out import HoldOut
from ib_grid.robustness.results import NullComparison, Robustness, Selected

Level = Literal[
    "do not trade",
    "fill artefact",
    "not tested",
    "cannot be told from luck",
    "worth a hold-out",
    "held up",
]
MAX_P = 0.05
N_REASONS = 3
FILLS = {"realistic": "realistic fills", "original": "the old optimizer's fills"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """Facts of a run that the robustness tests do not know.

    Attributes
    ----------
    run : str
        The run directory, as a person types it.
    model : {"realistic", "original"}
        Execution model of the run.
    combinations, profitable : int
        Known combinations, and those with a total R above 0.
    scope : str
        Words after "combinations" if these are not the whole grid, such as ``computed so far``.
    min_trades : int
        Minimum number of trades of a ranked combination.
    selected : Selected or None
        Combination with the highest score; None if nothing is ranked.
    other_total_r : float or None
        Its total R under the other execution model; None if unknown.
    holds_out : bool
        Whether the run holds out session dates.
    hold_out : HoldOut or None
        Outcome on these; None until opened.
    """

    run: str
    model: Model
    combinations: int
    profitable: int
    min_trades: int
    selected: Selected | None
    scope: str = ""
    other_total_r: float | None = None
    holds_out: bool = False
    hold_out: HoldOut | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Number behind a verdict, such as ``30%``, and the words that continue it."""

    figure: str
    text: str

    def __str__(self) -> str:
        """Return the reason as a sentence."""
        return f"{self.figure} {self.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do with the selected combination of a run, and why.

    Attributes
    ----------
    level : Level
    text : str
        One sentence.
    reasons : tuple of Reason
        The most telling ones first; fewer than three if less is known.
    """

    level: Level
    text: str
    reasons: tuple[Reason, ...]

    @property
    def allows_best(self) -> bool:
        """Whether the combination with the highest score may be called the best."""
        return self.level in ("worth a hold-out", "held up")

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return dataclasses.asdict(self)


def verdict(facts: RunFacts, robustness: Robustness | None) -> Verdict:
    """Return the verdict on a run.

    Parameters
    ----------
    facts : RunFacts
    robustness : Robustness or None
        None if the tests have not been run.
    """
    level, text, first = _judged(facts, robustness)
    known = dict.fromkeys((*first, *_known_reasons(facts, robustness)))
    return Verdict(level=level, text=text, reasons=tuple(islice(known, N_REASONS)))


Judged = tuple[Level, str, tuple[Reason, ...]]


def _judged(facts: RunFacts, robustness: Robustness | None) -> Judged:
    """Return the level, the sentence, and the reasons to name first."""
    return (
        _without_profit(facts, robustness)
        or _without_tests(facts, robustness)
        or _tested(facts, robustness)  # type: ignore[arg-type]
    )


def _without_profit(facts: RunFacts, robustness: Robustness | None) -> Judged | None:
    selected, share = facts.selected, _profitable(facts, robustness)
    if selected is None:
        least = f"no combination has {facts.min_trades} trades or more"
        return "do not trade", f"There is nothing to trade: {least}.", (share,)
    losses = (share, _of_selected(selected), *(_walk_forward(robustness) if robustness else ()))
    if not facts.profitable:
        text = f"Do not trade this: none of the {_combinations(facts)} makes money."
        return "do not trade", text, losses
    if selected.total_r <= 0:
        lost = f"the combination with the highest score loses {_r(selected.total_r)}"
        return "do not trade", f"Do not trade this: {lost}.", losses
    other = facts.other_total_r
    if facts.model == "original" and other is not None and other <= 0:
        text = (
            "Do not trade this: the profit comes from the old optimizer's fills; with realistic"
            f" fills the same combination loses {_r(other)}."
        )
        return "fill artefact", text, tuple(_other_model(facts))
    return None


def _without_tests(facts: RunFacts, robustness: Robustness | None) -> Judged | None:
    if robustness is not None:
        return None
    command = f"`ib-grid robustness {facts.run}`"
    return "not tested", f"Do not trade this yet: run {command} to see whether it may be luck.", ()


def _tested(facts: RunFacts, robustness: Robustness) -> Judged:
    direction = robustness.random_direction.selected_total_r
    walk_forward, hold_out = robustness.walk_forward, facts.hold_out
    if direction.p > MAX_P:
        text = (
            "Do not trade this: the same search with coin-flipped directions does as well in"
            f" {_percent(direction.p)} of repeats.{_without_direction(direction)}"
        )
        return "cannot be told from luck", text, ()
    if walk_forward is None:
        text = (
            "Do not trade this yet: the bars span too few months to trade a selection on months"
            " that it has not seen."
        )
        return "cannot be told from luck", text, ()
    if walk_forward.out_of_sample_total_r <= 0:
        lost = _r(walk_forward.out_of_sample_total_r)
        text = (
            "Do not trade this: its direction is better than a coin's but does not pay the costs;"
            f" traded on months that the selection had not seen, it lost {lost}."
        )
        return "do not trade", text, ()
    if hold_out is None or not hold_out.total_trades:
        return "worth a hold-out", _worth(facts), ()
    return _held_out(hold_out)


def _without_direction(found: NullComparison) -> str:
    """Return a sentence if coins find most of the result at the median, else nothing."""
    if found.null_median <= found.observed / 2:
        return ""
    return (
        f" Half of the repeats make {_r(found.null_median)} or more: the profit comes from the"
        " search, exits and trends rather than from the direction of trades."
    )


def _worth(facts: RunFacts) -> str:
    how = f"`ib-grid holdout {facts.run}`" if facts.holds_out else "`ib-grid run --hold-out 20%`"
    return (
        "Worth a hold-out, but not yet your money: the selection beats luck and made money on"
        f" months that it had not seen. Test it once on unseen dates: {how}."
    )


def _held_out(hold_out: HoldOut) -> Judged:
    dates = f"on {hold_out.session_dates:,} dates that the selection had never seen"
    if not hold_out.passed:
        text = f"Do not trade this: {dates}, it lost {_r(hold_out.total_r)}."
        return "do not trade", text, (_hold_out_reason(hold_out),)
    text = (
        f"It held up: {dates}, it made {_r(hold_out.total_r)}. Start small; one hold-out is only"
        " one test."
    )
    return "held up", text, (_hold_out_reason(hold_out),)


def _known_reasons(facts: RunFacts, robustness: Robustness | None) -> Iterator[Reason]:
    """Yield all reasons that are known, the most telling ones first."""
    if robustness is not None:
        yield from _direction(robustness)
        yield from _walk_forward(robustness)
        yield from _splits(robustness)
    yield _profitable(facts, robustness)
    yield from _other_model(facts)


def _direction(robustness: Robustness) -> Iterable[Reason]:
    found, draws = robustness.random_direction.selected_total_r, robustness.random_direction.draws
    yield Reason(
        figure=_percent(found.p),
        text=f"of {draws:,} repeats of the search with coin-flipped directions end with at least"
        f" as much total R (p = {found.p:.2g}). One in 20 exceeds {found.null_95:,.1f} R; this run"
        f" has {found.observed:,.1f} R.",
    )


def _walk_forward(robustness: Robustness) -> Iterable[Reason]:
    found = robustness.walk_forward
    if found is None:
        return
    past = f"the past {found.in_sample_months}" if found.scheme == "rolling" else "all past"
    ahead = found.out_of_sample_months
    coin = "" if found.p is None else f"; a coin does as well in {_percent(found.p)}"
    yield Reason(
        figure=_signed(found.out_of_sample_total_r),
        text=f"from selecting on {past} months and trading the next"
        f" {f'{ahead} months' if ahead > 1 else 'month'}, {len(found.folds)} times"
        f" (t = {found.t:.1f}{coin}).",
    )


def _splits(robustness: Robustness) -> Iterable[Reason]:
    found = robustness.cscv
    if found is None:
        return
    yield Reason(
        figure=_percent(found.share_lost),
        text=f"of {found.splits:,} selections on one half of the dates lost money on the other"
        " half.",
    )


def _profitable(facts: RunFacts, robustness: Robustness | None) -> Reason:
    share = facts.profitable / facts.combinations
    of = f"of {_combinations(facts)} make money"
    if not facts.profitable:
        return Reason(figure="0", text=f"{of}.")
    if robustness is None:
        return Reason(figure=_percent(share), text=f"{of}.")
    coin = _percent(robustness.random_direction.share_profitable.null_median)
    return Reason(figure=_percent(share), text=f"{of}; with coin-flipped directions {coin} do.")


def _combinations(facts: RunFacts) -> str:
    return " ".join([f"{facts.combinations:,} combinations", *filter(None, [facts.scope])])


def _of_selected(selected: Selected) -> Reason:
    return Reason(
        figure=_signed(selected.total_r), text="from the combination with the highest score."
    )


def _other_model(facts: RunFacts) -> Iterable[Reason]:
    if facts.other_total_r is None or facts.selected is None:
        return
    yield Reason(
        figure=_signed(facts.other_total_r),
        text=f"with {FILLS[other_model(facts.model)]}, instead of"
        f" {_signed(facts.selected.total_r)}.",
    )


def _hold_out_reason(found: HoldOut) -> Reason:
    return Reason(
        figure=_signed(found.total_r),
        text=f"in {found.total_trades:,} trades on {found.session_dates:,} held-out dates, from"
        f" {found.first} to {found.last}.",
    )


def _r(value: float) -> str:
    return f"{abs(value):,.1f} R"


def _signed(value: float) -> str:
    return f"{value:+,.1f} R"


def _percent(share: float) -> str:
    """Return a share of 1 in percent, with two digits or more.

    >>> _percent(0.299), _percent(0.0137), _percent(0.001), _percent(1.0)
    ('30%', '1.4%', '0.1%', '100%')
    """
    percent = 100 * share
    return f"{percent:.0f}%" if percent >= 10 or not percent else f"{percent:.2g}%"
