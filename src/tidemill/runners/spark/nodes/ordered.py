"""Rows in an order: ORDER BY, LIMIT, and the first of each key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from tidemill.runners.spark.lowering.build import binary, fn, number
from tidemill.runners.spark.relations import Relation, column, field_names
from tidemill.runners.spark.types import has_floats
from tidemill.sql.logical import Rank, Sort, SortKey

if TYPE_CHECKING:
    from tidemill.runners.spark.queries import Queries


def _ordering(
    queries: Queries, keys: Sequence[SortKey], columns: Sequence[exp.Expression]
) -> list[exp.Expression]:
    made: list[exp.Expression] = []
    for key in keys:
        if has_floats(key.expression.type):
            queries.refuse.it(f"ORDER BY {key.expression.type.sql()}", key.expression.span)
        made.append(
            exp.Ordered(
                this=queries.lower(key.expression, columns),
                desc=key.descending,
                nulls_first=key.nulls_first,
            )
        )
    return made


def sort(queries: Queries, node: Sort) -> Relation:
    """ORDER BY with LIMIT and OFFSET."""
    source = queries.reopened(node.input)
    names = field_names(node.fields)
    query = source.select(names)
    ordering = _ordering(queries, node.keys, source.columns)
    if ordering:
        query = query.order_by(*ordering, copy=False)
    if node.limit is not None:
        query = query.limit(node.limit, copy=False)
    if node.offset:
        query = query.offset(node.offset, copy=False)
    return queries.sealed(query, names)


def rank(queries: Queries, node: Rank) -> Relation:
    """Each row with its number among those of its key, the first so many where it says so."""
    source = queries.reopened(node.input)
    number_ = exp.Window(
        this=fn("row_number"),
        partition_by=[queries.lower(key, source.columns) for key in node.keys],
        order=exp.Order(expressions=_ordering(queries, node.order, source.columns)),
    )
    names = field_names(node.fields)
    query = Relation(source.source, (*source.columns, number_)).select(names)
    sealed = queries.sealed(query, names)
    if node.limit is None:
        return sealed
    return sealed.filtered(binary(exp.LTE, column(names[-1]), number(node.limit)))
