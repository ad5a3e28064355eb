"""Threads for work on many files, with few files in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

# Files of a store to read at a time: their requests take a second each, most of it waiting.
STORE_THREADS = 32

_BATCH = 64

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(
    n_threads: int, work: Callable[[Item], Result], items: Sequence[Item]
) -> Iterator[Result]:
    """Yield the result of `work` for each item, in order.

    A pool that receives ten thousand files at once holds 1 GB of what Arrow read from their
    footers; in batches the pool holds 30 MB.
    """
    # Every command imports this module, and few use threads.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(n_threads) as pool:
        for first in range(0, len(items), _BATCH):
            yield from pool.map(work, items[first : first + _BATCH])
