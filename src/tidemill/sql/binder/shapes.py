"""Comparing syntax and expressions without regard to where in the text they stand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import Any

from tidemill.errors import Span
from tidemill.sql.expressions import AggregateCall, Call, Cast, Expression, InputRef


def shape(value: Any) -> Any:
    """A value that is equal for equal syntax (a node or parts of one), wherever it stands."""
    if isinstance(value, Span):
        return None
    if is_dataclass(value):
        parts = tuple(shape(getattr(value, field.name)) for field in fields(value))
        return (type(value).__name__, *parts)
    if isinstance(value, tuple):
        return tuple(shape(item) for item in value)
    return value


def without_spans(expression: Expression) -> Expression:
    """The same expression without places, so that equal ones compare as equal."""
    match expression:
        case Call():
            arguments = tuple(without_spans(argument) for argument in expression.arguments)
            return replace(expression, arguments=arguments, span=None)
        case Cast():
            return replace(expression, argument=without_spans(expression.argument), span=None)
        case InputRef():
            return replace(expression, name="", span=None)
        case _:
            return replace(expression, span=None)


def aggregate_without_spans(call: AggregateCall) -> AggregateCall:
    """The same for an aggregate call."""
    return replace(
        call,
        arguments=tuple(without_spans(argument) for argument in call.arguments),
        filter=None if call.filter is None else without_spans(call.filter),
        span=None,
    )


def replace_inputs(
    expression: Expression, replacement: Callable[[InputRef], Expression]
) -> Expression:
    """The expression with another one in the place of every input column."""
    match expression:
        case InputRef():
            return replacement(expression)
        case Call():
            parts = tuple(replace_inputs(a, replacement) for a in expression.arguments)
            return replace(expression, arguments=parts)
        case Cast():
            return replace(expression, argument=replace_inputs(expression.argument, replacement))
        case _:
            return expression


def map_inputs(expression: Expression, index: Callable[[int], int]) -> Expression:
    """The expression with every input column renumbered."""
    return replace_inputs(expression, lambda ref: replace(ref, index=index(ref.index)))


def substitute(expression: Expression, columns: Sequence[Expression]) -> Expression:
    """The expression with `columns[i]` in the place of input column i."""

    def column(ref: InputRef) -> Expression:
        own = columns[ref.index]
        return ref if isinstance(own, InputRef) and own.index == ref.index else own

    return replace_inputs(expression, column)
