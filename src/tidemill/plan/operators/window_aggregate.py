"""A window aggregate, or an aggregate over the whole of a bounded input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tidemill.plan import refusals
from tidemill.plan.aggregates import AggregateSql
from tidemill.plan.changelog import APPEND_ONLY
from tidemill.plan.fuse import Chain
from tidemill.plan.local_time import window_zone
from tidemill.plan.physical import OperatorStage
from tidemill.plan.planning import Planning, stage_schema
from tidemill.plan.windows import WindowGrid
from tidemill.records import dataclass
from tidemill.sql.logical import Aggregate


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregateStage(OperatorStage):
    """A window aggregate, or (`grid` None) an aggregate over bounded input.

    The edges' queries give partials. State columns: `p` (pane), `f` (first window end, hopping
    windows only), the keys `g0`..., the partials, `wt` (sum of weights) where the input is a
    changelog, and `n` (rows, for accounting, not kept). `merge` compacts the relation `<id>_state`;
    `emit` finishes groups, with parameters (first end, last end) where there is a grid.
    """

    grid: WindowGrid | None
    zone: str | None
    """The zone on whose clock windows lie; None: UTC."""
    by_clock: bool
    """Whether windows are of processing time; the edges' queries then give no panes."""
    merge: str
    emit: str
    keys: tuple[str, ...]
    aggregates: tuple[str, ...]
    retracts: bool
    row_lists: tuple[str, ...]
    """Partials that are lists of rows."""
    never_empty: bool
    """Whether a row comes out even where no row went in (no keys, no window)."""

    @property
    def rows_grid(self) -> WindowGrid | None:
        """The windows that rows fall into."""
        return self.grid

    @property
    def title(self) -> str:
        """Named after its window."""
        if self.grid is None:
            return "BoundedAggregate"
        if self.grid.cumulates:
            return "CumulateAggregate"
        return "HopAggregate" if self.grid.hops else "TumbleAggregate"

    def facts(self) -> dict[str, Any]:
        """Keys, window, and how long partials live."""
        facts: dict[str, Any] = {
            "keys": list(self.keys),
            "aggregates": list(self.aggregates),
            "changelog": "I",
            "retracts": self.retracts,
        }
        if self.grid is None:
            facts["state"] = "partials, one row per key, until the input ends"
        else:
            grid = self.grid
            facts["size_ms"] = grid.size_us // 1000
            facts["slide_ms"] = grid.slide_us // 1000
            facts["offset_ms"] = grid.offset_us // 1000
            facts["zone"] = self.zone
            facts["time"] = "processing time" if self.by_clock else None
            panes = grid.size_us // grid.pane_us
            facts["state"] = (
                f"partials, one row per key and pane of {grid.pane_us // 1000} ms; bounded by the "
                f"keys of about {panes + 1} panes plus the watermark delay"
            )
        facts["merge_sql"], facts["sql"] = self.merge, self.emit
        return facts

    def fingerprint(self) -> tuple[str, ...]:
        """The queries name every stored column."""
        return (self.merge, self.emit)

    @property
    def waits_for_watermark(self) -> bool:
        """Windows close by event time."""
        return self.grid is not None and not self.by_clock

    @property
    def on_clock(self) -> bool:
        """Windows close as the time of day goes on."""
        return self.by_clock


def plan_window(
    node: Aggregate,
    planning: Planning,
    parts_of: Callable[[Aggregate, Planning], tuple[list[tuple[Chain, str]], bool]],
) -> AggregateStage:
    """Plan an aggregate in windows, or one over bounded input."""
    grid: WindowGrid | None = None
    zone: str | None = None
    if node.window is not None:
        grid = refusals.grid(node.window, planning.where)
        refusals.window_time(node.window, node.input, planning.watermarks, planning.where)
        rowtime = node.input.fields[node.window.time_column].type
        zone = window_zone(rowtime, planning.zone)
    parts, retracts = parts_of(node, planning)
    if grid is not None and (grid.hops or grid.cumulates):
        refusals.panes(node, retracts, planning.where)
    name = planning.name("a")
    sql = AggregateSql(node, grid, retracts, f"{name}_state", planning.zone)
    return AggregateStage(
        id=name,
        edges=tuple(sql.edge(c, n, planning.changelogs[n].updates) for c, n in parts),
        grid=grid,
        zone=zone,
        by_clock=node.window is not None and node.window.on_clock,
        merge=sql.merge(),
        emit=sql.emit(),
        schema=stage_schema(node.fields, False),
        changelog=APPEND_ONLY,
        keys=tuple(f.name for f in node.fields[: len(node.keys)]),
        aggregates=tuple(call.function for call in node.aggregates),
        retracts=retracts,
        row_lists=tuple(f"a{i}_rows" for i in sql.row_list_indexes()),
        never_empty=not node.keys and grid is None and node.row_over_nothing,
        where=planning.where,
    )
