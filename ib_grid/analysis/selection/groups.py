"""Groups of combinations, one per variation, that share session, wait and buffer.

A bot that trades each variation with a combination of its own needs them to share the range, the
wait and the buffer; strictly also the reach. Each group holds, for each variation, its best
combination by the variation's own metrics, among those in which the variation applies
(`ib_grid.grid.variations`).

A variation's metrics come from a backtest in which the first signal of any variation takes the one
trade of a day. Sums over a group are therefore sums of separate backtests, not a joint one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ib_grid.analysis.selection.top import ranking_of
from ib_grid.errors import ConfigError
from ib_grid.errors.validation import check_count, did_you_mean, shown, whole_number
from ib_grid.grid import scoring
from ib_grid.grid.columns import METRIC_NAMES
from ib_grid.grid.params import PARAM_NAMES
from ib_grid.grid.scoring import Columns, RankingSettings
from ib_grid.grid.variations import PREFIXES, VARIATION_RULES, VARIATIONS
from ib_grid.runs.cubes import Cube
from ib_grid.runs.run import Run, checked_run

SHARED = ("session", "ib_wait_minutes", "ib_buffer_pct")
SHARED_STRICTLY = (*SHARED, "max_distance_pct")
MAX_DRAWDOWN_R = 12.0
_SUMS = ("value", "total_r", "total_trades", "sum_of_drawdowns", "n_variations")
TRAILING_RULE = "tsl_target = 0 or tsl_sl < rr_target + 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRanking:
    """Ranking of combinations within a group, and of groups.

    Attributes
    ----------
    text : str
        Description for people.
    of_combinations : callable
        A variation's own metrics, without prefix, to a value per combination.
    of_group : callable
        The group's metrics and values (column ``value``), a row per variation, to a value.
    """

    text: str
    of_combinations: Callable[[Columns], NDArray[np.float64]]
    of_group: Callable[[pd.DataFrame], float]


def _by_trades(combinations: pd.DataFrame) -> float:
    """Return the mean of the values, weighted by trades."""
    return float(
        (combinations["value"] * combinations["total_trades"]).sum()
        / combinations["total_trades"].sum()
    )


def _gain(combinations: Columns | pd.DataFrame) -> Any:
    return combinations["total_r"].astype(np.float64)


RANKINGS = {
    "total_r": GroupRanking(
        text="total R, summed over a group",
        of_combinations=_gain,
        of_group=lambda combinations: float(_gain(combinations).sum()),
    ),
    "sharpe_ratio": GroupRanking(
        text="Sharpe ratio, averaged over a group by trades",
        of_combinations=lambda own: own["sharpe_ratio"].astype(np.float64),
        of_group=_by_trades,
    ),
    "recovery": GroupRanking(
        text="total R / (drawdown + 1), with both summed over a group",
        of_combinations=lambda own: _gain(own) / (own["max_drawdown"].astype(np.float64) + 1),
        of_group=lambda combinations: float(
            _gain(combinations).sum() / (combinations["max_drawdown"].sum() + 1)
        ),
    ),
    "score": GroupRanking(
        text="score within the variation, averaged over a group by trades",
        of_combinations=lambda own: own["score"],
        of_group=_by_trades,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Groups of combinations, best first.

    Attributes
    ----------
    summary : frame
        A row per group: ``rank``, what its combinations share, ``value`` (by which it is ranked),
        ``total_r``, ``total_trades``, ``sum_of_drawdowns`` (R), ``n_variations``, ``n_same``
        (groups with the same figures, of which this is the first) and for each variation the
        id of its combination, such as ``ocae_combo_id`` (Int64, missing if none qualifies).
    combinations : frame
        A row per group and variation: ``rank``, ``variation``, ``combo_id``, ``value``, the
        parameters, and the variation's own metrics without prefix.
    """

    summary: pd.DataFrame
    combinations: pd.DataFrame


def groups(
    run: Run,
    *,
    strict: bool = False,
    rank_by: str = "total_r",
    max_drawdown_r: float = MAX_DRAWDOWN_R,
    min_trades: int | None = None,
    variations: int = 1,
    n: int | None = None,
) -> Groups:
    """Return the best groups of one combination per variation that share session, wait and buffer.

    A combination qualifies if the variation applies by its rule, has enough trades of its own and
    no larger drawdown than allowed, and meets `TRAILING_RULE`: a trailing step must give back less
    than the target had gained. Of combinations with equal values the first by id is taken, and
    groups with equal metrics are merged.

    Parameters
    ----------
    run : Run
    strict : bool
        Also require the same reach.
    rank_by : {"total_r", "sharpe_ratio", "recovery", "score"}
        `RANKINGS`.
    max_drawdown_r : float
        Largest drawdown of a combination, R.
    min_trades : int, optional
        Minimum number of trades of a combination; by default that of the run's ranking.
    variations : int
        Minimum number of variations in a group; 4 for complete groups only. Ranked by a mean
        (`sharpe_ratio`, `score`), a group of one good combination can come before complete ones.
    n : int, optional
        Number of groups; by default all.

    Raises
    ------
    ConfigError
        If the ranking is unknown, a number is invalid, or the run did not keep a column.
    """
    checked_run(run)
    if whole_number(variations) not in range(1, len(VARIATIONS) + 1):
        raise ConfigError(
            f"invalid number of variations {shown(variations)}",
            expected=f"1 to {len(VARIATIONS)}",
        )
    if n is not None:
        check_count(n, "groups")
    if rank_by not in RANKINGS:
        raise ConfigError(
            f"unknown ranking {rank_by}",
            expected=", ".join(RANKINGS),
            hint=did_you_mean(rank_by, RANKINGS),
        )
    settings = ranking_of(run, min_trades)
    shared = SHARED_STRICTLY if strict else SHARED
    n_groups = int(np.prod(run.grid.shape[: len(shared)]))
    parts = [
        _best_combinations(run, variation, RANKINGS[rank_by], settings, n_groups, max_drawdown_r)
        for variation in VARIATIONS
    ]
    combinations = pd.concat(parts, ignore_index=True).sort_values("group", kind="stable")
    combinations = combinations[
        combinations.groupby("group")["group"].transform("size") >= variations
    ]
    found = _ranked(run, combinations, shared, RANKINGS[rank_by])
    best = found.combinations["rank"] <= (len(found.summary) if n is None else n)
    return Groups(
        summary=found.summary if n is None else found.summary.head(n),
        combinations=found.combinations[best],
    )


def _best_combinations(
    run: Run,
    variation: str,
    ranking: GroupRanking,
    settings: RankingSettings,
    n_groups: int,
    max_drawdown_r: float,
) -> pd.DataFrame:
    """Return a variation's best combination of each group: group, combo_id, value, metrics."""
    rule, prefix = VARIATION_RULES[variation], VARIATION_RULES[variation].prefix
    weights = settings.weights_of(prefix)
    metrics = ("total_r", "total_trades", "max_drawdown", "sharpe_ratio")
    names = dict.fromkeys((*(prefix + name for name in metrics), *weights))
    cubes = {name: run.cube(name).reshape(-1) for name in names}
    own: dict[str, NDArray[Any]] = {n.removeprefix(prefix): v for n, v in cubes.items()}
    counts = _over_grid(run, rule.columns, rule.counts)
    counts &= scoring.eligible(own, settings.min_trades)
    own["score"] = _scores(cubes, counts, weights)
    counts &= _trailing_allowed(run) & (own["max_drawdown"] <= max_drawdown_r)
    values = np.where(counts, ranking.of_combinations(own), -np.inf).reshape(n_groups, -1)
    place = values.argmax(axis=1)  # of equal ones the first
    there = np.flatnonzero(values[np.arange(n_groups), place] > -np.inf)
    ids = there * values.shape[1] + place[there]
    found = pd.DataFrame({"group": there, "combo_id": ids, "value": values[there, place[there]]})
    return found.assign(variation=variation).merge(_metrics(run, ids, prefix), on="combo_id")


def _trailing_allowed(run: Run) -> NDArray[np.bool_]:
    return _over_grid(
        run,
        ("tsl_target", "tsl_sl", "rr_target"),
        lambda c: (c["tsl_target"] == 0) | (c["tsl_sl"] < c["rr_target"] + 1),
    )


def _over_grid(
    run: Run, names: tuple[str, ...], rule: Callable[[Columns], NDArray[np.bool_]]
) -> NDArray[np.bool_]:
    """Return a rule on parameters that no group shares, for every combination."""
    n_inner = int(np.prod(run.grid.shape[len(SHARED_STRICTLY) :]))
    columns = run.grid.columns(np.arange(n_inner))
    inner = {name: np.array(columns[name][0])[columns[name][1]] for name in names}
    return np.tile(rule(inner), len(run.grid) // n_inner)


def _scores(
    cubes: dict[str, Cube], counts: NDArray[np.bool_], weights: dict[str, float]
) -> NDArray[np.float64]:
    """Return the composite score of a variation's eligible combinations; NaN elsewhere."""
    counted = scoring.take(cubes, weights, counts)
    scores = np.full(len(counts), np.nan)
    extrema = scoring.column_extrema(counted, weights)
    scores[counts] = scoring.composite_scores(counted, weights, extrema)
    return scores


def _metrics(run: Run, ids: NDArray[np.int64], prefix: str) -> pd.DataFrame:
    """Return a variation's own metrics of some combinations, without prefix, as kept by the run."""
    kept = [prefix + name for name in METRIC_NAMES if prefix + name in run.columns]
    rows = run.rows(ids, ("combo_id", *kept))
    return rows.rename(columns={name: name.removeprefix(prefix) for name in kept})


def _ranked(
    run: Run, combinations: pd.DataFrame, shared: tuple[str, ...], ranking: GroupRanking
) -> Groups:
    by_group = combinations.groupby("group", sort=True)
    rows = [_summary_row(run, part, shared, ranking) for _, part in by_group]
    alike = [_figures(part) for _, part in by_group]
    first = {figures: i for i, figures in reversed(list(enumerate(alike)))}
    kept = sorted(first.values(), key=lambda i: (-rows[i]["value"], rows[i]["group"]))
    ids = [f"{prefix}combo_id" for prefix in PREFIXES]
    summary = pd.DataFrame(
        [{"rank": n, **rows[i], "n_same": alike.count(alike[i])} for n, i in enumerate(kept, 1)],
        columns=["rank", "group", *shared, *_SUMS, *ids, "n_same"],
    )
    rank_of = dict(zip(summary.pop("group"), summary["rank"], strict=True))
    selected = combinations[combinations["group"].isin(list(rank_of))]
    selected = selected.assign(rank=selected["group"].map(rank_of)).drop(columns="group")
    selected = selected.sort_values("rank", kind="stable", ignore_index=True)
    return Groups(
        summary=summary.astype(dict.fromkeys(ids, "Int64")),
        combinations=_with_params(run, selected),
    )


def _summary_row(
    run: Run, combinations: pd.DataFrame, shared: tuple[str, ...], ranking: GroupRanking
) -> dict[str, Any]:
    group = int(combinations["group"].iloc[0])
    places = np.unravel_index(group, run.grid.shape[: len(shared)])
    own = {name: run.grid.axes[name][int(p)] for name, p in zip(shared, places, strict=True)}
    ids = dict(zip(combinations["variation"], combinations["combo_id"], strict=True))
    return {
        "group": group,
        **own,
        "session": str(own["session"]),
        "value": ranking.of_group(combinations),
        "total_r": float(_gain(combinations).sum()),
        "total_trades": int(combinations["total_trades"].sum()),
        "sum_of_drawdowns": float(combinations["max_drawdown"].astype(np.float64).sum()),
        "n_variations": len(combinations),
        **{f"{p}combo_id": ids.get(v) for v, p in zip(VARIATIONS, PREFIXES, strict=True)},
    }


def _figures(combinations: pd.DataFrame) -> tuple[Any, ...]:
    """Return the metrics that make two groups the same."""
    names = [name for name in METRIC_NAMES if name in combinations]
    return tuple(map(tuple, combinations[["variation", *names]].itertuples(index=False)))


def _with_params(run: Run, combinations: pd.DataFrame) -> pd.DataFrame:
    columns = run.grid.columns(combinations["combo_id"].to_numpy())
    params = {n: np.array(v, object)[i] for n, (v, i) in columns.items()}
    first = ["rank", "variation", "combo_id", "value"]
    metrics = [name for name in METRIC_NAMES if name in combinations]
    return combinations.assign(**params)[[*first, *PARAM_NAMES, *metrics]].infer_objects()
