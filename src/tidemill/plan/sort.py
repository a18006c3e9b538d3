"""ORDER BY over a whole bounded input: the stage and its final query.

Over a changelog the rows that were withdrawn are left out first, so that inserts come out.
"""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from tidemill.plan.fuse import alias, column, names, over, relation, text
from tidemill.plan.lowering import lower
from tidemill.plan.physical import OperatorStage
from tidemill.plan.ranks import WEIGHT, rows_left, told_apart, weight
from tidemill.records import dataclass
from tidemill.sql.logical import Sort


@dataclass(frozen=True, slots=True, kw_only=True)
class SortStage(OperatorStage):
    """`query` orders the relation `<id>_rows`; None: only the limit counts."""

    query: str | None
    limit: int | None
    offset: int

    @property
    def title(self) -> str:
        """A sort, or a limit alone."""
        return "Sort" if self.query else "Limit"

    def facts(self) -> dict[str, Any]:
        """Limit and offset."""
        return {"limit": self.limit, "offset": self.offset, "sql": self.query}


def sort_query(node: Sort, name: str, updates: bool, zone: str) -> str:
    """`SELECT ... ORDER BY ... LIMIT ... OFFSET ...` over the relation `<name>_rows`."""
    inputs = names(len(node.fields))
    outputs = [column(c) for c in inputs]
    query = exp.Select(expressions=outputs).from_(relation(f"{name}_rows"))
    if updates:
        everything = [exp.Star(), alias(weight(True), WEIGHT)]
        rows = exp.Select(expressions=everything).from_(relation(f"{name}_rows"))
        query = over(rows_left(rows, told_apart(node.fields), None), outputs)
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
