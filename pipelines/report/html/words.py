"""Numbers and names in the text of the page, as markup."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from pipelines.report import numbers
from pipelines.report.html.factors import Value, value_text
from pipelines.report.numbers import Scalar, rounded


def number(value: float, decimals: int = 0) -> Markup:
    """A number rounded for reading, with the number as the files have it behind it."""
    return Markup('<data value="{}">{}</data>').format(value, rounded(value, decimals))


def readable(value: Scalar) -> Markup | str:
    """A fact for reading: a number with six significant digits, a text as it is."""
    if isinstance(value, (bool, str)):
        return numbers.text("", value)
    if isinstance(value, int) or not value:
        return number(value)
    decimals = max(5 - math.floor(math.log10(abs(value))), 0)
    text = rounded(value, decimals)
    short = text.rstrip("0").rstrip(".") if "." in text else text
    return Markup('<data value="{}">{}</data>').format(value, short)


def breakable(name: str) -> Markup:
    """A name that a line may break after each underscore."""
    return Markup("_<wbr>").join(name.split("_"))


def named(name: str, value: Value) -> Markup:
    """A parameter and its value."""
    return Markup('<span class="named"><code>{}</code>&nbsp;{}</span>').format(
        name, value_text(value)
    )


def listed(parts: Sequence[Markup]) -> Markup:
    """Parts joined by commas, the last by an "and"."""
    if len(parts) < 2:
        return Markup("").join(parts)
    return Markup(", ").join(parts[:-1]) + Markup(" and ") + parts[-1]


def sentences(parts: Iterable[Markup]) -> Markup:
    """Sentences in a row, without the empty ones."""
    return Markup(" ").join(part for part in parts if part)


def plural(n: int, one: str, many: str = "") -> Markup:
    """A count and what is counted."""
    return Markup("{} {}").format(number(n), one if n == 1 else many or f"{one}s")
