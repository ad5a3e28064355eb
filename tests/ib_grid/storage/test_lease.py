"""Leases on a store's prefix: held, refused, returned, taken over from a dead owner."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest

from ib_grid.errors import OutputError, UnreachableError
from ib_grid.storage import lease
from ib_grid.storage.lock import sole_writer
from ib_grid.storage.paths import RemotePath
from tests.helpers.machines.memory_store import memory_store

DEAD = json.dumps({"process": 7, "host": "gone", "since": "2024-05-01", "state": "held"}).encode()


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[RemotePath]:
    monkeypatch.setattr(lease, "RENEWAL_SECONDS", 0.02)
    monkeypatch.setattr(lease, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(lease, "DEAD_AFTER_SECONDS", 0.2)
    with memory_store() as root:
        yield root


def names(folder: RemotePath) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def state(path: RemotePath) -> str:
    return str(json.loads(path.read_bytes())["state"])


def changes(path: RemotePath) -> None:
    """Wait until an object changes."""
    before, deadline = path.read_bytes(), time.monotonic() + 10
    while path.read_bytes() == before:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_one_writes_and_others_are_refused(
    folder: RemotePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "DEAD_AFTER_SECONDS", 30)
    said: list[str] = []
    refused = pytest.raises(OutputError, match="another run is writing here: process")
    with sole_writer(folder):
        with refused as caught, sole_writer(folder, said.append):
            raise AssertionError
        assert caught.value.location == str(folder)
        assert state(folder / ".lease-00001") == "held"
    assert "checking for up to" in said[0]


def test_released_lease_is_not_waited_for(
    folder: RemotePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("there is nothing to wait for"))
    for number in (1, 2, 3):
        with sole_writer(folder):
            assert state(folder / f".lease-{number:05d}") == "held"
        assert state(folder / f".lease-{number:05d}") == "given back"


def test_second_of_two_simultaneous_locks_is_refused(
    folder: RemotePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / ".lease-00001").write_bytes(DEAD)  # it came just after this one had looked
    look, seen = lease._last, [None]
    monkeypatch.setattr(lease, "_last", lambda at: seen.pop() if seen else look(at))
    with pytest.raises(OutputError, match="another run is writing here"), sole_writer(folder):
        raise AssertionError
    assert (folder / ".lease-00001").read_bytes() == DEAD


def test_lease_is_renewed(folder: RemotePath) -> None:
    with sole_writer(folder):
        for _ in range(2):
            changes(folder / ".lease-00001")
        assert state(folder / ".lease-00001") == "held"


def test_dead_lock_owner_is_replaced(folder: RemotePath) -> None:
    (folder / ".lease-00004").write_bytes(DEAD)
    said: list[str] = []
    with sole_writer(folder, said.append):
        assert names(folder) == [".lease-00004", ".lease-00005"]
    assert "process 7 on gone, since 2024-05-01" in said[0]


@pytest.mark.parametrize("junk", [b"", b"{", b"[]", b"\xff"])
def test_unreadable_lease_counts_until_it_expires(folder: RemotePath, junk: bytes) -> None:
    (folder / ".lease-00001").write_bytes(junk)
    said: list[str] = []
    with sole_writer(folder, said.append):
        assert (folder / ".lease-00002").is_file()
    assert "an unknown process" in said[0]


def test_only_one_process_replaces_a_dead_owner(folder: RemotePath) -> None:
    (folder / ".lease-00001").write_bytes(DEAD)
    held, refused = [], []
    over = threading.Event()

    def follow() -> None:
        try:
            with sole_writer(folder):
                held.append(1)
                over.wait(10)
        except OutputError:
            refused.append(1)

    threads = [threading.Thread(target=follow) for _ in range(6)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 10
    while len(refused) < 5 and time.monotonic() < deadline:
        time.sleep(0.01)
    over.set()
    for thread in threads:
        thread.join()
    assert (len(held), len(refused)) == (1, 5)


def test_unreachable_owner_learns_of_its_successor(folder: RemotePath) -> None:
    def lose() -> None:
        (folder / ".lease-00002").write_bytes(DEAD)
        deadline = time.monotonic() + 10
        while any(thread.name == "lease" for thread in threading.enumerate()):
            assert time.monotonic() < deadline
            time.sleep(0.005)

    refused = pytest.raises(OutputError, match="another run is writing here: process 7 on gone")
    with refused, sole_writer(folder):
        lose()
    assert state(folder / ".lease-00002") == "held"


def test_an_error_within_is_not_hidden(folder: RemotePath) -> None:
    with pytest.raises(ZeroDivisionError), sole_writer(folder):
        raise ZeroDivisionError
    assert state(folder / ".lease-00001") == "given back"


def test_short_store_outage_keeps_the_lease(
    folder: RemotePath, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = threading.Event()
    asked = threading.Event()
    write = RemotePath.write_bytes

    def put(self: RemotePath, content: bytes, *, new: bool = False) -> None:
        if away.is_set():
            asked.set()
            raise UnreachableError("no route")
        write(self, content, new=new)

    monkeypatch.setattr(RemotePath, "write_bytes", put)
    with sole_writer(folder):
        away.set()
        assert asked.wait(10)
        away.clear()
        changes(folder / ".lease-00001")
    assert state(folder / ".lease-00001") == "given back"


def test_missing_bucket(folder: RemotePath, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_bucket(*_: object, **__: object) -> None:
        raise FileNotFoundError(2, "The specified bucket does not exist")

    monkeypatch.setattr(RemotePath, "write_bytes", no_bucket)
    refused = pytest.raises(OutputError, match=r"cannot be written \(The specified bucket")
    with refused as caught, sole_writer(folder):
        raise AssertionError
    assert caught.value.location == str(folder)
    assert "create the bucket" in caught.value.hint
