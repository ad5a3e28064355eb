"""Decimal and thousands marks of prices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

_GROUPED = re.compile(r"\d{1,3}(,\d{3})+")
_THOUSANDS = ("'", "’", " ", "\xa0", "\u202f")


class Marks(NamedTuple):
    """Mark of the decimals, and the mark between thousands (empty for none)."""

    decimal: str = "."
    thousands: str = ""

    @property
    def usual(self) -> bool:
        """True for a decimal point and no thousands mark."""
        return self == Marks()

    def plain(self, text: str) -> str:
        """Return a price with a decimal point and without thousands marks."""
        bare = text.strip().replace(self.thousands, "") if self.thousands else text.strip()
        return bare if self.decimal == "." else bare.replace(".", "?").replace(",", ".")

    def numbers(self, column: pa.Array) -> pa.Array:
        """Return a column of texts as float64; ArrowInvalid if one is not a number."""
        text = pc.utf8_trim_whitespace(column)
        if self.thousands:
            text = pc.replace_substring(text, self.thousands, "")
        if self.decimal == ",":
            text = pc.replace_substring(pc.replace_substring(text, ".", "?"), ",", ".")
        return text.cast(pa.float64())

    def __str__(self) -> str:
        decimal = {".": "decimal point", ",": "decimal comma"}[self.decimal]
        return f"{decimal}, {self.thousands!r} between thousands" if self.thousands else decimal


def marks_of(prices: Sequence[str], delimiter: str) -> Marks | None:
    """Return the marks of prices, None if a comma could be either mark.

    Examples
    --------
    >>> marks_of(["16710,75", "16710"], ";")
    Marks(decimal=',', thousands='')
    >>> marks_of(["16.710,75", "999"], ";")
    Marks(decimal=',', thousands='.')
    >>> marks_of(["2,063", "2,064"], ",") is None
    True
    """
    blanks = next((mark for mark in _THOUSANDS if any(mark in p.strip() for p in prices)), "")
    both = next((p for p in prices if "," in p and "." in p), None)
    if both is not None:
        decimal = max(",.", key=both.rindex)
        return Marks(decimal, {",": ".", ".": ","}[decimal])
    if any(p.count(".") > 1 for p in prices):
        return Marks(",", ".")
    with_comma = [p.strip() for p in prices if "," in p]
    with_point = [p.strip() for p in prices if "." in p]
    if not with_comma:
        return Marks(".", blanks)
    grouped = all(_GROUPED.fullmatch(p) for p in with_comma)
    if any(p.count(",") > 1 for p in with_comma) or (with_point and grouped):
        return Marks(".", ",")
    if with_point or (delimiter == "," and grouped):
        return None
    return Marks(",", blanks)
