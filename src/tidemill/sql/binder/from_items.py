"""The relation of a FROM clause: a table, view, derived table, window function, or a join."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from tidemill.errors import Span
from tidemill.records import dataclass
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.joins import bind_join
from tidemill.sql.binder.match_recognize import bind_match_recognize
from tidemill.sql.binder.predictions import bind_prediction
from tidemill.sql.binder.scope import Part, Scope, Visible
from tidemill.sql.binder.temporal import bind_temporal
from tidemill.sql.binder.unnest import bind_unnest_alone, bind_unnest_join
from tidemill.sql.binder.windows import bind_window_function
from tidemill.sql.catalog import Table
from tidemill.sql.logical import LogicalNode
from tidemill.sql.syntax.match_nodes import MatchRecognizeTable
from tidemill.sql.syntax.nodes import (
    DerivedTable,
    FromItem,
    JoinedTable,
    LateralFunction,
    Name,
    Query,
    TableAlias,
    TableReference,
    UnnestedTable,
    WindowFunction,
)
from tidemill.sql.text import SourceText

BindQuery: TypeAlias = Callable[[BindContext, Query], LogicalNode]
Rename: TypeAlias = Callable[[BindContext, LogicalNode, "tuple[Name, ...]", Span], LogicalNode]


@dataclass(frozen=True, slots=True)
class Relation:
    """A node, and how its columns are seen: see `Scope`. `hidden` columns are not seen at all."""

    node: LogicalNode
    parts: tuple[Part, ...] = ()
    visible: tuple[Visible, ...] | None = None
    hidden: bool = False

    def scope(self, source: SourceText) -> Scope:
        """The scope of its columns."""
        fields = () if self.hidden else self.node.fields
        return Scope(source, fields, self.parts, self.visible)


def named(node: LogicalNode, qualifier: tuple[str, ...]) -> Relation:
    """One relation by its alias or full name; none: its columns cannot be qualified."""
    return Relation(node, (Part(qualifier, 0, len(node.fields)),))


def bind_from(
    context: BindContext, item: FromItem, bind_query: BindQuery, rename: Rename
) -> Relation:
    """The relation of one FROM item."""
    match item:
        case TableReference():
            return _aliased(context, _table(context, item), item.alias, rename)
        case DerivedTable():
            relation = named(bind_query(context, item.query), ())
            return _aliased(context, relation, item.alias, rename)
        case WindowFunction() if item.function.text.upper() == "ML_PREDICT":
            predicted = bind_prediction(
                context, item, lambda inner: bind_from(context, inner, bind_query, rename).node
            )
            return _aliased(context, named(predicted, ()), item.alias, rename)
        case WindowFunction():
            node = bind_window_function(
                context, item, lambda inner: bind_from(context, inner, bind_query, rename).node
            )
            return _aliased(context, named(node, ()), item.alias, rename)
        case MatchRecognizeTable():
            table = bind_from(context, item.input, bind_query, rename)
            columns = table.scope(context.source)
            matches = bind_match_recognize(context, item, table.node, columns)
            return _aliased(context, named(matches, ()), item.alias, rename)
        case UnnestedTable() | LateralFunction():
            alone, part = bind_unnest_alone(context, item)
            return Relation(alone, (part,))
        case JoinedTable() if isinstance(item.right, (UnnestedTable, LateralFunction)):
            left = bind_from(context, item.left, bind_query, rename)
            return bind_unnest_join(context, item, item.right, left)
        case JoinedTable(right=TableReference(as_of=as_of)) if as_of is not None:
            return bind_temporal(
                context, item, lambda inner: bind_from(context, inner, bind_query, rename)
            )
        case JoinedTable():
            return bind_join(
                context, item, lambda inner: bind_from(context, inner, bind_query, rename)
            )


def _aliased(
    context: BindContext, relation: Relation, alias: TableAlias | None, rename: Rename
) -> Relation:
    if alias is None:
        return relation
    node = rename(context, relation.node, alias.columns, alias.name.span)
    return named(node, (alias.name.text,))


def _table(context: BindContext, item: TableReference) -> Relation:
    if item.as_of is not None:
        raise context.error(
            "not-supported",
            "FOR SYSTEM_TIME AS OF stands at the right side of a JOIN only",
            item.as_of.span,
            hint="Write FROM t JOIN v FOR SYSTEM_TIME AS OF t.rowtime ON t.k = v.k.",
        )
    first = item.path.parts[0].text
    if len(item.path.parts) == 1 and first in context.common_tables:
        _refuse_options(context, item)
        return named(context.common_tables[first], (first,))
    if len(item.path.parts) == 1:
        name = context.catalog.full_name(context.source, item.path)
        there = name in context.catalog.broken or context.catalog.entry(name, item.path)
        if not there:
            raise context.catalog.unknown(context.source, item.path, context.common_tables)
    entry = context.catalog.find(context.source, item.path)
    if not isinstance(entry, Table):
        _refuse_options(context, item)
        return named(entry.node, entry.name)
    if entry.connector.source is None:
        raise context.error(
            "not-a-source",
            f"`{item.path}` cannot be read: the connector `{entry.connector.name}` has no source",
            item.path.span,
        )
    if item.options:
        entry = context.with_options(entry, item.options)
    return named(entry.node, entry.name)


def _refuse_options(context: BindContext, item: TableReference) -> None:
    if item.options:
        raise context.error(
            "wrong-kind",
            "OPTIONS stands behind a table, not a view",
            item.path.span,
            hint="Set the options in the CREATE TABLE that the view reads.",
        )
