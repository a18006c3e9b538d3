"""Queries."""

from __future__ import annotations

from typing import TypeAlias

from tidemill.errors import Span
from tidemill.records import dataclass
from tidemill.sql.syntax.nodes.expressions import Name, Node, Star
from tidemill.sql.syntax.nodes.from_items import FromItem, QueryHint
from tidemill.sql.syntax.nodes.over import NamedWindow, OrderItem


@dataclass(frozen=True, slots=True)
class SelectItem:
    """One item of a select list."""

    expression: Node | Star
    alias: Name | None


@dataclass(frozen=True, slots=True)
class SelectQuery:
    """SELECT ... FROM ... WHERE ... GROUP BY ... HAVING."""

    distinct: Span | None
    items: tuple[SelectItem, ...]
    source: FromItem | None
    where: Node | None
    group_by: tuple[Node, ...] | None
    having: Node | None
    span: Span
    group_span: Span | None = None
    hints: tuple[QueryHint, ...] = ()
    grouping_sets: tuple[tuple[Node, ...], ...] | None = None
    """What GROUPING SETS, ROLLUP and CUBE come to, duplicates kept; `group_by` has all keys."""
    windows: tuple[NamedWindow, ...] = ()


@dataclass(frozen=True, slots=True)
class ValuesQuery:
    """VALUES (...), (...)."""

    rows: tuple[tuple[Node, ...], ...]
    row_spans: tuple[Span, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class UnionQuery:
    """UNION ALL of queries."""

    inputs: tuple[Query, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class SetQuery:
    """UNION, INTERSECT or EXCEPT of two queries; UNION ALL is a UnionQuery."""

    operator: str
    all: bool
    inputs: tuple[Query, Query]
    span: Span


@dataclass(frozen=True, slots=True)
class OrderedQuery:
    """A query with ORDER BY, LIMIT, OFFSET."""

    input: Query
    order_by: tuple[OrderItem, ...]
    limit: int | None
    offset: int
    span: Span
    at: Span


@dataclass(frozen=True, slots=True)
class CommonTable:
    """One name of a WITH clause."""

    name: Name
    columns: tuple[Name, ...]
    query: Query


@dataclass(frozen=True, slots=True)
class WithQuery:
    """WITH name AS (...) query."""

    tables: tuple[CommonTable, ...]
    body: Query
    span: Span


Query: TypeAlias = "SelectQuery | ValuesQuery | UnionQuery | SetQuery | OrderedQuery | WithQuery"
