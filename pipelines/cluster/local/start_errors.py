"""Errors of a local cluster that does not start: their cause, and what to do about it."""

from __future__ import annotations

import errno
import socket
import tempfile
from collections.abc import Iterator

from ib_grid.errors import ClusterError, first_line

_ADDRESS = "give another --dashboard-address or --listen"
_SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where semaphores are, told to a person


def start_error(subject: str, error: Exception) -> ClusterError:
    """Return the error that tells why a subject, such as ``2 workers``, could not be started."""
    cause = _cause(error)
    return ClusterError(
        f"{subject} could not be started ({_text(cause)})",
        location="the local cluster",
        hint=_hint(cause),
    )


def is_system_error(error: Exception) -> bool:
    """Return True if the operating system refused something, so that a second try is of no use."""
    return getattr(_cause(error), "errno", None) is not None


def _cause(error: BaseException) -> BaseException:
    """Return the error of the operating system behind an error, or else the first of its chain."""
    chain = list(_chain(error))
    return next((each for each in reversed(chain) if isinstance(each, OSError)), chain[-1])


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error:
        yield error
        error = error.__cause__ or error.__context__


def _text(cause: BaseException) -> str:
    if isinstance(cause, OSError) and cause.strerror:
        return f"{cause.strerror}: {cause.filename}" if cause.filename else cause.strerror
    return first_line(cause) if str(cause) else type(cause).__name__  # type: ignore[arg-type]


def _hint(cause: BaseException) -> str:
    if isinstance(cause, (socket.gaierror, ValueError)):
        return _ADDRESS
    number = getattr(cause, "errno", None)
    if number in (errno.EMFILE, errno.ENFILE):
        return "allow more open files with `ulimit -n`, or use fewer --workers"
    if number in (errno.EAGAIN, errno.ENOMEM):
        return "allow more processes with `ulimit -u`, free some memory, or use fewer --workers"
    if number in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
        return _ADDRESS
    folder = tempfile.gettempdir()
    if number in (errno.ENOSPC, errno.EDQUOT):
        return f"make room in {folder} and {_SHARED_MEMORY}; TMPDIR can name another folder"
    if number in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR):
        writable = f"{folder} and {_SHARED_MEMORY} must be writable; TMPDIR can name another folder"
        return writable if getattr(cause, "filename", None) else f"{writable}; or {_ADDRESS}"
    return "try fewer --workers"
