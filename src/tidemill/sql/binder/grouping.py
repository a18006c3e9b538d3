"""GROUP BY while its query is being bound: keys, windows, grouping sets, and the finished node."""

from __future__ import annotations

from dataclasses import field, replace

from tidemill.errors import Span
from tidemill.model.types import BIGINT
from tidemill.records import dataclass
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.expressions import ExpressionBinder
from tidemill.sql.binder.folding import (
    FoldedWindow,
    UsesWindowColumnError,
    fold_window,
    over_windows,
)
from tidemill.sql.binder.group_windows import (
    GroupWindow,
    bind_group_window,
    is_group_window,
)
from tidemill.sql.binder.grouping_sets import (
    IN_EVERY_SET,
    GroupingCall,
    Sets,
    in_sets,
    refuse_repeated,
)
from tidemill.sql.binder.scope import Scope
from tidemill.sql.binder.shapes import (
    replace_inputs,
    shape,
    without_spans,
)
from tidemill.sql.binder.subqueries_above import SubqueriesAbove
from tidemill.sql.expressions import AggregateCall, Expression, InputRef, Literal, input_indexes
from tidemill.sql.logical import (
    Aggregate,
    Filter,
    LogicalNode,
    Project,
    RowField,
    WindowKind,
    WindowProperty,
    WindowSpec,
)
from tidemill.sql.syntax.nodes import (
    FunctionCall,
    Node,
    NumberLiteral,
)


@dataclass(slots=True)
class _Key:
    """One key of GROUP BY: as bound over the source, and its output column."""

    bound: Expression
    field: RowField
    property: WindowProperty | None = None


@dataclass(slots=True)
class Grouping:
    """A GROUP BY while its query is being bound; aggregate calls are added as they are met."""

    context: BindContext
    source: LogicalNode
    scope: Scope
    keys: list[_Key] = field(default_factory=list)
    folded: FoldedWindow | None = None
    group_window: GroupWindow | None = None
    properties: list[WindowProperty] = field(default_factory=list)
    aggregates: list[AggregateCall] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    """The keys as they are written."""
    sets: Sets | None = None
    """The grouping sets, by places among `keys`."""
    calls: list[GroupingCall] = field(default_factory=list)
    """The calls of GROUPING and its like; behind the aggregates in the finished node."""
    over_windows: bool = False
    """Whether the aggregate reads the rows with their windows, instead of what is below."""
    above: SubqueriesAbove | None = None
    """The subqueries over the results."""

    def finished_node(self) -> LogicalNode:
        """The finished node; call it when everything above is bound."""
        window, folded = self._window(), self.folded
        self.over_windows = self._reads_windows()
        moves = window is not None and folded is not None and not self.over_windows
        conditions = folded.conditions if moves and folded is not None else ()
        moved = [self._above(condition) for condition in conditions]
        node: LogicalNode = self._aggregate_node()
        if self.sets is not None:
            assert isinstance(node, Aggregate)
            node = in_sets(node, *self._among_plain_keys())
        elif self.calls:
            zero = Literal(0, BIGINT.with_nullable(False))
            own: list[Expression] = []
            own += [InputRef(i, f.name, f.type) for i, f in enumerate(node.fields)]
            flags = tuple(RowField(f"$grouping{i}", zero.type) for i in range(len(self.calls)))
            expressions = (*own, *(zero for _ in self.calls))
            node = Project(node, expressions, (*node.fields, *flags))
        for condition in moved:
            node = Filter(node, condition, node.fields)
        return node

    def _among_plain_keys(self) -> tuple[Sets, list[GroupingCall]]:
        """The grouping sets and calls by places among the keys that are not the window's."""
        plain = [i for i, key in enumerate(self.keys) if key.property is None]
        place = {key: i for i, key in enumerate(plain)}
        assert self.sets is not None
        sets = tuple(tuple(place[i] for i in one if i in place) for one in self.sets)
        return sets, [
            call if call is None else tuple(place.get(i, IN_EVERY_SET) for i in call)
            for call in self.calls
        ]

    def _above(self, condition: Expression) -> Expression:
        """A condition on the window's own columns, over the finished node."""
        parts = tuple(WindowProperty)
        return replace_inputs(
            condition, lambda ref: self.property_ref(parts[ref.index], ref.span or Span(0, 0))
        )

    def _aggregate_node(self) -> Aggregate:
        keys = tuple(key for key in self.keys if key.property is None)
        source, window = self.source, self._window()
        expressions = tuple(key.bound for key in keys)
        aggregates = tuple(self.aggregates)
        if self.over_windows and window is not None:
            source, time = over_windows(self.source)
            window = replace(window, time_column=time)
        elif self.folded is not None and window is not None:
            source = self.folded.input
            expressions = tuple(self._moved(e) for e in expressions)
            aggregates = tuple(self._moved_call(call) for call in aggregates)
        fields = (
            *(key.field for key in keys),
            *(self._property_field(part) for part in self.properties),
            *(RowField(f"EXPR${i}", call.type) for i, call in enumerate(aggregates)),
        )
        return Aggregate(source, expressions, aggregates, fields, window, tuple(self.properties))

    def output_index(self, kind: str, position: int) -> int:
        """Where a key, window property or aggregate stands in the output, once all are known."""
        keys = sum(key.property is None for key in self.keys)
        first = keys + len(self.properties)
        starts = {"key": 0, "property": keys, "aggregate": first}
        starts["call"] = first + len(self.aggregates)
        return starts[kind] + position

    def property_ref(self, part: WindowProperty, span: Span) -> InputRef:
        """The reference to a window property's output column."""
        if part not in self.properties:
            self.properties.append(part)
        own = self._property_field(part)
        index = self.output_index("property", self.properties.index(part))
        return InputRef(index, own.name, own.type, span)

    def _window(self) -> WindowSpec | None:
        if self.group_window is not None:
            return self.group_window.spec
        has_window = any(key.property is not None for key in self.keys)
        return self.folded.window if has_window and self.folded is not None else None

    def _property_field(self, part: WindowProperty) -> RowField:
        if self.group_window is not None:
            return self.group_window.field(part)
        key = next((key for key in self.keys if key.property is part), None)
        if key is not None:
            return key.field
        assert self.folded is not None  # window_time, of which only a condition asks
        time = self.folded.input.fields[self.folded.window.time_column]
        return RowField(part.value, time.type.with_nullable(False), time.time_attribute)

    def _reads_windows(self) -> bool:
        """Whether the rows of TUMBLE are read with the window's columns, of which each has one."""
        folded, window = self.folded, self._window()
        if folded is None or window is None or self.group_window is not None:
            return False
        if window.kind is not WindowKind.TUMBLE or window.on_clock:
            return False
        read = [key.bound for key in self.keys if key.property is None]
        for call in self.aggregates:
            read += [*call.arguments, *(() if call.filter is None else (call.filter,))]
        places = frozenset().union(*map(input_indexes, read))
        moves = all(isinstance(folded.sources[place], int) for place in places)
        return folded.blocked is not None or not moves

    def _moved(self, expression: Expression) -> Expression:
        assert self.folded is not None
        try:
            return self.folded.move(expression)
        except UsesWindowColumnError as error:
            span = error.span or expression.span or Span(0, 0)
            raise self.context.unsupported(
                f"an expression over the columns of a {self.folded.window.kind.value} below its "
                "aggregation",
                span,
                "Compute it in the SELECT list, from the grouped window_start and window_end; "
                "TUMBLE on event time takes it here, too.",
            ) from None

    def _moved_call(self, call: AggregateCall) -> AggregateCall:
        arguments = tuple(self._moved(argument) for argument in call.arguments)
        condition = None if call.filter is None else self._moved(call.filter)
        return replace(call, arguments=arguments, filter=condition)


def begin_grouping(
    context: BindContext,
    source: LogicalNode,
    scope: Scope,
    keys: tuple[Node, ...],
    span: Span,
    sets: tuple[tuple[Node, ...], ...] | None = None,
) -> Grouping:
    """Bind the keys of GROUP BY and find the window, whichever form it has."""
    grouping = Grouping(context, source, scope)
    binder = ExpressionBinder(context, scope, "GROUP BY")
    if not any(map(is_group_window, keys)):
        grouping.folded = fold_window(source)
    for node in keys:
        if is_group_window(node):
            if sets is not None:
                raise context.unsupported(
                    f"{node.name.text.upper()} beside GROUPING SETS"
                    if isinstance(node, FunctionCall)
                    else "a window beside GROUPING SETS",
                    node.span,
                    "Use the table function: FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), ...)) "
                    "GROUP BY window_start, window_end, GROUPING SETS (...).",
                )
            _add_group_window(grouping, node)
        else:
            _add_key(grouping, binder, node)
    if sets is not None:
        places = [shape(node) for node in grouping.nodes]
        grouping.sets = tuple(tuple(places.index(shape(n)) for n in one) for one in sets)
        refuse_repeated(context, grouping.sets, len(grouping.keys), span)
    _settle_window(grouping, span)
    _check_filters(grouping)
    if grouping.sets is not None:
        for key in grouping.keys:
            if key.property is None:
                nullable = key.field.type.with_nullable(True)
                key.field = replace(key.field, type=nullable)
    grouping.properties.extend(key.property for key in grouping.keys if key.property is not None)
    return grouping


def _add_group_window(grouping: Grouping, node: Node) -> None:
    assert isinstance(node, FunctionCall)
    if grouping.group_window is not None:
        raise grouping.context.error("bad-window", "GROUP BY has two windows", node.span)
    grouping.group_window = bind_group_window(grouping.context, grouping.scope, node)


def _add_key(grouping: Grouping, binder: ExpressionBinder, node: Node) -> None:
    if isinstance(node, NumberLiteral):
        raise grouping.context.error(
            "not-grouped",
            "GROUP BY takes columns and expressions, not positions",
            node.span,
            hint="Repeat the expression; Flink would group by the constant.",
        )
    bound = binder.bind(node)
    stripped = without_spans(bound)
    if any(without_spans(key.bound) == stripped for key in grouping.keys):
        return
    grouping.nodes.append(node)
    own = grouping.folded.property_of(bound) if grouping.folded is not None else None
    name = bound.name if isinstance(bound, InputRef) else f"EXPR${len(grouping.keys)}"
    attribute = (
        grouping.scope.fields[bound.index].time_attribute
        if own is not None and isinstance(bound, InputRef)
        else None
    )
    grouping.keys.append(_Key(bound, RowField(name, bound.type, attribute), own))


def _settle_window(grouping: Grouping, span: Span) -> None:
    """Whether this is a window aggregate, as Flink has it: else the window's columns are keys.

    Its keys have both window_start and window_end, and for SESSION exactly the columns of its
    PARTITION BY.
    """
    parts = {key.property for key in grouping.keys if key.property is not None}
    if not parts:
        return
    if grouping.group_window is not None:
        raise grouping.context.error("bad-window", "GROUP BY has two windows", span)
    complete = {WindowProperty.START, WindowProperty.END} <= parts and _in_every_set(grouping)
    if complete and _keyed_as_sessions(grouping):
        return
    for key in grouping.keys:
        key.property = None
        key.field = replace(key.field, time_attribute=None)


def _check_filters(grouping: Grouping) -> None:
    """A window aggregate reads what is below the window function: so must its filters."""
    in_windows = any(key.property is not None for key in grouping.keys)
    folded = grouping.folded
    if folded is None or folded.blocked is None or not in_windows:
        return
    window = folded.window
    if window.kind is not WindowKind.TUMBLE or window.on_clock:
        raise grouping.context.unsupported(
            "a WHERE over a window's own columns and others below the aggregation",
            folded.blocked,
            "Compute the window's start from the row's own time instead.",
        )


def _in_every_set(grouping: Grouping) -> bool:
    edges = (WindowProperty.START, WindowProperty.END)
    places = {i for i, key in enumerate(grouping.keys) if key.property in edges}
    return all(places <= set(one) for one in grouping.sets or ())


def _keyed_as_sessions(grouping: Grouping) -> bool:
    folded = grouping.folded
    if folded is None or folded.window.kind is not WindowKind.SESSION:
        return True
    keys = [key.bound for key in grouping.keys if key.property is None]
    columns = [folded.sources[key.index] for key in keys if isinstance(key, InputRef)]
    return len(columns) == len(keys) and set(columns) == set(folded.window.partition_columns)
