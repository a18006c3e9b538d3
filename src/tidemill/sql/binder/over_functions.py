"""The functions that stand before OVER: aggregates, and those that number or look around."""

from __future__ import annotations

from dataclasses import replace

from tidemill.model import DataType, TypeRoot
from tidemill.model.types import BIGINT, DOUBLE, INT
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.binder.scope import Scope
from tidemill.sql.expressions import AggregateCall, Expression, Literal
from tidemill.sql.functions.coerce import cast_to, common_type
from tidemill.sql.functions.registry import FunctionArgumentError
from tidemill.sql.syntax.nodes import FunctionCall, OverClause

_NOT_NULL_BIGINT = BIGINT.with_nullable(False)
_NOT_NULL_DOUBLE = DOUBLE.with_nullable(False)
_PLAIN: dict[str, tuple[DataType, bool]] = {
    "ROW_NUMBER": (_NOT_NULL_BIGINT, False),
    "RANK": (_NOT_NULL_BIGINT, True),
    "DENSE_RANK": (_NOT_NULL_BIGINT, True),
    "PERCENT_RANK": (_NOT_NULL_DOUBLE, True),
    "CUME_DIST": (_NOT_NULL_DOUBLE, True),
}
NO_FRAME = (*_PLAIN, "NTILE", "LAG", "LEAD")
"""Functions that see no frame."""


def bind_over_function(
    context: BindContext, scope: Scope, node: FunctionCall, over: OverClause, ordered: bool
) -> AggregateCall:
    """One call, with its arguments and the type of its result."""
    name = context.function_name(node.name.text)
    if node.filter is not None:
        raise context.error(
            "bad-argument",
            "FILTER and OVER do not go together in Flink",
            node.span,
            hint=f"Write {name}(CASE WHEN condition THEN value END) OVER (...).",
        )
    inner = ExpressionBinder(context, scope, f"the arguments of {name}")
    arguments = tuple(inner.bind(argument) for argument in node.arguments)
    if name in NO_FRAME:
        if over.frame is not None:
            raise context.error("bad-argument", f"{name} takes no frame", over.frame.span)
        if not ordered and name != "NTILE":
            raise context.error(
                "bad-argument",
                f"{name} needs an ORDER BY in its OVER",
                over.span,
                hint="Say which row is the first: OVER (PARTITION BY k ORDER BY v DESC).",
            )
        return _plain(context, node, name, arguments)
    function = context.aggregates.get(name)
    if function is None:
        raise context.unsupported(f"{name}(...) OVER", node.name.span)
    if node.star and name != "COUNT":
        raise context.error("bad-argument", f"{name} takes no *", node.span)
    try:
        bound = function.bind(arguments)
    except FunctionArgumentError as error:
        raise context.error(
            "bad-argument", f"{name} {error.message}", node.span, hint=error.hint
        ) from None
    return AggregateCall(name, bound.arguments, bound.type, node.distinct, None, node.span)


def _plain(
    context: BindContext, node: FunctionCall, name: str, arguments: tuple[Expression, ...]
) -> AggregateCall:
    if node.star or node.distinct:
        raise context.error("bad-argument", f"{name} takes no * and no DISTINCT", node.span)
    if name in _PLAIN:
        if arguments:
            raise context.error("bad-argument", f"{name} takes no arguments", node.span)
        return AggregateCall(name, (), _PLAIN[name][0], span=node.span)
    if name == "NTILE":
        if len(arguments) != 1 or (_whole(arguments[0]) or 0) < 1:
            raise context.error("bad-argument", "NTILE takes a number of parts", node.span)
        return AggregateCall(name, arguments, _NOT_NULL_BIGINT, span=node.span)
    return _neighbour(context, node, name, arguments)


def _neighbour(
    context: BindContext, node: FunctionCall, name: str, arguments: tuple[Expression, ...]
) -> AggregateCall:
    """LAG and LEAD: the value, how many rows away, and what where there is no such row."""
    if not 1 <= len(arguments) <= 3:
        raise context.error(
            "bad-argument", f"{name} takes a value, a number of rows and a default", node.span
        )
    value, *rest = arguments
    away = rest[0] if rest else Literal(1, INT.with_nullable(False))
    if _whole(away) is None:
        raise context.error(
            "bad-argument", f"{name} takes a constant number of rows", node.arguments[1].span
        )
    type_ = value.type.with_nullable(True)
    default: Expression = Literal(None, type_)
    if len(rest) == 2:
        _check_default(context, node, name, value, rest[1])
        default = cast_to(rest[1], type_)
        if not value.type.nullable and not rest[1].type.nullable:
            type_ = replace(type_, nullable=False)
    return AggregateCall(name, (value, away, default), type_, span=node.span)


def _check_default(
    context: BindContext, node: FunctionCall, name: str, value: Expression, default: Expression
) -> None:
    """Flink wants a default as it holds values in memory, and trusts it about NULL."""
    given, wanted, span = default.type, value.type, node.arguments[2].span
    if given.root is TypeRoot.NULL:
        raise context.error(
            "type-mismatch",
            f"the default of {name} is NULL, which has no type",
            span,
            hint="Leave it out: NULL is what comes without a default.",
        )
    shared = common_type((wanted, given))
    fits = shared is not None and shared.with_nullable(True) == wanted.with_nullable(True)
    if not fits or _held_as(given) != _held_as(wanted):
        raise context.error(
            "type-mismatch",
            f"the default of {name} is {given.sql()}, the value {wanted.sql()}",
            span,
            hint=f"CAST it to {wanted.with_nullable(True).sql()}.",
        )
    if wanted.nullable and not given.nullable:
        raise context.unsupported(
            f"a default of {name} that is never NULL, beside a value that may be NULL,",
            span,
            f"Flink 2.3 then gives -1 or '' for a NULL. Write COALESCE({name}(...), default) "
            "without a default inside, or COALESCE the value.",
        )


def _held_as(type_: DataType) -> object:
    """Types that Flink holds alike in memory."""
    if type_.root in (TypeRoot.CHAR, TypeRoot.VARCHAR):
        return "text"
    return "timestamp" if type_.is_timestamp else type_.root


def _whole(expression: Expression) -> int | None:
    value = expression.value if isinstance(expression, Literal) else None
    return value if type(value) is int and value >= 0 else None
