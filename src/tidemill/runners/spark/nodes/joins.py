"""Joins of two inputs, and with a table that is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from tidemill.runners.spark.lowering.build import binary, both, wrapped
from tidemill.runners.spark.nodes.scan import scan
from tidemill.runners.spark.relations import Relation, column, field_names
from tidemill.sql.logical import Fields, Join, JoinKind, LookupJoin, Scan

if TYPE_CHECKING:
    from tidemill.runners.spark.queries import Queries


def join_of(queries: Queries, node: Join) -> Relation:
    """Two inputs side by side; of SEMI and ANTI the left one only."""
    sides = []
    for side in (node.left, node.right):
        relation = queries.reopened(side)
        sides.append(_named_side(queries, relation, side.fields))
    left, right = sides
    columns = (*left.columns, *right.columns)
    on = None if node.condition is None else queries.lower(node.condition, columns)
    join = exp.Join(this=right.source, on=on)
    if node.kind in (JoinKind.SEMI, JoinKind.ANTI):
        join.set("side", "LEFT")
        join.set("kind", node.kind.value)
        columns = left.columns
    elif node.kind is JoinKind.INNER:
        if on is None:
            join.set("kind", "CROSS")
    else:
        join.set("side", node.kind.value)
    if on is None and node.kind is not JoinKind.INNER:
        join.set("on", exp.Boolean(this=True))
    return _joined(queries, left, join, columns, node.fields)


def _named_side(queries: Queries, relation: Relation, fields: Fields) -> Relation:
    """One side of a join under an alias of its own, so that its columns can be told apart."""
    alias = queries.alias()
    source = relation.source.copy()
    if isinstance(source, exp.Subquery):
        alias = source.alias
    elif isinstance(source, exp.Table) and relation.where is None:
        source = exp.alias_(source, alias, table=True)  # type: ignore[assignment]
    named = (c if isinstance(c, exp.Null) else column(c.name, alias) for c in relation.columns)
    return Relation(source, tuple(named))


def _joined(
    queries: Queries,
    left: Relation,
    join: exp.Join,
    columns: Sequence[exp.Expression],
    fields: Fields,
) -> Relation:
    names = field_names(fields)
    query = Relation(left.source, tuple(columns)).select(names)
    query.append("joins", join)
    return queries.sealed(query, names)


def lookup(queries: Queries, node: LookupJoin) -> Relation:
    """The table as it is: in a stream it is read anew for each batch of rows."""
    left = _named_side(queries, queries.reopened(node.input), node.input.fields)
    width = len(node.input.fields)
    looked_up = Scan(node.table, node.fields[width:], node.where)
    right = _named_side(queries, scan(queries, looked_up), looked_up.fields)
    columns = (*left.columns, *right.columns)
    parts = []
    for key in node.keys:
        parts.append(
            binary(exp.EQ, right.columns[key.column], queries.lower(key.value, left.columns))
        )
    if node.condition is not None:
        parts.append(wrapped(queries.lower(node.condition, columns)))
    join = exp.Join(this=right.source, on=both(*parts))
    if node.kind is JoinKind.LEFT:
        join.set("side", "LEFT")
    return _joined(queries, left, join, columns, node.fields)
