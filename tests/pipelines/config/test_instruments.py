"""Instruments found by symbol, shown and written."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from ib_grid.errors import ConfigError, InstrumentError, OutputError
from ib_grid.market.instrument_description import instrument_from_mapping
from ib_grid.market.instruments import GER40, INSTRUMENTS
from ib_grid.runs.fingerprint import fingerprint
from pipelines.config.configuration import load_settings
from pipelines.config.instruments import (
    description,
    examples,
    find_instrument,
    listing,
    read_instrument,
    toml_of,
    write_description,
)
from pipelines.inputs.inputs import read_inputs
from tests.helpers.runs import small_runs

Command = Callable[..., tuple[int, str, str]]
FOLDER = Path("data/instruments")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to an empty working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(symbol: str, text: str, folder: Path = FOLDER) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{symbol}.toml"
    path.write_text(text)
    return path


# --- found by symbol


def test_built_in_instrument_needs_no_file(here: Path) -> None:
    assert find_instrument("GER40") == (GER40, None)


def test_a_description_in_the_folder_is_found_by_its_symbol(here: Path) -> None:
    path = put("NAS100", examples()["NAS100"])
    found, file = find_instrument("NAS100")
    assert file == path
    assert found.timezone == "America/New_York"
    assert load_settings({"symbol": "NAS100"}).instrument == found


def test_a_file_and_another_folder_can_be_named(here: Path) -> None:
    path = put("NAS100", examples()["NAS100"], here / "elsewhere")
    for named in (path, path.parent):
        assert find_instrument("NAS100", named)[1] == path
    with pytest.raises(InstrumentError, match="unknown symbol 'NAS100'"):
        find_instrument("NAS100")


def test_the_configuration_file_can_name_them(here: Path) -> None:
    path = put("UK100", examples()["UK100"], here / "mine")
    (here / "run.toml").write_text('symbol = "UK100"\ninstruments = "mine"')
    settings = load_settings({}, here / "run.toml")
    assert settings.instrument == read_instrument(path)
    assert settings.instrument_file == Path("mine/UK100.toml")


def test_description_file_overrides_the_built_in_instrument(here: Path) -> None:
    put("GER40", toml_of(GER40).replace("spread_points = 1.5", "spread_points = 2.5"))
    settings = load_settings({"symbol": "GER40"})
    assert settings.fills.spread_points == 2.5
    assert load_settings({"symbol": "GER40", "spread_points": 1}).fills.spread_points == 1.0


def test_the_description_of_ger40_makes_the_same_run(here: Path) -> None:
    built_in = read_inputs(small_runs.settings(here))
    put("GER40", toml_of(GER40))
    described = read_inputs(small_runs.settings(here))
    assert described.instrument == built_in.instrument
    assert fingerprint(described.identity) == fingerprint(built_in.identity)


def test_identity_holds_all_that_decides_numbers(here: Path) -> None:
    before = read_inputs(small_runs.settings(here))
    for old, new in (("= 1.5", "= 2.5"), ('"Europe/Berlin"\nsess', '"Europe/Athens"\nsess')):
        put("GER40", toml_of(GER40).replace(old, new))
        changed = read_inputs(small_runs.settings(here))
        assert fingerprint(changed.identity) != fingerprint(before.identity), new


# --- what is wrong


@pytest.mark.parametrize(
    ("symbol", "told"),
    [
        ("NAS100", "`ib-grid instruments NAS100 --out data/instruments/NAS100.toml`"),
        ("nas100", "did you mean NAS100? Or describe it in data/instruments/nas100.toml"),
        ("GER4O", "did you mean GER40?"),
        ("XYZ", "describe it in data/instruments/XYZ.toml"),
    ],
)
def test_unknown_symbol_has_a_hint(here: Path, symbol: str, told: str) -> None:
    with pytest.raises(InstrumentError, match=f"unknown symbol '{symbol}'") as caught:
        find_instrument(symbol)
    assert "one of GER40, XAUUSD" in str(caught.value)
    assert told in str(caught.value)


def test_own_symbols_are_among_the_known_ones(here: Path) -> None:
    put("NAS100", examples()["NAS100"])
    with pytest.raises(InstrumentError) as caught:
        find_instrument("NAS10")
    assert "one of GER40, XAUUSD, NAS100" in str(caught.value)
    assert "did you mean NAS100?" in str(caught.value)


@pytest.mark.parametrize("symbol", ["../GER40", "", "GER 40", "x" * 40])
def test_invalid_symbol_is_refused_before_any_file_is_read(symbol: str, here: Path) -> None:
    with pytest.raises(InstrumentError, match="invalid symbol"):
        find_instrument(symbol)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("symbol = ", "not a TOML file"),
        ("", "missing symbol"),
        (examples()["NAS100"], "the file describes NAS100"),
        (
            examples()["UK100"].replace("Europe/London", "Europe/Londn"),
            "unknown time zone 'Europe/Londn'",
        ),
    ],
)
def test_invalid_file_is_named(here: Path, text: str, found: str) -> None:
    path = put("UK100", text)
    with pytest.raises(InstrumentError, match=found) as caught:
        find_instrument("UK100")
    assert str(path) in caught.value.location


def test_missing_or_empty_description(here: Path) -> None:
    with pytest.raises(InstrumentError, match="cannot be read"):
        find_instrument("NAS100", here / "absent.toml")
    with pytest.raises(InstrumentError, match="no such file or folder") as caught:
        find_instrument("NAS100", here / "absent")
    assert "a folder that holds NAS100.toml" in str(caught.value)
    (here / "run.json").write_text("{}")
    with pytest.raises(InstrumentError, match="does not describe an instrument"):
        find_instrument("NAS100", here / "run.json")


@pytest.mark.parametrize("spread", [200.0, 20_000.0])
def test_implausible_spread_is_refused(here: Path, spread: float) -> None:
    with pytest.raises(ConfigError, match=f"a spread of {spread:.0f} points is") as caught:
        read_inputs(small_runs.settings(here, spread_points=spread))
    assert "0.8 pips as 0.00008" in str(caught.value)


# --- shown and written


@pytest.mark.parametrize("one", INSTRUMENTS.values(), ids=lambda i: i.symbol)
def test_built_in_instrument_round_trips(one, here: Path) -> None:
    text = description(one.symbol)
    assert read_instrument(put(one.symbol, text)) == one
    assert "e-" not in text


@pytest.mark.parametrize("symbol", sorted(examples()))
def test_examples_are_valid_and_labelled(symbol: str, here: Path) -> None:
    text = description(symbol)
    assert text == examples()[symbol]
    assert text.startswith("# An example: check")
    assert read_instrument(put(symbol, text)).symbol == symbol
    assert max(map(len, text.splitlines())) <= 80


def test_small_spreads_are_written_without_an_exponent(here: Path) -> None:
    eurusd = read_instrument(put("EURUSD", examples()["EURUSD"]))
    assert "spread_points = 0.00008\n" in toml_of(eurusd)
    assert instrument_from_mapping(tomllib.loads(toml_of(eurusd))) == eurusd


def test_own_description_is_shown_and_a_broken_one_refused(here: Path) -> None:
    path = put("NAS100", examples()["NAS100"].replace("= 1.5 ", "= 2.25"))
    assert description("NAS100") == path.read_text()
    path.write_text("symbol = 1")
    with pytest.raises(InstrumentError, match="missing timezone"):
        description("NAS100")


def test_nothing_is_overwritten(here: Path) -> None:
    out = FOLDER / "NAS100.toml"
    write_description("text\n", out)
    with pytest.raises(OutputError, match="the file already exists"):
        write_description("other\n", out)
    assert out.read_text() == "text\n"


def test_list_names_each_source(here: Path) -> None:
    put("EURUSD", examples()["EURUSD"])
    put("GER40", toml_of(GER40))
    said = "\n".join(listing())
    assert "GER40  (data/instruments/GER40.toml)" in said
    assert "XAUUSD  (built in)" in said
    assert "spread    0.00008 points; news in EUR, USD" in said
    assert "Examples to start from: NAS100, UK100" in said


def test_the_command_lists_shows_and_writes(ib_grid_command: Command) -> None:
    status, screen, _ = ib_grid_command("instruments")
    assert (status, "GER40  (built in)" in screen) == (0, True)
    out = FOLDER / "EURUSD.toml"
    status, screen, said = ib_grid_command("instruments", "EURUSD", "--out", out)
    assert (status, screen, said) == (0, "", f"written: {out}\n")
    assert ib_grid_command("instruments", "EURUSD") == (0, out.read_text(), "")
    status, _, said = ib_grid_command("instruments", "EURUSD", "--out", out)
    assert (status, "the file already exists" in said) == (2, True)
    status, _, said = ib_grid_command("instruments", "--out", out)
    assert (status, "no symbol given" in said) == (2, True)
