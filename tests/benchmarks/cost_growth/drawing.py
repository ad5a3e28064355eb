"""Table and picture of measured rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

Row = Mapping[str, float | str]
Points = list[tuple[float, float]]

_WIDTH, _HEIGHT, _LEFT, _TOP, _ROOM = 380, 270, 52, 30, 46
_LABEL_ROOM = 36
_COLOURS = {"engine, one core": "#b9c2cb", "run, 1 worker": "#c26a3d", "run, 2 workers": "#2f6f9f"}
_HEADINGS = (
    "combinations",
    "years",
    "workers",
    "wall",
    "engine",
    "writing",
    "Dask",
    "start-up",
    "report",
    "memory",
    "on disk",
)


def draw(rows: Sequence[Row], path: Path) -> list[Path]:
    """Write a Markdown table and an SVG picture beside a file of rows."""
    table, picture = path.with_suffix(".md"), path.with_suffix(".svg")
    table.write_text(markdown(rows))
    picture.write_text(svg(rows))
    return [table, picture]


def markdown(rows: Sequence[Row]) -> str:
    """Return a Markdown table with a row per run; shares of the wall time are percentages."""
    lines = [f"| {' | '.join(_HEADINGS)} |", f"|{' ---: |' * len(_HEADINGS)}"]
    order = sorted(
        (row for row in rows if row["what"] == "run"),
        key=lambda row: (row["years"] != 3, row["combinations"], row["workers"], row["years"]),
    )
    for row in order:
        combinations = f"{row['combinations']:,}"
        if row["columns"] != "all":
            combinations += f", --columns {row['columns']}"
        shares = (
            f"{row[name]:.0f}%" for name in ("compute", "write", "dask", "start_up", "report")
        )
        cells = [
            combinations,
            f"{row['years']}",
            f"{row['workers']}",
            f"{row['wall_seconds']:.1f} s",
        ]
        cells += [*shares, _gigabytes(row["memory_bytes"]), _gigabytes(row["disk_bytes"])]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _gigabytes(n_bytes: float | str) -> str:
    return f"{float(n_bytes) / 1e9:.2f} GB"


def svg(rows: Sequence[Row]) -> str:
    """Return an SVG picture of seconds by combinations and by years, both axes logarithmic."""
    by_size = _lines(rows, "combinations", lambda row: row["years"] == 3)
    by_years = _lines(rows, "years", lambda row: row["million"] == 1.5)
    body = _panel(0, "combinations", by_size) + _panel(_WIDTH, "years of bars", by_years)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * _WIDTH} {_HEIGHT}"'
        ' font-family="sans-serif" font-size="11">\n'
        f'<rect width="{2 * _WIDTH}" height="{_HEIGHT}" fill="#fff"/>\n{body}</svg>\n'
    )


def _lines(rows: Sequence[Row], x: str, selects: Callable[[Row], bool]) -> dict[str, Points]:
    lines: dict[str, Points] = {name: [] for name in _COLOURS}
    for row in rows:
        if selects(row) and row.get("columns", "all") == "all":
            workers = row.get("workers")
            name = "run, 2 workers" if workers == 2 else "run, 1 worker"
            name = "engine, one core" if row["what"] == "engine" else name
            lines[name].append((float(row[x]), float(row["wall_seconds"])))
    return {name: sorted(points) for name, points in lines.items() if points}


def _panel(left: float, title: str, lines: Mapping[str, Points]) -> str:
    """Draw one plot with a line per kind of run."""
    points = [point for line in lines.values() for point in line]
    if not points:
        return ""
    x_of = _scale([x for x, _ in points], left + _LEFT, left + _WIDTH - 16)
    y_of = _scale([y for _, y in points], _HEIGHT - _ROOM, _TOP)
    parts = [_text(left + _LEFT, 16, f"seconds over {title}", "start", bold=True)]
    parts += _labels({x_of(x): _short(x) for x, _ in points})
    for y in _round_values([y for _, y in points]):
        parts.append(_path([(left + _LEFT, y_of(y)), (left + _WIDTH - 16, y_of(y))], "#e6e9ec", 1))
        parts.append(_text(left + _LEFT - 6, y_of(y) + 4, f"{y:g}", "end"))
    for k, (name, line) in enumerate(lines.items()):
        placed = [(x_of(x), y_of(y)) for x, y in line]
        parts.append(_path(placed, _COLOURS[name], 2))
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{_COLOURS[name]}"/>' for x, y in placed
        ]
        at = left + _LEFT + 108 * k
        parts.append(
            f'<rect x="{at}" y="{_HEIGHT - 18}" width="9" height="9" fill="{_COLOURS[name]}"/>'
        )
        parts.append(_text(at + 13, _HEIGHT - 10, name, "start"))
    return "\n".join(parts) + "\n"


def _labels(texts: Mapping[float, str]) -> list[str]:
    """Draw the labels of the x axis, without those that would overlap the one before."""
    parts, free = [], -math.inf
    for x in sorted(texts):
        if x >= free:
            parts.append(_text(x, _HEIGHT - _ROOM + 16, texts[x]))
            free = x + _LABEL_ROOM
    return parts


def _scale(values: Sequence[float], first: float, last: float) -> Callable[[float], float]:
    low, high = math.log(min(values)), math.log(max(values))
    span = (high - low) or 1.0
    return lambda value: first + (math.log(value) - low) / span * (last - first)


def _round_values(values: Sequence[float]) -> list[float]:
    powers = range(math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))) + 1)
    steps = (step * 10.0**power for power in powers for step in (1, 2, 5))
    return [value for value in steps if min(values) <= value <= max(values)]


def _short(value: float) -> str:
    if value < 1e5:
        return f"{value:g}"
    return f"{round(value / 1e6, 0 if value >= 1e7 else 1):g} M"


def _text(x: float, y: float, text: str, anchor: str = "middle", *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#333"{weight}>{text}</text>'


def _path(points: Sequence[tuple[float, float]], colour: str, width: int) -> str:
    places = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{places}" fill="none" stroke="{colour}" stroke-width="{width}"/>'
