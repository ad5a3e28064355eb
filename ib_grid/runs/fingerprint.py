"""Identity of a run: all inputs that decide its numbers, and their fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from ib_grid.engine.results_version import RESULTS_VERSION
from ib_grid.errors import RunMismatchError
from ib_grid.market.instruments import Session
from ib_grid.market.levels import SessionLevels
from ib_grid.market.market import entry_spans
from ib_grid.news.filter import NewsFilter
from ib_grid.storage.paths import AnyPath

# Stress tests enter up to so much later than the run.
LATE_MINUTES = 5
_FORMER_NEWS = "former_news"


def identity(
    *,
    symbol: str,
    grid: Mapping[str, object],
    execution: Mapping[str, object],
    news: Mapping[str, object],
    data_sha256: str,
    results_version: int = RESULTS_VERSION,
    keep: Mapping[str, object] | None = None,
    dates: Mapping[str, object] | None = None,
    clock: Mapping[str, object] | None = None,
    values_sha256: object = None,
    former_news: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """Return all that can change a number; its fingerprint identifies the run.

    The row filter and the session dates belong to the identity only if they leave anything out.
    `clock` has the digests of the sessions' UTC minutes, `values_sha256` that of the bars' values,
    which a rewritten file keeps; runs of earlier versions lack them. `former_news` is what
    earlier versions recorded as `news`: it is for `as_recorded` and in no fingerprint.
    """
    return {
        "symbol": symbol,
        "grid": dict(grid),
        "execution": dict(execution),
        "news": dict(news),
        "data": {"values_sha256": values_sha256} if values_sha256 else {"sha256": data_sha256},
        "results_version": results_version,
        **({"keep": dict(keep)} if keep else {}),
        **({"dates": dict(dates)} if dates else {}),
        **({"clock": dict(clock)} if clock else {}),
        **({_FORMER_NEWS: dict(former_news)} if former_news and former_news != news else {}),
    }


def news_identity(
    news: NewsFilter, levels: Mapping[Session, SessionLevels], latest_minutes: int
) -> dict[str, int | str]:
    """Return a news filter's part of the identity, with only the events that can block an entry.

    Parameters
    ----------
    news : NewsFilter
    levels : mapping of Session to SessionLevels
        Of all session dates of the run, held out or not.
    latest_minutes : int
        Minutes from `ib_end` to the latest entry: the horizon of the grid and the delay of entries.
    """
    return news.within(*entry_spans(levels, latest_minutes + LATE_MINUTES)).to_dict()


def fingerprint(content: Mapping[str, object]) -> str:
    """Return the SHA-256 of the canonical JSON of a mapping, in hexadecimal."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def as_new(here: Mapping[str, object]) -> dict[str, object]:
    """Return an identity as a new run records it."""
    return {name: value for name, value in here.items() if name != _FORMER_NEWS}


def as_recorded(here: Mapping[str, object], run: Mapping[str, object]) -> dict[str, object]:
    """Return an identity as the version that began a run recorded it."""
    found = {n: value for n, value in as_new(here).items() if n != "clock" or n in run}
    # Earlier versions recorded every event near the bars, also those that can block no entry.
    former = here.get(_FORMER_NEWS)
    return {**found, "news": former} if former and former == run.get("news") else found


def check_same_run(here: Mapping[str, object], run: Mapping[str, object], run_dir: AnyPath) -> None:
    """Check that the run of a directory has this identity."""
    found = differences(as_recorded(here, run), run)
    if found and all(line.startswith("clock.") for line in found):
        raise RunMismatchError(
            "the time zone data has changed since the run began: these sessions start or end at"
            " other moments:\n    " + "\n    ".join(found),
            location=str(run_dir),
            expected="the time zone data of the run, so that results are never mixed",
            hint="install the version of pytz that run.json names, or start over with --no-resume",
        )
    if found:
        raise RunMismatchError(
            "the directory holds a different run:\n    " + "\n    ".join(found),
            location=str(run_dir),
            expected="the same data and settings, so that results are never mixed",
            hint="choose another directory with --run-dir, or start over with --no-resume",
        )


def differences(
    here: Mapping[str, object],
    run: Mapping[str, object],
    sides: tuple[str, str] = ("here", "in the run"),
) -> list[str]:
    """Return the differences of two identities, one per line, such as ``grid.rr_target: …``."""
    ours, theirs = _flat(here), _flat(run)
    names = [*ours, *(name for name in theirs if name not in ours)]
    return [
        f"{name}: {_text(ours.get(name))} {sides[0]}, {_text(theirs.get(name))} {sides[1]}"
        for name in names
        if ours.get(name) != theirs.get(name)
    ]


def _flat(content: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    flat: dict[str, object] = {}
    for name, value in content.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{prefix}{name}."))
        else:
            flat[prefix + name] = value
    return flat


def _text(value: object) -> str:
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(str, value))}]"
    return "nothing" if value is None else str(value)
