"""Tests of contract files and exchange rates."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from ib_grid.account.challenge.rule_files import EXAMPLES
from ib_grid.account.money.contracts import read_contracts
from ib_grid.errors import ConfigError

FILES = sorted(EXAMPLES.glob("contracts_*.toml"))
THE5ERS = (EXAMPLES / "contracts_the5ers.toml").read_text()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("symbol", ["GER40", "XAUUSD"])
def test_examples_are_marked_as_examples(file: Path, symbol: str) -> None:
    found = read_contracts(file)
    assert symbol in found.symbols
    assert "an example as of 2026-" in found.warnings(found.checked)[0]


@pytest.mark.parametrize("verified", ["true", "false"])
def test_contracts_older_than_180_days_warn(tmp_path: Path, verified: str) -> None:
    found = read_contracts(written(tmp_path, "verified = false", f"verified = {verified}"))
    young, old = (found.warnings(found.checked + dt.timedelta(days)) for days in (180, 181))
    assert not any("days ago" in one for one in young)
    assert "181 days ago" in old[-1]


def test_leverage_and_rate_follow_program_and_currency() -> None:
    found = read_contracts(EXAMPLES / "contracts_the5ers.toml")
    dates = np.array(["2024-01-08"], "datetime64[D]")
    in_dollars = found.contract("GER40", "USD", "bootcamp")
    assert (in_dollars.leverage, in_dollars.rate.at(dates)[0]) == (2.5, 1.1)
    assert found.contract("GER40", "EUR", "hyper_growth").rate.at(dates)[0] == 1
    assert found.contract("XAUUSD", "EUR", "bootcamp").rate.at(dates)[0] == pytest.approx(1 / 1.1)


def written(folder: Path, old: str, new: str) -> Path:
    assert old in THE5ERS
    file = folder / "contracts.toml"
    file.write_text(THE5ERS.replace(old, new, 1))
    return file


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[contract.GER40]", "[contract.DAX]", "no contract for GER40"),
        ("bootcamp = 2.5", "bootcamp = 0", "bootcamp is 0"),
        ("bootcamp = 2.5", "bootcam = 2.5", "did you mean bootcam"),
        ("schema = 1", "", "schema = 1, the format of this version"),
        ("contract_size = 1.0", "contract_size = 0.0", "contract_size is 0.0"),
        ("lot_step = 0.01", "lotstep = 0.01", "unknown key lotstep"),
        ("EURUSD", "GBPUSD", "no exchange rate from EUR to USD"),
        ("EURUSD = 1.10", "EURUSD = 0", "the rate is 0"),
        ("EURUSD = 1.10", 'EURUSD = "none.csv"', "none.csv"),
        ("EURUSD = 1.10", 'EURUSD = "falling.csv"', "not ascending"),
    ],
)
def test_a_wrong_contract_file_is_refused(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "falling.csv").write_text("date,rate\n2024-01-02,1.1\n2024-01-01,1.2\n")
    file = written(tmp_path, old, new)
    with pytest.raises(ConfigError) as error:
        read_contracts(file).contract("GER40", "USD", "bootcamp")
    assert message in str(error.value)


def test_rates_of_a_file_hold_from_their_date_on(tmp_path: Path) -> None:
    (tmp_path / "eurusd.csv").write_text("date,rate\n2024-01-02,1.1\n2024-01-05,1.2\n")
    file = written(tmp_path, "EURUSD = 1.10", 'EURUSD = "eurusd.csv"')
    rate = read_contracts(file).contract("GER40", "USD", "bootcamp").rate
    dates = np.array(["2024-01-02", "2024-01-04", "2024-01-05", "2025-01-01"], "datetime64[D]")
    assert rate.at(dates).tolist() == [1.1, 1.1, 1.2, 1.2]
    with pytest.raises(ConfigError, match="begin on 2024-01-02"):
        rate.at(np.array(["2024-01-01"], "datetime64[D]"))
