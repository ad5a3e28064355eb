"""TOML and JSON files: configuration, grids, parameters, instruments."""

from __future__ import annotations

import json
import re
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
    """Return the keys and values of a TOML or JSON file."""
    kind = path.suffix.lower()
    if kind not in _KINDS:
        raise ConfigError(
            "unknown kind of file", location=str(path), expected="a .toml or .json file"
        )
    try:
        parse, max_bytes = _KINDS[kind]
        content = parse(read_regular(path, max_bytes).decode("utf-8-sig"))
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
        return "nested too deeply"
    if "int_max_str_digits" in str(error):  # Python advises to change one of its settings
        return "a number has too many digits"
    return first_line(error)


def _parse_toml(text: str) -> object:
    import tomllib  # most commands read no TOML

    # The parser takes time and memory that grow with the square of the parts of a key.
    if _LONG_KEY.search(text):
        raise ValueError(f"a key has more than {_KEY_PARTS} parts")
    return tomllib.loads(text)


def _parse_json(text: str) -> object:
    return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        repeated = Counter(name for name, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {cut(repeated)} appears twice")
    return content


def _refuse_constant(text: str) -> object:
    raise ValueError(f"{text} is not a number")


# JSON files may be larger, because an instrument can be read from the run.json of a run.
_KINDS: dict[str, tuple[Callable[[str], object], int]] = {
    ".toml": (_parse_toml, MAX_TOML_BYTES),
    ".json": (_parse_json, MAX_JSON_BYTES),
}
