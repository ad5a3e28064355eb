"""The limit of open files of this process, which its workers inherit."""

from __future__ import annotations

import contextlib

from ib_grid.errors import ClusterError

# Measured: 90 workers take 1,015 files, most of them sockets; two take 55.
_FILES = 35
_FILES_PER_WORKER = 11
# Enough for any number of workers; with a limit of a billion some programs take minutes to start.
_ENOUGH = 65_536

with contextlib.suppress(ImportError):  # Windows has neither the module nor the limit
    import resource


def raise_limit() -> int:
    """Raise the soft limit of open files to the hard limit; return the new limit."""
    if "resource" not in globals():
        return _ENOUGH
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # No limit is a negative number.
    allowed = [limit if limit >= 0 else _ENOUGH for limit in (soft, hard)]
    limit = max(allowed[0], min(allowed[1], _ENOUGH))
    if limit > soft >= 0:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return limit


def check_limit(workers: int) -> None:
    """Raise the limit of open files, and check that it suffices for some workers."""
    needed, limit = _FILES + _FILES_PER_WORKER * workers, raise_limit()
    if limit < needed:
        raise ClusterError(
            f"{workers} workers need {needed:,} open files, but only {limit:,} are allowed",
            location="the local cluster",
            hint=f"allow more with `ulimit -n {needed}`, or use fewer --workers",
        )
