"""A set of a run as a file for another program: parameters as JSON, an MT5 `.set`, a Python module.

The `.set` file is as MetaTrader 5 itself writes one: UTF-16 little-endian with a byte order mark,
lines that end with CR LF, comments behind a semicolon, then ``name=value``; truth as ``true`` and
``false``, times of day as texts ``HH:MM``. An input that the Expert Advisor does not have is passed
over by MT5, and one that the file does not have keeps its value, so the inputs must have the names
of the parameters. No value has the ``||`` parts of an optimisation.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from pathlib import Path

import ib_grid
from ib_grid.storage.atomic_files import whole_file
from pipelines.render.combinations.selected import Selected
from pipelines.render.formats import ExportFormat
from pipelines.render.numbers import Scalar


def format_of(path: Path) -> ExportFormat:
    """What a file of this name holds: ``.set`` and ``.py`` say it, all else is JSON."""
    suffix = path.suffix.removeprefix(".").lower()
    return ExportFormat(suffix) if suffix in list(ExportFormat) else ExportFormat.JSON


def write_export(selected: Selected, format_: ExportFormat, path: Path) -> None:
    """Write the parameters of a set, whole or not at all.

    Raises
    ------
    OutputError, DiskError
        If the place cannot be written.
    """
    with whole_file(path) as file:
        file.write(export_bytes(selected, format_))


def export_bytes(selected: Selected, format_: ExportFormat) -> bytes:
    """The content of the file."""
    return _WRITERS[format_](selected)


def _json(selected: Selected) -> bytes:
    """The parameter file that `ib-grid trades` takes."""
    return (json.dumps(selected.params.to_dict(), indent=2, allow_nan=False) + "\n").encode()


def _set(selected: Selected) -> bytes:
    lines = [f"; {line}" for line in _origin(selected)]
    lines += [f"{name}={_input(value)}" for name, value in selected.params.to_dict().items()]
    text = "".join(f"{line}\r\n" for line in lines)
    return codecs.BOM_UTF16_LE + text.encode("utf-16-le")


def _input(value: Scalar) -> str:
    """A value as MT5 reads it: true and false in small letters, numbers with a point."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _py(selected: Selected) -> bytes:
    # Escaped, so that nothing that a run says can end the text and become source.
    words = "\n".join(json.dumps(line)[1:-1] for line in _origin(selected))
    values = selected.params.to_dict().items()
    fields = [f"    {name}: {type(value).__name__} = {_literal(value)}" for name, value in values]
    lines = [
        f'"""{words}\n"""',
        "",
        "from dataclasses import dataclass",
        "",
        "",
        "@dataclass(frozen=True, slots=True, kw_only=True)",
        "class Params:",
        '    """One combination of the Initial Balance strategy."""',
        "",
        *fields,
        "",
        "",
        f"SYMBOL = {_literal(selected.run.manifest.symbol)}",
        "PARAMS = Params()",
    ]
    return ("\n".join(lines) + "\n").encode()


def _literal(value: Scalar) -> str:
    """A value as Python source, texts in double quotes."""
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _origin(selected: Selected) -> list[str]:
    """Where the parameters come from and how their numbers were made, printable lines."""
    manifest = selected.run.manifest
    return [
        f"{manifest.symbol}, combination {selected.combo_id}, exported by ib-grid"
        f" {ib_grid.__version__}.",
        f"Run {manifest.fingerprint}.",
        f"Selected with {selected.provenance}",
        f"Times are by the clock of {selected.params.ib_timezone}, not of a broker's server.",
    ]


_WRITERS: dict[ExportFormat, Callable[[Selected], bytes]] = {
    ExportFormat.JSON: _json,
    ExportFormat.SET: _set,
    ExportFormat.PY: _py,
}
