"""ORDER BY, OFFSET, LIMIT: of the whole bounded input, or a bare limit of a stream.

ORDER BY with LIMIT over a stream is a Top-N (`rank`), by event time alone a sort of its own.
"""

from __future__ import annotations

from tidemill.plan import refusals
from tidemill.plan.changelog import APPEND_ONLY
from tidemill.plan.operators.rank import plan_top
from tidemill.plan.operators.sort_by_time import orders_by_time, plan_time_sort
from tidemill.plan.physical import OperatorStage
from tidemill.plan.planning import Columns, OperatorPlanner, Planning, stage_schema
from tidemill.plan.sort import SortStage, sort_query
from tidemill.sql.logical import Sort


def _plan(node: Sort, planning: Planning, _used: Columns) -> OperatorStage:
    if node.keys and node.limit is not None and not planning.bounded(node.input):
        return plan_top(node, planning)
    if orders_by_time(node) and not planning.bounded(node.input):
        return plan_time_sort(node, planning)
    if node.keys and not planning.tables.bounded(node.input):
        refusals.unbounded_sort(planning.where)
    edges, changelog = planning.row_edges(node.input)
    name = planning.name("o")
    if changelog.updates:
        refusals.sorted_changes(node, planning.where)
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
