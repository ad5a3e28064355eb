"""The words of the strategy, explained."""

from __future__ import annotations

from typing import Annotated

import typer

from ib_grid.errors import ConfigError


def glossary(
    term: Annotated[
        str | None,
        typer.Argument(help="Term, parameter or metric. [default: show them all]"),
    ] = None,
) -> None:
    """Explain the terms of the strategy and of the results."""
    from ib_grid.grid.columns import METRICS
    from ib_grid.grid.glossary import PARAMETERS, RESULT_TERMS, STRATEGY_TERMS

    metrics = {metric.name: metric.meaning for metric in METRICS}
    sections = {
        "Strategy": STRATEGY_TERMS,
        "Results": RESULT_TERMS,
        "Parameters": PARAMETERS,
        "Metrics": metrics,
    }
    if term is not None:
        known = {word: text for section in sections.values() for word, text in section.items()}
        sections = {"": {word: known[word] for word in [_find(term, list(known))]}}
    _print_sections(sections)


def _find(term: str, known: list[str]) -> str:
    """Return the known word that equals a term, ignoring case."""
    from ib_grid.errors.validation import nearest

    by_spelling = {_spelling(word): word for word in known}
    found = by_spelling.get(_spelling(term))
    if found is None:
        close = nearest(_spelling(term), by_spelling)
        raise ConfigError(
            f"unknown term {term!r}",
            hint=f"did you mean {by_spelling[close]}?"
            if close
            else "`ib-grid glossary` lists every term",
        )
    return found


def _spelling(word: str) -> str:
    return word.casefold().replace(" ", "_").replace("-", "_")


def _print_sections(sections: dict[str, dict[str, str]]) -> None:
    from rich.table import Table

    from pipelines.render.tables import terminal

    console = terminal()
    width = max(len(word) for section in sections.values() for word in section)
    for heading, section in sections.items():
        table = Table.grid(padding=(0, 2, 0, 0))
        table.add_column(min_width=width, no_wrap=True)
        table.add_column()
        for word, text in section.items():
            table.add_row(word, text)
        if heading:
            console.print(f"\n{heading}", style="bold")
        console.print(table)
