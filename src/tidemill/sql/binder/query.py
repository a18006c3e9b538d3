"""Queries to logical nodes."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import replace
from itertools import count

from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.distinct import distinct_rows
from tidemill.sql.binder.expressions import (
    ExpressionBinder,
    aggregate_calls,
    contains_aggregate,
)
from tidemill.sql.binder.from_items import Relation, bind_from
from tidemill.sql.binder.grouped import GroupedBinder, settle
from tidemill.sql.binder.grouping import Grouping, begin_grouping
from tidemill.sql.binder.ordering import bind_ordering
from tidemill.sql.binder.over import OverBinder, bind_over, over_calls
from tidemill.sql.binder.over_grouped import over_results
from tidemill.sql.binder.ranks import bind_rank, is_rank
from tidemill.sql.binder.renaming import rename_columns
from tidemill.sql.binder.scope import Scope
from tidemill.sql.binder.subqueries import bind_where, with_values
from tidemill.sql.binder.subqueries_above import SubqueriesAbove
from tidemill.sql.binder.ttl_hints import check_ttl_hints
from tidemill.sql.binder.unions import bind_set_operation, bind_union
from tidemill.sql.binder.values import bind_values, one_row
from tidemill.sql.expressions import Call, Expression, InputRef
from tidemill.sql.logical import (
    Fields,
    Filter,
    LogicalNode,
    Project,
    RowField,
    TimeAttribute,
)
from tidemill.sql.syntax.nodes import (
    FieldAccess,
    FunctionCall,
    Node,
    OrderedQuery,
    Path,
    Query,
    SelectItem,
    SelectQuery,
    SetQuery,
    Star,
    UnionQuery,
    ValuesQuery,
    WithQuery,
)


def bind_query(context: BindContext, query: Query, *, top: bool = False) -> LogicalNode:
    """The logical node of a query; only at the top does an ORDER BY without LIMIT count."""
    match query:
        case SelectQuery():
            return _select(context, query)
        case ValuesQuery():
            return bind_values(context, query)
        case UnionQuery():
            inputs = [bind_query(context, part) for part in query.inputs]
            return bind_union(context, inputs, query.inputs, "UNION ALL")
        case SetQuery():
            left, right = (bind_query(context, part) for part in query.inputs)
            return bind_set_operation(context, query, left, right)
        case OrderedQuery():
            return bind_ordering(context, query, bind_query, top=top)
        case WithQuery():
            return _with(context, query, top=top)


def _with(context: BindContext, query: WithQuery, *, top: bool) -> LogicalNode:
    tables = dict(context.common_tables)
    own: set[str] = set()
    for table in query.tables:
        if table.name.text in own:
            raise context.error(
                "table-exists", f"`{table.name.text}` is there twice", table.name.span
            )
        node = bind_query(replace(context, common_tables=tables), table.query)
        tables[table.name.text] = rename_columns(context, node, table.columns, table.name.span)
        own.add(table.name.text)
    return bind_query(replace(context, common_tables=tables), query.body, top=top)


def _select(context: BindContext, query: SelectQuery) -> LogicalNode:
    relation = _source(context, query)
    node, scope = relation.node, relation.scope(context.source)
    if query.where is not None:
        node, scope = bind_where(context, node, scope, query.where, bind_query)
    calls = over_calls(query.items)
    grouped = query.group_by is not None or query.having is not None
    expressions = [item.expression for item in query.items]
    if not grouped:
        grouped = any(
            not isinstance(e, Star) and contains_aggregate(context, e) for e in expressions
        )
    if calls and grouped:
        if query.windows or any(isinstance(e, Star) for e in expressions):
            raise context.unsupported(
                "OVER with WINDOW or * in a query with GROUP BY",
                calls[0].span,
                "Put the GROUP BY into a subquery: FROM (SELECT ... GROUP BY ...).",
            )
        cut = over_results(query.items, output_name)
        below = replace(query, items=tuple(cut.below), distinct=None)
        node, scope = _aggregated(context, below, node, scope, cut.below)
        query = replace(query, items=tuple(cut.above), group_by=None, having=None)
        calls, grouped = over_calls(query.items), False
        expressions = [item.expression for item in query.items]
    nodes = [e for e in expressions if not isinstance(e, Star)]
    if grouped:
        nodes += [] if query.having is None else [query.having]
        nodes = [call for each in nodes for call in aggregate_calls(context, each)]
    node, scope = with_values(context, node, scope, nodes, bind_query)
    binder = ExpressionBinder(context, scope, "the SELECT list")
    if calls:
        columns: Sequence[tuple[FunctionCall, InputRef]]
        if is_rank(context, query, calls):
            node, columns = bind_rank(context, calls[0], query.windows, node, scope)
        else:
            node, columns = bind_over(context, calls, query.windows, node, scope)
        binder = OverBinder(context, scope, columns)
    result = (
        _grouped(context, query, node, scope) if grouped else _plain(binder, query, node, scope)
    )
    return result if query.distinct is None else distinct_rows(context, result, query.distinct)


def _aggregated(
    context: BindContext,
    query: SelectQuery,
    node: LogicalNode,
    scope: Scope,
    items: Sequence[SelectItem],
) -> tuple[LogicalNode, Scope]:
    """The results of a GROUP BY, and the scope that names its columns."""
    nodes = [*(item.expression for item in items), *([query.having] if query.having else [])]
    inside = [
        call
        for each in nodes
        if not isinstance(each, Star)
        for call in aggregate_calls(context, each)
    ]
    node, scope = with_values(context, node, scope, inside, bind_query)
    result = _grouped(context, query, node, scope)
    return result, Scope(context.source, result.fields)


def _source(context: BindContext, query: SelectQuery) -> Relation:
    if query.source is None:
        for item in query.items:
            if isinstance(item.expression, Star):
                raise context.error("syntax", "* needs a FROM clause", item.expression.span)
        return Relation(one_row(), hidden=True)
    hinted = replace(context, hints=query.hints)
    relation = bind_from(hinted, query.source, bind_query, rename_columns)
    check_ttl_hints(hinted, relation.parts)
    return relation


def _plain(
    binder: ExpressionBinder, query: SelectQuery, node: LogicalNode, scope: Scope
) -> LogicalNode:
    expressions: list[Expression] = []
    fields: list[RowField] = []
    names: set[str] = set()
    for item in query.items:
        if isinstance(item.expression, Star):
            _expand(binder.context, scope, item.expression, node, expressions, fields, names)
            continue
        names.add(output_name(item, len(fields)))
        bound = binder.bind_column(item.expression)
        name = output_name(item, len(fields))
        expressions.append(bound)
        fields.append(RowField(name, bound.type, _attribute(bound, node.fields)))
    return project(node, tuple(expressions), tuple(fields))


def _expand(
    context: BindContext,
    scope: Scope,
    star: Star,
    node: LogicalNode,
    expressions: list[Expression],
    fields: list[RowField],
    names: set[str],
) -> None:
    """The columns that a star means; a name that is there already gets a number behind it."""
    columns = scope.columns(star.qualifier)
    if columns is None:
        assert star.qualifier is not None
        aliases = ", ".join(f"`{alias}`" for alias in scope.aliases)
        raise context.error(
            "unknown-table",
            f"unknown table `{star.qualifier}`",
            star.qualifier.span,
            hint=f"The tables here: {aliases}." if aliases else None,
        )
    for column in columns:
        name = unique_name(column.name, names)
        names.add(name)
        type_ = column.expression.type
        expressions.append(column.expression)
        fields.append(RowField(name, type_, _attribute(column.expression, node.fields)))


def unique_name(name: str, taken: Container[str]) -> str:
    """The name, or the first of `name0`, `name1`, ... that is free, as Flink names a second `a`."""
    if name not in taken:
        return name
    return next(n for number in count() if (n := f"{name}{number}") not in taken)


def project(node: LogicalNode, expressions: tuple[Expression, ...], fields: Fields) -> LogicalNode:
    """A Project, or the node itself where nothing would change."""
    same = len(fields) == len(node.fields) and all(
        isinstance(e, InputRef) and e.index == i and field == node.fields[i]
        for i, (e, field) in enumerate(zip(expressions, fields, strict=True))
    )
    return node if same else Project(node, expressions, fields)


def _attribute(expression: Expression, fields: Fields) -> TimeAttribute | None:
    """A time attribute stays one only where it is passed on unchanged."""
    if isinstance(expression, InputRef):
        return fields[expression.index].time_attribute
    if isinstance(expression, Call) and expression.function == "PROCTIME":
        return TimeAttribute.PROCTIME
    return None


def output_name(item: SelectItem, position: int) -> str:
    """The name of a column: its alias, the column's own name, or EXPR$n."""
    if item.alias is not None:
        return item.alias.text
    if isinstance(item.expression, Path):
        return item.expression.parts[-1].text
    if isinstance(item.expression, FunctionCall) and item.expression.bare:
        return item.expression.name.text
    if isinstance(item.expression, FieldAccess):
        return item.expression.field.text
    return f"EXPR${position}"


def _grouped(
    context: BindContext, query: SelectQuery, node: LogicalNode, scope: Scope
) -> LogicalNode:
    keys = query.group_by or ()
    span = query.group_span or query.span
    aliases = {item.alias.text for item in query.items if item.alias is not None}
    if any(isinstance(key, Path) and str(key) in aliases for key in keys):
        note = "GROUP BY sees the columns of FROM, not the aliases of SELECT."
        scope = replace(scope, note=note)
    grouping = begin_grouping(context, node, scope, keys, span, query.grouping_sets)
    grouping.above = above = SubqueriesAbove(context, bind_query)
    binder = GroupedBinder(grouping, "the SELECT list")
    expressions: list[Expression] = []
    names: list[str] = []
    for item in query.items:
        if isinstance(item.expression, Star):
            raise context.error(
                "not-grouped",
                "* cannot stand in the SELECT list of a query with GROUP BY",
                item.expression.span,
                hint="Name the grouped columns and aggregates.",
            )
        expressions.append(binder.bind_column(item.expression))
        names.append(output_name(item, len(names)))
    having = _having(query.having, grouping)
    below = above.joined(grouping.finished_node(), lambda value: settle(grouping, value))
    results = below.fields
    if having is not None:
        below = Filter(below, settle(grouping, having), results)
    settled = tuple(settle(grouping, expression) for expression in expressions)
    fields = tuple(
        RowField(name, e.type, _attribute(e, results))
        for name, e in zip(names, settled, strict=True)
    )
    return project(below, settled, fields)


def _having(having: Node | None, grouping: Grouping) -> Expression | None:
    return None if having is None else GroupedBinder(grouping, "HAVING").bind_condition(having)
