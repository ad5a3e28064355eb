"""Numbers and names in the text of the page, as markup."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from ib_grid.analysis.axis_values import Value, value_text
from ib_grid.analysis.plots.style import rounded
from pipelines.render import numbers
from pipelines.render.numbers import Scalar


def number(value: float, decimals: int = 0) -> Markup:
    """A number rounded for reading, with the number as the files have it behind it."""
    return Markup('<data value="{}">{}</data>').format(value, rounded(value, decimals))


def percent(value: float) -> Markup:
    """A share in percent; what is not quite none or all of it is not rounded to that."""
    if 0 < value < 0.05:
        shown = "< 0.1"
    elif 99.95 <= value < 100:
        shown = "> 99.9"
    else:
        shown = rounded(value, 1)
    return Markup('<data value="{}">{}</data>').format(value, shown)


def per_trade_r(value: float) -> Markup:
    """A mean R of trades, with three significant digits."""
    return Markup('<data value="{}">{}</data>').format(value, per_trade_r_text(value))


def per_trade_r_text(value: float) -> str:
    """A mean R of trades with three significant digits, up to six decimals."""
    exponent = int(f"{value:.2e}".split("e")[1])  # after rounding: 0.0999... is 0.100
    return rounded(value, min(max(2 - exponent, 0), 6))


def verb(n: int, of: int, one: str = "is", many: str = "are") -> str:
    """The verb for n of so many."""
    return one if 1 in (n, of) else many


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
