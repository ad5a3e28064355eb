"""TOML and JSON files as mappings: configuration, grids, parameters, instruments."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable

from ib_grid.errors import ConfigError
from ib_grid.storage import Place


def read_mapping(path: Place) -> dict[str, object]:
    """The keys and values of a TOML or JSON file.

    Raises
    ------
    ConfigError
        If it cannot be read, or is not what its name says.
    """
    kinds: dict[str, Callable[[str], object]] = {".toml": tomllib.loads, ".json": _parse_json}
    parse = kinds.get(path.suffix.lower())
    if parse is None:
        raise ConfigError(
            "the kind of file is not known", where=str(path), expected="a name in .toml or .json"
        )
    try:
        content = parse(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"the file cannot be read ({error.strerror})", where=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"not a {path.suffix[1:].upper()} file ({error})", where=str(path)
        ) from error
    if not isinstance(content, dict):
        raise ConfigError("the file holds no keys", where=str(path), expected='{"key": value, …}')
    return content


def _parse_json(text: str) -> object:
    return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice} is given twice")
    return content


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a number")
