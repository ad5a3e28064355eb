"""Combinations selected by a person, as an account trades them."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ib_grid.account.challenge.gains import AccountTrades
from ib_grid.account.challenge.rule_files import RuleFile
from ib_grid.account.combination import DEFAULT_CONTRACTS, traded_by
from ib_grid.account.money.contracts import Contract, Contracts, read_contracts
from ib_grid.account.money.sizing import AccountSettings
from ib_grid.errors import ConfigError
from ib_grid.errors.validation import shown
from ib_grid.runs.source import session_dates
from ib_grid.storage.paths import AnyPath
from ib_grid.storage.timestamps import utc_today
from pipelines.render.combinations.portfolio import combination_names
from pipelines.render.combinations.selected import Selected, select, select_by_text
from pipelines.render.provenance import provenance_by_combination

_DEFAULT_PROGRAM = "standard"  # of the default contracts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Combinations:
    """Combinations on one account.

    Attributes
    ----------
    selected : tuple of Selected
    trades : AccountTrades
    notes : tuple of str
        Warnings and provenance to show with every number.
    """

    selected: tuple[Selected, ...]
    trades: AccountTrades
    notes: tuple[str, ...]

    @property
    def title(self) -> str:
        """Names of the combinations."""
        return ", ".join(self.trades.traded)


def select_all(
    texts: Sequence[str], *, rank: int | None, combo_id: int | None
) -> tuple[Selected, ...]:
    """Return the combinations of texts such as ``RUN:ID``; of one run also by rank or id."""
    if rank is None and combo_id is None:
        return tuple(select_by_text(text) for text in texts)
    if len(texts) > 1:
        raise ConfigError(
            "a rank or an id is given for several runs",
            location="--rank, --id",
            expected="RUN:ID or RUN@RANK for each run",
        )
    return (select(texts[0], rank=rank, combo_id=combo_id),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractSource:
    """File of contracts and the program whose leverage counts."""

    contracts: Contracts
    program: str | None

    @property
    def warnings(self) -> list[str]:
        """Warnings to show beside every amount of money."""
        return self.contracts.warnings(utc_today())

    def contract(self, symbol: str, currency: str) -> Contract:
        """Return the contract of a symbol."""
        return self.contracts.contract(symbol, currency, self.program)


def contract_source(
    file: AnyPath | None, program: str | None, rules: RuleFile | None = None
) -> ContractSource:
    """Return the contracts of a file, else those that rules name, else an example."""
    program = program or (rules.leverage if rules else None)
    file = file or (rules.contracts if rules else None)
    if file is not None:
        return ContractSource(contracts=read_contracts(file), program=program)
    return ContractSource(
        contracts=read_contracts(DEFAULT_CONTRACTS), program=program or _DEFAULT_PROGRAM
    )


def combinations_of(
    texts: Sequence[str],
    rank: int | None,
    combo_id: int | None,
    source: ContractSource,
    currency: str,
) -> Combinations:
    """Return the combinations that texts name, with their trades from the bars of their runs."""
    selected = select_all(texts, rank=rank, combo_id=combo_id)
    names = combination_names(selected)
    traded, dates, bars = {}, pd.DatetimeIndex([], name="date"), {}
    for name, one in zip(names, selected, strict=True):
        of = one.run.source
        traded[name] = traded_by(of, one.trades(of), source.contract(of.symbol, currency))
        dates = dates.union(session_dates(of, one.combo_id))
        bars[name] = of.context.market.bars
    manifests = dict(zip(names, (one.run.manifest for one in selected), strict=True))
    notes = [*provenance_by_combination(manifests), *_verdicts(selected), *source.warnings]
    replaced = [name for name, one in traded.items() if one.commission_points]
    if replaced:
        notes.append(
            f"The commission of the contract replaces the {traded[replaced[0]].commission_points:g}"
            " points of the run."
        )
    trades = AccountTrades(traded=traded, dates=dates, bars=bars)
    return Combinations(selected=selected, trades=trades, notes=tuple(notes))


def _verdicts(selected: Sequence[Selected]) -> list[str]:
    """Return the verdict on each run whose robustness was tested."""
    runs = {str(one.run.path): one for one in selected}
    found = {path: one.verdict(one.run.source) for path, one in runs.items()}
    return [
        f"Verdict on the run{f' {path}' if len(runs) > 1 else ''}: {one.level}. {one.text}"
        for path, one in found.items()
        if one is not None
    ]


def account_settings(options: Mapping[str, Any]) -> AccountSettings:
    """Return the account that options describe."""
    names = [field.name for field in dataclasses.fields(AccountSettings)]
    with _named_as_options():
        return AccountSettings(**{name: options[name] for name in names if name in options})


def accounts_of(
    rules: RuleFile, risks: Sequence[float], max_margin_pct: float
) -> list[AccountSettings]:
    """Return the account of a challenge at each risk."""
    with _named_as_options():
        return [rules.account(risk_pct, max_margin_pct) for risk_pct in risks]


@contextlib.contextmanager
def _named_as_options() -> Iterator[None]:
    """Name the option that set an invalid value."""
    try:
        yield
    except ConfigError as error:
        name = error.message.split()[0]  # such as risk_pct
        option = f"--{name.replace('_', '-')}"
        raise error.with_context(ConfigError, location=option) from error


def risks_of(text: str) -> tuple[float, ...]:
    """Return the risks of a text such as ``0.25,0.5,1``, ascending."""
    try:
        risks = {float(part) for part in text.split(",")}
    except ValueError as error:
        raise ConfigError(
            f"invalid risks {shown(text)}",
            location="--risk-pct",
            expected="percentages separated by commas, such as 0.25,0.5,1",
        ) from error
    return tuple(sorted(risks))
