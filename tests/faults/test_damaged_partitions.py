"""Damaged partitions are found, set aside and recomputed; the others stay."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from ib_grid.errors import StoreError
from ib_grid.runs import partition_file
from pipelines.inputs.inputs import read_inputs
from pipelines.run import tasks
from tests.helpers.faults.disturbed_runs import PLAN, Place, assert_goes_on, partly_done
from tests.helpers.runs.small_runs import rows

pytestmark = pytest.mark.faults

SEED = 1
FLIPS = 200


def _truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1000])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _zeroed_in_the_middle(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:4096] + bytes(4096) + content[8192:])


def _flipped(path: Path) -> None:
    draw = random.Random(path.name)
    content = bytearray(path.read_bytes())
    content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    path.write_bytes(content)


DAMAGES: dict[int, Callable[[Path], None]] = {
    3: _truncated,
    17: _empty,
    31: _zeroed,
    40: _zeroed_in_the_middle,
    55: _flipped,
    56: _flipped,
    99: _flipped,
}


@pytest.mark.cluster
def test_damaged_swapped_and_leftover_files(
    place: Place, undisturbed: Place, tmp_path: Path
) -> None:
    partly_done(place, undisturbed, ())
    for index, damage in DAMAGES.items():
        damage(place.partition(index))
    shutil.copy(_of_another_run(tmp_path / "other", 60), place.partition(60))
    _swap(place.partition(70), place.partition(71))
    shutil.copy(place.partition(80), place.partition(81))
    left = place.partition(90).with_name(".part-00090.parquet.4711-0badcafe.partial")
    left.write_bytes(place.partition(90).read_bytes()[:2000])
    os.utime(left, (1, 1))
    wrong = [*DAMAGES, 60, 70, 71, 81]
    touched = {place.partition(index).relative_to(place.dataset) for index in wrong}
    kept = {path: about for path, about in place.finished().items() if path not in touched}
    assert len(kept) == len(PLAN) - len(wrong)

    said = assert_goes_on(place, undisturbed, kept)
    for index in wrong:
        assert f"part-{index:05d}.parquet: " in said
    assert "part-00060.parquet: the file belongs to another run" in said
    assert "part-00070.parquet: the file holds chunk 71, not chunk 70" in said
    assert "part-00081.parquet: the file holds chunk 80, not chunk 81" in said
    assert len(list((place.run_dir / "damaged").iterdir())) == len(wrong)


def _of_another_run(folder: Path, index: int) -> Path:
    """Return the partition of a chunk from a run with another spread."""
    folder.mkdir()
    other = Place(folder=folder)
    inputs = read_inputs(other.settings())
    work = tasks.ChunkWork(
        context=inputs.context,
        plan=PLAN,
        dataset=other.dataset,
        fingerprint="0" * 64,
        min_trades=10,
    )
    tasks.run_chunk(index, work)
    return other.partition(index)


def _swap(one: Path, other: Path) -> None:
    content = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(content)


def test_one_byte_flipped_anywhere(place: Place, undisturbed: Place) -> None:
    draw = random.Random(SEED)
    fingerprint = undisturbed.manifest.fingerprint
    true = rows(undisturbed.dataset)
    path = place.partition(12)
    path.parent.mkdir(parents=True)
    content = undisturbed.partition(12).read_bytes()
    found = 0
    for _ in range(FLIPS):
        flipped = bytearray(content)
        flipped[draw.randrange(len(content))] ^= draw.randrange(1, 256)
        path.write_bytes(flipped)
        try:
            partition_file.verify_contents(path, PLAN.chunk(12), fingerprint)
        except StoreError:
            found += 1
        else:  # the byte meant nothing: a reader gets what was written
            first = PLAN.chunk(12).first_id
            assert rows(place.dataset).equals(true.slice(first, PLAN.chunk(12).n_rows))
    assert found > FLIPS / 2
