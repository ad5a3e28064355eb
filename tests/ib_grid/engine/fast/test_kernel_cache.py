"""Location of the compiled kernels, and the note beside them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import ib_grid
from ib_grid.engine.fast import kernel_cache

_NOTED = """
import sys
from ib_grid.engine.fast import kernel_cache
print(kernel_cache.all_compiled())
kernel_cache.note_all_compiled()
print(kernel_cache.all_compiled(), "numba" in sys.modules)
"""


def _noted(package: Path, cache: Path) -> str:
    env = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    env.pop("NUMBA_CACHE_DIR", None)
    env.pop("NUMBA_DISABLE_JIT", None)
    done = subprocess.run(
        [sys.executable, "-c", _NOTED],
        cwd=package.parent,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_compiled_mark_is_per_installation(tmp_path: Path) -> None:
    for name in ("one", "other"):
        package = tmp_path / name / "ib_grid"
        shutil.copytree(Path(ib_grid.__file__).parent, package)
        assert _noted(package, tmp_path / "cache") == "False\nTrue False\n"
    os.utime(package / "engine" / "fast" / "exits.py", (1, 1))  # numba compiles it anew
    assert _noted(package, tmp_path / "cache") == "False\nTrue False\n"


def test_cache_directory_depends_on_all_kernel_modules() -> None:
    package = Path(ib_grid.__file__).parent
    folders = {path.parent for path in package.rglob("*.py") if "kernel\ndef " in path.read_text()}
    assert folders <= {package / folder for folder in kernel_cache._KERNEL_FOLDERS}


class TestDirectory:
    def own(self, path: Path) -> bool:
        found = kernel_cache._own_directory(path)
        assert found in ("", str(path.resolve()))
        return bool(found)

    def test_new_cache_is_private(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            assert self.own(tmp_path / "a" / "b" / "kernels")
        finally:
            os.umask(before)
        for folder in ("a", "a/b", "a/b/kernels"):
            assert (tmp_path / folder).stat().st_mode & 0o777 == 0o700

    @pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o1777])
    def test_cache_writable_by_others_is_refused(self, tmp_path: Path, mode: int) -> None:
        folder = tmp_path / "kernels"
        folder.mkdir()
        folder.chmod(mode)
        assert not self.own(folder)

    @pytest.mark.parametrize(("mode", "safe"), [(0o777, False), (0o1777, True), (0o755, True)])
    def test_cache_with_writable_parent_is_ignored(
        self, tmp_path: Path, mode: int, safe: bool
    ) -> None:
        (tmp_path / "shared" / "kernels").mkdir(parents=True, mode=0o700)
        (tmp_path / "shared").chmod(mode)
        assert self.own(tmp_path / "shared" / "kernels") == safe

    def test_cache_of_another_user_is_ignored(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        uid = os.getuid() + 1
        monkeypatch.setattr(os, "getuid", lambda: uid)
        assert not self.own(tmp_path / "kernels")

    def test_link_counts_as_its_target(self, tmp_path: Path) -> None:
        open_to_all = tmp_path / "open"
        open_to_all.mkdir()
        open_to_all.chmod(0o777)
        (tmp_path / "link").symlink_to(open_to_all)
        assert not self.own(tmp_path / "link" / "kernels")
        (tmp_path / "circle").symlink_to(tmp_path / "circle")
        assert kernel_cache._own_directory(tmp_path / "circle") == ""


def test_all_compiled_is_noted_for_processes_to_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_cache, "cache_directory", lambda: str(tmp_path))
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    assert not kernel_cache.all_compiled()
    assert kernel_cache.still_to_compile()
    kernel_cache.note_all_compiled()
    kernel_cache.note_all_compiled()
    assert kernel_cache.all_compiled()
    assert not kernel_cache.still_to_compile()
    monkeypatch.setattr(kernel_cache.importlib.metadata, "version", lambda _: "another")
    assert not kernel_cache.all_compiled()


def test_nothing_compiled_leaves_no_mark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_cache, "cache_directory", lambda: str(tmp_path))
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    kernel_cache.note_all_compiled()
    assert not list(tmp_path.iterdir())
    assert not kernel_cache.still_to_compile()


def test_no_kernel_cache_leaves_no_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_cache, "cache_directory", lambda: "")
    kernel_cache.note_all_compiled()
    assert not kernel_cache.all_compiled()


def test_emptied_files_are_not_all_compiled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kernel_cache, "cache_directory", lambda: str(tmp_path))
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    kernel_cache.note_all_compiled()
    (tmp_path / "fast").mkdir()
    (tmp_path / "fast" / "walk.1.nbc").write_bytes(b"code")
    assert kernel_cache.all_compiled()
    (tmp_path / "fast" / "walk.1.nbc").write_bytes(b"")
    assert not kernel_cache.all_compiled()


def test_caches_that_nobody_uses_are_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, used, unused = (tmp_path / f"kernels-{name}" for name in ("own", "used", "unused"))
    for folder in (own, used, unused):
        folder.mkdir()
        (folder / "all-it").touch()
        os.utime(folder, (1, 1))
    os.utime(unused / "all-it", (1, 1))
    (tmp_path / "kernels-link").symlink_to(unused)
    (tmp_path / "other").mkdir()
    monkeypatch.setattr(kernel_cache, "cache_directory", lambda: str(own))
    monkeypatch.delenv("NUMBA_DISABLE_JIT", raising=False)
    kernel_cache.note_all_compiled()
    assert {path.name for path in tmp_path.iterdir()} == {
        "kernels-own",
        "kernels-used",
        "kernels-link",
        "other",
    }
