"""A window join: rows meet within their window, when it closes; its queries: `JoinSql`."""

from __future__ import annotations

from typing import Any

from tidemill.plan import refusals
from tidemill.plan.changelog import APPEND_ONLY
from tidemill.plan.joins import split_condition
from tidemill.plan.operators.join_stage import JoinStage, draft_join
from tidemill.plan.planning import Columns, Planning, stage_schema
from tidemill.plan.windows import WindowGrid
from tidemill.records import dataclass
from tidemill.sql.join_windows import WindowEnds
from tidemill.sql.logical import Join


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowJoinStage(JoinStage):
    """The edges also give the end of the row's window as `t`.

    Their `first_end_query` carries the watermark that stood before each row as `f`.
    """

    grid: WindowGrid

    def facts(self) -> dict[str, Any]:
        """The window, and how long both sides are kept."""
        return {
            **JoinStage.facts(self),
            "size_ms": self.grid.size_us // 1000,
            "slide_ms": self.grid.slide_us // 1000,
            "state": "the rows of both sides of the windows that are open",
        }

    def fingerprint(self) -> tuple[str, ...]:
        """What is kept of each side."""
        return (*JoinStage.fingerprint(self), "window")

    @property
    def waits_for_watermark(self) -> bool:
        """Windows close by event time."""
        return True


def plan_window_join(
    node: Join, ends: WindowEnds, planning: Planning, used: Columns
) -> WindowJoinStage:
    """Plan a join within windows."""
    grid = refusals.joined_windows(ends.window, node)
    for side in (node.left, node.right):
        refusals.has_watermark(side, planning.watermarks, node.where)
    parts = split_condition(node)
    draft = draft_join(node, planning, used, *parts, times=(ends.left, ends.right))
    refusals.changes_in_timed_join(draft.retracts, node, "a window join")
    return WindowJoinStage(
        id=draft.sql.name,
        edges=draft.edges,
        schema=stage_schema(node.fields, False),
        changelog=APPEND_ONLY,
        kind=node.kind,
        sides=draft.sides(),
        condition=draft.sql.condition(),
        keys=draft.keys,
        residual=draft.residual,
        used=used,
        width=draft.sql.width,
        grid=grid,
        where=node.where or planning.where,
    )
