"""Places for the files of a run: folders on this machine, and prefixes in an object store.

Both are written to and read by the same names, those of `pathlib.Path`, so that few have to know
which of them they have.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from ib_grid.errors import ConfigError, first_line
from ib_grid.storage.object_store import RemotePath

__all__ = ["AnyPath", "RemotePath", "all_below", "move", "parse_path"]

AnyPath: TypeAlias = Path | RemotePath

_EXPECTED = "a path, or a URL such as s3://bucket/prefix or file:///folder"
# What a person types for a protocol and the package to be installed for it; fsspec knows others.
_EXTRAS = {"s3": "ib-grid[s3]", "s3a": "ib-grid[s3]"}


def all_below(folder: AnyPath) -> Iterator[AnyPath]:
    """Files and links below a folder, in no order; a link to a folder is not followed."""
    if isinstance(folder, RemotePath):
        yield from folder.all_below()
        return
    for place, folders, names in os.walk(folder):
        yield from (Path(place, name) for name in names)
        yield from (Path(place, name) for name in folders if Path(place, name).is_symlink())


def move(source: AnyPath, target: AnyPath) -> None:
    """Give a file, or a folder with all that is in it, another name in the same store or disk.

    Raises
    ------
    OSError
        If it cannot be moved.
    """
    if isinstance(source, Path) and isinstance(target, Path):  # noqa: SIM114 - two methods
        source.rename(target)
    elif isinstance(source, RemotePath) and isinstance(target, RemotePath):
        source.rename(target)
    else:
        raise ValueError(f"{source} and {target} are not in the same store")


def parse_path(text: str) -> AnyPath:
    """A place from what a person typed: a path, or the URL of an object store.

    Raises
    ------
    ConfigError
        If it is a URL that cannot be used, or one that holds a password.
    """
    if "://" not in text:
        _refuse_half_a_url(text)
        return Path(os.path.expanduser(text))  # noqa: PTH111 - unlike Path's, it never raises
    protocol, _, rest = text.partition("://")
    _refuse_secrets(text, protocol)
    if protocol in ("file", "local"):
        return _local(text, rest)
    parts = rest.rstrip("/").split("/")
    if "::" in protocol or {"", ".", ".."} & set(parts):
        raise _no_place(text, "the URL names no place")
    _check_known(text, protocol)
    return RemotePath(protocol, "/".join(parts))


def _refuse_half_a_url(text: str) -> None:
    """Refuse the URL of a store whose slashes were left out: it would be a folder here."""
    protocol, colon, _ = text.partition(":")
    if not colon or not protocol.isalnum():
        return
    from fsspec.registry import known_implementations

    if protocol in known_implementations:
        raise _no_place(text, f"the slashes behind {protocol}: are missing")


def _local(text: str, rest: str) -> Path:
    """The path of a file URL: the same rules as for every other path on this machine hold."""
    if not rest.startswith("/"):
        raise _no_place(text, "the URL does not begin with file:/// and a folder")
    return Path(rest)


def _refuse_secrets(text: str, protocol: str) -> None:
    """Refuse what may hold a password or a token, without showing it again."""
    parts = urlsplit(text)
    if parts.password is not None or parts.query or parts.fragment:
        raise ConfigError(
            "the URL holds a password or a token",
            location=f"{protocol}://…",
            expected="a URL without one: it would be seen in logs and on screens",
            hint="give it to the store by the environment, such as AWS_PROFILE or"
            " AWS_ACCESS_KEY_ID for S3, on this machine and on those of the workers",
        )


def _check_known(text: str, protocol: str) -> None:
    import fsspec

    try:
        fsspec.get_filesystem_class(protocol)
    except ValueError as error:
        raise _no_place(text, f"no store is known by the name {protocol}") from error
    except ImportError as error:
        package = _EXTRAS.get(protocol)
        raise ConfigError(
            f"a package for {protocol}:// is missing ({first_line(error)})",
            location=text,
            hint=f"install it here and on the workers: pip install '{package}'"
            if package
            else "install it here and on the workers",
        ) from error


def _no_place(text: str, found: str) -> ConfigError:
    return ConfigError(found, location=text, expected=_EXPECTED)
