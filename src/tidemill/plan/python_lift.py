"""Lifts calls of Python functions out of expressions, into `PythonCalc` nodes below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tidemill.sql.binder.shapes import without_spans
from tidemill.sql.expressions import (
    Call,
    Cast,
    Expression,
    InputRef,
    Literal,
    children,
    input_indexes,
)
from tidemill.sql.logical import LogicalNode, Project, PythonCalc, RowField

Columns = frozenset[int]


def calls_python(expression: Expression) -> bool:
    """Whether a Python function is called anywhere in an expression."""
    if isinstance(expression, Call) and expression.user is not None:
        return True
    return any(calls_python(child) for child in children(expression))


def indexes(expressions: Sequence[Expression]) -> Columns:
    """The input columns that expressions read."""
    return frozenset().union(*map(input_indexes, expressions))


def lift(
    node: LogicalNode, expressions: Sequence[Expression], kept: Columns
) -> tuple[LogicalNode, list[Expression]]:
    """A node that gives the results of all Python calls, and the expressions over it.

    `kept` are the columns of `node` that are read besides by the expressions.
    """
    found = list(expressions)
    while any(map(calls_python, found)):
        innermost = _innermost(found)
        below = _narrowed(node, indexes(found) | kept)
        width = len(node.fields)
        results = [RowField(f"EXPR${width + i}", c.type) for i, c in enumerate(innermost)]
        calc = PythonCalc(below, tuple(innermost), (*below.fields, *results))
        found = [_replaced(e, innermost, calc) for e in found]
        node = calc
    return node, found


def _innermost(expressions: Sequence[Expression]) -> list[Call]:
    """The calls without calls in their arguments; equal ones of pure functions once."""
    found: list[Call] = []

    def visit(expression: Expression) -> None:
        if not calls_python(expression):
            return
        inside = children(expression)
        if not any(map(calls_python, inside)):
            assert isinstance(expression, Call)
            if not any(_same(expression, other) for other in found):
                found.append(expression)
            return
        for child in inside:
            visit(child)

    for expression in expressions:
        visit(expression)
    return found


def _same(one: Call, other: Call) -> bool:
    if one is other:
        return True
    pure = one.user is not None and one.user.loaded.deterministic
    return pure and without_spans(one) == without_spans(other)


def _replaced(expression: Expression, calls: Sequence[Call], calc: PythonCalc) -> Expression:
    if isinstance(expression, Call):
        for place, call in enumerate(calls):
            if expression.user is not None and _same(expression, call):
                return ref(calc, len(calc.input.fields) + place)
        parts = tuple(_replaced(a, calls, calc) for a in expression.arguments)
        return replace(expression, arguments=parts)
    if isinstance(expression, Cast):
        return replace(expression, argument=_replaced(expression.argument, calls, calc))
    return expression


def _narrowed(node: LogicalNode, read: Columns) -> LogicalNode:
    """The node with NULL in the columns that are not read."""
    if len(read) == len(node.fields):
        return node
    expressions = tuple(
        ref(node, i) if i in read else Literal(None, field.type.with_nullable(True))
        for i, field in enumerate(node.fields)
    )
    return Project(node, expressions, node.fields)


def ref(node: LogicalNode, index: int) -> InputRef:
    """The reference to a field of a node."""
    field = node.fields[index]
    return InputRef(index, field.name, field.type)
