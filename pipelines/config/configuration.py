"""Reading of settings, rankings and grids from the command line and from files."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter, ValidationError

from ib_grid.errors import ConfigError, GridError, InputError
from ib_grid.errors.validation import check_names, shown
from ib_grid.grid import named_grids
from ib_grid.grid.grid import Grid
from ib_grid.grid.scoring import RankingSettings
from ib_grid.market.instruments import Instrument
from ib_grid.storage.mapping_files import read_mapping
from pipelines.config.run_options import expected_of, given_type, option_of
from pipelines.config.settings import TYPES, Settings

# Flags that turn an option off, such as --no-news, as a person would write them in a file.
_SWITCHES_OFF = {
    flag.removeprefix("--").replace("-", "_"): name
    for name, type_ in TYPES.items()
    for flag in option_of(type_).flags
    if flag.startswith("--no-")
}


def load_settings(options: Mapping[str, object], file: Path | None = None) -> Settings:
    """Return the settings that a command line and a configuration file give.

    Options that are None were not given; the others win over the file. Paths in the file are
    relative to the working directory.
    """
    values = _values(options, _read(file), file)
    if "symbol" not in values:
        raise ConfigError(
            "no symbol given", expected="--symbol, or the key symbol of the configuration file"
        )
    settings = Settings(**values)  # type: ignore[arg-type]
    _ = settings.instrument  # an unknown symbol is reported at once
    return settings


def load_options(
    groups: Sequence[type], options: Mapping[str, object], file: Path | None = None
) -> dict[str, object]:
    """Return the options of some groups, given or by default, by name; as `load_settings`."""
    fields = [field for group in groups for field in dataclasses.fields(group)]
    content, names = _read(file), {field.name for field in fields}
    inside = {name: value for name, value in content.items() if name in names}
    defaults = {field.name: field.default for field in fields}
    return {**defaults, **_values(options, inside, file)}


def _values(
    options: Mapping[str, object], content: Mapping[str, object], file: Path | None
) -> dict[str, object]:
    values = {name: _convert(name, value, f"{file}, {name}") for name, value in content.items()}
    for name, value in options.items():
        if value is not None:
            flags = option_of(TYPES[name]).flags
            location = flags[0] if flags else f"--{name.replace('_', '-')}"
            values[name] = _convert(name, value, location)
    return values


def load_ranking(file: Path | None) -> RankingSettings | None:
    """Return the ranking of a configuration file, or None if the file has no such table."""
    content = _read(file)
    if "ranking" not in content:
        return None
    return cast(RankingSettings, _convert("ranking", content["ranking"], f"{file}, ranking"))


def load_grid(name: str, instrument: Instrument) -> Grid:
    """Return the grid of a name or of a TOML file of axes."""
    if not Path(name).suffix:
        return named_grids.named_grid(name, instrument)
    try:
        values = read_mapping(Path(name))
    except ConfigError as error:
        expected = "standard, expanded or a TOML file of axes"
        raise error.with_context(GridError, expected=expected) from error
    return named_grids.grid_from_mapping(values, instrument, location=name)


def _read(file: Path | None) -> dict[str, object]:
    content = read_mapping(file) if file else {}
    switched_off = next((name for name in content if name in _SWITCHES_OFF), None)
    if switched_off is not None:
        raise ConfigError(
            f"unknown key {switched_off}",
            location=str(file),
            expected="the name of an option",
            hint=f"write {_SWITCHES_OFF[switched_off]} = false",
        )
    check_names(content, TYPES, str(file), ConfigError)
    return content


def _convert(name: str, value: object, location: str) -> object:
    """Return a given value in the type of its setting."""
    try:
        return _type_of(name).validate_python(value, strict=True)
    except InputError as error:
        inner = f"{location}: {error.location}" if error.location else location
        raise error.with_context(type(error), location=inner) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        typed = location if location in option_of(TYPES[name]).flags else name  # such as --from
        key = ".".join([typed, *map(str, first["loc"])])
        raise ConfigError(
            f"{key} is {shown(first['input'])}",
            location=location,
            expected=expected_of(TYPES[name]),
        ) from error


@cache
def _type_of(name: str) -> TypeAdapter[object]:
    return TypeAdapter(given_type(TYPES[name]))
