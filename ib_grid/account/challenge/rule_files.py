"""Rule files: the program of a firm, with its sources and their disputed points."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ib_grid.account.challenge.firm_clock import FirmClock
from ib_grid.account.challenge.rules import PHASE_KEYS, RULE_KEYS, Rules, read_rules
from ib_grid.account.fields import Fields, age_warnings
from ib_grid.account.money.sizing import DEFAULT_MARGIN_PCT, AccountSettings
from ib_grid.errors import ConfigError
from ib_grid.errors.validation import did_you_mean, shown
from ib_grid.storage.mapping_files import read_mapping
from ib_grid.storage.paths import AnyPath, parse_path

EXAMPLES = Path(__file__).parents[1] / "examples"
_SCHEMA = 1
_KEYS = (
    "schema",
    "firm",
    "program",
    "checked",
    "sources",
    "verified",
    "disputed",
    "not_simulated",
    "initial_balance",
    "currency",
    "clock",
    "fee",
    "contracts",
    "leverage",
    "news",
    "phase",
    *RULE_KEYS,
)
_NEWS_KEYS = ("before", "after", "applies_to", "effect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """Price of a challenge, and when it is paid back."""

    price: float
    refunded: Literal["never", "first_payout"] = "never"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFile:
    """Program of a firm.

    Attributes
    ----------
    name : str
        File name without its suffix.
    checked : date
        When the sources were last read.
    verified : bool
        True if every number is from the firm's own pages.
    disputed, not_simulated : tuple of str
        What sources disagree on, and what the simulation leaves out.
    contracts : str or None
        File of contracts, relative to the rule file.
    leverage : str or None
        Key of the leverage in that file.
    phases : tuple of Rules
        At least one of them with a target.
    """

    name: str
    firm: str
    program: str
    checked: dt.date
    sources: tuple[str, ...]
    verified: bool
    disputed: tuple[str, ...]
    not_simulated: tuple[str, ...]
    initial_balance: float
    currency: str
    fee: Fee | None
    contracts: AnyPath | None
    leverage: str | None
    phases: tuple[Rules, ...]

    @property
    def title(self) -> str:
        """Firm and program."""
        return f"{self.firm} {self.program}"

    @property
    def targets(self) -> tuple[Rules, ...]:
        """Phases with a profit target."""
        return tuple(phase for phase in self.phases if phase.target_pct is not None)

    @property
    def funded(self) -> Rules | None:
        """First phase with a payout."""
        return next((phase for phase in self.phases if phase.payout), None)

    def account(
        self, risk_pct: float, max_margin_pct: float = DEFAULT_MARGIN_PCT
    ) -> AccountSettings:
        """Return the account of a challenge at one risk.

        Raises
        ------
        ConfigError
            If a value is out of range.
        """
        return AccountSettings(
            initial_balance=self.initial_balance,
            currency=self.currency,
            risk_pct=risk_pct,
            max_margin_pct=max_margin_pct,
        )

    def age_days(self, today: dt.date) -> int:
        """Return the days since the sources were read."""
        return (today - self.checked).days

    def warnings(self, today: dt.date) -> list[str]:
        """Return the warnings to show beside every result."""
        said = age_warnings("The rules", self.checked, today)
        if not self.verified:
            said.append("Not all numbers are from the firm's own pages.")
        said += [_disputed(point) for point in self.disputed]
        if self.not_simulated:
            said.append(f"Not simulated: {'; '.join(self.not_simulated)}.")
        return said


def _disputed(point: str) -> str:
    """Return a disputed point as a sentence; the key that a point may begin with is named first.

    >>> _disputed("fee: the price is an example"), _disputed("a source names 4%")
    ('Disputed fee: the price is an example.', 'Disputed: a source names 4%.')
    """
    key, colon, why = point.partition(": ")
    return f"Disputed {key}: {why}." if colon else f"Disputed: {point}."


def examples() -> tuple[str, ...]:
    """Return the names of the rule files that come with ib-grid."""
    return tuple(sorted(p.stem for p in EXAMPLES.glob("*.toml") if not _is_contracts(p.stem)))


def _is_contracts(name: str) -> bool:
    return name.startswith("contracts_")


def find_rules(name: str) -> RuleFile:
    """Return the rules of a file, or of the example with this name.

    Raises
    ------
    ConfigError
        If the file or example does not exist, or a key is unknown, missing or invalid.
    """
    if name in examples():
        return read_rule_file(EXAMPLES / f"{name}.toml")
    if not name.endswith((".toml", ".json")):
        raise ConfigError(
            f"no rules called {shown(name)}",
            expected=f"a TOML file, or one of {', '.join(examples())}",
            hint=did_you_mean(name, examples()),
        )
    return read_rule_file(parse_path(name))


def read_rule_file(path: AnyPath) -> RuleFile:
    """Return the rules of a TOML or JSON file.

    Raises
    ------
    ConfigError
        If the file cannot be read, or a key is unknown, missing or invalid.
    """
    content = read_mapping(path)
    keys = Fields(content, str(path), _KEYS)
    keys.schema(_SCHEMA)
    if "clock" not in keys:
        raise keys.wrong("clock", "a table such as { zone = 'Europe/Prague' }")
    firm_clock = keys.table("clock", ("zone", "day_starts"))
    try:
        clock = FirmClock(firm_clock.text("zone"), firm_clock.text("day_starts", "00:00"))
    except ConfigError as error:
        raise error.with_context(ConfigError, location=f"{path}, clock") from error
    balance = keys.number("initial_balance")
    contracts = keys.get("contracts")
    return RuleFile(
        name=path.name.removesuffix(".toml").removesuffix(".json"),
        firm=keys.text("firm"),
        program=keys.text("program"),
        checked=_date(keys, "checked"),
        sources=keys.texts("sources"),
        verified=keys.flag("verified"),
        disputed=keys.texts("disputed"),
        not_simulated=(*keys.texts("not_simulated"), *_news(keys)),
        initial_balance=balance,
        currency=keys.text("currency"),
        fee=_fee(keys) if "fee" in keys else None,
        contracts=path.parent / keys.text("contracts") if contracts is not None else None,
        leverage=keys.text("leverage") if "leverage" in keys else None,
        phases=_phases(keys, content, str(path), balance, clock),
    )


def _phases(
    keys: Fields, content: dict[str, object], location: str, balance: float, clock: FirmClock
) -> tuple[Rules, ...]:
    phases = keys.get("phase")
    if not isinstance(phases, list) or not phases:
        raise keys.wrong("phase", "at least one [[phase]] table with a name")
    shared = {name: content[name] for name in RULE_KEYS if name in content}
    found = []
    for number, phase in enumerate(phases, start=1):
        place = f"{location}, phase {number}"
        own = Fields(phase, place, PHASE_KEYS)
        merged = {**shared, **{name: own.get(name) for name in PHASE_KEYS if name in own}}
        found.append(read_rules(Fields(merged, place, PHASE_KEYS), balance, clock))
    if all(phase.target_pct is None for phase in found):
        raise ConfigError(
            "no phase has a target",
            location=location,
            expected="target_pct in at least one [[phase]]",
        )
    return tuple(found)


def _fee(keys: Fields) -> Fee:
    fee = keys.table("fee", ("price", "refunded"))
    return Fee(
        price=fee.number("price", zero=True),
        refunded=fee.one_of("refunded", ("never", "first_payout"), "never"),  # type: ignore[arg-type]
    )


def _news(keys: Fields) -> tuple[str, ...]:
    if "news" not in keys:
        return ()
    news = keys.table("news", _NEWS_KEYS)
    before, after = news.whole("before"), news.whole("after")
    what = news.text("applies_to").replace("_", " ")
    return (f"{what} from {before} minutes before to {after} minutes after news",)


def _date(keys: Fields, name: str) -> dt.date:
    value = keys.get(name)
    if isinstance(value, str):
        try:
            return dt.date.fromisoformat(value)
        except ValueError as error:
            raise keys.wrong(name, "a date such as 2026-10-04") from error
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        raise keys.wrong(name, "a date such as 2026-10-04")
    return value
