"""Threads that receive a few items at a time."""

from __future__ import annotations

import threading

import pytest

from ib_grid.storage.threads import in_threads


@pytest.mark.parametrize("n_items", [0, 1, 64, 65, 300])
def test_results_come_in_the_order_of_the_items(n_items: int) -> None:
    assert list(in_threads(3, lambda item: item * 2, range(n_items))) == [
        2 * k for k in range(n_items)
    ]


def test_no_item_is_begun_long_before_it_is_wanted() -> None:
    begun, lock = 0, threading.Lock()

    def count(_: int) -> None:
        nonlocal begun
        with lock:
            begun += 1

    results = in_threads(2, count, range(1000))
    for _ in range(10):
        next(results)
    assert begun <= 64
    results.close()


def test_error_is_raised() -> None:
    def fail(item: int) -> int:
        return 1 // item

    with pytest.raises(ZeroDivisionError):
        list(in_threads(2, fail, [2, 1, 0]))
