"""Run a fuzzer: python -m tests.bad_input.fuzz.bars -max_total_time=60, likewise the others.

It needs the extra ``fuzz`` (atheris). The options are those of libFuzzer. What it finds is printed
and written to a file crash-…; the corpus that it works on is its own, in a temporary folder, and
begins with the corpus of bad input.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path


def main(name: str) -> None:
    """Fuzz a target until the time is up or a fault is found."""
    import atheris

    with atheris.instrument_imports(include=["ib_grid", "pipelines", "json", "csv", "tomllib"]):
        from tests.bad_input.fuzz import targets
    folder = Path(tempfile.mkdtemp(prefix=f"ib-grid-fuzz-{name}-"))
    for place, content in enumerate(targets.seeds(name)):
        (folder / f"seed-{place:04}").write_bytes(content)
    dictionary = folder.with_suffix(".dict")
    escaped = ("".join(f"\\x{byte:02x}" for byte in word) for word in targets.words(name))
    dictionary.write_text("".join(f'"{word}"\n' for word in escaped))
    options = [
        f"-dict={dictionary}",
        "-max_len=4096",
        "-len_control=0",
        "-timeout=20",
        *sys.argv[1:],
    ]
    atheris.Setup([sys.argv[0], *options, str(folder)], targets.TARGETS[name])
    atheris.Fuzz()
