"""An HTML page parsed into a tree, and the texts of a report's other files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from pipelines.report.html.page import html_text
from tests.helpers.runs.reported_runs import MadeUpRun

_EMPTY = {"meta", "link", "input", "br", "wbr", "hr", "img"}


@dataclass
class Element:
    """An element of a page, with strings for its texts."""

    tag: str
    attributes: dict[str, str]
    children: list[Element | str] = field(default_factory=list)

    def all(self, tag: str = "") -> Iterator[Element]:
        """Yield the descendants in page order."""
        for child in self.children:
            if isinstance(child, Element):
                if not tag or child.tag == tag:
                    yield child
                yield from child.all(tag)

    def by_id(self, name: str) -> Element:
        """Return the one element with this id."""
        (found,) = (e for e in self.all() if e.attributes.get("id") == name)
        return found

    @property
    def text(self) -> str:
        """Text with collapsed white space."""
        return " ".join(self._raw_text().split())

    def _raw_text(self) -> str:
        return "".join(c if isinstance(c, str) else c._raw_text() for c in self.children)

    @property
    def numbers(self) -> list[float]:
        """Numbers of its data elements, unrounded."""
        return [float(data.attributes["value"]) for data in self.all("data")]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("page", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in _EMPTY:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open[-1].tag == tag, f"</{tag}> ends <{self.open[-1].tag}>"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].children.append(data)


def read_page(text: str) -> Element:
    """Parse HTML text; fail on unclosed elements."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert len(reader.open) == 1, f"<{reader.open[-1].tag}> does not end"
    return reader.open[0]


def figures(page: Element) -> dict[str, dict[str, Any]]:
    """Return the figures of a page by name."""
    return json.loads(page.by_id("figures")._raw_text())


def page_of(run: MadeUpRun, **settings: object) -> Element:
    return read_page(html_text(run.report(**settings)))


def json_of(run: MadeUpRun, name: str) -> dict[str, Any]:
    return json.loads((run.run_dir / f"GER40_{name}").read_text())


def top_of(run: MadeUpRun) -> list[dict[str, str]]:
    with (run.run_dir / "GER40_top_100.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def represented(run: MadeUpRun) -> list[dict[str, str]]:
    """Return the rows of the ranking that the top 20 shows: one of each near-identical group."""
    return [row for row in top_of(run) if row["represented_by"] == row["rank"]][:20]


def top_table(page: Element) -> list[dict[str, Element]]:
    """Return the rows of the top 20 by column name."""
    table = page.by_id("top-table")
    names = [th.attributes.get("data-column", "trades_link") for th in table.all("th")]
    rows = [list(tr.all("td")) for tr in table.all("tr")]
    return [dict(zip(names, cells, strict=True)) for cells in rows if cells]
