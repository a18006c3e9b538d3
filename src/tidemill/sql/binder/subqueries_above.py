"""Subqueries over the results of a GROUP BY, in SELECT and HAVING: joined above the aggregate.

They see no columns of the outer query. Values before IN are over the aggregate's columns, whose
places are known only when all aggregates are: `settle` gives them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field

from tidemill.model import DataType
from tidemill.model.types import BOOLEAN
from tidemill.records import dataclass
from tidemill.sql.binder.context import BindContext
from tidemill.sql.binder.found_rows import Found
from tidemill.sql.binder.inner_queries import BindQuery, InnerRows, uncorrelated
from tidemill.sql.binder.scalar_subqueries import one_value, with_value
from tidemill.sql.binder.scope import Scope
from tidemill.sql.expressions import Expression, InputRef
from tidemill.sql.logical import LogicalNode
from tidemill.sql.syntax.nodes import Node, Subquery

Settle = Callable[[Expression], Expression]


@dataclass(slots=True)
class _Above:
    """One subquery: its rows, and the values before IN."""

    subquery: Subquery
    rows: LogicalNode
    values: tuple[Expression, ...]
    type: DataType
    place: int = -1


@dataclass(slots=True)
class SubqueriesAbove:
    """The subqueries of one query with GROUP BY, in the order in which they are met."""

    context: BindContext
    bind_query: BindQuery
    found: list[_Above] = field(default_factory=list)

    def add(self, subquery: Subquery, bind: Callable[[Node], Expression]) -> tuple[int, DataType]:
        """Note a subquery; its number and the type of its value."""
        outer = Scope(self.context.source, ())
        values = tuple(bind(value) for value in subquery.values)
        if subquery.kind == "SCALAR":
            rows = one_value(self.context, outer, subquery, self.bind_query)
            type_ = rows.fields[0].type.with_nullable(True)
        else:
            rows = uncorrelated(self.context, outer, subquery, self.bind_query)
            compared = [*(v.type for v in values), *(f.type for f in rows.fields)]
            unknown = subquery.kind == "IN" and any(t.nullable for t in compared)
            type_ = BOOLEAN.with_nullable(unknown)
        self.found.append(_Above(subquery, rows, values, type_))
        return len(self.found) - 1, type_

    def joined(self, node: LogicalNode, settle: Settle) -> LogicalNode:
        """The aggregate's rows with a column for each subquery."""
        for one in self.found:
            if one.subquery.kind == "SCALAR":
                where = self.context.source.where(one.subquery.span)
                node, one.place = with_value(node, one.rows, where)
                continue
            width = len(node.fields)
            columns = (InputRef(width + i, f.name, f.type) for i, f in enumerate(one.rows.fields))
            values = dict(zip(map(id, one.subquery.values), map(settle, one.values), strict=True))
            test = Found(
                self.context,
                node,
                one.subquery,
                InnerRows(one.rows, (), tuple(columns)),
                lambda value, values=values: values[id(value)],  # type: ignore[misc]
            )
            node, _ = test.marked(decides=False)
            one.place = len(node.fields) - 1
        return node
