"""ORDER BY event time over a stream: rows wait until the watermark reaches them.

As in Flink a row is late, and dropped, where a row with its time or a later one has come out.
"""

from __future__ import annotations

from typing import Any

from tidemill.plan import refusals
from tidemill.plan.changelog import APPEND_ONLY
from tidemill.plan.physical import OperatorStage
from tidemill.plan.planning import Planning, stage_schema
from tidemill.plan.sort import sort_query
from tidemill.records import dataclass
from tidemill.sql.expressions import InputRef
from tidemill.sql.logical import Sort, TimeAttribute


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSortStage(OperatorStage):
    """`query` orders the relation `<id>_rows`; `time` is the column of event time."""

    query: str
    time: str

    @property
    def title(self) -> str:
        """As Flink names it."""
        return "TemporalSort"

    def facts(self) -> dict[str, Any]:
        """Rows are kept until event time reaches them."""
        return {"state": "rows that the watermark has not reached", "sql": self.query}

    def fingerprint(self) -> tuple[str, ...]:
        """The query names every column."""
        return (self.query, self.time)

    @property
    def waits_for_watermark(self) -> bool:
        """Rows come out by event time."""
        return True


def orders_by_time(node: Sort) -> bool:
    """Whether the first key is event time, ascending."""
    if not node.keys or node.limit is not None or node.offset:
        return False
    first = node.keys[0]
    if first.descending or not isinstance(first.expression, InputRef):
        return False
    return node.input.fields[first.expression.index].time_attribute is TimeAttribute.ROWTIME


def plan_time_sort(node: Sort, planning: Planning) -> TimeSortStage:
    """Plan an ORDER BY whose first key is event time."""
    refusals.has_watermark(node.input, planning.watermarks, planning.where)
    edges, changelog = planning.row_edges(node.input, numbered=True)
    if changelog.updates:
        refusals.sorted_by_time(planning.where)
    name = planning.name("o")
    first = node.keys[0].expression
    assert isinstance(first, InputRef)
    return TimeSortStage(
        id=name,
        edges=edges,
        query=sort_query(node, name, False, planning.zone),
        time=f"c{first.index}",
        schema=stage_schema(node.fields, False),
        changelog=APPEND_ONLY,
        where=planning.where,
    )
