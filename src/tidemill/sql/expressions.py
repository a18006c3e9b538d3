"""Typed expressions: what the binder makes of SQL text, and what the plan lowers to an engine.

The vocabulary is small on purpose: a reference to an input column, a literal, a call of a function
by its canonical Flink name, and a cast. `CASE`, `AND`, `IN`, `LIKE`, `a + b`, `x IS NULL`, row and
array access are calls too (names below). All implicit coercions have been made explicit by the
binder, so that a lowering never needs to guess a type.

Canonical names of operators: PLUS MINUS TIMES DIVIDE MOD NEGATE; EQUALS NOT_EQUALS LESS_THAN
LESS_THAN_OR_EQUAL GREATER_THAN GREATER_THAN_OR_EQUAL; AND OR NOT; IS_NULL IS_NOT_NULL IS_TRUE
IS_NOT_TRUE IS_FALSE IS_NOT_FALSE IS_UNKNOWN IS_NOT_UNKNOWN IS_DISTINCT_FROM IS_NOT_DISTINCT_FROM;
BETWEEN (value, low, high) NOT_BETWEEN; IN (value, item...) NOT_IN; LIKE (value, pattern[, escape])
NOT_LIKE SIMILAR_TO NOT_SIMILAR_TO; CASE (condition, value, ..., else); FIELD (row, literal name);
ITEM (array or map, index or key); ARRAY MAP ROW constructors. Every other function has its own
Flink name in upper case (SUBSTRING, EXTRACT with the unit as a string literal first, ...).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import TypeAlias

from tidemill.errors import Span
from tidemill.interfaces.python_function import PythonFunction
from tidemill.model import DataType
from tidemill.records import dataclass

LiteralValue: TypeAlias = (
    "None | bool | int | float | Decimal | str | bytes | dt.date | dt.time | dt.datetime | Interval"
)


@dataclass(frozen=True, slots=True)
class Interval:
    """The value of an interval literal: whole months and microseconds; one of the two is 0."""

    months: int = 0
    microseconds: int = 0


@dataclass(frozen=True, slots=True)
class InputRef:
    """Column `index` (from 0) of the operator's input row."""

    index: int
    name: str
    type: DataType
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; `None` is NULL. TIMESTAMP values are naive, TIMESTAMP_LTZ values are aware."""

    value: LiteralValue
    type: DataType
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A scalar function or operator over typed arguments; `user` is set for a Python function."""

    function: str
    arguments: tuple[Expression, ...]
    type: DataType
    span: Span | None = None
    user: PythonFunction | None = None


@dataclass(frozen=True, slots=True)
class Cast:
    """CAST (`safe` False: a bad value is an error of the row) or TRY_CAST (`safe` True: NULL)."""

    argument: Expression
    type: DataType
    safe: bool = False
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class AggregateCall:
    """An aggregate function over the input rows of a group; COUNT(*) has no arguments.

    `user` is set for an aggregate function in Python.
    """

    function: str
    arguments: tuple[Expression, ...]
    type: DataType
    distinct: bool = False
    filter: Expression | None = None
    span: Span | None = None
    user: PythonFunction | None = None


Expression: TypeAlias = "InputRef | Literal | Call | Cast"


def children(expression: Expression) -> tuple[Expression, ...]:
    """The direct arguments of an expression."""
    if isinstance(expression, Call):
        return expression.arguments
    if isinstance(expression, Cast):
        return (expression.argument,)
    return ()


def input_indexes(expression: Expression) -> frozenset[int]:
    """The input columns that an expression reads, at any depth."""
    if isinstance(expression, InputRef):
        return frozenset((expression.index,))
    return frozenset().union(*(input_indexes(child) for child in children(expression)))
