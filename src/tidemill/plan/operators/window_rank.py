"""Top-N and deduplication within the windows of a table function; its queries: `WindowRankSql`."""

from __future__ import annotations

from typing import Any

from tidemill.plan import refusals
from tidemill.plan.changelog import APPEND_ONLY
from tidemill.plan.local_time import window_zone
from tidemill.plan.operators.window_aggregate import AggregateStage
from tidemill.plan.planning import Planning, stage_schema
from tidemill.plan.window_ranks import WindowRankSql, ranked_window
from tidemill.plan.windows import WindowGrid
from tidemill.records import dataclass
from tidemill.sql.logical import Rank
from tidemill.sql.render import render_expression


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowRankStage(AggregateStage):
    """A row is kept once for each of its windows, so `grid` is one of windows that do not overlap.

    The edges' queries give the input's columns, the partition `g0`..., sort keys `o0`... and the
    pane `p`, one step before the window's end. `merge` keeps the first rows of each partition,
    `emit` numbers them.
    """

    windows: WindowGrid
    order: tuple[str, ...]
    limit: int

    @property
    def rows_grid(self) -> WindowGrid | None:
        """The windows that rows fall into."""
        return self.windows

    @property
    def title(self) -> str:
        """Named after what it does."""
        return "WindowTopN"

    def facts(self) -> dict[str, Any]:
        """Partition, order, window, and how long rows live."""
        return {
            "partition_by": list(self.keys),
            "order_by": list(self.order),
            "limit": self.limit,
            "size_ms": self.windows.size_us // 1000,
            "slide_ms": self.windows.slide_us // 1000,
            "offset_ms": self.windows.offset_us // 1000,
            "zone": self.zone,
            "changelog": "I",
            "state": f"the first {self.limit} rows of each partition of open windows",
            "merge_sql": self.merge,
            "sql": self.emit,
        }


def plan_window_rank(node: Rank, planning: Planning) -> WindowRankStage | None:
    """Plan a rank whose partition is within the windows of a table function; else None."""
    found = ranked_window(node, planning.zone)
    if found is None:
        return None
    chain, step, end_key = found
    refusals.ranked_on_clock(step.window, node.where)
    refusals.window_time(step.window, node.input, planning.watermarks, node.where)
    limit = node.limit or 0
    windows = refusals.grid(step.window, node.where)
    source = planning.base(chain, frozenset(range(len(node.input.fields))))
    refusals.ranked_window_changes(planning.changelogs[source], node.where)
    name = planning.name("r")
    sql = WindowRankSql(node, windows, end_key, name, planning.zone)
    return WindowRankStage(
        id=name,
        edges=(sql.edge(chain, source),),
        grid=sql.grid,
        windows=windows,
        zone=window_zone(step.fields[-1].type, planning.zone),
        by_clock=False,
        merge=sql.merge(),
        emit=sql.emit(),
        schema=stage_schema(node.fields, False),
        changelog=APPEND_ONLY,
        keys=tuple(render_expression(key) for key in node.keys),
        order=tuple(render_expression(key.expression) for key in node.order),
        limit=limit,
        aggregates=("ROW_NUMBER",),
        retracts=False,
        row_lists=(),
        never_empty=False,
        where=node.where,
    )
