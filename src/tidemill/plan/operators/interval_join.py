"""An interval join: rows meet whose times are near enough; its queries: `JoinSql`."""

from __future__ import annotations

from typing import Any

from tidemill.plan import refusals
from tidemill.plan.changelog import APPEND_ONLY
from tidemill.plan.joins import split_parts
from tidemill.plan.operators.join_stage import JoinStage, draft_join
from tidemill.plan.planning import Columns, Planning, stage_schema
from tidemill.records import dataclass
from tidemill.sql.join_times import IntervalBounds
from tidemill.sql.logical import Join, TimeAttribute


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalJoinStage(JoinStage):
    """`lower_us <= left time - right time <= upper_us`; the edges also give the time `t`.

    Their `first_end_query` carries the watermark that stood before each row as `f`.
    """

    lower_us: int
    upper_us: int
    processing_time: bool

    @property
    def kept_us(self) -> tuple[int, int]:
        """How long after its own time a row of each side can still find a partner."""
        return (-self.lower_us, self.upper_us)

    @property
    def delay_us(self) -> int:
        """How far the watermark is held back behind the join."""
        return 0 if self.processing_time else max(self.kept_us)

    def facts(self) -> dict[str, Any]:
        """Bounds, and how long both sides are kept."""
        left, right = (max(kept, 0) // 1000 for kept in self.kept_us)
        clock = "processing time" if self.processing_time else "the watermark"
        return {
            **JoinStage.facts(self),
            "time": "processing time" if self.processing_time else "event time",
            "lower_ms": self.lower_us // 1000,
            "upper_ms": self.upper_us // 1000,
            "state": f"left rows of the last {left} ms, right rows of the last {right} ms, "
            f"by {clock}",
        }

    def fingerprint(self) -> tuple[str, ...]:
        """What is kept of each side."""
        return (*JoinStage.fingerprint(self), "interval")

    @property
    def on_clock(self) -> bool:
        """Whether rows without a partner come out as the time of day goes on."""
        return self.processing_time and (self.kind.keeps_left or self.kind.keeps_right)

    @property
    def waits_for_watermark(self) -> bool:
        """State goes, and rows without a partner come out, when event time advances."""
        return not self.processing_time


def plan_interval(
    node: Join, bounds: IntervalBounds, planning: Planning, used: Columns
) -> IntervalJoinStage:
    """Plan a join that time bounds."""
    processing_time = bounds.attribute is TimeAttribute.PROCTIME
    if not processing_time:
        refusals.has_watermark(node.left, planning.watermarks, node.where)
        refusals.has_watermark(node.right, planning.watermarks, node.where)
    parts = split_parts(node, bounds.rest)
    draft = draft_join(node, planning, used, *parts, times=(bounds.left, bounds.right))
    refusals.changes_in_timed_join(draft.retracts, node, "an interval join")
    return IntervalJoinStage(
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
        lower_us=bounds.lower_us,
        upper_us=bounds.upper_us,
        processing_time=processing_time,
        where=node.where or planning.where,
    )
