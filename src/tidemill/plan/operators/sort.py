"""ORDER BY, OFFSET, LIMIT: of the whole bounded input, or a bare limit of a stream.

ORDER BY with LIMIT over a stream is a Top-N (`rank`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tidemill.plan import refusals
from tidemill.plan.changelog import APPEND_ONLY
from tidemill.plan.operators.rank import plan_top
from tidemill.plan.physical import OperatorStage
from tidemill.plan.planning import Columns, OperatorPlanner, Planning, stage_schema
from tidemill.plan.sort import sort_query
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


def _plan(node: Sort, planning: Planning, _used: Columns) -> OperatorStage:
    if node.keys and node.limit is not None and not planning.bounded(node.input):
        return plan_top(node, planning)
    if node.keys and not planning.tables.bounded(node.input):
        refusals.unbounded_sort(planning.where)
    edges, changelog = planning.row_edges(node.input)
    name = planning.name("o")
    if changelog.updates:
        refusals.sorted_changes(node, changelog, planning.where)
    query = sort_query(node, name, changelog.updates, planning.zone) if node.keys else None
    return SortStage(
        id=name,
        edges=edges,
        query=query,
        schema=stage_schema(node.fields, False),
        changelog=APPEND_ONLY,
        limit=node.limit,
        offset=node.offset,
    )


PLANNER = OperatorPlanner(_plan)
