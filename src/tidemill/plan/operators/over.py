"""Functions with OVER: over bounded input, over a stream in order of time, or of any key."""

from __future__ import annotations

from typing import Any

from tidemill.interfaces.connector import Changelog
from tidemill.plan import over_refusals, refusals
from tidemill.plan.changelog import APPEND_ONLY
from tidemill.plan.keys import state_bound, state_ttl_ms
from tidemill.plan.over import PARTITION, OverSql
from tidemill.plan.over_calls import OverMode
from tidemill.plan.physical import OperatorStage, changelog_mode
from tidemill.plan.planning import Columns, OperatorPlanner, Planning, stage_schema
from tidemill.plan.sort import SortStage
from tidemill.records import dataclass
from tidemill.sql.expressions import AggregateCall
from tidemill.sql.logical import OverAggregate, OverFrame, Rank, TimeAttribute
from tidemill.sql.render import render_expression


@dataclass(frozen=True, slots=True, kw_only=True)
class OverStage(OperatorStage):
    """Over a stream in order of time; append-only. `OverSql` says what the queries do.

    `preceding` is how far the frame goes back, in rows or (RANGE) microseconds; None is all rows.
    """

    mode: OverMode
    rowtime: bool
    batch: str
    compute: str
    merged: str | None
    partition: tuple[str, ...]
    arguments: tuple[str, ...]
    partials: tuple[str, ...]
    rows: bool
    preceding: int | None
    keys: tuple[str, ...]
    order: tuple[str, ...]
    calls: tuple[str, ...]
    ttl_ms: int

    @property
    def title(self) -> str:
        """The same in Flink."""
        return "OverAggregate"

    @property
    def waits_for_watermark(self) -> bool:
        """By event time a row comes out when the watermark has reached it."""
        return self.rowtime

    def facts(self) -> dict[str, Any]:
        """Partition, order, frame, and what is kept."""
        if self.mode == "accumulate":
            kept = "partials, one row per partition"
        elif self.rows:
            kept = f"the last {self.preceding} rows of each partition"
        else:
            kept = f"the rows of the last {(self.preceding or 0) // 1000} ms of each partition"
        bound = state_bound("partitions", self.ttl_ms)
        if self.mode == "frame" and not self.rows:
            bound = "bounded by the frame"
        waiting = "; rows until the watermark reaches them" if self.rowtime else ""
        return {
            "partition_by": list(self.keys),
            "order_by": list(self.order),
            "calls": list(self.calls),
            "changelog": changelog_mode(self.changelog),
            "state": f"{kept}; {bound}{waiting}",
            "sql": self.compute,
        }

    def fingerprint(self) -> tuple[str, ...]:
        """The queries name every stored column."""
        return (self.batch, self.compute, self.merged or "", str(self.preceding))

    @property
    def growing_keys(self) -> tuple[str, ...]:
        """The partition, unless a TTL or the frame forgets it."""
        forgets = self.ttl_ms or (self.mode == "frame" and not self.rows)
        return () if forgets else self.keys


@dataclass(frozen=True, slots=True, kw_only=True)
class OverChangesStage(OperatorStage):
    """Over a stream in order of any key: a row that comes in between changes those behind it."""

    compute: str
    heads: str
    left: str
    differ: str
    partition: tuple[str, ...]
    results: tuple[str, ...]
    keys: tuple[str, ...]
    order: tuple[str, ...]
    calls: tuple[str, ...]
    retracts: bool
    ttl_ms: int

    @property
    def title(self) -> str:
        """The same in Flink."""
        return "OverAggregate"

    def facts(self) -> dict[str, Any]:
        """Partition, order, and that all rows are kept."""
        return {
            "partition_by": list(self.keys),
            "order_by": list(self.order),
            "calls": list(self.calls),
            "changelog": changelog_mode(self.changelog),
            "state": f"all rows of each partition; {state_bound('partitions', self.ttl_ms)}",
            "sql": self.compute,
        }

    def fingerprint(self) -> tuple[str, ...]:
        """The query names every stored column."""
        return (self.compute,)

    @property
    def growing_keys(self) -> tuple[str, ...]:
        """The partition, unless a TTL forgets it."""
        return () if self.ttl_ms else self.keys


@dataclass(frozen=True, slots=True, kw_only=True)
class OverAtEndStage(SortStage):
    """Over bounded input: all rows are kept, and computed once."""

    keys: tuple[str, ...]
    calls: tuple[str, ...]

    @property
    def title(self) -> str:
        """The same in Flink."""
        return "OverAggregate"

    def facts(self) -> dict[str, Any]:
        """Partition and calls."""
        return {
            "partition_by": list(self.keys),
            "calls": list(self.calls),
            "state": "all rows, until the input ends",
            "sql": self.query,
        }


def _plan(node: OverAggregate, planning: Planning, _used: Columns) -> OperatorStage:
    parts = planning.parts(node.input, frozenset(range(len(node.input.fields))))
    changelogs = [planning.changelogs[name] for _, name in parts]
    retracts = any(changelog.updates for changelog in changelogs)
    bounded = planning.bounded(node)
    if bounded and not retracts:
        return plan_at_end(node, planning)
    attribute = over_refusals.stream_window(node, retracts)
    if attribute is None:
        return _changes(node, planning, retracts)
    if attribute is TimeAttribute.ROWTIME:
        refusals.has_watermark(node.input, planning.watermarks, node.where)
    return _in_time(node, planning, attribute)


def _in_time(node: OverAggregate, planning: Planning, attribute: TimeAttribute) -> OverStage:
    rowtime = attribute is TimeAttribute.ROWTIME
    frame = node.frame
    if not rowtime and frame.start is None:
        # rows of one processing time are as they come, and no equals
        frame = OverFrame(True, None, 0)
    node = _with_frame(node, frame)
    mode: OverMode = "accumulate" if frame.start is None else "frame"
    over_refusals.accumulated(node, mode)
    name = planning.name("v")
    sql = OverSql(node, mode, name, planning.zone, timed=True)
    parts = planning.parts(node.input, frozenset(range(len(node.input.fields))))
    ttl_ms = state_ttl_ms(planning.settings, planning.where)
    return OverStage(
        id=name,
        edges=tuple(sql.edge(c, n, False, rowtime) for c, n in parts),
        schema=stage_schema(node.fields, False),
        changelog=APPEND_ONLY,
        mode=mode,
        rowtime=rowtime,
        batch=sql.batch(),
        compute=sql.running() if mode == "accumulate" else sql.framed(),
        merged=sql.merged() if mode == "accumulate" else None,
        partition=tuple(sql.keys()),
        arguments=tuple(sql.arguments()),
        partials=tuple(sql.partials()),
        rows=frame.rows,
        preceding=None if frame.start is None else -frame.start,
        keys=tuple(map(render_expression, node.keys)),
        order=tuple(render_expression(key.expression) for key in node.order),
        calls=tuple(call.function for call in node.calls),
        ttl_ms=ttl_ms,
        where=node.where,
    )


def _with_frame(node: OverAggregate, frame: OverFrame) -> OverAggregate:
    return OverAggregate(
        node.input, node.keys, node.order, frame, node.calls, node.fields, node.where
    )


def _changes(node: OverAggregate, planning: Planning, retracts: bool) -> OverChangesStage:
    name = planning.name("v")
    sql = OverSql(node, "whole", name, planning.zone, retracts)
    parts = planning.parts(node.input, frozenset(range(len(node.input.fields))))
    return OverChangesStage(
        id=name,
        edges=tuple(sql.edge(c, n, planning.changelogs[n].updates, False) for c, n in parts),
        schema=stage_schema(node.fields, True),
        changelog=Changelog(True),
        compute=sql.whole([PARTITION]),
        heads=sql.heads(),
        left=sql.left(),
        differ=sql.differ(),
        partition=tuple(sql.keys()),
        results=tuple(sql.results()),
        keys=tuple(map(render_expression, node.keys)),
        order=tuple(render_expression(key.expression) for key in node.order),
        calls=tuple(call.function for call in node.calls),
        retracts=retracts,
        ttl_ms=state_ttl_ms(planning.settings, planning.where),
        where=node.where,
    )


def row_number(rank: Rank) -> OverAggregate:
    """ROW_NUMBER as a call with OVER, for where nothing bounds the number or the input ends."""
    call = AggregateCall("ROW_NUMBER", (), rank.fields[-1].type)
    frame = OverFrame(True, None, 0)
    return OverAggregate(rank.input, rank.keys, rank.order, frame, (call,), rank.fields, rank.where)


def plan_over(node: OverAggregate, planning: Planning) -> OperatorStage:
    """The stage of a node that is not in the logical plan itself."""
    return _plan(node, planning, frozenset())


def plan_at_end(
    node: OverAggregate, planning: Planning, limit: int | None = None
) -> OverAtEndStage:
    """Over bounded input; with `limit` only rows whose (first) result is not above it."""
    over_refusals.at_end(node)
    name = planning.name("v")
    sql = OverSql(node, "whole", name, planning.zone)
    parts = planning.parts(node.input, frozenset(range(len(node.input.fields))))
    return OverAtEndStage(
        id=name,
        edges=tuple(sql.edge(c, n, False, False) for c, n in parts),
        query=sql.at_end(limit),
        schema=stage_schema(node.fields, False),
        changelog=APPEND_ONLY,
        limit=None,
        offset=0,
        keys=tuple(map(render_expression, node.keys)),
        calls=tuple(call.function for call in node.calls),
        where=node.where,
    )


PLANNER = OperatorPlanner(_plan)
