"""File systems mounted for one test; needs root."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest


@contextlib.contextmanager
def mounted(folder: Path, *arguments: str) -> Iterator[None]:
    """Mount something on a folder; skip the test without the permission."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", *arguments, str(folder)], capture_output=True, text=True, check=False, timeout=30
    )
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=30)


def mount_again(folder: Path, options: str) -> None:
    """Remount a folder with other options."""
    subprocess.run(["mount", "-o", f"remount,{options}", str(folder)], check=True, timeout=30)
