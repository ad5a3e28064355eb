"""Verdict on a run: what to do, in a sentence, with three reasons that are numbers.

The thresholds are fixed: a p-value of 5%, and 0 R. Each p-value belongs to one question that was
asked in advance; none is picked from several.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from ib_grid.robustness.conclusion.hold_out import HoldOut
from ib_grid.robustness.conclusion.reasons import (
    MAX_P,
    Reason,
    known_reasons,
    of_hold_out,
    of_other_model,
    of_profitable,
    of_selected,
    of_unseen_dates,
    percent,
    reached,
)
from ib_grid.robustness.conclusion.run_facts import RunFacts
from ib_grid.robustness.results import Robustness
from ib_grid.robustness.statistics.random_direction import RandomDirection

Level = Literal[
    "do not trade",
    "fill artefact",
    "not tested",
    "cannot be told from luck",
    "worth a hold-out",
    "held up",
]
N_REASONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What to do with the selected combination of a run, and why.

    Attributes
    ----------
    level : Level
    text : str
        The level in a sentence or two; read after the level.
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


def verdict(facts: RunFacts, robustness: Robustness | None) -> Verdict:
    """Return the verdict on a run.

    Parameters
    ----------
    facts : RunFacts
    robustness : Robustness or None
        None if the tests have not been run.
    """
    level, text, first = _judged(facts, robustness)
    decided = level == "cannot be told from luck" and _coin_does_as_well(robustness)
    known = dict.fromkeys([*first, *known_reasons(facts, robustness, coin_decided=decided)])
    return Verdict(level=level, text=text, reasons=tuple(islice(known, N_REASONS)))


def _coin_does_as_well(robustness: Robustness | None) -> bool:
    """Return True if coins find such a result too often, in repeats enough to tell."""
    if robustness is None:
        return False
    direction = robustness.random_direction
    p = direction.selected_total_r.p
    return p > MAX_P and reached(p, direction.draws) > 0


# The level, its text, and the reasons to name first.
Judged = tuple[Level, str, list[Reason]]


def _judged(facts: RunFacts, robustness: Robustness | None) -> Judged:
    loss = _without_profit(facts, robustness)
    if loss is not None:
        return loss
    if robustness is None:
        return "not tested", _not_tested(facts), []
    if robustness.random_direction.selected_total_r.p > MAX_P:
        return "cannot be told from luck", _luck(facts, robustness.random_direction), []
    return _better_than_a_coin(facts, robustness)


def _without_profit(facts: RunFacts, robustness: Robustness | None) -> Judged | None:
    selected, share = facts.selected, of_profitable(facts, robustness)
    if selected is None:
        text = (
            f"There is nothing to trade: no combination has {facts.min_trades} trades or more."
            " Backtest more dates."
        )
        return "do not trade", text, [share]
    losses = [share, of_selected(selected), *of_unseen_dates(robustness)]
    if not facts.profitable:
        text = f"None of the {facts.searched} makes money."
        return "do not trade", text, losses
    if selected.total_r <= 0:
        text = f"The combination with the highest score loses {_r(selected.total_r)}."
        return "do not trade", text, losses
    other = facts.other_total_r
    if facts.model == "original" and other is not None and other <= 0:
        text = (
            "Do not trade this: the profit comes from the old optimizer's fills; with realistic"
            f" fills the same combination loses {_r(other)}."
        )
        return "fill artefact", text, list(of_other_model(facts))
    return None


def _not_tested(facts: RunFacts) -> str:
    if facts.untestable:
        return f"Do not trade this: whether it is luck cannot be tested, since {facts.untestable}."
    command = f"`ib-grid robustness {shlex.quote(facts.run)}`"
    return f"Do not trade this yet: run {command} to see whether it may be luck."


def _luck(facts: RunFacts, direction: RandomDirection) -> str:
    """Return what to do; if coins find most of the result at the median, also why."""
    found, draws = direction.selected_total_r, direction.draws
    as_good = reached(found.p, draws)
    if not as_good:
        return (
            f"Do not trade this yet: ruling out luck takes at least {round(1 / MAX_P) - 1} repeats"
            f" with coin-flipped directions, not {draws}."
            f" Run `ib-grid robustness {shlex.quote(facts.run)}` without `--draws`."
        )
    text = (
        "Do not trade this: the same search with coin-flipped directions does as well in"
        f" {percent(as_good / draws)} of repeats."
    )
    if found.null_median <= found.observed / 2:
        return text
    return (
        f"{text} Half of the repeats make {_r(found.null_median)} or more: the profit comes from"
        " the search, exits and trends rather than from the direction of trades."
    )


def _better_than_a_coin(facts: RunFacts, robustness: Robustness) -> Judged:
    forward, hold_out = robustness.walk_forward, facts.hold_out
    if forward is None:
        text = (
            "Do not trade this yet: the bars span too few months to trade a selection on months"
            " that it has not seen. Backtest more months."
        )
        return "cannot be told from luck", text, []
    if forward.out_of_sample_total_r <= 0:
        text = (
            "The directions of its trades are better than a coin's but do not pay the costs:"
            " combinations selected on past months lost"
            f" {_r(forward.out_of_sample_total_r)} in the months after."
        )
        return "do not trade", text, []
    if hold_out is None or not hold_out.total_trades:
        return "worth a hold-out", _worth(facts), []
    return _held_out(hold_out)


def _worth(facts: RunFacts) -> str:
    if facts.hold_out is not None:
        how = "The held-out dates had no trade: run again with a longer `--hold-out`."
    elif facts.holds_out:
        how = f"Test it once on the held-out dates: `ib-grid holdout {shlex.quote(facts.run)}`."
    else:
        how = (
            "Run again with `--hold-out 20%`, then test the selection once on the dates held out:"
            " `ib-grid holdout`."
        )
    return (
        "Not yet your money: the selection beats luck and made money on months that it had not"
        f" seen. {how}"
    )


def _held_out(hold_out: HoldOut) -> Judged:
    dates = f"{hold_out.session_dates:,} dates that the selection had never seen"
    if not hold_out.passed:
        text = f"On {dates}, it lost {_r(hold_out.total_r)}."
        return "do not trade", text, [of_hold_out(hold_out)]
    text = (
        f"On {dates}, it made {_r(hold_out.total_r)}. Start small; one hold-out is only one test."
    )
    return "held up", text, [of_hold_out(hold_out)]


def _r(value: float) -> str:
    return f"{abs(value):,.1f} R"
