"""The expressions above a GROUP BY: keys, window properties, aggregate calls."""

from __future__ import annotations

from tidemill.errors import Span
from tidemill.interfaces.python_function import PythonFunction
from tidemill.model.types import BIGINT
from tidemill.sql.binder.expressions import ExpressionBinder, contains_aggregate, is_aggregate
from tidemill.sql.binder.group_windows import (
    auxiliary_property,
)
from tidemill.sql.binder.grouping import Grouping
from tidemill.sql.binder.grouping_sets import (
    FUNCTIONS,
    GroupingCall,
    grouping_call,
)
from tidemill.sql.binder.shapes import (
    aggregate_without_spans,
    map_inputs,
    without_spans,
)
from tidemill.sql.binder.subquery_shapes import subqueries_in
from tidemill.sql.binder.user_functions import bind_user
from tidemill.sql.expressions import AggregateCall, Call, Expression, InputRef, Literal
from tidemill.sql.functions.registry import BoundCall, FunctionArgumentError
from tidemill.sql.syntax.nodes import (
    CastNode,
    FieldAccess,
    FunctionCall,
    Node,
    Operation,
    Path,
    Subquery,
)


class GroupedBinder(ExpressionBinder):
    """Binds SELECT and HAVING above a GROUP BY: keys, window properties and aggregates only."""

    def __init__(self, grouping: Grouping, clause: str) -> None:
        super().__init__(grouping.context, grouping.scope, clause)
        self.grouping = grouping
        self._below = ExpressionBinder(grouping.context, grouping.scope, clause)
        self._keys = [without_spans(key.bound) for key in grouping.keys]

    def bind(self, node: Node) -> Expression:
        """The typed expression over the aggregate's output row."""
        if isinstance(node, FunctionCall):
            if is_aggregate(self.context, node):
                return self._aggregate(node)
            call = grouping_call(self.context, node, self.grouping.nodes)
            if not isinstance(call, bool):
                return self._grouping_ref(call, node.span)
            part = auxiliary_property(self.context, self.grouping.group_window, node)
            if isinstance(part, Call):
                return part
            if part is not None:
                return self.grouping.property_ref(part, node.span)
        if isinstance(node, Subquery):
            return self._subquery(node)
        plain = not subqueries_in(node) and not _has_auxiliary(node)
        if plain and not contains_aggregate(self.context, node):
            found = self._key(node)
            if found is not None:
                return found
        if isinstance(node, Path):
            raise self._not_grouped(node)
        return self.bind_node(node)

    def bind_current_watermark(self, node: FunctionCall) -> Expression:
        """Refused: which watermark a result meets depends on when the group comes out."""
        raise self.context.unsupported(
            "CURRENT_WATERMARK of the results of a GROUP BY",
            node.span,
            "Take it of the table's rows: in WHERE, or in a subquery below the GROUP BY.",
        )

    def _key(self, node: Node) -> Expression | None:
        """The output column of a key that is the same expression."""
        bound = self._below.bind(node)
        if isinstance(bound, Literal):
            return None
        stripped = without_spans(bound)
        if stripped not in self._keys:
            return None
        key = self.grouping.keys[self._keys.index(stripped)]
        if key.property is not None:
            return self.grouping.property_ref(key.property, node.span)
        plain = [k for k in self.grouping.keys if k.property is None]
        position = next(i for i, k in enumerate(plain) if k is key)
        return InputRef(position, key.field.name, key.field.type, node.span)

    def _aggregate(self, node: FunctionCall) -> Expression:
        user = self.context.user_function(node.name.text)
        name = self.context.function_name(node.name.text) if user is None else user.name
        inner = ExpressionBinder(self.context, self.scope, f"the arguments of {name}")
        if node.star and name != "COUNT":
            raise self.context.error("bad-argument", f"{name} takes no *", node.span)
        arguments = tuple(inner.bind(argument) for argument in node.arguments)
        bound = self._bound(node, user, arguments)
        condition: Expression | None = None
        if node.filter is not None:
            checker = ExpressionBinder(self.context, self.scope, "FILTER")
            condition = checker.bind_condition(node.filter)
        type_ = bound.type
        if not self.grouping.keys and self.grouping.group_window is None and name != "COUNT":
            type_ = type_.with_nullable(True)
        if condition is not None and name != "COUNT":
            type_ = type_.with_nullable(True)
        call = AggregateCall(
            name, bound.arguments, type_, node.distinct, condition, node.span, user
        )
        return self._aggregate_ref(call, node.span)

    def _bound(
        self, node: FunctionCall, user: PythonFunction | None, arguments: tuple[Expression, ...]
    ) -> BoundCall:
        if user is not None:
            self._refuse_in_table_function(node)
            if node.distinct:
                raise self.context.unsupported("DISTINCT in a Python aggregate", node.span)
            return bind_user(self.context, user, arguments, node)
        name = self.context.function_name(node.name.text)
        try:
            return self.context.aggregates[name].bind(arguments)
        except FunctionArgumentError as error:
            raise self.context.error(
                "bad-argument", f"{name} {error.message}", node.span, hint=error.hint
            ) from None

    def _subquery(self, node: Subquery) -> Expression:
        """The value of a subquery over the results of the GROUP BY."""
        known = self.scope.value_of(node)
        if known is not None:  # within an aggregate's arguments
            return known
        assert self.grouping.above is not None
        number, type_ = self.grouping.above.add(node, self.bind)
        return InputRef(_ABOVE + number, node.kind, type_, node.span)

    def _grouping_ref(self, call: GroupingCall, span: Span) -> InputRef:
        calls = self.grouping.calls
        if call not in calls:
            calls.append(call)
        index = _GROUPING + calls.index(call)
        return InputRef(index, "GROUPING", BIGINT.with_nullable(False), span)

    def _refuse_in_table_function(self, node: FunctionCall) -> None:
        """Flink takes the window's columns for keys like any others where Python aggregates."""
        if self.grouping.folded is None or all(k.property is None for k in self.grouping.keys):
            return
        raise self.context.error(
            "not-supported",
            "a Python aggregate over a window table function is not supported yet",
            node.span,
            detail="Flink does not close such windows: it gives changes for every row.",
            hint="Write the older form, which closes windows: GROUP BY k, TUMBLE(ts, INTERVAL '1' "
            "MINUTE).",
        )

    def _aggregate_ref(self, call: AggregateCall, span: Span) -> InputRef:
        stripped = aggregate_without_spans(call)
        calls = self.grouping.aggregates
        known = [aggregate_without_spans(other) for other in calls]
        position = known.index(stripped) if stripped in known else len(calls)
        if position == len(calls):
            calls.append(call)
        return InputRef(_AGGREGATE + position, call.function, call.type, span)

    def _not_grouped(self, node: Path) -> Exception:
        return self.context.error(
            "not-grouped",
            f"`{node}` is neither in GROUP BY nor inside an aggregate function",
            node.span,
            hint=f"Add `{node}` to GROUP BY, or aggregate it, such as MAX({node}).",
        )


_AGGREGATE = 1_000_000
"""Aggregates are numbered from here until the number of window properties is known."""
_GROUPING = 2_000_000
"""Calls of GROUPING are numbered from here until the number of aggregates is known."""
_ABOVE = 3_000_000
"""Subqueries over the results are numbered from here until they are joined."""


def settle(grouping: Grouping, expression: Expression) -> Expression:
    """Replace the provisional numbers of aggregates by their columns in the finished node."""

    def place(index: int) -> int:
        if index >= _ABOVE and grouping.above is not None:
            return grouping.above.found[index - _ABOVE].place
        if index >= _GROUPING:
            return grouping.output_index("call", index - _GROUPING)
        if index >= _AGGREGATE:
            return grouping.output_index("aggregate", index - _AGGREGATE)
        return index

    return map_inputs(expression, place)


def _has_auxiliary(node: Node) -> bool:
    """Whether TUMBLE_START, GROUPING and the like occur in an expression."""
    match node:
        case FunctionCall() if node.name.text.upper() in FUNCTIONS:
            return True
        case FunctionCall() if node.name.text.upper().split("_")[0] in ("TUMBLE", "HOP", "SESSION"):
            return True
        case FunctionCall() | Operation():
            return any(_has_auxiliary(argument) for argument in node.arguments)
        case CastNode():
            return _has_auxiliary(node.argument)
        case FieldAccess():
            return _has_auxiliary(node.base)
        case _:
            return False
