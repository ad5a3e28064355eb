"""Numbers and names as markup for the text of a page."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from ib_grid.analysis.axis_values import Value, value_text
from ib_grid.analysis.plots.style import rounded
from ib_grid.grid.glossary import GLOSSARY
from pipelines.render import numbers
from pipelines.render.numbers import Scalar

_R = re.compile(r"(\d) R\b")
_MINUS = re.compile(r"(?<![\w-])-(?=\d)")
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def exact(value: Scalar, shown: str | Markup) -> Markup:
    """Return a number as shown, with its exact value in the markup."""
    return Markup('<data value="{}">{}</data>').format(value, shown)


def number(value: float, decimals: int = 0) -> Markup:
    """Return a number rounded for reading."""
    return exact(value, rounded(value, decimals))


def percent(value: float) -> Markup:
    """Return a share in percent; only an exact 0 or 100 is shown as such."""
    if 0 < value < 0.05:
        shown = "< 0.1"
    elif 99.95 <= value < 100:
        shown = "> 99.9"
    else:
        shown = rounded(value, 1)
    return exact(value, f"{shown}%")


def per_trade_r(value: float) -> Markup:
    """Return an average R per trade, with three significant digits."""
    return exact(value, per_trade_r_text(value))


def per_trade_r_text(value: float) -> str:
    """Return an average R per trade with three significant digits, up to six decimals."""
    exponent = int(f"{value:.2e}".split("e")[1])  # after rounding: 0.0999... is 0.100
    return rounded(value, min(max(2 - exponent, 0), 6))


def makes(value: float) -> Markup:
    """Return the verb and the amount for a total R: makes 3.2 R, loses 3.2 R."""
    if abs(value) < 0.05:
        return Markup("breaks even")
    return Markup("{} {}&nbsp;R").format(
        "makes" if value > 0 else "loses", number(numbers.significant(abs(value)), 1)
    )


def count_word(n: int) -> str:
    """Return a count as a person says it: words up to ten, then digits."""
    return _COUNTS[n] if n < len(_COUNTS) else f"{n:,}"


def verb(n: int, of: int, one: str = "is", many: str = "are") -> str:
    """Return the verb for n of so many."""
    return one if 1 in (n, of) else many


def readable(value: Scalar) -> Markup | str:
    """Return a fact for reading: a number with six significant digits, a text as is."""
    if isinstance(value, (bool, str)):
        return numbers.text("", value)
    if isinstance(value, int) or not value:
        return number(value)
    decimals = max(5 - math.floor(math.log10(abs(value))), 0)
    text = rounded(value, decimals)
    return exact(value, text.rstrip("0").rstrip(".") if "." in text else text)


def breakable(name: str) -> Markup:
    """Return a name that a line may break after each underscore."""
    return Markup("_<wbr>").join(name.split("_"))


def prose(text: str) -> Markup:
    """Return a sentence as markup: commands in code type, true minus signs, R beside its number."""
    parts = [_MINUS.sub("−", _R.sub("\\1\u00a0R", part)) for part in text.split("`")]
    # Each second part stands between two backquotes.
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if i % 2 else part for i, part in enumerate(parts)
    )


def code(name: str) -> Markup:
    """Return a name in code type, explained on hover if the glossary has it."""
    if name not in GLOSSARY:
        return Markup("<code>{}</code>").format(name)
    return Markup('<code title="{}">{}</code>').format(GLOSSARY[name], name)


def named(name: str, value: Value) -> Markup:
    """Return a parameter and its value."""
    return Markup('<span class="named">{}&nbsp;{}</span>').format(code(name), value_text(value))


def listed(parts: Sequence[Markup]) -> Markup:
    """Return parts joined by commas, the last by an "and"."""
    if len(parts) < 2:
        return Markup("").join(parts)
    return Markup(", ").join(parts[:-1]) + Markup(" and ") + parts[-1]


def sentences(parts: Iterable[Markup]) -> Markup:
    """Return sentences in a row, without the empty ones."""
    return Markup(" ").join(part for part in parts if part)


def plural(n: int, noun: str) -> Markup:
    """Return a count and its noun."""
    return Markup("{} {}").format(number(n), noun if n == 1 else f"{noun}s")
