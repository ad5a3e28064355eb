"""Paths of files: on this machine's disks, or in an object store.

Both kinds have the methods of `pathlib.Path`, so few callers need to know which they hold.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias
from urllib.parse import urlsplit

from ib_grid.errors import ConfigError, first_line
from ib_grid.storage.remote_path import RemotePath

__all__ = ["AnyPath", "RemotePath", "all_below", "move", "parse_path"]

AnyPath: TypeAlias = Path | RemotePath

_EXPECTED = "a path, or a URL such as s3://bucket/prefix or file:///folder"
# The extra of ib-grid that brings the package of a protocol.
_EXTRAS = {"s3": "ib-grid[s3]", "s3a": "ib-grid[s3]"}


def all_below(folder: AnyPath) -> Iterator[AnyPath]:
    """Yield the files and links below a folder, in no order; links to folders are not followed."""
    if isinstance(folder, RemotePath):
        yield from folder.all_below()
        return
    for parent, folders, names in os.walk(folder):
        yield from (Path(parent, name) for name in names)
        yield from (Path(parent, name) for name in folders if Path(parent, name).is_symlink())


def move(source: AnyPath, target: AnyPath) -> None:
    """Rename a file, or a folder with its content, on the same disk or in the same store."""
    if isinstance(source, Path) and isinstance(target, Path):  # noqa: SIM114 - two methods
        source.rename(target)
    elif isinstance(source, RemotePath) and isinstance(target, RemotePath):
        source.rename(target)
    else:
        raise ValueError(f"{source} and {target} are not in the same store")


def parse_path(text: str) -> AnyPath:
    """Return the path that a person typed: a local path, or the URL of an object store.

    Examples
    --------
    >>> parse_path("results/run").name
    'run'
    >>> print(parse_path("memory://bucket/results/"))
    memory://bucket/results
    """
    if "://" not in text:
        _refuse_missing_slashes(text)
        return Path(os.path.expanduser(text))  # noqa: PTH111 - unlike Path's, never raises
    protocol, _, rest = text.partition("://")
    _refuse_secrets(text, protocol)
    if protocol in ("file", "local"):
        if not rest.startswith("/"):
            raise _invalid(text, "a file URL must begin with file:/// and a folder")
        return Path(rest)
    parts = rest.rstrip("/").split("/")
    if "::" in protocol or {"", ".", ".."} & set(parts):
        raise _invalid(text, "invalid URL")
    _check_protocol(text, protocol)
    return RemotePath(protocol, "/".join(parts))


def _refuse_missing_slashes(text: str) -> None:
    """Refuse ``s3:bucket/prefix``, which would be taken for a local folder."""
    protocol, colon, _ = text.partition(":")
    if not colon or not protocol.isalnum():
        return
    from fsspec.registry import known_implementations

    if protocol in known_implementations:
        raise _invalid(text, f"missing slashes after {protocol}:")


def _refuse_secrets(text: str, protocol: str) -> None:
    """Refuse a URL that may hold a password or token, without repeating the URL."""
    parts = urlsplit(text)
    user = parts.username is not None and protocol in ("http", "https")
    if user or parts.password is not None or parts.query or parts.fragment:
        raise ConfigError(
            "the URL holds a password or a token",
            location=f"{protocol}://…",
            expected="a URL without secrets, because URLs appear in logs and on screens",
            hint="pass the secret to the store in the environment, such as AWS_PROFILE or"
            " AWS_ACCESS_KEY_ID for S3, on this machine and on the workers",
        )


def _check_protocol(text: str, protocol: str) -> None:
    import fsspec

    try:
        fsspec.get_filesystem_class(protocol)
    except ValueError as error:
        raise _invalid(text, f"unknown protocol {protocol}://") from error
    except ImportError as error:
        package = _EXTRAS.get(protocol)
        raise ConfigError(
            f"missing package for {protocol}:// ({first_line(error)})",
            location=text,
            hint="install the package here and on the workers"
            + (f": pip install '{package}'" if package else ""),
        ) from error


def _invalid(text: str, message: str) -> ConfigError:
    return ConfigError(message, location=text, expected=_EXPECTED)
