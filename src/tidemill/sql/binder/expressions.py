"""Binds expressions over one scope: names to columns, functions to declarations, types to all."""

from __future__ import annotations

from collections.abc import Sequence

from tidemill.errors import Span, SqlError, did_you_mean
from tidemill.interfaces.python_function import PythonFunction
from tidemill.model import DataType, TypeRoot
from tidemill.model.types import BOOLEAN, STRING, timestamp_ltz
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.literals import (
    bind_bytes,
    bind_interval,
    bind_number,
    bind_string,
    bind_time,
    bind_word,
)
from tidemill.sql.binder.scope import Scope, row_field
from tidemill.sql.binder.user_functions import bind_user
from tidemill.sql.expressions import Call, Cast, Expression, InputRef, Interval, Literal
from tidemill.sql.functions.coerce import can_cast, cast_to
from tidemill.sql.functions.refused import REFUSED
from tidemill.sql.functions.registry import FunctionArgumentError
from tidemill.sql.syntax.nodes import (
    BytesLiteral,
    CastNode,
    FieldAccess,
    FunctionCall,
    IntervalLiteral,
    Node,
    NumberLiteral,
    Operation,
    Path,
    StringLiteral,
    Subquery,
    TimeLiteral,
    WordLiteral,
)

_SYMBOLS = {
    "PLUS": "+",
    "MINUS": "-",
    "TIMES": "*",
    "DIVIDE": "/",
    "MOD": "%",
    "NEGATE": "-",
    "EQUALS": "=",
    "NOT_EQUALS": "<>",
    "LESS_THAN": "<",
    "LESS_THAN_OR_EQUAL": "<=",
    "GREATER_THAN": ">",
    "GREATER_THAN_OR_EQUAL": ">=",
    "ITEM": "[ ]",
    "CONCAT_OPERATOR": "||",
}
_OPERATOR_NAMES = """
    PLUS MINUS TIMES DIVIDE NEGATE EQUALS NOT_EQUALS LESS_THAN LESS_THAN_OR_EQUAL GREATER_THAN
    GREATER_THAN_OR_EQUAL AND OR NOT IS_NULL IS_NOT_NULL IS_TRUE IS_NOT_TRUE IS_FALSE IS_NOT_FALSE
    IS_UNKNOWN IS_NOT_UNKNOWN IS_DISTINCT_FROM IS_NOT_DISTINCT_FROM BETWEEN NOT_BETWEEN IN NOT_IN
    LIKE NOT_LIKE SIMILAR_TO NOT_SIMILAR_TO CASE FIELD ITEM ARRAY MAP ROW CONCAT_OPERATOR
    SYMMETRIC_BETWEEN NOT_SYMMETRIC_BETWEEN OVERLAPS IS_JSON IS_NOT_JSON JSON
"""
_OPERATORS = frozenset(_OPERATOR_NAMES.split())
"""Canonical names that are written as operators and never called."""

GROUP_WINDOWS = ("TUMBLE", "HOP", "SESSION", "CUMULATE")
_WINDOW_AUXILIARY = tuple(
    f"{window}_{part}"
    for window in GROUP_WINDOWS
    for part in ("START", "END", "ROWTIME", "PROCTIME")
)


class ExpressionBinder:
    """Binds expressions that see one row of a relation; aggregate functions are refused.

    `clause` names the place in the statement for messages, such as WHERE.
    """

    def __init__(self, context: BindContext, scope: Scope, clause: str) -> None:
        self.context = context
        self.scope = scope
        self.clause = clause

    def bind(self, node: Node) -> Expression:
        """The typed expression."""
        return self.bind_node(node)

    def bind_condition(self, node: Node) -> Expression:
        """The same, of type BOOLEAN."""
        expression = self.bind(node)
        if isinstance(expression, Literal) and expression.value is None:
            return cast_to(expression, BOOLEAN)
        if expression.type.root is not TypeRoot.BOOLEAN:
            raise self.context.error(
                "type-mismatch",
                f"{self.clause} needs a condition, not a value of type {expression.type.sql()}",
                node.span,
                hint="Compare the value with something, such as `value > 0`.",
            )
        return expression

    def bind_column(self, node: Node) -> Expression:
        """The expression of an output column; a bare NULL has no type and is refused."""
        expression = self.bind(node)
        if expression.type.root is TypeRoot.NULL:
            raise self.context.error(
                "type-mismatch",
                f"NULL has no type in {self.clause}",
                node.span,
                hint="Write CAST(NULL AS type).",
            )
        return expression

    def bind_node(self, node: Node) -> Expression:
        """Dispatch on the kind of node."""
        source = self.context.source
        match node:
            case Path():
                return self.bind_path(node)
            case NumberLiteral():
                return bind_number(source, node)
            case StringLiteral():
                return bind_string(node)
            case BytesLiteral():
                return bind_bytes(source, node)
            case WordLiteral():
                return bind_word(node)
            case TimeLiteral():
                return bind_time(source, node)
            case IntervalLiteral():
                return bind_interval(source, node)
            case FunctionCall():
                return self.bind_call(node)
            case Operation():
                return self.bind_operation(node)
            case CastNode():
                return self.bind_cast(node)
            case FieldAccess():
                return row_field(source, self.bind(node.base), node.field)
            case Subquery():
                return self.bind_subquery(node)

    def bind_subquery(self, node: Subquery) -> Expression:
        """The value of a scalar subquery, which stands in the input row by now."""
        value = self.scope.value_of(node)
        if value is not None:
            return value
        if node.kind == "SCALAR":
            what = f"a scalar subquery in {self.clause}"
        else:
            what = f"{node.kind} with a subquery in {self.clause}"
        hint = "It may stand in WHERE, HAVING and the SELECT list."
        if self.clause in ("GROUP BY", "ORDER BY"):
            hint = f"Name it in a query below, such as AS x, and write {self.clause} x."
        raise self.context.unsupported(what, node.span, hint)

    def bind_path(self, node: Path) -> Expression:
        """A column, perhaps with fields behind it."""
        return self.scope.resolve(node)

    def bind_call(self, node: FunctionCall) -> Expression:
        """A scalar function."""
        name = self.context.function_name(node.name.text)
        if node.over is not None:
            raise self.context.unsupported(
                f"{name}(...) OVER inside an expression or clause",
                node.span,
                "Let it stand alone in the SELECT list of a subquery, with an alias.",
            )
        if is_aggregate(self.context, node):
            raise self.misplaced_aggregate(node)
        user = self.context.user_function(node.name.text)
        if user is not None:
            return self._user_call(node, user)
        if name in _WINDOW_AUXILIARY or name in GROUP_WINDOWS:
            raise self._misplaced_window(node, name)
        if name == "CURRENT_DATABASE" and not node.arguments:
            database = Literal(self.context.catalog.current[1], STRING, node.span)
            return Call("CURRENT_DATABASE", (database,), STRING, node.span)
        if name == "PROCTIME" and not node.arguments:
            return Call("PROCTIME", (), timestamp_ltz(3, nullable=False), node.span)
        if name == "CURRENT_WATERMARK":
            return self.bind_current_watermark(node)
        if name not in self.context.scalars or name in _OPERATORS:
            raise self._unknown_function(node)
        self._refuse_aggregation(node, name)
        return self._call(name, node.arguments, node.span, node.name.text.upper())

    def bind_current_watermark(self, node: FunctionCall) -> Expression:
        """CURRENT_WATERMARK(rowtime): the watermark that stood before the row, or NULL."""
        call = self._call("CURRENT_WATERMARK", node.arguments, node.span, "CURRENT_WATERMARK")
        assert isinstance(call, Call)
        (time,) = call.arguments
        if isinstance(time, InputRef) and self.scope.is_rowtime(time):
            return call
        raise self.context.error(
            "bad-argument",
            "CURRENT_WATERMARK takes a column with a WATERMARK, passed on as it is",
            node.arguments[0].span,
            hint="Name the column of WATERMARK FOR.",
        )

    def _user_call(self, node: FunctionCall, user: PythonFunction) -> Expression:
        """A scalar function in Python."""
        name = node.name.text
        if user.kind != "scalar":
            raise self.context.error(
                "bad-argument",
                f"the table function {name} cannot stand in {self.clause}",
                node.name.span,
                hint=f"Write FROM t, LATERAL TABLE({name}(...)) AS a(column, ...).",
            )
        self._refuse_aggregation(node, name)
        arguments = tuple(self.bind(argument) for argument in node.arguments)
        call = bind_user(self.context, user, arguments, node)
        return Call(user.name, call.arguments, call.type, node.span, user)

    def bind_table(self, node: FunctionCall) -> Expression:
        """A table function in Python, as the ARRAY of its rows."""
        name = node.name.text
        user = self.context.user_function(name)
        if user is None or user.kind != "table":
            known = [f.name for f in self.context.catalog.functions.all() if f.kind == "table"]
            what = "unknown" if user is None and not self._is_known(name) else "no"
            raise self.context.error(
                "unknown-function" if what == "unknown" else "bad-argument",
                f"unknown table function `{name}`"
                if what == "unknown"
                else f"{name} is no table function",
                node.name.span,
                hint=did_you_mean(name, known)
                or "Declare it with CREATE FUNCTION ... LANGUAGE PYTHON and @udtf.",
            )
        self._refuse_aggregation(node, name)
        arguments = tuple(self.bind(argument) for argument in node.arguments)
        call = bind_user(self.context, user, arguments, node)
        rows = DataType(TypeRoot.ARRAY, nullable=False, element=call.type)
        return Call(user.name, call.arguments, rows, node.span, user)

    def _is_known(self, name: str) -> bool:
        canonical = self.context.function_name(name)
        known = canonical in self.context.scalars or canonical in self.context.aggregates
        return known or self.context.user_function(name) is not None

    def _refuse_aggregation(self, node: FunctionCall, name: str) -> None:
        if node.star or node.distinct or node.filter is not None:
            what = "*" if node.star else "DISTINCT" if node.distinct else "FILTER"
            raise self.context.error(
                "bad-argument", f"{name} is no aggregate function and takes no {what}", node.span
            )

    def bind_operation(self, node: Operation) -> Expression:
        """An operator or constructor."""
        if node.operator == "NEGATE":
            folded = _negative_literal(self.bind(node.arguments[0]), node.span)
            if folded is not None:
                return folded
        shown = _SYMBOLS.get(node.operator, node.operator.replace("_", " "))
        return self._call(node.operator, node.arguments, node.span, shown)

    def bind_cast(self, node: CastNode) -> Expression:
        """CAST and TRY_CAST."""
        argument = self.bind(node.argument)
        if isinstance(argument, Literal) and argument.value is None:
            return Literal(None, node.type.with_nullable(True), node.span)
        if not can_cast(argument.type, node.type):
            raise self.context.error(
                "type-mismatch",
                f"{argument.type.sql()} cannot be cast to {node.type.sql()}",
                node.span,
            )
        nullable = argument.type.nullable or node.safe
        return Cast(argument, node.type.with_nullable(nullable), node.safe, node.span)

    def misplaced_aggregate(self, node: FunctionCall) -> SqlError:
        """The error of an aggregate function where none may stand."""
        return self.context.error(
            "misplaced-aggregate",
            f"the aggregate function {node.name.text.upper()} cannot stand in {self.clause}",
            node.name.span,
            hint="Aggregate in the SELECT list, and test the result in HAVING."
            if self.clause == "WHERE"
            else "Aggregate in the SELECT list of a query with GROUP BY.",
        )

    def _call(self, name: str, arguments: Sequence[Node], span: Span, shown: str) -> Expression:
        bound = tuple(self.bind(argument) for argument in arguments)
        function = self.context.scalars.get(name)
        if function is None:
            raise self.context.unsupported(f"the operator {shown}", span)
        try:
            call = function.bind(bound)
        except FunctionArgumentError as error:
            raise self.context.error(
                "bad-argument", f"{shown} {error.message}", span, hint=error.hint
            ) from None
        return Call(name, call.arguments, call.type, span)

    def _unknown_function(self, node: FunctionCall) -> SqlError:
        known = (*self.context.scalars, *self.context.aggregates, *GROUP_WINDOWS)
        callable_names = [name for name in known if name not in _OPERATORS]
        refusal = REFUSED.get(node.name.text.upper())
        if refusal is not None:
            return self.context.error(
                "not-supported",
                f"{node.name.text.upper()} {refusal.reason}",
                node.name.span,
                hint=refusal.hint,
            )
        own = self.context.catalog.functions
        callable_names += [*own.system, *(name[-1] for name in own.plain)]
        return self.context.error(
            "unknown-function",
            f"unknown function `{node.name.text}`",
            node.name.span,
            hint=did_you_mean(node.name.text, callable_names)
            or "All functions that there are: docs/reference/functions.md.",
        )

    def _misplaced_window(self, node: FunctionCall, name: str) -> SqlError:
        window = name.split("_", maxsplit=1)[0]
        if name in GROUP_WINDOWS:
            hint = (
                f"Write FROM TABLE({window}(TABLE t, DESCRIPTOR(ts), ...)) with GROUP BY "
                "window_start, window_end."
            )
        else:
            hint = f"It needs GROUP BY {window}(...) with the same arguments in the same query."
        return self.context.error(
            "bad-window", f"{name} cannot stand in {self.clause}", node.name.span, hint=hint
        )


def is_aggregate(context: BindContext, node: Node) -> bool:
    """Whether a node is itself the call of an aggregate function."""
    if not isinstance(node, FunctionCall) or node.over is not None:
        return False
    user = context.user_function(node.name.text)
    if user is not None:
        return user.kind == "aggregate"
    return context.function_name(node.name.text) in context.aggregates


def contains_aggregate(context: BindContext, node: Node) -> bool:
    """Whether an aggregate function is called anywhere in an expression."""
    return bool(aggregate_calls(context, node))


def aggregate_calls(context: BindContext, node: Node) -> list[Node]:
    """The calls of aggregate functions in an expression, in order, not in subqueries."""
    if is_aggregate(context, node):
        return [node]
    match node:
        case FunctionCall() | Operation():
            parts = node.arguments
        case CastNode():
            parts = (node.argument,)
        case FieldAccess():
            parts = (node.base,)
        case Subquery():
            parts = node.values
        case _:
            parts = ()
    return [call for part in parts for call in aggregate_calls(context, part)]


def _negative_literal(argument: Expression, span: Span) -> Literal | None:
    if not isinstance(argument, Literal) or isinstance(argument.value, bool):
        return None
    value = argument.value
    if isinstance(value, Interval):
        return Literal(Interval(-value.months, -value.microseconds), argument.type, span)
    if argument.type.is_numeric and value is not None:
        return Literal(-value, argument.type, span)  # type: ignore[operator]
    return None
