"""Conditions on result columns, as a person writes them: ``total_trades >= 10 and winrate > 50``.

The language is a small subset of Python's expressions; no code is ever run. Allowed are the result
columns, numbers, texts, true and false, ``and``, ``or``, ``not``, comparisons also in chains
(``0 < tsl_target <= 1``), ``in (a, b)``, ``not in``, ``+ - * /`` and brackets.

Numbers are compared and computed as float64. A parameter is stored as float64 and equals the number
that was written for it: ``tsl_target == 0.1`` holds where the grid has 0.1. A metric is stored as
float32 and taken as the float64 of the same value: ``total_r > 0.1`` holds for the float32 nearest
to 0.1, which lies a little above, and ``total_r == 0.1`` never holds.

A number divided by 0 is infinite; 0 / 0 is undefined. Every comparison with an undefined value is
false, except ``!=``, which is true.
"""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ib_grid.errors import ConfigError
from ib_grid.errors.validation import cut, did_you_mean, finite_number, shown
from ib_grid.grid.columns import METRIC_NAMES, RESULT_COLUMNS
from ib_grid.grid.filters import condition_terms as terms
from ib_grid.grid.filters.condition_terms import Kind, Term
from ib_grid.grid.params import STOP_MODES

MAX_CHARACTERS = 2000
MAX_DEPTH = 40

_LANGUAGE = (
    "result columns, numbers, texts in quotes, true, false, and, or, not, comparisons,"
    " in (a, b), + - * / and brackets"
)
_COLUMNS = (
    f"a result column: {', '.join(RESULT_COLUMNS[: 15 + len(METRIC_NAMES)])};"
    " metrics also with the prefix of a variation"
)
# How other languages write what is written otherwise here.
_OTHERWISE = (
    (r"(?<![<>=!:])=(?!=)", "== for equal, as in tsl_target == 0"),
    (r"<>", "!= for unequal"),
    (r"\b(AND|OR|NOT|IN)\b", "and, or, not, in, in small letters"),
    (r"&|\||!(?!=)", "and, or, not"),
    (r"\d:\d", 'a time in quotes, as in ib_start == "08:00"'),
    (r"%", "percent as a number alone, as in winrate > 50"),
)
# Names that tables show for what are other columns.
_OF_TABLES = {
    "session": 'ib_start and ib_end, as in ib_start == "08:00" and ib_end == "08:30"',
    "trailing": "tsl_target and tsl_sl; tsl_target == 0 is without trailing",
    "rev_rb": "rev_rb_enabled and rev_rb_pct",
    "score": "result columns: the score is made of these",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition on the rows of results.

    Attributes
    ----------
    columns : tuple of str
        The result columns that the condition reads, in their order.
    expression : pyarrow.compute.Expression
        For a data set's filter or `pyarrow.Table.filter`; true for the rows that fulfil it.
    """

    text: str
    columns: tuple[str, ...]
    expression: pc.Expression = field(compare=False, repr=False)


def as_condition(where: str | Condition | None) -> Condition | None:
    """Return a condition unchanged, or the one of a text."""
    if where is None or isinstance(where, Condition):
        return where
    if isinstance(where, str):
        return parse_condition(where)
    raise ConfigError(
        f"invalid condition {shown(where)}",
        expected='a string such as "tsl_target > 0", or None',
    )


def parse_condition(text: str, *, location: str = "condition") -> Condition:
    """Parse a condition; `location` is the option or key that holds the text, for errors."""
    parser = _Parser(text.strip() if isinstance(text, str) else "", location)
    term = parser.term(parser.tree(), MAX_DEPTH)
    if term.kind != "truth value":
        raise parser.refusal(f"{parser.text} is a {term.kind}", "a comparison, such as total_r > 0")
    if not parser.columns:
        raise parser.refusal(f"{parser.text} names no column", "a condition on result columns")
    columns = tuple(name for name in RESULT_COLUMNS if name in parser.columns)
    return Condition(text=parser.text, columns=columns, expression=term.expression)


def condition_on_ids(ids: Sequence[int] | NDArray[np.int64]) -> Condition:
    """Return the condition that a row has one of some ids; its bounds let files be skipped."""
    wanted, combo_id = np.unique(np.asarray(ids, np.int64)), pc.field("combo_id")
    expression = combo_id.isin(pa.array(wanted))
    if len(wanted):
        expression &= (combo_id >= int(wanted[0])) & (combo_id <= int(wanted[-1]))
    return Condition(text="combo_id in …", columns=("combo_id",), expression=expression)


class _Parser:
    """Parser of one condition; `columns` are the columns read so far."""

    def __init__(self, text: str, location: str) -> None:
        self.text = text
        self.location = location
        self.columns: set[str] = set()

    def refusal(self, found: str, expected: str = _LANGUAGE, hint: str = "") -> ConfigError:
        return ConfigError(found, location=self.location, expected=expected, hint=hint)

    def written(self, node: ast.AST) -> str:
        """Return the source text of a node."""
        return cut(ast.get_source_segment(self.text, node) or "")

    def tree(self) -> ast.expr:
        if not self.text:
            raise self.refusal("empty condition", "such as total_trades >= 10 and winrate > 50")
        if len(self.text) > MAX_CHARACTERS:
            raise self.refusal(f"{len(self.text):,} characters", f"at most {MAX_CHARACTERS:,}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # such as 1or 2: hardly what was meant
                return ast.parse(self.text, mode="eval").body
        except SyntaxError as error:
            place = f" at character {error.offset}" if error.offset else ""
            found = f"{shown(self.text)} cannot be read{place} ({error.msg})"
            raise self.refusal(found, _meant(self.text) or _LANGUAGE) from error
        except (ValueError, Warning) as error:
            raise self.refusal(f"{shown(self.text)} cannot be read ({error})") from error
        except (RecursionError, MemoryError) as error:
            raise self._too_deep() from error

    def _too_deep(self) -> ConfigError:
        return self.refusal("the condition is nested too deeply", f"at most {MAX_DEPTH} levels")

    def term(self, node: ast.expr, depth: int) -> Term:
        if not depth:
            raise self._too_deep()
        match node:
            case ast.Name(id=name):
                return self._name(name)
            case ast.Constant(value=value):
                return self._literal(node, value)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return terms.truth(~self._of_kind(operand, depth, "truth value").expression)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return self._negative(operand, depth)
            case ast.BoolOp():
                return self._joined(node, depth)
            case ast.BinOp(op=op) if type(op) in terms.ARITHMETIC:
                return self._arithmetic(node, depth)
            case ast.Compare():
                return self._compared(node, depth)
            case ast.Tuple():
                found = f"{self.written(node)} is a list"
                raise self.refusal(found, "a decimal point, as in 12.5, or `and`, `or` for a comma")
        raise self.refusal(f"{self.written(node)} cannot be part of a condition")

    def _name(self, name: str) -> Term:
        if name in ("true", "false"):
            return terms.literal(name == "true")
        if name not in RESULT_COLUMNS:
            raise self._unknown(name)
        self.columns.add(name)
        return terms.result_column(name)

    def _unknown(self, name: str) -> ConfigError:
        if name in _OF_TABLES:
            return self.refusal(f"no column {name}", _OF_TABLES[name])
        near = did_you_mean(name, RESULT_COLUMNS)
        return self.refusal(f"no column {name}", "a result column" if near else _COLUMNS, near)

    def _literal(self, node: ast.expr, value: object) -> Term:
        if isinstance(value, (bool, str)):
            return terms.literal(value)
        number = finite_number(value)
        if number is None:
            raise self.refusal(f"{self.written(node)} is not a finite number")
        return terms.literal(number)

    def _of_kind(self, node: ast.expr, depth: int, kind: Kind) -> Term:
        term = self.term(node, depth - 1)
        if term.kind != kind:
            needed = "a number" if kind == "number" else "a comparison, or a column true or false"
            raise self.refusal(f"{self.written(node)} is a {term.kind}", needed)
        return term

    def _negative(self, operand: ast.expr, depth: int) -> Term:
        term = self._of_kind(operand, depth, "number")
        if isinstance(term.literal, float):
            return terms.literal(-term.literal)
        return terms.number(pc.negate(term.computed))

    def _joined(self, node: ast.BoolOp, depth: int) -> Term:
        join = operator.and_ if isinstance(node.op, ast.And) else operator.or_
        parts = [self._of_kind(value, depth, "truth value").expression for value in node.values]
        return terms.truth(terms.in_halves(parts, join))

    def _arithmetic(self, node: ast.BinOp, depth: int) -> Term:
        left, right = (self._of_kind(side, depth, "number") for side in (node.left, node.right))
        return terms.number(terms.ARITHMETIC[type(node.op)](left.computed, right.computed))

    def _compared(self, node: ast.Compare, depth: int) -> Term:
        operands = [node.left, *node.comparators]
        if any(isinstance(op, (ast.In, ast.NotIn)) for op in node.ops):
            if len(node.ops) > 1:
                raise self.refusal(
                    f"{self.written(node)} joins `in` with another comparison", "and, or"
                )
            return self._membership(node, depth)
        sides = [self.term(operand, depth - 1) for operand in operands]
        pairs = [self._pair(node, op, sides[i], sides[i + 1]) for i, op in enumerate(node.ops)]
        return terms.truth(terms.in_halves(pairs, operator.and_))

    def _pair(self, node: ast.Compare, op: ast.cmpop, left: Term, right: Term) -> pc.Expression:
        if type(op) not in terms.COMPARISONS:
            raise self.refusal(f"{self.written(node)} compares by `is`", "== or !=")
        if left.kind != right.kind:
            raise self.refusal(
                f"{self.written(node)} compares a {left.kind} with a {right.kind}", "one kind"
            )
        if left.kind == "truth value" and not isinstance(op, (ast.Eq, ast.NotEq)):
            raise self.refusal(f"{self.written(node)} puts true and false in an order", "== or !=")
        for column, other in ((left, right), (right, left)):
            self._check_value(column, other)
        return terms.compared(op, left, right)

    def _membership(self, node: ast.Compare, depth: int) -> Term:
        term, values = self.term(node.left, depth - 1), self._values(node, depth)
        if any(value.kind != term.kind for value in values):
            raise self.refusal(f"{self.written(node)} mixes kinds of values", f"a {term.kind} each")
        for value in values:
            self._check_value(term, value)
        found = terms.is_in(term, values)
        return terms.truth(~found if isinstance(node.ops[0], ast.NotIn) else found)

    def _values(self, node: ast.Compare, depth: int) -> list[Term]:
        (given,) = node.comparators
        nodes = given.elts if isinstance(given, (ast.Tuple, ast.List)) else [given]
        values = [self.term(value, depth - 1) for value in nodes]
        if not values or any(value.literal is None for value in values):
            raise self.refusal(f"{self.written(node)} has no list of values", "such as in (0.5, 1)")
        return values

    def _check_value(self, column: Term, other: Term) -> None:
        """Refuse a text that the column cannot have: no row would match."""
        is_mode = column.column == "stop_mode" and isinstance(other.literal, str)
        if is_mode and other.literal not in STOP_MODES:
            raise self.refusal(f"stop_mode is never {other.literal!r}", " or ".join(STOP_MODES))


def _meant(text: str) -> str:
    """Return a hint on operators of other languages; empty if none is used."""
    outside = re.sub(r"'[^']*'|\"[^\"]*\"", "", text)
    return next((said for pattern, said in _OTHERWISE if re.search(pattern, outside)), "")
