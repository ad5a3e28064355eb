"""Parts of a condition as Arrow expressions: columns, literals and computed terms.

`ib_grid.grid.filters.conditions` checks that the parts go together; this module assumes so.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from ib_grid.grid.columns import METRIC_COLUMNS, result_schema

Kind = Literal["number", "text", "truth value"]

COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: pc.add,
    ast.Sub: pc.subtract,
    ast.Mult: pc.multiply,
    ast.Div: pc.divide,
}
_SCHEMA = result_schema()


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Part of a condition: a column, a literal or a computed value."""

    kind: Kind
    expression: pc.Expression
    column: str = ""
    literal: float | str | bool | None = None

    @property
    def computed(self) -> pc.Expression:
        """Its expression for arithmetic and comparison: numbers as float64."""
        return self.expression.cast(pa.float64()) if self.kind == "number" else self.expression


def number(expression: pc.Expression) -> Term:
    """Return a term of a computed number."""
    return Term(kind="number", expression=expression)


def truth(expression: pc.Expression) -> Term:
    """Return a term of a computed truth value."""
    return Term(kind="truth value", expression=expression)


def literal(value: float | str | bool) -> Term:
    """Return a term of a literal."""
    scalar = pa.scalar(value)
    return Term(kind=_kind(scalar.type), expression=pc.scalar(scalar), literal=value)


def result_column(name: str) -> Term:
    """Return a term of a result column."""
    kind = _kind(_SCHEMA.field(name).type)
    return Term(kind=kind, expression=pc.field(name), column=name)


def _kind(type_: pa.DataType) -> Kind:
    if pa.types.is_boolean(type_):
        return "truth value"
    return "text" if pa.types.is_string(type_) else "number"


def compared(op: ast.cmpop, left: Term, right: Term) -> pc.Expression:
    """Compare two terms of one kind by one of `COMPARISONS`."""
    compare = COMPARISONS[type(op)]
    if left.column and _is_exact(left.column, right.literal):
        return compare(left.expression, _scalar(left.column, right.literal))
    if right.column and _is_exact(right.column, left.literal):
        return compare(_scalar(right.column, left.literal), right.expression)
    return compare(left.computed, right.computed)


def is_in(term: Term, values: Sequence[Term]) -> pc.Expression:
    """Return True if a term is one of some literals of its kind."""
    literals = [value.literal for value in values]
    if term.column and all(_is_exact(term.column, value) for value in literals):
        type_ = _SCHEMA.field(term.column).type
        return term.expression.isin(pa.array(literals).cast(type_))
    return term.computed.isin(pa.array(literals))


def _is_exact(column: str, literal: object) -> bool:
    """Return True if the column's own type holds the literal, so that files can be skipped."""
    if literal is None or column in METRIC_COLUMNS:
        return False
    if pa.types.is_integer(_SCHEMA.field(column).type):
        return isinstance(literal, float) and literal.is_integer() and abs(literal) < 2**31
    return True


def _scalar(column: str, literal: object) -> pc.Expression:
    type_ = _SCHEMA.field(column).type
    value = int(literal) if pa.types.is_integer(type_) else literal  # type: ignore[call-overload]
    return pc.scalar(pa.scalar(value, type_))


def in_halves(parts: Sequence[pc.Expression], join: Callable[[Any, Any], Any]) -> pc.Expression:
    """Join the parts as a shallow tree, so that many parts do not recurse deeply."""
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    return join(in_halves(parts[:half], join), in_halves(parts[half:], join))
