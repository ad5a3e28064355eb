"""Parameters of a combination for other programs: JSON, an MT5 `.set`, a Python module.

The `.set` file has the format of MetaTrader 5: UTF-16 little-endian with a byte order mark, CR LF
line ends, comments behind a semicolon, then ``name=value``; booleans as ``true`` and ``false``,
times of day as ``HH:MM``. MT5 ignores unknown inputs and keeps the value of missing ones, so the
inputs of the Expert Advisor must have the names of the parameters. Values have no ``||`` parts,
which MT5 uses for optimisation.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable
from pathlib import Path

import ib_grid
from ib_grid.errors import ConfigError
from ib_grid.storage.atomic_files import whole_file
from pipelines.render.combinations.broker_clock import BrokerTimes
from pipelines.render.combinations.selected import Selected
from pipelines.render.formats import ExportFormat
from pipelines.render.numbers import Scalar
from pipelines.render.tables import json_text


def format_of(path: Path) -> ExportFormat:
    """Return the format for a file name: ``.set``, ``.py``, otherwise JSON."""
    suffix = path.suffix.removeprefix(".").lower()
    return ExportFormat(suffix) if suffix in list(ExportFormat) else ExportFormat.JSON


def write_export(
    selected: Selected, format_: ExportFormat, path: Path, times: BrokerTimes | None = None
) -> None:
    """Write the parameters of a combination atomically."""
    content = export_bytes(selected, format_, times)
    with whole_file(path) as file:
        file.write(content)


def export_text(selected: Selected, format_: ExportFormat, times: BrokerTimes | None = None) -> str:
    """Return the content of a JSON or Python file, to be printed.

    Raises
    ------
    ConfigError
        If the format is not text of one byte order; and as `export_bytes`.
    """
    if format_ is ExportFormat.SET:
        raise ConfigError(
            "a set file is UTF-16 and cannot be printed",
            location="--format",
            expected="--out FILE.set, or --format json or py",
        )
    return export_bytes(selected, format_, times).decode()


def export_bytes(
    selected: Selected, format_: ExportFormat, times: BrokerTimes | None = None
) -> bytes:
    """Return the content of the file, by default with times in the zone of the session.

    Raises
    ------
    ConfigError
        If a parameter file, which has a zone of its own, is to have times of another clock.
    """
    if times is not None and format_ is ExportFormat.JSON:
        raise ConfigError(
            "a JSON file of parameters has the times of its ib_timezone",
            location="--clock",
            expected="--format set or py",
        )
    return _WRITERS[format_](selected, times)


def _json(selected: Selected, _times: BrokerTimes | None) -> bytes:
    """Return the parameter file that `ib-grid trades` reads."""
    return json_text(selected.params.to_dict()).encode()


def _values(selected: Selected, times: BrokerTimes | None) -> dict[str, Scalar]:
    """Return the parameters with the times, and the name, of the clock."""
    values: dict[str, Scalar] = dict(selected.params.to_dict())
    if times is not None:
        values |= {"ib_start": times.ib_start, "ib_end": times.ib_end, "ib_timezone": times.clock}
    return values


def _set(selected: Selected, times: BrokerTimes | None) -> bytes:
    lines = [f"; {line}" for line in _origin(selected, times)]
    lines += [f"{name}={_input(value)}" for name, value in _values(selected, times).items()]
    text = "".join(f"{line}\r\n" for line in lines)
    return codecs.BOM_UTF16_LE + text.encode("utf-16-le")


def _input(value: Scalar) -> str:
    """Return a value in the syntax of MT5: lower-case booleans, a decimal point."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _py(selected: Selected, times: BrokerTimes | None) -> bytes:
    # Escaped, so that no text of a manifest can end the docstring and become code.
    words = "\n".join(json.dumps(line)[1:-1] for line in _origin(selected, times))
    values = _values(selected, times).items()
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
    """Return a value as Python source, texts in double quotes."""
    return json.dumps(value) if isinstance(value, str) else repr(value)


def _origin(selected: Selected, times: BrokerTimes | None) -> list[str]:
    """Return the origin and provenance of the parameters as printable lines."""
    manifest = selected.run.manifest
    return [
        f"{manifest.symbol}, combination {selected.combo_id}, exported by ib-grid"
        f" {ib_grid.__version__}.",
        f"Run {manifest.fingerprint}.",
        f"Results with {selected.provenance}",
        *_clock_lines(selected, times),
    ]


def _clock_lines(selected: Selected, times: BrokerTimes | None) -> list[str]:
    params = selected.params
    if times is None:
        return [f"Times are in {params.ib_timezone}, not in broker server time."]
    lines = [
        f"Times are on the clock {times.clock}; in {params.ib_timezone} the Initial Balance is"
        f" {params.ib_start}-{params.ib_end}."
    ]
    if times.exceptions:
        lines.append("The two clocks change on different dates. Other times hold from")
    return [*lines, *(f"  {exception}" for exception in times.exceptions)]


_WRITERS: dict[ExportFormat, Callable[[Selected, BrokerTimes | None], bytes]] = {
    ExportFormat.JSON: _json,
    ExportFormat.SET: _set,
    ExportFormat.PY: _py,
}
