"""Checks that several kinds of input share."""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Iterable

from ib_grid.errors import ConfigError, InputError

_LONGEST_SHOWN = 80


def check_names(
    names: Iterable[str], known: Iterable[str], location: str, error: type[InputError]
) -> None:
    """Refuse unknown names, and suggest the most similar known name."""
    known = tuple(known)
    for name in names:
        if name not in known:
            raise error(
                f"unknown key {cut(name)}",
                location=location,
                expected=", ".join(known),
                hint=did_you_mean(name, known) or "remove the key",
            )


def nearest(name: object, known: Iterable[str]) -> str:
    """Return the known name most similar to this one; empty if none is similar.

    A name that is a word of a known one, such as id of combo_id, counts as similar, and so does a
    misspelt word of several letters, such as shrpe for sharpe_ratio.
    """
    known = tuple(known)
    first_with: dict[str, str] = {}
    for one in known:
        for word in one.split("_"):
            first_with.setdefault(word, one)
    asked = str(name)
    tries = ((known, 0.75), (first_with, 0.8), (known, 0.55), (first_with, 1.0))
    for words, cutoff in tries:
        near = difflib.get_close_matches(asked, words, n=1, cutoff=cutoff)
        if near:
            return first_with[near[0]] if words is first_with else near[0]
    return ""


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return a question that suggests the nearest known name; empty if none is similar."""
    near = nearest(name, known)
    return f"did you mean {near}?" if near else ""


def finite_number(value: object) -> float | None:
    """Return a finite real number as float, or None; True and False are not numbers."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def whole_number(value: object) -> int | None:
    """Return a whole number as int, or None; True and False are not numbers."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        return None
    return int(value)


def check_count(value: object, what: str) -> int:
    """Return a whole number of at least 1, or raise a ConfigError that names what it counts."""
    number = whole_number(value)
    if number is None or number < 1:
        raise ConfigError(
            f"invalid number of {what} {shown(value)}", expected="a whole number, 1 or more"
        )
    return number


def shown(value: object) -> str:
    """Return a value for a message, shortened if long; a list or an object by its type.

    A value from a file may be nested deeply, or be a number with more digits than Python prints.
    """
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return {list: "a list", dict: "an object", int: "an infinite number"}.get(
            type(value), f"a {type(value).__name__}"
        )
    return cut(text)


def cut(text: str) -> str:
    """Return a text for a message, shortened if long."""
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def points(value: float) -> str:
    """Return points of price with all their digits and no exponent: 1.5, 0.00008."""
    from decimal import Decimal  # for few messages, and every command imports this module

    digits = f"{Decimal(repr(float(value))):f}"
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
