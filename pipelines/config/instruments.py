"""Instruments by symbol: built in, or described in a TOML file.

Every command that takes `--symbol` looks for SYMBOL.toml in a folder first. A description replaces
the built-in instrument of the same symbol.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from ib_grid.errors import ConfigError, InstrumentError, OutputError
from ib_grid.errors.validation import points
from ib_grid.market.instrument_description import instrument_from_mapping
from ib_grid.market.instruments import INSTRUMENTS, Instrument, check_symbol_name
from ib_grid.storage.atomic_files import is_dir, is_file, whole_file
from ib_grid.storage.mapping_files import read_mapping
from ib_grid.storage.paths import AnyPath
from pipelines.config.default_paths import INSTRUMENTS_DIR

_EXAMPLES = Path(__file__).parent / "examples"


def find_instrument(symbol: str, path: AnyPath | None = None) -> tuple[Instrument, AnyPath | None]:
    """Return the instrument of a symbol, and the file that describes it; None if built in.

    `path` is a TOML file, the run.json of a run, or a folder of SYMBOL.toml files; by default the
    folder data/instruments.
    """
    check_symbol_name(symbol)
    if path is not None and not is_dir(path):
        if not path.suffix:
            raise InstrumentError(
                "no such file or folder",
                location=str(path),
                expected=f"the description of {symbol}, or a folder that holds {symbol}.toml",
            )
        return _described(symbol, path)
    folder = path or INSTRUMENTS_DIR
    file = folder / f"{symbol}.toml"
    if is_file(file):
        return _described(symbol, file)
    if symbol in INSTRUMENTS:
        return INSTRUMENTS[symbol], None
    raise _unknown(symbol, folder)


def _described(symbol: str, file: AnyPath) -> tuple[Instrument, AnyPath]:
    found = read_instrument(file)
    if found.symbol != symbol:
        raise InstrumentError(
            f"the file describes {found.symbol}",
            location=str(file),
            expected=f"a description of {symbol}",
            hint="give the file of this symbol, or the symbol of this file",
        )
    return found, file


def read_instrument(file: AnyPath) -> Instrument:
    """Return the instrument that a file describes."""
    from ib_grid.runs.manifest import RUN_FILE  # a built-in instrument needs no manifest

    try:
        content: object = read_mapping(file)
    except ConfigError as error:
        expected = error.expected or "a TOML file that describes an instrument"
        raise error.with_context(InstrumentError, expected=expected) from error
    if file.name == RUN_FILE and isinstance(content, dict):
        content = content.get("instrument")
    if not isinstance(content, dict):
        raise InstrumentError("the file does not describe an instrument", location=str(file))
    return instrument_from_mapping(content, location=str(file))


def _unknown(symbol: str, folder: AnyPath) -> InstrumentError:
    known = list(dict.fromkeys([*INSTRUMENTS, *_own_symbols(folder)]))
    names = [*known, *examples()]
    near = difflib.get_close_matches(symbol.upper(), names, n=1, cutoff=0.75)
    place = folder / f"{symbol}.toml"
    if symbol in examples():
        remedy = f"start from an example: `ib-grid instruments {symbol} --out {place}`"
    else:
        remedy = f"did you mean {near[0]}? Or " if near else ""
        remedy += f"describe it in {place}; see `ib-grid instruments NAS100` for an example"
    return InstrumentError(
        f"unknown symbol {symbol!r}", expected=f"one of {', '.join(known)}", hint=remedy
    )


def _files(folder: AnyPath) -> list[AnyPath]:
    """Return the descriptions in a folder by name; none if the folder does not exist."""
    return sorted((file for file in folder.glob("*.toml") if is_file(file)), key=str)


def _own_symbols(path: AnyPath) -> list[str]:
    """Return the symbols that a folder or a file describes."""
    if is_dir(path) or path == INSTRUMENTS_DIR:
        return [file.name.removesuffix(".toml") for file in _files(path)]
    return [read_instrument(path).symbol]


def examples() -> dict[str, str]:
    """Return the texts of the example descriptions by symbol."""
    return {
        file.name.removesuffix(".toml"): file.read_text(encoding="utf-8")
        for file in _files(_EXAMPLES)
    }


def description(symbol: str, path: AnyPath | None = None) -> str:
    """Return the description of a symbol: the person's own, an example or a built-in one."""
    try:
        instrument, file = find_instrument(symbol, path)
    except InstrumentError:
        own_file = INSTRUMENTS_DIR / f"{symbol}.toml"
        if path is None and symbol in examples() and not is_file(own_file):
            return examples()[symbol]
        raise
    return file.read_text(encoding="utf-8") if file else toml_of(instrument)


def toml_of(instrument: Instrument) -> str:
    """Return the description of an instrument as TOML."""
    values, hours = instrument.to_dict(), instrument.trading_hours.to_dict()
    del values["trading_hours"]
    return "\n".join([*_keys(values), "", "[trading_hours]", *_keys(hours)]) + "\n"


def _keys(values: Mapping[str, object]) -> Iterator[str]:
    # Strings and lists of strings look the same in TOML and JSON.
    for name, value in values.items():
        yield f"{name} = {points(value) if isinstance(value, float) else json.dumps(value)}"


def write_description(text: str, out: Path) -> None:
    """Write a description to a file that does not exist yet."""
    if out.exists():
        raise OutputError(
            "the file already exists",
            location=str(out),
            expected="a new file",
            hint="edit that file, or move it away",
        )
    with whole_file(out) as file:
        file.write(text.encode())


def listing(path: AnyPath | None = None) -> Iterator[str]:
    """Return lines on all instruments and on the examples."""
    folder = path or INSTRUMENTS_DIR
    own = {symbol: find_instrument(symbol, path) for symbol in _own_symbols(folder)}
    built_in = {symbol: (one, None) for symbol, one in INSTRUMENTS.items()}
    for one, file in {**built_in, **own}.values():
        yield f"{one.symbol}  ({file or 'built in'})"
        yield f"  sessions  {', '.join(map(str, one.sessions))} {one.timezone}"
        yield f"  bars      {one.trading_hours}"
        yield f"  spread    {points(one.spread_points)} points; news in {', '.join(one.currencies)}"
    left = [symbol for symbol in examples() if symbol not in own]
    if left:
        yield f"Examples to start from: {', '.join(left)}"
        yield f"  ib-grid instruments {left[0]} --out {folder / f'{left[0]}.toml'}"
