"""TOML and JSON files: configuration, grids, parameters, instruments, results as values."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import types
import typing
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

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
            f"not a {name} file ({json_problem(error)})",
            location=str(path),
            expected=f"{name} in UTF-8",
        ) from error
    if not isinstance(content, dict):
        raise ConfigError(
            "the file holds no keys", location=str(path), expected='{"key": value, …}'
        )
    return content


def json_problem(error: Exception) -> str:
    """Return what is wrong with a JSON or TOML text, in words."""
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
    return json.loads(text, object_pairs_hook=unique_keys, parse_constant=_refuse_constant)


def unique_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Return the members of a JSON object; ValueError if a key appears twice."""
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


def as_declared(kind: Any, content: Any) -> Any:
    """Return JSON values as a declared type, such as a dataclass or ``tuple[int, ...]``.

    Entries that a dataclass does not declare are ignored; KeyError, TypeError or ValueError if one
    is missing or invalid.
    """
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return None if content is None else as_declared(arguments[0], content)
    if origin is tuple:
        kinds = arguments[:1] * len(content) if arguments[-1] is Ellipsis else arguments
        return tuple(as_declared(one, item) for one, item in zip(kinds, content, strict=True))
    if origin is not None and isinstance(content, Mapping):
        return {key: as_declared(arguments[1], item) for key, item in content.items()}
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        fields = _declared(kind).items()
        return kind(**{name: as_declared(one, content[name]) for name, one in fields})
    return content if origin is typing.Literal else kind(content)


@functools.cache
def _declared(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind)
