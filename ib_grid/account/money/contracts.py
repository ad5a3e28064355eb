"""Contracts of a broker or firm: lot size, leverage and costs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from ib_grid.account.fields import Fields, age_warnings
from ib_grid.account.money.exchange_rates import ExchangeRate, read_rate
from ib_grid.errors import ConfigError
from ib_grid.errors.validation import did_you_mean, shown
from ib_grid.storage.mapping_files import read_mapping
from ib_grid.storage.paths import AnyPath

_SCHEMA = 1
_KEYS = ("schema", "name", "checked", "sources", "placeholders", "verified", "contract", "rates")
_CONTRACT_KEYS = (
    "quote_currency",
    "contract_size",
    "lot_step",
    "min_lot",
    "max_lot",
    "leverage",
    "commission_per_lot",
    "commission_pct_per_side",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Contract of a symbol under one program.

    Attributes
    ----------
    contract_size : float
        Money in the quote currency per point and lot.
    leverage : float
    commission_per_lot : float
        Round trip, in the account's currency.
    commission_pct_per_side : float
        Percent of the notional value, at entry and at exit.
    rate : ExchangeRate
        Account money for a unit of the quote currency.
    """

    contract_size: float
    leverage: float
    lot_step: float = 0.01
    min_lot: float = 0.01
    max_lot: float = float("inf")
    commission_per_lot: float = 0.0
    commission_pct_per_side: float = 0.0
    rate: ExchangeRate = ExchangeRate.constant(1.0)  # noqa: RUF009 - a frozen value


@dataclass(frozen=True, slots=True, kw_only=True)
class Contracts:
    """File of contracts.

    Attributes
    ----------
    checked : date
    placeholders : tuple of str
        Keys whose values must still be checked on the platform.
    verified : bool
        True if every number is from the firm's own pages.
    """

    location: str
    name: str
    checked: dt.date
    sources: tuple[str, ...]
    placeholders: tuple[str, ...]
    verified: bool
    _tables: Mapping[str, Fields]
    _rates: Mapping[str, ExchangeRate]

    @property
    def symbols(self) -> tuple[str, ...]:
        """Symbols that have a contract."""
        return tuple(self._tables)

    def warnings(self, today: dt.date) -> list[str]:
        """Return the warnings to show beside every amount of money."""
        said = age_warnings(f"The contracts of {self.name}", self.checked, today)
        if self.verified:
            return said
        doubtful = f" {', '.join(self.placeholders)}" if self.placeholders else " it"
        example = f"Contracts: {self.name}, an example as of {self.checked}."
        return [f"{example} Check{doubtful} on your platform.", *said]

    def contract(self, symbol: str, currency: str, program: str | None = None) -> Contract:
        """Return the contract of a symbol for an account in a currency.

        Parameters
        ----------
        symbol, currency : str
        program : str, optional
            Key of the leverage; needed if there is more than one.

        Raises
        ------
        ConfigError
            If the file has no such symbol, program or exchange rate, or a value is invalid.
        """
        if symbol not in self._tables:
            raise ConfigError(
                f"no contract for {symbol}",
                location=self.location,
                expected=f"a table [contract.{symbol}]; there is {', '.join(self._tables)}",
                hint=did_you_mean(symbol, self._tables) or "describe it, or give --contracts FILE",
            )
        keys = self._tables[symbol]
        return Contract(
            contract_size=keys.number("contract_size"),
            leverage=_leverage(keys, program),
            lot_step=keys.number("lot_step", 0.01),
            min_lot=keys.number("min_lot", 0.01),
            max_lot=keys.number("max_lot", 1e9),
            commission_per_lot=keys.number("commission_per_lot", 0.0, zero=True),
            commission_pct_per_side=keys.number(
                "commission_pct_per_side", 0.0, zero=True, most=100
            ),
            rate=self._rate(keys.text("quote_currency"), currency),
        )

    def _rate(self, quote: str, account: str) -> ExchangeRate:
        if quote == account:
            return ExchangeRate.constant(1.0)
        if quote + account in self._rates:
            return self._rates[quote + account]
        if account + quote in self._rates:
            return self._rates[account + quote].inverse()
        raise ConfigError(
            f"no exchange rate from {quote} to {account}",
            location=f"{self.location}, rates",
            expected=f"{quote}{account} = a rate, or the name of a CSV file of date,rate",
        )


def read_contracts(path: AnyPath) -> Contracts:
    """Return the contracts of a TOML or JSON file.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a key is unknown, missing or invalid.
    """
    keys = Fields(read_mapping(path), str(path), _KEYS)
    keys.schema(_SCHEMA)
    tables, rates = keys.get("contract"), keys.get("rates", {})
    if not isinstance(tables, dict) or not tables:
        raise keys.wrong("contract", "a table such as [contract.GER40]")
    if not isinstance(rates, dict):
        raise keys.wrong("rates", "a table such as EURUSD = 1.10")
    checked = keys.get("checked")
    if not isinstance(checked, dt.date):
        raise keys.wrong("checked", "a date such as 2026-10-04")
    return Contracts(
        location=str(path),
        name=keys.text("name"),
        checked=checked,
        sources=keys.texts("sources"),
        placeholders=keys.texts("placeholders"),
        verified=keys.flag("verified"),
        _tables={
            symbol: Fields(table, f"{path}, contract.{symbol}", _CONTRACT_KEYS)
            for symbol, table in tables.items()
        },
        _rates={
            pair: read_rate(value, f"{path}, rates.{pair}", path.parent)
            for pair, value in rates.items()
        },
    )


def _leverage(keys: Fields, program: str | None) -> float:
    value = keys.get("leverage")
    if not isinstance(value, dict):
        return keys.number("leverage")
    if program is None and len(value) == 1:
        program = next(iter(value))
    if program not in value:
        wrong = f"no leverage for program {shown(program)}" if program else "no program is given"
        raise ConfigError(
            f"{wrong}, and leverage depends on the program",
            location=keys.location,
            expected=f"--program with one of {', '.join(value)}",
            hint=did_you_mean(program, value) if program else "",
        )
    return keys.table("leverage", tuple(value)).number(str(program))
