"""TOML and JSON files as mappings: configuration, grids, parameters, instruments."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable

from ib_grid.errors import ConfigError, first_line
from ib_grid.errors.validation import cut
from ib_grid.storage.atomic_files import read_regular
from ib_grid.storage.paths import AnyPath

MAX_TOML_BYTES = 1024 * 1024
MAX_JSON_BYTES = 16 * 1024 * 1024

_KEY_PARTS = 32
_PART = r"""(?:[\w-]+|"[^"\n]*"|'[^'\n]*')"""
_LONG_KEY = re.compile(rf"""(?<![\w"'.-])(?:{_PART}[ \t]*\.[ \t]*){{{_KEY_PARTS}}}""")


def read_mapping(path: AnyPath) -> dict[str, object]:
    """The keys and values of a TOML or JSON file.

    Raises
    ------
    ConfigError
        If it cannot be read, or is not what its name says.
    """
    kind = path.suffix.lower()
    if kind not in _KINDS:
        raise ConfigError(
            "the kind of file is not known", location=str(path), expected="a name in .toml or .json"
        )
    try:
        parse, most_bytes = _KINDS[kind]
        content = parse(read_regular(path, most_bytes).decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(
            f"the file cannot be read ({error.strerror})",
            location=str(path),
            expected="a TOML or JSON file",
        ) from error
    except (ValueError, RecursionError) as error:
        name = kind[1:].upper()
        raise ConfigError(
            f"not a {name} file ({_reason(error)})", location=str(path), expected=f"{name} in UTF-8"
        ) from error
    if not isinstance(content, dict):
        raise ConfigError(
            "the file holds no keys", location=str(path), expected='{"key": value, …}'
        )
    return content


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    # Python names its own setting here, which is no way out for whom the number is a slip.
    return "a number is endless" if "int_max_str_digits" in str(error) else first_line(error)


def _parse_toml(text: str) -> object:
    # A key of n parts takes time and memory of n squared to parse.
    if _LONG_KEY.search(text):
        raise ValueError(f"a key has more than {_KEY_PARTS} parts")
    return tomllib.loads(text)


def _parse_json(text: str) -> object:
    return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        twice = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {cut(twice)} is given twice")
    return content


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a number")


# The instrument of a run may be read from its run.json.
_KINDS: dict[str, tuple[Callable[[str], object], int]] = {
    ".toml": (_parse_toml, MAX_TOML_BYTES),
    ".json": (_parse_json, MAX_JSON_BYTES),
}
