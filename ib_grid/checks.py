"""Checks that several kinds of input share."""

from __future__ import annotations

import math
import numbers


def finite_number(value: object) -> float | None:
    """A finite real number as float, or None where it is none; true and false are no numbers."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
