"""The final query of ORDER BY over a whole bounded input."""

from __future__ import annotations

from sqlglot import exp

from tidemill.plan.fuse import column, names, relation, text
from tidemill.plan.lowering import lower
from tidemill.plan.physical import KIND
from tidemill.sql.logical import Sort


def sort_query(node: Sort, name: str, updates: bool, zone: str) -> str:
    """`SELECT ... ORDER BY ... LIMIT ... OFFSET ...` over the relation `<name>_rows`."""
    inputs = names(len(node.fields))
    outputs = [column(c) for c in [*inputs, *([KIND] if updates else [])]]
    query = exp.Select(expressions=outputs).from_(relation(f"{name}_rows"))
    ordered = [
        exp.Ordered(
            this=lower(k.expression, inputs, zone), desc=k.descending, nulls_first=k.nulls_first
        )
        for k in node.keys
    ]
    query = query.order_by(*ordered)
    if node.limit is not None:
        query = query.limit(node.limit)
    if node.offset:
        query = query.offset(node.offset)
    return text(query)
