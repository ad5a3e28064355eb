"""The kernel cache: compiled once, then loaded, never from other sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numba
import numpy as np
import pytest

import ib_grid
from ib_grid.engine.fast.compiled import _KERNELS

_ONE_KERNEL = Path(__file__).with_name("one_kernel.py")
_USE = f"""
import runpy
from ib_grid.engine.fast import compiled
runpy.run_path({str(_ONE_KERNEL)!r})
"""


def _compilations(
    package: Path, cache: Path, variable: str = "XDG_CACHE_HOME", **more: str
) -> list[int]:
    return [int(line) for line in _used(package, cache, variable, **more).stdout.split()]


def _used(
    package: Path,
    cache: Path,
    variable: str = "XDG_CACHE_HOME",
    use: str = _USE,
    **more: str,
) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, variable: str(cache)}
    if variable != "NUMBA_CACHE_DIR":
        env.pop("NUMBA_CACHE_DIR", None)
    env.pop("NUMBA_DISABLE_JIT", None)
    env.update(more)
    return subprocess.run(
        [sys.executable, "-c", use],
        cwd=package.parent,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compiled") / "cache"
    first = _used(Path(ib_grid.__file__).parent, folder)
    assert first.stdout.split() == ["0", "1"]
    assert (
        first.stderr.count("compiling what this command computes with, once on this machine") == 1
    )
    return folder


def test_a_second_process_loads_what_the_first_compiled(cache: Path) -> None:
    second = _used(Path(ib_grid.__file__).parent, cache)
    assert (second.stdout.split(), second.stderr) == (["0", "0"], "")


def _flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("suffix", ["nbc", "nbi"])
@pytest.mark.parametrize("damage", [lambda _: b"", _flipped], ids=["emptied", "flipped"])
def test_damaged_code_is_compiled_again(
    cache: Path, tmp_path: Path, suffix: str, damage: Callable[[bytes], bytes]
) -> None:
    package = Path(ib_grid.__file__).parent
    torn = shutil.copytree(cache, tmp_path / "cache")
    (path,) = torn.rglob(f"*.{suffix}")
    path.write_bytes(damage(path.read_bytes()))
    first = _used(package, torn)
    assert first.stdout.split() == ["0", "1"]
    assert first.stderr.count("is damaged; compiling again") == 1
    assert _used(package, torn).stdout.split() == ["0", "0"]


_LIMITED = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
"""


def test_full_disk_below_the_cache(tmp_path: Path) -> None:
    kept = "print(int(compiled.all_kept()))"
    done = _used(Path(ib_grid.__file__).parent, tmp_path, use=_LIMITED + _USE + kept)
    assert done.stdout.split() == ["0", "1", "0"]
    assert done.stderr.count("note: the compiled code cannot be kept in ") == 1
    assert "Traceback" not in done.stderr


def test_changing_any_module_recompiles(tmp_path: Path) -> None:
    package = tmp_path / "copy" / "ib_grid"
    shutil.copytree(Path(ib_grid.__file__).parent, package)
    cache = tmp_path / "cache"
    assert _compilations(package, cache, "NUMBA_CACHE_DIR") == [0, 1]
    exits = package / "engine" / "fast" / "exits.py"  # the kernel is in another module
    with exits.open("a") as file:
        file.write("\n# changed\n")
    assert _compilations(package, cache, "NUMBA_CACHE_DIR") == [0, 1]
    assert list(cache.rglob("*.nbi"))


def test_unwritable_home_is_tolerated(tmp_path: Path) -> None:
    not_a_directory = tmp_path / "file"
    not_a_directory.write_text("")
    package = Path(ib_grid.__file__).parent
    assert _compilations(package, not_a_directory)[0] == 0


def test_no_floating_point_liberties() -> None:
    """Results are equal to the last bit because nothing is reordered or fused."""
    import ib_grid.engine.fast.engine  # noqa: F401 - its kernels

    kernels = [kernel for kernel in _KERNELS if hasattr(kernel, "targetoptions")]
    assert len(kernels) > 20 or numba.config.DISABLE_JIT
    for kernel in kernels:
        assert not kernel.targetoptions.get("fastmath"), kernel
        assert not kernel.targetoptions.get("parallel"), kernel

    @numba.njit(nogil=True, error_model="numpy")
    def square_less(x, y):  # type: ignore[no-untyped-def]
        for p in range(len(x)):
            x[p] = x[p] * x[p] - y[p]

    x = 1.0 + np.arange(1.0, 65.0) * 2.0**-30
    expected = (x * x) - x  # numpy rounds between its steps
    square_less(x, x.copy())
    assert np.array_equal(x, expected)
    fused = [float(Fraction(v) ** 2 - Fraction(v)) for v in 1.0 + np.arange(1.0, 65.0) * 2.0**-30]
    assert expected.tolist() != fused  # the numbers would show a fused step


def test_cache_writable_by_others_is_ignored(tmp_path: Path) -> None:
    package = Path(ib_grid.__file__).parent
    shared, aside = tmp_path / "shared", tmp_path / "tmp"
    for folder in (shared, aside):
        folder.mkdir()
    shared.chmod(0o777)
    assert _compilations(package, shared, TMPDIR=str(aside)) == [0, 1]
    assert not list(shared.rglob("*.nb?"))
    assert list(aside.rglob("*.nbi"))
    aside.chmod(0o777)  # no place is left: nothing is loaded and nothing kept
    assert _compilations(package, shared, TMPDIR=str(aside)) == [0, 1]
